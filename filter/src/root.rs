//! One configuration of the plugin, and the streams that start under it.
//!
//! INVARIANT (the last good policy): a configuration that cannot be used changes nothing here, and is refused, so that the
//! proxy refuses the update.

use crate::drive::Judge;
use crate::host::{CallId, Host};
use crate::keeper::Keeper;
use crate::metrics::Metrics;
use crate::policy::{self, Loaded};
use crate::seed;
use crate::serving::Serving;
use crate::stream::Stream;
use meshward_engine::bundle::{self, Revision};
use meshward_engine::load::Gauges;
use meshward_engine::remote::CallAnswer;
use std::cell::RefCell;
use std::rc::Rc;

/// The most problems of one configuration that are logged.
const MOST_LINES: usize = 50;

/// The plugin.
#[derive(Debug)]
pub(crate) struct Root<H, J> {
    host: H,
    judge: J,
    lasting: Lasting<H, J>,
    context: u32,
    loaded: Option<Rc<Loaded>>,
}

/// What a worker keeps over all its configurations.
#[derive(Debug)]
pub(crate) struct Lasting<H, J> {
    pub(crate) metrics: Rc<Metrics>,
    pub(crate) keeper: Rc<Keeper<H, J>>,
    pub(crate) serving: Rc<Serving>,
    /// What is known of the upstreams.
    pub(crate) gauges: Rc<RefCell<Gauges>>,
}

impl<H: Host, J: Judge> Root<H, J> {
    /// A plugin without a configuration: it refuses everything.
    pub(crate) const fn new(host: H, judge: J, lasting: Lasting<H, J>, context: u32) -> Self {
        Self {
            host,
            judge,
            lasting,
            context,
            loaded: None,
        }
    }

    /// Takes a configuration of `size` bytes; `false` when it cannot be used.
    pub(crate) fn configure(&mut self, size: usize) -> bool {
        let lasting = &self.lasting;
        // What is too long is not even fetched: the memory of a VM does not shrink again.
        let loaded = if size > bundle::MAX_BYTES {
            Err(vec![bundle::too_long(size)])
        } else {
            policy::load(&self.host.configuration(size), seed::shared(&self.host))
        };
        match loaded {
            Ok(loaded) => {
                for warning in loaded.warnings.iter().take(MOST_LINES) {
                    self.host.log(log::Level::Warn, &policy::line(warning));
                }
                self.host.log(
                    log::Level::Info,
                    &format!(
                        "meshward: policy `{}` revision {} serves: {} endpoints, {} warnings",
                        loaded.policy.name(),
                        loaded.policy.revision().map_or("none", Revision::name),
                        loaded.policy.endpoint_count(),
                        loaded.warnings.len()
                    ),
                );
                lasting.metrics.allow(loaded.policy.max_series());
                lasting.serving.taken(&loaded.policy);
                if let Ok(mut gauges) = lasting.gauges.try_borrow_mut() {
                    loaded.policy.go_on(&mut gauges);
                }
                let now = self.host.now();
                lasting
                    .keeper
                    .keep(&self.host, self.context, &loaded.policy, now);
                if let Some(before) = self.loaded.replace(Rc::new(loaded)) {
                    lasting.serving.left(&self.host, &before.policy);
                }
                true
            }
            Err(problems) => {
                for problem in problems.iter().take(MOST_LINES) {
                    self.host.log(log::Level::Error, &policy::line(problem));
                }
                self.host.log(
                    log::Level::Error,
                    &format!(
                        "meshward: the configuration is refused: {} problems",
                        problems.len()
                    ),
                );
                let code = problems.first().map_or("none", |problem| problem.code);
                lasting.metrics.refused(&self.host, code);
                false
            }
        }
    }

    /// Time has passed.
    pub(crate) fn tick(&self) {
        let told = self.lasting.serving.tell(&self.host);
        self.lasting
            .keeper
            .tick(&self.host, self.context, told, self.host.now());
        if let Some(loaded) = &self.loaded {
            for desk in loaded.policy.desks() {
                self.lasting.metrics.asked(&self.host, desk);
            }
        }
    }

    /// This root ends.
    pub(crate) fn leave(&self) {
        if let Some(loaded) = &self.loaded {
            self.lasting.serving.left(&self.host, &loaded.policy);
        }
        self.lasting
            .keeper
            .leave(&self.host, self.context, self.host.now());
    }

    /// A call was answered that no request waits for.
    pub(crate) fn called(&self, id: CallId, answer: impl FnOnce(&H) -> CallAnswer) {
        let now = self.host.now();
        self.lasting
            .keeper
            .called(&self.host, self.context, id, answer, now);
    }

    /// Starts an exchange.
    pub(crate) fn stream(&self) -> Stream<H, J> {
        Stream::new(
            self.host.clone(),
            self.judge.clone(),
            Rc::clone(&self.lasting.metrics),
            self.loaded.clone(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::Engine;
    use crate::host::fake::Fake;
    use crate::policy::SMALLEST;
    use crate::stream::Flow;

    fn root(host: &Fake) -> Root<Fake, Engine> {
        let lasting = Lasting {
            metrics: Rc::new(Metrics::new()),
            keeper: Rc::new(Keeper::new()),
            serving: Rc::new(Serving::default()),
            gauges: Rc::default(),
        };
        Root::new(host.clone(), Engine, lasting, 1)
    }

    fn configure(root: &mut Root<Fake, Engine>, host: &Fake, text: &str) -> bool {
        host.state.borrow_mut().configuration = text.as_bytes().to_vec();
        root.configure(text.len())
    }

    #[test]
    fn a_good_configuration_serves_and_a_bad_one_changes_nothing() {
        let host = Fake::default();
        let mut root = root(&host);
        assert!(configure(&mut root, &host, SMALLEST));
        let lines = host.lines(log::Level::Info);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with("meshward: policy `test` revision "));
        assert!(lines[0].ends_with(" serves: 1 endpoints, 0 warnings"));
        assert_eq!(host.metric("meshward_policy_revision"), 0);
        root.tick();
        let serves = host.metric("meshward_policy_revision;policy=test;worker=0");
        assert!(serves > 0);

        assert!(!configure(&mut root, &host, "{}"));
        assert!(root.loaded.is_some());
        let errors = host.lines(log::Level::Error);
        assert_eq!(errors.len(), 2, "{errors:?}");
        assert!(errors[0].contains("apiVersion"), "{errors:?}");
        assert_eq!(
            host.metric("meshward_policy_refused;reason=not-a-bundle"),
            1
        );
        root.tick();
        assert_eq!(host.metric("meshward_policy_revision"), serves);
    }

    #[test]
    fn without_a_configuration_every_request_is_refused() {
        let host = Fake::default();
        let mut root = root(&host);
        assert!(!configure(&mut root, &host, ""));
        let mut stream = root.stream();
        assert_eq!(stream.request_head(true), Flow::Hold);
        let reply = host.state.borrow().reply.clone().unwrap();
        assert_eq!(reply.status, 500);
        assert!(reply.body.contains("policy_unusable"), "{}", reply.body);
    }
}
