//! Verdicts, and the one table from reason to control, status, code and words.
//!
//! Everything that shows a reason (response, log, metric, `explain`, the manual) reads it from [`Reason`].

use crate::config::Mode;
use serde::{Deserialize, Serialize};

/// The steps of a request that can refuse it, in the order in which they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Control {
    /// Reading the head: is there one way to understand it?
    Reading,
    /// Finding the endpoint.
    Route,
    /// Who calls.
    Authenticate,
    /// What the caller has done before.
    Abuse,
    /// What the caller may do.
    Authorize,
    /// How often.
    Limit,
    /// Parameters and request bodies against the description.
    Contract,
    /// Responses against the description.
    Response,
}

impl Control {
    /// Every control, in order.
    pub const ALL: [Self; 8] = [
        Self::Reading,
        Self::Route,
        Self::Authenticate,
        Self::Abuse,
        Self::Authorize,
        Self::Limit,
        Self::Contract,
        Self::Response,
    ];

    /// The name in policies, logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Route => "route",
            Self::Authenticate => "authenticate",
            Self::Abuse => "abuse",
            Self::Authorize => "authorize",
            Self::Limit => "limit",
            Self::Contract => "contract",
            Self::Response => "response",
        }
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $control:ident, $status:literal, $title:literal, $mend:literal;)*) => {
        /// Why something was refused. The code is stable: logs, metrics and alerts may rest on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Reason {
            $(#[doc = $title] #[serde(rename = $code)] $name,)*
        }

        impl Reason {
            /// Every reason, in the order of the controls.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable code, in snake case.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The control that finds it.
            #[must_use]
            pub const fn control(self) -> Control {
                match self { $(Self::$name => Control::$control,)* }
            }

            /// Whether it is found in a response: the upstream has seen the request.
            #[must_use]
            pub const fn is_late(self) -> bool {
                matches!(self.control(), Control::Response) || matches!(self, Self::ResponseObjectBinding)
            }

            /// The HTTP status of a refusal for it.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// One line for the caller. Says nothing about the policy or the request's content.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What a developer of the caller, or of the policy, can do about it.
            #[must_use]
            pub const fn mend(self) -> &'static str {
                match self { $(Self::$name => $mend,)* }
            }
        }
    };
}

