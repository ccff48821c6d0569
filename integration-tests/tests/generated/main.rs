//! Requests made from the schemas of published descriptions: what fits passes, what is broken is refused.
//!
//! The judge of what fits is the `jsonschema` crate with the operation's schema alone; what is tried is the whole way: description,
//! bundle, route, parameters, strict reading, and the schemas of the API compiled together.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "the failure of a helper is the failure of its test, and what was measured is shown"
)]

mod make;
mod worker;

use integration_tests::paths;
use make::Maker;
use meshward_engine::compile;
use meshward_engine::config::{
    Description, Document, Operation, Parameter, ParameterLocation, Style,
};
use meshward_engine::exchange::{Evaluator, Exchange, Outcome};
use meshward_engine::verdict::{Decision, Reason};
use meshward_openapi::{FileLoader, bundle};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::sync::Arc;

const HOST: &str = "generated.test";

/// What judges requests to a description.
struct Api {
    evaluator: Evaluator,
    description: Description,
}

impl Api {
    fn load(archive: &str, file: &str) -> Self {
        let bundle = public(archive, file);
        let description = bundle.apis.first().and_then(|api| api.description.clone());
        let compiled = compile(&bundle).unwrap_or_else(|problems| panic!("{file}: {problems:#?}"));
        Self {
            evaluator: Evaluator::new(Arc::new(compiled.policy)),
            description: description.expect("the description is in the bundle"),
        }
    }

    fn send(&mut self, request: &Request) -> Outcome {
        let mut headers = request.headers.clone();
        if request.body.is_some() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let exchange: Exchange = serde_json::from_value(json!({
            "now": "2026-11-22T10:00:00Z",
            "request": { "method": request.method, "authority": HOST, "path": request.target(), "headers": headers,
                "body": request.body.as_ref().map(Value::to_string) },
        }))
        .expect("the exchange is one");
        let now = exchange.now.expect("the exchange says when");
        self.evaluator
            .evaluate(&exchange, now)
            .expect("the exchange can be judged")
    }
}

/// A description under a policy that lets everybody in.
fn public(archive: &str, file: &str) -> Document {
    let policy = json!({
        "apiVersion": "meshward.dev/v1", "kind": "Policy", "metadata": { "name": "generated" },
        "delivery": { "allowOnHeadersStopIteration": true },
        "apis": [{ "name": "generated", "hosts": [HOST], "basePaths": ["/"], "openapi": file, "unsupportedPatterns": "ignore",
            "defaults": { "authenticate": { "public": true } } }],
    });
    let document: Document = serde_json::from_value(policy).expect("the policy is one");
    let (mut bundle, _) = bundle(&document, &mut FileLoader::new(paths::archive(archive)))
        .unwrap_or_else(|problems| panic!("{file}: {problems:#?}"));
    let descriptions = bundle
        .apis
        .iter_mut()
        .filter_map(|api| api.description.as_mut());
    for operation in descriptions.flat_map(|description| &mut description.operations) {
        operation.security = None;
    }
    bundle
}

/// A request in the making.
#[derive(Debug, Clone, Default)]
struct Request {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Option<Value>,
}

impl Request {
    fn target(&self) -> String {
        let mut target = self.path.clone();
        for (index, (name, value)) in self.query.iter().enumerate() {
            let between = if index == 0 { '?' } else { '&' };
            let _ = write!(target, "{between}{}={}", encoded(name), encoded(value));
        }
        target
    }
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A scalar as text; nothing for what a parameter cannot hold.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(scalar).collect();
            Some(items?.join(","))
        }
        Value::Null | Value::Object(_) => None,
    }
}

/// The schema of an operation's JSON body.
fn body_schema(operation: &Operation) -> Option<&Value> {
    let content = &operation.body.as_ref()?.content;
    content.get("application/json")?.schema.as_ref()
}

/// A request with every required parameter; `None` where one cannot be made.
fn request(maker: &Maker<'_>, operation: &Operation) -> Option<Request> {
    let mut made = Request {
        method: operation.method.clone(),
        path: operation.path.clone(),
        ..Request::default()
    };
    for parameter in operation
        .parameters
        .iter()
        .filter(|parameter| parameter.required)
    {
        let plain = matches!(parameter.style, Style::Simple | Style::Form);
        let value = maker.make(parameter.schema.as_ref()?)?;
        let text = scalar(&value).filter(|text| plain && !text.is_empty())?;
        match parameter.location {
            ParameterLocation::Path => {
                let name = format!("{{{}}}", parameter.name);
                // A slash within a parameter is refused before any endpoint is known.
                if text.contains('/') {
                    return None;
                }
                made.path = made.path.replace(&name, &encoded(&text));
            }
            ParameterLocation::Query => made.query.push((parameter.name.clone(), text)),
            ParameterLocation::Header => made.headers.push((parameter.name.clone(), text)),
            ParameterLocation::Cookie => return None,
        }
    }
    Some(made)
}

/// Whether no text that is no number could fit.
fn is_numeric(parameter: &Parameter) -> bool {
    let kind = parameter
        .schema
        .as_ref()
        .and_then(|schema| schema.get("type"));
    kind.and_then(Value::as_str) == Some("integer")
}

