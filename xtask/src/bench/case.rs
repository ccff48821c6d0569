//! What is measured. Within a family (GET, POST), every case sends the same request, headers included.

/// An Envoy with its filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The router alone.
    Proxy,
    /// A Wasm filter that does nothing.
    Noop,
    /// A Wasm filter that fetches the request headers.
    ReadHeaders,
    /// A Wasm filter that reads a slot of the shared data and writes it back.
    Slot,
    /// A Wasm filter that makes the host calls of an admitted GET with a limit, and does nothing else.
    HostCalls,
    /// A Wasm filter that makes the host calls of a new token without a limit, and does nothing else: it lets the proxy verify a signature
    /// of RS256, which is always the same.
    Verify,
    /// A Wasm filter that holds the request and fetches its body.
    ReadBody,
    /// A Wasm filter that makes the host calls of an admitted POST that is held to its contract, and does nothing else.
    BodyCalls,
    /// The same, which also reads the body as JSON, with serde_json, and forgets it.
    BodyParse,
    /// Envoy's own jwt_authn with its cache, rbac and local_ratelimit.
    Native,
    /// The same, but jwt_authn without its cache, which is off unless somebody asks for it.
    NativeChainUncached,
    /// Envoy's own jwt_authn alone, without its cache.
    NativeUncached,
    /// A Lua script with a table of keys.
    LuaKey,
    /// Envoy's own ext_authz, which asks a service that admits everything.
    ExtAuthz,
    /// Meshward with an API key.
    MeshwardKey,
    /// Meshward with an API key, and without a limit.
    MeshwardUnlimited,
    /// Meshward with nothing but the contract.
    MeshwardContract,
    /// Meshward with an API key, and with everything that is counted and watched.
    MeshwardWatched,
    /// Meshward with an API key, and a quota that a fleet shares.
    MeshwardFleet,
    /// Meshward with limits by a key that callers choose.
    MeshwardKeys,
    /// Meshward with tokens.
    MeshwardJwt,
    /// Meshward with tokens and nothing else: what Envoy's own jwt_authn does alone.
    MeshwardToken,
    /// Meshward with an API key, and the same policy once more on trial beside it.
    MeshwardTrial,
    /// Meshward with an API key, and a thousand endpoints in place of twenty.
    MeshwardGrown,
}

impl Kind {
    /// For messages and file names.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Proxy => "proxy",
            Self::Noop => "wasm-noop",
            Self::ReadHeaders => "wasm-read-headers",
            Self::Slot => "wasm-slot",
            Self::HostCalls => "wasm-host-calls",
            Self::Verify => "wasm-verify",
            Self::ReadBody => "wasm-read-body",
            Self::BodyCalls => "wasm-body-calls",
            Self::BodyParse => "wasm-parse-body",
            Self::Native => "native-chain",
            Self::NativeChainUncached => "native-chain-uncached",
            Self::NativeUncached => "native-jwt",
            Self::LuaKey => "lua-key",
            Self::ExtAuthz => "ext-authz",
            Self::MeshwardKey => "meshward-key",
            Self::MeshwardUnlimited => "meshward-unlimited",
            Self::MeshwardContract => "meshward-contract",
            Self::MeshwardWatched => "meshward-watched",
            Self::MeshwardFleet => "meshward-fleet",
            Self::MeshwardKeys => "meshward-keys",
            Self::MeshwardJwt => "meshward-jwt",
            Self::MeshwardToken => "meshward-token",
            Self::MeshwardTrial => "meshward-trial",
            Self::MeshwardGrown => "meshward-grown",
        }
    }

    /// Whether it asks a server that runs beside it.
    pub(super) fn asks(self) -> bool {
        matches!(self, Self::ExtAuthz | Self::MeshwardFleet)
    }

    /// Whether it needs Meshward's own files.
    pub(super) fn is_meshward(self) -> bool {
        matches!(
            self,
            Self::MeshwardKey
                | Self::MeshwardUnlimited
                | Self::MeshwardContract
                | Self::MeshwardWatched
                | Self::MeshwardFleet
                | Self::MeshwardKeys
                | Self::MeshwardJwt
                | Self::MeshwardToken
                | Self::MeshwardTrial
                | Self::MeshwardGrown
        )
    }
}

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Algorithm {
    Rs256,
    Es256,
}

/// What clients send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Load {
    /// One GET, again and again, with a token and a key that are always the same.
    Get,
    /// The same GET with a token that no Envoy has seen.
    GetUnseen(Algorithm),
    /// The same GET with a key that nobody has.
    GetBadKey,
    /// One POST of 1 KiB of JSON, again and again.
    Post,
}

impl Load {
    /// Whether it belongs to the family of POST.
    pub(super) fn is_post(self) -> bool {
        self == Self::Post
    }

    /// The case without any filter.
    pub(super) fn proxy(self) -> &'static str {
        if self.is_post() {
            "proxy-post"
        } else {
            "proxy"
        }
    }

    /// The case with a Wasm filter that does nothing.
    pub(super) fn noop(self) -> &'static str {
        if self.is_post() {
            "wasm-noop-post"
        } else {
            "wasm-noop"
        }
    }

    /// The case that is the nearest to what Meshward does: Envoy's own filters, as far as they can; for a key that is refused, a script
    /// that refuses it; for bodies, a Wasm filter that does no more than fetch them.
    pub(super) fn peer(self) -> &'static str {
        match self {
            Self::Get => "native-chain",
            Self::GetBadKey => "lua-key-refused",
            Self::GetUnseen(Algorithm::Rs256) => "native-jwt-unseen-rs256",
            Self::GetUnseen(Algorithm::Es256) => "native-jwt-unseen-es256",
            Self::Post => "wasm-read-body",
        }
    }
}

