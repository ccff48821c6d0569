//! The compiled policy: immutable, shared by all exchanges.

use super::{Access, AuthorizationSummary, ClaimHeader, EndpointModes, Origin};
use crate::abuse::Watches;
use crate::authorize::Authorization;
use crate::bundle::Revision;
use crate::config::{
    ClientAddress, Delivery, Detail, FilterState, IdentityHeader, Mode, Priority, Reading,
    Telemetry, Unknown,
};
use crate::contract::Contract;
use crate::http::RequestHead;
use crate::identity::{self, Channel, Provider};
use crate::limit::{HeadBounds, Limit, Part, Seed, Table};
use crate::load::{Gauges, Load};
use crate::remote::{Desk, RemoteKeys};
use crate::route::Router;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A policy, ready to judge. Immutable; shared by all exchanges.
#[derive(Debug)]
pub struct Policy {
    pub(crate) name: Arc<str>,
    pub(crate) reading: Reading,
    pub(crate) reading_mode: Mode,
    pub(crate) unknown_hosts: Unknown,
    pub(crate) router: Router,
    pub(crate) table: Table,
    /// What is held of quotas that a fleet shares.
    pub(crate) leases: Table,
    /// Where requests wait for them.
    pub(crate) desks: Vec<Arc<Desk>>,
    /// What is known of callers' behaviour.
    pub(crate) behaviour: Table,
    pub(crate) client_address: ClientAddress,
    /// The secret of these tables.
    pub(crate) seed: Seed,
    pub(crate) apis: Vec<PolicyApi>,
    pub(crate) endpoints: Vec<Endpoint>,
    /// The providers that read certificates and that an endpoint accepts.
    pub(crate) mtls: Vec<Arc<Provider>>,
    pub(crate) channel: Channel,
    /// The names of all headers that carry claims.
    pub(crate) claim_headers: Vec<String>,
    pub(crate) detail: Detail,
    pub(crate) telemetry: Telemetry,
    pub(crate) delivery: Delivery,
    /// The keys that must be fetched for it.
    pub(crate) remote_keys: Vec<Arc<RemoteKeys>>,
    /// The proxy's clusters that it needs, in order.
    pub(crate) clusters: BTreeSet<String>,
    /// The bundle that it was made from, where there is one.
    pub(crate) revision: Option<Revision>,
}

/// One API of a policy.
#[derive(Debug)]
pub(crate) struct PolicyApi {
    pub(crate) name: Arc<str>,
    pub(crate) unknown_endpoints: Unknown,
    /// When its requests are shed.
    pub(crate) load: Option<Load>,
}

/// One endpoint of a policy.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) api: usize,
    /// `METHOD /template`, with the template as the description writes it.
    pub(crate) label: Arc<str>,
    pub(crate) operation: Option<Arc<str>>,
    pub(crate) summary: Option<String>,
    pub(crate) deprecated: bool,
    pub(crate) modes: EndpointModes,
    pub(crate) access: Access,
    /// Which level names `access`.
    pub(crate) access_from: Option<Origin>,
    pub(crate) authorization: Authorization,
    /// What `authorization` was made from, for people. `None` where nothing is asked.
    pub(crate) asked: Option<Box<AuthorizationSummary>>,
    pub(crate) limits: Vec<Arc<Limit>>,
    pub(crate) watches: Watches,
    /// How large the head of a request may be.
    pub(crate) head_bounds: Option<Box<HeadBounds>>,
    /// How many milliseconds the upstream may take.
    pub(crate) timeout: Option<u64>,
    /// What is shed first.
    pub(crate) priority: Priority,
    pub(crate) contract: Contract,
    pub(crate) described: bool,
    /// Whether responses are judged.
    pub(crate) responses: bool,
    pub(crate) identity_headers: Vec<IdentityHeader>,
    pub(crate) strip_credentials: bool,
    pub(crate) claim_headers: Vec<ClaimHeader>,
}

