//! What a YAML scalar means: the core schema of YAML 1.2.2, section 10.3.
//!
//! Only plain scalars are looked at; what is quoted is text. `no`, `on` and `2027-01-01` are text too: they meant
//! something else in YAML 1.1 only.

use serde_json::{Number, Value};

/// A plain scalar. `None` for what JSON cannot hold: infinities and NaN.
pub(super) fn plain(text: &str) -> Option<Value> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => match number(text) {
            Shape::Number(number) => Value::Number(number),
            Shape::Unbounded => return None,
            Shape::Text => Value::String(text.to_owned()),
        },
    })
}

enum Shape {
    Number(Number),
    Unbounded,
    Text,
}

fn number(text: &str) -> Shape {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Shape::Unbounded;
    }
    let radix = |digits: &str, radix| match u64::from_str_radix(digits, radix) {
        Ok(value) if !digits.starts_with('+') => Shape::Number(value.into()),
        _ => Shape::Text,
    };
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    if !is_decimal(unsigned) {
        return Shape::Text;
    }
    let text = text.strip_prefix('+').unwrap_or(text);
    if let Ok(value) = text.parse::<u64>() {
        return Shape::Number(value.into());
    }
    if let Ok(value) = text.parse::<i64>() {
        return Shape::Number(value.into());
    }
    // The grammar is a part of what `f64` reads; what overflows is no number of JSON.
    let value = text.parse::<f64>().ok().and_then(Number::from_f64);
    value.map_or(Shape::Unbounded, Shape::Number)
}

/// `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    exponent_fits && digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty())
}

#[cfg(test)]
mod tests {
    use super::plain;
    use serde_json::{Value, json};

    #[test]
    fn the_core_schema() {
        let cases = [
            ("no", json!("no")),
            ("yes", json!("yes")),
            ("on", json!("on")),
            ("true", json!(true)),
            ("False", json!(false)),
            ("~", json!(null)),
            ("null", json!(null)),
            ("", json!(null)),
            ("1.0", json!(1.0)),
            ("1.", json!(1.0)),
            (".5", json!(0.5)),
            ("-.5", json!(-0.5)),
            ("1e3", json!(1000.0)),
            ("12", json!(12)),
            ("+12", json!(12)),
            ("-3", json!(-3)),
            ("007", json!(7)),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("0x", json!("0x")),
            ("0x+1", json!("0x+1")),
            ("18446744073709551616", json!(18_446_744_073_709_551_616.0)),
            ("2027-01-01", json!("2027-01-01")),
            ("1.2.3", json!("1.2.3")),
            ("1_000", json!("1_000")),
            (".", json!(".")),
            ("e3", json!("e3")),
            ("1e", json!("1e")),
            ("+", json!("+")),
            ("inf", json!("inf")),
            ("nan", json!("nan")),
        ];
        for (text, value) in cases {
            assert_eq!(plain(text), Some(value), "{text}");
        }
        for text in [".inf", "-.INF", ".nan", "1e999"] {
            assert_eq!(plain(text), None::<Value>, "{text}");
        }
    }
}
