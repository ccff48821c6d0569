//! A fleet of paper: proxies with workers that share a store each, and one service that counts as the real one does.

use super::*;
use crate::exchange::quotas::Quotas;
use crate::limit::{Amount, Limit, Part, Seed, Source, Table, Values};
use crate::problem::{Problem, Severity};
use crate::remote::Task;
use crate::transaction::{Answer, Query, Stored};
use crate::verdict::Reason;
use std::borrow::Cow;
use std::collections::BTreeMap;

const SECOND: u64 = 1_000_000;
/// The beginning of a day.
const DAY: u64 = 20_000 * 86_400 * SECOND;

fn limit(global: &str) -> Result<Limit, Vec<Problem>> {
    let text = format!("{{\"key\":[\"header.x-tenant\"],{global}}}");
    let config = serde_json::from_str(&text).unwrap();
    Limit::compile("policy", "quota", "/limits/quota", &config)
}

struct Tenant(&'static str);
impl Values for Tenant {
    fn value(&self, part: &Part) -> Option<Cow<'_, [u8]>> {
        matches!(part, Part::Header(_)).then(|| Cow::Borrowed(self.0.as_bytes()))
    }
    fn amount(&self, _: &Source) -> Amount {
        Amount::Absent
    }
}

/// What all workers of a proxy share.
#[derive(Default)]
struct Store {
    slots: BTreeMap<Arc<str>, Stored>,
    fails: bool,
}

impl Store {
    fn answer(&mut self, query: Query) -> Answer {
        if self.fails {
            return Answer::Failed;
        }
        match query {
            Query::Fact(_) => Answer::Fact(None),
            Query::Get { key } => Answer::Slot(self.slots.get(&key).cloned()),
            Query::Set {
                key,
                value,
                version,
            } => {
                let current = self.slots.get(&key).map(|s| s.version);
                if current != version {
                    return Answer::Conflict;
                }
                let version = version.map_or(1, |v| v + 1);
                self.slots.insert(key, Stored { value, version });
                Answer::Written
            }
        }
    }
}

/// One proxy of one worker.
struct Proxy {
    limit: Limit,
    table: Table,
    store: Store,
}

/// The service, and how often it was asked.
#[derive(Default)]
struct Service {
    quotas: Quotas,
    calls: u32,
    away: bool,
}

impl Service {
    fn answer(&mut self, call: &Call, desk: &Arc<Desk>, now: Timestamp) -> CallAnswer {
        self.calls += 1;
        if self.away {
            return CallAnswer::Failed;
        }
        self.quotas.answer(call, &[Arc::clone(desk)], now)
    }
}

/// What became of a request.
#[derive(Debug, PartialEq, Eq)]
enum Became {
    Admitted,
    Over(u64),
    Away,
    Failed,
}

impl Proxy {
    fn new(global: &str) -> Self {
        Self {
            limit: limit(global).unwrap(),
            table: Table::new("lease", "policy", 4),
            store: Store::default(),
        }
    }

    fn global(&self) -> &Global {
        self.limit.global.as_ref().unwrap()
    }

    fn desk(&self) -> Arc<Desk> {
        Arc::clone(self.global().desk(None))
    }

    /// One request, with a tick whenever it waits.
    fn request(&mut self, tenant: &'static str, service: &mut Service, now: Timestamp) -> Became {
        let values = Tenant(tenant);
        let limit = &self.limit;
        let global = limit.global.as_ref().unwrap();
        let (mut spend, query) =
            Spend::start(&self.table, (limit, global), Seed([7; 16]), &values).unwrap();
        let desk = Arc::clone(spend.desk());
        let mut spent = Spent::Ask(query);
        let mut waits = 0;
        loop {
            spent = match spent {
                Spent::Ask(query) => {
                    let answer = self.store.answer(query);
                    spend.answer(limit, &values, answer, now)
                }
                Spent::Call(call) => spend.called(&service.answer(&call, &desk, now), now),
                Spent::Wait(_) => {
                    tick(&desk, &mut self.store, service, now);
                    waits += 1;
                    spend.waited(waits > 3, now)
                }
                Spent::Admitted => return Became::Admitted,
                Spent::Over(wait) => return Became::Over(wait),
                Spent::Away { .. } => return Became::Away,
                Spent::Failed(_) => return Became::Failed,
            };
        }
    }
}

