//! What may be vendored, and where.

use super::place::{collide, is_place};
use super::{Document, Lock, RemoteUrl, WrongUrl, digest, place, without_credentials};
use std::iter;

fn url(text: &str) -> RemoteUrl {
    RemoteUrl::parse(text).unwrap()
}

fn document(url: &RemoteUrl, file: &str) -> Document {
    Document {
        location: url.clone(),
        file: file.to_owned(),
        sha256: digest(""),
        size: 0,
        fetched: "2026-11-23T00:00:00Z".to_owned(),
        used_by: vec!["api.yaml".to_owned()],
    }
}

#[test]
fn urls_have_one_form() {
    for (written, normal) in [
        (
            "HTTPS://A.Example:443/x/../%7ey.yaml#/a",
            "https://a.example/~y.yaml",
        ),
        ("http://a.example:80", "http://a.example/"),
        ("https://a.example?q=%2f", "https://a.example/?q=%2F"),
        ("https://[::1]:8443/a", "https://[::1]:8443/a"),
        ("https://a.example/../../a", "https://a.example/a"),
    ] {
        let url = url(written);
        assert_eq!(url.as_str(), normal);
        assert_eq!(RemoteUrl::parse(normal).unwrap(), url);
    }
}

#[test]
fn what_is_no_plain_url_is_refused() {
    let long = format!("https://a.example/{}", "a".repeat(2_000));
    for (text, wrong) in [
        ("file:///etc/passwd", WrongUrl::Scheme),
        ("ftp://a.example/a", WrongUrl::Scheme),
        ("urn:a:b", WrongUrl::Scheme),
        ("//a.example/a", WrongUrl::Relative),
        ("a.yaml", WrongUrl::Relative),
        ("https:///etc/passwd", WrongUrl::Host),
        ("https:a.yaml", WrongUrl::Host),
        ("https://a%2eb%00/", WrongUrl::Host),
        ("https://a.example:99999/", WrongUrl::Host),
        ("https://[v1.a]/", WrongUrl::Host),
        ("https://me:hush@a.example/a", WrongUrl::Credentials),
        ("https://@a.example/a", WrongUrl::Credentials),
        ("https://a.example\\@b.example/", WrongUrl::Malformed),
        ("https://a.example/a b", WrongUrl::Malformed),
        ("https://ä.example/", WrongUrl::Malformed),
        (&long, WrongUrl::Long),
    ] {
        assert_eq!(RemoteUrl::parse(text), Err(wrong), "{text}");
    }
}

#[test]
fn credentials_are_not_shown() {
    for (reference, shown) in [
        ("https://me:hush@a.example/a", "https://…@a.example/a"),
        ("//me:hush@a.example/a", "//…@a.example/a"),
        ("https://me:hu/sh@a.example/a", "https://…"),
        ("https://me:h@u/sh@a.example/a", "https://…"),
        ("https://a.example/@me", "https://a.example/@me"),
        ("a@b.yaml", "a@b.yaml"),
    ] {
        assert_eq!(without_credentials(reference), shown);
    }
}

#[test]
fn places_are_below_the_folder_and_look_like_the_url() {
    let at = |text: &str, is_json| place(&url(text), is_json, iter::empty()).unwrap();
    assert_eq!(
        at("https://a.example/v1/Order.yaml", false),
        "vendor/a.example/v1/Order.yaml"
    );
    assert_eq!(
        at("http://127.0.0.1:8080/order", true),
        "vendor/127.0.0.1_8080/order.json"
    );
    assert_eq!(
        at("https://a.example/v1.0/order", false),
        "vendor/a.example/v1.0/order.yaml"
    );
    for text in [
        "https://a.example",
        "https://a.example//",
        "https://a.example/a.yaml?version=2",
        "https://a.example/%2e%2e/%2e%2e/a.yaml",
        "https://a.example/..%2f..%2fa.yaml",
        "https://a.example/..%5c..%5ca.yaml",
        "https://a.example/.git/config",
        "https://a.example/.../a",
        "https://a.example/nul.json",
        "https://a.example/COM1/Aux.yaml",
        "https://a.example/a%00.yaml",
        "https://a.example/a:b/c*.yaml",
        "https://a.example/dot./a.",
        "https://con/a",
        "https://[fe80::1]/a.yaml",
        &format!("https://a.example/{}.yaml", "a".repeat(300)),
        &format!("https://a.example/{}", "a/".repeat(200)),
        &format!("https://{}/a", ["a"; 120].join(".")),
    ] {
        for is_json in [false, true] {
            let place = at(text, is_json);
            assert!(is_place(&place), "{text}: {place}");
        }
    }
    // What is read as JSON must be JSON.
    assert!(at("https://a.example/order.json", false).ends_with(".yaml"));
}

