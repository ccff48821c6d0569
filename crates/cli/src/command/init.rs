//! `meshward init`: a first policy for a description, which only watches.

use crate::failure::Failure;
use crate::output;
use clap::Args;
use meshward_engine::Problem;
use meshward_engine::config::{Description, KeyLocation, SecurityScheme, UnsupportedPatterns};
use meshward_openapi::{FileLoader, Options, describe_with};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Write a first policy for an OpenAPI description, in monitor mode
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  meshward init --openapi orders.openapi.yaml -o policy.yaml
  meshward init --openapi orders.openapi.yaml --name orders

The policy refuses nothing yet; its comments say what comes next. A file that exists is not overwritten.")]
pub(crate) struct Arguments {
    /// The OpenAPI description (3.0 to 3.2, or Swagger 2.0; YAML or JSON).
    #[arg(long, value_name = "FILE")]
    openapi: PathBuf,
    /// The name of the policy and its API; the file's name when absent.
    #[arg(long)]
    name: Option<String>,
    /// Where the policy goes; standard output when absent.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The most places of one kind that are shown.
const SHOWN: usize = 3;

/// What the stand-in key is made from: its `x` is the SHA-256 of this text, so that nobody can know its private half.
#[cfg(test)]
const STAND_IN_SEED: &str = "meshward init: replace this key (0)";
const STAND_IN_X: &str = "LCAN8Mh0UN5sAGuJxuaABcSbsIWxKvSEISrao-hUbmo";
const STAND_IN_Y: &str = "cRMseET_Uj_bxPHKV2CWKWKryEUcqMIQp8ZcvFL2RO4";

impl Arguments {
    /// Reads the description and writes the policy.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let name = match self.name.clone() {
            Some(name) if is_name(&name) => name,
            Some(name) => {
                return Err(Failure::usage(format!(
                    "a name has letters, digits and `-`, at most 63 characters, got `{name}`"
                )));
            }
            None => name_of(&self.openapi),
        };
        if let Some(output) = self.output.as_deref().filter(|path| path.exists()) {
            return Err(Failure::usage(format!(
                "`{}` exists and is not overwritten; choose another file with `-o`",
                output.display()
            )));
        }
        let (description, ignores) = self.describe()?;
        let reference = relative(&self.openapi, self.output.as_deref())?;
        let policy = policy(&name, &reference, &description, ignores);
        output::write(self.output.as_deref(), &policy)?;
        if let Some(output) = &self.output {
            let output = output.display();
            anstream::eprintln!("wrote `{output}`; next: meshward check {output}");
        }
        Ok(())
    }

    /// The description, and whether patterns in it had to be left out.
    fn describe(&self) -> Result<(Description, bool), Failure> {
        let file = self
            .openapi
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| Failure::file("read", &self.openapi, "this is not a file"))?;
        if !self.openapi.is_file() {
            return Err(Failure::file(
                "read",
                &self.openapi,
                "there is no such file",
            ));
        }
        let folder = self.openapi.parent().unwrap_or(Path::new(""));
        let options = Options {
            patterns: UnsupportedPatterns::Ignore,
            ..Options::default()
        };
        match describe_with(file, &mut FileLoader::new(folder), &options) {
            Ok((description, warnings)) => {
                unmapped(file, &warnings);
                let ignores = warnings.iter().any(|p| p.code == "pattern-ignored");
                Ok((description, ignores))
            }
            Err(problems) => {
                for problem in &problems {
                    let file = problem.file.as_deref().unwrap_or(file);
                    let hint = problem
                        .hint
                        .as_ref()
                        .map(|h| format!(" ({h})"))
                        .unwrap_or_default();
                    anstream::eprintln!(
                        "{}: {}: {}{hint}",
                        folder.join(file).display(),
                        problem.at,
                        problem.message
                    );
                }
                Err(Failure::no(format!(
                    "`{}` cannot be used as it is: see the {} problems above",
                    self.openapi.display(),
                    problems.len()
                )))
            }
        }
    }
}

