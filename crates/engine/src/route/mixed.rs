//! Segments of text and parameters, such as `{id}.json`, and the one way in which they divide a text.

/// A segment of text and parameters: `prefix {} middle {} … {} suffix`.
///
/// A text is divided in one way: every parameter takes as little as it can, from left to right, and at least one
/// character; the last one takes the rest. `{a}-{b}` finds `1` and `2-3` in `1-2-3`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mixed {
    prefix: Box<str>,
    middles: Vec<Box<str>>,
    suffix: Box<str>,
}

impl Mixed {
    /// A segment with one parameter more than `middles`.
    pub(super) const fn new(prefix: Box<str>, middles: Vec<Box<str>>, suffix: Box<str>) -> Self {
        Self {
            prefix,
            middles,
            suffix,
        }
    }

    /// Whether it is one parameter and nothing else.
    pub(super) fn is_whole(&self) -> bool {
        self.middles.is_empty() && self.weight() == 0
    }

    /// Divides a text, and adds the parameters' values to `values`. Adds nothing where the text does not match.
    pub(super) fn capture<'t>(&self, text: &'t str, values: &mut Vec<&'t str>) -> bool {
        let before = values.len();
        let matched = self.divide(text, values).is_some();
        if !matched {
            values.truncate(before);
        }
        matched
    }

    /// Taking as little as possible leaves the most for what follows: if there is any division, there is this one.
    fn divide<'t>(&self, text: &'t str, values: &mut Vec<&'t str>) -> Option<()> {
        let mut rest = text
            .strip_prefix(&*self.prefix)?
            .strip_suffix(&*self.suffix)?;
        for middle in &self.middles {
            let first = rest.chars().next()?.len_utf8();
            let at = first + rest.get(first..)?.find(&**middle)?;
            values.push(rest.get(..at)?);
            rest = rest.get(at + middle.len()..)?;
        }
        if rest.is_empty() {
            return None;
        }
        values.push(rest);
        Some(())
    }

    /// The length of its text: the longer, the more specific.
    pub(super) fn weight(&self) -> usize {
        self.prefix.len() + self.suffix.len() + self.middles.iter().map(|m| m.len()).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::super::template::{Segment, Template};
    use super::*;

    fn mixed(path: &str) -> Mixed {
        match Template::parse(path).unwrap().segments.remove(0) {
            Segment::Mixed(mixed) => mixed,
            other @ (Segment::Literal(_) | Segment::Parameter) => panic!("{other:?}"),
        }
    }

    #[test]
    fn divides_a_segment_in_one_way() {
        for (template, text, expected) in [
            ("/{a}-{b}", "1-2-3", Some(vec!["1", "2-3"])),
            ("/{a}-{b}", "--1", Some(vec!["-", "1"])),
            ("/{a}-{b}", "-1", None),
            ("/{a}-{b}", "1-", None),
            ("/{a}.json", "x.json", Some(vec!["x"])),
            ("/{a}.json", ".json", None),
            ("/{a}.json", "x.json.json", Some(vec!["x.json"])),
            ("/v{a}", "v1", Some(vec!["1"])),
            ("/v{a}", "v", None),
            ("/{id}:verb", "a:b:verb", Some(vec!["a:b"])),
            ("/ab{x}ba", "aba", None),
            ("/{a}--{b}-{c}.x", "é--é-ü-.x", Some(vec!["é", "é", "ü-"])),
        ] {
            let mut values = Vec::new();
            let matched = mixed(template).capture(text, &mut values);
            assert_eq!(matched.then_some(values), expected, "{template} on {text}");
        }
    }
}