/// One line of the report.
#[derive(Debug)]
pub(super) struct Case {
    /// As the report names it.
    pub(super) name: &'static str,
    /// Who is measured.
    pub(super) server: Kind,
    /// With what.
    pub(super) load: Load,
}

impl Case {
    /// The cases that this one is divided by.
    pub(super) fn beside(&self) -> Vec<&'static str> {
        let mut all = vec![self.load.proxy(), self.load.noop(), self.load.peer()];
        if self.server.is_meshward() && self.load == Load::Get {
            all.extend(["lua-key", "ext-authz", "native-chain-uncached"]);
        }
        if self.server == Kind::MeshwardGrown {
            all.push("meshward-get-key");
        }
        all
    }

    /// The case that differs in one thing only, which this one does and that one does not.
    pub(super) fn without(&self) -> Option<&'static str> {
        match (self.server, self.load) {
            (Kind::Noop, load) => Some(load.proxy()),
            (Kind::ReadHeaders | Kind::Slot | Kind::HostCalls, _) => Some("wasm-noop"),
            (Kind::ReadBody, _) => Some("wasm-noop-post"),
            (Kind::BodyCalls, _) => Some("wasm-read-body"),
            (Kind::BodyParse, _) => Some("wasm-body-calls"),
            (Kind::MeshwardUnlimited, _) => Some("wasm-read-headers"),
            (Kind::MeshwardKey | Kind::MeshwardFleet, Load::Get) => {
                Some("meshward-get-key-unlimited")
            }
            (Kind::MeshwardWatched | Kind::MeshwardTrial | Kind::MeshwardGrown, Load::Get) => {
                Some("meshward-get-key")
            }
            (Kind::MeshwardContract, Load::Post) => Some("wasm-read-body"),
            (Kind::MeshwardKey, Load::Post) => Some("meshward-post-1k-contract"),
            _ => None,
        }
    }
}

const fn case(name: &'static str, server: Kind, load: Load) -> Case {
    Case { name, server, load }
}

/// Every case, in the order of the report.
pub(super) const CASES: [Case; 32] = [
    case("proxy", Kind::Proxy, Load::Get),
    case("wasm-noop", Kind::Noop, Load::Get),
    case("wasm-read-headers", Kind::ReadHeaders, Load::Get),
    case("wasm-slot", Kind::Slot, Load::Get),
    case("wasm-host-calls", Kind::HostCalls, Load::Get),
    case("native-chain", Kind::Native, Load::Get),
    case(
        "native-chain-uncached",
        Kind::NativeChainUncached,
        Load::Get,
    ),
    case("lua-key", Kind::LuaKey, Load::Get),
    case("ext-authz", Kind::ExtAuthz, Load::Get),
    case("meshward-get-key", Kind::MeshwardKey, Load::Get),
    case(
        "meshward-get-key-unlimited",
        Kind::MeshwardUnlimited,
        Load::Get,
    ),
    case("meshward-get-key-watched", Kind::MeshwardWatched, Load::Get),
    case("meshward-get-key-fleet", Kind::MeshwardFleet, Load::Get),
    case("meshward-get-key-trial", Kind::MeshwardTrial, Load::Get),
    case(
        "meshward-get-key-1000-endpoints",
        Kind::MeshwardGrown,
        Load::Get,
    ),
    case("meshward-get-jwt-seen", Kind::MeshwardJwt, Load::Get),
    case(
        "native-jwt-unseen-rs256",
        Kind::NativeUncached,
        Load::GetUnseen(Algorithm::Rs256),
    ),
    case(
        "wasm-verify-rs256",
        Kind::Verify,
        Load::GetUnseen(Algorithm::Rs256),
    ),
    case(
        "meshward-token-unseen-rs256",
        Kind::MeshwardToken,
        Load::GetUnseen(Algorithm::Rs256),
    ),
    case(
        "meshward-get-jwt-unseen-rs256",
        Kind::MeshwardJwt,
        Load::GetUnseen(Algorithm::Rs256),
    ),
    case(
        "native-jwt-unseen-es256",
        Kind::NativeUncached,
        Load::GetUnseen(Algorithm::Es256),
    ),
    case(
        "meshward-token-unseen-es256",
        Kind::MeshwardToken,
        Load::GetUnseen(Algorithm::Es256),
    ),
    case(
        "meshward-get-jwt-unseen-es256",
        Kind::MeshwardJwt,
        Load::GetUnseen(Algorithm::Es256),
    ),
    case("lua-key-refused", Kind::LuaKey, Load::GetBadKey),
    case("meshward-refused", Kind::MeshwardKey, Load::GetBadKey),
    case("proxy-post", Kind::Proxy, Load::Post),
    case("wasm-noop-post", Kind::Noop, Load::Post),
    case("wasm-read-body", Kind::ReadBody, Load::Post),
    case("wasm-body-calls", Kind::BodyCalls, Load::Post),
    case("wasm-parse-body", Kind::BodyParse, Load::Post),
    case(
        "meshward-post-1k-contract",
        Kind::MeshwardContract,
        Load::Post,
    ),
    case("meshward-post-1k", Kind::MeshwardKey, Load::Post),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cases_are_compared_with_is_a_case() {
        for case in &CASES {
            for name in case.beside().into_iter().chain(case.without()) {
                let other = CASES.iter().find(|other| other.name == name).unwrap();
                assert_eq!(other.load.is_post(), case.load.is_post());
            }
        }
    }

    #[test]
    fn names_are_unique() {
        for (at, case) in CASES.iter().enumerate() {
            assert!(
                CASES[..at].iter().all(|other| other.name != case.name),
                "{}",
                case.name
            );
        }
    }
}
