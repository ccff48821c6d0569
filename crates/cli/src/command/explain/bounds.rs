//! How large a request may be, how long it may take, and when it is shed.

use meshward_engine::ShedSummary;
use meshward_engine::config::{HeadRules, Span};

/// The bounds on request heads, in one sentence; none where there are none.
pub(super) fn sentences(head: &HeadRules) -> Vec<String> {
    let HeadRules {
        max_target,
        max_query_parameters,
        max_headers,
        max_header_size,
    } = head;
    let bounds = [
        max_target.map(|most| format!("{most} of path and query")),
        max_query_parameters.map(|most| format!("{most} query parameters")),
        max_headers.map(|most| format!("{most} header fields")),
        max_header_size.map(|most| format!("{most} of header fields")),
    ];
    let bounds: Vec<String> = bounds.into_iter().flatten().collect();
    if bounds.is_empty() {
        return Vec::new();
    }
    vec![format!("At most {}.", bounds.join(", "))]
}

/// When requests are shed because the upstream has too much to do; nothing where they never are.
pub(super) fn shed(shed: Option<&ShedSummary>) -> Vec<String> {
    let Some(ShedSummary {
        priority,
        in_flight,
        latency,
    }) = shed
    else {
        return Vec::new();
    };
    let class = priority.name();
    let bounds = [
        in_flight.map(|most| format!("with {most} requests of the API in flight in a worker")),
        latency.map(|most| {
            let most = Span(most.saturating_mul(1000));
            format!("when the upstream takes longer than {most}")
        }),
    ];
    let bounds: Vec<String> = bounds.into_iter().flatten().collect();
    if bounds.is_empty() {
        return vec![format!("Never: its priority is `{class}`.")];
    }
    vec![format!("As `{class}`, {}.", bounds.join(", or "))]
}

/// How many milliseconds the upstream may take.
pub(super) fn time(milliseconds: u64) -> String {
    let time = Span(milliseconds.saturating_mul(1000));
    format!("Must answer within {time}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use meshward_engine::config::{Bytes, Priority};

    #[test]
    fn bounds_are_one_sentence() {
        let head = HeadRules {
            max_target: Some(Bytes(1024)),
            max_headers: Some(20),
            ..HeadRules::default()
        };
        assert_eq!(
            sentences(&head),
            ["At most 1KiB of path and query, 20 header fields."]
        );
        assert!(sentences(&HeadRules::default()).is_empty());
        let of = |in_flight, latency| {
            shed(Some(&ShedSummary {
                priority: Priority::Bulk,
                in_flight,
                latency,
            }))
        };
        assert_eq!(
            of(Some(50), Some(500)),
            [
                "As `bulk`, with 50 requests of the API in flight in a worker, or when the upstream takes longer than 500ms."
            ]
        );
        assert_eq!(of(None, None), ["Never: its priority is `bulk`."]);
        assert!(shed(None).is_empty());
        assert_eq!(time(1500), "Must answer within 1s 500ms.");
    }
}
