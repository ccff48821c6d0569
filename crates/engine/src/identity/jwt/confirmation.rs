//! Tokens that name the key of their owner: the `cnf` claim (RFC 7800), by certificate (RFC 8705 §3) or `DPoP` key (RFC 9449 §6).
//!
//! INVARIANT (no binding is dropped): unless the policy says `off`, every member of `cnf` is proven, or the token is refused. A method
//! that is not known cannot be proven.

use super::dpop::{self, Use};
use crate::config::{Algorithm, Dpop, JwtProvider, SenderConstrained, Span};
use crate::problem::{Problem, pointer};
use crate::verdict::{Reason, Refusal};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// In microseconds.
const DEFAULT_AGE: u64 = 60_000_000;
/// In microseconds: as long as a proof is good, it must be remembered.
const MAX_AGE: u64 = 600_000_000;
/// The default size of a replay table, and its bounds.
const TABLE: (u32, std::ops::RangeInclusive<u32>) = (65_536, 128..=1_048_576);

/// What a provider asks of bound tokens.
pub(super) struct Binding {
    mode: SenderConstrained,
    /// Of proofs.
    pub(super) algorithms: Vec<Algorithm>,
    /// In microseconds.
    pub(super) max_age: u64,
    pub(super) replay_table: u32,
}

/// The scheme under which a token came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::identity) enum Scheme {
    /// Whoever holds it.
    Bearer,
    /// With a proof.
    Dpop,
}

/// What the owner of a token must show.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Demanded {
    /// The digest of a client certificate.
    pub(super) certificate: Option<[u8; 32]>,
    /// The thumbprint of the key that proofs are signed with.
    pub(super) key: Option<[u8; 32]>,
}

/// What is left to be found out, once a token and its proof are right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Unproven {
    /// The connection must show the certificate with this digest.
    pub(crate) certificate: Option<[u8; 32]>,
    /// The proof must not have been used before.
    pub(crate) replay: Option<Use>,
}

impl Binding {
    /// Compiles the settings of the provider at the JSON pointer `at`; adds what is wrong to `problems`.
    pub(super) fn compile(at: &str, config: &JwtProvider, problems: &mut Vec<Problem>) -> Self {
        let Dpop {
            algorithms,
            max_age,
            replay_table,
        } = &config.dpop;
        let at = pointer(at, "dpop");
        for (number, algorithm) in algorithms.iter().enumerate() {
            if matches!(
                algorithm,
                Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512
            ) {
                problems.push(
                    Problem::error(
                        "dpop-algorithm",
                        pointer(&pointer(&at, "algorithms"), number),
                        "a proof shows who holds a private key, and a shared secret is none",
                    )
                    .hint("use `ES256` or `EdDSA` (RFC 9449 §4.2)"),
                );
            }
        }
        let max_age = max_age.map_or(DEFAULT_AGE, |Span(micros)| micros);
        if !(1..=MAX_AGE).contains(&max_age) {
            problems.push(
                Problem::error(
                    "dpop-age",
                    pointer(&at, "maxAge"),
                    format!("an age of `{}` is not possible", Span(max_age)),
                )
                .hint("allow more than nothing and at most 10m: a proof is made for one request"),
            );
        }
        let (default, bounds) = TABLE;
        let replay_table = replay_table.unwrap_or(default);
        if !bounds.contains(&replay_table) {
            problems.push(
                Problem::error(
                    "replay-table",
                    pointer(&at, "replayTable"),
                    format!("{replay_table} proofs: from 128 to 1,048,576 are possible"),
                )
                .hint("count the proofs of one `dpop.maxAge`, and double that"),
            );
        }
        if config.sender_constrained == SenderConstrained::Off && !config.dpop.is_empty() {
            problems.push(
                Problem::error(
                    "unused",
                    at,
                    "with `senderConstrained: off` no proof is looked at",
                )
                .hint("take out `dpop`, or use `ifBound`"),
            );
        }
        Self {
            mode: config.sender_constrained,
            algorithms: if algorithms.is_empty() {
                vec![Algorithm::ES256, Algorithm::EdDSA]
            } else {
                algorithms.clone()
            },
            max_age,
            replay_table,
        }
    }

    /// Whether proofs are accepted at all, and whether there must be a binding.
    pub(super) const fn mode(&self) -> SenderConstrained {
        self.mode
    }

    /// What the owner of a verified token must show.
    pub(super) fn demands(
        &self,
        claims: &Map<String, Value>,
        scheme: Scheme,
    ) -> Result<Demanded, Refusal> {
        let wrong = |what: &str| Refusal::at(Reason::TokenBinding, "claims.cnf").expected(what);
        if self.mode == SenderConstrained::Off {
            return Ok(Demanded::default());
        }
        let mut demanded = Demanded::default();
        if let Some(cnf) = claims.get("cnf") {
            let members = cnf.as_object().filter(|members| !members.is_empty());
            let members = members.ok_or_else(|| wrong("an object that names a key"))?;
            for (method, value) in members {
                let place = match method.as_str() {
                    "x5t#S256" => &mut demanded.certificate,
                    "jkt" => &mut demanded.key,
                    _ => return Err(wrong("`x5t#S256` or `jkt`")),
                };
                let digest = value.as_str().and_then(digest);
                *place = Some(digest.ok_or_else(|| wrong("a SHA-256 digest in base64url"))?);
            }
        }
        match (scheme, demanded.key) {
            // RFC 9449 §7.1: a bound token under the scheme Bearer is a downgrade.
            (Scheme::Bearer, Some(_)) => Err(Refusal::at(Reason::DpopMissing, "header.dpop")
                .expected("the scheme `DPoP` and a proof")),
            (Scheme::Dpop, None) => Err(wrong("the `jkt` of the proof's key")),
            (Scheme::Bearer, None)
                if self.mode == SenderConstrained::Required && demanded.certificate.is_none() =>
            {
                Err(wrong("`x5t#S256` or `jkt`"))
            }
            (Scheme::Bearer | Scheme::Dpop, _) => Ok(demanded),
        }
    }

    /// The names of the algorithms of proofs, for challenges.
    pub(super) fn algorithm_names(&self) -> String {
        dpop::names(&self.algorithms)
    }
}

/// 32 bytes in base64url without padding.
fn digest(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}
