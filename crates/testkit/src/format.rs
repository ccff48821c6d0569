//! How a file of the corpus is written: one policy, and cases that say what it does.
//!
//! Unknown fields are refused everywhere, so that a mistyped expectation cannot pass unseen. Texts may hold placeholders
//! (`{{token}}`, `{{proof}}`, `{{unique}}`, `{{sha256:TEXT}}`, `{{time:+3600}}`, `{{seconds:+3600}}`, `{{repeat:N:TEXT}}`, `{{jwks:NAME,NAME}}`,
//! `{{jwk:NAME}}`; in tokens and proofs also `{{ath}}`, `{{thumbprint:NAME}}`, `{{certificate:URI}}`).

use crate::host_calls::Budget;
use meshward_engine::config::Mode;
use meshward_engine::exchange::ServerAnswer;
use meshward_engine::verdict::{Control, Decision, Reason};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::net::IpAddr;
use toml::Spanned;

/// One file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct File {
    /// What the file is about, in one sentence.
    pub about: String,
    /// The policy, as YAML. Its `metadata.name` is the file's name without `.toml`.
    pub policy: Spanned<String>,
    /// Files that the policy names, by name: descriptions, key sets.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// The authority of requests that name none.
    pub authority: String,
    /// Whether requests come over TLS. Then the listener asks for a client certificate, and admits requests without one.
    #[serde(default)]
    pub tls: bool,
    /// What other servers answer that the policy asks: the first that fits counts. No other file may use the same `cluster`.
    #[serde(default)]
    pub server: Vec<ServerAnswer>,
    /// What tokens have in common: a case's own token is laid over it.
    #[serde(default)]
    pub token: Token,
    /// What proofs of possession have in common, as for tokens.
    #[serde(default)]
    pub proof: Token,
    /// The cases. Each starts with an empty store.
    pub case: Vec<Case>,
}

/// One behaviour: exchanges, one after the other.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Case {
    /// A sentence that says what is true. Unique in its file.
    pub name: Spanned<String>,
    /// Why it must be so, where the name does not say it.
    #[serde(default)]
    pub why: Option<String>,
    /// The exchanges.
    pub exchange: Vec<Exchange>,
}

/// One exchange, and what must come of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exchange {
    /// The address that the request comes from: in 127.0.0.0/8, so that it can be had for real.
    #[serde(default)]
    pub source: Option<IpAddr>,
    /// The URI name of the client certificate with which it comes, in a file with `tls`. None when absent.
    #[serde(default)]
    pub peer: Option<String>,
    /// Whether a filter in front says that the certificate was verified. When absent: it does. Envoy has no such filter here, so a case that
    /// needs one belongs into a test of its own.
    #[serde(default)]
    pub verified: Option<bool>,
    /// The token behind `{{token}}`.
    #[serde(default)]
    pub token: Option<Token>,
    /// The proof of possession behind `{{proof}}`.
    #[serde(default)]
    pub proof: Option<Token>,
    /// The request.
    pub request: Request,
    /// The upstream's answer; an empty 200 when absent.
    #[serde(default)]
    pub response: Option<Response>,
    /// What must come of it.
    pub expect: Expect,
    /// What comes of it through Envoy instead, where Envoy refuses the request or changes it before any filter sees it.
    #[serde(default)]
    pub envoy: Option<EnvoyDiffers>,
    /// How often the filter calls the proxy for it: in `testdata/budgets`, and there in every exchange.
    #[serde(default)]
    pub host_calls: Option<Budget>,
}

/// A request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The authority, where it is not that of the file.
    #[serde(default)]
    pub authority: Option<String>,
    /// Path and query.
    #[serde(default)]
    pub path: String,
    /// Path and query as base64, instead of `path`.
    #[serde(default)]
    pub path_base64: Option<String>,
    /// The fields: name and value. `content-length` is added where a body has neither it nor `transfer-encoding`.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body, as text.
    #[serde(default)]
    pub body: Option<String>,
    /// The body as base64, instead of `body`.
    #[serde(default)]
    pub body_base64: Option<String>,
}

/// A response of the upstream.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The fields.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body, as text.
    #[serde(default)]
    pub body: Option<String>,
    /// The body as base64, instead of `body`.
    #[serde(default)]
    pub body_base64: Option<String>,
}

