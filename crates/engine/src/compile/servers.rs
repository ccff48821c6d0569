//! Under which hosts and base paths an operation is served.
//!
//! What the policy names holds for all operations, because it is written for this proxy; where it names nothing, an operation's own
//! `servers` go before those of the description.

use crate::config::{Api, Description};
use crate::route::RouterEndpoint;

/// Hosts and base paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Servers {
    pub(super) hosts: Vec<String>,
    pub(super) base_paths: Vec<String>,
}

/// The hosts and base paths of an operation's own `servers`.
type Own = (Vec<String>, Vec<String>);

impl Servers {
    /// Those of most operations of an API.
    pub(super) fn of(api: &Api, description: Option<&Description>) -> Self {
        let described = |pick: fn(&Description) -> &[String]| {
            description.map(|d| pick(d).to_vec()).unwrap_or_default()
        };
        let hosts = match api.hosts.as_slice() {
            [] => described(|d| &d.hosts),
            hosts => hosts.to_vec(),
        };
        let base_paths = match &api.base_paths {
            Some(paths) => paths.clone(),
            None => described(|d| &d.base_paths),
        };
        Self { hosts, base_paths }.with_root()
    }

    /// Puts endpoints that are served under the same hosts and base paths together, these first.
    pub(super) fn divide(
        self,
        api: &Api,
        endpoints: Vec<(Own, RouterEndpoint)>,
    ) -> Vec<(Self, Vec<RouterEndpoint>)> {
        let mut groups = vec![(self.clone(), Vec::new())];
        for ((hosts, base_paths), endpoint) in endpoints {
            let mut servers = self.clone();
            if api.hosts.is_empty() && !hosts.is_empty() {
                servers.hosts = hosts;
            }
            if api.base_paths.is_none() && !base_paths.is_empty() {
                servers.base_paths = base_paths;
            }
            match groups.iter_mut().find(|(known, _)| *known == servers) {
                Some((_, group)) => group.push(endpoint),
                None => groups.push((servers, vec![endpoint])),
            }
        }
        groups
    }

    fn with_root(mut self) -> Self {
        if self.base_paths.is_empty() {
            self.base_paths.push("/".to_owned());
        }
        self
    }
}
