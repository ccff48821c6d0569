//! Scenarios: many requests of many callers, from a fixed seed, and what must come of them as a whole.
//!
//! A verdict on behaviour rests on what came before, so single exchanges cannot show whether it falls in time, and on nobody else. A scenario is
//! played natively and through a real Envoy, request by request in the same order.

use crate::placeholder::hex;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// A file of `testdata/scenarios`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scenario {
    /// What happens, in one sentence.
    pub about: String,
    seed: u64,
    policy: String,
    ordinary: Ordinary,
    enumerator: Enumerator,
    expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Ordinary {
    callers: usize,
    objects: u64,
    requests: usize,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Enumerator {
    objects: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Expect {
    caught_before: u64,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Who asks: 0 is the enumerator.
    pub caller: usize,
    /// For which object.
    pub object: u64,
}

impl Asked {
    /// The caller's API key.
    #[must_use]
    pub fn key(&self) -> String {
        key(self.caller)
    }
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// Its policy, with the keys of all callers.
    #[must_use]
    pub fn policy(&self) -> String {
        let keys = (0..=self.ordinary.callers).map(|caller| {
            let digest = hex(&Sha256::digest(key(caller)));
            format!(r#"{{ id: "caller-{caller}", sha256: "{digest}" }}"#)
        });
        let keys: Vec<String> = keys.collect();
        self.policy.replace("{{keys}}", &keys.join(", "))
    }

    /// Every request, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Asked> {
        let mut random = Random(self.seed);
        let mut requests: Vec<(u64, Asked)> = Vec::new();
        for caller in 1..=self.ordinary.callers {
            for _ in 0..self.ordinary.requests {
                // Each has objects of its own, some of which it asks for again and again.
                let own = random.draw() % self.ordinary.objects;
                let object = 1_000 * u64::try_from(caller).unwrap_or_default() + own;
                requests.push((random.draw(), Asked { caller, object }));
            }
        }
        // The enumerator's requests are spread over the others', in their own order.
        let mut times: Vec<u64> = (0..self.enumerator.objects)
            .map(|_| random.draw())
            .collect();
        times.sort_unstable();
        let enumerated = (1..).zip(times);
        requests.extend(enumerated.map(|(object, time)| (time, Asked { caller: 0, object })));
        requests.sort_by_key(|(time, _)| *time);
        requests.into_iter().map(|(_, asked)| asked).collect()
    }

    /// Plays it: `ask` sends a request and says whether it passed. Gives the number of the object at which the enumerator was caught.
    ///
    /// # Errors
    /// What differs from what is expected.
    pub fn play(&self, mut ask: impl FnMut(&Asked) -> bool) -> Result<u64, String> {
        let mut caught = None;
        let mut refused = 0_u32;
        for asked in self.requests() {
            let passed = ask(&asked);
            match (asked.caller, passed, caught) {
                (0, false, None) => caught = Some(asked.object),
                (0, true, Some(since)) => {
                    return Err(format!(
                        "the enumerator was caught at object {since} and passed at {}",
                        asked.object
                    ));
                }
                (0, _, _) | (_, true, _) => {}
                (_, false, _) => refused += 1,
            }
        }
        let caught = caught.ok_or("the enumerator was never caught")?;
        if caught >= self.expect.caught_before || refused > 0 {
            return Err(format!(
                "caught at object {caught}, expected before {}; {refused} requests of ordinary callers were refused",
                self.expect.caught_before
            ));
        }
        Ok(caught)
    }
}

fn key(caller: usize) -> String {
    format!("the-key-of-caller-{caller:04}")
}

/// SplitMix64: the same numbers everywhere.
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
