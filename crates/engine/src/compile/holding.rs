//! Which endpoints need a proxy that can hold a message back: what a configuration for the proxy is chosen by.

use super::{Endpoint, Policy};
use crate::config::Mode;

impl Policy {
    /// The endpoints on which ordinary requests have a verdict that needs a body, of the request or of the response, as
    /// `METHOD /template`. Besides these, every endpoint whose contract is judged needs one for bodies of unknown length.
    pub fn holding(&self) -> impl Iterator<Item = &str> {
        let needy = self
            .endpoints
            .iter()
            .filter(|endpoint| needs_body(endpoint));
        needy.map(|endpoint| &*endpoint.label)
    }
}

fn needs_body(endpoint: &Endpoint) -> bool {
    let judged = |mode: Mode| mode != Mode::Off;
    let (contract, authorization) = (&endpoint.contract, &endpoint.authorization);
    let by_contract = judged(endpoint.modes.contract) && contract.may_need_body();
    let by_response = endpoint.responses
        && judged(endpoint.modes.response)
        && contract.response().may_need_body();
    let by_binding = judged(endpoint.modes.authorize)
        && (authorization.binds_body() || authorization.binds_response());
    by_contract || by_response || by_binding
}

#[cfg(test)]
mod tests {
    use crate::config::Document;

    fn holding(rules: &str) -> Vec<String> {
        let json = r#"{ "application/json": { "schema": { "type": "object" } } }"#;
        let operations = format!(
            r#"{{ "id": "read", "method": "GET", "path": "/o", "at": "/a", "responses": {{ "200": {{ "content": {json} }} }} }},
            {{ "id": "write", "method": "POST", "path": "/o", "at": "/b", "body": {{ "content": {json} }} }},
            {{ "id": "send", "method": "PUT", "path": "/o", "at": "/c", "body": {{ "content": {{ "text/plain": {{}} }} }} }}"#
        );
        let bundle = format!(
            r#"{{ "apiVersion": "meshward.dev/v1", "kind": "Bundle", "metadata": {{ "name": "h" }}, "apis": [{{ "name": "a", "hosts": ["*"],
            "description": {{ "source": "a.yaml", "operations": [{operations}] }},
            "defaults": {{ "authenticate": {{ "public": true }} }}, "endpoints": [{rules}] }}] }}"#
        );
        let document: Document = serde_json::from_str(&bundle).unwrap();
        let compiled = crate::compile(&document).unwrap();
        compiled.policy.holding().map(str::to_owned).collect()
    }

    #[test]
    fn a_json_body_is_held_and_others_are_not() {
        assert_eq!(holding(""), ["POST /o"]);
    }

    #[test]
    fn what_is_off_needs_nothing() {
        let off = r#"{ "match": { "operation": "write" }, "modes": { "contract": "off" } }"#;
        assert_eq!(holding(off), [""; 0]);
    }

    #[test]
    fn a_judged_response_is_held() {
        let judged = r#"{ "match": { "operation": "read" }, "modes": { "response": "monitor" } }"#;
        assert_eq!(holding(judged), ["GET /o", "POST /o"]);
    }
}
