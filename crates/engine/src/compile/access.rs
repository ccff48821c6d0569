//! Who may call an endpoint.
//!
//! The endpoint's own rule decides; else the description's `security` for the operation; else the API's defaults. Where nobody
//! says anything, nobody may call.

use super::api::Scope;
use super::layers::Layers;
use super::origin::Origin;
use crate::authorize::Alternative;
use crate::config::{Api, Authenticate, IdentityHeader, Operation};
use crate::identity::Provider;
use crate::problem::{Problem, pointer};
use std::collections::BTreeSet;
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
        /// Where more than one is asked for at once: the alternatives, each a set of these providers. Empty where any one of them is enough.
        together: Vec<Vec<Arc<Provider>>>,
        /// Whether a request without any credential passes as anonymous.
        optional: bool,
    },
}

impl Access {
    /// What the upstream is told of the caller where no rule says it: what tells callers apart.
    pub(super) fn told(&self) -> BTreeSet<IdentityHeader> {
        let several = matches!(self, Self::Known { providers, .. } if providers.len() > 1);
        let provider = several.then_some(IdentityHeader::Provider);
        std::iter::once(IdentityHeader::Subject)
            .chain(provider)
            .collect()
    }
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
            all_of,
            optional,
            public,
        } = rule;
        if *public {
            if !any_of.is_empty() || !all_of.is_empty() || *optional {
                self.problem(Problem::error("authenticate-form", at, "`public` excludes `anyOf`, `allOf` and `optional`").hint("a public endpoint looks at no credential; for callers who may be anonymous use `optional: true`"));
            }
            return Access::Public;
        }
        if any_of.is_empty() && all_of.is_empty() {
            self.problem(
                Problem::error("authenticate-form", at, "the rule accepts nobody").hint(
                    "name identity providers under `anyOf` or `allOf`, or write `public: true`",
                ),
            );
        }
        let any = self.listed(any_of, &pointer(at, "anyOf"));
        let all = self.listed(all_of, &pointer(at, "allOf"));
        if all_of.is_empty() {
            return Access::Known {
                providers: any,
                together: Vec::new(),
                optional: *optional,
            };
        }
        let alternatives: Vec<Vec<_>> = if any_of.is_empty() {
            vec![all.clone()]
        } else {
            any.iter()
                .map(|one| all.iter().chain([one]).map(Arc::clone).collect())
                .collect()
        };
        for alternative in &alternatives {
            self.places_differ(alternative, &pointer(at, "allOf"), None);
        }
        Access::Known {
            providers: unique(alternatives.iter().flatten()),
            together: alternatives,
            optional: *optional,
        }
    }

    fn listed(&mut self, names: &[String], at: &str) -> Vec<Arc<Provider>> {
        let names = names.iter().enumerate();
        names
            .filter_map(|(i, name)| self.provider(name, &pointer(at, i)))
            .collect()
    }

    /// A place of a request holds one credential, and one credential cannot be two identities.
    fn places_differ(&mut self, alternative: &[Arc<Provider>], at: &str, file: Option<&str>) {
        for (index, provider) in alternative.iter().enumerate() {
            let place = provider.place();
            let mut before = alternative.iter().take(index);
            let first = before.find(|other| {
                other.name() == provider.name() || (place.is_some() && other.place() == place)
            });
            if let Some(first) = first {
                let problem = Problem::error("same-place", at, format!("`{}` and `{}` read the same place of a request, so no request can have both", first.name(), provider.name()))
                    .hint("ask for one of them, or let one read another header");
                self.problem(match file {
                    Some(file) => problem.file(file.to_owned()),
                    None => problem,
                });
            }
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
        let mut alternatives = Vec::new();
        let mut together: Vec<Vec<Arc<Provider>>> = Vec::new();
        let mut optional = false;
        for requirement in security {
            if requirement.is_empty() {
                optional = true;
                continue;
            }
            let mut set = Vec::with_capacity(requirement.len());
            for (scheme, scopes) in requirement {
                self.weak_scheme(api, scheme, &source);
                let found = self.scheme_provider(api, at, scheme, operation, &source);
                let Some(provider) = found else {
                    continue;
                };
                alternatives.push(Alternative {
                    provider: Arc::clone(provider.name()),
                    scopes: scopes.clone(),
                });
                set.push(provider);
            }
            self.places_differ(&set, &operation.at, Some(&source));
            // INVARIANT (no weaker alternative): a set that lacks a provider would admit callers without its scheme. It is an error that was
            // reported, and no alternative.
            if set.len() == requirement.len() {
                together.push(set);
            }
        }
        let providers = unique(together.iter().flatten());
        if together.iter().all(|set| set.len() == 1) {
            together.clear();
        }
        let access = if providers.is_empty() && optional {
            Access::Public
        } else {
            Access::Known {
                providers,
                together,
                optional,
            }
        };
        Some((access, alternatives))
    }

    /// A name and a password with every request: Meshward does not check it, and says so once per scheme and API.
    fn weak_scheme(&mut self, api: &Api, scheme: &str, source: &str) {
        let schemes = api.description.as_ref().map(|d| &d.security_schemes);
        let basic = schemes
            .and_then(|s| s.get(scheme))
            .is_some_and(|s| s.kind == "http" && s.scheme.as_deref() == Some("basic"));
        if basic && self.used.weak.insert((api.name.clone(), scheme.to_owned())) {
            self.problem(
                Problem::warning("basic-scheme", pointer("/components/securitySchemes", scheme), format!("the security scheme `{scheme}` is Basic authentication: a password that goes with every request, does not expire and has no scope"))
                    .hint("use tokens or API keys; requests with `Authorization: Basic` are refused with `basic_credential` where a token is expected")
                    .file(source.to_owned()),
            );
        }
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

/// The providers without repetitions, in order.
fn unique<'a>(providers: impl Iterator<Item = &'a Arc<Provider>>) -> Vec<Arc<Provider>> {
    let mut out: Vec<Arc<Provider>> = Vec::new();
    for provider in providers {
        if !out.iter().any(|p| p.name() == provider.name()) {
            out.push(Arc::clone(provider));
        }
    }
    out
}
