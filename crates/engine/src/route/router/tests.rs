//! Hosts, base paths, methods, and what cannot be put together.

use super::*;
use crate::http::Headers;

fn api(index: usize, hosts: &[&str], bases: &[&str], endpoints: &[&str]) -> RouterApi {
    let owned = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect();
    RouterApi {
        index,
        at: format!("/apis/{index}"),
        hosts: owned(hosts),
        base_paths: owned(bases),
        head_follows_get: false,
        cors_preflight: false,
        endpoints: endpoints
            .iter()
            .enumerate()
            .map(|(i, line)| {
                let (method, path) = line.split_once(' ').unwrap();
                RouterEndpoint {
                    index: i,
                    method: method.to_owned(),
                    path: path.to_owned(),
                    at: format!("/apis/{index}/endpoints/{i}"),
                    file: None,
                }
            })
            .collect(),
    }
}

fn router(apis: &[RouterApi]) -> Router {
    let (router, problems) = Router::compile(apis);
    assert_eq!(problems, []);
    router
}

fn codes(apis: &[RouterApi]) -> Vec<&'static str> {
    let (_, problems) = Router::compile(apis);
    assert!(problems.iter().all(|p| p.hint.is_some()));
    problems.iter().map(|problem| problem.code).collect()
}

fn head(fields: &[(&str, &str)]) -> RequestHead {
    let bytes = |text: &str| text.as_bytes().to_vec();
    RequestHead {
        headers: Headers::new(fields.iter().map(|(n, v)| (bytes(n), bytes(v))).collect()),
        end_of_stream: true,
        ..RequestHead::default()
    }
}

fn find(router: &Router, host: &str, method: &str, path: &str) -> Found {
    find_with(router, host, method, path, &head(&[]))
}

fn find_with(router: &Router, host: &str, method: &str, path: &str, head: &RequestHead) -> Found {
    let segments = path::normalise(path.as_bytes()).unwrap().segments;
    router.find(host, method, &segments, head)
}

fn endpoint(api: usize, endpoint: usize, params: &[(&str, &str)]) -> Found {
    Found::Endpoint {
        api,
        endpoint,
        params: params
            .iter()
            .map(|(n, v)| (Arc::from(*n), (*v).to_owned()))
            .collect(),
    }
}

fn unknown(apis: &[usize]) -> Found {
    Found::EndpointUnknown {
        apis: apis.to_vec(),
    }
}

#[test]
fn finds_endpoints_with_their_parameters() {
    let router = router(&[api(
        7,
        &["a.com"],
        &[],
        &[
            "GET /orders",
            "GET /orders/{id}",
            "POST /orders/{order}",
            "GET /orders/{id}/{a}-{b}",
        ],
    )]);
    let find = |method, path| find(&router, "a.com", method, path);
    assert_eq!(find("GET", "/orders"), endpoint(7, 0, &[]));
    assert_eq!(
        find("GET", "/orders/a%20b"),
        endpoint(7, 1, &[("id", "a b")])
    );
    assert_eq!(find("POST", "/orders/1"), endpoint(7, 2, &[("order", "1")]));
    assert_eq!(
        find("GET", "/orders/1/2-3-4"),
        endpoint(7, 3, &[("id", "1"), ("a", "2"), ("b", "3-4")])
    );
    for path in ["/", "/orders/", "/orders/1/", "/Orders", "/orders/1/2"] {
        assert_eq!(find("GET", path), unknown(&[7]), "{path}");
    }
}

#[test]
fn the_host_chooses_one_table() {
    let router = router(&[
        api(0, &["a.com"], &[], &["GET /x"]),
        api(1, &["*.a.com"], &[], &["GET /x"]),
    ]);
    assert_eq!(find(&router, "a.com", "GET", "/x"), endpoint(0, 0, &[]));
    assert_eq!(find(&router, "b.a.com", "GET", "/x"), endpoint(1, 0, &[]));
    assert_eq!(find(&router, "b.com", "GET", "/x"), Found::HostUnknown);
}

