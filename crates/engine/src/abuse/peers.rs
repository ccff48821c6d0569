//! Endpoints that a caller's peers do not call.
//!
//! Peers are callers with the same values of the group's key. An endpoint is known to a group once enough different callers of it were answered with
//! success there, and forgotten when fewer are remembered.
//!
//! INVARIANT (deny on evidence only): a request is refused only where the group's learning time is over, the set of endpoints has not changed
//! since then, and the group knows at least one endpoint. A proxy that has just started knows nothing, and refuses nothing.
//!
//! INVARIANT (nobody teaches alone): a caller counts once for an endpoint, however often it comes; two callers that fall on one digest count as one.

mod compile;
#[cfg(test)]
mod tests;

use super::Pattern;
use super::ground::{Caller, Ground, View};
use super::watch::Verdict;
use crate::config::Then;
use crate::limit::{Key, Seed, Values};
use crate::verdict::{Reason, Refusal};
use siphasher::sip::SipHasher13;

/// How peers are compared, ready to use.
#[derive(Debug)]
pub(super) struct Peers {
    /// What peers have in common.
    by: Key,
    /// So many callers make an endpoint known.
    at_least: usize,
    /// The learning time, in microseconds.
    learn: u64,
    /// Half a window, in microseconds.
    pub(super) half: u64,
}

/// Where an endpoint stands among those at which peers are compared: by name, so that it keeps its place when another policy has other endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The endpoint.
    endpoint: u64,
    /// All of them.
    all: u64,
}

/// Who touches what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Touch {
    caller: Caller,
    place: Place,
}

/// What a request looks like beside those of its peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    /// How many callers are remembered, where they are too few.
    unusual: Option<usize>,
    /// Whether that is enough to refuse.
    settled: bool,
    /// Whether the group learns something if it succeeds.
    news: bool,
}

impl Place {
    /// The place of each endpoint, by the names of its API and its own.
    pub(crate) fn of_all(names: &[(&str, &str)]) -> Vec<Self> {
        let digest = |(api, endpoint): &(&str, &str)| {
            SipHasher13::new().hash(format!("{api} {endpoint}").as_bytes())
        };
        let endpoints: Vec<u64> = names.iter().map(digest).collect();
        let mut sorted = endpoints.clone();
        sorted.sort_unstable();
        let bytes: Vec<u8> = sorted
            .iter()
            .flat_map(|digest| digest.to_le_bytes())
            .collect();
        let all = SipHasher13::new().hash(&bytes);
        let places = endpoints.into_iter();
        places.map(|endpoint| Self { endpoint, all }).collect()
    }
}

impl Touch {
    /// The touch of a caller that is known by this digest.
    pub(super) fn new(caller: u128, place: Place) -> Self {
        let digest = u32::try_from(caller & u128::from(u32::MAX)).unwrap_or_default();
        Self {
            caller: Caller::seen(digest),
            place,
        }
    }
}

impl Peers {
    /// The name of a caller's group; `None` where a value is missing and the pattern denies that.
    pub(super) fn group(&self, seed: Seed, tag: &str, values: &impl Values) -> Option<u128> {
        self.by.digest(seed, tag, values)
    }

    /// What comes of a touch, and whether there is something to be learned from it.
    pub(super) fn judge(
        &self,
        pattern: &Pattern,
        kept: &[u8],
        touch: Touch,
        now: u64,
    ) -> (Verdict, bool) {
        let look = self.look(kept, touch, now);
        let verdict = match (look.unusual, pattern.then) {
            (None, _) => Verdict::Passes,
            (Some(count), Then::Deny | Then::Throttle) if look.settled => {
                Verdict::Refused(seen(pattern, count), None)
            }
            (Some(count), Then::Monitor | Then::Deny | Then::Throttle) => {
                Verdict::Told(seen(pattern, count))
            }
        };
        (verdict, look.news)
    }

    fn look(&self, kept: &[u8], touch: Touch, now: u64) -> Look {
        let Some(view) = View::read(kept, self.half, now) else {
            return Look {
                unusual: None,
                settled: false,
                news: true,
            };
        };
        let Touch { caller, place } = touch;
        let same = view.head.all == place.all;
        let (mut count, mut heard, mut knows) = (0, false, false);
        for record in view.records() {
            let callers = record.callers().count();
            knows |= callers >= self.at_least;
            if record.endpoint == place.endpoint {
                count = callers;
                let recent = || record.callers().filter(|caller| caller.is_recent());
                heard = recent().any(|other| other.is(caller)) || recent().count() >= self.at_least;
                if count >= self.at_least {
                    break;
                }
            }
        }
        let over = |began: u64| now >= began.saturating_add(self.learn);
        let unusual = count < self.at_least && knows && over(view.head.since);
        Look {
            unusual: unusual.then_some(count),
            settled: same && over(view.head.anew),
            news: !(same && heard),
        }
    }

    /// What is kept of the group once a touch was answered with success; `None` where that is no news.
    pub(super) fn learn(&self, kept: &[u8], touch: Touch, now: u64) -> Option<Vec<u8>> {
        let Place { endpoint, all } = touch.place;
        let mut ground =
            View::read(kept, self.half, now).map_or_else(|| Ground::begin(all, now), Ground::of);
        let changed = ground.head.all != all;
        if changed {
            ground.head.all = all;
            ground.head.anew = now;
        }
        let news = ground.touch(endpoint, touch.caller, self.at_least);
        (news || changed).then(|| ground.write())
    }
}

/// The evidence: how many have called it, never who.
#[cold]
fn seen(pattern: &Pattern, count: usize) -> Refusal {
    Refusal::at(Reason::EndpointUnusual, format!("abuse.{}", pattern.name))
        .expected(format!("{}: {count} did", pattern.evidence))
}
