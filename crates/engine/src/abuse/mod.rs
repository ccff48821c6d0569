//! Behaviour that no single request shows: guessed credentials, enumerated objects, many errors, flows without their beginning,
//! endpoints that nobody like the caller uses.
//!
//! - [`entry`] is the bounded table in which a proxy's workers share what they know, [`sketch`] counts different objects, [`share`] bad responses,
//!   [`peers`] compares callers with those like them, by the [`ground`] that these have touched,
//!   [`compile`] reads the policy, [`watch`] judges a request, [`observe`] notes what came of it when it is over.
//!
//! INVARIANT (bounded): what is known of a key has a fixed size, and there are so many keys. Who makes up keys can make others pass unseen for as
//! many events as these have shown, but cannot set anybody free that is held off.

mod compile;
mod entry;
mod ground;
mod observe;
mod peers;
mod share;
mod sketch;
mod watch;

pub(crate) use observe::Observation;
pub(crate) use peers::Place;
pub(crate) use watch::{Verdict, Watch, Watched};

use crate::config::Then;
use crate::limit::{Key, Part, Window};
use crate::verdict::{Reason, Refusal};
use peers::Peers;
use share::Share;
use sketch::Sketch;
use std::sync::Arc;

/// One pattern, ready to be watched for.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) name: String,
    key: Key,
    /// What its entries are named by, besides the key.
    tag: String,
    what: What,
    then: Then,
    /// How long a key is held off, in microseconds.
    lasts: u64,
    /// How many requests pass meanwhile, with `throttle`.
    pace: Window,
    /// What was seen when it was seen, in words without any value.
    evidence: String,
}

/// What is watched for.
#[derive(Debug)]
enum What {
    Failures(Window),
    Objects { of: Part, sketch: Sketch },
    Errors(Share),
    Sequence { after: Vec<String>, within: u64 },
    Peers(Box<Peers>),
}

/// What is watched for on one endpoint.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    /// Before the credential is looked at.
    pub(crate) early: Vec<Arc<Pattern>>,
    /// Once the caller is known.
    pub(crate) late: Vec<Arc<Pattern>>,
    /// Sequences of which this endpoint is the beginning.
    pub(crate) begins: Vec<Arc<Pattern>>,
    /// Where the endpoint stands among those at which peers are compared.
    pub(crate) place: Option<Place>,
}

impl Watches {
    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Pattern>> {
        self.early.iter().chain(&self.late).chain(&self.begins)
    }
}

impl Pattern {
    /// Whether somebody's behaviour can be told before it is known who that is.
    pub(crate) fn is_early(&self) -> bool {
        !self.key.needs_identity() && !matches!(self.what, What::Sequence { .. })
    }

    /// Whether the key has this part.
    pub(crate) fn uses(&self, part: &Part) -> bool {
        self.key.uses(part)
    }

    /// Whether it compares callers with their peers.
    pub(crate) const fn compares(&self) -> bool {
        matches!(self.what, What::Peers(_))
    }

    /// The most endpoints at which peers can be compared.
    pub(crate) const MOST_ENDPOINTS: usize = ground::ENDPOINTS;

    /// The endpoints with which a sequence begins.
    pub(crate) fn begins_with(&self) -> &[String] {
        match &self.what {
            What::Sequence { after, .. } => after,
            What::Failures(_) | What::Objects { .. } | What::Errors(_) | What::Peers(_) => &[],
        }
    }

    /// In words: what is watched for, for each of what, and what becomes of it.
    pub(crate) fn words(&self) -> String {
        let key: Vec<String> = self.key.parts().collect();
        let per = if key.is_empty() {
            "of all callers together".to_owned()
        } else {
            format!("for each {}", key.join(" and "))
        };
        let then = match self.then {
            Then::Monitor => "reported",
            Then::Throttle => "slowed down",
            Then::Deny => "refused",
        };
        format!("{}, {per}: {then}", self.evidence)
    }

    fn reason(&self) -> Reason {
        match self.what {
            What::Failures(_) => Reason::CredentialStuffing,
            What::Objects { .. } => Reason::ObjectEnumeration,
            What::Errors(_) => Reason::ErrorShare,
            What::Sequence { .. } => Reason::SequenceBroken,
            What::Peers(_) => Reason::EndpointUnusual,
        }
    }

    #[cold]
    fn seen(&self) -> Refusal {
        Refusal::at(self.reason(), format!("abuse.{}", self.name)).expected(self.evidence.clone())
    }
}
