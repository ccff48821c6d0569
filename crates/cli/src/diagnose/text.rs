//! Problems for people: the source with a mark, the JSON pointer, the hint.

use super::{Located, Place};
use crate::style::{ERROR, GOOD, WARNING};
use annotate_snippets::renderer::{DEFAULT_TERM_WIDTH, DecorStyle};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use meshward_engine::Severity;

/// Every problem, in the order of the files, with an empty line behind each.
pub(crate) fn text(problems: &[Located<'_>]) -> String {
    let renderer = Renderer::styled()
        .decor_style(DecorStyle::Ascii)
        .term_width(DEFAULT_TERM_WIDTH);
    let mut out = String::new();
    for located in problems {
        out.push_str(&renderer.render(&report(located)));
        out.push_str("\n\n");
    }
    out
}

fn report<'a>(located: &'a Located<'a>) -> Vec<Group<'a>> {
    let problem = located.problem;
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(problem.message.as_str())
        .id(problem.code);
    let mut group = match &located.place {
        Some(Place { mark, text, .. }) => title.element(
            Snippet::source(*text)
                .path(located.file.as_str())
                .annotation(AnnotationKind::Primary.span(mark.clone())),
        ),
        None => title.element(Origin::path(located.file.as_str())),
    };
    if !problem.at.is_empty() {
        group = group.element(
            Level::NOTE
                .with_name(Some("at"))
                .message(problem.at.as_str()),
        );
    }
    if let Some(hint) = &problem.hint {
        group = group.element(Level::HELP.with_name(Some("hint")).message(hint.as_str()));
    }
    vec![group]
}

/// "2 errors, 1 warning", or that there is none.
pub(crate) fn summary(file: &str, errors: usize, warnings: usize) -> String {
    let plural = |n: usize, what: &str| match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    };
    match (errors, warnings) {
        (0, 0) => format!("{GOOD}{file}: no problems{GOOD:#}"),
        (0, w) => format!("{WARNING}{file}: {}{WARNING:#}", plural(w, "warning")),
        (e, 0) => format!("{ERROR}{file}: {}{ERROR:#}", plural(e, "error")),
        (e, w) => format!(
            "{ERROR}{file}: {}, {}{ERROR:#}",
            plural(e, "error"),
            plural(w, "warning")
        ),
    }
}
