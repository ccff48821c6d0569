//! `paths`, and what the operations of a path share.

use super::Describer;
use super::parameter::Declared;
use super::security::Requirements;
use super::server::{self, Servers};
use crate::read::{At, Object, Version, check_fields, nearest};
use meshward_engine::config::{Operation, ParameterLocation};

const METHODS: [&str; 9] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace", "query",
];

/// A path template, and what its path item says for all operations.
pub(super) struct Path<'a> {
    pub(super) template: &'a str,
    pub(super) names: Vec<&'a str>,
    pub(super) parameters: Vec<Declared<'a>>,
    /// The servers of the path item, where it has its own.
    pub(super) servers: Option<Servers>,
    /// Where the path stands in the description itself.
    pub(super) home: String,
}

impl<'a> Describer<'a> {
    pub(super) fn paths(&mut self, at: &At<'a>, security: Option<&Requirements>) -> Vec<Operation> {
        at.object(&mut self.report);
        let mut operations = Vec::new();
        for (template, item) in at.members() {
            if template.starts_with("x-") {
                continue;
            }
            let names = match placeholders(template) {
                Ok(names) => names,
                Err(cause) => {
                    self.report
                        .push(item.error("bad-path", format!("the path `{template}` {cause}")));
                    continue;
                }
            };
            self.path(template, names, item, security, &mut operations);
        }
        operations
    }

    fn path(
        &mut self,
        template: &'a str,
        names: Vec<&'a str>,
        item: At<'a>,
        security: Option<&Requirements>,
        operations: &mut Vec<Operation>,
    ) {
        let home = item.pointer.clone();
        if item.reference().is_some() {
            for (name, sibling) in item.members() {
                if !matches!(name, "$ref" | "summary" | "description") && !name.starts_with("x-") {
                    let problem = sibling.error(
                        "unsupported",
                        format!("`{name}` beside `$ref` has no defined meaning"),
                    );
                    self.report
                        .push(problem.hint("move it to the path that the reference leads to"));
                }
            }
        }
        let Some(item) = self.files.follow(item, &mut self.report) else {
            return;
        };
        if item.object(&mut self.report).is_none() {
            return;
        }
        check_fields(&item, Object::PathItem, &mut self.report);
        let servers = item
            .get("servers")
            .map(|_| server::servers(&item, &mut self.report));
        let parameters = item
            .get("parameters")
            .map(|list| self.parameters(&list, &home))
            .unwrap_or_default();
        let path = Path {
            template,
            names,
            parameters,
            servers,
            home,
        };
        for declared in &path.parameters {
            self.check_template(&path, declared);
        }
        for (method, operation) in item.members() {
            if METHODS.contains(&method) && (method != "query" || item.file.version >= Version::V32)
            {
                let found =
                    self.operation(&path, &method.to_ascii_uppercase(), &operation, security);
                operations.extend(found);
            }
        }
        let additional = item.get("additionalOperations");
        let additional = additional.filter(|_| item.file.version >= Version::V32);
        for (method, operation) in additional.iter().flat_map(At::members) {
            operations.extend(self.operation(&path, method, &operation, security));
        }
    }

    /// A path parameter must be in the template.
    pub(super) fn check_template(&mut self, path: &Path<'a>, declared: &Declared<'a>) {
        let parameter = &declared.parameter;
        if parameter.location != ParameterLocation::Path
            || path.names.contains(&parameter.name.as_str())
        {
            return;
        }
        let problem = declared.at.error(
            "unknown-path-parameter",
            format!(
                "the path `{}` has no `{{{}}}`",
                path.template, parameter.name
            ),
        );
        self.report
            .push(match nearest(&parameter.name, path.names.iter().copied()) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.hint("add it to the path, or change `in`"),
            });
    }
}

/// The names in a template's braces. The error continues a sentence that begins with the path.
fn placeholders(template: &str) -> Result<Vec<&str>, &'static str> {
    if !template.starts_with('/') {
        return Err("does not begin with `/`");
    }
    let mut names = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or("has a `{` without `}`")?;
        if before.contains('}') || name.contains('{') {
            return Err("has braces that do not match");
        }
        if name.is_empty() {
            return Err("has empty braces");
        }
        if names.contains(&name) {
            return Err("has the same name in braces twice");
        }
        names.push(name);
        rest = after;
    }
    if rest.contains('}') {
        return Err("has a `}` without `{`");
    }
    Ok(names)
}
