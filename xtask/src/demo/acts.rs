//! What happens in the demo, in order. Each line is one request, what must come of it, and what it shows.
//!
//! Limits count by caller, so callers do not share an act in which a bucket runs dry.

use super::call::Call;
use super::issuer::{Issuer, Token, tampered, unsigned};
use super::shop::Service::{self, Orders, Payments, Users};
use super::stage::Expect::{Admitted, Noticed, Refused};
use super::stage::Stage;
use anyhow::{Context as _, Result};
use serde_json::Value;

/// An order that fits its schema.
pub(super) const ORDER: &str =
    r#"{"currency":"EUR","items":[{"sku":"TEA-0001","quantity":2,"unitPrice":450}]}"#;
const CUSTOMER: &str = "orders:read orders:write";

/// The key of a partner, or of a service.
pub(super) fn key(name: &str) -> Result<String> {
    let file = crate::paths::root().join("envoy-config/demo-issuer/demo-only-keys.json");
    let text = std::fs::read_to_string(&file)
        .with_context(|| format!("`{}` cannot be read", file.display()))?;
    let keys: Value = serde_json::from_str(&text)?;
    let key = keys.get(name).and_then(Value::as_str).map(str::to_owned);
    key.with_context(|| format!("`{}` has no key `{name}`", file.display()))
}

/// A customer's token for the orders service.
pub(super) fn customer(subject: &str) -> Token<'_> {
    for_service(Orders, subject, CUSTOMER)
}

fn for_service<'a>(service: Service, subject: &'a str, scope: &'a str) -> Token<'a> {
    Token {
        subject,
        audience: service.name(),
        scope,
        age: 0,
    }
}

/// Plays all acts.
pub(super) fn play(stage: &mut Stage) -> Result<()> {
    let issuer = Issuer::open()?;
    callers(stage, &issuer)?;
    between_services(stage, &issuer)?;
    forged_tokens(stage, &issuer)?;
    endpoints(stage, &issuer)?;
    contracts(stage, &issuer)?;
    limits(stage, &issuer)?;
    responses(stage, &issuer)
}

fn get(service: Service, target: impl Into<String>) -> Call {
    Call::new(service, "GET", target)
}

fn post(service: Service, target: impl Into<String>) -> Call {
    Call::new(service, "POST", target)
}

#[rustfmt::skip]
fn callers(stage: &mut Stage, issuer: &Issuer) -> Result<()> {
    let anna = issuer.sign(customer("anna"))?;
    let acme = key("acme")?;
    let list = || get(Orders, "/orders");
    stage.send("nobody", &get(Orders, "/health"), Admitted(200), "open to anybody: the description says so")?;
    stage.send("nobody", &list(), Refused(401, "credential_missing"), "everything else needs a caller")?;
    stage.send("anna (token)", &list().token(&anna), Admitted(200), "a customer with a token of the shop's issuer")?;
    stage.send("acme (key)", &list().header("x-api-key", &acme), Admitted(200), "a partner with an API key")?;
    stage.send("acme (key)", &post(Orders, "/orders").header("x-api-key", &acme).json(ORDER), Refused(403, "scope_missing"), "the partner's key may only read")?;
    stage.send("a guesser", &list().header("x-api-key", "letmein"), Refused(401, "api_key_unknown"), "a key that nobody has been given")?;
    stage.send("anna, twice", &list().token(&anna).header("x-api-key", acme), Refused(401, "credential_conflict"), "two credentials: which one would count?")?;
    Ok(())
}

