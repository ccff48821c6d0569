//! What a limit lets pass: windows of a rate, and requests in flight; for some callers by their plan.

use super::bucket::Window;
use super::concurrency::Concurrency;
use super::key::Part;
use super::{MAX_WINDOWS, Values};
use crate::config;
use crate::problem::{Problem, pointer};

/// What passes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) windows: Vec<Window>,
    pub(crate) concurrency: Option<Concurrency>,
}

/// Other rules for callers with a plan.
#[derive(Debug)]
pub(super) struct Plans {
    from: Part,
    named: Vec<(String, Rules)>,
}

/// As the policy writes rules, in the limit itself and in its plans.
pub(super) struct Written<'a> {
    pub(super) rate: Option<config::Rate>,
    pub(super) burst: Option<u64>,
    pub(super) windows: &'a [config::Window],
    pub(super) concurrent: Option<u32>,
    /// Whether requests may be charged when they are over.
    pub(super) late: bool,
    /// Nanoseconds.
    pub(super) hold: u64,
}

impl Rules {
    pub(super) fn compile(at: &str, written: &Written<'_>, problems: &mut Vec<Problem>) -> Self {
        let windows = windows(at, written, problems);
        let concurrency = written.concurrent.map(|most| Concurrency {
            most,
            hold: written.hold,
        });
        if concurrency.is_some_and(|c| !(1..=Concurrency::MOST).contains(&c.most)) {
            problems.push(
                Problem::error(
                    "limit-concurrent",
                    pointer(at, "concurrent"),
                    "so many requests in flight are not possible",
                )
                .hint(format!("use a number from 1 to {}", Concurrency::MOST)),
            );
        }
        Self {
            windows,
            concurrency,
        }
    }
}

fn windows(at: &str, written: &Written<'_>, problems: &mut Vec<Problem>) -> Vec<Window> {
    match (written.rate, written.windows) {
        (Some(rate), []) => Window::compile(at, rate, written.burst, written.late, problems)
            .into_iter()
            .collect(),
        (None, [_, ..]) => {
            if written.burst.is_some() {
                problems.push(
                    Problem::error(
                        "limit-form",
                        pointer(at, "burst"),
                        "`burst` belongs to a window here",
                    )
                    .hint("move `burst` into the entries of `windows`"),
                );
            }
            // Requests in flight take two numbers of a bucket.
            let most = MAX_WINDOWS - if written.concurrent.is_some() { 2 } else { 0 };
            if written.windows.len() > most {
                problems.push(Problem::error(
                    "limit-windows",
                    pointer(at, "windows"),
                    format!(
                        "{} windows, at most {most} are possible",
                        written.windows.len()
                    ),
                ));
            }
            let base = pointer(at, "windows");
            let windows = written.windows.iter().enumerate();
            windows
                .filter_map(|(i, config::Window { rate, burst })| {
                    Window::compile(&pointer(&base, i), *rate, *burst, written.late, problems)
                })
                .collect()
        }
        (None, []) if written.concurrent.is_some() && written.burst.is_none() => Vec::new(),
        (Some(_), [_, ..]) | (None, []) => {
            problems.push(
                Problem::error("limit-form", at, "a limit needs either `rate` or `windows`, or `concurrent`")
                    .hint("write `rate: 100/s`, or `windows: [{ rate: 100/s }, { rate: 1000/m }]`, or `concurrent: 10`"),
            );
            Vec::new()
        }
    }
}

impl Plans {
    pub(super) fn compile(
        at: &str,
        limit: &config::Limit,
        (base, rules): (&Written<'_>, &Rules),
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let from = limit.plan_from.as_deref().unwrap_or("claims.plan");
        let part = Part::parse(from).filter(|part| matches!(part, Part::Claim(_)));
        if part.is_none() || (limit.plan_from.is_some() && limit.plans.is_empty()) {
            problems.push(
                Problem::error("limit-plan", pointer(at, "planFrom"), format!("no plan comes from `{from}`"))
                    .hint("name a claim, as `claims.plan`, and list plans under `plans`: callers must not choose their plan by a header"),
            );
        }
        let base_at = pointer(at, "plans");
        let named: Vec<_> = limit
            .plans
            .iter()
            .map(|(name, plan)| {
                let config::Plan {
                    rate,
                    burst,
                    windows,
                    concurrent,
                    // Read with `global`.
                    requests: _,
                } = plan;
                let at = pointer(&base_at, name);
                let says = rate.is_some() || burst.is_some() || !windows.is_empty();
                if limit.global.is_some() && !says {
                    return (name.clone(), rules.clone());
                }
                if base.concurrent.is_none() && concurrent.is_some() {
                    problems.push(
                        Problem::error(
                            "limit-plan",
                            pointer(&at, "concurrent"),
                            "the limit itself has no `concurrent`",
                        )
                        .hint("set it in the limit too: a bucket has one form for all callers"),
                    );
                }
                let written = Written {
                    rate: *rate,
                    burst: *burst,
                    windows,
                    concurrent: concurrent.or(base.concurrent),
                    ..*base
                };
                (name.clone(), Rules::compile(&at, &written, problems))
            })
            .collect();
        Some(Self { from: part?, named }).filter(|plans| !plans.named.is_empty())
    }

    /// The place of the caller's plan, if it has one of these.
    pub(super) fn of(&self, values: &impl Values) -> Option<usize> {
        let plan = values.value(&self.from)?;
        self.named
            .iter()
            .position(|(name, _)| name.as_bytes() == &*plan)
    }

    pub(super) fn rules(&self, place: usize) -> Option<&Rules> {
        self.named.get(place).map(|(_, rules)| rules)
    }

    /// The claim, and the names of the plans with their rules.
    pub(super) fn named(&self) -> &[(String, Rules)] {
        &self.named
    }
}
