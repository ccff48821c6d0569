//! One operation.

use super::parameter::is_same;
use super::path::Path;
use super::security::Requirements;
use super::{Describer, server};
use crate::read::{At, Object, check_fields};
use meshward_engine::config::{Operation, Parameter, ParameterLocation};

impl<'a> Describer<'a> {
    pub(super) fn operation(
        &mut self,
        path: &Path<'a>,
        method: &str,
        at: &At<'a>,
        security: Option<&Requirements>,
    ) -> Option<Operation> {
        at.object(&mut self.report)?;
        check_fields(at, Object::Operation, &mut self.report);
        let servers = at
            .get("servers")
            .map(|_| server::servers(at, &mut self.report))
            .or_else(|| path.servers.clone())
            .unwrap_or_default();
        self.ignored(at, "callbacks");
        let home = Self::home(
            at,
            &at.pointer.rsplit_once('/').map_or_else(
                || path.home.clone(),
                |(_, step)| format!("{}/{step}", path.home),
            ),
        );
        let parameters = self.operation_parameters(path, at, &home);
        let body = at
            .get("requestBody")
            .and_then(|body| self.request_body(body));
        let responses = self.responses(at);
        let security = match at.get("security") {
            Some(own) => self.requirements(&own),
            None => security.cloned(),
        };
        Some(Operation {
            id: self.operation_id(at),
            method: method.to_owned(),
            path: path.template.to_owned(),
            summary: self.summary(at),
            tags: self.tags(at),
            deprecated: at.flag("deprecated", &mut self.report).unwrap_or(false),
            security,
            parameters,
            body,
            responses,
            hosts: servers.hosts,
            base_paths: servers.base_paths,
            at: home,
        })
    }

    /// The parameters of the path item, overridden and extended by those of the operation.
    fn operation_parameters(&mut self, path: &Path<'a>, at: &At<'a>, home: &str) -> Vec<Parameter> {
        let own = at
            .get("parameters")
            .map(|list| self.parameters(&list, home))
            .unwrap_or_default();
        for declared in &own {
            self.check_template(path, declared);
        }
        let own: Vec<Parameter> = own.into_iter().map(|declared| declared.parameter).collect();
        let inherited = path.parameters.iter().map(|declared| &declared.parameter);
        let inherited = inherited.filter(|one| !own.iter().any(|other| is_same(one, other)));
        let mut merged: Vec<Parameter> = inherited.cloned().collect();
        merged.extend(own);
        for name in &path.names {
            let declared = |parameter: &Parameter| {
                parameter.location == ParameterLocation::Path && parameter.name == *name
            };
            if !merged.iter().any(declared) {
                let problem = at.error(
                    "missing-path-parameter",
                    format!(
                        "`{{{name}}}` of the path `{}` is not among the parameters",
                        path.template
                    ),
                );
                self.report.push(problem.hint(format!(
                    "add a parameter with `name: {name}`, `in: path` and `required: true`"
                )));
            }
        }
        merged
    }

    fn operation_id(&mut self, at: &At<'a>) -> Option<String> {
        let at = at.get("operationId")?;
        let id = at.text(&mut self.report)?;
        if let Some(first) = self.operation_ids.get(id) {
            let problem = at.error(
                "duplicate-operation-id",
                format!(
                    "the `operationId` `{id}` stands here again, first at `{}`",
                    first.pointer
                ),
            );
            self.report
                .push(problem.hint("rules name operations by it: give each its own"));
        } else {
            self.operation_ids.insert(id, at.clone());
        }
        Some(id.to_owned())
    }

    fn summary(&mut self, at: &At<'a>) -> Option<String> {
        Some(at.get("summary")?.text(&mut self.report)?.trim().to_owned())
    }

    fn tags(&mut self, at: &At<'a>) -> Vec<String> {
        let Some(tags) = at.get("tags") else {
            return Vec::new();
        };
        tags.list(&mut self.report);
        tags.items()
            .filter_map(|tag| tag.text(&mut self.report).map(str::to_owned))
            .collect()
    }
}
