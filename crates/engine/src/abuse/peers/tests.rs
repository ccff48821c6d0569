use super::*;
use crate::config;
use crate::config::OnMissing;

const SECOND: u64 = 1_000_000;
const HOUR: u64 = 3600 * SECOND;
const DAY: u64 = 24 * HOUR;
const NOW: u64 = 1_700_000_000 * SECOND;

fn peers(text: &str) -> Peers {
    let config: config::Peers = serde_json::from_str(text).unwrap();
    let mut problems = Vec::new();
    let (peers, _) = Peers::compile("", &config, OnMissing::Share, &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    peers
}

fn places(count: usize) -> Vec<Place> {
    let names: Vec<String> = (0..count).map(|n| format!("GET /{n}")).collect();
    let names: Vec<(&str, &str)> = names.iter().map(|name| ("shop", name.as_str())).collect();
    Place::of_all(&names)
}

/// A caller's digest, as a secret hash would give it.
fn caller(number: u64) -> u128 {
    u128::from(SipHasher13::new_with_keys(7, 7).hash(&number.to_le_bytes()))
}

/// One group, as a proxy keeps it.
struct Group<'a> {
    peers: &'a Peers,
    kept: Vec<u8>,
    reads: u32,
    writes: u32,
}

impl<'a> Group<'a> {
    fn new(peers: &'a Peers) -> Self {
        Self {
            peers,
            kept: Vec::new(),
            reads: 0,
            writes: 0,
        }
    }

    /// A request, answered with success where it is not refused.
    fn call(&mut self, number: u64, place: Place, now: u64) -> Look {
        let touch = Touch::new(caller(number), place);
        let look = self.peers.look(&self.kept, touch, now);
        self.reads += 1;
        if look.news && !(look.unusual.is_some() && look.settled) {
            self.reads += 1;
            if let Some(kept) = self.peers.learn(&self.kept, touch, now) {
                self.kept = kept;
                self.writes += 1;
            }
        }
        look
    }
}

const USUAL: Look = Look {
    unusual: None,
    settled: true,
    news: false,
};

