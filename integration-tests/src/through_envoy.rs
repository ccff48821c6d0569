//! The corpus through one Envoy: a listener for each policy, the same comparison as in the native run.

use crate::client::{Client, Response};
use crate::envoy::Envoy;
use crate::ratelimit::{RateLimit, Redis};
use crate::servers::Server;
use crate::tls::Tls;
use crate::upstream::{Answer, Upstream};
use crate::{bootstrap, paths};
use meshward_engine::Policy;
use meshward_engine::exchange::{Message, ResponseMessage, ServerAnswer};
use meshward_testkit::format::{Case, EnvoyDiffers, Exchange};
use meshward_testkit::judge::{Observed, Seen, differences};
use meshward_testkit::prepare::decoded;
use meshward_testkit::{Corpus, Mistake, Prepared, Run, Topic, policy};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

/// An Envoy that serves every policy of the corpus.
#[derive(Debug)]
pub struct CorpusEnvoy {
    /// The proxy.
    pub envoy: Envoy,
    /// The server behind it.
    pub upstream: Upstream,
    /// The servers that policies ask.
    _servers: Vec<Server>,
    /// The rate limit services that policies ask, and where they count.
    _services: Vec<(RateLimit, Redis)>,
}

impl CorpusEnvoy {
    /// Starts Envoy with a listener for each file.
    ///
    /// # Panics
    /// When a policy cannot be built or Envoy does not take it.
    #[must_use]
    pub fn start(corpus: &Corpus, run: &Run) -> Self {
        let wasm = paths::wasm();
        let upstream = Upstream::start();
        let server = run.pki.server(None).unwrap_or_else(|what| panic!("{what}"));
        let listeners = corpus.topics.iter().map(|topic| {
            let bundle = policy::bundle(run, topic).unwrap_or_else(|mistake| panic!("{mistake}"));
            let filter = bootstrap::meshward(&topic.name, &bundle, &wasm);
            if !topic.file.tls {
                return bootstrap::listener(&topic.name, vec![filter]);
            }
            let validation = bootstrap::trusting(&run.pki.authority());
            bootstrap::tls_listener(&topic.name, vec![filter], &server, &validation)
        });
        let listeners: Vec<_> = listeners.collect();
        let servers: Vec<_> = corpus.topics.iter().flat_map(|t| servers(run, t)).collect();
        let clusters: Vec<_> = servers.iter().map(|(n, s)| (n.clone(), s.port)).collect();
        let mut bootstrap = bootstrap::with_clusters(&listeners, upstream.port, &clusters);
        let services = corpus.topics.iter().flat_map(|t| services(run, t));
        let services = services.map(|(name, service, redis)| {
            bootstrap::add_http2_cluster(&mut bootstrap, &name, service.port);
            (service, redis)
        });
        let services = services.collect();
        Self {
            envoy: Envoy::start(&bootstrap),
            upstream,
            _servers: servers.into_iter().map(|(_, server)| server).collect(),
            _services: services,
        }
    }

    /// Runs every case of a file. Gives what differs from what is expected.
    #[must_use]
    pub fn run(&self, run: &Run, topic: &Topic) -> Vec<Mistake> {
        let client = self.envoy.client(&topic.name);
        let cases = topic.file.case.iter();
        cases
            .flat_map(|case| self.one(run, topic, case, &client))
            .collect()
    }

    /// Sends an exchange: what the client gets.
    #[must_use]
    pub fn send(&self, ready: &Prepared, client: &Client) -> Response {
        if let Some(response) = &ready.exchange.response {
            self.upstream.answer(&ready.request_id, answer(response));
        }
        let request = &ready.exchange.request;
        let source = ready.exchange.source.address;
        let source = source.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        client.send(source, &request.method, &on_the_wire(request))
    }

    fn one(&self, run: &Run, topic: &Topic, case: &Case, client: &Client) -> Vec<Mistake> {
        let prepared = match run.prepare(topic, case) {
            Ok(prepared) => prepared,
            Err(mistake) => return vec![mistake],
        };
        let mut found = Vec::new();
        for (index, (exchange, ready)) in case.exchange.iter().zip(&prepared).enumerate() {
            let client = client_of(run, topic, exchange, client);
            let differing = self.differences(exchange, ready, &client);
            found.extend(
                differing
                    .into_iter()
                    .map(|what| topic.at(case, format!("exchange {}: {what}", index + 1))),
            );
        }
        found
    }

    fn differences(&self, exchange: &Exchange, ready: &Prepared, client: &Client) -> Vec<String> {
        let response = self.send(ready, client);
        if let Some(differs) = &exchange.envoy {
            return self.otherwise(differs, response.status, ready);
        }
        let Some(log) = self.envoy.log.decision(&ready.request_id) else {
            return vec![format!(
                "no decision in the log; the client got {} {}",
                response.status,
                response.text()
            )];
        };
        let observed = Observed {
            status: response.status,
            reply: Seen {
                headers: response.headers,
                body: response.body,
            },
            upstream: self.upstream.seen(&ready.request_id),
            log,
        };
        differences(exchange, &ready.secrets, &observed)
    }

