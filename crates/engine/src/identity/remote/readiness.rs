//! What a request finds: keys, keys to come, or none.

use super::RemoteKeys;
use crate::config::{OnFailure, Timestamp};
use crate::identity::jwt::KeySet;
use crate::verdict::{Reason, Refusal};
use std::sync::Arc;

/// What a request finds.
pub(crate) enum Readiness {
    /// There are keys, and no better ones to come.
    Ready,
    /// It is worth waiting.
    Wait,
    /// No keys.
    Unavailable(Unavailable),
}

/// A server that does not say what a verdict needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unavailable {
    /// What is missing.
    pub(crate) refusal: Refusal,
    /// What the policy says about it.
    pub(crate) on_failure: OnFailure,
    /// When to try again, in seconds.
    pub(crate) retry_after: u64,
}

impl RemoteKeys {
    /// What a request finds that needs the key `kid`, and has been waiting since `since`. It waits no longer when `over`.
    pub(crate) fn readiness(
        &self,
        kid: Option<&str>,
        since: Timestamp,
        over: bool,
        now: Timestamp,
    ) -> Readiness {
        let Timestamp(now) = now;
        let mut state = self.state();
        let standing = state.standing;
        let busy = standing.leased > now;
        let tried = !busy && standing.attempted >= since.0;
        let usable = state
            .held
            .as_ref()
            .filter(|_| now < self.settings.serves_until(&standing))
            .map(|held| &held.keys);
        let soon = |moment: u64| moment <= now.saturating_add(self.settings.timeout);
        let (found, worthwhile) = match usable {
            Some(keys) => {
                let known = kid.is_none_or(|kid| keys.knows(kid));
                let may_come = soon(standing.demand_not_before) && soon(standing.not_before);
                let worthwhile = !known && (busy || may_come);
                (Readiness::Ready, worthwhile)
            }
            None => {
                let pause = standing.not_before.saturating_sub(now);
                let unavailable = Unavailable {
                    refusal: Refusal::new(Reason::JwksUnavailable),
                    on_failure: self.settings.on_failure,
                    retry_after: pause.div_ceil(1_000_000).max(1),
                };
                let worthwhile = busy || standing.not_before <= now;
                (Readiness::Unavailable(unavailable), worthwhile)
            }
        };
        if over || tried || !worthwhile {
            return found;
        }
        state.demanded = now;
        Readiness::Wait
    }

    /// The keys that serve now.
    pub(crate) fn current(&self, now: Timestamp) -> Option<Arc<KeySet>> {
        let state = self.state();
        let serves = now.0 < self.settings.serves_until(&state.standing);
        let held = state.held.as_ref().filter(|_| serves)?;
        Some(Arc::clone(&held.keys))
    }
}
