//! A real Keycloak, set up through its admin interface.

use crate::client::{Client, Response, free_port};
use crate::daemon::Daemon;
use crate::paths;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;
use tempfile::TempDir;

/// The realm.
const REALM: &str = "shop";
/// The client.
pub const CLIENT: &str = "orders";
/// The client's secret.
pub const SECRET: &str = "hush";
/// What the client's tokens are for.
pub const AUDIENCE: &str = "orders-api";

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// A running Keycloak with a realm and a client.
#[derive(Debug)]
pub struct Keycloak {
    daemon: Daemon,
    /// Its port on 127.0.0.1.
    pub port: u16,
    folder: TempDir,
}

impl Keycloak {
    /// Starts Keycloak, and sets up the realm.
    ///
    /// # Panics
    /// When it does not become ready, or refuses what it is told.
    #[must_use]
    pub fn start() -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let port = free_port();
        let daemon = Daemon::start("Keycloak", command(&folder, port), || answers(port));
        let keycloak = Self {
            daemon,
            port,
            folder,
        };
        keycloak.set_up();
        keycloak
    }

    /// Kills it, as a crash would.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(&mut self) {
        self.daemon.kill();
    }

    /// Starts it again, with the realm as it was.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn restart(&mut self) {
        let port = self.port;
        self.daemon
            .restart(command(&self.folder, port), || answers(port));
    }

    /// The realm's issuer.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}/realms/{REALM}", self.port)
    }

    /// A new access token of the client for itself.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn token(&self) -> String {
        let form =
            format!("grant_type=client_credentials&client_id={CLIENT}&client_secret={SECRET}");
        let path = format!("/realms/{REALM}/protocol/openid-connect/token");
        access_token(&self.send("POST", &path, FORM, None, &form))
    }

    /// Revokes an access token (RFC 7009).
    ///
    /// # Panics
    /// When it is not revoked.
    pub fn revoke(&self, token: &str) {
        let form = format!("token={token}&client_id={CLIENT}&client_secret={SECRET}");
        let path = format!("/realms/{REALM}/protocol/openid-connect/revoke");
        let response = self.send("POST", &path, FORM, None, &form);
        assert_eq!(response.status, 200, "{}", response.text());
    }

    /// Adds a signing key that new tokens are signed with.
    ///
    /// # Panics
    /// When it is not added.
    pub fn add_key(&self) {
        let admin = self.admin();
        let path = format!("/admin/realms/{REALM}");
        let realm = self.send("GET", &path, JSON, Some(&admin), "").json();
        let key = json!({
            "name": "next",
            "providerId": "rsa-generated",
            "providerType": "org.keycloak.keys.KeyProvider",
            "parentId": realm.get("id"),
            "config": {
                "priority": ["200"], "enabled": ["true"], "active": ["true"],
                "algorithm": ["RS256"], "keySize": ["2048"],
            },
        });
        let path = format!("{path}/components");
        let response = self.send("POST", &path, JSON, Some(&admin), &key.to_string());
        assert_eq!(response.status, 201, "{}", response.text());
    }

    /// Removes the signing key that the realm began with.
    ///
    /// # Panics
    /// When it is not removed.
    pub fn remove_first_key(&self) {
        let admin = self.admin();
        let path = format!("/admin/realms/{REALM}/components");
        let listed = format!("{path}?type=org.keycloak.keys.KeyProvider");
        let keys = self.send("GET", &listed, JSON, Some(&admin), "").json();
        let mut keys = keys.as_array().into_iter().flatten();
        let first = keys.find(|key| key.get("name").is_some_and(|n| n == "rsa-generated"));
        let id = first.and_then(|key| key.get("id")?.as_str());
        let path = format!("{path}/{}", id.expect("the realm has its first key"));
        let response = self.send("DELETE", &path, JSON, Some(&admin), "");
        assert_eq!(response.status, 204, "{}", response.text());
    }

    fn set_up(&self) {
        let admin = self.admin();
        let realm = json!({ "realm": REALM, "enabled": true, "accessTokenLifespan": 1800 });
        let client = json!({
            "clientId": CLIENT,
            "secret": SECRET,
            "publicClient": false,
            "serviceAccountsEnabled": true,
            "protocolMappers": [{
                "name": "audience",
                "protocol": "openid-connect",
                "protocolMapper": "oidc-audience-mapper",
                "config": {
                    "included.custom.audience": AUDIENCE,
                    "access.token.claim": "true",
                    "introspection.token.claim": "true",
                },
            }],
        });
        let clients = format!("/admin/realms/{REALM}/clients");
        for (path, body) in [("/admin/realms", realm), (&clients, client)] {
            let response = self.send("POST", path, JSON, Some(&admin), &body.to_string());
            assert_eq!(response.status, 201, "{}", response.text());
        }
    }

    /// A token of the administrator: they live for a minute, so that each use has its own.
    fn admin(&self) -> String {
        let form = "grant_type=password&client_id=admin-cli&username=admin&password=admin";
        let path = "/realms/master/protocol/openid-connect/token";
        access_token(&self.send("POST", path, FORM, None, form))
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        token: Option<&str>,
        body: &str,
    ) -> Response {
        let port = self.port;
        let length = body.len();
        let authorization =
            token.map_or_else(String::new, |t| format!("authorization: Bearer {t}\r\n"));
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{authorization}content-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        Client::new(port).raw(request.as_bytes())
    }
}

/// Nobody listens until it is ready.
fn answers(port: u16) -> Option<()> {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    let response = Client::new(port).get("/realms/master");
    (response.status == 200).then_some(())
}

fn command(folder: &TempDir, port: u16) -> Command {
    let database = folder.path().join("h2");
    let mut command = Command::new("sh");
    command
        .arg(paths::keycloak().join("bin/kc.sh"))
        .args([
            "start",
            "--optimized",
            "--cache=local",
            "--http-enabled=true",
        ])
        .args(["--hostname-strict=false", "--http-host=127.0.0.1"])
        .arg(format!("--http-port={port}"))
        .arg(format!(
            "--db-url=jdbc:h2:file:{};NON_KEYWORDS=VALUE;AUTO_SERVER=FALSE",
            database.display()
        ))
        .env("KC_BOOTSTRAP_ADMIN_USERNAME", "admin")
        .env("KC_BOOTSTRAP_ADMIN_PASSWORD", "admin")
        .env("JAVA_OPTS_APPEND", "-Xmx384m");
    command
}

fn access_token(response: &Response) -> String {
    let body: Value = response.json();
    let token = body.get("access_token").and_then(Value::as_str);
    token
        .unwrap_or_else(|| panic!("no token: {} {}", response.status, response.text()))
        .to_owned()
}
