//! A set of bytes, as a table: heads are looked through byte by byte, and a table answers without branches.

/// A set of bytes.
#[derive(Debug)]
pub(crate) struct ByteSet([bool; 256]);

impl ByteSet {
    /// ASCII letters, digits, and these bytes.
    pub(crate) const fn alphanumeric_and(others: &[u8]) -> Self {
        let mut table = [false; 256];
        let mut byte = 0;
        let mut rest: &mut [bool] = &mut table;
        while let [first, tail @ ..] = rest {
            *first = byte < 128 && is_one_of(byte, others);
            byte += 1;
            rest = tail;
        }
        Self(table)
    }

    /// Whether a byte is in it.
    pub(crate) fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte)).copied().unwrap_or(false)
    }

    /// Whether every one of these is in it.
    pub(crate) fn has_all(&self, bytes: &[u8]) -> bool {
        bytes.iter().all(|byte| self.has(*byte))
    }
}

const fn is_one_of(byte: u16, mut others: &[u8]) -> bool {
    while let [first, tail @ ..] = others {
        if *first as u16 == byte {
            return true;
        }
        others = tail;
    }
    matches!(byte, 0x30..=0x39 | 0x41..=0x5a | 0x61..=0x7a)
}

#[cfg(test)]
mod tests {
    use super::ByteSet;

    #[test]
    fn holds_what_it_was_made_of() {
        static SET: ByteSet = ByteSet::alphanumeric_and(b"-~");
        for byte in 0..=u8::MAX {
            let expected = byte.is_ascii_alphanumeric() || b"-~".contains(&byte);
            assert_eq!(SET.has(byte), expected, "{byte}");
        }
        assert!(SET.has_all(b"a-Z9~"));
        assert!(!SET.has_all(b"a b"));
    }
}