    /// The request is refused otherwise than natively: the status is the one in the file, and nothing goes further.
    fn otherwise(&self, differs: &EnvoyDiffers, got: u16, ready: &Prepared) -> Vec<String> {
        let EnvoyDiffers {
            status,
            reason,
            why: _,
        } = differs;
        let mut found = Vec::new();
        if *status != got {
            found.push(format!("through Envoy: expected {status}, got {got}"));
        }
        if let Some(reason) = reason {
            let log = self.envoy.log.decision(&ready.request_id);
            let log: Value = serde_json::from_str(&log.unwrap_or_default()).unwrap_or_default();
            let logged = log.get("meshward.reason").and_then(Value::as_str);
            if logged != Some(reason.code()) {
                found.push(format!(
                    "through Envoy: expected {}, got {logged:?}",
                    reason.code()
                ));
            }
        }
        if self.upstream.seen(&ready.request_id).is_some() {
            found.push("the upstream saw a request that Envoy refused".to_owned());
        }
        found
    }
}

/// A client as the exchange wants it: over TLS where the file says so.
#[must_use]
pub fn client_of(run: &Run, topic: &Topic, exchange: &Exchange, client: &Client) -> Client {
    if topic.file.tls {
        client.over(Tls::of(&run.pki, exchange.peer.as_deref()))
    } else {
        client.clone()
    }
}

/// The servers of a file, each with the cluster that leads to it.
fn servers(run: &Run, topic: &Topic) -> Vec<(String, Server)> {
    let mut answers: BTreeMap<String, Vec<ServerAnswer>> = BTreeMap::new();
    for answer in run
        .servers(topic)
        .unwrap_or_else(|mistake| panic!("{mistake}"))
    {
        if answer.counts {
            continue;
        }
        let cluster = answer.cluster.clone();
        answers.entry(cluster).or_default().push(answer);
    }
    answers
        .into_iter()
        .map(|(cluster, answers)| (cluster, Server::start(answers)))
        .collect()
}

/// The rate limit services of a file, each with the cluster that leads to it: real ones, with a Redis each.
fn services(run: &Run, topic: &Topic) -> Vec<(String, RateLimit, Redis)> {
    let answers = run
        .servers(topic)
        .unwrap_or_else(|mistake| panic!("{mistake}"));
    let services = answers.into_iter().filter(|answer| answer.counts);
    services
        .map(|answer| {
            let policy = policy::compile(run, topic).unwrap_or_else(|mistake| panic!("{mistake}"));
            let redis = Redis::start();
            let service = RateLimit::start(&quotas(&policy, &answer.cluster), &redis);
            (answer.cluster, service, redis)
        })
        .collect()
}

/// The configuration of a rate limit service, as `meshward render ratelimit` writes it.
fn quotas(policy: &Policy, cluster: &str) -> String {
    let mut text = format!("domain: {}\ndescriptors:\n", policy.name());
    for desk in policy.desks().iter().filter(|d| d.cluster() == cluster) {
        let (limit, unit, requests) = (desk.limit(), desk.unit().name(), desk.requests());
        text.push_str(&format!(
            "  - {{ key: {limit}, rate_limit: {{ unit: {unit}, requests_per_unit: {requests} }} }}\n"
        ));
    }
    text
}

fn answer(response: &ResponseMessage) -> Answer {
    Answer {
        status: response.status,
        headers: response.headers.clone(),
        body: bytes(response.body.as_deref(), response.body_base64.as_deref()),
    }
}

fn bytes(text: Option<&str>, encoded: Option<&str>) -> Vec<u8> {
    match (text, encoded) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (None, Some(encoded)) => decoded(encoded).expect("it was decoded before"),
        (None, None) => Vec::new(),
    }
}

/// A request in HTTP/1.1, exactly as the case has it.
#[must_use]
pub fn on_the_wire(request: &Message) -> Vec<u8> {
    let mut wire = Vec::new();
    wire.extend_from_slice(request.method.as_bytes());
    wire.push(b' ');
    wire.extend(bytes(Some(&request.path), None));
    wire.extend(bytes(None, request.path_base64.as_deref()));
    wire.extend_from_slice(b" HTTP/1.1\r\nhost: ");
    wire.extend_from_slice(request.authority.as_bytes());
    wire.extend_from_slice(b"\r\n");
    for (name, value) in &request.headers {
        wire.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    wire.extend_from_slice(b"\r\n");
    let body = bytes(request.body.as_deref(), request.body_base64.as_deref());
    let chunked = request
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding"));
    if !chunked {
        wire.extend(body);
        return wire;
    }
    for chunk in body.chunks(1000) {
        wire.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        wire.extend_from_slice(chunk);
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b"0\r\n\r\n");
    wire
}
