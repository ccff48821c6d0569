//! Typed comparison of two values, one of which a client wrote.
//!
//! INVARIANT (no guess): a value that is not of the type is equal to nothing, and nor is an empty text: it names nobody.

use crate::config::Comparison;
use crate::contract::{Json, JsonKind as Kind};
use serde_json::{Number, Value};

/// A value that can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar<'a> {
    Text(&'a str),
    Number(&'a Number),
}

impl<'a> Scalar<'a> {
    /// A JSON value; `None` for what cannot name an object.
    pub(super) fn of(value: &'a Value) -> Option<Self> {
        match value {
            Value::String(text) => Self::text(text),
            Value::Number(number) => Some(Self::Number(number)),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The same of a body.
    pub(super) fn in_body(value: &'a Json<'_>) -> Option<Self> {
        match &value.kind {
            Kind::String(text) => Self::text(text),
            Kind::Number(number) => Some(Self::Number(number)),
            Kind::Null | Kind::Bool(_) | Kind::Array(_) | Kind::Object(_) => None,
        }
    }

    /// A text; `None` for an empty one.
    pub(super) fn text(text: &'a str) -> Option<Self> {
        (!text.is_empty()).then_some(Self::Text(text))
    }

    /// Whether both are of the type, and equal.
    pub(super) fn equals(self, other: Self, comparison: Comparison) -> bool {
        match comparison {
            Comparison::Integer => match (self.integer(), other.integer()) {
                (Some(a), Some(b)) => a == b,
                _ => false,
            },
            Comparison::String => self.is_same_text(other, |a, b| a == b),
            Comparison::CaseInsensitive => self.is_same_text(other, str::eq_ignore_ascii_case),
            Comparison::Uuid => self.is_same_text(other, |a, b| {
                is_uuid(a) && is_uuid(b) && a.eq_ignore_ascii_case(b)
            }),
        }
    }

    fn is_same_text(self, other: Self, same: impl Fn(&str, &str) -> bool) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => same(a, b),
            _ => false,
        }
    }

    /// Texts in the one form that every reader reads alike: no sign but `-`, no leading zero.
    fn integer(self) -> Option<i128> {
        match self {
            Self::Number(number) => number
                .as_i64()
                .map(i128::from)
                .or_else(|| number.as_u64().map(i128::from)),
            Self::Text(text) => {
                let digits = text.strip_prefix('-').unwrap_or(text);
                let plain = digits == "0" && digits.len() == text.len()
                    || !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
                plain.then(|| text.parse().ok()).flatten()
            }
        }
    }

    /// Whether one text is the other, or its beginning up to a separator.
    ///
    /// INVARIANT (whole steps): prefixes end where a step ends, so that `acme` is no prefix of `acme-evil`; a path with an empty
    /// step, `.` or `..` has no prefix and is none, because its reader may take it for another path.
    pub(super) fn is_prefix_of(
        self,
        longer: Self,
        separator: char,
        comparison: Comparison,
    ) -> bool {
        let (Self::Text(short), Self::Text(long)) = (self, longer) else {
            return false;
        };
        let (Some(short), Some(long)) = (steps(short, separator), steps(long, separator)) else {
            return false;
        };
        if short.rooted != long.rooted {
            return false;
        }
        let same = |a: &str, b: &str| match comparison {
            Comparison::CaseInsensitive => a.eq_ignore_ascii_case(b),
            Comparison::String | Comparison::Integer | Comparison::Uuid => a == b,
        };
        let mut long = long.text.split(separator);
        let mut short = short.text.split(separator);
        short.all(|step| long.next().is_some_and(|other| same(step, other)))
    }
}

/// A text as steps.
struct Steps<'a> {
    /// Whether it begins with a separator.
    rooted: bool,
    /// Without a separator at either end.
    text: &'a str,
}

