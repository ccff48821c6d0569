use super::*;
use crate::policy::Checked;
use meshward_engine::pointer;
use std::fs;

const FLOOR: &str = "
apiVersion: meshward.dev/v1
kind: Floor
metadata: { name: mesh, owner: platform }
identityProviders:
  # printf %s test | sha256sum
  staff: { apiKey: { in: header, name: x-api-key, keys: [{ id: a, sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 }] } }
limits:
  everybody: { key: [source.address], rate: 100/m }
reading: { maxTarget: 4KiB, maxHeaders: 120 }
transport: { plainText: deny }
unknownHosts: deny
errors: { detail: reason }
endpoints:
  mode: enforce
  modes: { response: monitor }
  authenticate: { required: true, providers: [staff] }
  authorize: { required: true }
  limits: [everybody]
  unknownEndpoints: monitor
  unknownQuery: deny
  body: { maxSize: 64KiB, maxDepth: 40 }
  head: { maxHeaders: 40, maxHeaderSize: 8KiB }
  graphql: { maxDepth: 10, maxCost: 9000, maxBatch: 4, introspection: false, operationTypes: [query] }
  stripCredentials: true
  undeclaredFields: report
exceptions:
  - { policy: orders, api: orders, method: POST, path: /explorer, waives: [graphql], because: for people who build against it }
  - { policy: orders, api: orders, method: get, path: /health, waives: [authenticate, authorize, limits], because: the balancer has no key }
";

const HEAD: &str = "
apiVersion: meshward.dev/v1
kind: Policy
metadata: { name: orders }
";

fn read(policy: &str) -> Checked {
    let folder = tempfile::tempdir().unwrap();
    let (floor, file) = (
        folder.path().join("floor.yaml"),
        folder.path().join("policy.yaml"),
    );
    fs::write(&floor, FLOOR).unwrap();
    fs::write(&file, format!("{HEAD}{policy}")).unwrap();
    let floors = Floors { files: vec![floor] };
    Checked::read(&file, &floors.read().unwrap()).unwrap()
}

fn places(checked: &Checked) -> Vec<&str> {
    let below = checked.problems.iter().filter(|p| p.code == "below-floor");
    below.map(|p| p.at.as_str()).collect()
}

#[test]
fn a_policy_that_says_little_gets_the_floor() {
    let checked = read(
        "
apis:
  - name: orders
    hosts: [orders.test]
    defaults: { authenticate: { anyOf: [staff] }, authorize: { cel: 'true' } }
    endpoints:
      - { match: { method: GET, path: /orders }, limits: [] }
      - { match: { method: GET, path: /health }, limits: [], authenticate: { public: true } }
",
    );
    assert_eq!(checked.problems, []);
    let ready = checked.ready.unwrap();
    let document = &ready.bundle;
    assert_eq!(document.reading.max_target, config::Bytes(4096));
    assert_eq!(document.reading.max_headers, 100, "the default is tighter");
    assert_eq!(document.transport.plain_text, config::PlainText::Deny);
    assert_eq!(document.unknown_hosts, Some(config::Unknown::Deny));
    let api = &document.apis[0];
    assert_eq!(
        api.unknown_endpoints,
        Some(config::Unknown::Deny),
        "the mode's own is tighter"
    );
    assert_eq!(api.defaults.body.max_size, Some(config::Bytes(65_536)));
    assert_eq!(
        api.defaults.body.max_depth,
        Some(32),
        "the default is tighter"
    );
    assert_eq!(api.defaults.head.max_headers, Some(40));
    assert_eq!(api.defaults.head.max_target, None);
    assert_eq!(api.defaults.upstream.strip_credentials, Some(true));
    assert_eq!(api.defaults.modes.response, Some(config::Mode::Monitor));
    let limits: Vec<usize> = ready.policy.endpoints().map(|e| e.limits.len()).collect();
    assert_eq!(
        limits,
        [1, 0],
        "an empty list is no way out, an exception is"
    );
}

#[test]
fn whatever_is_looser_is_an_error_where_it_stands() {
    let checked = read(
        "
mode: monitor
modes: { limit: 'off', response: 'off' }
reading: { maxTarget: 5KiB, maxHeaders: 121, maxQueryParameters: 1000 }
transport: { plainText: loopback }
unknownHosts: allow
errors: { detail: full }
identityProviders:
  staff: { apiKey: { in: header, name: x-other, keys: [{ id: a, sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 }] } }
  others: { apiKey: { in: header, name: x-key, keys: [{ id: a, sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 }] } }
limits:
  everybody: { key: [source.address], rate: 1000/m }
apis:
  - name: orders
    hosts: [orders.test]
    unknownEndpoints: allow
    defaults:
      authenticate: { anyOf: [staff, others], optional: true }
      unknownQuery: monitor
      body: { maxSize: 1MiB, maxDepth: 41, maxValues: 100000 }
      head: { maxHeaders: 41, maxHeaderSize: 9KiB, maxTarget: 100B }
      upstream: { stripCredentials: false }
      response: { undeclaredFields: keep }
    endpoints:
      - { match: { method: GET, path: /orders }, mode: 'off' }
      - { match: { method: GET, path: /both }, authenticate: { allOf: [staff, others] } }
      - { match: { method: GET, path: /health }, authenticate: { public: true }, modes: { contract: monitor } }
",
    );
    assert_eq!(
        places(&checked),
        [
            "/mode",
            "/modes/limit",
            "/modes/response",
            "/reading/maxTarget",
            "/reading/maxHeaders",
            "/transport/plainText",
            "/unknownHosts",
            "/errors/detail",
            "/identityProviders/staff",
            "/limits/everybody",
            "/apis/0",
            "/apis/0/unknownEndpoints",
            "/apis/0/defaults/authenticate/anyOf/1",
            "/apis/0/defaults/authenticate/optional",
            "/apis/0/defaults/unknownQuery",
            "/apis/0/defaults/body/maxSize",
            "/apis/0/defaults/body/maxDepth",
            "/apis/0/defaults/head/maxHeaders",
            "/apis/0/defaults/head/maxHeaderSize",
            "/apis/0/defaults/upstream/stripCredentials",
            "/apis/0/defaults/response/undeclaredFields",
            "/apis/0/endpoints/0/mode",
            "/apis/0/endpoints/2/modes/contract",
        ]
    );
    let said = &checked.problems.iter().find(|p| p.at == "/mode").unwrap();
    assert!(
        said.message.contains("the floor `mesh` asks for more"),
        "{said:?}"
    );
    assert!(said.message.contains("/endpoints/mode"), "{said:?}");
    assert!(
        said.hint.as_ref().unwrap().contains("`platform`"),
        "{said:?}"
    );
}

