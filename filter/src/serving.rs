//! Which revision of each policy this worker serves, for whoever delivers policies: one gauge for each policy and worker,
//! `meshward_policy_revision;policy=P;worker=N`, whose value is the revision's number.
//!
//! The value is set on a tick, not when the configuration is taken: the proxy tries every configuration in a VM that it then throws
//! away, and only a VM that serves has ticks. Workers number themselves in the data that they share, because the proxy does not
//! tell a plugin which of them it is. What a worker says that has ended stays; whoever counts workers counts the others.
//!
//! INVARIANT (bounded): a worker has gauges for so many policies ([`MOST_POLICIES`]) and names no revision in a metric's name.

use crate::host::{Host, MetricId, MetricKind};
use crate::metrics::labelled;
use crate::shared;
use meshward_engine::Policy;
use meshward_engine::transaction::{Answer, Query};
use std::cell::{Cell, RefCell};
use std::sync::Arc;

const WORKERS: &str = "meshward.workers";
/// The most policies of one worker that are told of. A proxy has one for each listener, and new names come with new policies alone.
const MOST_POLICIES: usize = 64;
/// How often a worker tries to get its number before the next tick.
const MOST_TRIES: usize = 64;

/// What one worker serves.
#[derive(Debug, Default)]
pub(crate) struct Serving {
    worker: Cell<Option<u32>>,
    policies: RefCell<Vec<Served>>,
}

#[derive(Debug)]
struct Served {
    policy: Arc<str>,
    revision: u64,
    /// How many configurations hold this revision.
    holders: u32,
    told: bool,
    gauge: Option<MetricId>,
}

impl Serving {
    /// A configuration with this policy was taken.
    pub(crate) fn taken(&self, policy: &Policy) {
        let Some((name, revision)) = named(policy) else {
            return;
        };
        // Nothing that runs below here comes back to this cell.
        let mut policies = self.policies.borrow_mut();
        if let Some(served) = policies.iter_mut().find(|served| served.policy == name) {
            if served.revision == revision && served.holders > 0 {
                served.holders = served.holders.saturating_add(1);
            } else {
                served.revision = revision;
                served.holders = 1;
                served.told = false;
            }
        } else if policies.len() < MOST_POLICIES {
            policies.push(Served {
                policy: name,
                revision,
                holders: 1,
                told: false,
                gauge: None,
            });
        }
    }

    /// A configuration with this policy ends. Where it was the last with its revision, nothing serves under the name any more.
    pub(crate) fn left(&self, host: &impl Host, policy: &Policy) {
        let Some((name, revision)) = named(policy) else {
            return;
        };
        for served in self.policies.borrow_mut().iter_mut() {
            if served.policy == name && served.revision == revision {
                served.holders = served.holders.saturating_sub(1);
                if let (0, Some(gauge)) = (served.holders, served.gauge) {
                    host.record(gauge, 0);
                }
            }
        }
    }

    /// This worker ticks, so it serves: tells what has not been told. `false` when it could not.
    pub(crate) fn tell(&self, host: &impl Host) -> bool {
        let mut policies = self.policies.borrow_mut();
        if policies.iter().all(Served::is_settled) {
            return true;
        }
        let Some(worker) = self.worker.get().or_else(|| number(host)) else {
            return false;
        };
        self.worker.set(Some(worker));
        for served in policies.iter_mut().filter(|served| !served.is_settled()) {
            let gauge = served.gauge.or_else(|| {
                let number = worker.to_string();
                let labels = [(";policy=", &*served.policy), (";worker=", number.as_str())];
                host.define(
                    MetricKind::Gauge,
                    &labelled("meshward_policy_revision", labels),
                )
            });
            served.gauge = gauge;
            if let Some(gauge) = gauge {
                host.record(gauge, served.revision);
                served.told = true;
            }
        }
        policies.iter().all(Served::is_settled)
    }
}

impl Served {
    /// Whether there is nothing to tell.
    const fn is_settled(&self) -> bool {
        self.told || self.holders == 0
    }
}

fn named(policy: &Policy) -> Option<(Arc<str>, u64)> {
    Some((policy.shared_name(), policy.revision()?.number()))
}

/// Takes the next number of a worker.
fn number(host: &impl Host) -> Option<u32> {
    let key: Arc<str> = WORKERS.into();
    for _ in 0..MOST_TRIES {
        let asked = Query::Get {
            key: Arc::clone(&key),
        };
        let (number, version) = match shared::answer(host, asked) {
            Answer::Slot(Some(stored)) => {
                let number = stored.value.try_into().map(u32::from_le_bytes).ok()?;
                (number, Some(stored.version))
            }
            Answer::Slot(None) => (0, None),
            Answer::Written | Answer::Conflict | Answer::Fact(_) | Answer::Failed => return None,
        };
        let next = Query::Set {
            key: Arc::clone(&key),
            value: number.wrapping_add(1).to_le_bytes().to_vec(),
            version,
        };
        match shared::answer(host, next) {
            Answer::Written => return Some(number),
            // Another worker was first.
            Answer::Conflict => {}
            Answer::Slot(_) | Answer::Fact(_) | Answer::Failed => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake::Fake;
    use crate::policy::{self, SMALLEST};

    fn policy(owner: &str) -> Arc<Policy> {
        let text = SMALLEST.replace(r#""test""#, &format!(r#""test","owner":"{owner}""#));
        policy::load(text.as_bytes(), [0; 16]).unwrap().policy
    }

    fn number_of(policy: &Policy) -> u64 {
        policy.revision().unwrap().number()
    }

    #[test]
    fn a_revision_is_told_on_a_tick_and_not_before() {
        let (host, serving) = (Fake::default(), Serving::default());
        let first = policy("a");
        serving.taken(&first);
        assert!(host.state.borrow().metrics.is_empty());
        assert!(serving.tell(&host));
        let gauge = "meshward_policy_revision;policy=test;worker=0";
        assert_eq!(host.metric(gauge), number_of(&first));

        let second = policy("b");
        serving.taken(&second);
        serving.left(&host, &first);
        assert_eq!(host.metric(gauge), number_of(&first));
        assert!(serving.tell(&host));
        assert_eq!(host.metric(gauge), number_of(&second));
        serving.left(&host, &second);
        assert_eq!(host.metric(gauge), 0);
        assert!(serving.tell(&host));
        assert_eq!(host.metric(gauge), 0);
        serving.taken(&second);
        assert!(serving.tell(&host));
        assert_eq!(host.metric(gauge), number_of(&second));
        assert_eq!(host.state.borrow().metrics.len(), 1);
    }

    #[test]
    fn a_revision_serves_until_its_last_configuration_ends() {
        let (host, serving) = (Fake::default(), Serving::default());
        let policy = policy("a");
        serving.taken(&policy);
        serving.taken(&policy);
        assert!(serving.tell(&host));
        serving.left(&host, &policy);
        assert_eq!(host.metric("worker=0"), number_of(&policy));
    }

    #[test]
    fn every_worker_has_its_number() {
        let host = Fake::default();
        for worker in 0..3 {
            let serving = Serving::default();
            serving.taken(&policy("a"));
            assert!(serving.tell(&host));
            assert!(host.metric(&format!("worker={worker}")) > 0);
        }
    }

    #[test]
    fn a_store_that_fails_is_tried_again() {
        let (host, serving) = (Fake::default(), Serving::default());
        serving.taken(&policy("a"));
        host.state.borrow_mut().store_fails = true;
        assert!(!serving.tell(&host));
        host.state.borrow_mut().store_fails = false;
        assert!(serving.tell(&host));
        assert!(host.metric("worker=0") > 0);
    }
}
