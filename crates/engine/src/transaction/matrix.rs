//! Paths with a plain `;`: refused, except where the endpoint's description has a parameter of style `matrix` in that very place.
//!
//! Servers that know path parameters cut off what follows a `;`, so `/admin;x` is `/admin` to them, and not to the router.
//! Where a template has a parameter that is written so (RFC 6570, `{;id}`), the service is known to read it. INVARIANT (every `;` is
//! declared): each one in the path stands in the value of such a parameter; one that does not refuses the whole.

use super::Transaction;
use crate::config::Mode;
use crate::http::Reading;
use crate::route::Found;
use crate::verdict::Reason;

impl Transaction {
    /// Takes the reading in which `;` belongs to the segments, where the endpoint that it leads to declares each of them.
    #[cold]
    pub(super) fn read_matrix(&self, reading: &mut Reading) {
        let Some(target) = &mut reading.target else {
            return;
        };
        let Some(segments) = target.with_semicolons.take() else {
            return;
        };
        let method = String::from_utf8_lossy(&self.head.method);
        let router = &self.policy.router;
        let found = router.find(&target.host, &method, &segments, &self.head);
        let Found::Endpoint {
            endpoint, params, ..
        } = found
        else {
            return;
        };
        let declares = self.policy.endpoints.get(endpoint).is_some_and(|endpoint| {
            endpoint.modes.contract != Mode::Off
                && endpoint.contract.declares_semicolons(&segments, &params)
        });
        if declares {
            target.segments = segments;
            target.rewritten = None;
            reading
                .refusals
                .retain(|refusal| refusal.reason != Reason::TargetNotNormal);
        }
    }
}
