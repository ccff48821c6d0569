//! The exchanges that are measured, and what the policy says of each.

use crate::failure::Failure;
use crate::{clock, lines};
use meshward_engine::Policy;
use meshward_engine::exchange::{Evaluation, Evaluator, Exchange, Prepared, ServerAnswer};
use meshward_engine::verdict::Reason;
use std::path::Path;
use std::sync::Arc;

/// So many exchanges are measured at most: more would say nothing more, and each round must pass over all of them.
const MOST: usize = 10_000;

/// Exchanges that were read.
#[derive(Debug)]
pub(crate) struct Traffic {
    entries: Vec<Entry>,
}

/// One exchange.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its name, or its number where it has none.
    pub(crate) id: String,
    /// What is sent.
    pub(crate) exchange: Prepared,
}

/// What came of an exchange.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Verdict {
    /// The API; empty where the exchange met none.
    pub(crate) api: String,
    /// The endpoint, as `GET /orders/{id}`; empty where the exchange met none.
    pub(crate) endpoint: String,
    /// Why it was refused; `None` where it was admitted.
    pub(crate) reason: Option<Reason>,
}

impl Verdict {
    /// What an evaluation came to.
    pub(crate) fn of(evaluation: &Evaluation) -> Self {
        let record = &evaluation.record;
        let name = |name: &Option<Arc<str>>| name.as_deref().unwrap_or_default().to_owned();
        Self {
            api: name(&record.api),
            endpoint: name(&record.endpoint),
            reason: record.reason,
        }
    }
}

impl Traffic {
    /// Reads exchange lines from a file, or from standard input for `-`.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let mut entries: Vec<Entry> = Vec::new();
        lines::each(lines::open(path)?, path, |exchange: Exchange| {
            if entries.len() == MOST {
                return Err(format!(
                    "more than {MOST} exchanges: take a sample, as with `shuf -n {MOST}`"
                ));
            }
            let id = if exchange.id.is_empty() {
                format!("{}", entries.len() + 1)
            } else {
                exchange.id.clone()
            };
            let exchange = exchange.prepare()?;
            entries.push(Entry { id, exchange });
            Ok(String::new())
        })?;
        if entries.is_empty() {
            let name = path.display();
            return Err(Failure::usage(format!(
                "`{name}` has no exchange: a bench needs requests, one JSON object a line, as `meshward eval` reads them"
            )));
        }
        Ok(Self { entries })
    }

    /// The exchanges, in order.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Decides every exchange once, in order, with an empty store; gives each evaluation away.
    pub(crate) fn pass(
        &self,
        policy: &Arc<Policy>,
        servers: &[ServerAnswer],
        mut each: impl FnMut(usize, Evaluation, u64),
    ) -> Result<(), Failure> {
        let mut evaluator = Evaluator::new(Arc::clone(policy)).with_servers(servers.to_vec());
        for (index, entry) in self.entries.iter().enumerate() {
            let exchange = entry.exchange.clone();
            let now = clock::now();
            let watch = clock::Stopwatch::start();
            let decided = evaluator.decide(exchange, now);
            let took = u64::try_from(watch.elapsed().as_nanos()).unwrap_or(u64::MAX);
            let evaluation = decided
                .map_err(|cause| Failure::no(format!("the exchange `{}`: {cause}", entry.id)))?;
            each(index, evaluation, took);
        }
        Ok(())
    }
}
