//! The whole table under a flood of made-up keys.

use super::bucket::Window;
use super::rules::Rules;
use super::set::{Answer, Set};
use crate::config::Rate;
use std::thread;

/// As many for each slot as when five million meet the table of 512: that run takes minutes without optimisation, and ends the same.
const KEYS: u64 = 100_000;
const SLOTS: usize = 10;
/// Two threads, each with a table of its own: the flood is sooner over.
const THREADS: u64 = 2;

/// Well mixed numbers, in place of a keyed hash.
fn mixed(number: u64) -> u128 {
    let mut value = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    value ^= value >> 67;
    value = value.wrapping_mul(0xda94_2042_e4dd_58b5_2ca1_3d5e_0e4b_7f1d);
    value ^ (value >> 59)
}

struct Flooded {
    heavy_admitted: u64,
    bytes: usize,
}

fn flood(rules: &Rules, from: u64) -> Flooded {
    let mut slots: Vec<Vec<u8>> = vec![Vec::new(); SLOTS];
    let heavy = mixed(u64::MAX - from);
    let mut heavy_admitted = 0;
    let start = 1_700_000_000_000_000_000;
    let mut take = |name: u128, now: u64| {
        let place = usize::try_from((name >> 64) % SLOTS as u128).unwrap();
        let mut set = Set::decode(&slots[place]);
        let answer = set.take(name, u128::MAX, rules, 1, now);
        let taken = matches!(answer, Answer::Taken(_));
        if taken {
            slots[place] = set.encode();
        }
        taken
    };
    for key in 0..KEYS / THREADS {
        // All of them in 100 seconds.
        let now = start + key * 2_000_000;
        take(mixed(from + key), now);
        if key % 10 == 0 {
            heavy_admitted += u64::from(take(heavy, now));
        }
    }
    Flooded {
        heavy_admitted,
        bytes: slots.iter().map(Vec::len).sum(),
    }
}

#[test]
fn a_flood_of_keys_takes_no_more_room_and_sets_no_heavy_key_free() {
    let rate = Rate {
        requests: 60,
        period: 60_000_000,
    };
    let window = Window::compile("", rate, Some(10), false, &mut Vec::new()).unwrap();
    let rules = Rules {
        windows: vec![window],
        concurrency: None,
    };
    thread::scope(|scope| {
        for number in 0..THREADS {
            let rules = &rules;
            scope.spawn(move || {
                let flooded = flood(rules, number * KEYS);
                // The heavy key asks 5,000 times in 100 seconds: its burst and one each second are what it may have.
                assert!(
                    flooded.heavy_admitted <= 10 + 100 + 1,
                    "{} passed",
                    flooded.heavy_admitted
                );
                assert!(flooded.bytes <= SLOTS * (Set::WAYS + 1) * 64);
            });
        }
    });
}
