//! A limit is one limit for all workers of a proxy.

use integration_tests::fixture::Fixture;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

const POLICY: &str = r#"
apiVersion: meshward.dev/v1
kind: Policy
metadata: { name: workers }
limits:
  hundred: { key: [header.x-tenant], rate: 1/h, burst: 100 }
apis:
  - name: workers
    hosts: [workers.test]
    defaults: { authenticate: { public: true }, limits: [hundred] }
    endpoints: [{ match: { method: GET, path: /orders } }]
"#;

const CLIENTS: usize = 40;
const REQUESTS: usize = 10;

#[test]
fn four_workers_share_a_bucket() {
    let fixture = Fixture::start(POLICY, "", 4);
    let request = b"GET /orders HTTP/1.1\r\nhost: workers.test\r\nx-tenant: t\r\n\r\n";
    let (passed, limited) = (AtomicU32::new(0), AtomicU32::new(0));
    let start = Barrier::new(CLIENTS);
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                start.wait();
                for _ in 0..REQUESTS {
                    let counter = match fixture.client.raw(request).status {
                        200 => &passed,
                        429 => &limited,
                        other => panic!("unexpected status {other}"),
                    };
                    counter.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let (passed, limited) = (passed.into_inner(), limited.into_inner());
    assert_eq!(passed + limited, 400);
    assert!(
        (98..=102).contains(&passed),
        "{passed} of a bucket of 100 passed"
    );
    let connections = fixture
        .envoy
        .stats(|name| name.contains(".worker_") && name.ends_with(".downstream_cx_total"));
    let busy = connections.iter().filter(|count| **count > 0).count();
    assert!(
        busy > 1,
        "several workers took connections: {connections:?}"
    );
}
