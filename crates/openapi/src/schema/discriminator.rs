//! `discriminator`: which schema of a `oneOf` or `anyOf` a value means to fit.
//!
//! It changes nothing about which values are valid (OpenAPI 3.1.1, section 4.8.25): it says whose mistakes are told. So what comes out is the
//! member's name, and the branch for each of its values. A branch is named by `mapping`, by the `const` or `enum` of the member in it, or by
//! the name of its schema.

use super::convert::Converter;
use crate::read::At;
use serde_json::{Map, Value, json};

/// How far references and combinations are followed to a member.
const DEEPEST: u32 = 8;

impl<'a> Converter<'_, 'a> {
    /// `{propertyName, mapping}`, where `mapping` leads to places in the union beside it.
    pub(super) fn discriminator(&mut self, schema: &At<'a>, at: &At<'a>) -> Option<Value> {
        at.object(self.report)?;
        let name = at.required_text("propertyName", self.report)?;
        let Some(union) = schema.get("oneOf").or_else(|| schema.get("anyOf")) else {
            self.report.once("discriminator", || {
                at.warning(
                    "ignored",
                    "a `discriminator` without `oneOf` or `anyOf` beside it chooses no schema (told once for each description)",
                )
            });
            return None;
        };
        let branches: Vec<At<'a>> = union.items().collect();
        let mut mapping = Map::new();
        for (value, target) in at.get("mapping").iter().flat_map(At::members) {
            let Some(target) = target.text(self.report) else {
                continue;
            };
            let found = branches.iter().position(|branch| is_at(branch, target));
            if let Some(index) = found {
                mapping.insert(value.to_owned(), json!(index));
            } else if let Some(member) = at.get("mapping").and_then(|map| map.get(value)) {
                let message =
                    format!("`{value}` leads to a schema that the union beside it does not have");
                self.report
                    .push(member.warning("discriminator-mapping", message).hint(
                        "values with it are refused, unless they fit another schema of the union",
                    ));
            }
        }
        for (index, branch) in branches.iter().enumerate() {
            for value in self.values(branch, name, 0).unwrap_or_default() {
                mapping.entry(value).or_insert(json!(index));
            }
        }
        for (index, branch) in branches.iter().enumerate() {
            let implicit = branch.reference().and_then(|text| text.rsplit('/').next());
            if let Some(implicit) = implicit {
                mapping.entry(implicit).or_insert(json!(index));
            }
        }
        Some(json!({ "propertyName": name, "mapping": mapping }))
    }

    /// The texts that a member may be, as far as a schema says.
    fn values(&self, at: &At<'a>, name: &str, depth: u32) -> Option<Vec<&'a str>> {
        if depth > DEEPEST {
            return None;
        }
        if let Some(reference) = at.reference() {
            let target = self.shared.files.resolve(at, reference).ok()?;
            return self.values(&target, name, depth + 1);
        }
        let member = at.get("properties").and_then(|map| map.get(name));
        if let Some(found) = member.and_then(|member| self.texts(&member, 0)) {
            return Some(found);
        }
        let list = |keyword: &str| at.get(keyword).map(|list| list.items().collect::<Vec<_>>());
        let all = list("allOf").unwrap_or_default();
        if let Some(found) = all
            .iter()
            .find_map(|part| self.values(part, name, depth + 1))
        {
            return Some(found);
        }
        let branches = list("oneOf").or_else(|| list("anyOf"))?;
        let each: Option<Vec<_>> = branches
            .iter()
            .map(|part| self.values(part, name, depth + 1))
            .collect();
        each.map(|each| each.concat())
    }

    fn texts(&self, member: &At<'a>, depth: u32) -> Option<Vec<&'a str>> {
        if depth > DEEPEST {
            return None;
        }
        if let Some(reference) = member.reference() {
            let target = self.shared.files.resolve(member, reference).ok()?;
            return self.texts(&target, depth + 1);
        }
        if let Some(one) = member.get("const") {
            return Some(vec![one.value.as_str()?]);
        }
        let list = member.get("enum")?;
        let texts: Option<Vec<_>> = list.items().map(|item| item.value.as_str()).collect();
        texts
    }
}

/// Whether a branch is what a mapping leads to: a reference, or the name of a schema.
fn is_at(branch: &At<'_>, target: &str) -> bool {
    let Some(reference) = branch.reference() else {
        return false;
    };
    reference == target || reference.rsplit('/').next() == Some(target)
}
