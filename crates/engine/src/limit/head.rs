//! How large the head of an endpoint's request may be.

use crate::config::HeadRules;
use crate::http::{RequestHead, Target};
use crate::verdict::{Reason, Refusal};

/// The bounds of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeadBounds(HeadRules);

impl HeadBounds {
    /// `None` where nothing is bounded.
    pub(crate) fn new(rules: HeadRules) -> Option<Box<Self>> {
        (!rules.is_empty()).then(|| Box::new(Self(rules)))
    }

    /// What is written, for explanations.
    pub(crate) const fn rules(&self) -> HeadRules {
        self.0
    }

    /// Every bound that a request breaks.
    pub(crate) fn broken(&self, head: &RequestHead, target: &Target) -> Vec<Refusal> {
        let HeadRules {
            max_target,
            max_query_parameters,
            max_headers,
            max_header_size,
        } = self.0;
        let size = || {
            let sizes = head.headers.iter();
            sizes.map(|(name, value)| name.len() + value.len()).sum()
        };
        let bounds = [
            (
                over(max_target.map(|most| most.0), || head.target.len()),
                Reason::EndpointTargetTooLong,
                "bytes of path and query",
            ),
            (
                over(max_query_parameters.map(u64::from), || target.query.len()),
                Reason::EndpointTooManyQueryParameters,
                "query parameters",
            ),
            (
                over(max_headers.map(u64::from), || head.headers.len()),
                Reason::EndpointTooManyHeaders,
                "header fields",
            ),
            (
                over(max_header_size.map(|most| most.0), size),
                Reason::EndpointHeadersTooLarge,
                "bytes of header fields",
            ),
        ];
        let broken = bounds.into_iter().filter_map(|(most, reason, what)| {
            let most = most?;
            Some(Refusal::new(reason).expected(format!("at most {most} {what}")))
        });
        broken.collect()
    }
}

/// The bound, where it is broken.
fn over(most: Option<u64>, is: impl FnOnce() -> usize) -> Option<u64> {
    most.filter(|most| u64::try_from(is()).unwrap_or(u64::MAX) > *most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Bytes;
    use crate::http::Headers;

    fn broken(rules: HeadRules) -> Vec<Reason> {
        let head = RequestHead {
            target: b"/a?b=1&c=2".to_vec(),
            headers: Headers::new(vec![
                (b"x-one".to_vec(), b"12345".to_vec()),
                (b"x-two".to_vec(), b"12345".to_vec()),
            ]),
            ..RequestHead::default()
        };
        let target = Target {
            query: vec![("b".into(), "1".into()), ("c".into(), "2".into())],
            ..Target::default()
        };
        let bounds = HeadBounds::new(rules).unwrap();
        let broken = bounds.broken(&head, &target).into_iter();
        broken.map(|refusal| refusal.reason).collect()
    }

    #[test]
    fn what_is_exactly_at_a_bound_passes_and_all_that_is_over_is_told() {
        let exact = HeadRules {
            max_target: Some(Bytes(10)),
            max_query_parameters: Some(2),
            max_headers: Some(2),
            max_header_size: Some(Bytes(20)),
        };
        assert_eq!(broken(exact), []);
        let less = HeadRules {
            max_target: Some(Bytes(9)),
            max_query_parameters: Some(1),
            max_headers: Some(1),
            max_header_size: Some(Bytes(19)),
        };
        assert_eq!(
            broken(less),
            [
                Reason::EndpointTargetTooLong,
                Reason::EndpointTooManyQueryParameters,
                Reason::EndpointTooManyHeaders,
                Reason::EndpointHeadersTooLarge,
            ]
        );
        assert_eq!(HeadBounds::new(HeadRules::default()), None);
    }
}
