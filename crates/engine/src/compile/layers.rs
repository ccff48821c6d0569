//! What an API's defaults, tag rules and an endpoint's own rule say together.

use super::origin::Origin;
use crate::config::{
    Authenticate, BodyRules, GraphqlRules, HeadRules, HiddenFields, Mode, Modes, Priority, Rules,
    Span, UndeclaredFields, Unknown, Upstream,
};
use std::collections::BTreeMap;

/// The rules of one endpoint, merged: every field from the most specific level that has it.
#[derive(Debug)]
pub(super) struct Layers<'a> {
    /// Most specific first: the endpoint's own rule, tag rules from last to first, the API's defaults.
    levels: Vec<Level<'a>>,
}

/// One level.
#[derive(Debug)]
pub(super) struct Level<'a> {
    pub(super) rules: &'a Rules,
    /// Its JSON pointer.
    pub(super) at: String,
    pub(super) origin: Origin,
}

impl<'a> Layers<'a> {
    pub(super) fn new(levels: Vec<Level<'a>>) -> Self {
        Self { levels }
    }

    /// The first level with something to say.
    pub(super) fn first_level<T>(
        &self,
        field: impl Fn(&'a Rules) -> Option<T>,
    ) -> Option<(T, &Level<'a>)> {
        self.levels
            .iter()
            .find_map(|level| field(level.rules).map(|value| (value, level)))
    }

    /// The first level with something to say, and where it stands.
    fn first<T>(&self, field: impl Fn(&'a Rules) -> Option<T>) -> Option<(T, &str)> {
        let (value, level) = self.first_level(field)?;
        Some((value, level.at.as_str()))
    }

    /// Who may call, by an endpoint's or a tag's rule.
    pub(super) fn own_authenticate(&self) -> Option<(&'a Authenticate, &Level<'a>)> {
        let (_, own) = self.levels.split_last()?;
        own.iter()
            .find_map(|level| level.rules.authenticate.as_ref().map(|a| (a, level)))
    }

    /// Who may call, by the API's defaults.
    pub(super) fn default_authenticate(&self) -> Option<(&'a Authenticate, &Level<'a>)> {
        let level = self.levels.last()?;
        level.rules.authenticate.as_ref().map(|a| (a, level))
    }

    pub(super) fn limits(&self) -> Option<(&'a [String], &str)> {
        self.first(|r| r.limits.as_deref())
    }

    pub(super) fn abuse(&self) -> Option<(&'a [String], &str)> {
        self.first(|r| r.abuse.as_deref())
    }

    pub(super) fn unknown_query(&self) -> Option<Unknown> {
        self.first(|r| r.unknown_query).map(|(u, _)| u)
    }

    /// One bound on request heads.
    pub(super) fn head_bound<T>(
        &self,
        bound: impl Fn(&HeadRules) -> Option<T>,
    ) -> Option<(T, &str)> {
        self.first(|r| bound(&r.head))
    }

    pub(super) fn priority(&self) -> Option<(Priority, &str)> {
        self.first(|r| r.priority)
    }

    pub(super) fn timeout(&self) -> Option<(Span, &str)> {
        self.first(|r| r.upstream.timeout)
    }

    pub(super) fn body(&self) -> BodyRules {
        BodyRules {
            max_size: self.first(|r| r.body.max_size).map(|(v, _)| v),
            max_depth: self.first(|r| r.body.max_depth).map(|(v, _)| v),
            max_values: self.first(|r| r.body.max_values).map(|(v, _)| v),
            max_parts: self.first(|r| r.body.max_parts).map(|(v, _)| v),
            max_part_size: self.first(|r| r.body.max_part_size).map(|(v, _)| v),
            decode: self.first(|r| r.body.decode).map(|(v, _)| v),
        }
    }

    pub(super) fn graphql(&self) -> Option<(&'a GraphqlRules, &str)> {
        self.first(|r| r.graphql.as_ref())
    }

    pub(super) fn accept(&self) -> Option<Unknown> {
        self.first(|r| r.accept).map(|(v, _)| v)
    }

    pub(super) fn undeclared_fields(&self) -> Option<(UndeclaredFields, &str)> {
        self.first(|r| r.response.undeclared_fields)
    }

    pub(super) fn hidden_fields(&self) -> Option<(&'a [HiddenFields], &str)> {
        self.first(|r| r.response.hide.as_deref())
    }

    pub(super) fn claims(&self) -> Option<(&'a BTreeMap<String, String>, &str)> {
        self.first(|r| r.upstream.claims.as_ref())
    }

    pub(super) fn upstream(&self) -> Upstream {
        Upstream {
            claims: self.claims().map(|(claims, _)| claims.clone()),
            identity_headers: self
                .first(|r| r.upstream.identity_headers.as_ref())
                .map(|(v, _)| v.clone()),
            strip_credentials: self.first(|r| r.upstream.strip_credentials).map(|(v, _)| v),
            timeout: self.timeout().map(|(v, _)| v),
        }
    }

    /// The modes of every level, most specific first.
    pub(super) fn modes(&self) -> impl Iterator<Item = (Option<Mode>, Modes)> {
        self.levels
            .iter()
            .map(|level| (level.rules.mode, level.rules.modes))
    }
}
