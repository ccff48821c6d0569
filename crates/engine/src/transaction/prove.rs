//! Whether a credential that holds is its sender's: the connection that it came on, the certificate or the proof that it is bound to.
//!
//! Each question costs the proxy a call, so it is put only for a credential that needs the answer.

use super::behaviour::When;
use super::{Answer, Fact, Found, Query, State, Step, Transaction};
use crate::config::{Mode, Timestamp};
use crate::identity::{self, Claim, Claimed, Judged, Known};
use crate::verdict::{Reason, Refusal};

/// A question about a credential.
#[derive(Debug)]
pub(super) enum Proving {
    /// About the connection, where so much is known.
    Channel(Known, Fact),
    /// The certificate that identity number so is bound to.
    Certificate(usize),
    /// Whether the proof of identity number so was used before.
    Replay(usize, Claim),
}

impl Transaction {
    /// Proves the identity that was found, if there is one.
    pub(super) fn prove(self: Box<Self>, now: Timestamp) -> Step {
        let in_request = self
            .identity
            .as_ref()
            .is_some_and(|identity| identity.all().any(|i| i.credential.is_some()));
        if in_request {
            self.channel(Known::default(), now)
        } else {
            self.watch(When::Late, 0, now)
        }
    }

    #[inline(never)]
    pub(super) fn on_proof_answer(
        self: Box<Self>,
        proving: Proving,
        answer: Answer,
        now: Timestamp,
    ) -> Step {
        match (proving, answer) {
            (Proving::Channel(mut known, fact), Answer::Fact(answer)) => {
                match fact {
                    Fact::Tls => known.tls = Some(answer.is_some()),
                    Fact::Address => known.address = Some(answer.and_then(|a| a.parse().ok())),
                    Fact::Certificate => return self.refuse(Reason::Internal.into()),
                }
                self.channel(known, now)
            }
            (Proving::Certificate(index), Answer::Fact(shown)) => {
                if self.is_bound_to(index, shown.as_deref()) {
                    self.replay(index, now)
                } else {
                    let refusal = Refusal::at(Reason::TokenBinding, "source.certificate");
                    self.not_proven(refusal, now)
                }
            }
            (Proving::Replay(index, mut claim), answer) => match claim.answer(answer, now) {
                Claimed::Ask(query) => Step::Ask(
                    self.wait(State::Proving(Proving::Replay(index, claim))),
                    query,
                ),
                Claimed::Fresh => self.certificate(index.saturating_add(1), now),
                Claimed::Refused(refusal) => self.not_proven(refusal, now),
            },
            _ => self.refuse(Reason::Internal.into()),
        }
    }

    /// Judges the connection.
    fn channel(self: Box<Self>, known: Known, now: Timestamp) -> Step {
        match self.policy.channel.judge(&self.head, known) {
            Judged::Private => self.certificate(0, now),
            Judged::Readable => self.not_proven(Reason::CredentialPlainText.into(), now),
            Judged::Ask(fact) => {
                let state = State::Proving(Proving::Channel(known, fact));
                Step::Ask(self.wait(state), Query::Fact(fact))
            }
        }
    }

    /// Asks for the certificate that an identity is bound to, if it is; else goes on.
    fn certificate(self: Box<Self>, index: usize, now: Timestamp) -> Step {
        let identity = self.identity.as_ref().and_then(|i| i.all().nth(index));
        let Some(identity) = identity else {
            return self.watch(When::Late, 0, now);
        };
        if identity.unproven.certificate.is_none() {
            return self.replay(index, now);
        }
        let state = State::Proving(Proving::Certificate(index));
        Step::Ask(self.wait(state), Query::Fact(Fact::Certificate))
    }

    fn is_bound_to(&self, index: usize, shown: Option<&str>) -> bool {
        let identity = self.identity.as_ref().and_then(|i| i.all().nth(index));
        let wanted = identity.and_then(|i| i.unproven.certificate);
        let shown = shown.and_then(crate::identity::hex_digest);
        wanted.is_some() && wanted == shown
    }

    /// Notes that the proof of an identity is used, if it has one; then goes on to the next identity.
    fn replay(self: Box<Self>, index: usize, now: Timestamp) -> Step {
        let identity = self.identity.as_ref().and_then(|i| i.all().nth(index));
        let usage = identity.and_then(|i| i.unproven.replay.as_ref().map(|u| (i, u)));
        let Some((identity, usage)) = usage else {
            return self.certificate(index.saturating_add(1), now);
        };
        let (claim, query) = Claim::start(
            &self.policy.name,
            &identity.provider,
            self.policy.seed,
            usage,
        );
        Step::Ask(
            self.wait(State::Proving(Proving::Replay(index, claim))),
            query,
        )
    }

    /// The credential may be somebody else's: nobody is known to call.
    fn not_proven(mut self: Box<Self>, refusal: Refusal, now: Timestamp) -> Step {
        self.identity = None;
        self.record.provider = None;
        self.record.subject = None;
        self.record.with.clear();
        self.record.by_key = false;
        self.record.token_digest = identity::token_digest(refusal.reason, &self.head);
        let mode = self
            .endpoint()
            .map_or(Mode::Enforce, |endpoint| endpoint.modes.authenticate);
        match self.note(refusal, mode) {
            Found::Refused(refusal) => self.refuse(refusal),
            Found::Passes => self.watch(When::Late, 0, now),
        }
    }
}
