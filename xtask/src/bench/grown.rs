//! The bench's description fifty times over: whether a request costs more where there are a thousand endpoints to choose from.

use anyhow::{Context as _, Result};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// How often its operations are there.
const TIMES: usize = 50;

/// Writes the policy with an API key for the large description, and that beside it.
pub(super) fn write(sources: &Path, dir: &Path, policy: &str) -> Result<()> {
    let read = |file: &str| {
        fs::read_to_string(sources.join(file))
            .with_context(|| format!("`xtask/bench/{file}` cannot be read"))
    };
    let large = "description-grown.yaml";
    let rules = read("policy-key.yaml")?.replace("description.yaml", large);
    let files = [
        (policy, rules),
        (large, description(&read("description.yaml")?)?),
    ];
    for (file, text) in files {
        fs::write(dir.join(file), text).with_context(|| format!("`{file}` cannot be written"))?;
    }
    Ok(())
}

/// The description with every path once more for each of many regions.
fn description(small: &str) -> Result<String> {
    let (before, rest) = small
        .split_once("\npaths:\n")
        .context("the bench's description has no paths")?;
    let (paths, after) = rest
        .split_once("\ncomponents:\n")
        .context("the bench's description has no components")?;
    let mut all = format!("{before}\npaths:\n{paths}\n");
    for region in 1..TIMES {
        for line in paths.lines() {
            match line.strip_prefix("  /") {
                Some(path) => writeln!(all, "  /region-{region}/{path}")?,
                None if line.contains("operationId:") => writeln!(all, "{line}{region}")?,
                None => writeln!(all, "{line}")?,
            }
        }
    }
    Ok(format!("{all}components:\n{after}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_are_a_thousand_operations() {
        let large = super::description(include_str!("../../bench/description.yaml")).unwrap();
        assert_eq!(large.matches("operationId:").count(), 1000);
        assert_eq!(
            large.matches("\n  /region-49/orders/{orderId}:\n").count(),
            1
        );
        assert_eq!(large.matches("\ncomponents:\n").count(), 1);
    }
}
