use super::*;
use serde_json::json;

fn policy(patch: Value) -> Value {
    let mut policy = json!({
        "apiVersion": "meshward.dev/v1", "kind": "Policy", "metadata": { "name": "shop" },
        "apis": [{ "name": "orders", "hosts": ["orders.test"] }]
    });
    let (Some(whole), Value::Object(patch)) = (policy.as_object_mut(), patch) else {
        panic!("objects");
    };
    whole.extend(patch);
    policy
}

/// Each problem as `CODE at PLACE: MESSAGE (HINT)`.
fn lines(value: &Value) -> Vec<String> {
    problems(schema(), value)
        .into_iter()
        .map(|p| {
            let hint = p.hint.map(|h| format!(" ({h})")).unwrap_or_default();
            format!("{} at {}: {}{hint}", p.code, p.at, p.message)
        })
        .collect()
}

#[test]
fn a_good_policy_has_none() {
    assert_eq!(lines(&policy(json!({}))), Vec::<String>::new());
}

#[test]
fn everything_is_said_at_once() {
    let value = policy(json!({
        "mode": "enforced",
        "modes": { "limit": null },
        "metadata": { "owner": 7 },
        "identityProviders": {
            "corp": { "jwt": { "issuer": "https://idp.test", "audiences": "orders", "algorithms": ["RS255"], "jwks": {}, "clockSkew": "half an hour" } },
            "keys": { "apiKeys": {} },
            "both": { "jwt": {}, "apiKey": {} },
        },
        "limits": { "perCaller": { "key": [], "rate": "100 per second" } },
        "apis": [{ "host": ["a"], "endpoints": [{ "match": { "operation": "x" }, "authorise": {} }] }],
    }));
    insta::assert_debug_snapshot!(lines(&value));
}

#[test]
fn quantities_that_serde_reads_pass() {
    let value = policy(json!({
        "reading": { "maxTarget": 4096, "maxHeaders": 10 },
        "limits": { "all": { "key": [], "windows": [{ "rate": "5/s" }, { "rate": "100/h", "burst": 3 }] } },
    }));
    assert_eq!(lines(&value), Vec::<String>::new());
}