#[test]
fn there_is_no_way_back_to_a_less_specific_host_or_base() {
    let router = router(&[
        api(0, &["a.com"], &["/v1"], &["GET /x"]),
        api(1, &["*"], &[], &["GET /y"]),
        api(2, &["a.com"], &["/v1/beta/"], &["GET /z"]),
    ]);
    let find = |path| find(&router, "a.com", "GET", path);
    assert_eq!(find("/v1/x"), endpoint(0, 0, &[]));
    assert_eq!(find("/v1/beta/z"), endpoint(2, 0, &[]));
    assert_eq!(find("/v1/beta/x"), unknown(&[2]));
    assert_eq!(find("/v1/z"), unknown(&[0]));
    assert_eq!(find("/y"), unknown(&[0, 2]));
}

#[test]
fn base_paths_end_at_segments_and_are_appended() {
    let router = router(&[api(0, &["*"], &["/v1", "/w"], &["GET /", "GET /{id}"])]);
    let find = |path| find(&router, "a.com", "GET", path);
    assert_eq!(find("/v1/"), endpoint(0, 0, &[]));
    assert_eq!(find("/v1/2"), endpoint(0, 1, &[("id", "2")]));
    assert_eq!(find("/w/2"), endpoint(0, 1, &[("id", "2")]));
    for path in ["/v1", "/v10", "/v1x/2", "/", "/2"] {
        assert_eq!(find(path), unknown(&[0]), "{path}");
    }
}

#[test]
fn apis_can_share_a_host_and_base() {
    let router = router(&[
        api(3, &["*"], &["/"], &["GET /a", "GET /c"]),
        api(4, &["*"], &["/"], &["GET /b", "POST /c"]),
    ]);
    let find = |method, path| find(&router, "x", method, path);
    assert_eq!(find("GET", "/a"), endpoint(3, 0, &[]));
    assert_eq!(find("GET", "/b"), endpoint(4, 0, &[]));
    assert_eq!(find("POST", "/c"), endpoint(4, 1, &[]));
    assert_eq!(find("GET", "/d"), unknown(&[3, 4]));
    assert_eq!(
        find("PUT", "/c"),
        Found::MethodUnknown {
            apis: vec![3, 4],
            allow: vec!["GET".to_owned(), "POST".to_owned()]
        }
    );
}

#[test]
fn the_method_does_not_change_the_path() {
    let router = router(&[api(0, &["*"], &[], &["GET /a/b", "POST /a/{x}"])]);
    let find = |method, path| find(&router, "x", method, path);
    assert_eq!(find("POST", "/a/c"), endpoint(0, 1, &[("x", "c")]));
    let unknown = Found::MethodUnknown {
        apis: vec![0],
        allow: vec!["GET".to_owned()],
    };
    for method in ["POST", "get", "HEAD", "OPTIONS", ""] {
        assert_eq!(find(method, "/a/b"), unknown, "{method}");
    }
}

#[test]
fn head_follows_get_where_it_is_set_and_not_declared() {
    let mut following = api(0, &["*"], &[], &["GET /a", "GET /b", "HEAD /b", "POST /c"]);
    following.head_follows_get = true;
    let router = router(&[following]);
    let find = |method, path| find(&router, "x", method, path);
    assert_eq!(find("HEAD", "/a"), endpoint(0, 0, &[]));
    assert_eq!(find("HEAD", "/b"), endpoint(0, 2, &[]));
    let refused = |allow: [&str; 2]| Found::MethodUnknown {
        apis: vec![0],
        allow: allow.map(str::to_owned).to_vec(),
    };
    assert_eq!(find("PUT", "/a"), refused(["GET", "HEAD"]));
    assert_eq!(find("PUT", "/b"), refused(["GET", "HEAD"]));
    assert_eq!(
        find("HEAD", "/c"),
        Found::MethodUnknown {
            apis: vec![0],
            allow: vec!["POST".to_owned()]
        }
    );
}

