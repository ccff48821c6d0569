//! How often: one limit after the other is taken from.

use super::{Answer, Found, HeaderChange, State, Step, Transaction, reply, values};
use crate::config::{Mode, Timestamp};
use crate::limit::{Left, Limit, Refused, Take, Taken};
use crate::verdict::{Reason, Refusal};
use std::sync::Arc;

impl Transaction {
    /// Takes from the limit at `index`, or goes on when there is none.
    pub(super) fn limit(self: Box<Self>, index: usize) -> Step {
        let Some(endpoint) = self.endpoint() else {
            return self.refuse(Reason::Internal.into());
        };
        let mode = endpoint.modes.limit;
        let limit = endpoint
            .limits
            .get(index)
            .filter(|_| mode != Mode::Off)
            .cloned();
        let Some(limit) = limit else {
            return self.contract();
        };
        if limit.global.is_some() {
            return self.spend(index, &limit);
        }
        self.take(index, &limit, mode)
    }

    /// Takes from this proxy's own buckets of a limit.
    pub(super) fn take(self: Box<Self>, index: usize, limit: &Limit, mode: Mode) -> Step {
        match Take::start(
            &self.policy.table,
            limit,
            self.policy.seed,
            &values::Of(&self),
        ) {
            Ok((take, query)) => Step::Ask(self.wait(State::Limiting { index, take }), query),
            Err(refusal) => self.not_taken(index, refusal, mode),
        }
    }

    /// The limit at `index`, and the mode of limits here.
    pub(super) fn limit_at(&self, index: usize) -> Option<(Arc<Limit>, Mode)> {
        let endpoint = self.endpoint()?;
        Some((endpoint.limits.get(index).cloned()?, endpoint.modes.limit))
    }

    #[inline(never)]
    pub(super) fn on_limit_answer(
        mut self: Box<Self>,
        index: usize,
        mut take: Take,
        answer: Answer,
        now: Timestamp,
    ) -> Step {
        let Some((limit, mode)) = self.limit_at(index) else {
            return self.refuse(Reason::Internal.into());
        };
        match take.answer(&limit, answer, now) {
            Taken::Ask(query) => Step::Ask(self.wait(State::Limiting { index, take }), query),
            Taken::Admitted { left, due } => {
                if let Some(due) = due {
                    let afterwards = &mut self.record.afterwards;
                    afterwards.get_or_insert_default().limit(due);
                }
                if limit.announced {
                    self.tell(&limit, &take, left);
                }
                self.limit(index.saturating_add(1))
            }
            Taken::Failed(refusal) => self.not_taken(index, refusal, mode),
            Taken::Refused(Refused {
                refusal,
                plan,
                window,
                wait,
            }) => match self.note(refusal, mode) {
                Found::Passes => self.limit(index.saturating_add(1)),
                Found::Refused(refusal) => {
                    let mut reply = reply::refusal(&self, &refusal);
                    let told = reply::rate_limit(&limit, plan, window, wait);
                    reply.headers.extend(told);
                    self.end(refusal.reason, reply)
                }
            },
        }
    }

    /// Refuses, or goes on with the next limit.
    #[cold]
    fn not_taken(mut self: Box<Self>, index: usize, refusal: Refusal, mode: Mode) -> Step {
        match self.note(refusal, mode) {
            Found::Refused(refusal) => self.refuse(refusal),
            Found::Passes => self.limit(index.saturating_add(1)),
        }
    }

    /// Notes for the response how much is left. Several limits make one list in each field.
    fn tell(&mut self, limit: &Limit, take: &Take, left: Left) {
        for (name, value) in reply::left(limit, take.plan(), left) {
            let known = self.told.iter_mut().find_map(|change| match change {
                HeaderChange::Add(known, list) if *known == name => Some(list),
                HeaderChange::Add(..) | HeaderChange::Remove(_) => None,
            });
            match known {
                Some(list) => {
                    list.push_str(", ");
                    list.push_str(&value);
                }
                None => self.told.push(HeaderChange::Add(name.into(), value)),
            }
        }
    }
}
