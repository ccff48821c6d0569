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
    /// A Wasm filter that holds the request and fetches its body.
    ReadBody,
    /// Envoy's own jwt_authn with its cache, rbac and local_ratelimit.
    Native,
    /// Envoy's own jwt_authn alone, without its cache.
    NativeUncached,
    /// Meshward with an API key.
    MeshwardKey,
    /// Meshward with an API key, and without a limit.
    MeshwardUnlimited,
    /// Meshward with an API key, and with everything that is counted and watched.
    MeshwardWatched,
    /// Meshward with an API key, and a quota that a fleet shares.
    MeshwardFleet,
    /// Meshward with tokens.
    MeshwardJwt,
    /// Meshward with an API key, and the same policy once more on trial beside it.
    MeshwardTrial,
}

impl Kind {
    /// For messages and file names.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Proxy => "proxy",
            Self::Noop => "wasm-noop",
            Self::ReadHeaders => "wasm-read-headers",
            Self::ReadBody => "wasm-read-body",
            Self::Native => "native-chain",
            Self::NativeUncached => "native-jwt",
            Self::MeshwardKey => "meshward-key",
            Self::MeshwardUnlimited => "meshward-unlimited",
            Self::MeshwardWatched => "meshward-watched",
            Self::MeshwardFleet => "meshward-fleet",
            Self::MeshwardJwt => "meshward-jwt",
            Self::MeshwardTrial => "meshward-trial",
        }
    }

    /// Whether it needs Meshward's own files.
    pub(super) fn is_meshward(self) -> bool {
        matches!(
            self,
            Self::MeshwardKey
                | Self::MeshwardUnlimited
                | Self::MeshwardWatched
                | Self::MeshwardFleet
                | Self::MeshwardJwt
                | Self::MeshwardTrial
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

    /// The case with a Wasm filter that does nothing.
    pub(super) fn noop(self) -> &'static str {
        if self.is_post() {
            "wasm-noop-post"
        } else {
            "wasm-noop"
        }
    }

    /// The case in which Envoy's own filters do what Meshward does, as far as they can.
    pub(super) fn native(self) -> Option<&'static str> {
        match self {
            Self::Get | Self::GetBadKey => Some("native-chain"),
            Self::GetUnseen(Algorithm::Rs256) => Some("native-jwt-unseen-rs256"),
            Self::GetUnseen(Algorithm::Es256) => Some("native-jwt-unseen-es256"),
            Self::Post => None,
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

const fn case(name: &'static str, server: Kind, load: Load) -> Case {
    Case { name, server, load }
}

/// Every case, in the order of the report.
pub(super) const CASES: [Case; 19] = [
    case("proxy", Kind::Proxy, Load::Get),
    case("wasm-noop", Kind::Noop, Load::Get),
    case("wasm-read-headers", Kind::ReadHeaders, Load::Get),
    case("native-chain", Kind::Native, Load::Get),
    case("meshward-get-key", Kind::MeshwardKey, Load::Get),
    case(
        "meshward-get-key-unlimited",
        Kind::MeshwardUnlimited,
        Load::Get,
    ),
    case("meshward-get-key-watched", Kind::MeshwardWatched, Load::Get),
    case("meshward-get-key-fleet", Kind::MeshwardFleet, Load::Get),
    case("meshward-get-key-trial", Kind::MeshwardTrial, Load::Get),
    case("meshward-get-jwt-seen", Kind::MeshwardJwt, Load::Get),
    case(
        "native-jwt-unseen-rs256",
        Kind::NativeUncached,
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
        "meshward-get-jwt-unseen-es256",
        Kind::MeshwardJwt,
        Load::GetUnseen(Algorithm::Es256),
    ),
    case("meshward-refused", Kind::MeshwardKey, Load::GetBadKey),
    case("proxy-post", Kind::Proxy, Load::Post),
    case("wasm-noop-post", Kind::Noop, Load::Post),
    case("wasm-read-body", Kind::ReadBody, Load::Post),
    case("meshward-post-1k", Kind::MeshwardKey, Load::Post),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cases_are_compared_with_is_a_case() {
        for case in &CASES {
            for name in [Some(case.load.noop()), case.load.native()]
                .into_iter()
                .flatten()
            {
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
