//! Places in a request, for findings: bounded, because their steps are names that a client chose.

use crate::config::ParameterLocation;

/// The longest place, in characters.
const LONGEST: usize = 256;

/// The same place, cut where it is too long.
pub(super) fn bounded(place: &str) -> String {
    match place.char_indices().nth(LONGEST) {
        None => place.to_owned(),
        Some((end, _)) => place
            .get(..end)
            .map(|kept| format!("{kept}…"))
            .unwrap_or_default(),
    }
}

/// The place of a parameter.
pub(super) fn parameter(location: ParameterLocation, name: &str) -> String {
    let location = match location {
        ParameterLocation::Path => "path",
        ParameterLocation::Query => "query",
        ParameterLocation::Header => "header",
        ParameterLocation::Cookie => "cookie",
    };
    bounded(&format!("{location}.{name}"))
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, bounded};

    #[test]
    fn cuts_between_characters() {
        assert_eq!(bounded("/a/b"), "/a/b");
        assert_eq!(bounded(&"é".repeat(LONGEST)), "é".repeat(LONGEST));
        assert_eq!(
            bounded(&"é".repeat(LONGEST + 1)),
            format!("{}…", "é".repeat(LONGEST))
        );
    }
}