/// Does what waits at the desk.
fn tick(desk: &Arc<Desk>, store: &mut Store, service: &mut Service, now: Timestamp) {
    while let Some(mut ask) = desk.next(now) {
        let mut task = ask.start();
        loop {
            task = match task {
                Task::Ask(query) => ask.answer(store.answer(query), now),
                Task::Call(call) => ask.called(&service.answer(&call, desk, now), now),
                Task::Rest => break,
            };
        }
    }
}

const THOUSAND: &str = r#""global":{"cluster":"rl","requests":1000,"unit":"day"}"#;

/// Offers so many requests to the proxies in an order that the seed chooses. Gives how many each admitted.
fn offer(proxies: &mut [Proxy], service: &mut Service, requests: usize, seed: u64) -> usize {
    let mut random = seed;
    let mut admitted = 0;
    for number in 0..requests {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let chosen = usize::try_from(random >> 40).unwrap() % proxies.len();
        let now = Timestamp(DAY + u64::try_from(number).unwrap());
        match proxies[chosen].request("a", service, now) {
            Became::Admitted => admitted += 1,
            Became::Over(wait) => assert_eq!(wait, DAY + 86_400 * SECOND - now.0),
            other @ (Became::Away | Became::Failed) => panic!("{other:?}"),
        }
    }
    admitted
}

#[test]
fn a_thousand_requests_need_few_calls_and_nearly_all_are_admitted() {
    for seed in 0..50 {
        let mut proxies = [Proxy::new(THOUSAND), Proxy::new(THOUSAND)];
        let mut service = Service::default();
        let admitted = offer(&mut proxies, &mut service, 3_000, seed);
        assert!((991..=1_000).contains(&admitted), "{admitted} with {seed}");
        assert!(service.calls <= 20, "{} calls with {seed}", service.calls);
    }
}

#[test]
fn one_part_is_lost_at_most_however_many_proxies_there_are() {
    for seed in 0..10 {
        let mut proxies: Vec<_> = (0..12).map(|_| Proxy::new(THOUSAND)).collect();
        let mut service = Service::default();
        let admitted = offer(&mut proxies, &mut service, 20_000, seed);
        assert!((991..=1_000).contains(&admitted), "{admitted} with {seed}");
    }
}

#[test]
fn exact_is_exact() {
    let exact = r#""global":{"cluster":"rl","requests":100,"unit":"day","mode":"exact"}"#;
    let mut proxies = [Proxy::new(exact), Proxy::new(exact)];
    let mut service = Service::default();
    assert_eq!(offer(&mut proxies, &mut service, 500, 1), 100);
    // Each proxy is told once that there are no more, and remembers it.
    assert_eq!(service.calls, 102);
}

#[test]
fn a_lease_ends_with_its_window() {
    let mut proxy = Proxy::new(THOUSAND);
    let mut service = Service::default();
    let late = Timestamp(DAY + 86_399 * SECOND + 999_999);
    assert_eq!(proxy.request("a", &mut service, late), Became::Admitted);
    assert_eq!(service.calls, 1);
    let next = Timestamp(DAY + 86_400 * SECOND);
    assert_eq!(proxy.request("a", &mut service, next), Became::Admitted);
    assert_eq!(service.calls, 2, "what was left of the day before is void");
}

#[test]
fn workers_of_a_proxy_share_a_lease_and_one_asks() {
    let mut first = Proxy::new(THOUSAND);
    let mut service = Service::default();
    let now = Timestamp(DAY);
    assert_eq!(first.request("a", &mut service, now), Became::Admitted);
    let mut second = Proxy {
        store: std::mem::take(&mut first.store),
        ..Proxy::new(THOUSAND)
    };
    for _ in 0..9 {
        assert_eq!(second.request("a", &mut service, now), Became::Admitted);
    }
    assert_eq!(service.calls, 1);

    // Both find it spent. Whoever is second sees that somebody asks, and looks again later.
    let desks = [first.desk(), second.desk()];
    let (name, slot) = {
        let values = Tenant("a");
        let name = second
            .limit
            .key
            .digest(Seed([7; 16]), "quota", &values)
            .unwrap();
        (name, second.table.slot(name))
    };
    let until = Timestamp(DAY + SECOND);
    for desk in &desks {
        assert!(desk.want(name, &slot, until, || "v".into()));
    }
    let mut asking = desks[0].next(now).unwrap();
    let task = asking.answer(second.store.answer(Query::Get { key: slot.clone() }), now);
    let Task::Ask(query) = task else {
        panic!("{task:?}")
    };
    let task = asking.answer(second.store.answer(query), now);
    assert!(matches!(task, Task::Call(_)), "{task:?}");
    tick(&desks[1], &mut second.store, &mut service, now);
    assert_eq!(service.calls, 1, "one at a time");
    drop(asking);
    let later = Timestamp(now.0 + 200_000);
    tick(&desks[1], &mut second.store, &mut service, later);
    assert_eq!(
        service.calls, 2,
        "who never answered does not hold up the others"
    );
}

