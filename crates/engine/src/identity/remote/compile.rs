//! Policy to remote keys.

use super::machine::Work;
use super::schedule::Settings;
use super::slot::Standing;
use super::source::{Source, Target};
use super::{RemoteKeys, State};
use crate::config::{Algorithm, Discovery, Jwks, OnFailure, Span};
use crate::problem::{Problem, pointer};
use crate::remote::Location;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

const MILLISECOND: u64 = 1_000;
const SECOND: u64 = 1_000_000;
const HOUR: u64 = 3_600 * SECOND;

/// One bound of a time: its member, its value when absent, and the least and the most that it may be.
type Bound = (&'static str, u64, u64, u64);

const REFRESH: Bound = ("refresh", 300 * SECOND, SECOND, 24 * HOUR);
const MAX_STALE: Bound = ("maxStale", HOUR, 0, 7 * 24 * HOUR);
/// Requests wait so long: beyond half a minute, clients have gone.
pub(crate) const TIMEOUT: Bound = ("timeout", 2 * SECOND, 50 * MILLISECOND, 30 * SECOND);
const COOLDOWN: Bound = ("cooldown", 5 * SECOND, SECOND, HOUR);

/// The times of a provider, as they are written.
struct Times {
    refresh: Option<Span>,
    max_stale: Option<Span>,
    timeout: Option<Span>,
    cooldown: Option<Span>,
    on_failure: Option<OnFailure>,
}

impl RemoteKeys {
    /// Keys at a place that the policy names. `at` is the JSON pointer of `jwks`.
    pub(crate) fn at_place(
        provider: &str,
        at: &str,
        config: &Jwks,
        algorithms: &[Algorithm],
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let Jwks {
            inline: _,
            file: _,
            uri,
            cluster,
            refresh,
            max_stale,
            timeout,
            cooldown,
            on_failure,
        } = config.clone();
        let settings = Times {
            refresh,
            max_stale,
            timeout,
            cooldown,
            on_failure,
        }
        .compile(at, problems);
        check_algorithms(at, algorithms, problems);
        let location = Location::compile(&uri?, &pointer(at, "uri"), problems);
        let cluster = check_cluster(cluster.as_deref(), &pointer(at, "cluster"), problems);
        let target = Target {
            cluster: cluster?,
            location: location?,
        };
        Some(Self::new(
            provider,
            Source::Place(target),
            settings,
            algorithms,
        ))
    }

    /// Keys where the issuer says. `at` is the JSON pointer of `discovery`.
    pub(crate) fn by_discovery(
        provider: &str,
        at: &str,
        issuer: &str,
        config: &Discovery,
        algorithms: &[Algorithm],
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let Discovery {
            cluster,
            hosts,
            refresh,
            max_stale,
            timeout,
            cooldown,
            on_failure,
        } = config.clone();
        let settings = Times {
            refresh,
            max_stale,
            timeout,
            cooldown,
            on_failure,
        }
        .compile(at, problems);
        check_algorithms(at, algorithms, problems);
        let mut clusters = BTreeMap::new();
        for (host, cluster) in hosts {
            let place = pointer(&pointer(at, "hosts"), &host);
            if let Some(cluster) = check_cluster(Some(&cluster), &place, problems) {
                clusters.insert(host.to_ascii_lowercase(), cluster);
            }
        }
        let cluster = check_cluster(Some(&cluster), &pointer(at, "cluster"), problems);
        let location = Location::compile(&Source::description(issuer), at, problems)?;
        let description = Target {
            cluster: cluster?,
            location,
        };
        clusters.insert(
            description.location.authority.clone(),
            description.cluster.clone(),
        );
        let source = Source::Issuer {
            issuer: issuer.to_owned(),
            description,
            hosts: clusters,
        };
        Some(Self::new(provider, source, settings, algorithms))
    }

    fn new(provider: &str, source: Source, settings: Settings, algorithms: &[Algorithm]) -> Self {
        // With the algorithms: whether a key set is of use depends on them.
        let digest = Sha256::digest(format!("{} {algorithms:?}", source.identity()));
        let slot = digest
            .iter()
            .take(12)
            .fold("meshward.keys.".to_owned(), |mut name, byte| {
                // Writing to a string does not fail.
                let _ = write!(name, "{byte:02x}");
                name
            });
        Self {
            provider: provider.to_owned(),
            source,
            settings,
            algorithms: algorithms.to_vec(),
            standing_slot: format!("{slot}.standing").into(),
            keys_slot: format!("{slot}.keys").into(),
            state: Mutex::new(State {
                standing: Standing::default(),
                held: None,
                demanded: 0,
                work: Work::Idle,
                epoch: 0,
                note: None,
            }),
        }
    }
}

impl Times {
    fn compile(self, at: &str, problems: &mut Vec<Problem>) -> Settings {
        let mut time = |value, bound| span(value, bound, at, problems);
        Settings {
            refresh: time(self.refresh, REFRESH),
            max_stale: time(self.max_stale, MAX_STALE),
            timeout: time(self.timeout, TIMEOUT),
            cooldown: time(self.cooldown, COOLDOWN),
            on_failure: self.on_failure.unwrap_or_default(),
        }
    }
}

/// A time within its bounds, in microseconds.
pub(crate) fn span(
    value: Option<Span>,
    (name, default, least, most): Bound,
    at: &str,
    problems: &mut Vec<Problem>,
) -> u64 {
    let Some(Span(value)) = value else {
        return default;
    };
    if !(least..=most).contains(&value) {
        problems.push(
            Problem::error(
                "out-of-bounds",
                pointer(at, name),
                format!("`{}` is out of bounds", Span(value)),
            )
            .hint(format!(
                "from {} to {} are possible",
                Span(least),
                Span(most)
            )),
        );
    }
    value
}

/// A cluster's name, where it is one.
pub(crate) fn check_cluster(
    name: Option<&str>,
    at: &str,
    problems: &mut Vec<Problem>,
) -> Option<String> {
    let name = name.unwrap_or_default();
    if name.is_empty() || name.len() > 256 || !name.bytes().all(|b| b.is_ascii_graphic()) {
        problems.push(
            Problem::error("cluster", at, "there is no cluster that leads to the server")
                .hint("name a cluster of the proxy, such as `idp`; `meshward render envoy --cluster idp=HOST:PORT` makes one"),
        );
        return None;
    }
    Some(name.to_owned())
}

/// INVARIANT (no algorithm confusion): what anybody can fetch is no secret, so no `HS*` key may come from there.
fn check_algorithms(at: &str, algorithms: &[Algorithm], problems: &mut Vec<Problem>) {
    let secret =
        |a: &&Algorithm| matches!(a, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512);
    if let Some(algorithm) = algorithms.iter().find(secret) {
        problems.push(
            Problem::error(
                "secret-key",
                at,
                format!(
                    "the algorithm `{algorithm:?}` needs a secret, and a published key is none"
                ),
            )
            .hint("leave `HS*` out of `algorithms`, or give the secret under `jwks.inline`"),
        );
    }
}
