//! Quotas that a fleet shares: two Envoys of two workers each, one rate limit service, one Redis, all of them real.
//!
//! Quotas are per day here, so that no window ends while a test runs (except at midnight, UTC); what the service does is the same
//! for every unit.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the failure of a helper is the failure of its test, and what was measured is shown"
)]

use integration_tests::pushed::Fleet;
use integration_tests::wait::Stopwatch;
use integration_tests::{Client, Envoy, RateLimit, Redis, client, paths, wait};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

const QUOTA: usize = 1_000;
const OFFERED: usize = 20_000;
/// To each proxy.
const CONNECTIONS: usize = 8;
/// The longest time that a request waits for the service, in the policy of failures.
const TIMEOUT_SECONDS: f64 = 1.0;
/// What a request may take besides on a busy machine: far less than it would wait if nothing ended its wait.
const SLACK_SECONDS: f64 = 20.0;

struct Site {
    fleet: Fleet,
    service: RateLimit,
    redis: Redis,
}

impl Site {
    /// Everything, as the command line makes it from one policy.
    fn start(policy: &str) -> Self {
        let redis = Redis::start();
        let service = RateLimit::start(&rendered(policy), &redis);
        let fleet = Fleet::with_servers(policy, 2, &[("ratelimit", service.port)]);
        Self {
            fleet,
            service,
            redis,
        }
    }

    /// How often the proxies asked the service.
    fn calls(&self) -> u64 {
        let envoys = self.fleet.envoys.iter();
        envoys
            .map(|envoy| envoy.stat("cluster.ratelimit.upstream_rq_total"))
            .sum()
    }
}

fn clients(fleet: &Fleet) -> Vec<Client> {
    let envoys = fleet.envoys.iter();
    envoys.map(|envoy| envoy.client("inbound")).collect()
}

fn no_panic(fleet: &Fleet) {
    for envoy in &fleet.envoys {
        assert!(envoy.log.lines_with("panicked").is_empty());
    }
}

/// The service's configuration.
fn rendered(policy: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("policy.yaml");
    std::fs::write(&source, policy).unwrap();
    let output = Command::new(paths::meshward())
        .args(["render", "ratelimit"])
        .arg(&source)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn policy(limits: &str, endpoints: &str) -> String {
    format!(
        "
apiVersion: meshward.dev/v1
kind: Policy
metadata: {{ name: fleet }}
limits:
{limits}
apis:
  - name: fleet
    hosts: [fleet.test]
    defaults: {{ authenticate: {{ public: true }} }}
    endpoints:
{endpoints}
"
    )
}

fn quota(mode: &str) -> String {
    policy(
        &format!(
            "  quota: {{ key: [header.x-tenant], global: {{ cluster: ratelimit, requests: {QUOTA}, unit: day, mode: {mode}, timeout: 10s }} }}"
        ),
        "      - { match: { method: GET, path: /orders }, limits: [quota] }",
    )
}

fn get(path: &str, tenant: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: fleet.test\r\nx-tenant: {tenant}\r\n\r\n").into_bytes()
}

/// Offers so many requests of one tenant to all proxies at once. Gives how many got which status.
fn offer(clients: &[Client], tenant: &str, offered: usize) -> BTreeMap<u16, usize> {
    let left = AtomicUsize::new(offered);
    let request = get("/orders", tenant);
    thread::scope(|scope| {
        let connections: Vec<_> = clients
            .iter()
            .flat_map(|client| (0..CONNECTIONS).map(move |_| client))
            .map(|client| {
                let (left, request) = (&left, &request);
                scope.spawn(move || {
                    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
                    let mut stream = client.connect(IpAddr::V4(Ipv4Addr::LOCALHOST));
                    let take = || {
                        let one = |left: usize| left.checked_sub(1);
                        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one)
                    };
                    while take().is_ok() {
                        stream.write_all(request).unwrap();
                        let status = client::read(&mut stream, "GET").status;
                        *statuses.entry(status).or_default() += 1;
                    }
                    statuses
                })
            })
            .collect();
        let mut all: BTreeMap<u16, usize> = BTreeMap::new();
        for connection in connections {
            for (status, count) in connection.join().unwrap() {
                *all.entry(status).or_default() += count;
            }
        }
        all
    })
}

