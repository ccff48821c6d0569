//! `securityDefinitions`: the schemes of 3.0.

use super::{Converter, within, without};
use serde_json::{Map, Value, json};

impl Converter<'_> {
    pub(super) fn security_schemes(&mut self, schemes: &Value) -> Value {
        let Value::Object(schemes) = schemes else {
            return schemes.clone();
        };
        let mut found = Map::new();
        for (name, scheme) in schemes {
            let at = within("/securityDefinitions", &[name]);
            found.insert(name.clone(), self.security_scheme(scheme, &at));
        }
        Value::Object(found)
    }

    fn security_scheme(&mut self, scheme: &Value, at: &str) -> Value {
        let text = |name: &str| scheme.get(name).and_then(Value::as_str);
        match text("type") {
            Some("basic") => {
                let mut new = without(scheme, &["type"]);
                new.insert("type".to_owned(), json!("http"));
                new.insert("scheme".to_owned(), json!("basic"));
                Value::Object(new)
            }
            Some("oauth2") => {
                let urls = ["authorizationUrl", "tokenUrl"];
                let leave = ["flow", "authorizationUrl", "tokenUrl", "scopes"];
                let mut new = without(scheme, &leave);
                let flow = match text("flow") {
                    Some("application") => "clientCredentials",
                    Some("accessCode") => "authorizationCode",
                    Some(other) => other,
                    None => {
                        let what = "the flow is missing";
                        self.note(
                            at,
                            what,
                            "name it: `implicit`, `password`, `application` or `accessCode`",
                        );
                        "implicit"
                    }
                };
                let mut one = Map::new();
                for name in urls {
                    if let Some(url) = scheme.get(name) {
                        one.insert(name.to_owned(), url.clone());
                    }
                }
                let scopes = scheme.get("scopes").cloned();
                one.insert("scopes".to_owned(), scopes.unwrap_or_else(|| json!({})));
                new.insert("flows".to_owned(), json!({ flow: one }));
                Value::Object(new)
            }
            _ => scheme.clone(),
        }
    }
}
