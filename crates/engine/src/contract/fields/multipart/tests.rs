use super::{Limits, read};
use crate::contract::json::FaultKind;

/// Lines that end as they should.
fn body(lines: &[&str]) -> Vec<u8> {
    lines.join("\r\n").into_bytes()
}

fn kind(body: &[u8]) -> Option<FaultKind> {
    read(body, "b", Limits::default())
        .err()
        .map(|fault| fault.kind)
}

const NAMED: &str = "Content-Disposition: form-data; name=\"a\"";

#[test]
fn reads_what_browsers_and_libraries_send() {
    let sent = body(&[
        "--b",
        NAMED,
        "",
        "1",
        "--b",
        "content-disposition: form-data; filename=x.png; name=file",
        "Content-Type: image/png",
        "Content-Transfer-Encoding: binary",
        "",
        "\u{1}\r\n\r\n--",
        "--b",
        NAMED,
        "",
        "",
        "--b--",
        "",
    ]);
    let parts = read(&sent, "b", Limits::default()).unwrap();
    let parts: Vec<_> = parts
        .iter()
        .map(|p| (&*p.name, &*p.bytes, p.has_file_name))
        .collect();
    assert_eq!(
        parts,
        [
            ("a", &b"1"[..], false),
            ("file", b"\x01\r\n\r\n--", true),
            ("a", b"", false)
        ]
    );
    assert!(read(b"--b--", "b", Limits::default()).unwrap().is_empty());
}

#[test]
fn boundaries_stand_where_they_divide_and_nowhere_else() {
    for (why, sent) in [
        ("empty", b"".to_vec()),
        ("a preamble", body(&["x", "--b", NAMED, "", "1", "--b--"])),
        (
            "an empty line before",
            body(&["", "--b", NAMED, "", "1", "--b--"]),
        ),
        ("an epilogue", body(&["--b", NAMED, "", "1", "--b--", "x"])),
        ("no end", body(&["--b", NAMED, "", "1"])),
        ("no last end", body(&["--b", NAMED, "", "1", "--b", ""])),
        (
            "a longer one",
            body(&["--b", NAMED, "", "--bx", "1", "--b--"]),
        ),
        (
            "one in a line",
            body(&["--b", NAMED, "", "x--b", "1", "--b--"]),
        ),
        ("space after it", body(&["--b ", NAMED, "", "1", "--b--"])),
        (
            "line feeds alone",
            b"--b\nContent-Disposition: form-data; name=a\n\n1\n--b--".to_vec(),
        ),
        (
            "a line feed before one",
            b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\n--b--".to_vec(),
        ),
    ] {
        assert_eq!(kind(&sent), Some(FaultKind::Malformed), "{why}");
    }
    for boundary in ["", "b ", "b\"", "é", &"b".repeat(71)] {
        let sent = body(&[
            &format!("--{boundary}"),
            NAMED,
            "",
            "1",
            &format!("--{boundary}--"),
        ]);
        assert!(
            read(&sent, boundary, Limits::default()).is_err(),
            "{boundary}"
        );
    }
}

#[test]
fn heads_are_read_in_one_way() {
    for head in [
        "",
        "Content-Type: text/plain",
        "Content-Disposition: form-data",
        "Content-Disposition: form-data; name=",
        "Content-Disposition: form-data; name=\"\"",
        "Content-Disposition: form-data; name=a; name=b",
        "Content-Disposition: form-data; name=a; Name=b",
        "Content-Disposition: form-data; name*=UTF-8''a",
        "Content-Disposition: form-data; name=a; filename=x; filename*=UTF-8''y",
        "Content-Disposition: form-data; name=\"a\\\"b\"",
        "Content-Disposition: form-data; name=a; filename=\"../x\"",
        "Content-Disposition: form-data; name=a; filename=\"..\\x\"",
        "Content-Disposition: attachment; name=a",
        "Content-Disposition : form-data; name=a",
        "Content-Disposition: form-data;\r\n name=a",
        "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b",
        "Content-Disposition: form-data; name=a\r\nContent-Type: text/plain\r\ncontent-type: a/b",
        "Content-Disposition: form-data; name=a\r\nContent-Type: text/plain, a/b",
        "Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64",
        "Content-Disposition: form-data; name=\"a\u{0}\"",
        "Content-Disposition: form-data; name=\"a\nb\"",
    ] {
        let sent = body(&["--b", head, "", "1", "--b--"]);
        assert_eq!(kind(&sent), Some(FaultKind::Malformed), "{head}");
    }
}

#[test]
fn parts_are_bounded() {
    let limits = Limits { parts: 2, size: 3 };
    let sent = |count: usize, text: &str| {
        let part = ["--b", NAMED, "", text];
        let mut lines: Vec<&str> = part.iter().copied().cycle().take(4 * count).collect();
        lines.push("--b--");
        body(&lines)
    };
    let kind = |sent: &[u8]| read(sent, "b", limits).err().map(|fault| fault.kind);
    assert_eq!(kind(&sent(2, "123")), None);
    assert_eq!(kind(&sent(3, "123")), Some(FaultKind::Parts));
    assert_eq!(kind(&sent(1, "1234")), Some(FaultKind::PartSize));
}