/// A token to mint. Text such as `+60` or `-60` under `exp`, `nbf`, `iat` or `auth_time` is a number of seconds from now.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Token {
    /// The key that signs: a name in `testdata/keys`, or `rsa-public-as-secret`.
    #[serde(default)]
    pub key: Option<String>,
    /// The algorithm that signs, where it is not the header's `alg`.
    #[serde(default)]
    pub sign: Option<String>,
    /// The header.
    #[serde(default)]
    pub header: Map<String, Value>,
    /// The claims.
    #[serde(default)]
    pub claims: Map<String, Value>,
    /// Members to leave out: `header.NAME`, `claims.NAME`.
    #[serde(default)]
    pub without: Vec<String>,
    /// The header's JSON text, instead of `header`.
    #[serde(default)]
    pub header_text: Option<String>,
    /// The claims' JSON text, instead of `claims`.
    #[serde(default)]
    pub claims_text: Option<String>,
    /// What is broken after signing.
    #[serde(default)]
    pub spoil: Option<Spoil>,
}

/// What is broken in a token after it was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spoil {
    /// One bit of the signature is turned.
    Signature,
    /// The last quarter of the signature is cut off.
    SignatureShort,
    /// A zero is put in front of the signature.
    SignatureLong,
    /// The signature is left out; the final dot stays.
    SignatureEmpty,
    /// All bits of the signature are zero.
    SignatureZero,
    /// All bits of the signature are one.
    SignatureHigh,
    /// The first half of an ECDSA signature is zero.
    RZero,
    /// The second half is zero.
    SZero,
    /// The first half is the order of the curve.
    ROrder,
    /// The second half is the order of the curve.
    SOrder,
    /// The second half is what it lacks to the order of the curve: for every ECDSA signature, this one holds as well.
    SMirrored,
    /// An ECDSA signature is written in DER.
    Der,
    /// The claims are replaced by others (`sub` is `root`) under the same signature.
    Claims,
    /// Base64 padding is added to the signature.
    Padding,
    /// A fourth part is added.
    FourParts,
    /// Eight empty parts are added: there are ten dots.
    TenDots,
    /// Characters of the other base64 alphabet are added to the signature.
    Alphabet,
    /// Bits that stand for nothing are set in the signature's last character.
    StrayBits,
}

/// What must come of an exchange.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expect {
    /// Allow or deny.
    pub decision: Decision,
    /// The status that the client gets.
    pub status: u16,
    /// The gRPC status that the client gets: a refused gRPC caller gets it with the HTTP status 200.
    #[serde(default)]
    pub grpc_status: Option<u8>,
    /// Why it is refused: exactly where `decision` is `deny`.
    #[serde(default)]
    pub reason: Option<Reason>,
    /// The control that refuses it.
    #[serde(default)]
    pub control: Option<Control>,
    /// The API.
    #[serde(default)]
    pub api: Option<String>,
    /// The endpoint, `METHOD /template`.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Who the caller was found to be.
    #[serde(default)]
    pub identity: Option<ExpectIdentity>,
    /// Every finding, in order. When absent: none that did not refuse the exchange.
    #[serde(default)]
    pub findings: Option<Vec<ExpectFinding>>,
    /// What the client is told.
    #[serde(default)]
    pub reply: Option<ExpectReply>,
    /// What the upstream sees. It must see nothing of a request that is refused.
    #[serde(default)]
    pub upstream: Option<ExpectUpstream>,
}

/// Who the caller must be.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpectIdentity {
    /// The provider.
    pub provider: String,
    /// The subject.
    pub subject: String,
}

/// One finding.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpectFinding {
    /// What was seen.
    pub reason: Reason,
    /// The mode in which the control ran.
    pub mode: Mode,
    /// Where.
    #[serde(default)]
    pub at: Option<String>,
}

/// What the client must be told.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpectReply {
    /// Fields, by name; `*` stands for any value.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Fields that must not be there.
    #[serde(default)]
    pub absent: Vec<String>,
    /// Members of the JSON body; `"*"` stands for any value.
    #[serde(default)]
    pub members: Map<String, Value>,
    /// Members that the JSON body must not have.
    #[serde(default)]
    pub without: Vec<String>,
    /// The whole body.
    #[serde(default)]
    pub body: Option<String>,
}

/// What the upstream must see.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpectUpstream {
    /// Path and query.
    #[serde(default)]
    pub path: Option<String>,
    /// Fields, by name; `*` stands for any value.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Fields that must not be there.
    #[serde(default)]
    pub absent: Vec<String>,
    /// The body.
    #[serde(default)]
    pub body: Option<String>,
}

/// Through Envoy a request is refused otherwise than natively.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvoyDiffers {
    /// The status that the client gets.
    pub status: u16,
    /// Why the filter refuses it. When absent: Envoy refuses it itself, and no filter sees it.
    #[serde(default)]
    pub reason: Option<Reason>,
    /// What Envoy does with it.
    pub why: String,
}
