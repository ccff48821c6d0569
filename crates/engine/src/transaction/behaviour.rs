//! What a caller has done before: one pattern after the other is looked for.

use super::{Answer, Found, State, Step, Transaction, reply, values};
use crate::abuse::{Observation, Pattern, Verdict, Watch, Watched};
use crate::config::{Mode, Timestamp};
use crate::verdict::{Reason, Refusal};
use std::sync::Arc;

/// When a pattern is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// Before the credential is looked at.
    Early,
    /// Once the caller is known, and before it is asked what it may do: also what is refused then shows behaviour.
    Late,
}

impl Transaction {
    /// Looks for the pattern at `index`, or goes on when there is none.
    pub(super) fn watch(mut self: Box<Self>, when: When, index: usize, now: Timestamp) -> Step {
        let Some(endpoint) = self.endpoint() else {
            return self.refuse(Reason::Internal.into());
        };
        let watches = &endpoint.watches;
        let list = match when {
            When::Early => &watches.early,
            When::Late => &watches.late,
        };
        let mode = endpoint.modes.abuse;
        let found = list.get(index).filter(|_| mode != Mode::Off);
        let Some(pattern) = found.map(Arc::clone) else {
            return match when {
                When::Early => self.authenticate(now),
                When::Late => {
                    if !watches.begins.is_empty() && mode != Mode::Off {
                        self.begin_sequences();
                    }
                    self.authorize(now)
                }
            };
        };
        let started = Watch::start(
            &self.policy.behaviour,
            &pattern,
            self.policy.seed,
            &values::Of(&self),
            watches.place,
        );
        match started {
            Ok(None) => self.watch(when, index.saturating_add(1), now),
            Ok(Some((watch, query))) => {
                if let Some(observation) = Observation::of(&pattern, &watch) {
                    self.observe(observation);
                }
                Step::Ask(self.wait(State::Watching { when, index, watch }), query)
            }
            Err(refusal) => self.not_watched(when, index, refusal, mode, now),
        }
    }

    #[inline(never)]
    pub(super) fn on_watch_answer(
        mut self: Box<Self>,
        (when, index, mut watch): (When, usize, Watch),
        answer: Answer,
        now: Timestamp,
    ) -> Step {
        let found = self.endpoint().and_then(|endpoint| {
            let list = match when {
                When::Early => &endpoint.watches.early,
                When::Late => &endpoint.watches.late,
            };
            Some((Arc::clone(list.get(index)?), endpoint.modes.abuse))
        });
        let Some((pattern, mode)) = found else {
            return self.refuse(Reason::Internal.into());
        };
        let next = index.saturating_add(1);
        let watched = watch.answer(&pattern, answer, now);
        if watch.is_news() {
            self.observe(Observation::new(&pattern, &watch));
        }
        match watched {
            Watched::Ask(query) => {
                Step::Ask(self.wait(State::Watching { when, index, watch }), query)
            }
            Watched::Decided(Verdict::Passes) => self.watch(when, next, now),
            Watched::Decided(Verdict::Told(refusal)) => match self.note(refusal, Mode::Monitor) {
                Found::Refused(refusal) => self.refuse(refusal),
                Found::Passes => self.watch(when, next, now),
            },
            Watched::Decided(Verdict::Refused(refusal, wait)) => match self.note(refusal, mode) {
                Found::Passes => self.watch(when, next, now),
                Found::Refused(refusal) => {
                    let mut reply = reply::refusal(&self, &refusal);
                    reply.headers.extend(wait.map(reply::retry_after));
                    self.end(refusal.reason, reply)
                }
            },
            Watched::Failed(refusal) => self.not_watched(when, index, refusal, mode, now),
        }
    }

    /// Refuses, or goes on with the next pattern.
    #[cold]
    fn not_watched(
        mut self: Box<Self>,
        when: When,
        index: usize,
        refusal: Refusal,
        mode: Mode,
        now: Timestamp,
    ) -> Step {
        match self.note(refusal, mode) {
            Found::Refused(refusal) => self.refuse(refusal),
            Found::Passes => self.watch(when, index.saturating_add(1), now),
        }
    }

    /// Notes that sequences begin here, if this request succeeds. A request without a key begins none.
    fn begin_sequences(&mut self) {
        let begins: Vec<Arc<Pattern>> = self
            .endpoint()
            .map(|endpoint| endpoint.watches.begins.clone())
            .unwrap_or_default();
        for pattern in &begins {
            let started = Watch::start(
                &self.policy.behaviour,
                pattern,
                self.policy.seed,
                &values::Of(self),
                None,
            );
            if let Ok(Some((watch, _))) = started {
                self.observe(Observation::new(pattern, &watch));
            }
        }
    }

    fn observe(&mut self, observation: Observation) {
        let afterwards = &mut self.record.afterwards;
        afterwards.get_or_insert_default().observe(observation);
    }
}
