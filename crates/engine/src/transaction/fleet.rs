//! Quotas that many proxies share: spending from them, waiting for a part, and what happens while their service is away.

use super::{Answer, Found, State, Step, Transaction, reply, values};
use crate::config::{Mode, OnServiceFailure, Timestamp};
use crate::limit::{Global, Limit, Spend, Spent};
use crate::remote::{Awaited, CallAnswer};
use crate::verdict::{Reason, Refusal};
use std::sync::Arc;

impl Transaction {
    /// Spends from the quota of the limit at `index`.
    pub(super) fn spend(mut self: Box<Self>, index: usize, limit: &Limit) -> Step {
        let Some(mode) = self.endpoint().map(|endpoint| endpoint.modes.limit) else {
            return self.refuse(Reason::Internal.into());
        };
        let policy = &self.policy;
        let (table, seed) = (&policy.leases, policy.seed);
        let of = values::Of(&self);
        let Some(global) = &limit.global else {
            return self.refuse(Reason::Internal.into());
        };
        match Spend::start(table, (limit, global), seed, &of) {
            Ok((spend, query)) => {
                let spend = Box::new(spend);
                Step::Ask(self.wait(State::Spending { index, spend }), query)
            }
            Err(refusal) => match self.note(refusal, mode) {
                Found::Refused(refusal) => self.refuse(refusal),
                Found::Passes => self.limit(index.saturating_add(1)),
            },
        }
    }

    pub(super) fn on_spend_answer(
        self: Box<Self>,
        index: usize,
        mut spend: Box<Spend>,
        answer: Answer,
        now: Timestamp,
    ) -> Step {
        self.spending(index, |transaction, limit| {
            let spent = spend.answer(limit, &values::Of(transaction), answer, now);
            (spend, spent)
        })
    }

    #[cold]
    pub(super) fn on_spend_waited(
        self: Box<Self>,
        index: usize,
        mut spend: Box<Spend>,
        enough: bool,
        now: Timestamp,
    ) -> Step {
        self.spending(index, |_, _| {
            let spent = spend.waited(enough, now);
            (spend, spent)
        })
    }

    #[cold]
    pub(super) fn on_spend_called(
        self: Box<Self>,
        index: usize,
        mut spend: Box<Spend>,
        answer: &CallAnswer,
        now: Timestamp,
    ) -> Step {
        self.spending(index, |_, _| {
            let spent = spend.called(answer, now);
            (spend, spent)
        })
    }

    fn spending(
        mut self: Box<Self>,
        index: usize,
        work: impl FnOnce(&Self, &Limit) -> (Box<Spend>, Spent),
    ) -> Step {
        let Some((limit, mode)) = self.limit_at(index) else {
            return self.refuse(Reason::Internal.into());
        };
        let Some(global) = &limit.global else {
            return self.refuse(Reason::Internal.into());
        };
        let (spend, spent) = work(&self, &limit);
        let refusal = match spent {
            Spent::Admitted => return self.limit(index.saturating_add(1)),
            Spent::Ask(query) => {
                return Step::Ask(self.wait(State::Spending { index, spend }), query);
            }
            Spent::Wait(until) => {
                let desk = Awaited::Lease(Arc::clone(spend.desk()));
                return Step::Wait(self.wait(State::Spending { index, spend }), desk, until);
            }
            Spent::Call(call) => {
                return Step::Call(self.wait(State::Spending { index, spend }), call);
            }
            Spent::Away { why, again } => {
                return self.service_away(index, &limit, global, mode, (why, again));
            }
            Spent::Over(wait) => {
                let refusal = Refusal::at(Reason::RateLimited, format!("limits.{}", limit.name));
                match self.note(refusal, mode) {
                    Found::Passes => None,
                    Found::Refused(refusal) => {
                        let mut reply = reply::refusal(&self, &refusal);
                        let told = reply::shared_limit(&limit.name, spend.desk(), wait);
                        reply.headers.extend(told);
                        return self.end(refusal.reason, reply);
                    }
                }
            }
            Spent::Failed(refusal) => match self.note(refusal, mode) {
                Found::Passes => None,
                Found::Refused(refusal) => Some(refusal),
            },
        };
        match refusal {
            None => self.limit(index.saturating_add(1)),
            Some(refusal) => self.refuse(refusal),
        }
    }

    /// The failure contract.
    #[cold]
    fn service_away(
        mut self: Box<Self>,
        index: usize,
        limit: &Limit,
        global: &Global,
        mode: Mode,
        (why, again): (&'static str, u64),
    ) -> Step {
        let at = format!("limits.{}", limit.name);
        let refusal = Refusal::at(Reason::LimitServiceUnavailable, at).expected(why);
        let noted = match global.on_failure {
            OnServiceFailure::Deny => mode,
            OnServiceFailure::Allow | OnServiceFailure::Local => Mode::Monitor,
        };
        match (self.note(refusal, noted), global.on_failure) {
            (Found::Passes, OnServiceFailure::Local) => self.take(index, limit, mode),
            (Found::Passes, OnServiceFailure::Deny | OnServiceFailure::Allow) => {
                self.limit(index.saturating_add(1))
            }
            (Found::Refused(refusal), _) => {
                let mut reply = reply::refusal(&self, &refusal);
                let retry_after = ("retry-after".to_owned(), again.to_string());
                reply.headers.push(retry_after);
                self.end(refusal.reason, reply)
            }
        }
    }
}
