//! GraphQL requests: what they ask for, before the service does it.
//!
//! One request may ask for anything that the schema connects, so the size of its text says nothing about what it takes. Here a document is
//! read (`lexer`, `document`), counted with its fragments expanded (`weigh`), and held to the policy's bounds. `request` takes documents
//! out of bodies and query strings.
//!
//! INVARIANT (every operation): all operations of a document are judged, whichever is named to be run: servers disagree on that.

mod document;
mod lexer;
mod request;
#[cfg(test)]
mod tests;
mod weigh;

use super::body::{Body, Length};
use super::encoded::Encoded;
use super::json;
use super::media::{self, Sent};
use crate::config::{GraphqlOperation, GraphqlRules};
use crate::http::{RequestHead, Target};
use crate::identity::hex_digest;
use crate::verdict::{Reason, Refusal};
use request::{MEMBERS, Request};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use weigh::Weight;

/// What is asked of the GraphQL requests of one endpoint.
#[derive(Debug)]
pub(crate) struct Graphql {
    with: With,
    depth: u64,
    fields: u64,
    root_fields: u64,
    aliases: u64,
    directives: u64,
    cost: u64,
    sizes: Vec<String>,
    tokens: u32,
    batch: Option<usize>,
    introspection: bool,
    types: Vec<GraphqlOperation>,
    operations: Option<BTreeSet<String>>,
    documents: Option<BTreeSet<[u8; 32]>>,
}

/// How requests come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum With {
    /// In the query string.
    Get,
    /// In the body.
    Post,
}

/// Why a document is none that every server reads alike.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fault {
    /// No GraphQL.
    Malformed { line: usize, column: usize },
    /// More tokens than there may be.
    Tokens,
    /// A fragment that spreads itself.
    Cycle,
    /// A fragment that is not there.
    Fragment,
}

impl Graphql {
    /// What a policy asks for.
    pub(crate) fn compile(rules: &GraphqlRules, with: With) -> Self {
        let mut types = rules.types().to_vec();
        let GraphqlRules {
            max_depth,
            max_fields,
            max_root_fields,
            max_aliases,
            max_directives,
            max_cost,
            cost_arguments,
            max_tokens,
            max_batch,
            introspection,
            operation_types: _,
            operations,
            documents,
        } = rules.clone();
        // Following a link must not change anything (GraphQL over HTTP, "GET").
        if with == With::Get {
            types.retain(|kind| *kind == GraphqlOperation::Query);
        }
        let absent = GraphqlRules::ABSENT;
        let bound = |own: Option<u32>, absent: Option<u32>| own.or(absent).unwrap_or_default();
        let sizes = || ["first", "last", "limit"].map(str::to_owned).to_vec();
        Self {
            with,
            depth: bound(max_depth, absent.max_depth).into(),
            fields: bound(max_fields, absent.max_fields).into(),
            root_fields: bound(max_root_fields, absent.max_root_fields).into(),
            aliases: bound(max_aliases, absent.max_aliases).into(),
            directives: bound(max_directives, absent.max_directives).into(),
            cost: max_cost.or(absent.max_cost).unwrap_or_default(),
            sizes: cost_arguments.unwrap_or_else(sizes),
            tokens: bound(max_tokens, absent.max_tokens),
            batch: max_batch.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
            introspection,
            types,
            operations: operations.map(|names| names.into_iter().collect()),
            documents: documents.map(|all| all.iter().filter_map(|d| hex_digest(d)).collect()),
        }
    }

