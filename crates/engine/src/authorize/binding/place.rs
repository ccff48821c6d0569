//! Places in JSON: a JSON pointer in which `*` stands for every item of a list.

use crate::authorize::claim::unescape;
use crate::contract::{Json, JsonKind as Kind};

/// The most steps of a pointer: deeper than JSON bodies may nest.
const MOST_STEPS: usize = 32;

/// Places in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Places(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// A member, or the index of an item.
    Name(String),
    /// Every item.
    Each,
}

impl Places {
    /// Reads a pointer; `None` where it is none.
    pub(super) fn parse(pointer: &str) -> Option<Self> {
        if pointer.is_empty() {
            return Some(Self(Vec::new()));
        }
        let steps: Option<Vec<Step>> = pointer
            .strip_prefix('/')?
            .split('/')
            .map(|step| match step {
                "*" => Some(Step::Each),
                name => unescape(name).map(Step::Name),
            })
            .collect();
        steps.filter(|steps| steps.len() <= MOST_STEPS).map(Self)
    }

    /// Whether there is a value at every place, and all of them hold. A list without items has no place.
    pub(super) fn all_hold(&self, value: &Json<'_>, holds: &impl Fn(&Json<'_>) -> bool) -> bool {
        walk(value, &self.0, holds)
    }
}

/// The depth of the recursion is the number of steps.
fn walk(value: &Json<'_>, steps: &[Step], holds: &impl Fn(&Json<'_>) -> bool) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        return holds(value);
    };
    match (step, &value.kind) {
        (Step::Each, Kind::Array(items)) => items.iter().all(|item| walk(item, rest, holds)),
        (Step::Name(name), Kind::Object(_)) => {
            value.member(name).is_some_and(|v| walk(v, rest, holds))
        }
        (Step::Name(name), Kind::Array(items)) => index(name)
            .and_then(|index| items.get(index))
            .is_some_and(|v| walk(v, rest, holds)),
        (Step::Each | Step::Name(_), _) => false,
    }
}

/// RFC 6901 §4: digits without leading zeros.
fn index(name: &str) -> Option<usize> {
    let plain = name == "0" || !name.starts_with('0') && name.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| name.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_place_must_hold() {
        let body = json!({ "owner": "a", "items": [{ "owner": "a" }, { "owner": "a" }], "none": [], "mixed": [{ "owner": "a" }, {}], "a/b": { "~": "a" } });
        let body = Json::from(body);
        let holds = |pointer: &str| {
            Places::parse(pointer)
                .unwrap()
                .all_hold(&body, &|v| v.as_str() == Some("a"))
        };
        for pointer in [
            "/owner",
            "/items/*/owner",
            "/items/0/owner",
            "/none/*/owner",
            "/mixed/0/owner",
            "/a~1b/~0",
        ] {
            assert!(holds(pointer), "{pointer}");
        }
        for pointer in [
            "",
            "/gone",
            "/mixed/*/owner",
            "/items/2/owner",
            "/items/00/owner",
            "/owner/*",
            "/*/owner",
            "/items/owner",
            "/gone/*",
        ] {
            assert!(!holds(pointer), "{pointer}");
        }
    }

    #[test]
    fn refuses_what_is_no_pointer() {
        for text in ["owner", "/a~2"] {
            assert_eq!(Places::parse(text), None, "{text}");
        }
        assert_eq!(Places::parse(&"/a".repeat(33)), None);
    }
}
