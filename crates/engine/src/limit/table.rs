//! The tables that hold the buckets of all limits, and what is known of callers' behaviour: so many slots in the data that all workers of a
//! proxy share.

use std::sync::Arc;

/// The names of the slots of one policy's table.
#[derive(Debug)]
pub(crate) struct Table {
    prefix: Box<str>,
    slots: u64,
}

impl Table {
    /// A table of so many slots of this kind, for the policy of this name.
    pub(crate) fn new(kind: &str, policy: &str, slots: u32) -> Self {
        Self {
            prefix: format!("meshward.{kind}.{policy}.").into(),
            slots: u64::from(slots.max(1)),
        }
    }

    /// The slot of a bucket. Its number is made from the upper half of the name; the slot holds the whole name, so that keys of one slot are
    /// told apart. Written out by hand: this runs for every request that is counted.
    pub(crate) fn slot(&self, bucket: u128) -> Arc<str> {
        let upper = u64::try_from(bucket >> 64).unwrap_or_default();
        let number = upper.checked_rem(self.slots).unwrap_or_default();
        let digits = digits(u32::try_from(number).unwrap_or_default());
        let mut name = String::with_capacity(self.prefix.len() + digits.len());
        name.push_str(&self.prefix);
        name.push_str(str::from_utf8(&digits).unwrap_or_default());
        name.into()
    }
}

/// The eight hexadecimal digits of a number, made all at once: a byte for each.
fn digits(number: u32) -> [u8; 8] {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut spread = u64::from(number);
    spread = (spread | (spread << 16)) & 0x0000_ffff_0000_ffff;
    spread = (spread | (spread << 8)) & 0x00ff_00ff_00ff_00ff;
    spread = (spread | (spread << 4)) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = (spread.wrapping_add(ONES * 6) >> 4) & ONES;
    let beyond = u64::from(b'a' - b'0' - 10);
    let all = spread.wrapping_add(ONES * u64::from(b'0'));
    all.wrapping_add(letters.wrapping_mul(beyond)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::{Table, digits};

    #[test]
    fn digits_are_those_of_the_standard_library() {
        for number in [0, 9, 10, 0x0123_4567, 0x89ab_cdef, 0xf0e0_a090, u32::MAX] {
            let expected = format!("{number:08x}");
            assert_eq!(str::from_utf8(&digits(number)), Ok(&*expected));
        }
    }

    #[test]
    fn slots_are_named_by_number_and_none_is_beyond_the_last() {
        let table = Table::new("limit", "shop", 3);
        let name = |upper: u64| table.slot((u128::from(upper) << 64) | 7);
        assert_eq!(&*name(0), "meshward.limit.shop.00000000");
        assert_eq!(&*name(5), "meshward.limit.shop.00000002");
        assert_eq!(
            &*Table::new("limit", "p", u32::MAX).slot(u128::MAX),
            "meshward.limit.p.00000000"
        );
        assert_eq!(
            &*Table::new("limit", "p", 0).slot(u128::MAX),
            "meshward.limit.p.00000000"
        );
        assert_eq!(
            &*Table::new("limit", "p", 0x1f4).slot(0x1f3 << 64),
            "meshward.limit.p.000001f3"
        );
    }
}