#[test]
fn fifty_peers_are_never_noticed_and_one_that_strays_is_each_time() {
    let peers = peers(r#"{"by":["claims.role"],"learn":"1d","within":"7d"}"#);
    let places = places(20);
    let mut group = Group::new(&peers);
    let mut random = SipHasher13::new_with_keys(2026, 1123);
    let mut next = move || {
        random = SipHasher13::new_with_keys(random.hash(b"next"), 1);
        random.hash(b"number")
    };
    let mut told = 0;
    for step in 0..20_000 {
        // 3 days; 16 endpoints are everyday's work.
        let now = NOW + step * 13 * SECOND;
        let (who, what) = (1 + next() % 50, usize::try_from(next() % 16).unwrap());
        let look = group.call(who, places[what], now);
        assert_eq!(look.unusual, None, "{who} at {what}");
        // One of them holds what is not its work.
        if now >= NOW + DAY && step % 97 == 0 {
            let look = group.call(7, places[16 + usize::try_from(step % 4).unwrap()], now);
            assert!(look.unusual.is_some() && look.settled);
            told += 1;
        }
    }
    assert!(told > 100, "{told}");
    // Most requests read once and write nothing.
    assert!(group.writes < 300, "{}", group.writes);
    assert!(group.reads < 21_000, "{}", group.reads);
    // 16 endpoints with three callers each.
    assert_eq!(group.kept.len(), 32 + 16 * (9 + 3 * 4));
}

#[test]
fn who_is_alone_teaches_nothing_however_often_it_knocks() {
    let peers = peers(r#"{"by":[],"learn":"1h","within":"7d"}"#);
    let places = places(3);
    let mut group = Group::new(&peers);
    for number in 0..5 {
        let _ = group.call(number, places[0], NOW);
    }
    // In the learning time, after it, and in the next half of the window, where it is answered each time.
    for step in 0..4_000 {
        let now = NOW + step * 100 * SECOND;
        for number in 0..5 {
            assert_eq!(group.call(number, places[0], now).unusual, None);
        }
        let touch = Touch::new(caller(99), places[1]);
        if let Some(kept) = peers.learn(&group.kept, touch, now) {
            group.kept = kept;
        }
        let look = group.call(99, places[1], now);
        let expected = (now >= NOW + HOUR).then_some(1);
        assert_eq!(look.unusual, expected, "{step}");
    }
    // Two are not enough either; with the third it is known, to the first as well.
    let now = NOW + 400_000 * SECOND;
    for (number, count) in [(98, 2), (97, 3)] {
        let touch = Touch::new(caller(number), places[1]);
        group.kept = peers.learn(&group.kept, touch, now).unwrap();
        let unusual = group.call(99, places[1], now).unusual;
        assert_eq!(unusual, (count < 3).then_some(count));
    }
}

#[test]
fn nothing_is_unusual_before_something_is_known_and_the_learning_time_is_over() {
    let peers = peers(r#"{"by":[],"learn":"1h","within":"1d"}"#);
    let places = places(4);
    let mut group = Group::new(&peers);
    for number in 0..3 {
        let place = places[usize::try_from(number).unwrap()];
        assert_eq!(group.call(number, place, NOW).unusual, None);
        assert_eq!(group.call(number, place, NOW + 2 * HOUR).unusual, None);
    }
    // Three callers, each with an endpoint of its own: nobody has peers.
    assert_eq!(group.call(0, places[3], NOW + 2 * HOUR).unusual, None);
    for number in [1, 2] {
        let _ = group.call(number, places[0], NOW + 2 * HOUR);
    }
    assert_eq!(
        group.call(9, places[0], NOW + 2 * HOUR),
        Look {
            news: false,
            ..USUAL
        }
    );
    assert_eq!(group.call(9, places[1], NOW + 2 * HOUR).unusual, Some(1));
    let mut young = Group::new(&peers);
    for number in 0..3 {
        let _ = young.call(number, places[0], NOW);
    }
    assert_eq!(young.call(9, places[1], NOW + HOUR - 1).unusual, None);
    assert_eq!(young.call(8, places[1], NOW + HOUR).unusual, Some(1));
}

#[test]
fn another_set_of_endpoints_keeps_what_is_known_and_refuses_nobody_for_a_time() {
    let peers = peers(r#"{"by":[],"learn":"1h","within":"7d"}"#);
    let (old, new) = (places(3), places(4));
    let mut group = Group::new(&peers);
    for number in 0..3 {
        let _ = group.call(number, old[0], NOW);
    }
    let later = NOW + 2 * HOUR;
    assert!(group.call(1, old[2], later).settled);
    // The first look at the new set, and what follows it.
    let look = group.call(1, new[3], later);
    assert_eq!((look.unusual, look.settled), (Some(0), false));
    assert_eq!(
        group.call(2, new[0], later),
        Look {
            settled: false,
            ..USUAL
        }
    );
    let look = group.call(2, new[3], later + HOUR - 1);
    assert_eq!((look.unusual, look.settled), (Some(1), false));
    let look = group.call(4, new[2], later + HOUR);
    assert_eq!((look.unusual, look.settled), (Some(0), true));
}

#[test]
fn what_nobody_calls_is_forgotten_and_a_group_that_was_away_begins_anew() {
    let peers = peers(r#"{"by":[],"learn":"1h","within":"2d"}"#);
    let places = places(3);
    let mut group = Group::new(&peers);
    for number in 0..3 {
        let _ = group.call(number, places[0], NOW);
        let _ = group.call(number, places[1], NOW);
    }
    // Only the first goes on being called.
    for half in 0..4 {
        for number in 0..3 {
            let _ = group.call(number, places[0], NOW + half * DAY);
        }
        let unusual = group.peers.look(
            &group.kept,
            Touch::new(caller(9), places[1]),
            NOW + half * DAY,
        );
        assert_eq!(unusual.unusual, (half > 1).then_some(0), "{half}");
    }
    let look = group.call(9, places[2], NOW + 9 * DAY);
    assert_eq!(
        look,
        Look {
            unusual: None,
            settled: false,
            news: true
        }
    );
    let touch = Touch::new(caller(9), places[2]);
    assert!(
        !peers.look(&group.kept, touch, NOW).settled,
        "a clock that was set back"
    );
}

#[test]
fn a_group_is_bounded_and_endpoints_of_earlier_policies_make_room() {
    let peers = peers(r#"{"by":[],"atLeast":10,"within":"7d"}"#);
    let places = places(1_200);
    let mut ground = Ground::begin(places[0].all, NOW);
    for place in &places {
        for number in 0..12 {
            let touch = Touch::new(caller(number), *place);
            ground.touch(place.endpoint, touch.caller, peers.at_least);
        }
    }
    let kept = ground.write();
    assert_eq!(kept.len(), 32 + 1_000 * (9 + 10 * 4));
    assert!(
        kept.len() < usize::from(u16::MAX),
        "an entry could not hold it"
    );
    let last = Touch::new(caller(99), places[1_199]);
    assert_eq!(peers.look(&kept, last, NOW).unusual, None);
}

#[test]
fn rubbish_counts_as_nothing_and_does_no_harm() {
    let peers = peers(r#"{"by":[],"within":"7d"}"#);
    let touch = Touch::new(caller(1), places(1)[0]);
    for rubbish in [
        &b"\xff"[..],
        &[0xff; 32],
        &[0xff; 100],
        &[0; 33],
        &[0; 3_000],
    ] {
        assert_eq!(peers.look(rubbish, touch, NOW).unusual, None);
        assert!(peers.learn(rubbish, touch, NOW).is_some());
    }
}

#[test]
fn other_rules_read_nothing_of_what_was_learned_before() {
    let key = |text: &str| Key::compile("", &[text.to_owned()], OnMissing::Share, &mut Vec::new());
    let tag = |text: &str, of: &str| peers(text).tag("strays", &key(of));
    let first = tag(r#"{"by":["claims.role"]}"#, "identity.subject");
    for (text, of) in [
        (r#"{"by":["claims.plan"]}"#, "identity.subject"),
        (r#"{"by":["claims.role"]}"#, "claims.email"),
        (r#"{"by":["claims.role"],"atLeast":4}"#, "identity.subject"),
        (
            r#"{"by":["claims.role"],"within":"8d"}"#,
            "identity.subject",
        ),
    ] {
        assert_ne!(tag(text, of), first);
    }
    // How long it learns does not change what it learns.
    assert_eq!(
        tag(r#"{"by":["claims.role"],"learn":"1h"}"#, "identity.subject"),
        first
    );
}