#[test]
fn leases_admit_the_quota_with_few_calls() {
    let site = Site::start(&quota("leased"));
    let clients = clients(&site.fleet);
    let statuses = offer(&clients, "a", OFFERED);
    let (admitted, calls) = (statuses[&200], site.calls());
    println!("leased: {statuses:?}, {calls} calls");
    assert_eq!(admitted + statuses[&429], OFFERED, "{statuses:?}");
    assert!(
        (QUOTA - QUOTA / 100..=QUOTA).contains(&admitted),
        "{statuses:?}"
    );
    assert!(calls <= 20, "{calls} calls for {QUOTA} requests");
    for client in &clients {
        let refused = client.raw(&get("/orders", "a"));
        assert_eq!(refused.status, 429);
        assert_eq!(
            refused.header("ratelimit-policy"),
            Some("\"quota\";q=1000;w=86400")
        );
        assert!(refused.header("retry-after").is_some());
    }
    assert_eq!(site.calls(), calls, "that there are no more is remembered");
    // Others have a quota of their own.
    assert_eq!(clients[0].raw(&get("/orders", "b")).status, 200);
    let counted = |envoy: &Envoy| {
        let wanted = |name: &str| name.contains("meshward_limit_calls;limit=quota;");
        envoy.stats(wanted).iter().sum::<u64>()
    };
    wait::until("the calls to be counted", || {
        let sum: u64 = site.fleet.envoys.iter().map(counted).sum();
        (sum == calls + 1).then_some(())
    });
    no_panic(&site.fleet);
}

#[test]
fn exact_admits_the_quota_exactly() {
    let site = Site::start(&quota("exact"));
    let statuses = offer(&clients(&site.fleet), "a", OFFERED);
    println!("exact: {statuses:?}, {} calls", site.calls());
    assert_eq!(statuses[&200], QUOTA, "{statuses:?}");
    assert_eq!(statuses[&429], OFFERED - QUOTA, "{statuses:?}");
    assert!(site.calls() < 2 * QUOTA as u64, "{} calls", site.calls());
    no_panic(&site.fleet);
}

/// A policy with every failure contract.
fn contracts() -> String {
    let limit = |name: &str, rest: &str| {
        format!(
            "  {name}: {{ key: [header.x-tenant], {rest} global: {{ cluster: ratelimit, requests: 100, unit: day, timeout: 1s, onFailure: {name} }} }}\n"
        )
    };
    let limits = [
        limit("deny", ""),
        limit("allow", ""),
        limit("local", "rate: 1/h, burst: 5,"),
    ];
    let endpoints = ["deny", "allow", "local"].map(|name| {
        format!("      - {{ match: {{ method: GET, path: /{name} }}, limits: [{name}] }}\n")
    });
    policy(&limits.concat(), &endpoints.concat())
}

/// What every request of a load got, and how long the slowest took.
#[derive(Debug, Default)]
struct Watched {
    statuses: BTreeMap<(String, u16), usize>,
    slowest: f64,
}

