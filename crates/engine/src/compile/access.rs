//! Who may call an endpoint.
//!
//! The endpoint's own rule decides; else the description's `security` for the operation; else the API's defaults. Where nobody
//! says anything, nobody may call.

use super::api::Scope;
use super::layers::Layers;
use super::origin::Origin;
use crate::authorize::Alternative;
use crate::config::{Api, Authenticate, Operation};
use crate::identity::Provider;
use crate::problem::{Problem, pointer};
use std::sync::Arc;

/// Who may call.
#[derive(Debug, Clone)]
pub(crate) enum Access {
    /// Nobody: no rule says who.
    Closed,
    /// Anybody.
    Public,
    /// Whom one of these providers knows.
    Known {
        providers: Vec<Arc<Provider>>,
        /// Whether a request without any credential passes as anonymous.
        optional: bool,
    },
}

/// Who may call an endpoint, and who says so.
pub(super) struct Accessed {
    pub(super) access: Access,
    pub(super) from: Option<Origin>,
    /// The scopes that the description's `security` asks for.
    pub(super) described: Option<Vec<Alternative>>,
}

impl Scope<'_> {
    pub(super) fn access(
        &mut self,
        api: &Api,
        at: &str,
        layers: &Layers<'_>,
        operation: Option<&Operation>,
    ) -> Accessed {
        let described = operation.and_then(|o| self.described(api, at, o));
        let own = layers.own_authenticate().or_else(|| {
            if described.is_none() {
                layers.default_authenticate()
            } else {
                None
            }
        });
        let (access, from) = match (own, &described) {
            (Some((rule, level)), _) => (
                self.ruled(rule, &pointer(&level.at, "authenticate")),
                Some(level.origin.clone()),
            ),
            (None, Some((access, _))) => (access.clone(), Some(Origin::Description)),
            (None, None) => (Access::Closed, None),
        };
        Accessed {
            access,
            from,
            described: described.map(|(_, alternatives)| alternatives),
        }
    }

    /// What the policy says.
    fn ruled(&mut self, rule: &Authenticate, at: &str) -> Access {
        let Authenticate {
            any_of,
            optional,
            public,
        } = rule;
        if *public {
            if !any_of.is_empty() || *optional {
                self.problem(Problem::error("authenticate-form", at, "`public` excludes `anyOf` and `optional`").hint("a public endpoint looks at no credential; for callers who may be anonymous use `optional: true`"));
            }
            return Access::Public;
        }
        if any_of.is_empty() {
            self.problem(
                Problem::error("authenticate-form", at, "the rule accepts nobody")
                    .hint("name identity providers under `anyOf`, or write `public: true`"),
            );
        }
        let base = pointer(at, "anyOf");
        let providers = any_of
            .iter()
            .enumerate()
            .filter_map(|(i, name)| self.provider(name, &pointer(&base, i)))
            .collect();
        Access::Known {
            providers,
            optional: *optional,
        }
    }

    /// What the description says. `None` where it says nothing.
    fn described(
        &mut self,
        api: &Api,
        at: &str,
        operation: &Operation,
    ) -> Option<(Access, Vec<Alternative>)> {
        let security = operation.security.as_ref()?;
        let source = api
            .description
            .as_ref()
            .map(|d| d.source.clone())
            .unwrap_or_default();
        if security.is_empty() {
            return Some((Access::Public, Vec::new()));
        }
        let mut providers: Vec<Arc<Provider>> = Vec::new();
        let mut alternatives = Vec::new();
        let mut optional = false;
        for requirement in security {
            if requirement.len() > 1 {
                let names: Vec<_> = requirement.keys().map(String::as_str).collect();
                self.problem(
                    Problem::error("security-all-of", operation.at.clone(), format!("the operation asks for several schemes at once (`{}`)", names.join("`, `")))
                        .hint("give the operation an `authenticate` rule in the policy; several identities on one request are not supported yet")
                        .file(source.clone()),
                );
                continue;
            }
            let Some((scheme, scopes)) = requirement.iter().next() else {
                optional = true;
                continue;
            };
            let Some(provider) = self.scheme_provider(api, at, scheme, operation, &source) else {
                continue;
            };
            alternatives.push(Alternative {
                provider: Arc::clone(provider.name()),
                scopes: scopes.clone(),
            });
            if !providers.iter().any(|p| p.name() == provider.name()) {
                providers.push(provider);
            }
        }
        let access = if providers.is_empty() && optional {
            Access::Public
        } else {
            Access::Known {
                providers,
                optional,
            }
        };
        Some((access, alternatives))
    }

    /// The provider that stands for a security scheme.
    fn scheme_provider(
        &mut self,
        api: &Api,
        at: &str,
        scheme: &str,
        operation: &Operation,
        source: &str,
    ) -> Option<Arc<Provider>> {
        if let Some(name) = api.security_schemes.get(scheme) {
            return self.provider(name, &pointer(&pointer(at, "securitySchemes"), scheme));
        }
        if self.providers.contains_key(scheme) {
            return self.provider(scheme, at);
        }
        // Once per scheme and API, not once per operation.
        if self
            .used
            .unmapped
            .insert((api.name.clone(), scheme.to_owned()))
        {
            self.problem(
                Problem::error("security-scheme", pointer(at, "securitySchemes"), format!("the description's security scheme `{scheme}` stands for no identity provider (first asked for by `{} {}` in {source})", operation.method, operation.path))
                    .hint(format!("add `securitySchemes: {{ {scheme}: PROVIDER }}` to the API, with the name of an identity provider")),
            );
        }
        None
    }

    /// A provider by name. An unknown name is a problem; one that did not compile was reported already.
    fn provider(&mut self, name: &str, at: &str) -> Option<Arc<Provider>> {
        self.used.providers.insert(name.to_owned());
        match self.providers.get(name) {
            Some(provider) => provider.clone(),
            None => {
                let known: Vec<_> = self.providers.keys().map(String::as_str).collect();
                self.problem(
                    Problem::error(
                        "unknown-provider",
                        at,
                        format!("there is no identity provider `{name}`"),
                    )
                    .hint(if known.is_empty() {
                        "declare it under `identityProviders`".to_owned()
                    } else {
                        format!(
                            "declare it under `identityProviders`, or use one of `{}`",
                            known.join("`, `")
                        )
                    }),
                );
                None
            }
        }
    }
}