/// Says what of the description is not enforced, or was read otherwise than it stands: each kind, with its first places.
fn unmapped(file: &str, warnings: &[Problem]) {
    let mut kinds: BTreeMap<&str, Vec<&Problem>> = BTreeMap::new();
    for warning in warnings {
        kinds.entry(warning.code).or_default().push(warning);
    }
    if !kinds.is_empty() {
        anstream::eprintln!("what could not be mapped from `{file}` as it stands:");
    }
    for (code, found) in kinds {
        anstream::eprintln!("  {code}: {}", found.len());
        for problem in found.iter().take(SHOWN) {
            anstream::eprintln!("    {}: {}", problem.at, problem.message);
        }
    }
}

fn is_name(name: &str) -> bool {
    (1..=63).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// `orders` for `apis/orders.openapi.yaml`.
fn name_of(file: &Path) -> String {
    let stem = file.file_name().unwrap_or_default().to_string_lossy();
    let stem = stem.split('.').next().unwrap_or_default();
    let name: String = stem
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .take(63)
        .collect();
    let name = name.trim_matches('-');
    if name.is_empty() {
        "api".to_owned()
    } else {
        name.to_owned()
    }
}

/// The path to the description as the policy must write it.
fn relative(openapi: &Path, output: Option<&Path>) -> Result<String, Failure> {
    let absolute =
        |path: &Path| std::path::absolute(path).map_err(|cause| Failure::file("find", path, cause));
    let target = absolute(openapi)?;
    let folder = absolute(output.unwrap_or(Path::new("policy.yaml")))?;
    let folder: Vec<_> = folder
        .parent()
        .unwrap_or(Path::new("/"))
        .components()
        .collect();
    let target: Vec<_> = target.components().collect();
    let common = folder
        .iter()
        .zip(&target)
        .take_while(|(a, b)| a == b)
        .count();
    let up = folder
        .iter()
        .skip(common)
        .map(|_| std::ffi::OsStr::new(".."));
    let down = target
        .iter()
        .skip(common)
        .map(|component| component.as_os_str());
    let path: PathBuf = up.chain(down).collect();
    Ok(path.display().to_string())
}

fn policy(name: &str, openapi: &str, description: &Description, ignores: bool) -> String {
    let mut text = format!(
        "\
# A first policy for `{openapi}`. It watches and refuses nothing: every decision is logged and counted, and the
# request passes (`mode: monitor`). The next steps:
#
#   1. meshward check policy.yaml     is it right, and what does it cover?
#   2. Replace the values marked with `<-` below by those of your identity providers.
#   3. meshward run policy.yaml --upstream HOST:PORT     send traffic through it, and read the decisions.
#   4. Where the log shows only what you expect, write `mode: enforce`: here for all, or under `endpoints` for some.
apiVersion: meshward.dev/v1
kind: Policy
metadata:
  name: {name}
mode: monitor
"
    );
    providers(&mut text, name, description);
    text.push_str(
        "
limits:
  # One bucket for each caller.
  perCaller: { key: [identity.subject], rate: 100/s, burst: 200 } # <- what a caller needs
",
    );
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "\napis:\n  - name: {name}\n    openapi: {}\n",
        scalar(openapi)
    );
    if ignores {
        text.push_str("    # Patterns with look-around or back-references, which Meshward cannot hold texts to.\n    unsupportedPatterns: ignore\n");
    }
    if description.hosts.is_empty() {
        text.push_str("    # The description names no servers: any host. Better: the names under which clients call.\n    hosts: [\"*\"] # <-\n");
    } else {
        let hosts = description.hosts.join(", ");
        let _ = writeln!(
            text,
            "    # The hosts come from the description's `servers`: {hosts}.\n    # Inside a mesh, add the service's own names: hosts: [{name}.default.svc.cluster.local]"
        );
    }
    text.push_str("    defaults:\n      limits: [perCaller]\n");
    let unsecured = description
        .operations
        .iter()
        .filter(|o| o.security.is_none())
        .count();
    if unsecured > 0 {
        let total = description.operations.len();
        let _ = writeln!(
            text,
            "      # {unsecured} of {total} operations have no `security` in the description: say who may call them, here or there."
        );
        match description.security_schemes.keys().next() {
            Some(scheme) => {
                let _ = writeln!(
                    text,
                    "      authenticate: {{ anyOf: [{}] }}",
                    scalar(scheme)
                );
            }
            None => text.push_str("      authenticate: { anyOf: [callers] }\n"),
        }
    }
    text.push_str(
        "    # What one endpoint needs beyond the description, by operation, by method and path, or by tag:\n    # endpoints:\n",
    );
    let operation = description.operations.iter().find_map(|o| o.id.as_deref());
    let _ = writeln!(
        text,
        "    #   - match: {{ operation: {} }}\n    #     mode: enforce\n    #     authorize: {{ scopes: [{name}:read] }}",
        operation.unwrap_or("getOrder")
    );
    text
}

