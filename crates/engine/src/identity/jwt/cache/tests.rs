use super::*;
use crate::config::{Algorithm, Jwks, Timestamp};
use crate::identity::Identity;
use crate::identity::Provider;
use crate::identity::jwt::jwks;
use crate::identity::testing::*;
use crate::verdict::{Reason, Refusal};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const MICROS: u64 = 1_000_000;
const MEMORY: usize = 1 << 20;

fn set(algorithm: Algorithm, keys: &[Value]) -> KeySet {
    let config = Jwks {
        inline: Some(json!({ "keys": keys })),
        ..Jwks::default()
    };
    jwks::compile("", &config, &[algorithm], &mut Vec::new()).unwrap()
}

fn one() -> KeySet {
    set(Algorithm::ES256, &[TestKey::p256().jwk("k1")])
}

fn caller(subject: &str, text: &str) -> Caller {
    Caller {
        subject: subject.into(),
        scopes: Arc::default(),
        claims: Arc::new(Map::from_iter([("text".to_owned(), text.into())])),
    }
}

/// Times of a token that expires at a second.
fn until(seconds: u64) -> Times {
    let claims = json!({ "exp": seconds });
    Times::read(claims.as_object().unwrap(), 0).unwrap()
}

/// A cache and its key set.
struct Bench(Cache, KeySet);

impl Bench {
    fn new(entries: usize, memory: usize) -> Self {
        Self(Cache::new(entries, memory).unwrap(), one())
    }

    fn keep(&self, text: &str, subject: &str) {
        self.keep_until(text, subject, NOW + 60);
    }

    fn keep_until(&self, text: &str, subject: &str, seconds: u64) {
        let Self(cache, keys) = self;
        let caller = caller(subject, "");
        cache.keep(text, keys, keys.keys[0].id, &caller, until(seconds), now());
    }

    fn has(&self, text: &str) -> bool {
        matches!(
            self.0.recall(text, &self.1, now()),
            Some(Recalled::Verified(..))
        )
    }

    fn is_forged(&self, text: &str) -> bool {
        matches!(self.0.recall(text, &self.1, now()), Some(Recalled::Forged))
    }
}

#[test]
fn what_was_kept_is_found_and_nothing_else() {
    let bench = Bench::new(10, MEMORY);
    bench.keep("a", "alice");
    bench.0.refuse("b", &bench.1);
    assert!(bench.has("a") && bench.is_forged("b"));
    assert!(bench.0.recall("c", &bench.1, now()).is_none());
}

#[test]
fn no_entries_are_no_cache() {
    assert!(Cache::new(0, MEMORY).is_none());
}

#[test]
fn a_million_tokens_leave_no_more_than_the_bounds() {
    let (entries, memory) = (1000, MEMORY);
    let bench = Bench::new(entries, memory);
    let callers: Vec<_> = (0..500)
        .map(|n| caller(&format!("subject-{n}"), &"x".repeat(n)))
        .collect();
    let (mut most, mut heaviest) = (0, 0);
    for n in 0..1_000_000_u64 {
        let text = format!("token-{n}");
        let Bench(cache, keys) = &bench;
        let subject = &callers[usize::try_from(n).unwrap() % callers.len()];
        if n % 3 == 0 {
            cache.refuse(&text, keys);
        } else {
            cache.keep(
                &text,
                keys,
                keys.keys[0].id,
                subject,
                until(NOW + 60),
                now(),
            );
        }
        if n % 10_000 == 0 {
            let (good, weight, forged) = cache.fill();
            assert!(good <= entries && weight <= memory && forged <= entries / 4);
            (most, heaviest) = (most.max(good), heaviest.max(weight));
        }
    }
    let (good, weight, forged) = bench.0.fill();
    assert!(good <= entries && weight <= memory, "{good} {weight}");
    assert_eq!(forged, entries / 4);
    // The bounds are met, not only kept: memory is what is short here.
    assert!(heaviest > memory - memory / 100, "{most} {heaviest}");
}

#[test]
fn without_use_the_oldest_go_and_with_use_they_stay() {
    let bench = Bench::new(16, MEMORY);
    for n in 0..16 {
        bench.keep(&format!("t{n}"), &format!("s{n}"));
    }
    for n in 0..4 {
        assert!(bench.has(&format!("t{n}")));
    }
    for n in 16..28 {
        bench.keep(&format!("t{n}"), &format!("s{n}"));
    }
    assert_eq!(bench.0.fill().0, 16);
    let left: Vec<_> = (0..28).filter(|n| bench.has(&format!("t{n}"))).collect();
    assert_eq!(
        left,
        [0, 1, 2, 3].into_iter().chain(16..28).collect::<Vec<_>>()
    );
}

