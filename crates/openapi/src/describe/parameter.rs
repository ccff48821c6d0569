//! Parameters of path items and operations.

use super::Describer;
use crate::read::{At, Object, check_fields};
use crate::schema::Direction;
use meshward_engine::config::{Parameter, ParameterLocation, Style};

/// A parameter, and where it was named: what is wrong with it for one path is told there.
pub(super) struct Declared<'a> {
    pub(super) parameter: Parameter,
    pub(super) at: At<'a>,
}

impl<'a> Describer<'a> {
    /// A list of parameters. Those that OpenAPI says to ignore are left out. `home` is the place in the description
    /// itself that leads to the list.
    pub(super) fn parameters(&mut self, list: &At<'a>, home: &str) -> Vec<Declared<'a>> {
        list.list(&mut self.report);
        let mut found: Vec<Declared<'a>> = Vec::new();
        for at in list.items() {
            let Some(target) = self.files.follow(at.clone(), &mut self.report) else {
                continue;
            };
            let home = Self::home(&target, &Self::home(&at, home));
            let Some(parameter) = self.parameter(&target, home) else {
                continue;
            };
            if let Some(first) = found
                .iter()
                .find(|other| is_same(&other.parameter, &parameter))
            {
                let message = format!(
                    "the parameter `{}` stands in this list twice, first at `{}`",
                    parameter.name, first.at.pointer
                );
                self.report.push(at.error("duplicate-parameter", message));
                continue;
            }
            found.push(Declared { parameter, at });
        }
        found
    }

    fn parameter(&mut self, at: &At<'a>, home: String) -> Option<Parameter> {
        at.object(&mut self.report)?;
        check_fields(at, Object::Parameter, &mut self.report);
        let name = at.required_text("name", &mut self.report);
        let location = self.location(at);
        let (name, location) = (name?, location?);
        let name = match location {
            ParameterLocation::Header => name.to_ascii_lowercase(),
            ParameterLocation::Path | ParameterLocation::Query | ParameterLocation::Cookie => {
                name.to_owned()
            }
        };
        let elsewhere = ["accept", "content-type", "authorization"];
        if location == ParameterLocation::Header && elsewhere.contains(&name.as_str()) {
            return None;
        }
        let style = self.style(at, location);
        let explode = at
            .flag("explode", &mut self.report)
            .unwrap_or(style == Some(Style::Form));
        for flag in ["allowReserved", "allowEmptyValue"] {
            if at.flag(flag, &mut self.report) == Some(true) {
                let at = at.get(flag).unwrap_or_else(|| at.clone());
                self.report.push(at.error(
                    "unsupported-style",
                    format!("`{flag}: true` is not supported"),
                ));
            }
        }
        let required = self.is_required(at, location);
        let schema = self.parameter_schema(at);
        Some(Parameter {
            name,
            location,
            required,
            style: style?,
            explode,
            schema,
            at: home,
        })
    }

    fn location(&mut self, at: &At<'a>) -> Option<ParameterLocation> {
        Some(match at.required_text("in", &mut self.report)? {
            "path" => ParameterLocation::Path,
            "query" => ParameterLocation::Query,
            "header" => ParameterLocation::Header,
            "cookie" => ParameterLocation::Cookie,
            other => {
                let at = at.get("in").unwrap_or_else(|| at.clone());
                let problem = at.error(
                    "bad-location",
                    format!("expected `path`, `query`, `header` or `cookie`, found `{other}`"),
                );
                self.report.push(match other {
                    "body" | "formData" => problem.hint("that is Swagger 2.0; use `requestBody`"),
                    _ => problem,
                });
                return None;
            }
        })
    }

    fn style(&mut self, at: &At<'a>, location: ParameterLocation) -> Option<Style> {
        let (style, name) = match location {
            ParameterLocation::Path | ParameterLocation::Header => (Style::Simple, "simple"),
            ParameterLocation::Query | ParameterLocation::Cookie => (Style::Form, "form"),
        };
        let Some(written) = at.get("style") else {
            return Some(style);
        };
        let text = written.text(&mut self.report)?;
        if text == name {
            return Some(style);
        }
        let problem = written.error(
            "unsupported-style",
            format!("the style `{text}` is not supported here"),
        );
        self.report
            .push(problem.hint(format!("the style that is supported here is `{name}`")));
        None
    }

    fn is_required(&mut self, at: &At<'a>, location: ParameterLocation) -> bool {
        let required = at.flag("required", &mut self.report).unwrap_or(false);
        if location != ParameterLocation::Path || required {
            return required;
        }
        let problem = at.warning(
            "optional-path-parameter",
            "a parameter in the path is always required",
        );
        self.report.push(problem.hint("add `required: true`"));
        true
    }

    fn parameter_schema(&mut self, at: &At<'a>) -> Option<serde_json::Value> {
        if let Some(content) = at.get("content") {
            let problem = content.error(
                "unsupported-style",
                "parameters with `content` are not supported",
            );
            self.report
                .push(problem.hint("describe the value with `schema`"));
            return None;
        }
        if let Some(schema) = at.get("schema") {
            return Some(
                self.schemas
                    .convert(&schema, Direction::Request, &mut self.report),
            );
        }
        let problem = at.warning(
            "parameter-without-schema",
            "the parameter has no `schema`, so that any value is accepted",
        );
        self.report.push(problem);
        None
    }
}

/// Whether two declarations are of the same parameter.
pub(super) fn is_same(one: &Parameter, other: &Parameter) -> bool {
    one.location == other.location && one.name == other.name
}
