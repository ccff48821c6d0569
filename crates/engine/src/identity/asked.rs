//! What an exchange waits for while its caller is identified, and what it has learned meanwhile.
//!
//! Identification starts anew after every answer, with the same request and more knowledge. INVARIANT (it ends): an exchange
//! waits for keys until one moment, and asks about its token once for each provider.

use super::introspection::{Introspector, Verdict};
use super::remote::{RemoteKeys, Unavailable};
use crate::config::Timestamp;
use crate::remote::{Call, CallAnswer};
use crate::verdict::Refusal;
use std::sync::Arc;

/// Why there is no identity.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The credential does not hold.
    Refused(Refusal),
    /// It cannot be judged yet.
    Pending(Pending),
    /// It cannot be judged, because a server does not answer.
    Unavailable(Unavailable),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What must come before a credential can be judged.
#[derive(Debug)]
pub(crate) enum Pending {
    /// An issuer's keys.
    Keys(Arc<RemoteKeys>),
    /// A server's word about the token.
    Token(Box<Question>),
}

/// A question about a token.
#[derive(Debug)]
pub(crate) struct Question {
    /// Who asks.
    pub(super) introspector: Arc<Introspector>,
    /// The token's digest.
    pub(super) digest: [u8; 32],
    /// What to send.
    pub(super) call: Call,
}

/// What an exchange has waited for so far.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// When it began to wait for keys.
    since: Option<Timestamp>,
    /// Whether it has waited long enough.
    over: bool,
    /// What servers said about its token.
    answers: Vec<(Arc<Introspector>, Verdict)>,
}

impl Asked {
    /// When the wait began; now, if it has not.
    pub(super) fn since(&self, now: Timestamp) -> Timestamp {
        self.since.unwrap_or(now)
    }

    /// Whether there is no more waiting for keys.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Begins to wait for keys, if it has not begun. Gives the moment at which the wait is over.
    pub(crate) fn wait(&mut self, keys: &RemoteKeys, now: Timestamp) -> Timestamp {
        let Timestamp(since) = *self.since.get_or_insert(now);
        Timestamp(since.saturating_add(keys.patience().0))
    }

    /// Ends all waiting for keys.
    pub(crate) fn give_up(&mut self) {
        self.over = true;
    }

    /// What this server has said about the token.
    pub(super) fn answer_of(&self, introspector: &Arc<Introspector>) -> Option<&Verdict> {
        let mut answers = self.answers.iter();
        answers
            .find(|(asked, _)| Arc::ptr_eq(asked, introspector))
            .map(|(_, verdict)| verdict)
    }
}

impl Question {
    /// What to send.
    pub(crate) fn call(&self) -> Call {
        self.call.clone()
    }

    /// Takes the answer.
    pub(crate) fn answered(self, answer: &CallAnswer, asked: &mut Asked, now: Timestamp) {
        let verdict = self.introspector.learn(self.digest, answer, now);
        asked.answers.push((self.introspector, verdict));
    }
}
