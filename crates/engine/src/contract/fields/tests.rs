use super::{Form, Heads, Limits};
use crate::config::{Description, MediaType};
use crate::contract::json::{Bounds, FaultKind};
use crate::contract::schema::Schemas;
use serde_json::{Value, json};

/// What comes of a body: `Ok` with the places that break the schema, or what it broke on.
type Judged = Result<Vec<String>, (FaultKind, Option<String>)>;

fn judge(schema: &Value, encoding: &Value, body: &[u8], boundary: Option<&str>) -> Judged {
    judge_media(
        &json!({ "schema": schema, "encoding": encoding }),
        body,
        boundary,
    )
}

fn judge_media(media: &Value, body: &[u8], boundary: Option<&str>) -> Judged {
    let description: Description = serde_json::from_value(json!({
        "source": "a.yaml", "operations": [],
        "schemas": { "Node": { "type": "object", "properties": { "n": { "type": "integer" }, "next": { "$ref": "#/$defs/Node" } } } },
    }))
    .unwrap();
    let media: MediaType = serde_json::from_value(media.clone()).unwrap();
    let mut schemas = Schemas::new(&description);
    let compiled = schemas.add(media.schema.as_ref().unwrap(), "/s");
    let heads = Heads::compile(&media.heads, &mut schemas);
    let problems = schemas.finish();
    assert!(problems.is_empty(), "{problems:?}");
    let form = Form {
        schema: compiled.as_ref(),
        encoding: &media.encoding,
        heads: &heads,
        bounds: Bounds::default(),
    };
    let judged = match boundary {
        None => form.urlencoded(body, 10),
        Some(boundary) => form.multipart(body, boundary, Limits::default(), 10),
    };
    judged
        .map(|violations| violations.into_iter().map(|v| v.at).collect())
        .map_err(|fault| (fault.kind, fault.at))
}

fn fits() -> Judged {
    Ok(Vec::new())
}

fn breaks(at: &str) -> Judged {
    Ok(vec![at.to_owned()])
}

fn order() -> Value {
    json!({ "type": "object", "required": ["sku"], "additionalProperties": false, "properties": {
        "sku": { "type": "string", "maxLength": 5 }, "qty": { "type": "integer", "minimum": 1 }, "gift": { "type": "boolean" },
        "tags": { "type": "array", "maxItems": 2, "items": { "type": "integer" } },
        "to": { "type": "object", "required": ["zip"], "properties": { "zip": { "type": "string" } } },
        "either": { "anyOf": [{ "type": "integer", "maximum": 9 }, { "type": "string", "pattern": "^[0-9]+$" }] },
    } })
}

#[test]
fn fields_have_the_types_of_their_schema() {
    let judge = |body: &str| judge(&order(), &json!({}), body.as_bytes(), None);
    for body in [
        "sku=a",
        "sku=12&qty=3&gift=true",
        "sku=a&tags=1&tags=2",
        "sku=a&to=%7B%22zip%22%3A%2212%22%7D",
        "sku=a&either=5",
        "sku=a&either=50",
        "&sku=a&&",
    ] {
        assert_eq!(judge(body), fits(), "{body}");
    }
    for (body, at) in [
        ("qty=1", ""),
        ("", ""),
        ("sku=abcdef", "/sku"),
        ("sku=a&qty=0", "/qty"),
        ("sku=a&qty=x", "/qty"),
        ("sku=a&gift=1", "/gift"),
        ("sku=a&tags=1&tags=x", "/tags/1"),
        ("sku=a&tags=1&tags=2&tags=3", "/tags"),
        ("sku=a&to=%7B%7D", "/to"),
        ("sku=a&to=x", "/to"),
        ("sku=a&either=x", "/either"),
        ("sku=a&admin=1", ""),
    ] {
        assert_eq!(judge(body), breaks(at), "{body}");
    }
}

