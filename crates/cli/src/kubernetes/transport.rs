//! What Kubernetes and Istio do to a bundle on its way: numbers become doubles, and objects have a largest size.

use crate::failure::Failure;
use crate::output::warn;
use meshward_engine::bundle::is_compact;
use meshward_engine::pointer;
use serde_json::{Number, Value, json};

/// The largest object: what etcd's request limit leaves to one, as for a ConfigMap.
const LARGEST: usize = 1 << 20;

/// The largest object that `kubectl apply` takes without `--server-side`: it keeps a copy in an annotation.
const LARGEST_CLIENT_SIDE: usize = 256 << 10;

/// What can be said about the size of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    /// It fits.
    Fits,
    /// It fits, but not with the copy that `kubectl apply` keeps by itself.
    ServerSide,
    /// It has so many bytes more than fit.
    TooLarge(usize),
}

/// A bundle as a value in an object, in which a compact one is the only member.
pub(crate) fn as_value(bundle: &str) -> Result<Value, Failure> {
    if is_compact(bundle) {
        return Ok(json!({ "bundle": bundle }));
    }
    serde_json::from_str(bundle)
        .map_err(|cause| Failure::no(format!("the bundle cannot be written as JSON: {cause}")))
}

/// A bundle as text, from what [`as_value`] has made of it.
pub(super) fn as_text(value: &Value) -> String {
    match value.get("bundle").and_then(Value::as_str) {
        Some(compact) => compact.to_owned(),
        None => value.to_string(),
    }
}

/// Refuses an object that Kubernetes does not take, and says what else its size asks for.
pub(crate) fn check_size(object: &Value) -> Result<(), Failure> {
    let text = |at: &str| {
        object
            .pointer(at)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let what = format!("the {} `{}`", text("/kind"), text("/metadata/name"));
    match size(object) {
        Size::Fits => {}
        Size::ServerSide => warn(&format!(
            "{what} is too large for the copy that `kubectl apply` keeps: use `kubectl apply --server-side`"
        )),
        Size::TooLarge(over) => {
            return Err(Failure::no(format!(
                "{what} is {over} bytes larger than an object may be (1 MiB): use `--compact` where the command has it, or split the policy by host or by path, into one for each API or part of it"
            )));
        }
    }
    Ok(())
}

/// Why a bundle cannot be carried as a value.
pub(crate) fn odd_number(at: &str) -> String {
    format!(
        "the number at `{at}` of the bundle is larger than 2^53, and this object carries numbers as doubles"
    )
}

/// Whether an object fits.
fn size(object: &Value) -> Size {
    let length = object.to_string().len();
    match length.checked_sub(LARGEST) {
        Some(over) if over > 0 => Size::TooLarge(over),
        _ if length > LARGEST_CLIENT_SIDE => Size::ServerSide,
        _ => Size::Fits,
    }
}

/// The place of the first number that is another one after it was a double, as every number of a WasmPlugin's configuration is.
pub(crate) fn unfaithful(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => (!survives(number)).then(String::new),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| Some(format!("{}{}", pointer("", index), unfaithful(item)?))),
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            Some(format!("{}{}", pointer("", name), unfaithful(member)?))
        }),
        Value::Null | Value::Bool(_) | Value::String(_) => None,
    }
}

/// Integers up to 2⁵³ do, and so does every number that is a double already.
fn survives(number: &Number) -> bool {
    const EXACT: u64 = 1 << 53;
    match (number.as_u64(), number.as_i64()) {
        (Some(positive), _) => positive <= EXACT,
        (None, Some(negative)) => negative.unsigned_abs() <= EXACT,
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_that_no_double_holds_is_found() {
        assert_eq!(
            unfaithful(&json!({ "a": [1, -2.5, 9007199254740992_u64] })),
            None
        );
        let odd = json!({ "a/b": [0, { "maximum": 9007199254740993_u64 }] });
        assert_eq!(unfaithful(&odd).as_deref(), Some("/a~1b/1/maximum"));
        assert_eq!(unfaithful(&json!(i64::MIN)).as_deref(), Some(""));
    }

    #[test]
    fn sizes_are_told_apart() {
        let of = |length: usize| size(&json!("x".repeat(length - 2)));
        assert_eq!(of(LARGEST_CLIENT_SIDE), Size::Fits);
        assert_eq!(of(LARGEST_CLIENT_SIDE + 1), Size::ServerSide);
        assert_eq!(of(LARGEST), Size::ServerSide);
        assert_eq!(of(LARGEST + 7), Size::TooLarge(7));
    }
}
