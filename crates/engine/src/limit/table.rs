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
        const DIGITS: u32 = 8;
        let upper = u64::try_from(bucket >> 64).unwrap_or_default();
        let number = upper.checked_rem(self.slots).unwrap_or_default();
        let mut name = String::with_capacity(self.prefix.len() + 8);
        name.push_str(&self.prefix);
        for place in (0..DIGITS).rev() {
            let digit = u32::try_from((number >> (4 * place)) & 0xf).unwrap_or_default();
            name.push(char::from_digit(digit, 16).unwrap_or('0'));
        }
        name.into()
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

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
