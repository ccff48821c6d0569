//! Whole heads: what is read, what is refused, and what holds for any bytes.

use super::*;
use crate::config::Bytes;
use crate::http::Headers;
use proptest::prelude::*;

fn head(target: &[u8]) -> RequestHead {
    RequestHead {
        method: b"GET".to_vec(),
        authority: b"shop.example".to_vec(),
        target: target.to_vec(),
        ..RequestHead::default()
    }
}

fn reject() -> config::Reading {
    config::Reading::default()
}

fn rewrite() -> config::Reading {
    config::Reading {
        paths: Paths::Rewrite,
        ..config::Reading::default()
    }
}

fn reasons(reading: &Reading) -> Vec<Reason> {
    reading.refusals.iter().map(|r| r.reason).collect()
}

#[test]
fn reads_a_plain_head() {
    let reading = read(&head(b"/orders/7?x=1&y=a+b"), &reject());
    let pair = |n: &str, v: &str| (n.to_owned(), v.to_owned());
    let expected = Target {
        host: "shop.example".to_owned(),
        segments: vec!["orders".to_owned(), "7".to_owned()],
        query: vec![pair("x", "1"), pair("y", "a b")],
        rewritten: None,
        with_semicolons: None,
    };
    assert_eq!(reading.target, Some(expected));
    assert!(reading.refusals.is_empty());
}

#[test]
fn a_path_that_is_not_normal_is_refused_or_rewritten() {
    let raw = head(b"/a/./b?x=%7e&&y");
    let refused = read(&raw, &reject());
    assert_eq!(reasons(&refused), [Reason::TargetNotNormal]);
    assert_eq!(refused.target.as_ref().unwrap().segments, ["a", "b"]);
    assert_eq!(refused.target.unwrap().rewritten, None);

    let passed = read(&raw, &rewrite());
    assert!(passed.refusals.is_empty());
    let rewritten = passed.target.unwrap().rewritten;
    assert_eq!(rewritten.as_deref(), Some("/a/b?x=%7e&&y"));
}

#[test]
fn an_ambiguous_target_is_refused_in_both_settings() {
    for target in ["/a%2fb", "/a\\b", "/a/..;/b", "/../a", "/a?x=%00"] {
        for bounds in [reject(), rewrite()] {
            let reading = read(&head(target.as_bytes()), &bounds);
            assert_eq!(reasons(&reading), [Reason::TargetAmbiguous], "{target}");
            assert_eq!(reading.target, None, "{target}");
        }
    }
}

#[test]
fn only_paths_are_targets() {
    for target in ["", "*", "orders", "http://shop.example/a", "/a#b", "/a?b#c"] {
        let reading = read(&head(target.as_bytes()), &reject());
        assert_eq!(reasons(&reading), [Reason::HeadMalformed], "{target}");
        assert_eq!(reading.target, None, "{target}");
    }
    for target in [
        &b"/a b"[..],
        b"/caf\xc3\xa9",
        b"/a\0",
        b"/a?\xff",
        b"/a\x7f",
    ] {
        let reading = read(&head(target), &reject());
        assert_eq!(reasons(&reading), [Reason::TargetEncoding], "{target:?}");
    }
}

#[test]
fn methods_are_tokens() {
    for method in [&b""[..], b"GE T", b"GET\0", b"G\xffT", b"GET/"] {
        let reading = read(
            &RequestHead {
                method: method.to_vec(),
                ..head(b"/")
            },
            &reject(),
        );
        assert_eq!(reasons(&reading), [Reason::HeadMalformed], "{method:?}");
    }
}

#[test]
fn a_host_field_must_be_the_authority() {
    let with_host = |host: &[u8]| RequestHead {
        headers: Headers::new(vec![(b"Host".to_vec(), host.to_vec())]),
        ..head(b"/")
    };
    assert!(
        read(&with_host(b"SHOP.example."), &reject())
            .refusals
            .is_empty()
    );
    for host in [
        &b"other"[..],
        b"shop.example:81",
        b"",
        b"shop.example,other",
    ] {
        let reading = read(&with_host(host), &reject());
        assert_eq!(reasons(&reading), [Reason::HeadMalformed], "{host:?}");
        assert_eq!(reading.target, None);
    }
}

