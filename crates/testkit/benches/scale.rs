//! What a large description costs: GitHub's, with more than a thousand operations. `cargo xtask bench --scale` runs it.
//!
//! Times are the processor's for this thread, so that a busy machine changes them little. Nothing is asserted here.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench prints, and fails by a panic"
)]

use meshward_engine::config::{Document, Timestamp};
use meshward_engine::http::{self, Headers, RequestHead, ResponseHead};
use meshward_engine::transaction::{Event, Step, Transaction};
use meshward_engine::{Policy, bundle, compile};
use meshward_openapi::FileLoader;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;

const NOW: Timestamp = Timestamp(1_795_000_000_000_000);
const HOST: &str = "api.github.com";
const FILE: &str = "api.github.com.json";
/// The length of the response that is judged.
const RESPONSE: usize = 1_000_000;

/// The processor's time of this thread, in seconds. What `/proc` says of it may be some milliseconds old, which is longer than a response
/// takes.
fn processor() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The shortest of some runs.
fn measure<T>(runs: usize, mut what: impl FnMut() -> T) -> (f64, T) {
    let mut best: Option<(f64, T)> = None;
    for _ in 0..runs {
        let start = processor();
        let made = what();
        let took = processor() - start;
        if best.as_ref().is_none_or(|(least, _)| took < *least) {
            best = Some((took, made));
        }
    }
    best.unwrap()
}

fn document(response: &str) -> Document {
    serde_json::from_value(json!({
        "apiVersion": "meshward.dev/v1", "kind": "Policy", "metadata": { "name": "github" },
        "delivery": { "allowOnHeadersStopIteration": true },
        "apis": [{ "name": "github", "openapi": FILE,
            "defaults": { "authenticate": { "public": true }, "modes": { "response": response } } }],
    }))
    .unwrap()
}

/// A path of an operation, with something in the place of each parameter.
fn path(template: &str) -> String {
    let steps = template
        .split('/')
        .map(|step| if step.starts_with('{') { "42" } else { step });
    steps.collect::<Vec<_>>().join("/")
}

fn head(method: &str, target: &str) -> RequestHead {
    RequestHead {
        method: method.as_bytes().to_vec(),
        authority: HOST.as_bytes().to_vec(),
        target: target.as_bytes().to_vec(),
        end_of_stream: true,
        ..Default::default()
    }
}

/// A list of the description's own examples of a repository.
fn repositories(description: &Value) -> Vec<u8> {
    let example = &description["components"]["examples"]["minimal-repository-items"]["value"];
    let one = example[0].to_string();
    let times = (RESPONSE / (one.len() + 1)).max(1);
    format!("[{}]", vec![one; times].join(",")).into_bytes()
}

fn judge(policy: &Arc<Policy>, body: &[u8]) -> f64 {
    let request = head("GET", "/users/octocat/repos");
    let transaction = Transaction::new(Arc::clone(policy), NOW);
    let Step::Forward(transaction, _) = transaction.handle(Event::Request(Box::new(request)), NOW)
    else {
        return f64::NAN;
    };
    let fields = vec![(b"content-type".to_vec(), b"application/json".to_vec())];
    let response = ResponseHead {
        status: 200,
        headers: Headers::new(fields),
        end_of_stream: false,
    };
    let Step::NeedBody(transaction) = transaction.handle(Event::Response(Box::new(response)), NOW)
    else {
        return f64::NAN;
    };
    let body = body.to_vec();
    let start = processor();
    let step = transaction.handle(Event::ResponseBody(body), NOW);
    let took = processor() - start;
    if let Step::Reply(record, _) = &step {
        println!("the response was refused: {:?}", record.findings);
        return f64::NAN;
    }
    took
}

fn main() {
    let folder = std::env::var_os("MESHWARD_GITHUB").map(PathBuf::from);
    let Some(folder) = folder else {
        println!("MESHWARD_GITHUB names no folder: run `cargo xtask bench --scale`");
        return;
    };
    let length = std::fs::metadata(folder.join(FILE)).unwrap().len();

    let (took, (bundled, _)) = measure(3, || {
        meshward_openapi::bundle(&document("off"), &mut FileLoader::new(&folder)).unwrap()
    });
    println!("read and bundle          {took:8.2} s of processor");
    let (text, _) = bundle::write(&bundled).unwrap();
    let share = text.len() as f64 / length as f64;
    println!(
        "bundle                   {:8} bytes, {:.1} % of the description",
        text.len(),
        share * 100.0
    );

    let (took, compiled) = measure(3, || {
        let read = bundle::read(text.as_bytes()).unwrap();
        compile(&read.document).unwrap()
    });
    println!("accept the bundle        {took:8.2} s of processor");
    let policy = Arc::new(compiled.policy);

    let operations = &bundled.apis[0].description.as_ref().unwrap().operations;
    let heads: Vec<RequestHead> = operations
        .iter()
        .map(|operation| head(&operation.method, &path(&operation.path)))
        .collect();
    let reading = meshward_engine::config::Reading::default();
    let targets: Vec<_> = heads
        .iter()
        .filter_map(|head| Some((head, http::read(head, &reading).target?)))
        .collect();
    let (took, found) = measure(5, || {
        let mut found = 0;
        for _ in 0..100 {
            found += targets
                .iter()
                .filter(|(head, target)| policy.locate(head, target).is_some())
                .count();
        }
        found
    });
    let finds = 100 * targets.len();
    println!(
        "find an endpoint         {:8.0} ns of processor ({} of {} found)",
        took * 1e9 / finds as f64,
        found / 100,
        operations.len()
    );

    let description: Value =
        serde_json::from_slice(&std::fs::read(folder.join(FILE)).unwrap()).unwrap();
    let body = repositories(&description);
    for (name, rules) in [("validated", "keep"), ("validated and filtered", "remove")] {
        let mut document = document("enforce");
        document.apis[0].defaults.response =
            serde_json::from_value(json!({ "undeclaredFields": rules })).unwrap();
        let (bundled, _) =
            meshward_openapi::bundle(&document, &mut FileLoader::new(&folder)).unwrap();
        let policy = Arc::new(compile(&bundled).unwrap().policy);
        let took = (0..10)
            .map(|_| judge(&policy, &body))
            .fold(f64::NAN, f64::min);
        println!(
            "response, {name:<22} {:6.0} MB/s of processor ({} bytes)",
            body.len() as f64 / took / 1e6,
            body.len()
        );
    }
}
