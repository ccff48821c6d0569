//! Whom `meshward vendor` trusts.

use super::server::{Answer, Server};
use super::{Desk, description, program};

#[test]
fn https_is_fetched_from_whom_this_machine_trusts() {
    let certificate = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let desk = Desk {
        server: Server::start_tls(&certificate),
        ..Desk::new("/")
    };
    desk.server.document(
        "/parts.yaml",
        "limit: { in: query, name: limit, schema: {} }\n",
    );
    let url = format!("https://127.0.0.1:{}/parts.yaml#/limit", desk.server.port());
    desk.write("apis/shop.yaml", &description(&url));
    desk.write("other.pem", "");
    desk.write("ours.pem", &certificate.cert.pem());
    let vendor = |trusted| {
        let mut command = program(&["vendor", "policy.yaml"], desk.folder.path());
        let output = command.env("SSL_CERT_FILE", trusted).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    };
    let (code, said) = vendor("other.pem");
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("UnknownIssuer") && said.contains("SSL_CERT_FILE"),
        "{said}"
    );
    let (code, said) = vendor("ours.pem");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(desk.run(&["build", "policy.yaml"]).0, 0);
    // A document that came by TLS leads to none without.
    desk.server.set(
        "/parts.yaml",
        Answer::Redirect(format!("http://127.0.0.1:{}/x", desk.server.port())),
    );
    let mut command = program(&["vendor", "--update", "policy.yaml"], desk.folder.path());
    let output = command.env("SSL_CERT_FILE", "ours.pem").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("where it leads is `http:`"), "{said}");
}
