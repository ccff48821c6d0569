//! Which policy it is: the digest of a bundle's content.
//!
//! The content's normal form is its JSON without white space and without the top member `build`, members sorted by the bytes of
//! their names, whole numbers without a fraction. Control planes that write JSON anew keep it, unless they change a value: a
//! number beyond 2^53 does not survive a `Struct`, and is noticed here.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// How many hexadecimal digits of the digest name a revision: 48 bits, which a metric can hold exactly.
const DIGITS: usize = 12;

/// A policy's revision: it changes with everything in the bundle that is judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    digest: Arc<str>,
    short: Arc<str>,
}

impl Revision {
    /// The revision of a bundle, given as JSON.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn of(json: &[u8]) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_slice(json);
        let normal = Normal { root: true }.deserialize(&mut reader)?;
        reader.end()?;
        let digest = hex(&Sha256::digest(normal.as_bytes()));
        let short: String = digest.chars().take(DIGITS).collect();
        Ok(Self {
            digest: digest.into(),
            short: short.into(),
        })
    }

    /// The SHA-256 digest, in hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        self.digest.to_string()
    }

    /// The name in logs and tables: the digest's first twelve digits.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.short
    }

    /// The name, shared.
    #[must_use]
    pub fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.short)
    }

    /// The name as a number, for metrics. Never 0.
    #[must_use]
    pub fn number(&self) -> u64 {
        u64::from_str_radix(&self.short, 16).unwrap_or(1).max(1)
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text
}

/// Writes any JSON value in the normal form.
#[derive(Clone, Copy)]
struct Normal {
    /// Whether this is the whole bundle, whose member `build` does not count.
    root: bool,
}

impl<'de> DeserializeSeed<'de> for Normal {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

struct Inner(String);

impl<'de> Deserialize<'de> for Inner {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Normal { root: false }.deserialize(deserializer).map(Self)
    }
}

impl<'de> Visitor<'de> for Normal {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<String, E> {
        Ok("null".to_owned())
    }

    fn visit_bool<E>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u64<E>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_f64<E>(self, value: f64) -> Result<String, E> {
        // `Display` writes whole numbers without a fraction and others with the fewest digits that read back the same.
        Ok(value.to_string())
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<String, E> {
        quoted(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<String, A::Error> {
        let mut text = String::from("[");
        while let Some(Inner(item)) = items.next_element()? {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&item);
        }
        text.push(']');
        Ok(text)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<String, A::Error> {
        let mut sorted = BTreeMap::new();
        while let Some((name, Inner(value))) = members.next_entry::<String, Inner>()? {
            if !(self.root && name == "build") {
                sorted.insert(name, value);
            }
        }
        let mut text = String::from("{");
        for (name, value) in sorted {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&quoted(&name)?);
            text.push(':');
            text.push_str(&value);
        }
        text.push('}');
        Ok(text)
    }
}

fn quoted<E: serde::de::Error>(text: &str) -> Result<String, E> {
    serde_json::to_string(text).map_err(E::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(json: &str) -> String {
        Revision::of(json.as_bytes()).unwrap().name().to_owned()
    }

    #[test]
    fn writing_the_json_anew_changes_nothing() {
        let one = name(r#"{"a":1,"b":{"c":[1.5,null,true,"é\n"],"d":-2}}"#);
        assert_eq!(
            one,
            name("{ \"b\": {\"d\":-2.0,\"c\":[1.50,null,true,\"\\u00e9\\u000a\"]}, \"a\": 1e0 }")
        );
    }

    #[test]
    fn every_value_counts_but_what_is_said_about_the_build() {
        let one = name(r#"{"a":[1,2],"build":{"digest":"x"}}"#);
        assert_eq!(one, name(r#"{"a":[1,2]}"#));
        for other in [
            r#"{"a":[2,1]}"#,
            r#"{"a":[12]}"#,
            r#"{"a":["1",2]}"#,
            r#"{"a":[1,2],"b":{}}"#,
            r#"{"a":[1,2],"b":{"build":1}}"#,
        ] {
            assert_ne!(one, name(other), "{other}");
        }
    }

    #[test]
    fn a_number_that_a_transport_rounds_is_another() {
        assert_ne!(name("[9007199254740993]"), name("[9007199254740992]"));
    }

    #[test]
    fn a_revision_is_named_by_twelve_digits_and_a_number() {
        let revision = Revision::of(b"{}").unwrap();
        assert_eq!(
            revision.digest(),
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
        assert_eq!(revision.name(), "44136fa355b3");
        assert_eq!(revision.number(), 0x4413_6fa3_55b3);
    }
}