reasons! {
    HeadMalformed = "head_malformed", Reading, 400, "The request head is malformed", "Send a method, an authority and a target that begins with `/`, in visible ASCII.";
    TargetTooLong = "target_too_long", Reading, 414, "The request target is too long", "Shorten the path or query, or raise `reading.maxTarget`.";
    TooManyHeaders = "too_many_headers", Reading, 431, "The request has too many header fields", "Send fewer header fields, or raise `reading.maxHeaders`.";
    TooManyQueryParameters = "too_many_query_parameters", Reading, 400, "The request has too many query parameters", "Send fewer parameters, or raise `reading.maxQueryParameters`.";
    HeaderDuplicate = "header_duplicate", Reading, 400, "A header field that may stand once is repeated", "Send `authorization`, `content-type`, `content-length` and `host` once each.";
    TargetEncoding = "target_encoding", Reading, 400, "The request target is wrongly encoded", "Percent-encode the target as UTF-8 (RFC 3986).";
    TargetAmbiguous = "target_ambiguous", Reading, 400, "The request target can be read in two ways", "Send no encoded slash, backslash or control character, and no dot segment above the root.";
    TargetNotNormal = "target_not_normal", Reading, 400, "The request target is not in its normal form", "Send no dot segments, empty segments, path parameters (`;`) or needless percent-encoding, or set `reading.paths: rewrite`.";

    HostUnknown = "host_unknown", Route, 404, "No API is served under this host", "Name the host under an API's `hosts`, or set `unknownHosts`.";
    EndpointUnknown = "endpoint_unknown", Route, 404, "There is no such endpoint", "Add the path to the description, or set the API's `unknownEndpoints`.";
    MethodUnknown = "method_unknown", Route, 405, "The endpoint does not have this method", "Use a method of the `Allow` header, or add the operation to the description.";

    AuthenticationNotConfigured = "authentication_not_configured", Authenticate, 403, "Nobody may call this endpoint yet", "Give the endpoint an `authenticate` rule, or its operation a `security` requirement.";
    CredentialMissing = "credential_missing", Authenticate, 401, "The request carries no credential", "Send a token or key that the endpoint accepts.";
    CredentialMalformed = "credential_malformed", Authenticate, 401, "The credential is malformed", "Send `Authorization: Bearer` with one token, or one key.";
    CredentialConflict = "credential_conflict", Authenticate, 401, "The request carries more than one credential", "Send one credential that the endpoint accepts.";
    BasicCredential = "basic_credential", Authenticate, 401, "Basic authentication is not accepted", "Send a token or an API key: a password that goes with every request is a weak credential.";
    CredentialInQuery = "credential_in_query", Authenticate, 401, "A credential stands in the query string", "Send it in a header: targets end up in logs, histories and referrers.";
    CredentialPlainText = "credential_plain_text", Authenticate, 401, "The credential came without TLS", "Use https, and replace the credential: it was readable. Where something else protects the network, set `transport.plainText`, or name the proxy that ends TLS under `transport.forwardedProtoFrom`.";
    PeerUnverified = "peer_unverified", Authenticate, 401, "The client certificate is not verified", "Use a certificate that the listener's `trusted_ca` signs; with `verifiedBy: rbac`, put the RBAC filter of the manual in front.";
    PeerMalformed = "peer_malformed", Authenticate, 401, "The client certificate does not name a workload", "Use a certificate with exactly one URI name, a SPIFFE ID.";
    ForwardedCertificateUntrusted = "forwarded_certificate_untrusted", Authenticate, 401, "Nobody vouches for the forwarded certificate", "Leave out `x-forwarded-client-cert`, or name the proxy under `forwarded.from`.";
    ForwardedCertificateMalformed = "forwarded_certificate_malformed", Authenticate, 401, "The forwarded certificate is malformed", "Let the proxy in front set `x-forwarded-client-cert` (`SANITIZE_SET`), with the URI of the certificate.";
    PeerNotAccepted = "peer_not_accepted", Authenticate, 401, "The workload may not call", "Name its trust domain, namespace and service account in the provider.";
    ApiKeyUnknown = "api_key_unknown", Authenticate, 401, "The API key is not known", "Use a key whose SHA-256 digest is in the policy.";
    ApiKeyExpired = "api_key_expired", Authenticate, 401, "The API key has expired", "Use the key that replaced it.";
    ApiKeyNotYetValid = "api_key_not_yet_valid", Authenticate, 401, "The API key is not valid yet", "Use it from its `notBefore` on.";
    ApiKeyMalformed = "api_key_malformed", Authenticate, 401, "The API key has a wrong form", "Send the whole key, as `meshward key new` printed it.";
    JwtMalformed = "jwt_malformed", Authenticate, 401, "The token is malformed", "Send a signed JWT in compact form (RFC 7515).";
    JwtHeaderForbidden = "jwt_header_forbidden", Authenticate, 401, "The token's header has a forbidden member", "Issue tokens without `jwk`, `jku`, `x5u` and `x5c`, and without `crit`.";
    JwtAlgorithm = "jwt_algorithm", Authenticate, 401, "The token's signature algorithm is not accepted", "Sign with one of the provider's `algorithms`, with the key that is made for it.";
    JwtType = "jwt_type", Authenticate, 401, "The token is of the wrong type", "Send a token whose `typ` is one of the provider's `types`: an access token, not an ID token.";
    JwtKeyUnknown = "jwt_key_unknown", Authenticate, 401, "The token's key is not known", "Sign with a key of the provider's `jwks`.";
    JwtSignature = "jwt_signature", Authenticate, 401, "The token's signature is wrong", "Send the token unchanged, as its issuer signed it.";
    JwtClaimMissing = "jwt_claim_missing", Authenticate, 401, "The token lacks a required claim", "Issue tokens with `iss`, `aud`, `exp` and the subject claim; with `maxLifetime` also `iat`.";
    JwtIssuer = "jwt_issuer", Authenticate, 401, "The token is from another issuer", "Send a token of the provider's `issuer`.";
    JwtAudience = "jwt_audience", Authenticate, 401, "The token is meant for another audience", "Request a token for one of the provider's `audiences`.";
    JwtExpired = "jwt_expired", Authenticate, 401, "The token has expired", "Request a new token.";
    JwtNotYetValid = "jwt_not_yet_valid", Authenticate, 401, "The token is not valid yet", "Check the issuer's clock, or the provider's `clockSkew`.";
    JwtLifetime = "jwt_lifetime", Authenticate, 401, "The token lives too long", "Issue tokens that live no longer than the provider's `maxLifetime`.";
    TokenBinding = "token_binding", Authenticate, 401, "The token is not bound to this caller", "Send the token over mutual TLS with the certificate that it was issued for (RFC 8705), or with a proof of its key (RFC 9449).";
    DpopMissing = "dpop_missing", Authenticate, 401, "The token needs a proof of possession", "Send `Authorization: DPoP` and a `DPoP` header (RFC 9449).";
    DpopInvalid = "dpop_invalid", Authenticate, 401, "The proof of possession is wrong", "Make a new proof for each request: its method, its URI, this token, now (RFC 9449 §4).";
    DpopReplayed = "dpop_replayed", Authenticate, 401, "The proof of possession was used before", "Make a new proof for each request, with a `jti` of its own.";
    DpopUnchecked = "dpop_unchecked", Authenticate, 503, "The proof of possession cannot be checked", "Try again; if it stays, raise the provider's `dpop.replayTable`, or look at the proxy's shared data.";
    TokenInactive = "token_inactive", Authenticate, 401, "The token is not active", "Request a new token: this one is unknown to its server, has expired, or was revoked.";
    TokenUnfit = "token_unfit", Authenticate, 401, "The token is not for this API", "Request a token whose `iss`, `aud` and subject are those that the provider asks for.";
    JwksUnavailable = "jwks_unavailable", Authenticate, 503, "The token's issuer cannot be reached", "Try again after `Retry-After`; if it stays, look at the proxy's log and at the provider's `cluster`.";
    IntrospectionUnavailable = "introspection_unavailable", Authenticate, 503, "The token's server cannot be reached", "Try again after `Retry-After`; if it stays, look at the proxy's log and at the provider's `cluster`.";

    CredentialStuffing = "credential_stuffing", Abuse, 429, "Too many failed authentications", "Wait as long as `Retry-After` says, and send a credential that is right.";
    ObjectEnumeration = "object_enumeration", Abuse, 429, "Too many different objects were asked for", "Wait as long as `Retry-After` says; if this is ordinary use, raise the pattern's `objects.most`.";
    ErrorShare = "error_share", Abuse, 429, "Too many requests were wrong", "Wait as long as `Retry-After` says, and mend the requests that are answered with 4xx.";
    SequenceBroken = "sequence_broken", Abuse, 403, "Something else must be called before", "Call what the pattern's `sequence.after` names first, as the same caller.";
    EndpointUnusual = "endpoint_unusual", Abuse, 403, "The caller's peers do not call this endpoint", "If this is ordinary use, set `modes.abuse: monitor` at the endpoint until enough callers of the group have used it.";
    AbuseKeyMissing = "abuse_key_missing", Abuse, 403, "The request lacks what its behaviour is watched by", "Send the header, claim or credential that the pattern's `key` names.";
    AbuseStoreUnavailable = "abuse_store_unavailable", Abuse, 503, "The caller's behaviour cannot be checked", "Try again; if it stays, look at the proxy's shared data.";

    ScopeMissing = "scope_missing", Authorize, 403, "The caller lacks a required scope", "Request a token or key with the endpoint's scopes.";
    AudienceMissing = "audience_missing", Authorize, 403, "The token is not meant for this endpoint", "Request a token for one of the endpoint's `audiences`.";
    RoleMissing = "role_missing", Authorize, 403, "The caller lacks a required role", "Give the caller a role that the endpoint's `roles` name, in the claim that they name.";
    GroupMissing = "group_missing", Authorize, 403, "The caller is not in a required group", "Put the caller into a group that the endpoint's `groups` name.";
    CallerDenied = "caller_denied", Authorize, 403, "This service may not call the endpoint", "Call over mutual TLS as a service that the endpoint's `callers` name.";
    ClaimDenied = "claim_denied", Authorize, 403, "A claim of the caller is not as required", "Issue tokens with the claims that the endpoint's `claims` ask for.";
    ObjectBinding = "object_binding", Authorize, 403, "The object does not belong to the caller", "Ask for an object of the caller's own, or look at the endpoint's `bind` rules: a missing value or claim, or one of another type, refuses.";
    ExpressionDenied = "expression_denied", Authorize, 403, "The caller may not do this", "Look at the endpoint's `cel` expression: it is false for this request.";
    ExpressionError = "expression_error", Authorize, 403, "It cannot be decided whether the caller may do this", "Look at the endpoint's `cel` expression: it uses a claim or value that this request does not have (`has()` asks for one), or one of another type.";
    ResponseObjectBinding = "response_object_binding", Authorize, 403, "The object in the response does not belong to the caller", "Ask for an object of the caller's own, or look at the endpoint's `response.bind` rules. The service has already done what it was asked.";
    StepUpRequired = "step_up_required", Authorize, 401, "A stronger or more recent login is required", "Log in again as the `acr_values` and `max_age` of `WWW-Authenticate` say (RFC 9470).";

    EndpointTargetTooLong = "endpoint_target_too_long", Limit, 414, "The endpoint takes no target that is so long", "Shorten the path or query, or raise the endpoint's `head.maxTarget`.";
    EndpointTooManyQueryParameters = "endpoint_too_many_query_parameters", Limit, 400, "The endpoint does not take so many query parameters", "Send fewer parameters, or raise the endpoint's `head.maxQueryParameters`.";
    EndpointTooManyHeaders = "endpoint_too_many_headers", Limit, 431, "The endpoint does not take so many header fields", "Send fewer header fields, or raise the endpoint's `head.maxHeaders`.";
    EndpointHeadersTooLarge = "endpoint_headers_too_large", Limit, 431, "The endpoint does not take so large header fields", "Send less in header fields, or raise the endpoint's `head.maxHeaderSize`.";
    LoadShed = "load_shed", Limit, 503, "The service has too much to do", "Wait as long as `Retry-After` says. If this comes often, give the service more room, or raise the API's `load`.";
    RateLimited = "rate_limited", Limit, 429, "Too many requests", "Wait as long as `Retry-After` says.";
    ConcurrencyLimited = "concurrency_limited", Limit, 429, "Too many requests at once", "Send fewer requests at the same time.";
    LimitCostTooHigh = "limit_cost_too_high", Limit, 403, "The request takes more than its limit ever holds", "Ask for less at once (a shorter page, a smaller body), or raise the limit's `burst`.";
    LimitCostUnreadable = "limit_cost_unreadable", Limit, 400, "It cannot be told what the request takes of its limit", "Send the header or parameter that the limit's `cost` names once, as a whole number.";
    LimitKeyMissing = "limit_key_missing", Limit, 403, "The request lacks what its limit counts by", "Send the header, claim or credential that the limit's `key` names.";
    LimitServiceUnavailable = "limit_service_unavailable", Limit, 503, "The rate limit service does not answer", "Try again later. If it stays, look at the service, its configuration (`meshward render ratelimit`) and its cluster.";
    LimitStoreUnavailable = "limit_store_unavailable", Limit, 503, "The limit cannot be checked", "Try again; if it stays, look at the proxy's shared data.";

    ParameterMissing = "parameter_missing", Contract, 422, "A required parameter is missing", "Send the parameter that the description requires.";
    ParameterInvalid = "parameter_invalid", Contract, 422, "A parameter does not fit its schema", "Send a value that fits the description.";
    ParameterDuplicate = "parameter_duplicate", Contract, 400, "A parameter that may stand once is repeated", "Send the parameter once.";
    ParameterUnknown = "parameter_unknown", Contract, 422, "The endpoint does not have this query parameter", "Leave it out, declare it, or set `unknownQuery`.";
    NotAcceptable = "not_acceptable", Contract, 406, "The endpoint has no content that the client accepts", "Send an `Accept` that takes one of the declared content types, or set `accept: allow`.";
    ContentTypeMissing = "content_type_missing", Contract, 415, "The request has a body and no content type", "Send `Content-Type`.";
    ContentTypeUnsupported = "content_type_unsupported", Contract, 415, "The endpoint does not accept this content type", "Send a content type that the description declares.";
    ContentEncodingUnsupported = "content_encoding_unsupported", Contract, 415, "The endpoint does not accept an encoded body", "Send the body without `Content-Encoding`, or in gzip where the policy says `body.decode: gzip`.";
    UpgradeUndeclared = "upgrade_undeclared", Contract, 403, "The endpoint speaks no other protocol", "Leave `Upgrade` out, or declare a response `101` in the description.";
    BodyMissing = "body_missing", Contract, 422, "The request lacks its body", "Send the body that the description requires.";
    BodyUnexpected = "body_unexpected", Contract, 422, "The endpoint takes no body", "Send the request without a body.";
    BodyTooLarge = "body_too_large", Contract, 413, "The body is too large", "Send less, or raise `body.maxSize` and the proxy's buffer limit.";
    BodyMalformed = "body_malformed", Contract, 400, "The body is malformed", "Send what the content type says, in one reading: one JSON value in UTF-8, one in every line, or a form as browsers send it.";
    BodyDuplicateMember = "body_duplicate_member", Contract, 400, "The body has an object with a repeated member", "Send every member once: receivers disagree on which one counts.";
    BodyTooDeep = "body_too_deep", Contract, 400, "The body is nested too deeply", "Nest less, or raise `body.maxDepth`.";
    BodyTooComplex = "body_too_complex", Contract, 400, "The body holds too many values", "Send fewer values, or raise `body.maxValues`.";
    BodyTooManyParts = "body_too_many_parts", Contract, 400, "The body has too many parts", "Send fewer parts, or raise `body.maxParts`.";
    BodyPartTooLarge = "body_part_too_large", Contract, 413, "A part of the body is too large", "Send a smaller part, or raise `body.maxPartSize`.";
    BodySchema = "body_schema", Contract, 422, "The body does not fit its schema", "Send a body that fits the description.";
    GraphqlMalformed = "graphql_malformed", Contract, 400, "The GraphQL request is malformed", "Send one document of operations and fragments, with `operationName` where there are several operations, and nothing of the request beside it.";
    GraphqlBatch = "graphql_batch", Contract, 400, "The endpoint does not take so many GraphQL requests at once", "Send requests one by one, or raise `graphql.maxBatch`.";
    GraphqlTooDeep = "graphql_too_deep", Contract, 400, "The GraphQL request is nested too deeply", "Ask for less at once, or raise `graphql.maxDepth`.";
    GraphqlTooComplex = "graphql_too_complex", Contract, 400, "The GraphQL request is too complex", "Ask for less at once, or raise the bound under `graphql` that the finding's place names.";
    GraphqlTooCostly = "graphql_too_costly", Contract, 400, "The GraphQL request costs too much", "Ask for shorter lists, or raise `graphql.maxCost`.";
    GraphqlIntrospection = "graphql_introspection", Contract, 403, "The service may not be asked for its schema", "Leave `__schema` and `__type` out, or set `graphql.introspection`.";
    GraphqlOperationType = "graphql_operation_type", Contract, 403, "The endpoint does not take this type of GraphQL operation", "Send an operation of `graphql.operationTypes`; with GET only queries pass.";
    GraphqlOperationUnknown = "graphql_operation_unknown", Contract, 403, "The GraphQL operation is not known", "Send an operation that `graphql.operations` and `graphql.documents` list, with its text where no documents are listed.";
    BodyNotHeld = "body_not_held", Contract, 503, "The body cannot be checked here", "Set `allow_on_headers_stop_iteration: true` on the Wasm plugin (`meshward render` does), or `delivery.otherwise: headOnly`.";

    ResponseStatusUndeclared = "response_status_undeclared", Response, 502, "The response has an undeclared status", "Declare the status in the description, or mend the service.";
    ResponseContentType = "response_content_type", Response, 502, "The response has an undeclared content type", "Declare the content type in the description, or mend the service.";
    ResponseHeader = "response_header", Response, 502, "A header of the response does not fit its schema", "Mend the service, or its description.";
    ResponseFieldUndeclared = "response_field_undeclared", Response, 502, "The response has a member that is not declared", "Declare the member in the description, or keep it out of the service's answers. It is taken out where `response.undeclaredFields` is `remove`.";
    ResponseTooLarge = "response_too_large", Response, 502, "The response is too large to be checked", "Answer with less, or set `modes.response: off` here.";
    ResponseMalformed = "response_malformed", Response, 502, "The response is not valid JSON", "Mend the service.";
    ResponseSchema = "response_schema", Response, 502, "The response does not fit its schema", "Mend the service, or its description.";

    ResponseNotHeld = "response_not_held", Response, 502, "The response cannot be checked here", "Set `allow_on_headers_stop_iteration: true` on the Wasm plugin (`meshward render` does), or `modes.response: monitor`.";

    PolicyUnusable = "policy_unusable", Reading, 500, "The policy cannot be used", "Look at the proxy's log: the configuration was refused.";
    Internal = "internal", Reading, 500, "The request could not be judged", "This is a fault in Meshward: please report it.";
}

