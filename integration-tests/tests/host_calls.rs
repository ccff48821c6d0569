//! The budgets of host calls, in a real Envoy: what the filter's unit tests count on a proxy of paper is what the proxy is really asked.
#![expect(
    clippy::panic,
    reason = "the failure of a helper is the failure of its test"
)]

use integration_tests::through_envoy::{CorpusEnvoy, client_of};
use integration_tests::{Client, host_calls, wait};
use meshward_testkit::host_calls::{Budget, Calls};
use meshward_testkit::{Corpus, Mistake, Prepared, Run, Topic, load};

/// What is wrong with the exchanges of a file. `ended` counts those of the whole Envoy.
fn differences(envoy: &CorpusEnvoy, run: &Run, topic: &Topic, ended: &mut usize) -> Vec<Mistake> {
    let client = envoy.envoy.client(&topic.name);
    let mut found = Vec::new();
    for case in &topic.file.case {
        let prepared = run.prepare(topic, case);
        let prepared = prepared.unwrap_or_else(|mistake| panic!("{mistake}"));
        for (exchange, ready) in case.exchange.iter().zip(&prepared) {
            let client = client_of(run, topic, exchange, &client);
            let played = [(); 3].map(|()| play(envoy, ready, &client, ended));
            let status = exchange.expect.status;
            if let Some((got, _)) = played.iter().find(|(got, _)| *got != status) {
                found.push(topic.at(case, format!("expected status {status}, got {got}")));
            }
            let counted = Calls::of_three(played.map(|(_, calls)| calls));
            let budget = exchange.host_calls.as_ref();
            let what = budget.and_then(|budget| Budget::difference(budget, &counted));
            found.extend(what.map(|what| topic.at(case, what)));
        }
    }
    found
}

/// Sends an exchange, and waits until it is written down.
fn play(envoy: &CorpusEnvoy, ready: &Prepared, client: &Client, ended: &mut usize) -> (u16, Calls) {
    let status = envoy.send(ready, client).status;
    *ended += 1;
    let calls = wait::until("the trace of an exchange", || {
        let lines = envoy.envoy.log.lines_with("[trace][wasm]");
        let all = host_calls::of_exchanges(lines.iter().map(String::as_str));
        (all.len() == *ended).then(|| all.last().cloned()).flatten()
    });
    (status, calls)
}

#[test]
fn exchanges_keep_to_their_budgets() {
    let lines = |found: Vec<Mistake>| found.iter().map(|m| format!("\n{m}")).collect::<String>();
    let corpus = Corpus::of_budgets().unwrap_or_else(|mistakes| panic!("{}", lines(mistakes)));
    let run = Run::start(&load::testdata()).unwrap_or_else(|what| panic!("{what}"));
    let envoy = CorpusEnvoy::start(&corpus, &run);
    envoy.envoy.trace_wasm();
    let mut ended = 0;
    let topics = corpus.topics.iter();
    let found: Vec<_> = topics
        .flat_map(|topic| differences(&envoy, &run, topic, &mut ended))
        .collect();
    assert!(found.is_empty(), "{}", lines(found));
}
