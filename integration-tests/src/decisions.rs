//! What Envoy writes to its log, and the decision log in it.

use serde_json::Value;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

use crate::wait::DEADLINE;

/// Everything that a process wrote, and the decisions in it by request id.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<(Mutex<Lines>, Condvar)>);

#[derive(Debug, Default)]
struct Lines {
    all: Vec<String>,
    decisions: HashMap<String, String>,
    ended: bool,
}

impl Log {
    /// Reads a stream to its end, in a thread of its own.
    #[must_use]
    pub fn follow(stream: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let writer = log.clone();
        thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                writer.push(String::from_utf8_lossy(&line).into_owned());
            }
            writer.lines().ended = true;
            writer.0.1.notify_all();
        });
        log
    }

    /// The decision on a request.
    ///
    /// # Panics
    /// When it does not come.
    #[must_use]
    pub fn decision(&self, request_id: &str) -> Option<String> {
        let found = |lines: &mut Lines| !lines.decisions.contains_key(request_id) && !lines.ended;
        let (lines, _) = self
            .0
            .1
            .wait_timeout_while(self.lines(), DEADLINE, found)
            .expect("the log's reader does not panic");
        lines.decisions.get(request_id).cloned()
    }

    /// The lines so far that hold a text.
    #[must_use]
    pub fn lines_with(&self, text: &str) -> Vec<String> {
        let lines = self.lines();
        let found = lines.all.iter().filter(|line| line.contains(text));
        found.cloned().collect()
    }

    /// The last lines, for a failure's message.
    #[must_use]
    pub fn tail(&self) -> String {
        let lines = self.lines();
        let skipped = lines.all.len().saturating_sub(30);
        let last = lines.all.iter().skip(skipped);
        last.map(|line| format!("{line}\n")).collect()
    }

    fn push(&self, line: String) {
        let mut lines = self.lines();
        if let Some((id, decision)) = decision_in(&line) {
            lines.decisions.insert(id, decision);
        }
        lines.all.push(line);
        drop(lines);
        self.0.1.notify_all();
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.0.lock().expect("the log's reader does not panic")
    }
}

/// The decision line in a line of Envoy's log, with its request id.
fn decision_in(line: &str) -> Option<(String, String)> {
    let json = line.get(line.find('{')?..)?;
    let value: Value = serde_json::from_str(json).ok()?;
    let id = value.get("meshward.request_id")?.as_str()?;
    Some((id.to_owned(), json.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_found_by_its_request_id() {
        let text = "[2026-11-22 10:00:00.000][1][info][wasm] [x.cc:1] wasm log meshward orders: {\"meshward.request_id\":\"r1\",\"a\":1}\nother\n";
        let log = Log::follow(text.as_bytes());
        let line = log.decision("r1");
        assert_eq!(
            line.as_deref(),
            Some("{\"meshward.request_id\":\"r1\",\"a\":1}")
        );
        assert_eq!(log.decision("r2"), None);
    }
}
