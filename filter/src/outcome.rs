//! What becomes of a verdict: header changes, answers to the client, filter state, and refusals of the filter's own.
//!
//! INVARIANT (no smuggling): nothing that could end a header field, or begin another, is handed to the proxy. Envoy does not
//! check what a plugin sets.

use crate::host::Host;
use meshward_engine::Policy;
use meshward_engine::audit::Record;
use meshward_engine::bundle::Revision;
use meshward_engine::config::Timestamp;
use meshward_engine::transaction::{Forward, HeaderChange, Replacement, Reply};
use meshward_engine::verdict::{Decision, Reason};

/// Changes the request as the verdict says. `false`, and nothing is changed, when that cannot be done safely.
pub(crate) fn forward(host: &impl Host, how: &Forward) -> bool {
    let Forward {
        headers,
        target,
        watch_response: _,
        response_headers,
    } = how;
    let safe = headers.iter().chain(response_headers).all(is_safe)
        && target.as_deref().is_none_or(is_target);
    if !safe {
        return false;
    }
    for change in headers {
        match change {
            HeaderChange::Remove(name) => host.remove_request_field(name),
            HeaderChange::Add(name, value) => host.set_request_field(name, value),
        }
    }
    if let Some(target) = target {
        host.set_request_field(":path", target);
        // The route was chosen by the raw target: what is judged must be what is routed.
        host.choose_route_again();
    }
    true
}

/// Changes the held response, `held` bytes long, as the verdict says. `false`, and nothing is changed, when that cannot be done safely.
pub(crate) fn replace(host: &impl Host, held: usize, how: &Replacement) -> bool {
    let Replacement { headers, body } = how;
    if !headers.iter().all(is_safe) {
        return false;
    }
    tell(host, headers);
    host.replace_response_body(held, body);
    true
}

/// Changes the fields of the response. They were found to be safe.
pub(crate) fn tell(host: &impl Host, changes: &[HeaderChange]) {
    for change in changes {
        match change {
            HeaderChange::Remove(name) => host.remove_response_field(name),
            HeaderChange::Add(name, value) => host.set_response_field(name, value),
        }
    }
}

fn is_safe(change: &HeaderChange) -> bool {
    match change {
        HeaderChange::Remove(name) => is_name(name),
        HeaderChange::Add(name, value) => is_name(name) && is_value(value),
    }
}

/// Answers the client.
#[cold]
pub(crate) fn answer(host: &impl Host, mut reply: Reply) {
    reply
        .headers
        .retain(|(name, value)| is_name(name) && is_value(value));
    match &reply.grpc {
        Some((status, message)) => {
            reply.headers.retain(|(name, _)| {
                !name.eq_ignore_ascii_case("content-type")
                    && !name.eq_ignore_ascii_case("content-length")
            });
            host.reply_grpc(*status, message, &reply.headers);
        }
        None => host.reply(&reply),
    }
}

/// Shows a verdict to access logs and later filters.
#[cold]
pub(crate) fn publish(host: &impl Host, record: &Record) {
    host.publish("meshward.verdict", &record.verdict_line());
}

/// A refusal for which the engine gave none: there is no policy, or a fault.
#[cold]
pub(crate) fn refusal(
    reason: Reason,
    policy: Option<&Policy>,
    now: Timestamp,
) -> (Box<Record>, Reply) {
    let status = reason.status();
    let record = Record {
        decision: Decision::Deny,
        reason: Some(reason),
        status: Some(status),
        logged: true,
        revision: policy.and_then(Policy::revision).map(Revision::shared_name),
        ..Record::new(policy.map_or_else(|| "".into(), Policy::shared_name), now)
    };
    let body = serde_json::json!({
        "type": "about:blank", "title": reason.title(), "status": status, "reason": reason.code(),
    });
    let reply = Reply {
        status,
        headers: vec![(
            "content-type".to_owned(),
            "application/problem+json".to_owned(),
        )],
        body: body.to_string(),
        grpc: None,
    };
    (Box::new(record), reply)
}

/// A field name (RFC 9110, token), other than a pseudo-header.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// A field value: no control characters but the tab.
fn is_value(value: &str) -> bool {
    value
        .bytes()
        .all(|b| b == b'\t' || (b >= 0x20 && b != 0x7f))
}

fn is_target(target: &str) -> bool {
    target.starts_with('/') && target.bytes().all(|b| b > 0x20 && b != 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake::Fake;

    fn set(name: &str, value: &str) -> Forward {
        Forward {
            headers: vec![
                HeaderChange::Remove("x-old".into()),
                HeaderChange::Remove(name.to_owned().into()),
                HeaderChange::Add(name.to_owned().into(), value.into()),
            ],
            ..Forward::default()
        }
    }

    #[test]
    fn changes_are_made_in_order_and_replace_every_field() {
        let host = Fake::default();
        host.request(&[("x-user", b"a"), ("x-old", b"b"), ("x-user", b"c")]);
        assert!(forward(&host, &set("x-user", "d")));
        assert_eq!(
            host.state.borrow().request,
            [(b"x-user".to_vec(), b"d".to_vec())]
        );
        assert!(!host.state.borrow().rerouted);
    }

    #[test]
    fn a_new_target_is_routed_again() {
        let host = Fake::default();
        host.request(&[(":path", b"/a/../b")]);
        let how = Forward {
            target: Some("/b".into()),
            ..Forward::default()
        };
        assert!(forward(&host, &how));
        assert_eq!(
            host.state.borrow().request,
            [(b":path".to_vec(), b"/b".to_vec())]
        );
        assert!(host.state.borrow().rerouted);
    }

    #[test]
    fn nothing_is_changed_where_something_is_unsafe() {
        for how in [
            set("x-user", "a\r\nx-admin: 1"),
            set("x-user", "a\0"),
            set("x user", "a"),
            set(":path", "/admin"),
            set("", "a"),
            Forward {
                target: Some("/a b".into()),
                ..Forward::default()
            },
            Forward {
                target: Some("a".into()),
                ..Forward::default()
            },
        ] {
            let host = Fake::default();
            host.request(&[("x-old", b"b")]);
            assert!(!forward(&host, &how), "{how:?}");
            assert_eq!(host.state.borrow().request.len(), 1);
        }
    }

    #[test]
    fn only_a_grpc_caller_gets_a_grpc_answer() {
        let (_, mut reply) = refusal(Reason::Internal, None, Timestamp(0));
        let host = Fake::default();
        answer(&host, reply.clone());
        assert_eq!(host.state.borrow().reply.as_ref().unwrap().status, 500);

        reply.grpc = Some((13, "no".to_owned()));
        let host = Fake::default();
        answer(&host, reply);
        let (status, message) = host.state.borrow().grpc_reply.clone().unwrap();
        assert_eq!((status, message.as_str()), (13, "no"));
        assert!(host.state.borrow().reply.is_none());
    }

    #[test]
    fn an_unsafe_field_of_an_answer_is_left_out() {
        let (_, mut reply) = refusal(Reason::Internal, None, Timestamp(0));
        reply.headers.push(("x-a".into(), "b\nc: d".into()));
        let host = Fake::default();
        answer(&host, reply);
        assert_eq!(host.state.borrow().reply.as_ref().unwrap().headers.len(), 1);
    }
}
