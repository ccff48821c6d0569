//! Scopes: those of the policy, or those of the description's `security`.

use crate::verdict::{Reason, Refusal};
use std::sync::Arc;

/// What an endpoint asks of the caller's scopes.
#[derive(Debug, Clone, Default)]
pub(crate) enum Scopes {
    /// Nothing.
    #[default]
    Free,
    /// What the policy says: all of the first, and one of the second unless there is none.
    Policy { all: Vec<String>, any: Vec<String> },
    /// What the description's `security` says: one of the alternatives.
    Description(Vec<Alternative>),
}

/// One alternative of the description's `security`, with the scheme's provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alternative {
    pub(crate) provider: Arc<str>,
    pub(crate) scopes: Vec<String>,
}

impl Scopes {
    /// Judges a caller; `None` is an anonymous one.
    ///
    /// Alternatives for the caller's provider count. Where the description has none for it (the policy accepts a provider that the
    /// description does not name), the caller must fulfil one of the others: a scope that is asked of some is not waived for the rest.
    pub(crate) fn check(&self, caller: Option<(&str, &[String])>) -> Result<(), Refusal> {
        let granted = caller.map_or(&[][..], |(_, scopes)| scopes);
        let has = |scope: &String| granted.contains(scope);
        match self {
            Self::Free => Ok(()),
            Self::Policy { all, any } => {
                if let Some(missing) = all.iter().find(|s| !has(s)) {
                    return Err(refusal(std::slice::from_ref(missing)));
                }
                if any.is_empty() || any.iter().any(has) {
                    Ok(())
                } else {
                    Err(refusal(any))
                }
            }
            Self::Description(alternatives) => {
                // Anonymous passes only where `security` has an empty alternative; authentication has already decided that.
                let Some((provider, _)) = caller else {
                    return Ok(());
                };
                let own: Vec<_> = alternatives
                    .iter()
                    .filter(|a| &*a.provider == provider)
                    .collect();
                let asked = if own.is_empty() {
                    alternatives.iter().collect()
                } else {
                    own
                };
                if asked.is_empty() || asked.iter().any(|a| a.scopes.iter().all(has)) {
                    return Ok(());
                }
                Err(asked
                    .first()
                    .map_or_else(|| Reason::ScopeMissing.into(), |a| refusal(&a.scopes)))
            }
        }
    }

    /// Judges another identity on the same request. Only a description says what it asks of each; a policy's rule is about the caller.
    pub(crate) fn check_other(&self, other: (&str, &[String])) -> Result<(), Refusal> {
        match self {
            Self::Free | Self::Policy { .. } => Ok(()),
            Self::Description(_) => self.check(Some(other)),
        }
    }

    /// In words, for explanations: alternatives of scopes that must all be held.
    pub(crate) fn alternatives(&self) -> Vec<Vec<String>> {
        match self {
            Self::Free => Vec::new(),
            Self::Policy { all, any } if any.is_empty() => {
                vec![all.clone()]
            }
            Self::Policy { all, any } => any
                .iter()
                .map(|one| all.iter().chain([one]).cloned().collect())
                .collect(),
            Self::Description(alternatives) => {
                alternatives.iter().map(|a| a.scopes.clone()).collect()
            }
        }
    }
}

/// Scopes are part of the policy, not of the request: they may be named.
fn refusal(scopes: &[String]) -> Refusal {
    Refusal::new(Reason::ScopeMissing).expected(format!("scope `{}`", scopes.join("` or `")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(list: &[&str]) -> Vec<String> {
        list.iter().map(|s| (*s).to_owned()).collect()
    }

    #[test]
    fn all_and_any() {
        let rule = Scopes::Policy {
            all: scopes(&["a"]),
            any: scopes(&["b", "c"]),
        };
        for (granted, passes) in [
            (&["a", "c"][..], true),
            (&["a", "b"], true),
            (&["a"], false),
            (&["b", "c"], false),
            (&[], false),
        ] {
            assert_eq!(
                rule.check(Some(("p", &scopes(granted)))).is_ok(),
                passes,
                "{granted:?}"
            );
        }
        assert!(rule.check(None).is_err(), "nobody holds no scopes");
    }

    #[test]
    fn the_description_asks_by_provider() {
        let rule = Scopes::Description(vec![
            Alternative {
                provider: "corp".into(),
                scopes: scopes(&["read"]),
            },
            Alternative {
                provider: "keys".into(),
                scopes: vec![],
            },
        ]);
        assert!(rule.check(Some(("keys", &[]))).is_ok());
        assert!(rule.check(Some(("corp", &[]))).is_err());
        assert!(rule.check(Some(("corp", &scopes(&["read"])))).is_ok());
        let only_corp = Scopes::Description(vec![Alternative {
            provider: "corp".into(),
            scopes: scopes(&["read"]),
        }]);
        assert!(
            only_corp.check(Some(("other", &[]))).is_err(),
            "a scope asked of some is not waived for the rest"
        );
    }
}
