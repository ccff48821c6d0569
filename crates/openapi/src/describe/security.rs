//! `securitySchemes` and `security`.

use super::Describer;
use crate::read::{At, Object, Version, check_fields, nearest};
use meshward_engine::config::{KeyLocation, SecurityScheme};
use std::collections::BTreeMap;

/// Alternatives, each a map from scheme to scopes.
pub(super) type Requirements = Vec<BTreeMap<String, Vec<String>>>;

impl<'a> Describer<'a> {
    pub(super) fn security_schemes(&mut self, schemes: &At<'a>) {
        for (name, scheme) in schemes.members() {
            if let Some(scheme) = self.files.follow(scheme, &mut self.report)
                && let Some(scheme) = self.security_scheme(&scheme)
            {
                self.schemes.insert(name.to_owned(), scheme);
            } else {
                // What is wrong with it was told; requirements may name it.
                self.schemes.insert(
                    name.to_owned(),
                    SecurityScheme {
                        kind: String::new(),
                        scheme: None,
                        location: None,
                        name: None,
                    },
                );
            }
        }
    }

    fn security_scheme(&mut self, at: &At<'a>) -> Option<SecurityScheme> {
        at.object(&mut self.report)?;
        check_fields(at, Object::SecurityScheme, &mut self.report);
        let kind = at.required_text("type", &mut self.report)?;
        let mut scheme = SecurityScheme {
            kind: kind.to_owned(),
            scheme: None,
            location: None,
            name: None,
        };
        match kind {
            "apiKey" => {
                scheme.location = self.key_location(at);
                let name = at.required_text("name", &mut self.report);
                scheme.name = name.map(str::to_owned);
            }
            "http" => {
                let name = at.required_text("scheme", &mut self.report);
                scheme.scheme = name.map(str::to_ascii_lowercase);
            }
            "oauth2" | "openIdConnect" => {}
            "mutualTLS" if at.file.version >= Version::V31 => {}
            _ => {
                let at = at.get("type").unwrap_or_else(|| at.clone());
                let problem = at.error(
                    "unknown-scheme-type",
                    format!(
                        "`{kind}` is no type of security scheme in OpenAPI {}",
                        at.file.version.text()
                    ),
                );
                let known = ["apiKey", "http", "oauth2", "openIdConnect", "mutualTLS"];
                self.report.push(match nearest(kind, known) {
                    Some("mutualTLS") => problem.hint("`mutualTLS` belongs to OpenAPI 3.1"),
                    Some(known) => problem.hint(format!("did you mean `{known}`?")),
                    None => problem.hint(format!("the types are {}", known.join(", "))),
                });
            }
        }
        Some(scheme)
    }

    fn key_location(&mut self, at: &At<'a>) -> Option<KeyLocation> {
        match at.required_text("in", &mut self.report)? {
            "header" => Some(KeyLocation::Header),
            "query" => Some(KeyLocation::Query),
            "cookie" => Some(KeyLocation::Cookie),
            other => {
                let at = at.get("in").unwrap_or_else(|| at.clone());
                self.report.push(at.error(
                    "bad-location",
                    format!("expected `header`, `query` or `cookie`, found `{other}`"),
                ));
                None
            }
        }
    }

    /// A list of Security Requirement Objects. `None` when it is no list.
    pub(super) fn requirements(&mut self, at: &At<'a>) -> Option<Requirements> {
        at.list(&mut self.report)?;
        let mut alternatives = Vec::new();
        for item in at.items() {
            let mut alternative = BTreeMap::new();
            item.object(&mut self.report);
            for (name, scopes) in item.members() {
                if !self.schemes.contains_key(name) {
                    self.undefined_scheme(name, &scopes);
                }
                scopes.list(&mut self.report);
                let texts = scopes
                    .items()
                    .filter_map(|scope| scope.text(&mut self.report).map(str::to_owned));
                alternative.insert(name.to_owned(), texts.collect());
            }
            alternatives.push(alternative);
        }
        Some(alternatives)
    }

    fn undefined_scheme(&mut self, name: &str, at: &At<'a>) {
        let problem = at.error(
            "undefined-scheme",
            format!("the security scheme `{name}` is not defined"),
        );
        let known = self.schemes.keys().map(String::as_str);
        self.report.push(match nearest(name, known) {
            Some(known) => problem.hint(format!("did you mean `{known}`?")),
            None => problem.hint("define it in `components.securitySchemes`"),
        });
    }
}
