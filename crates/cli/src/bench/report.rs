//! What a bench found, for people and for machines. The names in JSON only grow: tools compare reports of different versions.

use super::accept::Acceptance;
use super::native::{Native, Operation};
use super::proxy::{Proxied, Variant};
use super::statistics::{Spread, to};
use crate::style::{FAINT, TITLE};
use crate::table::table;
use serde_json::{Map, Value, json};
use std::fmt;

/// Everything that was measured.
#[derive(Debug)]
pub(crate) struct Report {
    /// The policy.
    pub(crate) policy: Acceptance,
    /// Decisions in this process.
    pub(crate) native: Native,
    /// Requests through Envoy, where they were asked for.
    pub(crate) proxied: Option<Proxied>,
}

impl Report {
    /// The report for machines.
    pub(crate) fn json(&self) -> Value {
        let Self {
            policy,
            native,
            proxied,
        } = self;
        let operations: Vec<Value> = native.operations.iter().map(|o| native.json(o)).collect();
        let mut value = json!({
            "policy": policy,
            "native": {
                "rounds": native.rounds,
                "decisions": native.decisions,
                "operations": operations,
            },
        });
        if let (Some(proxied), Some(members)) = (proxied, value.as_object_mut()) {
            members.insert("envoy".to_owned(), proxied.json());
        }
        value
    }
}

impl Report {
    /// What is doubtful about the figures.
    pub(crate) fn doubts(&self) -> Vec<String> {
        let Native {
            changed, decisions, ..
        } = self.native;
        let native = (changed > 0).then(|| {
            format!(
                "{changed} of {decisions} decisions were others than the first on their exchange: a token or a key expired meanwhile, or the servers \
                 that are asked do not answer; `now` in a line fixes its time"
            )
        });
        let proxied = self.proxied.iter().flat_map(|p| p.doubts.iter().cloned());
        native.into_iter().chain(proxied).collect()
    }
}

impl Proxied {
    fn json(&self) -> Value {
        let tenths = |spread: Spread| spread.map(|us| to(10.0, us));
        let variant = |variant: &Variant| {
            let mut value = json!({
                "name": variant.name,
                "cpuMicrosPerRequest": tenths(variant.cpu_us),
                "requestsPerSecond": variant.per_second.map(|rate| to(1.0, rate)),
                "residentBytes": variant.resident_bytes,
            });
            if let (Some(added), Some(members)) = (variant.added_us, value.as_object_mut()) {
                members.insert("addedMicros".to_owned(), json!(tenths(added)));
            }
            value
        };
        json!({
            "version": self.version,
            "connections": self.connections,
            "rounds": self.rounds,
            "requests": self.requests,
            "variants": self.variants.iter().map(variant).collect::<Vec<_>>(),
            "doubts": self.doubts,
        })
    }
}

impl Native {
    fn json(&self, operation: &Operation) -> Value {
        let whole = |ns: f64| to(1.0, ns);
        let mut value = json!({
            "api": operation.verdict.api,
            "endpoint": operation.verdict.endpoint,
            "decision": if operation.verdict.reason.is_some() { "deny" } else { "allow" },
            "reason": operation.verdict.reason,
            "exchanges": operation.exchanges,
            "share": to(1000.0, operation.share),
            "firstNs": whole(operation.first_ns),
            "decisionNs": operation.decision_ns.map(whole),
            "p99Ns": whole(operation.p99_ns),
        });
        let parts: Map<String, Value> = self
            .parts(operation)
            .map(|(name, ns)| (name.to_owned(), json!(whole(ns))))
            .collect();
        if let (false, Some(members)) = (parts.is_empty(), value.as_object_mut()) {
            members.insert("partsNs".to_owned(), parts.into());
        }
        value
    }

    /// What each control takes of an admitted exchange, in the order in which they judge, and what all others leave. Below nothing is noise.
    fn parts<'a>(&'a self, of: &'a Operation) -> impl Iterator<Item = (&'static str, f64)> + 'a {
        let names = self.controls.iter().map(|control| control.name());
        let taken: f64 = of.parts_ns.iter().sum();
        let rest = (!of.parts_ns.is_empty()).then_some((REST, of.decision_ns.median - taken));
        let steps = names.zip(of.parts_ns.iter().copied()).rev();
        rest.into_iter()
            .chain(steps)
            .map(|(name, ns)| (name, ns.max(0.0)))
    }
}