/// One provider for each security scheme, under the scheme's name; or one for keys, where there is no scheme.
fn providers(text: &mut String, name: &str, description: &Description) {
    text.push_str("\nidentityProviders:\n");
    if description.security_schemes.is_empty() {
        text.push_str("  # The description has no security scheme: keys in a header, to begin with.\n  callers:\n");
        key_provider(text, "header", "x-api-key");
    }
    for (scheme, how) in &description.security_schemes {
        let SecurityScheme {
            kind,
            scheme: http,
            location,
            name: field,
        } = how;
        match (kind.as_str(), http.as_deref()) {
            ("apiKey", _) => {
                let place = match location {
                    Some(KeyLocation::Query) => "query",
                    Some(KeyLocation::Cookie) => "cookie",
                    Some(KeyLocation::Header) | None => "header",
                };
                let _ = writeln!(text, "  {}:", scalar(scheme));
                key_provider(text, place, field.as_deref().unwrap_or("x-api-key"));
            }
            ("http", Some("bearer")) | ("oauth2" | "openIdConnect", _) => {
                let _ = writeln!(
                    text,
                    "  {}:
    jwt:
      issuer: https://issuer.invalid/ # <- the `iss` of your tokens
      audiences: [{name}] # <- their `aud`
      algorithms: [RS256, ES256]
      # The issuer's public keys, as JSON. Better: a file beside the policy, `jwks: {{ file: jwks.json }}`.
      # This one stands in for them. Nobody has its private half, so no token passes.
      jwks: {{ inline: {{ keys: [{{ kty: EC, crv: P-256, kid: stand-in, x: {STAND_IN_X}, y: {STAND_IN_Y} }}] }} }} # <-",
                    scalar(scheme)
                );
            }
            (kind, http) => {
                let kind = http.map_or_else(|| kind.to_owned(), |http| format!("{kind} {http}"));
                let _ = writeln!(
                    text,
                    "  # The description asks for `{kind}` here, which Meshward cannot check yet: keys stand in for it.\n  {}:",
                    scalar(scheme)
                );
                key_provider(text, "header", "x-api-key");
            }
        }
    }
}

fn key_provider(text: &mut String, place: &str, field: &str) {
    let _ = writeln!(
        text,
        "    apiKey:
      in: {place}
      name: {}
      # One entry for each caller, with the digest of its key: printf %s \"$KEY\" | sha256sum
      # keys: [{{ id: acme, sha256: DIGEST, scopes: [] }}]
      keys: [] # <-",
        scalar(field)
    );
}

/// Text as a YAML scalar: plain where that is safe, else in quotes as JSON writes them.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '.')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
        && !["true", "false", "null"].contains(&text.to_lowercase().as_str());
    if plain {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_can_know_the_private_half_of_the_stand_in_key() {
        use base64::Engine as _;
        use sha2::Digest as _;
        let digest = sha2::Sha256::digest(STAND_IN_SEED);
        let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest);
        assert_eq!(x, STAND_IN_X);
    }

    #[test]
    fn names_come_from_files() {
        assert_eq!(
            name_of(Path::new("apis/Orders_v2.openapi.yaml")),
            "orders-v2"
        );
        assert_eq!(name_of(Path::new("...")), "api");
    }

    #[test]
    fn the_description_is_named_from_where_the_policy_stands() {
        let from =
            |output| relative(Path::new("apis/orders.yaml"), Some(Path::new(output))).unwrap();
        assert_eq!(from("policy.yaml"), "apis/orders.yaml");
        assert_eq!(from("policies/orders.yaml"), "../apis/orders.yaml");
    }
}
