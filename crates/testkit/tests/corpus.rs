//! The corpus, through the engine.
#![expect(
    clippy::panic,
    reason = "a corpus that cannot be read fails every test"
)]

use meshward_engine::verdict::Reason;
use meshward_testkit::{Corpus, Mistake, Run, load, native};
use std::collections::BTreeSet;

/// Reasons that no request to a policy of the corpus can cause, each with why.
const ELSEWHERE: [(Reason, &str); 6] = [
    (
        Reason::DpopUnchecked,
        "needs a store that fails or is full: the engine's unit tests have one",
    ),
    (
        Reason::AbuseStoreUnavailable,
        "needs a store that fails, like that of limits",
    ),
    (
        Reason::ConcurrencyLimited,
        "needs several requests at once: the integration tests send them",
    ),
    (
        Reason::LimitStoreUnavailable,
        "needs a store that fails: the engine's unit tests have one",
    ),
    (
        Reason::PolicyUnusable,
        "needs a filter without a policy: not a request",
    ),
    (
        Reason::Internal,
        "a fault of Meshward: no request is known to cause it",
    ),
];

fn corpus() -> Corpus {
    Corpus::of_checkout().unwrap_or_else(|mistakes| panic!("{}", lines(&mistakes)))
}

fn lines(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(|m| format!("\n{m}")).collect()
}

#[test]
fn the_engine_does_what_the_corpus_says() {
    let run = Run::start(&load::testdata()).unwrap();
    let mut failed = Vec::new();
    let corpus = corpus();
    for topic in &corpus.topics {
        let found = native::run(&run, topic);
        println!(
            "{}: {} cases, {} exchanges, {} differences",
            topic.name,
            topic.file.case.len(),
            topic.exchanges(),
            found.len()
        );
        failed.extend(found);
    }
    assert!(failed.is_empty(), "{}", lines(&failed));
}

#[test]
fn every_reason_stands_in_the_corpus() {
    let corpus = corpus();
    let exchanges = corpus.topics.iter().flat_map(|topic| &topic.file.case);
    let expected = exchanges.flat_map(|case| &case.exchange).flat_map(|e| {
        let findings = e.expect.findings.iter().flatten().map(|f| f.reason);
        e.expect.reason.into_iter().chain(findings)
    });
    let present: BTreeSet<Reason> = expected.collect();
    let elsewhere: BTreeSet<Reason> = ELSEWHERE.iter().map(|(reason, _)| *reason).collect();
    let every: BTreeSet<Reason> = Reason::ALL.iter().copied().collect();
    let missing: Vec<_> = every.difference(&present).collect();
    let excepted: Vec<_> = elsewhere.iter().collect();
    assert_eq!(
        missing, excepted,
        "reasons without a case, and those excepted"
    );
}
