//! What a server answers is read before it is kept.

use meshward_openapi::source::Source;

/// Whether a document is JSON; otherwise it is YAML. Whatever else a server answers, such as a page for people, is refused.
pub(super) fn format(text: &str) -> Result<bool, String> {
    let (is_json, read) = match Source::parse_json("", text) {
        Ok(source) => (true, Ok(source)),
        Err(fault) if text.trim_start().starts_with('{') => (true, Err(fault)),
        Err(_) => (false, Source::parse("", text)),
    };
    match read {
        Ok(source) if source.value().is_object() => Ok(is_json),
        Ok(_) => {
            Err("the answer is no document: neither JSON nor YAML with named parts".to_owned())
        }
        Err(fault) => {
            let cause = fault.problem.message;
            Err(format!("the answer is neither JSON nor YAML: {cause}"))
        }
    }
}
