//! An OpenAPI document to endpoints.
//!
//! The order is that of the document: servers, security schemes, paths, and then the schemas that these led to.

mod content;
mod encoding;
mod operation;
mod parameter;
mod path;
mod security;
mod server;

pub(crate) use encoding::{FORM, PARTS};

use crate::Loader;
use crate::read::{At, Files, Object, Report, Version, check_fields};
use crate::schema::{DIALECTS, Shared};
use meshward_engine::Problem;
use meshward_engine::config::{Description, SecurityScheme, UnsupportedPatterns};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Reads an OpenAPI 3 or Swagger 2.0 description, and the files that it refers to.
///
/// Paths in `$ref` are relative to the file that they stand in; `loader` gets them relative to where `file` is named
/// from. Remote references are refused.
///
/// # Errors
/// Every error in the description, and the warnings with them. Each names its file and place.
pub fn describe<L: Loader + ?Sized>(
    file: &str,
    loader: &mut L,
) -> Result<(Description, Vec<Problem>), Vec<Problem>> {
    describe_with(file, loader, &Options::default())
}

/// How a description is read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The extensions (`x-…`) that schemas keep.
    pub tags: BTreeSet<String>,
    /// What happens to patterns that cannot run in linear time.
    pub patterns: UnsupportedPatterns,
}

/// As [`describe()`], in the way that `options` say.
///
/// # Errors
/// As [`describe()`].
pub fn describe_with<L: Loader + ?Sized>(
    file: &str,
    loader: &mut L,
    options: &Options,
) -> Result<(Description, Vec<Problem>), Vec<Problem>> {
    let files = Files::open(file, loader)?;
    let mut describer = Describer {
        files: &files,
        report: Report::default(),
        schemas: Shared::new(&files, options),
        schemes: BTreeMap::new(),
        operation_ids: HashMap::new(),
    };
    let mut description = describer.document();
    let Describer {
        mut report,
        schemas,
        schemes,
        ..
    } = describer;
    description.schemas = schemas.finish(&mut report);
    description.security_schemes = schemes;
    report.map(|problem| files.back(problem));
    files.notes().for_each(|note| report.push(note));
    for operation in &mut description.operations {
        let headers = operation.responses.values_mut();
        let headers = headers.flat_map(|response| &mut response.headers);
        let contents = operation
            .body
            .iter_mut()
            .flat_map(|body| body.content.values_mut());
        let heads = contents.flat_map(|media| media.heads.values_mut().flatten());
        let parameters = operation.parameters.iter_mut();
        for parameter in parameters.chain(headers).chain(heads) {
            parameter.at = files.back_home(&parameter.at);
        }
    }
    report.finish(description)
}

/// What is known while a description is read.
struct Describer<'a> {
    files: &'a Files,
    report: Report,
    schemas: Shared<'a>,
    schemes: BTreeMap<String, SecurityScheme>,
    /// Where each `operationId` stands first.
    operation_ids: HashMap<&'a str, At<'a>>,
}

impl<'a> Describer<'a> {
    fn document(&mut self) -> Description {
        let mut description = Description::default();
        let Some(root) = self.files.root() else {
            return description;
        };
        description.source = root.file.source.name().to_owned();
        check_fields(&root, Object::OpenApi, &mut self.report);
        self.dialect(&root);
        self.components(&root);
        let servers = server::servers(&root, &mut self.report);
        description.hosts = servers.hosts;
        description.base_paths = servers.base_paths;
        let security = root.get("security").and_then(|at| self.requirements(&at));
        self.ignored(&root, "webhooks");
        match root.get("paths") {
            Some(paths) => description.operations = self.paths(&paths, security.as_ref()),
            None if root.file.version == Version::V30 => self.report.push(root.missing("paths")),
            None => {}
        }
        if description.operations.is_empty() {
            let problem = root.warning("no-operations", "the description has no operation");
            self.report.push(problem);
        }
        description
    }

    fn dialect(&mut self, root: &At<'a>) {
        if let Some(at) = root.get("jsonSchemaDialect")
            && !at
                .value
                .as_str()
                .is_some_and(|text| DIALECTS.contains(&text))
        {
            self.report.push(
                at.error(
                    "unsupported",
                    "this dialect of JSON Schema is not supported",
                )
                .hint(format!("use `{}`", DIALECTS[0])),
            );
        }
    }

    fn components(&mut self, root: &At<'a>) {
        let Some(components) = root.get("components") else {
            return;
        };
        if components.object(&mut self.report).is_none() {
            return;
        }
        check_fields(&components, Object::Components, &mut self.report);
        for (name, section) in components.members() {
            if !name.starts_with("x-") {
                section.object(&mut self.report);
            }
        }
        if let Some(schemes) = components.get("securitySchemes") {
            self.security_schemes(&schemes);
        }
    }

    /// Tells once that a part of descriptions is not enforced.
    fn ignored(&mut self, at: &At<'a>, field: &'static str) {
        if let Some(at) = at.get(field)
            && at
                .value
                .as_object()
                .is_some_and(|members| !members.is_empty())
        {
            self.report.once(field, || {
                let message = format!("`{field}` are not checked (told once for each description)");
                at.warning("ignored", message)
            });
        }
    }

    /// A place in the description itself: of a thing that stands in another file, the place that refers to it.
    fn home(at: &At<'a>, referrer: &str) -> String {
        if at.file.id == 0 {
            at.pointer.clone()
        } else {
            referrer.to_owned()
        }
    }
}
