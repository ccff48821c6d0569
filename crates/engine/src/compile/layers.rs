//! What an API's defaults, tag rules and an endpoint's own rule say together.

use crate::config::{Authenticate, Authorize, BodyRules, Mode, Modes, Rules, Unknown, Upstream};

/// The rules of one endpoint, merged: every field from the most specific level that has it.
#[derive(Debug)]
pub(super) struct Layers<'a> {
    /// Most specific first: the endpoint's own rule, tag rules from last to first, the API's defaults.
    levels: Vec<(&'a Rules, String)>,
}

impl<'a> Layers<'a> {
    pub(super) fn new(levels: Vec<(&'a Rules, String)>) -> Self {
        Self { levels }
    }

    /// The first level with something to say, and where it stands.
    fn first<T>(&self, field: impl Fn(&'a Rules) -> Option<T>) -> Option<(T, &str)> {
        self.levels
            .iter()
            .find_map(|(rules, at)| field(rules).map(|value| (value, at.as_str())))
    }

    /// Who may call, by an endpoint's or a tag's rule.
    pub(super) fn own_authenticate(&self) -> Option<(&'a Authenticate, &str)> {
        let (_, own) = self.levels.split_last()?;
        own.iter()
            .find_map(|(rules, at)| rules.authenticate.as_ref().map(|a| (a, at.as_str())))
    }

    /// Who may call, by the API's defaults.
    pub(super) fn default_authenticate(&self) -> Option<(&'a Authenticate, &str)> {
        let (rules, at) = self.levels.last()?;
        rules.authenticate.as_ref().map(|a| (a, at.as_str()))
    }

    pub(super) fn authorize(&self) -> Option<(&'a Authorize, &str)> {
        self.first(|r| r.authorize.as_ref())
    }

    pub(super) fn limits(&self) -> Option<(&'a [String], &str)> {
        self.first(|r| r.limits.as_deref())
    }

    pub(super) fn unknown_query(&self) -> Option<Unknown> {
        self.first(|r| r.unknown_query).map(|(u, _)| u)
    }

    pub(super) fn body(&self) -> BodyRules {
        BodyRules {
            max_size: self.first(|r| r.body.max_size).map(|(v, _)| v),
            max_depth: self.first(|r| r.body.max_depth).map(|(v, _)| v),
            max_values: self.first(|r| r.body.max_values).map(|(v, _)| v),
        }
    }

    pub(super) fn upstream(&self) -> Upstream {
        Upstream {
            identity_headers: self.first(|r| r.upstream.identity_headers).map(|(v, _)| v),
            strip_credentials: self.first(|r| r.upstream.strip_credentials).map(|(v, _)| v),
        }
    }

    /// The modes of every level, most specific first.
    pub(super) fn modes(&self) -> impl Iterator<Item = (Option<Mode>, Modes)> {
        self.levels
            .iter()
            .map(|(rules, _)| (rules.mode, rules.modes))
    }
}