/// One thing that a control saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The control that saw it.
    pub control: Control,
    /// What it saw.
    pub reason: Reason,
    /// The mode in which the control ran: in `enforce`, the finding refused the exchange.
    pub mode: Mode,
    /// Where: a JSON pointer into the body, or `query.NAME`, `path.NAME`, `header.NAME`, `cookie.NAME`, `claims.NAME`, `jose.NAME`
    /// (a token's header), `limits.NAME`, `graphql.NAME`, `source.principal`; for a binding the value that the policy binds, such as
    /// `body./owner`. Never a value from the exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What was expected, in words that hold no value from the request: shown where `errors.detail` is `full`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What a control found, before its mode is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// Where, as in [`Finding::at`].
    pub at: Option<String>,
    /// What was expected, as in [`Finding::detail`].
    pub detail: Option<String>,
}

// What builds refusals is marked as cold, so that it stays out of the code that every admitted request runs through.
impl Refusal {
    /// A refusal for the whole request.
    #[must_use]
    pub const fn new(reason: Reason) -> Self {
        Self {
            reason,
            at: None,
            detail: None,
        }
    }

    /// A refusal for one place.
    #[must_use]
    #[cold]
    pub fn at(reason: Reason, at: impl Into<String>) -> Self {
        Self {
            reason,
            at: Some(at.into()),
            detail: None,
        }
    }

    /// Says what was expected. The words must hold nothing from the request.
    #[must_use]
    #[cold]
    pub fn expected(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

impl From<Reason> for Refusal {
    #[cold]
    fn from(reason: Reason) -> Self {
        Self::new(reason)
    }
}

/// The answer to an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It passes.
    Allow,
    /// It is refused.
    Deny,
}
