//! How fields of forms are written: `encoding` of a media type.

use super::Describer;
use super::content::essence;
use crate::read::{At, Object, check_fields};
use crate::schema::Direction;
use meshward_engine::config::{Encoding, Parameter, Style};
use std::collections::BTreeMap;

const STYLES: [(&str, Style); 4] = [
    ("form", Style::Form),
    ("spaceDelimited", Style::SpaceDelimited),
    ("pipeDelimited", Style::PipeDelimited),
    ("deepObject", Style::DeepObject),
];

/// A form as fields.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
/// A form in parts.
pub(crate) const PARTS: &str = "multipart/form-data";

impl<'a> Describer<'a> {
    /// The fields for which something is said, and what is said of the heads of parts. It has a meaning for forms in requests only.
    pub(super) fn encoding(
        &mut self,
        media: &At<'a>,
        essence: &str,
        direction: Direction,
    ) -> (BTreeMap<String, Encoding>, BTreeMap<String, Vec<Parameter>>) {
        let (mut found, mut heads) = (BTreeMap::new(), BTreeMap::new());
        let Some(fields) = media.get("encoding") else {
            return (found, heads);
        };
        if direction != Direction::Request || ![FORM, PARTS].contains(&essence) {
            return (found, heads);
        }
        fields.object(&mut self.report);
        for (name, at) in fields.members() {
            if at.object(&mut self.report).is_none() {
                continue;
            }
            check_fields(&at, Object::Encoding, &mut self.report);
            match at.get("headers") {
                Some(headers) if essence == PARTS => {
                    heads.insert(name.to_owned(), self.headers(&headers, direction));
                }
                // Only parts have headers.
                _ => self.ignored(&at, "headers"),
            }
            let encoding = self.one_encoding(&at);
            if encoding != Encoding::default() {
                found.insert(name.to_owned(), encoding);
            }
        }
        (found, heads)
    }

    fn one_encoding(&mut self, at: &At<'a>) -> Encoding {
        let style = at.get("style").and_then(|style| self.form_style(&style));
        let explode = at.flag("explode", &mut self.report);
        let reserved = at.flag("allowReserved", &mut self.report);
        // Where any of the three is written, fields are written as parameters of the query are, and `contentType` is ignored.
        if style.is_some() || explode.is_some() || reserved.is_some() {
            let style = style.unwrap_or(Style::Form);
            return Encoding {
                content_types: Vec::new(),
                style: Some(style),
                explode: explode.unwrap_or(style == Style::Form),
            };
        }
        let Some(written) = at.get("contentType") else {
            return Encoding::default();
        };
        let Some(text) = written.text(&mut self.report) else {
            return Encoding::default();
        };
        let types: Option<Vec<String>> = text.split(',').map(essence).collect();
        if types.is_none() {
            let problem = written.error("bad-media-type", format!("`{text}` are no media types"));
            self.report.push(
                problem.hint("write one, or several with commas, such as `image/png, image/*`"),
            );
        }
        Encoding {
            content_types: types.unwrap_or_default(),
            ..Encoding::default()
        }
    }

    fn form_style(&mut self, at: &At<'a>) -> Option<Style> {
        let text = at.text(&mut self.report)?;
        let known = STYLES.iter().find(|(name, _)| *name == text);
        if known.is_none() {
            let names: Vec<&str> = STYLES.iter().map(|(name, _)| *name).collect();
            let problem = at.error(
                "unsupported-style",
                format!("the style `{text}` is not possible here"),
            );
            self.report
                .push(problem.hint(format!("use one of: {}", names.join(", "))));
        }
        known.map(|(_, style)| *style)
    }
}
