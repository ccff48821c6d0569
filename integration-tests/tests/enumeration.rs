//! A scenario of enumeration, through a real Envoy with two workers.

use integration_tests::fixture::Fixture;
use meshward_testkit::load;
use meshward_testkit::scenario::Scenario;

#[test]
fn an_enumerator_is_caught_in_time_and_nobody_else_is() {
    let file = load::testdata().join("scenarios/enumeration.toml");
    let scenario = Scenario::read(&std::fs::read_to_string(file).unwrap()).unwrap();
    let fixture = Fixture::start(&scenario.policy(), "", 2);
    let caught = scenario.play(|asked| {
        let request = format!(
            "GET /orders/{} HTTP/1.1\r\nhost: orders.test\r\nx-api-key: {}\r\n\r\n",
            asked.object,
            asked.key()
        );
        match fixture.client.raw(request.as_bytes()).status {
            200 => true,
            429 => false,
            other => panic!("unexpected status {other}"),
        }
    });
    println!("caught at object {}", caught.unwrap());
}
