//! What a group of callers has touched, in the bytes that its entry keeps.
//!
//! A head of four numbers, then a record for each endpoint: its digest, and small digests of the callers that touched it. The lowest bit of a
//! caller's digest says whether that was in this half of the window. When a half ends these bits are cleared, and whoever had it clear already is
//! forgotten, so that a touch is remembered for half of the window to all of it.
//!
//! INVARIANT (bounded): at most [`ENDPOINTS`] records, each with as many callers as make an endpoint known. Names of endpoints come from the policy,
//! so no caller can make up records.

/// The most endpoints of one group.
pub(super) const ENDPOINTS: usize = 1000;
const NUMBERS: usize = 4;
const HEAD: usize = 8 * NUMBERS;
/// Set where a touch fell into this half of the window.
const NOW: u32 = 1;

/// A look at the bytes, as they stand at a moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) head: Head,
    /// Whether a half has ended since they were written.
    turned: bool,
    records: &'a [u8],
}

/// What the group as a whole is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// When the first touch was seen.
    pub(super) since: u64,
    /// When the set of endpoints changed last.
    pub(super) anew: u64,
    /// When this half of the window began.
    began: u64,
    /// The set of endpoints.
    pub(super) all: u64,
}

/// One endpoint.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) endpoint: u64,
    turned: bool,
    callers: &'a [[u8; 4]],
}

impl<'a> View<'a> {
    /// Reads what was kept; `None` where it says nothing any more, or is of a clock that was set back.
    pub(super) fn read(bytes: &'a [u8], half: u64, now: u64) -> Option<Self> {
        let (head, records) = bytes.split_first_chunk::<HEAD>()?;
        let (&[since, anew, began, all], []) = head.as_chunks::<8>() else {
            return None;
        };
        let [since, anew, began, all] = [since, anew, began, all].map(u64::from_le_bytes);
        // Workers look at the clock one after the other: a moment that is a little ahead is now.
        if began > now.saturating_add(half) {
            return None;
        }
        let halves = now.saturating_sub(began).checked_div(half)?;
        if halves > 1 {
            return None;
        }
        let began = began.saturating_add(halves.saturating_mul(half));
        Some(Self {
            head: Head {
                since,
                anew,
                began,
                all,
            },
            turned: halves == 1,
            records,
        })
    }

    /// Its endpoints.
    pub(super) fn records(self) -> impl Iterator<Item = Record<'a>> {
        let mut rest = self.records;
        std::iter::from_fn(move || {
            let (endpoint, tail) = rest.split_first_chunk::<8>()?;
            let (&count, tail) = tail.split_first()?;
            let (callers, tail) = tail.split_at_checked(4 * usize::from(count))?;
            rest = tail;
            Some(Record {
                endpoint: u64::from_le_bytes(*endpoint),
                turned: self.turned,
                callers: callers.as_chunks::<4>().0,
            })
        })
    }
}

impl Record<'_> {
    /// The callers that are remembered.
    pub(super) fn callers(&self) -> impl Iterator<Item = Caller> {
        let written = self.callers.iter().copied().map(u32::from_le_bytes);
        written.filter_map(|caller| match (self.turned, caller & NOW) {
            (false, _) => Some(Caller(caller)),
            (true, NOW) => Some(Caller(caller & !NOW)),
            (true, _) => None,
        })
    }
}

/// A caller's small digest, and when it was seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller(u32);

impl Caller {
    /// A caller that is seen now.
    pub(super) const fn seen(digest: u32) -> Self {
        Self(digest | NOW)
    }

    pub(super) const fn is_recent(self) -> bool {
        self.0 & NOW == NOW
    }

    pub(super) const fn is(self, other: Self) -> bool {
        self.0 | NOW == other.0 | NOW
    }
}

/// The same, to be changed.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) head: Head,
    records: Vec<(u64, Vec<Caller>)>,
}

impl Ground {
    /// That of a group of which nothing is known.
    pub(super) const fn begin(all: u64, now: u64) -> Self {
        Self {
            head: Head {
                since: now,
                anew: now,
                began: now,
                all,
            },
            records: Vec::new(),
        }
    }

    pub(super) fn of(view: View<'_>) -> Self {
        let records = view.records().take(ENDPOINTS);
        let records = records.map(|record| (record.endpoint, record.callers().collect()));
        Self {
            head: view.head,
            records: records
                .filter(|(_, callers): &(u64, Vec<Caller>)| !callers.is_empty())
                .collect(),
        }
    }

    /// Notes that a caller touched an endpoint, for which so many callers are kept. Gives whether that is news.
    pub(super) fn touch(&mut self, endpoint: u64, caller: Caller, most: usize) -> bool {
        let known = self.records.iter_mut().find(|(of, _)| *of == endpoint);
        let Some((_, callers)) = known else {
            self.make_room();
            self.records.push((endpoint, vec![caller]));
            return true;
        };
        let own = callers.iter().position(|other| other.is(caller));
        let stale = || callers.iter().position(|other| !other.is_recent());
        let full = callers.len() >= most;
        let place = own.or_else(|| full.then(stale).flatten());
        match place.and_then(|place| callers.get_mut(place)) {
            Some(kept) => {
                let news = !kept.is_recent();
                *kept = caller;
                news
            }
            None if full => false,
            None => {
                callers.push(caller);
                true
            }
        }
    }

    /// Endpoints of earlier policies may fill it: that with the fewest callers goes.
    fn make_room(&mut self) {
        if self.records.len() < ENDPOINTS {
            return;
        }
        let records = self.records.iter().enumerate();
        let least = records.min_by_key(|(_, (_, callers))| callers.len());
        if let Some((place, _)) = least {
            self.records.swap_remove(place);
        }
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let Head {
            since,
            anew,
            began,
            all,
        } = self.head;
        let mut bytes = Vec::with_capacity(HEAD + 32 * self.records.len());
        for number in [since, anew, began, all] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        for (endpoint, callers) in &self.records {
            let count = u8::try_from(callers.len()).unwrap_or_default();
            bytes.extend_from_slice(&endpoint.to_le_bytes());
            bytes.push(count);
            let callers = callers.iter().take(usize::from(count));
            bytes.extend(callers.flat_map(|caller| caller.0.to_le_bytes()));
        }
        bytes
    }
}
