//! How often: token buckets in a table that all workers of a proxy share.
//!
//! - [`bucket`] is the arithmetic of one bucket (GCRA), [`set`] the bounded slot that holds a few of them,
//!   [`key`] what has a bucket of its own, [`table`] names the slots, [`take`] the read-decide-write loop as a state machine without I/O.
//! - [`concurrency`] counts requests in flight in the same buckets, [`cost`] says what a request takes, [`rules`] what passes, by plan, and
//!   [`settle`] what is left to do when an exchange is over. [`global`] is for quotas that a fleet shares, [`head`] bounds what comes with each request.
//!
//! INVARIANT (never too many): whatever the order in which workers read and write, a bucket admits no more than its burst
//! plus what its rate refills. A write that lost a race is decided anew from what the winner wrote.

mod bucket;
mod concurrency;
mod cost;
mod global;
mod head;
mod key;
mod rules;
mod set;
mod settle;
mod table;
mod take;

pub(crate) use bucket::{Room, Window};
pub(crate) use cost::{Amount, Source};
pub use global::{Ask, Desk, Tally};
pub(crate) use global::{Global, Spend, Spent, Status, encode_response, read_request};
pub(crate) use head::HeadBounds;
pub(crate) use key::{Key, Part, Seed, Values};
pub(crate) use rules::Rules;
pub(crate) use set::Left;
pub(crate) use settle::Due;
pub(crate) use table::Table;
pub(crate) use take::{Refused, Take, Taken};

use crate::config::{self, Announce};
use crate::problem::{Problem, pointer};
use crate::verdict::{Reason, Refusal};
use cost::Cost;
use rules::{Plans, Written};
use siphasher::sip128::SipHasher13;

/// At most this many windows in one limit: a bucket's place in the table is sized for it.
const MAX_WINDOWS: usize = 4;
/// How long a request counts as in flight at least, where the policy does not say: 5 minutes, in microseconds.
const HOLD: u64 = 300_000_000;

/// A limit, ready to use.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) name: String,
    pub(crate) key: Key,
    /// Whether admitted responses say how much is left.
    pub(crate) announced: bool,
    /// What its buckets are named by, besides the key: buckets of another form have other names.
    tag: String,
    /// The name of the bucket that counts what finds no place: see [`set`].
    overflow: u128,
    base: Rules,
    plans: Option<Plans>,
    cost: Cost,
    /// The quota that it shares with other proxies. Then the rules count only while its service is away.
    pub(crate) global: Option<Global>,
}

impl Limit {
    pub(crate) fn compile(
        policy: &str,
        name: &str,
        at: &str,
        config: &config::Limit,
    ) -> Result<Self, Vec<Problem>> {
        let config::Limit {
            key,
            rate,
            burst,
            windows,
            concurrent,
            hold,
            cost,
            // Read with `plans`.
            plan_from: _,
            plans: _,
            announce,
            on_missing,
            global,
        } = config;
        let mut problems = Vec::new();
        if name.is_empty()
            || name.len() > 63
            || !name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        {
            problems.push(
                Problem::error("limit-name", at, format!("`{name}` cannot name a limit"))
                    .hint("use letters, digits, `-` and `_`, at most 63 characters: callers see the name in `RateLimit`"),
            );
        }
        let key = Key::compile(&pointer(at, "key"), key, *on_missing, &mut problems);
        let shared = global.as_ref().map(|written| {
            let at = pointer(at, "global");
            Global::compile((policy, name), &at, (written, config), &mut problems)
        });
        let cost = Cost::compile(&pointer(at, "cost"), cost.as_ref(), &mut problems);
        let held = hold.map_or(HOLD, |hold| hold.0);
        if !(1_000_000..=86_400_000_000).contains(&held) || (hold.is_some() && concurrent.is_none())
        {
            problems.push(
                Problem::error(
                    "limit-hold",
                    pointer(at, "hold"),
                    "such a `hold` is not possible",
                )
                .hint("use a time from 1s to 1d beside `concurrent`"),
            );
        }
        let written = Written {
            rate: *rate,
            burst: *burst,
            windows,
            concurrent: *concurrent,
            late: cost.may_be_late(),
            hold: held.saturating_mul(1000),
        };
        let alone = rate.is_some() || burst.is_some() || !windows.is_empty();
        global::check_plans(at, config, &mut problems);
        let base = if shared.is_some() && !alone {
            Rules::default()
        } else {
            Rules::compile(at, &written, &mut problems)
        };
        let plans = Plans::compile(at, config, (&written, &base), &mut problems);
        if problems.is_empty() {
            let form = if concurrent.is_some() { "\0c" } else { "" };
            let tag = format!("{name}{form}");
            Ok(Self {
                overflow: SipHasher13::new().hash(tag.as_bytes()).as_u128(),
                tag,
                name: name.to_owned(),
                key,
                announced: *announce == Announce::Always,
                base,
                plans,
                cost,
                global: shared,
            })
        } else {
            Err(problems)
        }
    }

    /// The name of a request's bucket among those of this tag.
    fn bucket(&self, tag: &str, seed: Seed, values: &impl Values) -> Result<u128, Refusal> {
        self.key.digest(seed, tag, values).ok_or_else(|| {
            let at = format!("limits.{}", self.name);
            Refusal::at(Reason::LimitKeyMissing, at)
        })
    }

    /// The rules for callers with this plan.
    pub(crate) fn rules(&self, plan: Option<usize>) -> &Rules {
        self.plans
            .as_ref()
            .zip(plan)
            .and_then(|(plans, place)| plans.rules(place))
            .unwrap_or(&self.base)
    }

    /// The plans and their rules.
    pub(crate) fn plans(&self) -> &[(String, Rules)] {
        self.plans.as_ref().map_or(&[], Plans::named)
    }
}

#[cfg(test)]
mod tests;
