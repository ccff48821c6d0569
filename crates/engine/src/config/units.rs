//! Quantities as people write them: `64KiB`, `30s`, `100/s`, `2027-01-01T00:00:00Z`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

/// A size: a number of bytes, or a string such as `512B`, `64KiB`, `2MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

/// A length of time, in microseconds: written `250ms`, `30s`, `5m`, `1h`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub u64);

/// A moment, in microseconds since the Unix epoch: written as in RFC 3339, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Timestamp(pub u64);

/// A rate: `100/s`, `1000/m`, `5000/h`, `20000/d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests in one period: 1 to 1,000,000,000.
    pub requests: u64,
    /// The period, in microseconds.
    pub period: u64,
}

impl Timestamp {
    /// Reads an RFC 3339 timestamp in UTC.
    ///
    /// # Errors
    /// A sentence that says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        humantime::parse_rfc3339(text)
            .ok()
            .and_then(|t| t.duration_since(UNIX_EPOCH).ok())
            .and_then(|d| u64::try_from(d.as_micros()).ok())
            .map(Self)
            .ok_or_else(|| {
                format!("expected a UTC time such as `2027-01-01T00:00:00Z`, got `{text}`")
            })
    }

    /// Seconds since the Unix epoch, rounded down.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0 / 1_000_000
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_rfc3339_micros(UNIX_EPOCH + Duration::from_micros(self.0)).fmt(f)
    }
}

impl Bytes {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("expected a size such as `64KiB`, got `{text}`");
        let split = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let (digits, unit) = text.split_at_checked(split).ok_or_else(wrong)?;
        let factor: u64 = match unit.trim() {
            "" | "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return Err(wrong()),
        };
        let count: u64 = digits.parse().map_err(|_| wrong())?;
        count.checked_mul(factor).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n >= 1 << 20 && n % (1 << 20) == 0 => write!(f, "{}MiB", n >> 20),
            n if n >= 1 << 10 && n % (1 << 10) == 0 => write!(f, "{}KiB", n >> 10),
            n => write!(f, "{n}B"),
        }
    }
}

impl Span {
    fn parse(text: &str) -> Result<Self, String> {
        humantime::parse_duration(text)
            .ok()
            .and_then(|d| u64::try_from(d.as_micros()).ok())
            .map(Self)
            .ok_or_else(|| {
                format!("expected a length of time such as `30s`, `5m` or `1h`, got `{text}`")
            })
    }

    /// Whole seconds, rounded down.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0 / 1_000_000
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(Duration::from_micros(self.0)).fmt(f)
    }
}

impl Rate {
    const PERIODS: [(&'static str, u64); 4] = [
        ("s", 1_000_000),
        ("m", 60_000_000),
        ("h", 3_600_000_000),
        ("d", 86_400_000_000),
    ];

    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "expected a rate such as `100/s`, `1000/m`, `5000/h` or `20000/d`, got `{text}`"
            )
        };
        let (count, unit) = text.split_once('/').ok_or_else(wrong)?;
        let requests: u64 = count.trim().parse().map_err(|_| wrong())?;
        let (_, period) = Self::PERIODS
            .into_iter()
            .find(|(name, _)| *name == unit.trim())
            .ok_or_else(wrong)?;
        if !(1..=1_000_000_000).contains(&requests) {
            return Err(format!(
                "a rate must be from 1 to 1,000,000,000 requests, got `{text}`"
            ));
        }
        Ok(Self { requests, period })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = Self::PERIODS
            .into_iter()
            .find(|(_, period)| *period == self.period)
            .map_or("?", |(name, _)| name);
        write!(f, "{}/{unit}", self.requests)
    }
}

/// Gives a quantity its text form in serde and, for the manual, in JSON Schema.
macro_rules! as_text {
    ($($name:ident, $pattern:literal, $description:literal;)*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                Self::parse(&text).map_err(D::Error::custom)
            }
        }
        as_text!(@common $name, $pattern, $description);
    )*};
    (@common $name:ident, $pattern:literal, $description:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern, "description": $description })
            }
        }
    };
}

as_text! {
    Span, r"^[0-9]", "A length of time: `250ms`, `30s`, `5m`, `1h`, `7d`.";
    Timestamp, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T", "A moment as in RFC 3339, in UTC: `2027-01-01T00:00:00Z`.";
    Rate, r"^[0-9]+ */ *[smhd]$", "A rate: `100/s`, `1000/m`, `5000/h`, `20000/d`.";
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of bytes, or a size such as `64KiB`")
            }
            fn visit_u64<E: Error>(self, v: u64) -> Result<Bytes, E> {
                Ok(Bytes(v))
            }
            fn visit_str<E: Error>(self, v: &str) -> Result<Bytes, E> {
                Bytes::parse(v).map_err(E::custom)
            }
        }
        d.deserialize_any(Visitor)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Bytes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bytes".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": ["integer", "string"], "minimum": 0, "pattern": "^[0-9]+ *(B|KiB|MiB|GiB)?$",
            "description": "A size: a number of bytes, or `512B`, `64KiB`, `2MiB`."
        })
    }
}
