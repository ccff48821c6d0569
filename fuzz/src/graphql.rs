//! A GraphQL document, as text. The oracle is another reader, `apollo-parser`, and a count that walks where ours adds up.

use crate::fixture;
use apollo_parser::Parser;
use apollo_parser::cst::{Definition, Selection, SelectionSet};
use meshward_engine::verdict::Decision;
use serde_json::json;
use std::collections::BTreeMap;

pub(crate) const PIECES: &[&str] = &[
    "{",
    "}",
    "{a{b{c{d{e",
    "}}}}}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "=",
    "@",
    "!",
    "$",
    "$n",
    "...",
    "... on T {",
    "...A",
    "...L",
    "fragment A on T {",
    "fragment on",
    "query",
    "mutation",
    "subscription",
    "on",
    "null",
    "true",
    "\"",
    "\\\"",
    "\"\"\"",
    "\\\"\"\"",
    "#",
    "\n",
    "\r",
    ",",
    "\u{feff}",
    "é",
    "\u{0}",
    "0",
    "-0",
    "01",
    "1.",
    "1e",
    "99999999999999999999",
    "first: 10",
    "(last: $n)",
    "a: ",
    "__schema",
    "@include(if: true)",
];

/// The bounds of the fixture.
const DEPTH: u32 = 5;
const FIELDS: u32 = 40;
const ALIASES: u32 = 5;

/// What is admitted is a document to another reader too, and within the bounds as that one sees it.
pub fn graphql(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    for name in [None, Some("Q"), Some("M")] {
        let body = json!({ "query": text, "operationName": name }).to_string();
        let evaluation = fixture::run(&fixture::graphql(body.as_bytes()));
        if evaluation.record.decision == Decision::Allow {
            agrees(&text);
        } else {
            assert!(
                evaluation.forward.is_none(),
                "a refused request went upstream"
            );
        }
    }
}

fn agrees(text: &str) {
    let tree = Parser::new(text).parse();
    let errors: Vec<_> = tree.errors().collect();
    assert!(
        errors.is_empty(),
        "what is no document was admitted: {errors:?}"
    );
    let mut count = Count::default();
    let mut operations = Vec::new();
    let mut others = 0;
    for definition in tree.document().definitions() {
        match definition {
            Definition::OperationDefinition(one) => operations.extend(one.selection_set()),
            Definition::FragmentDefinition(one) => {
                let name = one.fragment_name().and_then(|name| name.name());
                if let (Some(name), Some(set)) = (name, one.selection_set()) {
                    count.fragments.insert(name.text().to_string(), set);
                }
            }
            _ => others += 1,
        }
    }
    assert_eq!(others, 0, "definitions of types were admitted");
    assert!(
        !operations.is_empty(),
        "a document without an operation was admitted"
    );
    for set in operations {
        count.walk(&set, 1);
    }
}

#[derive(Default)]
struct Count {
    fragments: BTreeMap<String, SelectionSet>,
    fields: u32,
    aliases: u32,
    steps: u32,
}

impl Count {
    /// Every field where it is reached. Ends early where a bound was overstepped, so that it ends at all.
    fn walk(&mut self, set: &SelectionSet, depth: u32) {
        self.steps += 1;
        assert!(self.steps < 10_000, "fragments without end were admitted");
        for selection in set.selections() {
            match selection {
                Selection::Field(field) => {
                    self.fields += 1;
                    self.aliases += u32::from(field.alias().is_some());
                    assert!(depth <= DEPTH, "a document that is too deep was admitted");
                    assert!(self.fields <= FIELDS, "too many fields were admitted");
                    assert!(self.aliases <= ALIASES, "too many aliases were admitted");
                    if let Some(inner) = field.selection_set() {
                        self.walk(&inner, depth + 1);
                    }
                }
                Selection::InlineFragment(inline) => {
                    if let Some(inner) = inline.selection_set() {
                        self.walk(&inner, depth);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.fragment_name().and_then(|name| name.name());
                    let name = name.map(|name| name.text().to_string()).unwrap_or_default();
                    let inner = self.fragments.get(&name).cloned();
                    assert!(inner.is_some(), "a fragment that is not there was admitted");
                    if let Some(inner) = inner {
                        self.walk(&inner, depth);
                    }
                }
            }
        }
    }
}
