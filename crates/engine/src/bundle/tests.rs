use super::*;
use serde_json::{Value, json};

fn document() -> Document {
    serde_json::from_value(json!({
        "apiVersion": "meshward.dev/v1", "kind": "Bundle", "metadata": { "name": "test" },
        "apis": [{ "name": "a", "hosts": ["*"], "endpoints": [{ "match": { "method": "GET", "path": "/" } }] }],
    }))
    .unwrap()
}

fn refused(bytes: &[u8]) -> &'static str {
    read(bytes).unwrap_err().code
}

fn changed(change: impl FnOnce(&mut Value)) -> String {
    let (text, _) = write(&document()).unwrap();
    let mut value: Value = serde_json::from_str(&text).unwrap();
    change(&mut value);
    value.to_string()
}

#[test]
fn what_was_written_is_read() {
    let (text, revision) = write(&document()).unwrap();
    let bundle = read(text.as_bytes()).unwrap();
    assert_eq!(bundle.revision, revision);
    assert_eq!(bundle.document.build.as_ref().unwrap().format, FORMAT);
    let again = write(&bundle.document).unwrap();
    assert_eq!(again, (text, revision));
}

#[test]
fn a_bundle_that_was_written_anew_on_the_way_is_the_same() {
    let (text, revision) = write(&document()).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let bundle = read(format!("{value:#}").as_bytes()).unwrap();
    assert_eq!(bundle.revision, revision);
}

#[test]
fn a_bundle_without_a_digest_is_read_and_has_a_revision() {
    let text = changed(|value| value["build"] = Value::Null);
    let (_, revision) = write(&document()).unwrap();
    assert_ne!(refused(b"null"), "bundle-digest");
    assert_eq!(read(text.as_bytes()).unwrap().revision, revision);
}

#[test]
fn what_is_not_whole_and_right_is_refused_with_its_reason() {
    let (text, _) = write(&document()).unwrap();
    assert_eq!(refused(b""), "bundle-empty");
    assert_eq!(refused(b" \n"), "bundle-empty");
    assert_eq!(refused(b"\xff\xfe"), "bundle-malformed");
    assert_eq!(
        refused(format!("{text}{text}").as_bytes()),
        "bundle-malformed"
    );
    for end in [1, text.len() / 2, text.len() - 1] {
        assert_eq!(refused(&text.as_bytes()[..end]), "bundle-malformed");
    }
    let edited = changed(|value| value["metadata"]["name"] = json!("other"));
    assert_eq!(refused(edited.as_bytes()), "bundle-digest");
    let lying = changed(|value| value["build"]["digest"] = json!("00"));
    assert_eq!(refused(lying.as_bytes()), "bundle-digest");
    let unknown = changed(|value| value["apis"][0]["hots"] = json!([]));
    assert_eq!(refused(unknown.as_bytes()), "invalid");
    assert_eq!(refused(br#"{"rules":[]}"#), "not-a-bundle");
    assert_eq!(refused(&vec![b' '; MAX_BYTES + 1]), "bundle-too-large");
}

#[test]
fn a_later_format_is_said_to_be_one_whatever_else_it_holds() {
    let later = changed(|value| value["build"]["format"] = json!(2));
    assert_eq!(refused(later.as_bytes()), "bundle-newer");
    let with_more = changed(|value| {
        value["build"] = json!({ "format": 7, "digest": "", "signature": "s" });
        value["threads"] = json!(4);
    });
    assert_eq!(refused(with_more.as_bytes()), "bundle-newer");
}
