//! Templates as a tree: one node for every shape of a path's beginning.

use super::mixed::Mixed;
use super::template::Segment;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// A tree of templates, with something at the end of each.
#[derive(Debug, Clone)]
pub(super) struct Tree<T> {
    /// Never gone through, only asked: large descriptions have nodes with a hundred of them.
    literals: HashMap<Box<str>, Tree<T>>,
    /// In the order in which they are tried: most text first, then by the text, so that the order of a file does not count.
    mixed: BTreeMap<(Reverse<usize>, Mixed), Tree<T>>,
    parameter: Option<Box<Tree<T>>>,
    end: Option<T>,
}

impl<T> Default for Tree<T> {
    fn default() -> Self {
        Self {
            literals: HashMap::new(),
            mixed: BTreeMap::new(),
            parameter: None,
            end: None,
        }
    }
}

impl<T: Default> Tree<T> {
    /// What stands at the end of a template, which is added if it is new.
    pub(super) fn entry(&mut self, segments: &[Segment]) -> &mut T {
        let Some((first, rest)) = segments.split_first() else {
            return self.end.get_or_insert_default();
        };
        let next = match first {
            Segment::Literal(text) => self.literals.entry(text.clone()).or_default(),
            Segment::Mixed(mixed) => self
                .mixed
                .entry((Reverse(mixed.weight()), mixed.clone()))
                .or_default(),
            Segment::Parameter => self.parameter.get_or_insert_default(),
        };
        next.entry(rest)
    }
}