#[test]
fn a_head_beyond_a_bound_still_has_a_target() {
    let bounds = config::Reading {
        max_target: Bytes(8),
        max_query_parameters: 2,
        ..reject()
    };
    assert!(read(&head(b"/abc?a&b"), &bounds).refusals.is_empty());
    let reading = read(&head(b"/abcd?a&b"), &bounds);
    assert_eq!(reasons(&reading), [Reason::TargetTooLong]);
    assert!(reading.target.is_some());
    let reading = read(&head(b"/?a&b&c"), &bounds);
    assert_eq!(reasons(&reading), [Reason::TooManyQueryParameters]);
    assert!(reading.target.is_some());
}

#[test]
fn everything_wrong_is_reported_in_order() {
    let reading = read(
        &RequestHead {
            method: b"G T".to_vec(),
            authority: b"a@b".to_vec(),
            target: b"/a%2f?b=%zz".to_vec(),
            headers: Headers::new(vec![
                (b"content-type".to_vec(), b"a/b".to_vec()),
                (b"Content-Type".to_vec(), b"a/b".to_vec()),
            ]),
            ..RequestHead::default()
        },
        &reject(),
    );
    assert_eq!(
        reasons(&reading),
        [
            Reason::HeadMalformed,
            Reason::HeadMalformed,
            Reason::HeaderDuplicate,
            Reason::TargetEncoding,
            Reason::TargetAmbiguous,
        ]
    );
}

/// Paths made of the pieces that normalisation is about, so that the interesting cases come up often.
fn tricky_target() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "/", "/", "/", ".", "..", "%2e", "%2E", "a", "b", "%61", ";", "x", "=", "%3b", "%2f",
        "%5c", "%25", "2e", "%C3%A9", "%c3", "%00", "|", ":", "?", "&", "+", "~", "%7E", "%20",
    ]);
    prop::collection::vec(piece, 0..16).prop_map(|pieces| format!("/{}", pieces.concat()))
}

fn check_invariants(raw: &[u8]) -> Result<(), TestCaseError> {
    let Some(target) = read(&head(raw), &rewrite()).target else {
        return Ok(());
    };
    let (_, inner) = target
        .segments
        .split_last()
        .map_or((None, &[][..]), |(last, inner)| (Some(last), inner));
    prop_assert!(inner.iter().all(|segment| !segment.is_empty()));
    for segment in &target.segments {
        prop_assert!(segment != "." && segment != "..", "{target:?}");
        prop_assert!(!segment.contains(['/', '\\', '\0']), "{target:?}");
    }
    let normal = target
        .rewritten
        .clone()
        .map_or_else(|| raw.to_vec(), String::into_bytes);
    let again = read(&head(&normal), &reject());
    prop_assert_eq!(&again.refusals, &Vec::new());
    let again = again.target.unwrap();
    prop_assert_eq!(again.segments, target.segments);
    prop_assert_eq!(again.query, target.query);
    prop_assert_eq!(again.rewritten, None);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn the_normal_form_reads_the_same(target in tricky_target()) {
        check_invariants(target.as_bytes())?;
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        method in prop::collection::vec(any::<u8>(), 0..8),
        authority in prop::collection::vec(any::<u8>(), 0..24),
        target in prop::collection::vec(any::<u8>(), 0..64),
        name in prop::collection::vec(any::<u8>(), 0..8),
        value in prop::collection::vec(any::<u8>(), 0..16),
    ) {
        check_invariants(&target)?;
        let whole = RequestHead {
            method, authority, target, headers: Headers::new(vec![(name, value)]), ..RequestHead::default()
        };
        let reading = read(&whole, &reject());
        prop_assert!(reading.target.is_some() || !reading.refusals.is_empty());
        prop_assert!(reading.refusals.is_sorted_by_key(|refusal| refusal.reason));
    }
}
