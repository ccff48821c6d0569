//! Bounds on heads and times, and what is shed first, from the rules of an endpoint.

use super::api::Scope;
use super::layers::Layers;
use crate::config::{Api, HeadRules, Priority, Span};
use crate::limit::HeadBounds;
use crate::problem::{Problem, pointer};

/// The longest time that an upstream may be given: an hour, in microseconds.
const LONGEST: u64 = 3_600_000_000;

impl Scope<'_> {
    /// The bounds on request heads. One that is looser than that of `reading` is never reached.
    pub(super) fn head_bounds(&mut self, layers: &Layers<'_>) -> Option<Box<HeadBounds>> {
        let reading = &self.document.reading;
        let whole = [
            ("maxTarget", reading.max_target.0),
            (
                "maxQueryParameters",
                u64::from(reading.max_query_parameters),
            ),
            ("maxHeaders", u64::from(reading.max_headers)),
        ];
        let own = [
            layers.head_bound(|head| head.max_target.map(|most| most.0)),
            layers.head_bound(|head| head.max_query_parameters.map(u64::from)),
            layers.head_bound(|head| head.max_headers.map(u64::from)),
        ];
        for ((field, most), own) in whole.into_iter().zip(own) {
            let Some((own, at)) = own.filter(|(own, _)| *own > most) else {
                continue;
            };
            self.once(
                Problem::warning(
                    "bound-not-reached",
                    pointer(&pointer(at, "head"), field),
                    format!("`{own}` is more than the `{most}` that the whole policy takes"),
                )
                .hint(format!(
                    "raise `reading.{field}` at the top of the policy, or lower this"
                )),
            );
        }
        HeadBounds::new(HeadRules {
            max_target: layers.head_bound(|head| head.max_target).map(|(v, _)| v),
            max_query_parameters: layers
                .head_bound(|head| head.max_query_parameters)
                .map(|(v, _)| v),
            max_headers: layers.head_bound(|head| head.max_headers).map(|(v, _)| v),
            max_header_size: layers
                .head_bound(|head| head.max_header_size)
                .map(|(v, _)| v),
        })
    }

    /// How many milliseconds the upstream may take.
    pub(super) fn upstream_timeout(&mut self, layers: &Layers<'_>) -> Option<u64> {
        let (Span(time), at) = layers.timeout()?;
        if !(1_000..=LONGEST).contains(&time) {
            let at = format!("{at}/upstream/timeout");
            let problem =
                Problem::error("upstream-timeout", at, "such a `timeout` is not possible");
            self.once(problem.hint("use a time from 1ms to 1h"));
            return None;
        }
        Some(time / 1_000)
    }

    /// How much it matters that requests pass. Where nothing is shed it means nothing.
    pub(super) fn priority(&mut self, api: &Api, layers: &Layers<'_>) -> Priority {
        let Some((priority, at)) = layers.priority() else {
            return Priority::default();
        };
        if api.load.is_none() {
            self.once(
                Problem::warning(
                    "unused",
                    pointer(at, "priority"),
                    format!("nothing of the API `{}` is ever shed", api.name),
                )
                .hint("give the API `load`, such as `load: { bulk: { inFlight: 100 } }`"),
            );
        }
        priority
    }
}
