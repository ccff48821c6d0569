//! The values of an exchange, as CEL takes them: only those that an expression looks at.

use super::uses::{Claims, Uses};
use crate::authorize::Request;
use crate::config::Timestamp;
use crate::identity::Identity;
use cel::Value;
use cel::objects::{Key, Map};
use serde_json::Value as Json;
use std::collections::HashMap;
use std::sync::Arc;

/// The values, and how much there is to loop over.
pub(super) struct Values {
    pub(super) variables: Vec<(&'static str, Value)>,
    /// The number of values, and of texts of 64 bytes in them.
    pub(super) weight: u64,
}

const REPEATED: &str = "a header or query parameter that stands once, in UTF-8";

/// Makes the values.
///
/// # Errors
/// What was expected, where a value can be read in two ways.
pub(super) fn of(
    uses: &Uses,
    request: &Request<'_>,
    now: Timestamp,
) -> Result<Values, &'static str> {
    let mut weight = Weight(0);
    let mut variables = Vec::with_capacity(4);
    let mut fields: Vec<(&str, Value)> = Vec::new();
    for field in &uses.request {
        let value = match *field {
            "method" => weight.text(&String::from_utf8_lossy(&request.head.method)),
            "host" => weight.text(&request.target.host),
            _ => weight.text(&format!("/{}", request.target.segments.join("/"))),
        };
        fields.push((field, value));
    }
    if !uses.headers.is_empty() {
        let mut named = Vec::new();
        for name in &uses.headers {
            let mut values = request.head.headers.all(name);
            let Some(value) = values.next() else { continue };
            let text = str::from_utf8(value).map_err(|_| REPEATED)?;
            if values.next().is_some() {
                return Err(REPEATED);
            }
            named.push((name.as_str(), weight.text(text)));
        }
        fields.push(("headers", map(named)));
    }
    if !uses.query.is_empty() {
        let mut named = Vec::new();
        for name in &uses.query {
            let mut values = request.target.query.iter().filter(|(n, _)| n == name);
            let Some((_, value)) = values.next() else {
                continue;
            };
            if values.next().is_some() {
                return Err(REPEATED);
            }
            named.push((name.as_str(), weight.text(value)));
        }
        fields.push(("query", map(named)));
    }
    if uses.parameters {
        let named = request.parameters.iter();
        let named = named.map(|(name, value)| (&**name, weight.text(value)));
        fields.push(("parameters", map(named.collect())));
    }
    if !fields.is_empty() {
        variables.push(("request", map(fields)));
    }
    if uses.identity {
        let identity = request.identity;
        variables.push((
            "identity",
            identity.map_or(Value::Null, |i| weight.identity(i, &uses.claims)),
        ));
    }
    if uses.source {
        let source = &request.head.source;
        let address = source.address.map(|a| a.to_canonical().to_string());
        let named = [
            ("address", address),
            ("principal", source.principal.clone()),
        ];
        let present = named
            .into_iter()
            .filter_map(|(name, value)| value.map(|value| (name, weight.text(&value))));
        variables.push(("source", map(present.collect())));
    }
    if uses.now {
        variables.push(("now", moment(now)?));
    }
    Ok(Values {
        variables,
        weight: weight.0,
    })
}

fn map(fields: Vec<(&str, Value)>) -> Value {
    let fields: HashMap<Key, Value> = fields
        .into_iter()
        .map(|(name, value)| (Key::String(Arc::new(name.to_owned())), value))
        .collect();
    Value::Map(Map {
        map: Arc::new(fields),
    })
}

fn moment(now: Timestamp) -> Result<Value, &'static str> {
    let micros = i64::try_from(now.0).map_err(|_| "a time")?;
    let time = chrono::DateTime::from_timestamp_micros(micros).ok_or("a time")?;
    Ok(Value::Timestamp(time.fixed_offset()))
}

/// Counts what is made.
struct Weight(u64);

impl Weight {
    fn text(&mut self, text: &str) -> Value {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        self.0 = self.0.saturating_add(1).saturating_add(length / 64);
        Value::String(Arc::new(text.to_owned()))
    }

    fn identity(&mut self, identity: &Identity, claims: &Claims) -> Value {
        let wanted = |name: &str| match claims {
            Claims::All => true,
            Claims::Named(names) => names.contains(name),
        };
        let kept = identity.claims.iter().filter(|(name, _)| wanted(name));
        let kept: Vec<_> = kept
            .map(|(name, value)| (name.as_str(), self.json(value)))
            .collect();
        let scopes = identity.scopes.iter().map(|scope| self.text(scope));
        let scopes = Value::List(Arc::new(scopes.collect()));
        map(vec![
            ("subject", self.text(&identity.subject)),
            ("provider", self.text(&identity.provider)),
            ("scopes", scopes),
            ("claims", map(kept)),
        ])
    }

    /// The depth of claims is bounded where tokens are read.
    fn json(&mut self, value: &Json) -> Value {
        self.0 = self.0.saturating_add(1);
        match value {
            Json::Null => Value::Null,
            Json::Bool(truth) => Value::Bool(*truth),
            Json::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => Value::Int(number),
                (None, Some(number)) => Value::UInt(number),
                (None, None) => number.as_f64().map_or(Value::Null, Value::Float),
            },
            Json::String(text) => self.text(text),
            Json::Array(items) => {
                Value::List(Arc::new(items.iter().map(|item| self.json(item)).collect()))
            }
            Json::Object(members) => map(members
                .iter()
                .map(|(name, value)| (name.as_str(), self.json(value)))
                .collect()),
        }
    }
}
