//! What `gungraun` says, one JSON object a line.

use super::baseline::Cases;
use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::Value;

/// What is read of a line. There is much more in it.
#[derive(Debug, Deserialize)]
struct Summary {
    function_name: String,
    id: Option<String>,
    profiles: Vec<Value>,
}

/// The instructions of each case, as `function/id`.
pub(super) fn read(lines: &str) -> Result<Cases> {
    let mut cases = Cases::new();
    for line in lines.lines().filter(|line| line.starts_with('{')) {
        let summary: Summary =
            serde_json::from_str(line).context("gungraun writes in another form")?;
        let name = match &summary.id {
            Some(id) => format!("{}/{id}", summary.function_name),
            None => summary.function_name.clone(),
        };
        let count = summary.profiles.iter().find_map(instructions);
        let count = count.with_context(|| format!("`{name}` has no count of instructions"))?;
        cases.insert(name, count);
    }
    if cases.is_empty() {
        bail!("nothing was counted");
    }
    Ok(cases)
}

/// Those of a run of callgrind: `Ir`, instructions that were read.
fn instructions(profile: &Value) -> Option<u64> {
    profile
        .pointer("/data/total/metrics/Ir/values/new")?
        .as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(rest: &str) -> String {
        format!(
            r#"{{"version":"7","module_path":"instructions::requests::admit","function_name":"admit",{rest}}}"#
        )
    }

    #[test]
    fn instructions_are_read_by_case() {
        let profiles = r#""profiles":[{"tool":"Callgrind","data":{"parts":[],"total":{"metrics":{"Ir":{"change":{"diff_pct":"1","factor":"1"},"values":{"new":5213,"old":5200}}},"regressions":[]}}}]"#;
        let lines = format!(
            "some words\n{}\n{}\n",
            line(&format!(r#""id":"get_key",{profiles}"#)),
            line(profiles)
        );
        let expected = [("admit", 5213), ("admit/get_key", 5213)];
        let expected = expected.map(|(name, count)| (name.to_owned(), count));
        assert_eq!(read(&lines).unwrap(), Cases::from(expected));
    }

    #[test]
    fn what_counts_nothing_is_a_mistake() {
        assert!(read("").is_err());
        let error = read(&line(r#""id":"get_key","profiles":[]"#)).unwrap_err();
        assert!(error.to_string().contains("`admit/get_key`"), "{error}");
    }
}
