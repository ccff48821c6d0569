//! Scenarios, through the engine.

use meshward_engine::config::Timestamp;
use meshward_engine::exchange::{Evaluator, Exchange};
use meshward_engine::verdict::Decision;
use meshward_testkit::scenario::Scenario;
use meshward_testkit::{load, policy};
use std::collections::BTreeMap;
use std::sync::Arc;

#[test]
fn an_enumerator_is_caught_in_time_and_nobody_else_is() {
    let file = load::testdata().join("scenarios/enumeration.toml");
    let scenario = Scenario::read(&std::fs::read_to_string(file).unwrap()).unwrap();
    let bundle = policy::from_text(&scenario.policy(), &BTreeMap::new()).unwrap();
    let policy = meshward_engine::compile(&bundle).unwrap().policy;
    let mut evaluator = Evaluator::new(Arc::new(policy));
    let mut now = 1_800_000_000_000_000;
    let caught = scenario.play(|asked| {
        now += 100_000;
        let exchange = format!(
            r#"{{"request":{{"method":"GET","authority":"orders.test","path":"/orders/{}","headers":[["x-api-key","{}"]]}}}}"#,
            asked.object,
            asked.key()
        );
        let exchange: Exchange = serde_json::from_str(&exchange).unwrap();
        let outcome = evaluator.evaluate(&exchange, Timestamp(now)).unwrap();
        outcome.decision == Decision::Allow
    });
    println!("caught at object {}", caught.unwrap());
}
