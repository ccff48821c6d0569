//! Which endpoints take GraphQL, and what is asked of it there.

use super::api::Scope;
use super::layers::Layers;
use crate::config::{GraphqlRules, Operation};
use crate::contract::{Graphql, With};
use crate::identity::hex_digest;
use crate::problem::{Problem, pointer};
use crate::route::RouterEndpoint;
use std::collections::BTreeSet;

/// The most tokens that a policy may have read.
const MOST_TOKENS: u32 = 100_000;

impl Scope<'_> {
    /// What an endpoint asks of GraphQL requests, if it takes them.
    pub(super) fn graphql(
        &mut self,
        layers: &Layers<'_>,
        operation: &Operation,
    ) -> Option<Graphql> {
        let (rules, at) = layers.graphql()?;
        let at = pointer(at, "graphql");
        let with = match operation.method.as_str() {
            "GET" => With::Get,
            "POST" => With::Post,
            method => {
                let message = format!("`{method} {}` cannot take GraphQL", operation.path);
                let problem = Problem::error("graphql-method", at, message);
                self.once(problem.hint(
                    "requests come with POST or GET: name these endpoints in a rule of their own",
                ));
                return None;
            }
        };
        for problem in wrong(rules, &at) {
            self.once(problem);
        }
        Some(Graphql::compile(rules, with))
    }

    /// A server that takes GraphQL with POST usually takes it with GET as well.
    pub(super) fn graphql_beside<'r>(
        &mut self,
        at: &str,
        routes: impl Iterator<Item = &'r RouterEndpoint> + Clone,
    ) {
        let takes = |route: &RouterEndpoint| {
            let endpoint = self.endpoints.get(route.index);
            endpoint.is_some_and(|endpoint| endpoint.contract.graphql().is_some())
        };
        let posts: BTreeSet<&str> = routes
            .clone()
            .filter(|post| post.method == "POST" && takes(post))
            .map(|post| post.path.as_str())
            .collect();
        let open = |get: &RouterEndpoint| {
            get.method == "GET" && posts.contains(get.path.as_str()) && !takes(get)
        };
        let problems: Vec<Problem> = routes
            .filter(|route| open(route))
            .map(|get| {
                let path = &get.path;
                Problem::warning("graphql-get", pointer(at, "endpoints"), format!("`GET {path}` is not judged as GraphQL, but `POST {path}` is"))
                    .hint("give it a rule with `graphql` as well, or take it out of the description: most servers take GraphQL with both")
            })
            .collect();
        self.problems.extend(problems);
    }
}

fn wrong(rules: &GraphqlRules, at: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let error =
        |field: &str, message: String| Problem::error("graphql", pointer(at, field), message);
    if let Some(tokens) = rules
        .max_tokens
        .filter(|most| !(1..=MOST_TOKENS).contains(most))
    {
        problems.push(error(
            "maxTokens",
            format!("{tokens} tokens: from 1 to 100,000 are possible"),
        ));
    }
    if rules.max_batch == Some(0) {
        let problem = error("maxBatch", "no list holds at most 0 requests".to_owned());
        problems.push(problem.hint("leave it out to refuse lists"));
    }
    for (index, digest) in rules.documents.iter().flatten().enumerate() {
        if hex_digest(digest).is_none() {
            let at = pointer(&pointer(at, "documents"), index);
            let problem = Problem::error(
                "invalid-digest",
                at,
                "the digest must be 64 hexadecimal digits",
            );
            problems.push(problem.hint(
                "take the SHA-256 of the document's text: `printf %s \"$document\" | sha256sum`",
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use crate::config::Document;
    use crate::problem::Problem;

    /// The codes and places of what is wrong with an API of these endpoints.
    fn problems(endpoints: &str) -> Vec<(&'static str, String)> {
        let bundle = format!(
            r#"{{ "apiVersion": "meshward.dev/v1", "kind": "Bundle", "metadata": {{ "name": "g" }}, "apis": [{{ "name": "a", "hosts": ["*"],
            "defaults": {{ "authenticate": {{ "public": true }} }}, "endpoints": [{endpoints}] }}] }}"#
        );
        let document: Document = serde_json::from_str(&bundle).unwrap();
        let found = match crate::compile(&document) {
            Ok(compiled) => compiled.warnings,
            Err(problems) => problems,
        };
        let told = |problem: Problem| (problem.code, problem.at);
        found.into_iter().map(told).collect()
    }

    #[test]
    fn a_get_beside_a_judged_post_is_told() {
        let post = r#"{ "match": { "method": "POST", "path": "/g" }, "graphql": {} }"#;
        let get = r#"{ "match": { "method": "GET", "path": "/g" } }"#;
        let judged = r#"{ "match": { "method": "GET", "path": "/g" }, "graphql": {} }"#;
        let told = vec![("graphql-get", "/apis/0/endpoints".to_owned())];
        assert_eq!(problems(&format!("{post}, {get}")), told);
        assert_eq!(problems(&format!("{post}, {judged}")), []);
        assert_eq!(problems(get), []);
    }

    #[test]
    fn what_cannot_be_meant_is_told() {
        let rules = r#"{ "match": { "method": "POST", "path": "/g" }, "graphql": { "maxTokens": 0, "maxBatch": 0, "documents": ["x"] } },
            { "match": { "method": "PUT", "path": "/g" }, "graphql": {} }"#;
        let at = |place: &str| format!("/apis/0/endpoints/{place}");
        assert_eq!(
            problems(rules),
            [
                ("graphql", at("0/graphql/maxTokens")),
                ("graphql", at("0/graphql/maxBatch")),
                ("invalid-digest", at("0/graphql/documents/0")),
                ("graphql-method", at("1/graphql")),
            ]
        );
    }
}
