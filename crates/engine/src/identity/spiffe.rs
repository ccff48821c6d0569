//! SPIFFE IDs (the names of workloads) and patterns over them.
//!
//! An ID is `spiffe://TRUST-DOMAIN/SEGMENT/SEGMENT…`, read strictly as the SPIFFE-ID standard says: no upper case in the trust
//! domain, no port, user, query or fragment, no empty or dot segment, no percent-encoding. What is not an ID matches no pattern.
//!
//! INVARIANT (no pattern over trust domains): a trust domain is a root of trust, so a pattern spells it out. `*` stands for
//! any characters within one segment of the path, `**` as the last segment for one or more segments.

use std::fmt;

/// The longest ID, in bytes (SPIFFE-ID §2.3).
const MAX_ID: usize = 2048;
/// The longest trust domain, in bytes (SPIFFE-ID §2.3).
const MAX_TRUST_DOMAIN: usize = 255;
const SCHEME: &str = "spiffe://";

/// A workload's name, read from a text that it borrows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpiffeId<'a> {
    trust_domain: &'a str,
    /// Without the first slash; empty for the trust domain itself.
    path: &'a str,
}

impl<'a> SpiffeId<'a> {
    /// Reads an ID; `None` for anything else.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        if text.len() > MAX_ID {
            return None;
        }
        let rest = text.strip_prefix(SCHEME)?;
        let (trust_domain, path) = match rest.split_once('/') {
            Some((trust_domain, path)) => (trust_domain, Some(path)),
            None => (rest, None),
        };
        let valid = is_trust_domain(trust_domain)
            && path.is_none_or(|path| path.split('/').all(is_segment));
        valid.then_some(Self {
            trust_domain,
            path: path.unwrap_or_default(),
        })
    }

    /// The trust domain.
    pub(crate) const fn trust_domain(&self) -> &'a str {
        self.trust_domain
    }

    /// The namespace and the service account, where the path has the form that Istio gives it: `/ns/NAMESPACE/sa/ACCOUNT`.
    pub(crate) fn workload(&self) -> Option<(&'a str, &'a str)> {
        let rest = self.path.strip_prefix("ns/")?;
        let (namespace, rest) = rest.split_once('/')?;
        let account = rest.strip_prefix("sa/")?;
        (!account.contains('/')).then_some((namespace, account))
    }
}

/// What names a set of workloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SpiffePattern {
    trust_domain: String,
    segments: Vec<Glob>,
    /// Whether one or more segments may follow (`**`).
    deeper: bool,
}

impl SpiffePattern {
    /// Compiles a pattern such as `spiffe://cluster.local/ns/shop/sa/*`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub(crate) fn compile(text: &str) -> Result<Self, String> {
        let rest = text
            .strip_prefix(SCHEME)
            .ok_or_else(|| "a pattern begins with `spiffe://` and the trust domain".to_owned())?;
        let (trust_domain, path) = match rest.split_once('/') {
            Some((trust_domain, path)) => (trust_domain, Some(path)),
            None => (rest, None),
        };
        if text.len() > MAX_ID || !is_trust_domain(trust_domain) {
            return Err(format!(
                "`{}` is not a trust domain: it is spelled out, in lower case, without `*`",
                trust_domain.escape_debug()
            ));
        }
        let mut words: Vec<&str> = path
            .map(|path| path.split('/').collect())
            .unwrap_or_default();
        let deeper = words.last() == Some(&"**");
        if deeper {
            words.pop();
        }
        let segments = words
            .into_iter()
            .map(Glob::compile)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            trust_domain: trust_domain.to_owned(),
            segments,
            deeper,
        })
    }

    /// Whether a text is a SPIFFE ID that the pattern names.
    pub(crate) fn matches(&self, text: &str) -> bool {
        SpiffeId::parse(text).is_some_and(|id| self.names(&id))
    }

    /// Whether the pattern names this workload.
    pub(crate) fn names(&self, id: &SpiffeId<'_>) -> bool {
        if self.trust_domain != id.trust_domain {
            return false;
        }
        let mut words = id.path.split('/').filter(|word| !word.is_empty());
        let all = self
            .segments
            .iter()
            .all(|glob| words.next().is_some_and(|word| glob.matches(word)));
        all && words.next().is_some() == self.deeper
    }
}

impl fmt::Display for SpiffePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.trust_domain)?;
        for segment in &self.segments {
            write!(f, "/{segment}")?;
        }
        if self.deeper {
            f.write_str("/**")?;
        }
        Ok(())
    }
}

/// A pattern over one segment: `*` stands for any characters, also for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob(String);

impl Glob {
    /// Compiles a pattern such as `web-*`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub(crate) fn compile(text: &str) -> Result<Self, String> {
        let plain = text.replace('*', "");
        let valid = text == "*" || (is_segment(&plain) && !text.contains("**"));
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "`{}` is not a pattern for one segment: letters, digits, `.`, `-`, `_` and `*`; `**` only as the last segment",
                text.escape_debug()
            ))
        }
    }

    /// Whether the pattern stands for this segment.
    pub(crate) fn matches(&self, segment: &str) -> bool {
        if segment.is_empty() {
            return false;
        }
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = segment.strip_prefix(first) else {
            return false;
        };
        let Some(last) = parts.next_back() else {
            return rest.is_empty();
        };
        // The leftmost place for every part leaves the most for those that follow.
        for part in parts {
            let Some((_, after)) = rest.split_once(part) else {
                return false;
            };
            rest = after;
        }
        rest.ends_with(last)
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text is a trust domain.
pub(crate) fn is_trust_domain(text: &str) -> bool {
    (1..=MAX_TRUST_DOMAIN).contains(&text.len())
        && text
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_'))
}

fn is_segment(text: &str) -> bool {
    !matches!(text, "" | "." | "..")
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

#[cfg(test)]
mod tests;