#[test]
fn forms_have_one_reading() {
    let judge = |body: &str| judge(&order(), &json!({}), body.as_bytes(), None);
    let place = |at: &str| Some(at.to_owned());
    for (body, fault) in [
        ("sku=a&sku=b", (FaultKind::Duplicate, place("/sku"))),
        (
            "sku=a&to=%7B%22zip%22%3A1%2C%22zip%22%3A2%7D",
            (FaultKind::Duplicate, place("/to/zip")),
        ),
        ("sku=a&sku[]=b", (FaultKind::Malformed, place("/sku[]"))),
        ("sku=%", (FaultKind::Malformed, None)),
        ("sku=%ff", (FaultKind::Malformed, None)),
        ("sku=a%00", (FaultKind::Malformed, None)),
        ("sk%0au=a", (FaultKind::Malformed, None)),
        (
            "sku=a&_charset_=utf-7",
            (FaultKind::Malformed, place("/_charset_")),
        ),
    ] {
        assert_eq!(judge(body), Err(fault), "{body}");
    }
    // Without a schema, too.
    let free = super::tests::judge(&json!({}), &json!({}), b"a=1&a=2", None);
    assert_eq!(free, Err((FaultKind::Duplicate, place("/a"))));
}

#[test]
fn encodings_say_how_fields_are_written() {
    let schema = json!({ "type": "object", "additionalProperties": false, "properties": {
        "ids": { "type": "array", "maxItems": 2, "items": { "type": "integer" } },
        "colour": { "type": "object", "additionalProperties": false, "required": ["R"], "properties": { "R": { "type": "integer" }, "G": { "type": "integer" } } },
    } });
    let judge = |encoding: Value, body: &str| judge(&schema, &encoding, body.as_bytes(), None);
    let comma = json!({ "ids": { "style": "form" }, "colour": { "style": "form" } });
    assert_eq!(judge(comma.clone(), "ids=1,2&colour=R,1,G,2"), fits());
    assert_eq!(judge(comma.clone(), "ids=1,2,3"), breaks("/ids"));
    assert_eq!(judge(comma, "colour=G,2"), breaks("/colour"));
    let members = json!({ "colour": { "style": "form", "explode": true } });
    assert_eq!(judge(members.clone(), "R=1&G=2"), fits());
    assert_eq!(judge(members.clone(), "R=x"), breaks("/colour/R"));
    assert_eq!(judge(members, "B=1"), breaks(""));
    let pipe = json!({ "ids": { "style": "pipeDelimited" } });
    assert_eq!(judge(pipe, "ids=1|2"), fits());
}

#[test]
fn brackets_nest() {
    let schema = json!({ "type": "object", "additionalProperties": false, "properties": {
        "node": { "$ref": "#/$defs/Node" },
        "items": { "type": "array", "maxItems": 2, "items": { "$ref": "#/$defs/Node" } },
        "expand": { "type": "array", "items": { "type": "string", "maxLength": 3 } },
    } });
    let deep = json!({ "style": "deepObject", "explode": true });
    let encoding = json!({ "node": deep, "items": deep, "expand": deep });
    let judge = |body: &str| judge(&schema, &encoding, body.as_bytes(), None);
    for body in [
        "node[n]=1&node[next][next][n]=2",
        "items[0][n]=1&items[1][n]=2&items[0][next][n]=3",
        "expand[]=a&expand[]=b",
        "expand[0]=a&expand[1]=b",
    ] {
        assert_eq!(judge(body), fits(), "{body}");
    }
    for (body, at) in [
        ("node[next][n]=x", "/node/next/n"),
        ("items[0][n]=1&items[1][n]=x", "/items/1/n"),
        ("items[1][n]=1", "/items"),
        ("items[00][n]=1", "/items"),
        ("expand[]=abcd", "/expand/0"),
        ("node=1", "/node"),
    ] {
        assert_eq!(judge(body), breaks(at), "{body}");
    }
    for (body, kind) in [
        ("node[n]=1&node[n]=2", FaultKind::Duplicate),
        ("node[n]=1&node[n][x]=2", FaultKind::Duplicate),
        ("node[n][x]=1&node[n]=2", FaultKind::Duplicate),
        ("items[][n]=1", FaultKind::Malformed),
        ("items[]=1&items[0]=2", FaultKind::Malformed),
        ("node[n]x=1", FaultKind::Malformed),
        ("node[n=1", FaultKind::Malformed),
    ] {
        assert_eq!(judge(body).unwrap_err().0, kind, "{body}");
    }
    let deeper = format!("node{}=1", "[next]".repeat(17));
    assert_eq!(judge(&deeper).unwrap_err().0, FaultKind::Deep);
}

