//! The proxies that take a resource, and what each makes of it.

use super::seen::{STATS, Seen, Sought};
use crate::clock::Stopwatch;
use crate::envoy::{Address, Admin};
use crate::failure::Failure;
use serde_json::Value;
use std::time::Duration;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Several proxies.
#[derive(Debug)]
pub(crate) struct Fleet {
    interface: Admin,
    members: Vec<Member>,
}

/// One proxy.
#[derive(Debug)]
pub(crate) struct Member {
    /// Its admin interface.
    pub(crate) admin: Address,
    /// How many worker threads it has.
    pub(crate) workers: u64,
    before: Seen,
    /// What has come of it so far.
    pub(crate) fate: Fate,
}

/// What a proxy makes of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// So many workers serve it, and not all do.
    Waiting(u64),
    /// Every worker serves it.
    Serves,
    /// It was refused, with these codes; none where the proxy had refused the same bytes before.
    Refused(Vec<String>),
    /// It does not answer.
    Silent,
}

impl Fleet {
    /// Looks at every proxy before anything is changed. One that does not answer now could not be watched: that is a failure.
    pub(crate) fn look(admins: &[Address], sought: &Sought) -> Result<Self, Failure> {
        let mut fleet = Self {
            interface: Admin::new(),
            members: Vec::new(),
        };
        for admin in admins {
            let workers = fleet.workers(admin);
            let (Some(workers), Some(before)) = (workers, fleet.seen(admin, sought)) else {
                return Err(Failure::no(format!(
                    "Envoy's admin interface at `{admin}` does not answer, so nothing was changed: name those that run with `--admin`"
                )));
            };
            fleet.members.push(Member {
                admin: admin.clone(),
                workers,
                before,
                fate: Fate::Waiting(0),
            });
        }
        Ok(fleet)
    }

    /// The proxies.
    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    /// Whether every worker of every proxy serves it.
    pub(crate) fn serves(&self) -> bool {
        self.members
            .iter()
            .all(|member| member.fate == Fate::Serves)
    }

    /// Watches until the fate of every proxy is known, or the time is over.
    pub(crate) fn watch(&mut self, sought: &Sought, watch: &Stopwatch, patience: Duration) {
        loop {
            for index in 0..self.members.len() {
                self.update(index, sought);
            }
            let open = self.members.iter().any(|member| member.fate.is_open());
            if !open || watch.elapsed() >= patience {
                return;
            }
            // Between looks: what is waited for ends the wait.
            std::thread::sleep(PAUSE);
        }
    }

    fn update(&mut self, index: usize, sought: &Sought) {
        let Some(member) = self.members.get(index).filter(|m| m.fate.is_open()) else {
            return;
        };
        let fate = match self.seen(&member.admin, sought) {
            None => Fate::Silent,
            Some(seen) => member.judge(&seen),
        };
        if let Some(member) = self.members.get_mut(index) {
            member.fate = fate;
        }
    }

    fn seen(&self, admin: &Address, sought: &Sought) -> Option<Seen> {
        let stats = self.interface.ask(&admin.to_string(), STATS)?;
        Some(Seen::read(&stats, sought))
    }

    fn workers(&self, admin: &Address) -> Option<u64> {
        let text = self.interface.ask(&admin.to_string(), "/server_info")?;
        let info: Value = serde_json::from_str(&text).ok()?;
        info.pointer("/command_line_options/concurrency")?.as_u64()
    }
}

impl Member {
    fn judge(&self, seen: &Seen) -> Fate {
        // The main thread has a gauge like the workers.
        if seen.serving > self.workers {
            Fate::Serves
        } else if seen.rejected > self.before.rejected {
            Fate::Refused(seen.refused_since(&self.before))
        } else {
            Fate::Waiting(seen.serving)
        }
    }
}

impl Fate {
    /// Whether it may still change.
    const fn is_open(&self) -> bool {
        matches!(self, Self::Waiting(_) | Self::Silent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member() -> Member {
        Member {
            admin: "127.0.0.1:1".parse().unwrap(),
            workers: 2,
            before: Seen {
                rejected: 3,
                ..Seen::default()
            },
            fate: Fate::Waiting(0),
        }
    }

    #[test]
    fn a_proxy_serves_when_all_its_workers_and_the_main_thread_do() {
        let seen = |serving, rejected| Seen {
            serving,
            rejected,
            ..Seen::default()
        };
        assert_eq!(member().judge(&seen(0, 3)), Fate::Waiting(0));
        assert_eq!(member().judge(&seen(2, 3)), Fate::Waiting(2));
        assert_eq!(member().judge(&seen(3, 3)), Fate::Serves);
        assert_eq!(member().judge(&seen(0, 4)), Fate::Refused(Vec::new()));
    }
}