#[test]
fn no_two_documents_share_a_place() {
    let mut taken: Vec<String> = Vec::new();
    for text in [
        "https://a.example/order.yaml",
        "https://a.example/Order.yaml",
        "https://a.example/ORDER.YAML",
        "https://a.example/order",
        "https://a.example/order.yaml?a",
        "https://a.example/order.yaml?b",
        "https://a.example/order.yaml/a.yaml",
        "https://a.example/order.yaml/",
        "http://a.example/order.yaml",
        "https://a.example:8443/a.yaml",
        "https://a.example_8443/a.yaml",
    ] {
        let url = url(text);
        let place = place(&url, false, taken.iter().map(String::as_str)).unwrap();
        assert!(
            !taken.iter().any(|other| collide(&place, other)),
            "{text}: {place}, {taken:?}"
        );
        taken.push(place);
    }
}

#[test]
fn a_lock_is_read_as_it_was_written() {
    let mut lock = Lock::default();
    let (a, b) = (url("https://a.example/a.yaml"), url("https://a.example/b"));
    lock.set(b.clone(), document(&a, "vendor/a.example/b.yaml"));
    lock.set(a.clone(), document(&a, "vendor/a.example/a.yaml"));
    let text = lock.write();
    let read = Lock::read(&text).unwrap();
    assert_eq!(read.write(), text);
    assert_eq!(read.get(&b).unwrap().location, a);
    assert_eq!(read.iter().count(), 2);
}

#[test]
fn a_wrong_lock_is_refused() {
    let a = url("https://a.example/a.yaml");
    let mut lock = Lock::default();
    lock.set(a.clone(), document(&a, "vendor/a.example/a.yaml"));
    let good = lock.write();
    let wrong = [
        ("vendor/a.example/a.yaml", "../a.yaml"),
        ("vendor/a.example/a.yaml", "/etc/passwd"),
        ("vendor/a.example/a.yaml", "vendor/../../a.yaml"),
        ("vendor/a.example/a.yaml", "vendor/a.example/./a.yaml"),
        ("vendor/a.example/a.yaml", "vendor\\\\a.yaml"),
        ("vendor/a.example/a.yaml", "vendor/a/nul"),
        ("vendor/a.example/a.yaml", "vendor/a"),
        ("https://a.example/a.yaml", "file:///a.yaml"),
        (
            "https://a.example/a.yaml",
            "https://me:hush@a.example/a.yaml",
        ),
        ("https://a.example/a.yaml", "https://A.example/a.yaml"),
        ("\"version\": 1", "\"version\": 2"),
        ("\"size\"", "\"weight\""),
        (&digest(""), "abc"),
    ];
    for (from, to) in wrong {
        assert!(good.contains(from));
        let error = Lock::read(&good.replace(from, to)).unwrap_err();
        assert!(!error.contains("hush"), "{error}");
    }
    lock.set(
        url("https://a.example/A.yaml"),
        document(&a, "vendor/a.example/A.yaml"),
    );
    assert!(
        Lock::read(&lock.write())
            .unwrap_err()
            .contains("side by side")
    );
    lock.set(
        url("https://a.example/A.yaml"),
        document(&a, "vendor/a.example/a.yaml/b"),
    );
    assert!(
        Lock::read(&lock.write())
            .unwrap_err()
            .contains("side by side")
    );
}
