use super::*;
use std::collections::BTreeSet;

const SECOND: u64 = 1_000_000;
const START: u64 = 1_700_000_000 * SECOND;

fn load(text: &str) -> Load {
    let config = serde_json::from_str(text).unwrap();
    let mut problems = Vec::new();
    let load = Load::compile("/load", &config, &mut problems);
    assert_eq!(problems, []);
    load
}

fn at(microseconds: u64) -> Timestamp {
    Timestamp(START + microseconds)
}

#[test]
fn what_matters_less_is_shed_first() {
    let load = load(r#"{ "bulk": { "inFlight": 2 }, "normal": { "inFlight": 4 } }"#);
    let now = at(0);
    let mut under_way: Vec<Flight> = (0..2).map(|_| load.depart(now)).collect();
    assert_eq!(load.sheds(Priority::Bulk, now), Some(Cause::InFlight));
    assert_eq!(load.sheds(Priority::Normal, now), None);
    under_way.extend((0..2).map(|_| load.depart(now)));
    assert_eq!(load.sheds(Priority::Normal, now), Some(Cause::InFlight));
    assert_eq!(load.sheds(Priority::Critical, now), None);
}

#[test]
fn a_class_that_is_shed_passes_again_below_four_fifths() {
    let load = load(r#"{ "normal": { "inFlight": 10 } }"#);
    let now = at(0);
    let mut under_way: Vec<Flight> = (0..9).map(|_| load.depart(now)).collect();
    assert_eq!(load.sheds(Priority::Normal, now), None);
    under_way.push(load.depart(now));
    assert!(load.sheds(Priority::Normal, now).is_some());
    under_way.truncate(8);
    assert!(load.sheds(Priority::Normal, now).is_some());
    under_way.truncate(7);
    assert_eq!(load.sheds(Priority::Normal, now), None);
    under_way.extend((0..2).map(|_| load.depart(now)));
    assert_eq!(load.sheds(Priority::Normal, now), None, "nine again");
}

#[test]
fn zero_sheds_always() {
    let load = load(r#"{ "bulk": { "inFlight": 0 } }"#);
    assert!(load.sheds(Priority::Bulk, at(0)).is_some());
    assert!(load.sheds(Priority::Bulk, at(SECOND)).is_some());
}

#[test]
fn nothing_stays_in_flight_however_it_ends() {
    let load = load(r#"{ "bulk": { "inFlight": 1 } }"#);
    drop(load.depart(at(0)));
    load.depart(at(0)).over(at(5));
    let mut answered = load.depart(at(0));
    answered.answered(false, at(3));
    answered.answered(false, at(4));
    answered.over(at(5));
    assert_eq!(load.gauge().in_flight(), 0);
}

/// Requests one after the other, each so long, until the time is over. Gives how many were shed.
fn run(load: &Load, from: u64, until: u64, takes: u64) -> usize {
    let mut shed = 0;
    let mut now = from;
    while now < until {
        if load.sheds(Priority::Bulk, at(now)).is_some() {
            shed += 1;
            now += 10_000;
            continue;
        }
        let mut flight = load.depart(at(now));
        now += takes;
        flight.answered(false, at(now));
        flight.over(at(now));
    }
    shed
}

#[test]
fn one_slow_response_sheds_nobody_and_several_do() {
    let load = load(r#"{ "bulk": { "latency": "100ms" } }"#);
    assert_eq!(run(&load, 0, 10_000_000, 10_000_000), 0);
    assert_eq!(load.sheds(Priority::Bulk, at(10_000_000)), None);
    assert_eq!(run(&load, 10_000_000, 12_000_000, 50_000), 0);
    assert!(run(&load, 12_000_000, 20_000_000, 300_000) > 0);
    assert_eq!(load.sheds(Priority::Normal, at(20_000_000)), None);
}

#[test]
fn a_class_that_is_shed_for_latency_tries_once_a_second_and_comes_back() {
    let load = load(r#"{ "bulk": { "latency": "100ms" } }"#);
    assert!(run(&load, 0, 5_000_000, 300_000) > 0);
    let shed = run(&load, 5_000_000, 15_000_000, 300_000);
    assert!((600..=1000).contains(&shed), "{shed}");
    let before = run(&load, 15_000_000, 19_000_000, 1_000);
    assert!(before > 0);
    assert_eq!(run(&load, 19_000_000, 20_000_000, 1_000), 0);
}

#[test]
fn no_answer_says_only_how_long_it_takes_at_least() {
    let load = load(r#"{ "bulk": { "latency": "100ms" } }"#);
    assert!(run(&load, 0, 5_000_000, 300_000) > 0);
    // Clients that hang up at once make no upstream quick.
    for step in 0..100 {
        load.depart(at(5_000_000 + step)).over(at(5_000_001 + step));
    }
    assert!(load.sheds(Priority::Bulk, at(5_000_200)).is_some());
    // Those that wait in vain make it slow.
    let slow = self::load(r#"{ "bulk": { "latency": "100ms" } }"#);
    for step in 0..4 {
        let start = step * 5_000_000;
        slow.depart(at(start)).over(at(start + 4_000_000));
    }
    assert!(slow.sheds(Priority::Bulk, at(20_000_000)).is_some());
}

#[test]
fn clients_that_are_shed_together_come_back_apart() {
    let load = load(r#"{ "bulk": { "inFlight": 1 }, "retryAfter": "5s" }"#);
    let told: BTreeSet<u64> = (0..200).map(|step| load.retry_after(at(step))).collect();
    assert_eq!(told, (5..=10).collect());
    assert_eq!(load.retry_after(at(7)), load.retry_after(at(7)));
}

#[test]
fn a_policy_that_replaces_another_goes_on_with_its_gauge() {
    let mut gauges = Gauges::default();
    let (policy, api): (Arc<str>, Arc<str>) = ("shop".into(), "orders".into());
    let old = load(r#"{ "bulk": { "inFlight": 1 } }"#);
    old.go_on(gauges.of(&policy, &api));
    let flight = old.depart(at(0));
    let new = load(r#"{ "bulk": { "inFlight": 1 } }"#);
    new.go_on(gauges.of(&policy, &api));
    assert!(new.sheds(Priority::Bulk, at(0)).is_some());
    drop(flight);
    assert_eq!(new.sheds(Priority::Bulk, at(0)), None);
    drop((old, new));
    let other = gauges.of(&policy, &"carts".into());
    assert_eq!(other.in_flight(), 0);
    assert_eq!(gauges.known(), 1, "what nobody uses is forgotten");
}

#[test]
fn what_sheds_nothing_or_makes_no_sense_is_refused() {
    for (text, code, place) in [
        ("{}", "load-form", "/load"),
        (r#"{ "bulk": {} }"#, "load-form", "/load/bulk"),
        (
            r#"{ "bulk": { "latency": "2h" } }"#,
            "load-latency",
            "/load/bulk/latency",
        ),
        (
            r#"{ "bulk": { "inFlight": 1 }, "retryAfter": "100ms" }"#,
            "load-retry-after",
            "/load/retryAfter",
        ),
    ] {
        let config = serde_json::from_str(text).unwrap();
        let mut problems = Vec::new();
        Load::compile("/load", &config, &mut problems);
        let found: Vec<_> = problems.iter().map(|p| (p.code, p.at.as_str())).collect();
        assert_eq!(found, [(code, place)], "{text}");
    }
}