#[test]
fn graphql_is_bounded_where_a_policy_takes_it() {
    let graphql = |rules: &str| {
        read(&format!(
            "
apis:
  - name: orders
    hosts: [orders.test]
    defaults: {{ authenticate: {{ anyOf: [staff] }}, authorize: {{ cel: 'true' }} }}
    endpoints:
      - {{ match: {{ method: POST, path: /graphql }}, graphql: {rules} }}
      - {{ match: {{ method: POST, path: /explorer }}, graphql: {{ maxDepth: 20, introspection: true }} }}
      - {{ match: {{ method: POST, path: /orders }} }}
"
        ))
    };
    let checked = graphql("{ maxCost: 8000 }");
    assert_eq!(checked.problems, []);
    let document = checked.ready.unwrap().bundle;
    let rules = |index: usize| document.apis[0].endpoints[index].graphql.clone();
    let expected = config::GraphqlRules {
        max_depth: Some(10),
        max_cost: Some(8_000),
        operation_types: Some(vec![config::GraphqlOperation::Query]),
        ..config::GraphqlRules::default()
    };
    assert_eq!(rules(0), Some(expected));
    let waived = rules(1).unwrap();
    assert_eq!((waived.max_depth, waived.introspection), (Some(20), true));
    assert_eq!(rules(2), None, "a floor makes no endpoint take GraphQL");

    let rules = "{ maxDepth: 11, maxCost: 9001, maxBatch: 5, introspection: true, operationTypes: [query, mutation] }";
    let at = "/apis/0/endpoints/0/graphql";
    let fields = [
        "maxDepth",
        "maxCost",
        "maxBatch",
        "introspection",
        "operationTypes",
    ];
    let expected = fields.map(|field| pointer(at, field));
    assert_eq!(places(&graphql(rules)), expected);
}

#[test]
fn what_comes_of_the_description_is_judged_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    fs::write(file("floor.yaml"), FLOOR).unwrap();
    let description = "
openapi: 3.1.0
info: { title: orders, version: '1' }
servers: [{ url: 'https://orders.test' }]
components: { securitySchemes: { key: { type: apiKey, in: header, name: x-api-key } } }
paths:
  /open: { get: { security: [], responses: { '200': { description: ok } } } }
  /maybe: { get: { security: [{}, { key: [] }], responses: { '200': { description: ok } } } }
  /known: { get: { security: [{ key: [] }], responses: { '200': { description: ok } } } }
  /health: { get: { security: [], responses: { '200': { description: ok } } } }
";
    fs::write(file("orders.yaml"), description).unwrap();
    let policy = "apis: [{ name: orders, openapi: orders.yaml, securitySchemes: { key: staff } }]";
    fs::write(file("policy.yaml"), format!("{HEAD}{policy}")).unwrap();
    let floors = Floors {
        files: vec![file("floor.yaml")],
    };
    let checked = Checked::read(&file("policy.yaml"), &floors.read().unwrap()).unwrap();
    let said: Vec<&str> = checked
        .problems
        .iter()
        .map(|p| p.message.as_str())
        .collect();
    assert_eq!(places(&checked), ["/apis/0"; 3], "{said:?}");
    assert!(
        said.iter()
            .any(|s| s.starts_with("`GET /open` may be called by anybody")),
        "{said:?}"
    );
    assert!(
        said.iter()
            .any(|s| s.starts_with("`GET /maybe` may be called without")),
        "{said:?}"
    );
    assert!(
        said.iter()
            .any(|s| s.contains("`GET /known`") && s.contains("everybody who is known")),
        "{said:?}"
    );
}

#[test]
fn a_floor_with_mistakes_is_no_floor() {
    for wrong in [
        "kind: Floor",
        "{ apiVersion: meshward.dev/v1, kind: Floor, metadata: { name: m }, endpoints: { limits: [x] } }",
        "{ apiVersion: meshward.dev/v1, kind: Floor, metadata: { name: m }, endpoint: {} }",
        "{ apiVersion: meshward.dev/v1, kind: Policy, metadata: { name: m } }",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("floor.yaml");
        fs::write(&file, wrong).unwrap();
        assert!(Floors { files: vec![file] }.read().is_err(), "{wrong}");
    }
}