fn steps(text: &str, separator: char) -> Option<Steps<'_>> {
    let unrooted = text.strip_prefix(separator);
    let rooted = unrooted.is_some();
    let text = unrooted.unwrap_or(text);
    let text = text.strip_suffix(separator).unwrap_or(text);
    let plain = text
        .split(separator)
        .all(|step| !matches!(step, "" | "." | ".."));
    plain.then_some(Steps { rooted, text })
}

/// RFC 9562 §4: 8-4-4-4-12 hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn equal(a: Value, b: Value, comparison: Comparison) -> bool {
        match (Scalar::of(&a), Scalar::of(&b)) {
            (Some(a), Some(b)) => a.equals(b, comparison),
            _ => false,
        }
    }

    #[test]
    fn texts() {
        use Comparison::{CaseInsensitive, String};
        assert!(equal(json!("a"), json!("a"), String));
        for (a, b) in [
            (json!("a"), json!("A")),
            (json!("1"), json!(1)),
            (json!(1), json!(1)),
            (json!(""), json!("")),
            (json!(null), json!(null)),
            (json!(true), json!(true)),
            (json!(["a"]), json!(["a"])),
        ] {
            assert!(!equal(a.clone(), b.clone(), String), "{a} {b}");
        }
        assert!(equal(json!("aB"), json!("Ab"), CaseInsensitive));
        assert!(
            !equal(json!("\u{212a}"), json!("k"), CaseInsensitive),
            "the Kelvin sign is no k"
        );
    }

    #[test]
    fn integers() {
        use Comparison::Integer;
        for (a, b) in [
            (json!("42"), json!(42)),
            (json!("42"), json!("42")),
            (json!(0), json!("0")),
            (json!("-7"), json!(-7)),
            (json!(u64::MAX), json!("18446744073709551615")),
        ] {
            assert!(equal(a.clone(), b.clone(), Integer), "{a} {b}");
        }
        for (a, b) in [
            (json!("042"), json!(42)),
            (json!("+42"), json!(42)),
            (json!(" 42"), json!(42)),
            (json!("-0"), json!(0)),
            (json!("-"), json!(0)),
            (json!("0x2a"), json!(42)),
            (json!("42.0"), json!(42)),
            (json!(42.0), json!(42)),
            (json!("٤٢"), json!(42)),
            (json!("4e1"), json!(40)),
            (
                json!("99999999999999999999999999999999999999999"),
                json!("99999999999999999999999999999999999999999"),
            ),
        ] {
            assert!(!equal(a.clone(), b.clone(), Integer), "{a} {b}");
        }
    }

    #[test]
    fn uuids() {
        let lower = json!("0e984725-c51c-4bf4-9960-e1c80e27aba0");
        let upper = json!("0E984725-C51C-4BF4-9960-E1C80E27ABA0");
        assert!(equal(lower.clone(), upper, Comparison::Uuid));
        for wrong in [
            "0e984725c51c4bf49960e1c80e27aba0",
            "{0e984725-c51c-4bf4-9960-e1c80e27aba0}",
            "x",
        ] {
            assert!(
                !equal(json!(wrong), json!(wrong), Comparison::Uuid),
                "{wrong}"
            );
        }
    }

    #[test]
    fn prefixes_end_with_a_step() {
        let is = |a: &str, b: &str| {
            let (a, b) = (Scalar::text(a), Scalar::text(b));
            a.zip(b)
                .is_some_and(|(a, b)| a.is_prefix_of(b, '/', Comparison::String))
        };
        for (short, long) in [
            ("acme", "acme"),
            ("acme", "acme/eu"),
            ("acme/", "acme/eu"),
            ("/home/a", "/home/a/docs"),
            ("acme/eu", "acme/eu/"),
        ] {
            assert!(is(short, long), "{short} {long}");
        }
        for (short, long) in [
            ("acme", "acme-evil"),
            ("acme/eu", "acme"),
            ("", "acme"),
            ("/", "/acme"),
            ("acme", "/acme"),
            ("acme", "acme/../evil"),
            ("acme", "acme//evil"),
            ("acme/.", "acme/."),
            ("Acme", "acme/eu"),
        ] {
            assert!(!is(short, long), "{short} {long}");
        }
    }
}
