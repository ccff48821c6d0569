//! Exchanges and the answers of servers, as files of JSON lines.
//!
//! A line that cannot be read ends the command with its number. What stands in a line is not shown: it may hold credentials.

use crate::failure::Failure;
use crate::output;
use crate::policy::Ready;
use meshward_engine::exchange::ServerAnswer;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Opens a file, or standard input for `-`.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read>, Failure> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let file = std::fs::File::open(path);
    Ok(Box::new(
        file.map_err(|cause| Failure::file("read", path, cause))?,
    ))
}

/// What other servers answer. Where no file says it and the policy asks some, a warning does.
pub(crate) fn servers(path: Option<&Path>, ready: &Ready) -> Result<Vec<ServerAnswer>, Failure> {
    let Some(path) = path else {
        alone(ready);
        return Ok(Vec::new());
    };
    let mut answers = Vec::new();
    each(open(path)?, path, |answer: ServerAnswer| {
        answers.push(answer);
        Ok(String::new())
    })?;
    Ok(answers)
}

fn alone(ready: &Ready) {
    let clusters: Vec<_> = ready.policy.clusters().map(|c| format!("`{c}`")).collect();
    if !clusters.is_empty() {
        output::warn(&format!(
            "the policy asks servers behind {}, and none answers here; write their answers into a file for `--servers`",
            clusters.join(", ")
        ));
    }
}

/// Reads one JSON object a line, and prints what becomes of it, if anything.
pub(crate) fn each<T: serde::de::DeserializeOwned>(
    input: impl Read,
    path: &Path,
    mut work: impl FnMut(T) -> Result<String, String>,
) -> Result<(), Failure> {
    for (index, line) in BufReader::new(input).lines().enumerate() {
        let wrong = |cause: &dyn std::fmt::Display| {
            let name = path.display();
            Failure::usage(format!("`{name}`, line {}: {cause}", index + 1))
        };
        let line = line.map_err(|cause| wrong(&cause))?;
        if line.trim().is_empty() {
            continue;
        }
        let mut reader = serde_json::Deserializer::from_str(&line);
        let value: T = serde_path_to_error::deserialize(&mut reader)
            .and_then(|value| reader.end().map(|()| value).map_err(trailing))
            .map_err(|cause| wrong(&without_text(&cause.to_string())))?;
        let said = work(value).map_err(|cause| wrong(&cause))?;
        if !said.is_empty() {
            output::print(&said)?;
        }
    }
    Ok(())
}

fn trailing(cause: serde_json::Error) -> serde_path_to_error::Error<serde_json::Error> {
    let nowhere = serde_path_to_error::Track::new().path();
    serde_path_to_error::Error::new(nowhere, cause)
}

/// What serde says of a value of the wrong type, without the value: it may be a credential.
fn without_text(cause: &str) -> String {
    const TEXT: &str = "string \"";
    let split = cause
        .split_once(TEXT)
        .and_then(|(before, rest)| Some((before, rest.rsplit_once("\", ")?.1)));
    match split {
        Some((before, after)) => format!("{before}a text, {after}"),
        None => cause.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_the_wrong_place_is_not_shown() {
        let line = br#"{"cluster":"a","path":"/","headers":["Bearer \", secret"]}"#;
        let read = each(&line[..], Path::new("f"), |_: ServerAnswer| {
            Ok(String::new())
        });
        let Err(Failure::Usage(said)) = read else {
            panic!("{read:?}")
        };
        assert!(!said.contains("secret"), "{said}");
        assert!(said.contains("invalid type: a text, expected"), "{said}");
    }
}
