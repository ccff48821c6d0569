//! What has a bucket of its own.

use super::cost::{Amount, Source};
use crate::config::OnMissing;
use crate::problem::{Problem, pointer};
use crate::sip::Namer;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;

/// The key of a limit.
#[derive(Debug)]
pub(crate) struct Key {
    parts: Vec<Part>,
    on_missing: OnMissing,
}

/// One part of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Subject,
    Provider,
    /// The id of an API key.
    KeyId,
    /// The client's address, behind trusted proxies.
    Client,
    Address,
    Principal,
    Header(String),
    Query(String),
    Claim(Vec<String>),
    Path(String),
    Endpoint,
    Api,
}

/// Where the values of a key come from.
pub(crate) trait Values {
    /// The value of one part, if the request has one.
    fn value(&self, part: &Part) -> Option<Cow<'_, [u8]>>;
    /// What the request says of what a cost depends on.
    fn amount(&self, source: &Source) -> Amount;
}

/// The secret of a limit table: whoever knows it can aim keys at one slot.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seed(pub(crate) [u8; 16]);

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed")
    }
}

impl Key {
    pub(crate) fn compile(
        at: &str,
        parts: &[String],
        on_missing: OnMissing,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let parts = parts
            .iter()
            .enumerate()
            .filter_map(|(i, text)| {
                let part = Part::parse(text);
                if part.is_none() {
                    problems.push(Problem::error("limit-key", pointer(at, i), format!("`{text}` is nothing that a limit can count by")).hint(
                        "use `identity.subject`, `identity.provider`, `identity.key`, `client.address`, `source.address`, `source.principal`, `header.NAME`, `query.NAME`, `claims.NAME`, `path.NAME`, `endpoint` or `api`",
                    ));
                }
                part
            })
            .collect();
        Self { parts, on_missing }
    }

    /// The name of a request's bucket under the table's seed; `None` where a value is missing and the limit denies that.
    ///
    /// Every value is written with its length, so that no two different lists of values give the same bytes.
    pub(crate) fn digest(&self, seed: Seed, limit: &str, values: &impl Values) -> Option<u128> {
        let mut all = Vec::with_capacity(128);
        let mut put = |present: u8, bytes: &[u8]| {
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            all.push(present);
            all.extend_from_slice(&length.to_le_bytes());
            all.extend_from_slice(bytes);
        };
        put(1, limit.as_bytes());
        for part in &self.parts {
            match (values.value(part), self.on_missing) {
                (Some(value), _) => put(1, &value),
                (None, OnMissing::Share) => put(0, &[]),
                (None, OnMissing::Deny) => return None,
            }
        }
        Some(Namer::with(&seed.0).name(&all))
    }

    /// The values as a service sees them that counts for many proxies: the first half of their SHA-256 digest, in hexadecimal digits. The
    /// same on every proxy, so without a secret.
    pub(crate) fn value(&self, values: &impl Values) -> String {
        let mut digest = Sha256::new();
        for part in &self.parts {
            let value = values.value(part);
            digest.update([u8::from(value.is_some())]);
            let value = value.unwrap_or_default();
            digest.update(u64::try_from(value.len()).unwrap_or(u64::MAX).to_le_bytes());
            digest.update(&*value);
        }
        let whole = <[u8; 32]>::from(digest.finalize());
        let half = whole.first_chunk().copied().unwrap_or_default();
        format!("{:032x}", u128::from_be_bytes(half))
    }

    /// Whether the key has this part.
    pub(crate) fn uses(&self, part: &Part) -> bool {
        self.parts.contains(part)
    }

    /// Whether the key has no other parts than such.
    pub(crate) fn has_only(&self, such: impl Fn(&Part) -> bool) -> bool {
        self.parts.iter().all(such)
    }

    /// Whether it counts by who calls.
    pub(crate) fn needs_identity(&self) -> bool {
        self.parts.iter().any(|part| {
            matches!(
                part,
                Part::Subject | Part::Provider | Part::KeyId | Part::Claim(_)
            )
        })
    }

    /// The parts, for explanations.
    pub(crate) fn parts(&self) -> impl Iterator<Item = String> {
        self.parts.iter().map(Part::to_text)
    }
}