/// The same value with one thing that may break it, in several ways.
fn spoiled(value: &Value) -> Vec<Value> {
    let mut found = vec![json!([[[]]]), json!("spoiled")];
    if let Value::Object(members) = value {
        for name in members.keys() {
            let mut without = members.clone();
            without.remove(name);
            let mut other = members.clone();
            other.insert(name.clone(), json!([[[{ "spoiled": true }]]]));
            found.extend([Value::Object(without), Value::Object(other)]);
        }
        let mut more = members.clone();
        more.insert("spoiled-by-a-test".to_owned(), json!(1));
        found.push(Value::Object(more));
    }
    found
}

/// What was tried.
#[derive(Debug, Default)]
struct Tried {
    operations: usize,
    made: usize,
    fitting: usize,
    broken: usize,
    wrong: Vec<String>,
}

impl Tried {
    fn expect(&mut self, api: &mut Api, request: &Request, fits: bool) {
        let outcome = api.send(request);
        let passed = outcome.decision == Decision::Allow;
        if fits {
            self.fitting += 1;
        } else {
            self.broken += 1;
        }
        if passed != fits && self.wrong.len() < 20 {
            let words = if fits {
                "fits and was refused"
            } else {
                "is broken and passed"
            };
            self.wrong.push(format!(
                "{} {}: {words}: {request:?} {outcome:?}",
                request.method, request.path
            ));
        }
    }
}

fn try_all(api: &mut Api) -> Tried {
    let mut tried = Tried::default();
    let description = api.description.clone();
    for operation in &description.operations {
        tried.operations += 1;
        let mut was_made = false;
        for full in [false, true] {
            let maker = Maker {
                schemas: &description.schemas,
                full,
            };
            let Some(mut request) = request(&maker, operation) else {
                continue;
            };
            let needs_body = operation.body.as_ref().is_some_and(|body| body.required);
            let Some(schema) = body_schema(operation) else {
                if !needs_body && !full {
                    was_made = true;
                    tried.expect(api, &request, true);
                    spoil_parameters(api, operation, &request, &mut tried);
                }
                continue;
            };
            let Some(body) = maker.make(schema) else {
                continue;
            };
            let oracle = oracle(schema, &description);
            if !oracle.is_valid(&body) {
                continue;
            }
            was_made = true;
            request.body = Some(body.clone());
            tried.expect(api, &request, true);
            for body in spoiled(&body) {
                let fits = oracle.is_valid(&body);
                let request = Request {
                    body: Some(body),
                    ..request.clone()
                };
                tried.expect(api, &request, fits);
            }
            if !full {
                spoil_parameters(api, operation, &request, &mut tried);
            }
        }
        tried.made += usize::from(was_made);
    }
    tried
}

/// Numbers that are none, and parameters that are not declared.
fn spoil_parameters(api: &mut Api, operation: &Operation, request: &Request, tried: &mut Tried) {
    let whole = operation.parameters.iter().any(|parameter| {
        parameter.location == ParameterLocation::Query
            && parameter.style != Style::DeepObject
            && parameter
                .schema
                .as_ref()
                .is_some_and(|schema| schema.get("type") == Some(&json!("object")))
    });
    if !whole {
        let mut unknown = request.clone();
        unknown
            .query
            .push(("spoiled-by-a-test".to_owned(), "1".to_owned()));
        tried.expect(api, &unknown, false);
    }
    let query = operation
        .parameters
        .iter()
        .filter(|p| p.location == ParameterLocation::Query);
    for parameter in query.filter(|parameter| is_numeric(parameter)) {
        let mut broken = request.clone();
        broken.query.retain(|(name, _)| *name != parameter.name);
        broken
            .query
            .push((parameter.name.clone(), "spoiled".to_owned()));
        tried.expect(api, &broken, false);
        let outcome = api.send(&broken);
        assert_eq!(outcome.reason, Some(Reason::ParameterInvalid), "{broken:?}");
    }
}

/// What fits one schema, judged by itself.
fn oracle(schema: &Value, description: &Description) -> jsonschema::Validator {
    let document = json!({ "$defs": description.schemas, "allOf": [schema] });
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .build(&document)
        .expect("the schema compiles")
}

fn generated(archive: &str, file: &str, share: f64) {
    let mut api = Api::load(archive, file);
    let tried = try_all(&mut api);
    println!(
        "{archive}: requests for {} of {} operations; {} that fit, {} that are broken",
        tried.made, tried.operations, tried.fitting, tried.broken
    );
    assert!(tried.wrong.is_empty(), "{}", tried.wrong.join("\n"));
    assert!(tried.made as f64 >= share * tried.operations as f64);
}

#[test]
fn figmas_description() {
    generated("figma", "openapi/openapi.yaml", 0.8);
}

#[test]
fn rclones_description() {
    generated("rclone", "openapi.json", 0.8);
}

#[test]
fn netlifys_description() {
    generated("netlify", "dist/swagger.json", 0.8);
}

#[test]
fn blockfrosts_description() {
    generated("blockfrost", "openapi.yaml", 0.6);
}
