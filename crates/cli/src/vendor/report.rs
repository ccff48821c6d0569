//! What came of vendoring, for people and for tools.

use super::shelf::{Shelf, State};
use crate::style::{ERROR, GOOD};
use crate::table::table;
use meshward_openapi::vendor::LOCK;
use serde_json::{Value, json};

/// What came of vendoring in all folders.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    /// The folders.
    pub(crate) shelves: &'a [Shelf],
}

impl Report<'_> {
    /// Whether nothing stands in the way anywhere.
    pub(crate) fn is_good(&self) -> bool {
        self.shelves.iter().all(Shelf::is_good)
    }

    /// For tools.
    pub(crate) fn json(&self) -> Value {
        let folders: Vec<Value> = self.shelves.iter().map(folder).collect();
        let outcome = if self.is_good() {
            "vendored"
        } else {
            "refused"
        };
        json!({ "outcome": outcome, "folders": folders })
    }

    /// For people: what is other than before, or what stands in the way, and how much there is.
    pub(crate) fn text(&self) -> String {
        let is_good = self.is_good();
        self.shelves
            .iter()
            .map(|shelf| self::text(shelf, is_good))
            .collect()
    }
}

/// What came of one folder. Where anything stands in the way in any of them, nothing new is in this one either.
fn text(shelf: &Shelf, is_good: bool) -> String {
    let shown = |file: &str| shelf.folder().join(file).display().to_string();
    let mut text = String::new();
    for problem in &shelf.problems {
        let file = shown(problem.file.as_deref().unwrap_or(LOCK));
        let at = match problem.at.as_str() {
            "" => String::new(),
            at => format!("{at}: "),
        };
        text.push_str(&format!(
            "{ERROR}error{ERROR:#}: {file}: {at}{}\n",
            problem.message
        ));
        if let Some(hint) = &problem.hint {
            text.push_str(&format!("  hint: {hint}\n"));
        }
    }
    let rows: Vec<[String; 3]> = shelf
        .kept
        .iter()
        .filter(|(_, kept)| is_good && kept.state != State::Kept)
        .map(|(url, kept)| {
            let file = shown(&kept.document.file);
            [kept.state.name().to_owned(), file, url.to_string()]
        })
        .collect();
    if !rows.is_empty() {
        text.push_str(&table(["", "file", "URL"], &rows));
    }
    let count = |wanted: State| shelf.kept.values().filter(|k| k.state == wanted).count();
    let states = [State::New, State::Changed, State::Restored, State::Unused];
    let counts = states.map(|state| match count(state) {
        0 => String::new(),
        number => format!(", {number} {}", state.name()),
    });
    let total = shelf.kept.len().saturating_sub(count(State::Unused));
    let said = match (is_good, shelf.problems.len()) {
        (true, _) => format!("{}{}", plural(total, "document"), counts.concat()),
        (false, 0) => "nothing is written".to_owned(),
        (false, errors) => format!("{}, nothing is written", plural(errors, "error")),
    };
    let style = if is_good { GOOD } else { ERROR };
    let lock = shown(LOCK);
    text.push_str(&format!("{style}{lock}{style:#}: {said}\n"));
    text
}

fn plural(number: usize, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        number => format!("{number} {thing}s"),
    }
}

fn folder(shelf: &Shelf) -> Value {
    let shown = |file: &str| shelf.folder().join(file).display().to_string();
    let documents = shelf.kept.iter().map(|(url, kept)| {
        let mut entry = json!({
            "url": url.as_str(),
            "file": shown(&kept.document.file),
            "state": kept.state.name(),
            "sha256": kept.document.sha256,
            "size": kept.document.size,
            "fetched": kept.document.fetched,
        });
        if let (Some(entry), Some(was)) = (entry.as_object_mut(), &kept.was) {
            entry.insert("was".to_owned(), was.as_str().into());
        }
        entry
    });
    let problems = shelf.problems.iter().map(|problem| {
        json!({
            "file": shown(problem.file.as_deref().unwrap_or(LOCK)),
            "at": problem.at,
            "message": problem.message,
            "hint": problem.hint,
        })
    });
    let failed = shelf
        .failed
        .iter()
        .map(|(url, cause)| json!({ "url": url.as_str(), "cause": cause }));
    json!({
        "lock": shown(LOCK),
        "descriptions": shelf.descriptions().map(shown).collect::<Vec<_>>(),
        "documents": documents.collect::<Vec<_>>(),
        "failed": failed.collect::<Vec<_>>(),
        "problems": problems.collect::<Vec<_>>(),
    })
}
