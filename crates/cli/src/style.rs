//! Colours: one meaning each. `anstream` drops them where standard output is not a terminal, and where `NO_COLOR` is set.

use anstyle::{AnsiColor, Style};

/// What went wrong, and refusals.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// What is doubtful.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// What went well, and admissions.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Titles.
pub(crate) const TITLE: Style = Style::new().bold();
/// What can be skipped.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// The styles of `--help`.
pub(crate) const HELP: clap::builder::Styles = clap::builder::Styles::styled()
    .header(TITLE)
    .usage(TITLE)
    .literal(AnsiColor::Cyan.on_default())
    .placeholder(AnsiColor::Cyan.on_default());