/// What is left when all controls are off that can be.
const REST: &str = "reading and route";

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            policy,
            native,
            proxied,
        } = self;
        write!(
            f,
            "{TITLE}policy {}{TITLE:#}: a bundle of {}, accepted in {} ms",
            policy.name,
            bytes(u64::try_from(policy.bundle_bytes).unwrap_or(u64::MAX)),
            ranged(policy.accept_ms, 1),
        )?;
        if let Some(memory) = policy.memory_bytes {
            write!(f, ", {} of memory", bytes(memory))?;
        }
        writeln!(
            f,
            "\n\n{TITLE}decisions in this process{TITLE:#}: {} in {} rounds, µs each\n",
            native.decisions, native.rounds
        )?;
        let rows: Vec<[String; 8]> = native.operations.iter().map(row).collect();
        f.write_str(&table(
            [
                "operation",
                "verdict",
                "exchanges",
                "of all time",
                "first",
                "median",
                "rounds",
                "p99",
            ],
            &rows,
        ))?;
        self.parts(f)?;
        writeln!(
            f,
            "\n{FAINT}first: with a policy that was just accepted, which knows no token yet. rounds: the lowest and the highest median of a round;\n\
             what differs by less is noise. This is the engine alone, compiled for this machine: in Envoy it runs as Wasm, and calls cost more.{FAINT:#}"
        )?;
        match proxied {
            Some(proxied) => proxied.fmt(f),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Proxied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n{TITLE}in Envoy {}{TITLE:#}: one worker, {} connections, {} requests in {} rounds, CPU time of Envoy in µs each\n",
            self.version, self.connections, self.requests, self.rounds
        )?;
        let tenths = |spread: Spread| ranged(spread, 1);
        let rows: Vec<[String; 5]> = self
            .variants
            .iter()
            .map(|variant| {
                [
                    variant.name.to_owned(),
                    tenths(variant.cpu_us),
                    variant.added_us.map(tenths).unwrap_or_default(),
                    format!("{:.0}", variant.per_second.median),
                    bytes(variant.resident_bytes),
                ]
            })
            .collect();
        f.write_str(&table(
            ["Envoy", "CPU", "adds", "requests/s", "memory"],
            &rows,
        ))?;
        writeln!(
            f,
            "\n{FAINT}In brackets the lowest and the highest round; what differs by less is noise. adds: to the round of the Envoy without the filter.\n\
             Requests that the policy refuses do not reach the service, which saves what passing them on costs.{FAINT:#}"
        )
    }
}

impl Report {
    fn parts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = Vec::new();
        for operation in &self.native.operations {
            let parts: Vec<_> = self.native.parts(operation).collect();
            if parts.is_empty() {
                continue;
            }
            let whole: f64 = parts.iter().map(|(_, ns)| ns).sum();
            let told = parts.iter().filter(|(_, ns)| ns / whole >= 0.01);
            let mut told: Vec<_> = told.collect();
            told.sort_by(|(_, a), (_, b)| b.total_cmp(a));
            let told: Vec<String> = told
                .iter()
                .map(|(name, ns)| format!("{name} {:.2} ({:.0} %)", ns / 1e3, ns / whole * 100.0))
                .collect();
            rows.push([name(operation), told.join(", ")]);
        }
        if rows.is_empty() {
            return Ok(());
        }
        f.write_str("\n")?;
        f.write_str(&table(["admitted", "of which, in µs"], &rows))
    }
}

fn row(operation: &Operation) -> [String; 8] {
    let us = |ns: f64| format!("{:.2}", ns / 1e3);
    let Spread {
        median,
        lowest,
        highest,
    } = operation.decision_ns;
    [
        name(operation),
        operation.verdict.reason.map_or_else(
            || "admitted".to_owned(),
            |reason| format!("refused: {}", reason.code()),
        ),
        operation.exchanges.to_string(),
        format!("{:.0} %", operation.share * 100.0),
        us(operation.first_ns),
        us(median),
        format!("{}–{}", us(lowest), us(highest)),
        us(operation.p99_ns),
    ]
}

fn name(operation: &Operation) -> String {
    if operation.verdict.endpoint.is_empty() {
        "(no endpoint)".to_owned()
    } else {
        operation.verdict.endpoint.clone()
    }
}

/// A figure with the range of its rounds.
pub(super) fn ranged(spread: Spread, digits: usize) -> String {
    let Spread {
        median,
        lowest,
        highest,
    } = spread;
    format!("{median:.digits$} ({lowest:.digits$}–{highest:.digits$})")
}

/// A size for people.
pub(super) fn bytes(count: u64) -> String {
    #[expect(
        clippy::cast_precision_loss,
        reason = "sizes of a policy are far below 2^52"
    )]
    let kib = count as f64 / 1024.0;
    if kib < 1024.0 {
        format!("{kib:.1} KiB")
    } else {
        format!("{:.1} MiB", kib / 1024.0)
    }
}