/// Requests of ever new tenants, one after the other, until it is told to end.
fn load(client: &Client, path: &str, done: &AtomicBool) -> Watched {
    let mut watched = Watched::default();
    let mut stream = client.connect(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let mut number = 0;
    while !done.load(Ordering::Relaxed) {
        number += 1;
        let tenant = format!("{path}-{}-{}", client.port(), number / 20);
        let watch = Stopwatch::start();
        stream.write_all(&get(path, &tenant)).unwrap();
        let status = client::read(&mut stream, "GET").status;
        watched.slowest = watched.slowest.max(watch.seconds());
        *watched
            .statuses
            .entry((path.to_owned(), status))
            .or_default() += 1;
    }
    watched
}

/// Ends the load also where the work fails: its threads are waited for, and would go on for ever.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs a load on all endpoints of all proxies while something is done.
fn under_load(fleet: &Fleet, work: impl FnOnce()) -> Watched {
    let done = AtomicBool::new(false);
    let clients = clients(fleet);
    thread::scope(|scope| {
        let loads: Vec<_> = clients
            .iter()
            .flat_map(|client| ["/deny", "/allow", "/local"].map(|path| (client, path)))
            .map(|(client, path)| {
                let done = &done;
                scope.spawn(move || load(client, path, done))
            })
            .collect();
        let end = End(&done);
        work();
        drop(end);
        let mut all = Watched::default();
        for watched in loads {
            let Watched { statuses, slowest } = watched.join().unwrap();
            all.slowest = all.slowest.max(slowest);
            for (what, count) in statuses {
                *all.statuses.entry(what).or_default() += count;
            }
        }
        println!("{all:?}");
        assert!(
            all.slowest < TIMEOUT_SECONDS + SLACK_SECONDS,
            "a request waited {} s",
            all.slowest
        );
        all
    })
}

fn status(client: &Client, path: &str, tenant: &str) -> u16 {
    client.raw(&get(path, tenant)).status
}

/// The outcome of each contract while nobody counts.
fn all_contracts_hold(fleet: &Fleet, when: &str) {
    for (number, client) in clients(fleet).iter().enumerate() {
        let tenant = format!("{when}-{number}");
        let refused = client.raw(&get("/deny", &tenant));
        assert_eq!(refused.status, 503, "{when}");
        assert_eq!(refused.json()["reason"], "limit_service_unavailable");
        assert!(refused.header("retry-after").is_some());
        let local: Vec<u16> = (0..8).map(|_| status(client, "/local", &tenant)).collect();
        assert_eq!(local, [200, 200, 200, 200, 200, 429, 429, 429], "{when}");
        let open: Vec<u16> = (0..110)
            .map(|_| status(client, "/allow", &tenant))
            .collect();
        assert!(open.iter().all(|status| *status == 200), "{when}: {open:?}");
    }
}

/// Both proxies count together again: a new tenant gets the quota, and no more.
fn limits_hold(fleet: &Fleet, when: &str) {
    let clients = clients(fleet);
    let mut round = 0;
    for client in &clients {
        // Each worker finds the service again by itself; which one takes a connection is the kernel's choice. Each request is of
        // another tenant, so that its worker must ask: of one tenant's lease a worker spends what another one asked for.
        wait::until("every worker to ask the service again", || {
            round += 1;
            let tenants = (0..30).map(|number| format!("{when}-{round}-{number}"));
            let statuses = tenants.map(|tenant| status(client, "/deny", &tenant));
            statuses
                .min_by_key(|status| *status == 200)
                .filter(|status| *status == 200)
        });
    }
    let tenant = format!("{when}-again");
    let mut admitted = 0;
    for _ in 0..150 {
        for client in &clients {
            match status(client, "/deny", &tenant) {
                200 => admitted += 1,
                429 => {}
                other => panic!("status {other} {when}"),
            }
        }
    }
    assert!((99..=100).contains(&admitted), "{admitted} of 100 {when}");
}

/// What happens to requests while something is done to a server, and afterwards.
fn rehearse(fleet: &Fleet, when: &str, fall: impl FnOnce(), rise: impl FnOnce()) {
    let under = under_load(fleet, || {
        fall();
        wait::until("every proxy to notice", || {
            let clients = clients(fleet);
            let mut statuses = clients.iter().map(|client| status(client, "/deny", when));
            statuses.all(|status| status == 503).then_some(())
        });
        all_contracts_hold(fleet, when);
        rise();
        limits_hold(fleet, when);
    });
    for ((path, status), count) in &under.statuses {
        let expected: &[u16] = match path.as_str() {
            "/deny" => &[200, 429, 503],
            "/allow" => &[200, 429],
            _ => &[200, 429],
        };
        assert!(expected.contains(status), "{path}: {count} times {status}");
    }
}

#[test]
fn without_the_service_each_contract_holds_and_it_recovers_by_itself() {
    let Site {
        fleet,
        mut service,
        mut redis,
    } = Site::start(&contracts());
    limits_hold(&fleet, "at-first");

    let service_cell = std::cell::RefCell::new(&mut service);
    rehearse(
        &fleet,
        "service-killed",
        || service_cell.borrow_mut().kill(),
        || service_cell.borrow_mut().restart(),
    );
    let redis_cell = std::cell::RefCell::new(&mut redis);
    rehearse(
        &fleet,
        "redis-killed",
        || redis_cell.borrow_mut().kill(),
        || redis_cell.borrow_mut().restart(),
    );
    // It takes connections and says nothing: only the timeout ends the wait.
    rehearse(
        &fleet,
        "service-frozen",
        || service_cell.borrow().freeze(),
        || service_cell.borrow().thaw(),
    );
    no_panic(&fleet);
}
