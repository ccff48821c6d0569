//! What a proxy holds of quotas that a fleet shares: accounts in slots that all its workers share.
//!
//! An account is a lease: so many requests that the service has counted already and that nobody has spent, until its window ends.
//! It also remembers that the service said "over", and that a worker is asking right now. A slot holds [`Accounts::WAYS`] accounts.
//! One that says nothing any more gives its place away; when all are in use, a further key has none, and each of its requests asks
//! the service itself: a flood of made-up keys costs calls, but nobody's lease.

const SECOND: u64 = 1_000_000;

/// One key's account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// The key's hash.
    pub(super) name: u128,
    /// When its window ends, in microseconds; 0 when nothing is known of it.
    pub(super) end: u64,
    /// How many requests may pass without asking.
    pub(super) left: u32,
    /// How many the service had left when it last answered.
    pub(super) remaining: u32,
    /// How many were taken last.
    pub(super) size: u32,
    /// The service has no more in this window.
    pub(super) over: bool,
    /// Until when a worker is asking.
    pub(super) asking: u64,
}

impl Account {
    /// Whether forgetting it would lose something.
    const fn in_use(&self, now: u64) -> bool {
        self.asking > now || self.left > 0 || self.over
    }

    /// Puts the account into a window that ends then. What belongs to an earlier one is void. The service counts in whole seconds, so
    /// that ends of the same window differ a little where clocks do; those of two windows by a second at least.
    pub(super) fn enter(&mut self, end: u64) {
        if self.end.abs_diff(end) < SECOND {
            self.end = self.end.min(end);
        } else {
            self.left = 0;
            self.size = 0;
            self.over = false;
            self.end = end;
        }
    }
}

/// The accounts of one slot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Accounts(Vec<Account>);

impl Accounts {
    /// The accounts of one slot.
    const WAYS: usize = 8;
    /// The first byte of a slot, to be raised with every change of its form.
    const FORM: u8 = 1;
    const LENGTH: usize = 45;

    /// Reads a slot as it is at `now`: what belongs to an earlier window is left out. What cannot be read counts as empty: it comes from
    /// another version of this table, and forgetting a lease admits nothing.
    pub(super) fn decode(bytes: &[u8], now: u64) -> Self {
        let Some((&Self::FORM, rest)) = bytes.split_first() else {
            return Self::default();
        };
        let (chunks, []) = rest.as_chunks::<{ Self::LENGTH }>() else {
            return Self::default();
        };
        let accounts = chunks.iter().filter_map(read);
        let current = accounts.filter_map(|mut account| {
            if account.end <= now {
                account.enter(0);
            }
            (account.end > now || account.asking > now).then_some(account)
        });
        Self(current.collect())
    }

    /// Writes a slot.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + self.0.len() * Self::LENGTH);
        bytes.push(Self::FORM);
        for account in &self.0 {
            let Account {
                name,
                end,
                left,
                remaining,
                size,
                over,
                asking,
            } = account;
            bytes.extend_from_slice(&name.to_le_bytes());
            bytes.extend_from_slice(&end.to_le_bytes());
            bytes.extend_from_slice(&asking.to_le_bytes());
            bytes.extend_from_slice(&left.to_le_bytes());
            bytes.extend_from_slice(&remaining.to_le_bytes());
            bytes.extend_from_slice(&size.to_le_bytes());
            bytes.push(u8::from(*over));
        }
        bytes
    }

    /// A key's account.
    pub(super) fn find(&mut self, name: u128) -> Option<&mut Account> {
        self.0.iter_mut().find(|account| account.name == name)
    }

    /// A key's account, a new one where there is none. `None` where there is no place for it.
    pub(super) fn open(&mut self, name: u128, now: u64) -> Option<&mut Account> {
        let place = self.0.iter().position(|account| account.name == name);
        let new = Account {
            name,
            ..Account::default()
        };
        let place = match place {
            Some(place) => place,
            None if self.0.len() < Self::WAYS => {
                self.0.push(new);
                self.0.len().saturating_sub(1)
            }
            None => {
                let place = self.0.iter().position(|account| !account.in_use(now))?;
                *self.0.get_mut(place)? = new;
                place
            }
        };
        self.0.get_mut(place)
    }
}

fn read(chunk: &[u8; Accounts::LENGTH]) -> Option<Account> {
    let (name, rest) = chunk.split_first_chunk()?;
    let (end, rest) = rest.split_first_chunk()?;
    let (asking, rest) = rest.split_first_chunk()?;
    let (left, rest) = rest.split_first_chunk()?;
    let (remaining, rest) = rest.split_first_chunk()?;
    let (size, rest) = rest.split_first_chunk()?;
    Some(Account {
        name: u128::from_le_bytes(*name),
        end: u64::from_le_bytes(*end),
        left: u32::from_le_bytes(*left),
        remaining: u32::from_le_bytes(*remaining),
        size: u32::from_le_bytes(*size),
        over: rest.first() == Some(&1),
        asking: u64::from_le_bytes(*asking),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000_000_000;

    fn used(name: u128) -> Account {
        Account {
            name,
            end: NOW + SECOND,
            left: 3,
            remaining: 7,
            size: 4,
            over: name.is_multiple_of(2),
            asking: 5,
        }
    }

    #[test]
    fn a_slot_reads_back_and_rubbish_counts_as_empty() {
        let accounts = Accounts((0..8).map(used).collect());
        assert_eq!(Accounts::decode(&accounts.encode(), NOW), accounts);
        for rubbish in [&b""[..], b"\x01\x02", b"\x02", &[1; 45]] {
            assert_eq!(Accounts::decode(rubbish, NOW), Accounts::default());
        }
    }

    #[test]
    fn a_lease_ends_with_its_window() {
        let accounts = Accounts(vec![used(1)]);
        assert_eq!(
            Accounts::decode(&accounts.encode(), NOW + SECOND),
            Accounts::default()
        );
        let asked = Account {
            asking: NOW + 2 * SECOND,
            ..used(1)
        };
        let mut later = Accounts::decode(&Accounts(vec![asked]).encode(), NOW + SECOND);
        let account = later.find(1).unwrap();
        assert_eq!((account.left, account.over, account.end), (0, false, 0));
    }

    #[test]
    fn the_same_window_told_a_little_differently_is_the_same() {
        let mut account = used(1);
        account.enter(NOW + SECOND / 2);
        assert_eq!((account.left, account.end), (3, NOW + SECOND / 2));
        account.enter(NOW + 2 * SECOND);
        assert_eq!((account.left, account.end), (0, NOW + 2 * SECOND));
    }

    #[test]
    fn nobody_in_use_is_pushed_out() {
        let mut accounts = Accounts((0..8).map(used).collect());
        assert!(accounts.open(50, NOW).is_none());
        assert!(accounts.open(3, NOW).is_some());
        let spent = accounts.find(3).unwrap();
        (spent.left, spent.over) = (0, false);
        let opened = *accounts.open(50, NOW).unwrap();
        assert_eq!((opened.name, opened.left), (50, 0));
        assert!(accounts.find(3).is_none());
        assert_eq!(accounts.0.len(), 8);
    }
}