    /// The query parameters that requests come in.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &'static str> {
        let with = self.with;
        MEMBERS.into_iter().filter(move |_| with == With::Get)
    }

    /// Whether a body must be held back.
    pub(super) fn needs_body(&self, head: &RequestHead) -> bool {
        self.with == With::Post && Length::of(&head.headers, head.end_of_stream) != Length::Known(0)
    }

    /// Whether requests come in bodies.
    pub(super) fn may_need_body(&self) -> bool {
        self.with == With::Post
    }

    /// What the head shows; with GET that is all there is.
    pub(super) fn check_head(
        &self,
        head: &RequestHead,
        target: &Target,
        body: &Body,
    ) -> Option<Refusal> {
        let length = Length::of(&head.headers, head.end_of_stream);
        match (self.with, length) {
            (With::Get, Length::Known(0)) => request::of_query(&target.query, body.bounds())
                .and_then(|request| self.judge(&[request]))
                .err(),
            (With::Get, _) => Some(Reason::BodyUnexpected.into()),
            (With::Post, Length::Known(0)) => Some(Reason::BodyMissing.into()),
            (With::Post, _) => beside(target).or_else(|| content(head)),
        }
    }

    /// The whole body.
    pub(super) fn check_body(
        &self,
        head: &RequestHead,
        bytes: &[u8],
        body: &Body,
    ) -> Option<Refusal> {
        if self.with == With::Get {
            return (!bytes.is_empty()).then(|| Reason::BodyUnexpected.into());
        }
        if bytes.is_empty() {
            return Some(Reason::BodyMissing.into());
        }
        let opened = match body.open(head, bytes) {
            Ok(Some(opened)) => opened,
            Ok(None) => return Some(Reason::ContentEncodingUnsupported.into()),
            Err(refusal) => return Some(refusal),
        };
        let value = match json::read(&opened, body.bounds()) {
            Ok(value) => value,
            Err(fault) => return Some(super::body::refusal(fault)),
        };
        request::of_body(&value, self.batch)
            .and_then(|requests| self.judge(&requests))
            .err()
    }

    /// Holds requests to the bounds, together.
    fn judge(&self, requests: &[Request<'_>]) -> Result<(), Refusal> {
        let mut total = Weight::default();
        for request in requests {
            total = total.and(self.weigh(request)?);
        }
        let bounds = [
            (
                Reason::GraphqlTooDeep,
                "depth",
                "levels of fields",
                total.depth,
                self.depth,
            ),
            (
                Reason::GraphqlTooComplex,
                "rootFields",
                "fields at the root",
                total.root_fields,
                self.root_fields,
            ),
            (
                Reason::GraphqlTooComplex,
                "aliases",
                "aliases",
                total.aliases,
                self.aliases,
            ),
            (
                Reason::GraphqlTooComplex,
                "directives",
                "directives",
                total.directives,
                self.directives,
            ),
            (
                Reason::GraphqlTooComplex,
                "fields",
                "fields",
                total.fields,
                self.fields,
            ),
            (
                Reason::GraphqlTooCostly,
                "cost",
                "fields, times the lists that they stand in",
                total.cost,
                self.cost,
            ),
        ];
        for (reason, what, words, found, most) in bounds {
            if found > most {
                return Err(Refusal::at(reason, format!("graphql.{what}"))
                    .expected(format!("expected at most {most} {words}")));
            }
        }
        if total.introspects && !self.introspection {
            return Err(Reason::GraphqlIntrospection.into());
        }
        Ok(())
    }

    /// Whether one request may be made at all, and what it comes to.
    fn weigh(&self, request: &Request<'_>) -> Result<Weight, Refusal> {
        let text = self.known(request)?;
        let Some(text) = text else {
            return match (&self.operations, request.name) {
                (None, _) => Ok(Weight::default()),
                (Some(names), Some(name)) if names.contains(name) => Ok(Weight::default()),
                (Some(_), _) => Err(Reason::GraphqlOperationUnknown.into()),
            };
        };
        let document =
            document::parse(text, self.tokens, &self.sizes).map_err(|f| self.refusal(f))?;
        let mut run = document.operations.iter();
        let is_run = match request.name {
            Some(name) => run.any(|operation| operation.name == Some(name)),
            None => document.operations.len() == 1,
        };
        if !is_run {
            let expected = "expected the name of an operation of the document";
            return Err(
                Refusal::at(Reason::GraphqlMalformed, "graphql.operationName").expected(expected),
            );
        }
        for operation in &document.operations {
            if !self.types.contains(&operation.kind) {
                let names: Vec<&str> = self.types.iter().map(|kind| kind.name()).collect();
                let at = format!("graphql.{}", operation.kind.name());
                return Err(Refusal::at(Reason::GraphqlOperationType, at)
                    .expected(format!("expected `{}`", names.join("` or `"))));
            }
            let listed =
                |names: &BTreeSet<String>| operation.name.is_some_and(|n| names.contains(n));
            if !self.operations.as_ref().is_none_or(listed) {
                return Err(Reason::GraphqlOperationUnknown.into());
            }
        }
        let weights =
            weigh::weigh(&document, request.variables.as_deref()).map_err(|f| self.refusal(f))?;
        Ok(weights.into_iter().fold(Weight::default(), Weight::and))
    }

    /// The text of a request's document; `None` where only its digest came, and it is a document that passes.
    fn known<'r>(&self, request: &Request<'r>) -> Result<Option<&'r str>, Refusal> {
        let listed = |digest: &[u8; 32]| {
            self.documents
                .as_ref()
                .is_none_or(|all| all.contains(digest))
        };
        let unknown = || Refusal::new(Reason::GraphqlOperationUnknown);
        let Some(text) = request.query else {
            let Some(digest) = &request.digest else {
                return Err(Refusal::at(Reason::GraphqlMalformed, "graphql.query")
                    .expected("expected a document"));
            };
            // What the service has in store under a digest that the policy does not know, nobody here can judge.
            let known = hex_digest(digest).filter(|_| self.documents.is_some());
            return if known.is_some_and(|digest| listed(&digest)) {
                Ok(None)
            } else {
                Err(unknown())
            };
        };
        if self.documents.is_none() && request.digest.is_none() {
            return Ok(Some(text));
        }
        let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        if request
            .digest
            .as_ref()
            .is_some_and(|said| hex_digest(said) != Some(digest))
        {
            return Err(Refusal::at(Reason::GraphqlMalformed, "graphql.sha256Hash")
                .expected("expected the digest of the document that is sent"));
        }
        if listed(&digest) {
            Ok(Some(text))
        } else {
            Err(unknown())
        }
    }

    fn refusal(&self, fault: Fault) -> Refusal {
        match fault {
            Fault::Malformed { line, column } => Refusal::at(Reason::GraphqlMalformed, "graphql.query")
                .expected(format!("expected a document of operations and fragments; it breaks at line {line}, column {column}")),
            Fault::Tokens => Refusal::at(Reason::GraphqlTooComplex, "graphql.tokens")
                .expected(format!("expected at most {} tokens", self.tokens)),
            Fault::Cycle => Refusal::at(Reason::GraphqlMalformed, "graphql.fragments")
                .expected("expected fragments that do not spread themselves"),
            Fault::Fragment => Refusal::at(Reason::GraphqlMalformed, "graphql.fragments")
                .expected("expected fragments that are in the document"),
        }
    }

    /// What is asked, for people.
    pub(crate) fn words(&self) -> Vec<String> {
        let types: Vec<&str> = self.types.iter().map(|kind| kind.name()).collect();
        let mut words = vec![format!(
            "GraphQL ({}): at most {} levels, {} fields, {} at the root, {} aliases, {} directives, cost {}.",
            types.join(", "),
            self.depth,
            self.fields,
            self.root_fields,
            self.aliases,
            self.directives,
            self.cost
        )];
        let batch = match self.batch {
            None => "Lists of requests are refused".to_owned(),
            Some(most) => format!("At most {most} requests in a list"),
        };
        let schema = if self.introspection { "may" } else { "may not" };
        words.push(format!(
            "{batch}. The service {schema} be asked for its schema."
        ));
        if let Some(names) = &self.operations {
            words.push(format!("Only operations of {} names.", names.len()));
        }
        if let Some(documents) = &self.documents {
            words.push(format!(
                "Only {} documents, by their digest.",
                documents.len()
            ));
        }
        words
    }
}

/// Some servers take parts of a request from the query string before they look at the body.
fn beside(target: &Target) -> Option<Refusal> {
    let found = MEMBERS
        .into_iter()
        .find(|member| target.query.iter().any(|(name, _)| name == member))?;
    Some(
        Refusal::at(Reason::GraphqlMalformed, format!("query.{found}"))
            .expected("expected nothing of the request beside its body"),
    )
}

/// What the head says of the body. JSON also keeps out forms that browsers send to other sites without asking.
fn content(head: &RequestHead) -> Option<Refusal> {
    if let Encoded::Otherwise(expected) = Encoded::of(&head.headers) {
        return Some(
            Refusal::at(
                Reason::ContentEncodingUnsupported,
                "header.content-encoding",
            )
            .expected(expected),
        );
    }
    match media::sent(&head.headers) {
        Sent::Missing => Some(Reason::ContentTypeMissing.into()),
        Sent::Type(sent) if sent.essence == "application/json" && sent.is_utf8() => None,
        Sent::Type(_) | Sent::Unreadable => Some(
            Refusal::at(Reason::ContentTypeUnsupported, "header.content-type")
                .expected("expected `application/json`, in UTF-8"),
        ),
    }
}
