use super::*;

#[test]
fn ids_are_read_strictly() {
    for text in [
        "spiffe://cluster.local/ns/shop/sa/web",
        "spiffe://example.org",
        "spiffe://a-b_c.1/X/y.z_-",
    ] {
        assert!(SpiffeId::parse(text).is_some(), "{text}");
    }
    for text in [
        "",
        "spiffe://",
        "spiffe:///ns/a",
        "spiffe://cluster.local/",
        "spiffe://cluster.local/ns//sa",
        "spiffe://cluster.local/ns/../sa",
        "spiffe://cluster.local/ns/./sa",
        "spiffe://cluster.local/ns/a/",
        "spiffe://Cluster.local/ns/a",
        "SPIFFE://cluster.local/ns/a",
        "spiffe://user@cluster.local/a",
        "spiffe://cluster.local:80/a",
        "spiffe://cluster.local/a?b",
        "spiffe://cluster.local/a#b",
        "spiffe://cluster.local/a%2fb",
        "spiffe://cluster.local/a b",
        "spiffe://cluster.local/ä",
        "https://cluster.local/a",
        "spiffe://cluster.local/a,spiffe://other/b",
    ] {
        assert_eq!(SpiffeId::parse(text), None, "{text}");
    }
    let long = format!("spiffe://a/{}", "b".repeat(MAX_ID));
    assert_eq!(SpiffeId::parse(&long), None);
    let domain = format!("spiffe://{}/b", "a".repeat(MAX_TRUST_DOMAIN + 1));
    assert_eq!(SpiffeId::parse(&domain), None);
}

#[test]
fn the_workload_is_read_only_from_istios_form() {
    let workload = |text| SpiffeId::parse(text).unwrap().workload();
    assert_eq!(workload("spiffe://c/ns/shop/sa/web"), Some(("shop", "web")));
    for text in [
        "spiffe://c",
        "spiffe://c/ns/shop",
        "spiffe://c/sa/web/ns/shop",
        "spiffe://c/ns/shop/sa/web/x",
        "spiffe://c/x/ns/shop/sa/web",
    ] {
        assert_eq!(workload(text), None, "{text}");
    }
}

#[test]
fn patterns_name_whole_ids() {
    for (pattern, named, others) in [
        (
            "spiffe://c/ns/shop/sa/web",
            &["spiffe://c/ns/shop/sa/web"][..],
            &[
                "spiffe://d/ns/shop/sa/web",
                "spiffe://c/ns/shop/sa/web2",
                "spiffe://c/ns/shop/sa",
                "spiffe://c/ns/shop/sa/web/x",
                "spiffe://c",
            ][..],
        ),
        (
            "spiffe://c/ns/*/sa/web-*",
            &["spiffe://c/ns/a/sa/web-", "spiffe://c/ns/b/sa/web-1-x"],
            &["spiffe://c/ns/a/sa/web", "spiffe://c/ns/a/b/sa/web-1"],
        ),
        (
            "spiffe://c/ns/shop/**",
            &["spiffe://c/ns/shop/sa/web", "spiffe://c/ns/shop/x"],
            &["spiffe://c/ns/shop", "spiffe://c/ns/other/sa/web"],
        ),
        (
            "spiffe://c/**",
            &["spiffe://c/a"],
            &["spiffe://c", "spiffe://d/a"],
        ),
        ("spiffe://c", &["spiffe://c"], &["spiffe://c/a"]),
    ] {
        let compiled = SpiffePattern::compile(pattern).unwrap();
        assert_eq!(compiled.to_string(), pattern);
        for id in named {
            assert!(compiled.matches(id), "{pattern} {id}");
        }
        for id in others {
            assert!(!compiled.matches(id), "{pattern} {id}");
        }
        assert!(!compiled.matches("not an id"));
    }
}

#[test]
fn what_is_not_a_pattern_is_refused() {
    for text in [
        "",
        "*",
        "cluster.local/ns/a",
        "spiffe://*/ns/a",
        "spiffe://c*/ns/a",
        "spiffe://c/",
        "spiffe://c//a",
        "spiffe://c/**/a",
        "spiffe://c/a**",
        "spiffe://c/../a",
        "spiffe://c/.*.",
        "spiffe://c/a?",
    ] {
        assert!(SpiffePattern::compile(text).is_err(), "{text}");
    }
}

#[test]
fn a_star_stands_for_characters_within_a_segment() {
    for (glob, text, matches) in [
        ("*", "a", true),
        ("*", "", false),
        ("a*", "a", true),
        ("*a", "ba", true),
        ("*a", "ab", false),
        ("a*b*c", "a1b2c", true),
        ("a*b*c", "abc", true),
        ("a*b*c", "ac", false),
        ("a*a", "a", false),
        ("a*bc*bc", "abcbc", true),
        ("a*bc*bc", "abc", false),
        ("web", "web", true),
        ("web", "webx", false),
    ] {
        assert_eq!(
            Glob::compile(glob).unwrap().matches(text),
            matches,
            "{glob} {text}"
        );
    }
}