#[test]
fn an_account_displaces_its_own() {
    let bench = Bench::new(80, MEMORY);
    for n in 0..60 {
        bench.keep(&format!("t{n}"), &format!("s{n}"));
    }
    for n in 0..1000 {
        bench.keep(&format!("greedy{n}"), "greedy");
    }
    assert!((0..60).all(|n| bench.has(&format!("t{n}"))));
    let left: Vec<_> = (0..1000)
        .filter(|n| bench.has(&format!("greedy{n}")))
        .collect();
    assert_eq!(left, (990..1000).collect::<Vec<_>>(), "an eighth of 80");
}

#[test]
fn an_account_has_a_share_of_the_memory_as_well() {
    let bench = Bench::new(1000, 80_000);
    let large = caller("greedy", &"x".repeat(3_000));
    let Bench(cache, keys) = &bench;
    for n in 0..100 {
        let key = keys.keys[0].id;
        cache.keep(&format!("g{n}"), keys, key, &large, until(NOW + 60), now());
    }
    let (good, weight, _) = cache.fill();
    assert!(
        (1..=2).contains(&good) && weight <= 10_000,
        "{good} {weight}"
    );
    let huge = caller("huge", &"x".repeat(10_000));
    let key = keys.keys[0].id;
    cache.keep("huge", keys, key, &huge, until(NOW + 60), now());
    assert!(!bench.has("huge"), "it alone is larger than a share");
}

#[test]
fn made_up_tokens_displace_no_good_one() {
    let bench = Bench::new(100, MEMORY);
    for n in 0..100 {
        bench.keep(&format!("t{n}"), &format!("s{n}"));
    }
    for n in 0..10_000 {
        bench.0.refuse(&format!("forged{n}"), &bench.1);
    }
    assert!((0..100).all(|n| bench.has(&format!("t{n}"))));
    let left: Vec<_> = (0..10_000)
        .filter(|n| bench.is_forged(&format!("forged{n}")))
        .collect();
    assert_eq!(left, (9_975..10_000).collect::<Vec<_>>());
}

#[test]
fn what_has_expired_makes_room_first() {
    let bench = Bench::new(8, MEMORY);
    for n in 0..8 {
        let end = if n == 5 { NOW } else { NOW + 60 };
        bench.keep_until(&format!("t{n}"), &format!("s{n}"), end);
    }
    // Everything but the expired one is used.
    assert!(
        (0..8)
            .filter(|n| *n != 5)
            .all(|n| bench.has(&format!("t{n}")))
    );
    bench.keep("new", "new");
    assert!(
        (0..8)
            .filter(|n| *n != 5)
            .all(|n| bench.has(&format!("t{n}")))
    );
    assert!(bench.has("new") && !bench.has("t5"));
}

#[test]
fn an_expired_token_is_recalled_once_and_forgotten() {
    let bench = Bench::new(8, MEMORY);
    bench.keep_until("t", "s", NOW);
    assert!(bench.has("t"));
    assert!(!bench.has("t"));
    assert_eq!(bench.0.fill(), (0, 0, 0));
}

#[test]
fn entries_end_with_their_key_and_only_with_it() {
    let secret = |n: u8| TestKey::secret(jsonwebtoken::Algorithm::HS256, &[n; 32]);
    let jwk = |n: u8| secret(n).jwk(&n.to_string());
    let of = |numbers: &[u8]| {
        let keys: Vec<_> = numbers.iter().map(|n| jwk(*n)).collect();
        set(Algorithm::HS256, &keys)
    };
    let cache = Cache::new(8, MEMORY).unwrap();
    let first = of(&[1, 2]);
    for (at, text) in [(0, "by-1"), (1, "by-2")] {
        let key = first.keys[at].id;
        cache.keep(text, &first, key, &caller(text, ""), until(NOW + 60), now());
    }
    cache.refuse("wrong", &first);
    // The same keys, read again: nothing happens.
    assert!(cache.recall("wrong", &of(&[1, 2]), now()).is_some());
    // A key more: what it may have signed is not known.
    let more = of(&[1, 2, 3]);
    assert!(cache.recall("wrong", &more, now()).is_none());
    assert_eq!(cache.fill().0, 2);
    // A key less.
    let less = of(&[2, 3]);
    assert!(cache.recall("by-1", &less, now()).is_none());
    assert!(cache.recall("by-2", &less, now()).is_some());
    // The key comes back: what was dropped is not there again.
    assert!(cache.recall("by-1", &first, now()).is_none());
    // Another key under the same name.
    let mut posing = secret(9).jwk("2");
    posing["kid"] = "2".into();
    assert!(
        cache
            .recall("by-2", &set(Algorithm::HS256, &[posing]), now())
            .is_none()
    );
}