#[test]
fn parts_are_fields_and_files() {
    let schema = json!({ "type": "object", "required": ["note"], "additionalProperties": false, "properties": {
        "note": { "type": "string", "maxLength": 3 }, "count": { "type": "integer" },
        "meta": { "type": "object", "properties": { "a": { "type": "integer" } } },
        "file": { "type": "string", "format": "binary", "maxLength": 4 },
        "photos": { "type": "array", "maxItems": 2, "items": { "type": "string", "format": "binary" } },
        "pdf": { "type": "string", "contentMediaType": "application/pdf" },
    } });
    let encoding = json!({ "photos": { "contentTypes": ["image/*"] } });
    let part = |head: &str, text: &str| {
        format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n")
    };
    let judge = |parts: &[String]| {
        let body = format!("{}--b--", parts.concat());
        judge(&schema, &encoding, body.as_bytes(), Some("b"))
    };
    let note = || part("name=note", "abc");
    for parts in [
        vec![note()],
        vec![note(), part("name=count", "5")],
        vec![
            note(),
            part("name=meta\r\nContent-Type: application/json", "{\"a\":1}"),
        ],
        vec![note(), part("name=meta", "{\"a\":1}")],
        vec![
            note(),
            part("name=file; filename=x\r\nContent-Type: a/b", "\u{0}\u{1}é"),
        ],
        vec![
            note(),
            part("name=photos; filename=x\r\nContent-Type: image/png", "1"),
            part("name=photos; filename=x\r\nContent-Type: image/gif", "2"),
        ],
        vec![
            note(),
            part("name=pdf; filename=x\r\nContent-Type: application/pdf", "1"),
        ],
    ] {
        assert_eq!(judge(&parts), fits(), "{parts:?}");
    }
    let place = |at: &str| Some(at.to_owned());
    for (parts, judged) in [
        (vec![], breaks("")),
        (vec![part("name=note", "abcd")], breaks("/note")),
        (vec![note(), part("name=count", "x")], breaks("/count")),
        (
            vec![note(), part("name=meta", "{\"a\":\"x\"}")],
            breaks("/meta/a"),
        ),
        (
            vec![note(), part("name=file; filename=x", "12345")],
            breaks("/file"),
        ),
        (vec![note(), part("name=other", "1")], breaks("")),
        (
            vec![note(), note()],
            Err((FaultKind::Duplicate, place("/note"))),
        ),
        (
            vec![part("name=note; filename=x", "abc")],
            Err((FaultKind::Malformed, place("/note"))),
        ),
        (
            vec![part("name=note\r\nContent-Type: application/json", "abc")],
            Err((FaultKind::PartType, place("/note"))),
        ),
        (
            vec![part(
                "name=note\r\nContent-Type: text/plain; charset=utf-16",
                "abc",
            )],
            Err((FaultKind::PartType, place("/note"))),
        ),
        (
            vec![
                note(),
                part("name=photos; filename=x\r\nContent-Type: text/html", "1"),
            ],
            Err((FaultKind::PartType, place("/photos"))),
        ),
        (
            vec![note(), part("name=photos; filename=x", "1")],
            Err((FaultKind::PartType, place("/photos"))),
        ),
        (
            vec![
                note(),
                part("name=pdf; filename=x\r\nContent-Type: a/b", "1"),
            ],
            Err((FaultKind::PartType, place("/pdf"))),
        ),
        (
            vec![note(), part("name=\"note[]\"", "1")],
            Err((FaultKind::Malformed, place("/note[]"))),
        ),
    ] {
        assert_eq!(judge(&parts), judged, "{parts:?}");
    }
}

#[test]
fn what_a_head_lacks_is_told_beside_what_the_fields_break() {
    let media = json!({
        "schema": { "type": "object", "properties": { "a": { "type": "integer" } } },
        "heads": { "a": [
            { "name": "x-id", "in": "header", "required": true, "style": "simple", "schema": { "type": "integer" }, "at": "/h" },
        ] },
    });
    let judge = |head: &str, text: &str| {
        let body =
            format!("--b\r\nContent-Disposition: form-data; name=a\r\n{head}\r\n{text}\r\n--b--");
        judge_media(&media, body.as_bytes(), Some("b"))
    };
    assert_eq!(judge("X-Id: 7\r\n", "1"), fits());
    assert_eq!(judge("X-Id: x\r\n", "1"), breaks("/a"));
    let both = ["/a", "/a"].map(str::to_owned).to_vec();
    assert_eq!(judge("", "x"), Ok(both));
}