#[test]
fn a_service_that_is_away_is_not_asked_for_every_request_and_found_again() {
    let mut proxy = Proxy::new(THOUSAND);
    let mut service = Service {
        away: true,
        ..Service::default()
    };
    for number in 0..100 {
        let now = Timestamp(DAY + number);
        assert_eq!(proxy.request("a", &mut service, now), Became::Away);
    }
    assert_eq!(service.calls, 3);
    let said = proxy.desk().take_note().unwrap();
    assert!(said.warning && said.text.contains("`rl`"), "{said:?}");
    assert!(proxy.desk().take_note().is_none());
    service.away = false;
    let later = Timestamp(DAY + 2 * SECOND);
    assert_eq!(proxy.request("a", &mut service, later), Became::Admitted);
    assert!(!proxy.desk().take_note().unwrap().warning);
    let tally = proxy.desk().take_tally();
    assert_eq!((tally.granted, tally.over, tally.failed), (1, 0, 3));
}

#[test]
fn a_service_without_the_limit_is_no_service() {
    let mut proxy = Proxy::new(THOUSAND);
    let other =
        Proxy::new(r#""global":{"cluster":"rl","domain":"other","requests":9,"unit":"day"}"#);
    let desk = proxy.desk();
    let call = desk.terms.call("v", Batch::whole(1));
    let mut service = Service::default();
    let answer = service.answer(&call, &other.desk(), Timestamp(DAY));
    let read = |answer| desk.read(answer, Batch::whole(1), Timestamp(DAY));
    assert_eq!(read(&answer), Err("it has no such limit"));
    let away = read(&CallAnswer::Status(14)).unwrap_err();
    assert!(away.contains("UNAVAILABLE"), "{away}");
    proxy.store.fails = true;
    let failed = proxy.request("a", &mut service, Timestamp(DAY));
    assert_eq!(failed, Became::Failed);
}

#[test]
fn a_flood_of_keys_takes_nobodys_lease() {
    let mut proxy = Proxy::new(THOUSAND);
    let mut service = Service::default();
    let now = Timestamp(DAY);
    assert_eq!(proxy.request("victim", &mut service, now), Became::Admitted);
    // 4 slots of 8 accounts.
    for number in 0..500 {
        let name = Box::leak(format!("flood-{number}").into_boxed_str());
        assert_eq!(proxy.request(name, &mut service, now), Became::Admitted);
    }
    let calls = service.calls;
    for _ in 0..9 {
        assert_eq!(proxy.request("victim", &mut service, now), Became::Admitted);
    }
    assert_eq!(service.calls, calls, "its lease is still there");
    assert!(proxy.store.slots.len() <= 4);
}

#[test]
fn only_so_many_keys_wait() {
    let desk = Proxy::new(THOUSAND).desk();
    let slot: Arc<str> = "slot".into();
    let until = Timestamp(5);
    let want = |name| desk.want(name, &slot, until, || "v".into());
    assert!((0..1_000).all(want));
    assert!(!want(1_000));
    assert!(want(3), "who waits already waits on");
    assert!(desk.next(Timestamp(5)).is_none(), "nobody waits any longer");
    assert!(want(1_000));
}

#[test]
fn what_cannot_be_is_a_problem() {
    let codes = |global: &str| -> Vec<(&'static str, String)> {
        let problems = limit(global).map(|_| Vec::new()).unwrap_or_else(|p| p);
        assert!(problems.iter().all(|p| p.severity == Severity::Error));
        problems.into_iter().map(|p| (p.code, p.at)).collect()
    };
    let at = |code, place: &str| (code, format!("/limits/quota/global/{place}"));
    assert_eq!(
        codes(r#""global":{"cluster":"","domain":" ","requests":0,"unit":"day","timeout":"1h"}"#),
        [
            at("cluster", "cluster"),
            at("limit-domain", "domain"),
            at("out-of-bounds", "requests"),
            at("out-of-bounds", "timeout")
        ]
    );
    let base = r#""cluster":"c","requests":9,"unit":"hour""#;
    assert_eq!(codes(&format!(r#""global":{{{base}}}"#)), []);
    for (rest, local, code, place) in [
        (r#","lease":10"#, "", "out-of-bounds", "lease"),
        (r#","lease":0"#, "", "out-of-bounds", "lease"),
        (r#","lease":1,"mode":"exact""#, "", "limit-form", "lease"),
        (r#","onFailure":"local""#, "", "limit-form", "onFailure"),
        (
            r#","onFailure":"allow""#,
            r#""rate":"1/s","#,
            "limit-form",
            "onFailure",
        ),
    ] {
        let text = format!(r#"{local}"global":{{{base}{rest}}}"#);
        assert_eq!(codes(&text), [at(code, place)], "{text}");
    }
    let local = format!(r#""rate":"1/s","global":{{{base},"onFailure":"local"}}"#);
    assert_eq!(codes(&local), []);
    for rest in [
        r#""cost":{"from":"response.size"},"#,
        r#""concurrent":2,"#,
        r#""plans":{"gold":{}},"#,
        r#""plans":{"gold":{"requests":0}},"#,
        r#""plans":{"go ld":{"requests":2}},"#,
        r#""plans":{"gold":{"rate":"2/s","requests":2}},"#,
    ] {
        let text = format!(r#"{rest}"global":{{{base}}}"#);
        assert!(!codes(&text).is_empty(), "{text}");
    }
    let burst = format!(r#""burst":4,"global":{{{base}}}"#);
    assert_eq!(codes(&burst), [("limit-form", "/limits/quota".to_owned())]);
}

#[test]
fn a_request_takes_what_it_costs() {
    let costly = r#""cost":{"fixed":7},"global":{"cluster":"rl","requests":100,"unit":"day"}"#;
    let mut proxies = [Proxy::new(costly), Proxy::new(costly)];
    let mut service = Service::default();
    let admitted = offer(&mut proxies, &mut service, 200, 3);
    assert!((12..=14).contains(&admitted), "{admitted}");
    let exact = costly.replace(r#""unit""#, r#""mode":"exact","unit""#);
    let mut proxies = [Proxy::new(&exact), Proxy::new(&exact)];
    let mut service = Service::default();
    assert_eq!(offer(&mut proxies, &mut service, 200, 3), 14);

    let nothing = costly.replace("7", r#"0,"from":"query.n","absent":0"#);
    let mut free = Proxy::new(&nothing);
    let mut service = Service::default();
    let now = Timestamp(DAY);
    assert_eq!(free.request("a", &mut service, now), Became::Admitted);
    assert_eq!(service.calls, 0);
    let beyond = Proxy::new(&costly.replace("7", "101"));
    let refused = Spend::start(
        &beyond.table,
        (&beyond.limit, beyond.global()),
        Seed([7; 16]),
        &Tenant("a"),
    );
    assert_eq!(refused.unwrap_err().reason, Reason::LimitCostTooHigh);
}

#[test]
fn callers_with_a_plan_have_a_quota_of_their_own() {
    struct Gold;
    impl Values for Gold {
        fn value(&self, part: &Part) -> Option<Cow<'_, [u8]>> {
            let value: &[u8] = if matches!(part, Part::Claim(_)) {
                b"gold"
            } else {
                b"a"
            };
            Some(Cow::Borrowed(value))
        }
        fn amount(&self, _: &Source) -> Amount {
            Amount::Absent
        }
    }
    let proxy = Proxy::new(
        r#""plans":{"bronze":{"requests":5},"gold":{"requests":300}},"global":{"cluster":"rl","requests":10,"unit":"day"}"#,
    );
    let start = |values: &dyn Fn() -> (Spend, Query)| values().0;
    let with = start(&|| {
        let quota = (&proxy.limit, proxy.global());
        Spend::start(&proxy.table, quota, Seed([7; 16]), &Gold).unwrap()
    });
    let without = start(&|| {
        let quota = (&proxy.limit, proxy.global());
        Spend::start(&proxy.table, quota, Seed([7; 16]), &Tenant("a")).unwrap()
    });
    let (gold, base) = (with.desk(), without.desk());
    assert_eq!((gold.limit(), gold.requests()), ("quota.gold", 300));
    assert_eq!((base.limit(), base.requests()), ("quota", 10));
    assert_eq!(proxy.global().desks().count(), 3);
}
