//! A large description in the workers of a real proxy: what it takes to accept it, and to hold it once every operation was called.

use super::make::Maker;
use super::{HOST, body_schema, public, request};
use integration_tests::{Envoy, Upstream, bootstrap, paths};
use meshward_engine::config::Description;
use std::fmt::Write as _;

/// In MiB: more than this no VM may take.
const MOST: u64 = 64;
/// Workers of the larger proxy.
const WORKERS: u32 = 3;
/// So many connections that each of some workers gets one.
const CONNECTIONS: usize = 40;

/// One request for each operation for which one can be made.
fn requests(description: &Description) -> Vec<Vec<u8>> {
    let maker = Maker {
        schemas: &description.schemas,
        full: true,
    };
    let operations = description.operations.iter().filter_map(|operation| {
        let made = request(&maker, operation)?;
        let mut body = None;
        if let Some(schema) = body_schema(operation) {
            body = Some(maker.make(schema)?.to_string());
        } else if operation.body.as_ref().is_some_and(|body| body.required) {
            return None;
        }
        let target = made.target();
        let mut bytes = format!("{} {target} HTTP/1.1\r\nhost: {HOST}\r\n", made.method);
        for (name, value) in &made.headers {
            let _ = write!(bytes, "{name}: {value}\r\n");
        }
        match body {
            Some(body) => {
                let length = body.len();
                let _ = write!(
                    bytes,
                    "content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
                );
            }
            None => bytes.push_str("\r\n"),
        }
        Some(bytes.into_bytes())
    });
    operations.collect()
}

#[test]
fn githubs_description_in_a_worker() {
    let bundle = public("github", "generated/api.github.com.json");
    let description = bundle.apis[0].description.as_ref();
    let description = description.expect("the description is in the bundle");
    let requests = requests(description);
    let operations = description.operations.len();
    let filter = bootstrap::meshward("large", &bundle, &paths::wasm());
    let listener = bootstrap::listener("large", vec![filter]);
    let upstream = Upstream::start();
    let start = |workers: u32| {
        let listeners = std::slice::from_ref(&listener);
        let envoy = Envoy::with_workers(&bootstrap::bootstrap(listeners, upstream.port), workers);
        let client = envoy.client("large");
        for _ in 0..CONNECTIONS {
            assert_eq!(client.get("/").status, 404);
        }
        let resident = envoy.resident_mib();
        (envoy, client, resident)
    };
    let (several, _, resident) = start(WORKERS);
    let accepted = several.worker_seconds();
    drop(several);
    let (one, client, before) = start(1);
    let each = resident.saturating_sub(before) / u64::from(WORKERS - 1);
    let mut passed = 0;
    for bytes in &requests {
        let response = client.raw(bytes);
        match response.status {
            200 => passed += 1,
            // What was made need not fit: it was held to its schema all the same.
            400 | 422 => {}
            status => panic!("{status} for {}", String::from_utf8_lossy(bytes)),
        }
    }
    let grown = one.resident_mib().saturating_sub(before);
    println!(
        "{operations} operations: each worker took {accepted:.2?} s of the processor to accept them, and its VM holds {each} MiB; \
         {grown} MiB more after {} requests, each to another operation, of which {passed} passed",
        requests.len()
    );
    assert!(passed * 10 > operations * 8, "{passed} of {operations}");
    assert!(each + grown < MOST, "{each} MiB and {grown} MiB");
}