#[test]
fn preflights_pass_for_endpoints_that_exist() {
    let mut cors = api(0, &["*"], &[], &["PUT /a", "GET /b", "OPTIONS /b"]);
    cors.cors_preflight = true;
    let router = router(&[cors]);
    let ask =
        |path, fields: &[(&str, &str)]| find_with(&router, "x", "OPTIONS", path, &head(fields));
    let origin = ("origin", "https://app.example");
    let wants = |method| ("access-control-request-method", method);
    assert_eq!(
        ask("/a", &[origin, wants("PUT")]),
        Found::Preflight { api: 0 }
    );
    assert_eq!(ask("/b", &[origin, wants("GET")]), endpoint(0, 2, &[]));
    let refused = Found::MethodUnknown {
        apis: vec![0],
        allow: vec!["OPTIONS".to_owned(), "PUT".to_owned()],
    };
    assert_eq!(ask("/a", &[origin]), refused);
    assert_eq!(ask("/a", &[wants("PUT")]), refused);
    assert_eq!(ask("/a", &[origin, wants("GET")]), refused);
    assert_eq!(ask("/a", &[origin, wants("put")]), refused);
    assert_eq!(ask("/a", &[origin, wants("PUT"), wants("PUT")]), refused);
    assert_eq!(ask("/c", &[origin, wants("PUT")]), unknown(&[0]));
    let with_body = RequestHead {
        end_of_stream: false,
        ..head(&[origin, wants("PUT")])
    };
    assert_eq!(
        find_with(&router, "x", "OPTIONS", "/a", &with_body),
        refused
    );
}

#[test]
fn what_cannot_be_told_apart_is_an_error() {
    assert_eq!(
        codes(&[api(
            0,
            &["a.com", "b.com"],
            &[],
            &["GET /a/{x}", "GET /a/{y}"]
        )]),
        ["path-conflict"]
    );
    let shared = [
        api(0, &["a.com"], &["/v1"], &["GET /a/{x}-{y}", "GET /b"]),
        api(
            1,
            &["a.com", "b.com"],
            &["/v1/"],
            &["GET /a/{z}-{w}", "PUT /b"],
        ),
    ];
    let (_, problems) = Router::compile(&shared);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].code, "endpoint-shared");
    assert_eq!(problems[0].at, "/apis/1/endpoints/0");
    assert!(
        problems[0]
            .message
            .contains("`/a/{x}-{y}` at `/apis/0/endpoints/0`")
    );
    for (hosts, bases) in [(["b.com"], ["/v1"]), (["a.com"], ["/v2"])] {
        let mut apart = shared.clone();
        apart[1] = api(1, &hosts, &bases, &["GET /a/{x}-{y}"]);
        assert_eq!(codes(&apart), [""; 0]);
    }
}

#[test]
fn every_mistake_is_reported_with_its_place() {
    let apis = [api(
        0,
        &["https://a.com", "a.com:80"],
        &["v1", "/a//b", "/{x}", "/ok"],
        &["GET a", "GET /{", "G T /a", "get /b", "GET /c?d"],
    )];
    let mut endpoints = apis.clone();
    endpoints[0].endpoints[2].method = "G T".to_owned();
    endpoints[0].endpoints[2].path = "/a".to_owned();
    let (_, problems) = Router::compile(&endpoints);
    let found: Vec<(&str, &str)> = problems.iter().map(|p| (p.code, p.at.as_str())).collect();
    assert_eq!(
        found,
        [
            ("path-invalid", "/apis/0/endpoints/0"),
            ("path-braces", "/apis/0/endpoints/1"),
            ("method-invalid", "/apis/0/endpoints/2"),
            ("method-case", "/apis/0/endpoints/3"),
            ("path-unreachable", "/apis/0/endpoints/4"),
            ("base-path-invalid", "/apis/0/basePaths/0"),
            ("base-path-invalid", "/apis/0/basePaths/1"),
            ("base-path-invalid", "/apis/0/basePaths/2"),
            ("host-invalid", "/apis/0/hosts/0"),
            ("host-port", "/apis/0/hosts/1"),
        ]
    );
    assert_eq!(codes(&[api(0, &[], &[], &[])]), ["host-missing"]);
}