impl<T> Tree<T> {
    /// What stands at the end of the best template for a path, with the parameters' values from left to right.
    pub(super) fn find<'p>(&self, path: &'p [String]) -> Option<(&T, Vec<&'p str>)> {
        let mut values = Vec::new();
        self.search(path, &mut values).map(|end| (end, values))
    }

    /// Enters each node at most once: a node has one parent, and is entered for one segment of the path.
    fn search<'p>(&self, path: &'p [String], values: &mut Vec<&'p str>) -> Option<&T> {
        let Some((segment, rest)) = path.split_first() else {
            return self.end.as_ref();
        };
        if let Some(next) = self.literals.get(segment.as_str())
            && let Some(end) = next.search(rest, values)
        {
            return Some(end);
        }
        let before = values.len();
        for ((_, mixed), next) in &self.mixed {
            if mixed.capture(segment, values) {
                if let Some(end) = next.search(rest, values) {
                    return Some(end);
                }
                values.truncate(before);
            }
        }
        let next = self.parameter.as_ref().filter(|_| !segment.is_empty())?;
        values.push(segment);
        let end = next.search(rest, values);
        if end.is_none() {
            values.truncate(before);
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use super::super::template::Template;
    use super::*;
    use proptest::prelude::*;

    fn tree(templates: &[&str]) -> Tree<String> {
        let mut tree = Tree::default();
        for text in templates {
            let template = Template::parse(text).unwrap();
            *tree.entry(&template.segments) = (*text).to_owned();
        }
        tree
    }

    fn path(text: &str) -> Vec<String> {
        let text = text.strip_prefix('/').unwrap();
        text.split('/')
            .filter(|_| !text.is_empty())
            .map(str::to_owned)
            .collect()
    }

    fn check(templates: &[&str], cases: &[(&str, Option<&str>, &[&str])]) {
        let tree = tree(templates);
        for (text, template, expected) in cases {
            let path = path(text);
            let found = tree.find(&path);
            assert_eq!(found.as_ref().map(|(t, _)| t.as_str()), *template, "{text}");
            let values = found.map(|(_, values)| values).unwrap_or_default();
            assert_eq!(values, *expected, "{text}");
        }
    }

    #[test]
    fn text_beats_parts_beat_parameters() {
        check(
            &[
                "/a/b",
                "/a/{x}",
                "/a/{x}.json",
                "/a/{x}-{y}.json",
                "/",
                "/{x}/",
            ],
            &[
                ("/a/b", Some("/a/b"), &[]),
                ("/a/c", Some("/a/{x}"), &["c"]),
                ("/a/c.json", Some("/a/{x}.json"), &["c"]),
                ("/a/c-d.json", Some("/a/{x}-{y}.json"), &["c", "d"]),
                ("/a/.json", Some("/a/{x}"), &[".json"]),
                ("/", Some("/"), &[]),
                ("/a", None, &[]),
                ("/a/", Some("/{x}/"), &["a"]),
                ("/a/b/", None, &[]),
                ("/b", None, &[]),
            ],
        );
    }

    #[test]
    fn goes_back_where_the_better_choice_leads_nowhere() {
        check(
            &["/a/{x}/c", "/a/b/{y}/d", "/a/b-{z}/c/d", "/{w}/b/c/d"],
            &[
                ("/a/b/c", Some("/a/{x}/c"), &["b"]),
                ("/a/b/c/d", Some("/a/b/{y}/d"), &["c"]),
                ("/a/b-1/c", Some("/a/{x}/c"), &["b-1"]),
                ("/a/b-1/c/d", Some("/a/b-{z}/c/d"), &["1"]),
                ("/e/b/c/d", Some("/{w}/b/c/d"), &["e"]),
                ("/a/b/c/e", None, &[]),
            ],
        );
    }

    #[test]
    fn a_hostile_path_costs_no_more_than_the_templates() {
        // A matcher that restarts at every choice would try 2^40 ways here.
        let templates: Vec<String> = (0..40)
            .map(|at| {
                let segment = |i| {
                    if i == at {
                        "{p}".to_owned()
                    } else {
                        "a".to_owned()
                    }
                };
                let mut segments: Vec<String> = (0..40).map(segment).collect();
                segments.push("end".to_owned());
                format!("/{}", segments.join("/"))
            })
            .collect();
        let templates: Vec<&str> = templates.iter().map(String::as_str).collect();
        let tree = tree(&templates);
        assert!(tree.find(&vec!["a".to_owned(); 41]).is_none());
        let mut reached = vec!["a".to_owned(); 40];
        reached.push("end".to_owned());
        assert!(tree.find(&reached).is_some());
    }

    /// Every way to match a segment, and its values, found by trying all divisions.
    fn divisions(segment: &str, pieces: &[String]) -> Vec<Vec<String>> {
        let Some((first, rest)) = pieces.split_first() else {
            return if segment.is_empty() {
                vec![Vec::new()]
            } else {
                Vec::new()
            };
        };
        if !first.starts_with('{') {
            return segment
                .strip_prefix(first.as_str())
                .map_or_else(Vec::new, |after| divisions(after, rest));
        }
        (1..=segment.len())
            .filter_map(|at| segment.split_at_checked(at))
            .flat_map(|(value, after)| {
                divisions(after, rest).into_iter().map(|mut values| {
                    values.insert(0, value.to_owned());
                    values
                })
            })
            .collect()
    }

    fn rank(segment: &Segment) -> (u8, Reverse<usize>, Segment) {
        let weight = match segment {
            Segment::Literal(_) => return (0, Reverse(0), segment.clone()),
            Segment::Mixed(mixed) => mixed.weight(),
            Segment::Parameter => return (2, Reverse(0), segment.clone()),
        };
        (1, Reverse(weight), segment.clone())
    }

    type Pieces = Vec<Vec<String>>;

    /// Tries every template, and takes the best of those that match.
    fn reference(templates: &[(String, Pieces)], path: &[String]) -> Option<(String, Vec<String>)> {
        templates
            .iter()
            .filter(|(_, pieces)| pieces.len() == path.len())
            .filter_map(|(text, pieces)| {
                let mut values = Vec::new();
                for (segment, pieces) in path.iter().zip(pieces) {
                    values.extend(divisions(segment, pieces).into_iter().next()?);
                }
                let ranks: Vec<_> = Template::parse(text)
                    .unwrap()
                    .segments
                    .iter()
                    .map(rank)
                    .collect();
                Some((ranks, text.clone(), values))
            })
            .min_by(|a, b| a.0.cmp(&b.0))
            .map(|(_, text, values)| (text, values))
    }

    /// A segment as pieces: text and parameters in turn. The names are made when the template is put together.
    fn segment_pieces() -> impl Strategy<Value = Vec<String>> {
        let text = || prop::sample::select(vec!["a", "b", "ab", "-", "a-"]).prop_map(str::to_owned);
        let parameter = || Just("{".to_owned());
        prop_oneof![
            3 => text().prop_map(|t| vec![t]),
            3 => parameter().prop_map(|p| vec![p]),
            1 => (parameter(), text()).prop_map(|(p, t)| vec![p, t]),
            1 => (text(), parameter()).prop_map(|(t, p)| vec![t, p]),
            1 => (parameter(), text(), parameter()).prop_map(|(p, t, q)| vec![p, t, q]),
            1 => (text(), parameter(), text(), parameter(), text()).prop_map(|(t, p, u, q, v)| vec![t, p, u, q, v]),
        ]
    }

    fn write(pieces: &Pieces) -> String {
        let mut count = 0;
        let mut text = String::new();
        for segment in pieces {
            text.push('/');
            for piece in segment {
                if piece == "{" {
                    count += 1;
                    text.push_str(&format!("{{p{count}}}"));
                } else {
                    text.push_str(piece);
                }
            }
        }
        text
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1000, ..ProptestConfig::default() })]

        #[test]
        fn agrees_with_trying_everything(
            templates in prop::collection::vec(prop::collection::vec(segment_pieces(), 1..4), 0..10),
            paths in prop::collection::vec(prop::collection::vec("[abé-]{0,6}", 1..4), 1..20),
        ) {
            let mut tree = Tree::<String>::default();
            let mut known = Vec::new();
            for pieces in templates {
                let text = write(&pieces);
                let template = Template::parse(&text).unwrap();
                let end = tree.entry(&template.segments);
                if end.is_empty() {
                    end.clone_from(&text);
                    known.push((text, pieces));
                }
            }
            for path in paths {
                let found = tree.find(&path).map(|(text, values)| {
                    (text.clone(), values.into_iter().map(str::to_owned).collect::<Vec<_>>())
                });
                prop_assert_eq!(found, reference(&known, &path), "{:?}", path);
            }
        }
    }
}
