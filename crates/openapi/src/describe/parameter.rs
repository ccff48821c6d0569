//! Parameters of path items and operations.

use super::Describer;
use crate::read::{At, Object, Version, check_fields};
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
        // Says only which characters clients leave unencoded: they are read decoded in any case.
        at.flag("allowReserved", &mut self.report);
        let allow_empty = self.allows_empty(at, location);
        let required = self.is_required(at, location);
        let (content, schema) = match at.get("content") {
            Some(content) => {
                let (content, schema) = self.parameter_content(&content, Direction::Request)?;
                let form = content == "application/x-www-form-urlencoded"
                    && at.value.get("in").and_then(serde_json::Value::as_str)
                        == Some("querystring");
                ((!form).then_some(content), schema)
            }
            None => (None, self.parameter_schema(at)),
        };
        Some(Parameter {
            name,
            location,
            required,
            style: style?,
            explode,
            allow_empty,
            content,
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
            // The whole query as one object: that is what an exploded object in it is.
            "querystring" if at.file.version >= Version::V32 => ParameterLocation::Query,
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
        let known: &[(&str, Style)] = match location {
            ParameterLocation::Path => &[
                ("simple", Style::Simple),
                ("label", Style::Label),
                ("matrix", Style::Matrix),
            ],
            ParameterLocation::Header => &[("simple", Style::Simple)],
            ParameterLocation::Query => &[
                ("form", Style::Form),
                ("spaceDelimited", Style::SpaceDelimited),
                ("pipeDelimited", Style::PipeDelimited),
                ("deepObject", Style::DeepObject),
            ],
            ParameterLocation::Cookie => &[("form", Style::Form)],
        };
        let Some(written) = at.get("style") else {
            return known.first().map(|(_, style)| *style);
        };
        let text = written.text(&mut self.report)?;
        if let Some((_, style)) = known.iter().find(|(name, _)| *name == text) {
            return Some(*style);
        }
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let problem = written.error(
            "unsupported-style",
            format!("the style `{text}` is not possible here"),
        );
        self.report
            .push(problem.hint(format!("use one of: {}", names.join(", "))));
        None
    }

    fn allows_empty(&mut self, at: &At<'a>, location: ParameterLocation) -> bool {
        let allows = at.flag("allowEmptyValue", &mut self.report) == Some(true);
        if allows && location != ParameterLocation::Query {
            let problem = at.warning(
                "ignored",
                "`allowEmptyValue` has a meaning in the query only",
            );
            self.report.push(problem);
        }
        allows && location == ParameterLocation::Query
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

    /// A parameter that is described by `content`, which has exactly one media type.
    pub(super) fn parameter_content(
        &mut self,
        content: &At<'a>,
        direction: Direction,
    ) -> Option<(String, Option<serde_json::Value>)> {
        let mut types = self.content(content, direction).into_iter();
        let (Some((name, media)), None) = (types.next(), types.next()) else {
            let problem = content.error(
                "parameter-content",
                "the `content` of a parameter has exactly one media type",
            );
            self.report.push(problem);
            return None;
        };
        Some((name, media.schema))
    }

    fn parameter_schema(&mut self, at: &At<'a>) -> Option<serde_json::Value> {
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