impl Part {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        match text {
            "identity.subject" => Some(Self::Subject),
            "identity.provider" => Some(Self::Provider),
            "identity.key" => Some(Self::KeyId),
            "client.address" => Some(Self::Client),
            "source.address" => Some(Self::Address),
            "source.principal" => Some(Self::Principal),
            "endpoint" => Some(Self::Endpoint),
            "api" => Some(Self::Api),
            _ => match text.split_once('.')? {
                ("header", name) => named(&name.to_ascii_lowercase()).map(Self::Header),
                ("query", name) => named(name).map(Self::Query),
                ("path", name) => named(name).map(Self::Path),
                ("claims", name) => {
                    named(name).map(|n| Self::Claim(n.split('.').map(str::to_owned).collect()))
                }
                _ => None,
            },
        }
    }

    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Subject => "identity.subject".to_owned(),
            Self::Provider => "identity.provider".to_owned(),
            Self::KeyId => "identity.key".to_owned(),
            Self::Client => "client.address".to_owned(),
            Self::Address => "source.address".to_owned(),
            Self::Principal => "source.principal".to_owned(),
            Self::Header(name) => format!("header.{name}"),
            Self::Query(name) => format!("query.{name}"),
            Self::Claim(path) => format!("claims.{}", path.join(".")),
            Self::Path(name) => format!("path.{name}"),
            Self::Endpoint => "endpoint".to_owned(),
            Self::Api => "api".to_owned(),
        }
    }

    /// The value of a claim path as bytes: scalars only, because a list or object names nobody.
    pub(crate) fn claim<'a>(
        claims: &'a serde_json::Map<String, Value>,
        path: &[String],
    ) -> Option<Cow<'a, [u8]>> {
        let (first, rest) = path.split_first()?;
        let mut value = claims.get(first)?;
        for step in rest {
            value = value.as_object()?.get(step)?;
        }
        match value {
            Value::String(text) => Some(Cow::Borrowed(text.as_bytes())),
            Value::Number(_) | Value::Bool(_) => Some(Cow::Owned(value.to_string().into_bytes())),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(Option<&'static str>, Option<&'static str>);
    impl Values for Fixed {
        fn value(&self, part: &Part) -> Option<Cow<'_, [u8]>> {
            let value = if *part == Part::Subject {
                self.0
            } else {
                self.1
            };
            value.map(|v| Cow::Borrowed(v.as_bytes()))
        }
        fn amount(&self, _: &Source) -> Amount {
            Amount::Absent
        }
    }

    fn key(on_missing: OnMissing) -> Key {
        let mut problems = Vec::new();
        let key = Key::compile(
            "",
            &["identity.subject".into(), "header.X-Tenant".into()],
            on_missing,
            &mut problems,
        );
        assert!(problems.is_empty());
        key
    }

    #[test]
    fn values_cannot_run_into_each_other() {
        let k = key(OnMissing::Share);
        let seed = Seed::default();
        let digest = |a, b| k.digest(seed, "l", &Fixed(a, b)).unwrap();
        assert_ne!(digest(Some("ab"), Some("c")), digest(Some("a"), Some("bc")));
        assert_ne!(digest(Some(""), Some("c")), digest(None, Some("c")));
        assert_ne!(
            digest(Some("a"), Some("c")),
            k.digest(seed, "m", &Fixed(Some("a"), Some("c"))).unwrap()
        );
        assert_ne!(
            digest(Some("a"), Some("c")),
            k.digest(Seed([1; 16]), "l", &Fixed(Some("a"), Some("c")))
                .unwrap()
        );
    }

    #[test]
    fn a_missing_value_shares_or_denies() {
        assert!(
            key(OnMissing::Share)
                .digest(Seed::default(), "l", &Fixed(None, None))
                .is_some()
        );
        assert!(
            key(OnMissing::Deny)
                .digest(Seed::default(), "l", &Fixed(Some("a"), None))
                .is_none()
        );
    }

    #[test]
    fn every_part_reads_back_as_it_is_written() {
        for text in [
            "identity.subject",
            "identity.provider",
            "source.address",
            "source.principal",
            "identity.key",
            "client.address",
            "header.x-tenant",
            "query.tenant",
            "claims.a.b",
            "path.id",
            "endpoint",
            "api",
        ] {
            assert_eq!(
                Part::parse(text).map(|p| p.to_text()).as_deref(),
                Some(text)
            );
        }
        for text in ["", "header.", "claims", "identity", "body.x"] {
            assert_eq!(Part::parse(text), None, "{text}");
        }
    }
}