#[test]
fn a_hit_is_judged_by_its_times() {
    let provider = issuer(json!({"clockSkew": "10s"}));
    let token = TestKey::p256().token(&claims(json!({"nbf": NOW})));
    for round in 0..2 {
        let at = |seconds: u64| {
            present_at(&provider, &token, seconds * MICROS)
                .err()
                .map(|refusal| (refusal.reason, refusal.at.unwrap_or_default()))
        };
        assert_eq!(at(NOW), None, "{round}");
        assert_eq!(at(NOW + 69), None, "{round}");
        let early = Some((Reason::JwtNotYetValid, "claims.nbf".to_owned()));
        assert_eq!(at(NOW - 11), early, "{round}");
        let late = Some((Reason::JwtExpired, "claims.exp".to_owned()));
        assert_eq!(at(NOW + 70), late, "{round}");
    }
}

#[test]
fn a_hit_is_the_same_caller() {
    let provider = issuer(json!({}));
    let token = TestKey::p256().token(&claims(json!({})));
    let first = present_token(&provider, &token).unwrap();
    let second = present_token(&provider, &token).unwrap();
    assert_eq!(first, second);
    assert!(
        Arc::ptr_eq(&first.claims, &second.claims),
        "and no copy of it"
    );
}

#[test]
fn where_a_token_was_used_before_does_not_decide_who_the_caller_is() {
    let jwk = [TestKey::p256().jwk("k1")];
    let named = |name: &str, changes: Value| provider(name, jwt_config(&["ES256"], &jwk, changes));
    let a = named("a", json!({}));
    let b = named("b", json!({"subjectClaim": "email"}));
    let other = named("other", json!({"issuer": "https://other.example"}));
    let token = TestKey::p256().token(&claims(json!({"email": "a@b.c"})));
    let of = |accepted: &[&Provider]| {
        let field = format!("Bearer {token}");
        let identity = present(accepted, &[("authorization", &field)]);
        identity.unwrap().unwrap().provider.to_string()
    };
    assert_eq!(of(&[&other, &b]), "b");
    assert_eq!(of(&[&a, &b]), "a", "only b has seen the token");
    assert_eq!(of(&[&b, &a]), "b");
    assert_eq!(of(&[&other, &a, &b]), "a");
}

/// What a token can be about, and what becomes of it.
fn tokens() -> Vec<String> {
    let key = TestKey::p256();
    let good = key.token(&claims(json!({})));
    let (input, _) = good.rsplit_once('.').unwrap();
    vec![
        key.token(&claims(json!({"exp": NOW + 5}))),
        key.token(&claims(json!({"nbf": NOW + 50, "exp": NOW + 100}))),
        key.token(&claims(json!({"sub": "bob", "scope": null}))),
        key.token(&claims(json!({"aud": "other"}))),
        key.token(&claims(json!({"iat": null}))),
        key.token(&claims(json!({"iss": "https://other.example"}))),
        key.sign(&json!({"alg": "ES256", "kid": "k1"}), &claims(json!({}))),
        key.sign(&json!({"alg": "ES256", "kid": "k2"}), &claims(json!({}))),
        format!("{input}.{}", base64([1; 64])),
        format!("{input}.{}", base64([0; 64])),
        format!("{input}."),
        good,
    ]
}

fn outcome(accepted: &[&Provider], token: &str, micros: u64) -> Result<Identity, Refusal> {
    let head = head(&[("authorization", &format!("Bearer {token}"))]);
    let target = crate::http::Target::default();
    authenticate(accepted, &head, &target, Timestamp(micros)).map(Option::unwrap)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_answer_is_the_one_without_a_cache(
        entries in 1_u32..12,
        steps in prop::collection::vec((0_usize..12, 0_u64..120, 0_usize..4), 1..40),
    ) {
        let jwk = [TestKey::p256().jwk("k1")];
        let pair = |cache: Value| {
            let a = json!({"clockSkew": "1s", "maxLifetime": "3m", "cache": cache});
            let b = json!({"clockSkew": "20s", "audiences": ["other", "orders"], "cache": cache});
            [("a", a), ("b", b)]
                .map(|(name, changes)| provider(name, jwt_config(&["ES256"], &jwk, changes)))
        };
        let (with, without) = (pair(json!({"entries": entries})), pair(json!({"entries": 0})));
        let tokens = tokens();
        for (token, second, accepted) in steps {
            let of = |[a, b]: &[Provider; 2]| {
                let chosen = [vec![a], vec![b], vec![a, b], vec![b, a]];
                outcome(&chosen[accepted], &tokens[token], (NOW - 10 + second) * MICROS)
            };
            prop_assert_eq!(of(&with), of(&without));
        }
    }
}
