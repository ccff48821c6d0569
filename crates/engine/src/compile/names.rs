//! Names that end up in logs, metrics and store keys.

use crate::problem::Problem;

/// Letters, digits and `-`, at most 63 characters, like a DNS label: fits every system that a name travels to.
pub(super) fn check(what: &str, name: &str, at: &str, problems: &mut Vec<Problem>) {
    let fits = (1..=63).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !fits {
        problems.push(
            Problem::error(
                "name",
                at,
                format!("`{name}` cannot name an {what}").replace("an policy", "a policy"),
            )
            .hint("use letters, digits, `-` and `_`, at most 63 characters"),
        );
    }
}
