//! What a request takes from a bucket.

use super::Values;
use crate::config;
use crate::problem::{Problem, pointer};
use crate::transaction::Ended;
use crate::verdict::{Reason, Refusal};

/// What requests take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cost {
    fixed: u64,
    from: Option<Source>,
    per: u64,
    absent: u64,
}

/// What a cost depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Header(String),
    Query(String),
    RequestSize,
    ResponseSize,
}

/// What a request says of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Amount {
    /// This much.
    Known(u64),
    /// Nothing.
    Absent,
    /// Something that is not one whole number.
    Unreadable,
    /// It will be known when the exchange is over.
    Later,
}

/// What one request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Demand {
    /// Before it passes.
    pub(super) cost: u64,
    /// Whether there is more when it is over.
    pub(super) late: bool,
}

impl Default for Cost {
    fn default() -> Self {
        Self {
            fixed: 1,
            from: None,
            per: 1,
            absent: 1,
        }
    }
}

impl Cost {
    pub(super) fn compile(
        at: &str,
        config: Option<&config::Cost>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let Some(config) = config else {
            return Self::default();
        };
        let config::Cost {
            fixed,
            from,
            per,
            absent,
        } = config;
        let source = from.as_deref().and_then(|text| {
            let source = Source::parse(text);
            if source.is_none() {
                problems.push(
                    Problem::error(
                        "limit-cost",
                        pointer(at, "from"),
                        format!("a cost cannot depend on `{text}`"),
                    )
                    .hint("use `header.NAME`, `query.NAME`, `request.size` or `response.size`"),
                );
            }
            source
        });
        if from.is_none() && (per.is_some() || absent.is_some() || *fixed == Some(0)) {
            problems.push(
                Problem::error("limit-cost", at, "this cost depends on nothing").hint(
                    "name what it depends on under `from`, or leave only a `fixed` of 1 or more",
                ),
            );
        }
        if per.is_some_and(|per| per.0 == 0) {
            problems.push(Problem::error(
                "limit-cost",
                pointer(at, "per"),
                "nothing can be divided by 0",
            ));
        }
        let sizes = matches!(source, Some(Source::RequestSize | Source::ResponseSize));
        if sizes && absent.is_some() {
            problems.push(
                Problem::error(
                    "limit-cost",
                    pointer(at, "absent"),
                    "a size is never absent",
                )
                .hint("leave it out"),
            );
        }
        Self {
            fixed: fixed.unwrap_or(u64::from(from.is_none())),
            from: source,
            per: per.map_or(1, |per| per.0).max(1),
            absent: absent.unwrap_or(1),
        }
    }

    /// Whether some of it can be known only when the exchange is over.
    pub(super) fn may_be_late(&self) -> bool {
        matches!(self.from, Some(Source::RequestSize | Source::ResponseSize))
    }

    /// What this request takes.
    pub(super) fn of(&self, limit: &str, values: &impl Values) -> Result<Demand, Refusal> {
        let Some(source) = &self.from else {
            return Ok(Demand {
                cost: self.fixed,
                late: false,
            });
        };
        let amount = match values.amount(source) {
            Amount::Known(amount) => amount.div_ceil(self.per),
            Amount::Absent => self.absent.div_ceil(self.per),
            Amount::Later => {
                return Ok(Demand {
                    cost: self.fixed,
                    late: true,
                });
            }
            Amount::Unreadable => {
                return Err(Refusal::at(
                    Reason::LimitCostUnreadable,
                    format!("limits.{limit}"),
                ));
            }
        };
        Ok(Demand {
            cost: self.fixed.saturating_add(amount),
            late: false,
        })
    }

    /// What an exchange takes that is over, where that was not known before.
    pub(super) fn late(&self, ended: &Ended) -> u64 {
        let size = match self.from {
            Some(Source::RequestSize) => ended.request_size,
            Some(Source::ResponseSize) => ended.response_size,
            Some(Source::Header(_) | Source::Query(_)) | None => 0,
        };
        size.div_ceil(self.per)
    }
}

impl Source {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "request.size" => Some(Self::RequestSize),
            "response.size" => Some(Self::ResponseSize),
            _ => match text.split_once('.')? {
                (_, "") => None,
                ("header", name) => Some(Self::Header(name.to_ascii_lowercase())),
                ("query", name) => Some(Self::Query(name.to_owned())),
                _ => None,
            },
        }
    }
}

impl Amount {
    /// What several fields or parameters of one name say. Two are not one number: receivers disagree on which counts.
    pub(crate) fn of<'a>(mut values: impl Iterator<Item = &'a [u8]>) -> Self {
        match (values.next(), values.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) if (1..=18).contains(&value.len()) => value
                .iter()
                .try_fold(0_u64, |sum, digit| {
                    let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
                    sum.checked_mul(10)?.checked_add(digit)
                })
                .map_or(Self::Unreadable, Self::Known),
            (Some(_), _) => Self::Unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_whole_number_is_an_amount() {
        let of = |values: &[&'static str]| Amount::of(values.iter().map(|v| v.as_bytes()));
        assert_eq!(of(&[]), Amount::Absent);
        assert_eq!(of(&["0"]), Amount::Known(0));
        assert_eq!(of(&["0100"]), Amount::Known(100));
        for wrong in [
            &[""][..],
            &["-1"],
            &["1.5"],
            &["1e3"],
            &[" 1"],
            &["1", "1"],
            &["1234567890123456789"],
        ] {
            assert_eq!(of(wrong), Amount::Unreadable, "{wrong:?}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_a_problem() {
        for text in [
            r#"{"from":"body.size"}"#,
            r#"{"from":"header."}"#,
            r#"{"per":2}"#,
            r#"{"fixed":0}"#,
            r#"{"from":"query.limit","per":0}"#,
            r#"{"from":"response.size","absent":2}"#,
        ] {
            let config: config::Cost = serde_json::from_str(text).unwrap();
            let mut problems = Vec::new();
            Cost::compile("/c", Some(&config), &mut problems);
            assert!(!problems.is_empty(), "{text}");
        }
    }
}