#[rustfmt::skip]
fn between_services(stage: &mut Stage, issuer: &Issuer) -> Result<()> {
    let anna = issuer.sign(customer("anna"))?;
    let order = stage.send("anna (token)", &post(Orders, "/orders").token(&anna).json(ORDER), Admitted(201), "an order: its service now calls two others")?;
    stage.look(Orders, Users, "GET users /users/anna", Admitted(200), "service to service, through the Envoy of users")?;
    stage.look(Orders, Payments, "POST payments /payments", Admitted(201), "service to service: orders may charge")?;

    let text = |name: &str| order.body.get(name).and_then(Value::as_str).unwrap_or("absent").to_owned();
    let own = get(Orders, format!("/orders/{}", text("id"))).token(&anna);
    stage.send("anna (token)", &own, Admitted(200), "her own order")?;
    let customer = issuer.sign(for_service(Payments, "anna", "orders:read"))?;
    let accountant = issuer.sign(for_service(Payments, "paula", "payments:read"))?;
    let charge = format!(r#"{{"customer":"anna","orderId":"{}","amount":1,"currency":"EUR"}}"#, text("id"));
    let payment = get(Payments, format!("/payments/{}", text("paymentId")));
    stage.send("anna (token)", &post(Payments, "/payments").token(&customer).json(charge), Refused(401, "credential_missing"), "a person may not charge: only services' keys count here")?;
    stage.send("anna (token)", &payment.clone().token(&customer), Refused(403, "scope_missing"), "a known person without the right scope")?;
    stage.send("paula (token)", &payment.token(&accountant), Admitted(200), "an accountant may look at the payment")?;
    Ok(())
}

#[rustfmt::skip]
fn forged_tokens(stage: &mut Stage, issuer: &Issuer) -> Result<()> {
    let anna = customer("anna");
    let list = |token: &str| get(Orders, "/orders").token(token);
    let old = issuer.sign(Token { age: 7200, ..anna })?;
    let elsewhere = issuer.sign(Token { audience: "users", ..anna })?;
    let raised = tampered(&issuer.sign(anna)?, Token { scope: "orders:read orders:admin", ..anna });
    stage.send("anna (token)", &list(&old), Refused(401, "jwt_expired"), "an expired token")?;
    stage.send("anna (token)", &list(&elsewhere), Refused(401, "jwt_audience"), "a token for another service")?;
    stage.send("a forger", &list(&unsigned(anna)), Refused(401, "jwt_algorithm"), "`alg: none`: a token without signature")?;
    stage.send("a forger", &list(&raised), Refused(401, "jwt_signature"), "a real token with another scope written into it")?;
    Ok(())
}

#[rustfmt::skip]
fn endpoints(stage: &mut Stage, issuer: &Issuer) -> Result<()> {
    let anna = issuer.sign(customer("anna"))?;
    let mut send = |call: Call, expect, shows| stage.send("anna (token)", &call.token(&anna), expect, shows);
    send(get(Orders, "/internal/debug"), Refused(404, "endpoint_unknown"), "an endpoint that is not in the description")?;
    send(Call::new(Orders, "PUT", "/orders"), Refused(405, "method_unknown"), "a method that is not in the description")?;
    send(get(Orders, "/orders").header("host", "evil.example"), Refused(404, "host_unknown"), "a host that is not served here")?;
    send(get(Orders, "/orders/../admin/stats"), Refused(400, "target_not_normal"), "path traversal with dot segments")?;
    send(get(Orders, "/orders/..%2fadmin/stats"), Refused(400, "target_ambiguous"), "an encoded slash: proxy and service could disagree")?;
    send(get(Orders, "/admin/stats"), Noticed(200, "scope_missing"), "a new rule in monitor mode: logged, not refused yet")?;
    Ok(())
}

#[rustfmt::skip]
fn contracts(stage: &mut Stage, issuer: &Issuer) -> Result<()> {
    let ben = issuer.sign(customer("ben"))?;
    let mut send = |call: Call, expect, shows| stage.send("ben (token)", &call.token(&ben), expect, shows);
    send(get(Orders, "/orders?limit=5000"), Refused(422, "parameter_invalid"), "a parameter out of its range")?;
    send(get(Orders, "/orders?debug=true"), Refused(422, "parameter_unknown"), "a parameter that is not in the description")?;
    send(post(Orders, "/orders").json(ORDER.replace(":2,", ":-2,")), Refused(422, "body_schema"), "a negative quantity")?;
    send(post(Orders, "/orders").json(ORDER.replace("\"currency\"", "\"currency\":\"USD\",\"currency\"")), Refused(400, "body_duplicate_member"), "a member twice: receivers disagree on which counts")?;
    send(post(Orders, "/orders").text("text/plain", ORDER), Refused(415, "content_type_unsupported"), "not the content type of the description")?;
    Ok(())
}

#[rustfmt::skip]
fn limits(stage: &mut Stage, issuer: &Issuer) -> Result<()> {
    let order = |who: &str| Ok::<_, anyhow::Error>(post(Orders, "/orders").token(&issuer.sign(customer(who))?).json(ORDER));
    stage.send_times(3, "cleo (token)", &order("cleo")?, Admitted(201), "three orders at once are fine")?;
    stage.send("cleo (token)", &order("cleo")?, Refused(429, "rate_limited"), "the fourth is too many for one caller")?;
    stage.send("anna (token)", &order("anna")?, Admitted(201), "another caller has a bucket of her own")?;
    for (id, expect, shows) in [
        ("dora", Admitted(201), "anybody may sign up"),
        ("emil", Admitted(201), "twice from one address is fine"),
        ("fred", Refused(429, "rate_limited"), "an anonymous crowd is limited by address"),
    ] {
        let body = format!(r#"{{"id":"{id}","name":"{id}","email":"{id}@shop.example"}}"#);
        stage.send("nobody", &post(Users, "/users").json(body), expect, shows)?;
    }
    Ok(())
}

#[rustfmt::skip]
fn responses(stage: &mut Stage, issuer: &Issuer) -> Result<()> {
    let anna = issuer.sign(for_service(Users, "anna", ""))?;
    let posing = get(Users, "/users/me").token(&anna).header("x-meshward-subject", "ben");
    let me = stage.send("anna as ben", &posing, Admitted(200), "a forged identity header is dropped: she sees her own account")?;
    stage.check(me.body.get("id").and_then(Value::as_str) == Some("anna"), "the service believed the forged header");
    stage.send("anna (token)", &get(Users, "/users/me/export").token(&anna), Refused(502, "response_schema"), "the service leaks a password hash: the answer is held back")?;
    Ok(())
}