impl Policy {
    /// The policy's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The policy's name, for records.
    #[must_use]
    pub fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// The policy with a secret for its limit table. All workers that share the table must have the same; without one, whoever knows
    /// the policy can choose keys that fall into one slot.
    #[must_use]
    pub fn with_seed(self, seed: [u8; 16]) -> Self {
        Self {
            seed: Seed(seed),
            ..self
        }
    }

    /// The policy with the revision of its bundle, which then stands in every record.
    #[must_use]
    pub fn with_revision(self, revision: Revision) -> Self {
        let revision = Some(revision);
        Self { revision, ..self }
    }

    /// The revision of its bundle.
    #[must_use]
    pub const fn revision(&self) -> Option<&Revision> {
        self.revision.as_ref()
    }

    /// The number of endpoints.
    #[must_use]
    pub fn endpoint_count(&self) -> usize {
        self.endpoints.len()
    }

    /// What of the peer an adapter must read before the request is judged, because a limit counts by it or a provider knows callers
    /// by it. Otherwise it is needed only for a log line.
    #[must_use]
    pub fn source_needs(&self) -> SourceNeeds {
        let uses = |part: &Part| {
            let mut limits = self.endpoints.iter().flat_map(|e| &e.limits);
            let mut watches = self.endpoints.iter().map(|e| &e.watches);
            limits.any(|limit| limit.key.uses(part))
                || watches.any(|watches| watches.all().any(|pattern| pattern.uses(part)))
        };
        SourceNeeds {
            address: uses(&Part::Address)
                || (self.client_address.trusted_hops == 0 && uses(&Part::Client))
                || self
                    .endpoints
                    .iter()
                    .any(|e| e.authorization.needs_address()),
            principal: uses(&Part::Principal)
                || self
                    .endpoints
                    .iter()
                    .any(|e| e.authorization.needs_principal())
                || !self.mtls.is_empty()
                || self.channel.names_principals(),
            verified: self
                .mtls
                .iter()
                .filter_map(|provider| provider.peers())
                .any(|peers| peers.must_be_verified()),
        }
    }

    /// Whether a request carries a forwarded certificate for which nobody vouches whom the policy believes.
    pub(crate) fn distrusts_forwarded(&self, head: &RequestHead) -> bool {
        !self.mtls.is_empty()
            && head
                .headers
                .first(identity::FORWARDED_CERTIFICATE)
                .is_some()
            && !self
                .mtls
                .iter()
                .filter_map(|provider| provider.peers())
                .any(|peers| peers.believes(&head.source))
    }

    /// The keys that an adapter must fetch while this policy serves.
    #[must_use]
    pub fn remote_keys(&self) -> &[Arc<RemoteKeys>] {
        &self.remote_keys
    }

    /// Goes on with what a worker knows of the APIs' upstreams, from before this policy was there. It counts before the first request.
    pub fn go_on(&self, gauges: &mut Gauges) {
        for api in &self.apis {
            if let Some(load) = &api.load {
                load.go_on(gauges.of(&self.name, &api.name));
            }
        }
    }

    /// Where requests wait for their part of a quota that a fleet shares, one for each such limit.
    #[must_use]
    pub fn desks(&self) -> &[Arc<Desk>] {
        &self.desks
    }

    /// The proxy's clusters through which this policy asks other servers.
    pub fn clusters(&self) -> impl Iterator<Item = &str> {
        self.clusters.iter().map(String::as_str)
    }

    /// Whether an admitted exchange without findings puts its verdict into filter state.
    #[must_use]
    pub fn publishes_all(&self) -> bool {
        self.telemetry.filter_state == FilterState::All
    }

    /// The most counter series that a proxy may make for this policy.
    #[must_use]
    pub fn max_series(&self) -> u32 {
        self.telemetry.max_series
    }
}

impl SourceNeeds {
    /// What either needs.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            address: self.address || other.address,
            principal: self.principal || other.principal,
            verified: self.verified || other.verified,
        }
    }
}

/// What a policy must know of the peer to judge a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceNeeds {
    /// Its address.
    pub address: bool,
    /// Its SPIFFE ID.
    pub principal: bool,
    /// Whether its certificate was verified.
    pub verified: bool,
}
