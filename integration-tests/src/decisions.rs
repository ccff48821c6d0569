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

impl Lines {
    fn with(&self, text: &str) -> impl Iterator<Item = &String> {
        self.all.iter().filter(move |line| line.contains(text))
    }
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

    /// The decision on a request; none when it does not come in time.
    #[must_use]
    pub fn decision(&self, request_id: &str) -> Option<String> {
        let lines = self.once(|lines| lines.decisions.contains_key(request_id));
        lines.decisions.get(request_id).cloned()
    }

    /// The lines so far that hold a text. For what must not be there, and for what is looked at again and again.
    #[must_use]
    pub fn lines_with(&self, text: &str) -> Vec<String> {
        self.lines().with(text).cloned().collect()
    }

    /// The lines that hold a text, once there are `count` of them; fewer when they do not come in time. An answer
    /// reaches its client before Envoy's log reaches its reader.
    #[must_use]
    pub fn awaited(&self, text: &str, count: usize) -> Vec<String> {
        let lines = self.once(|lines| lines.with(text).count() >= count);
        lines.with(text).cloned().collect()
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

    /// The lines as soon as something holds, or when no more come.
    fn once(&self, holds: impl Fn(&Lines) -> bool) -> MutexGuard<'_, Lines> {
        let (lines, _) = self
            .0
            .1
            .wait_timeout_while(self.lines(), DEADLINE, |lines| {
                !holds(lines) && !lines.ended
            })
            .expect("the log's reader does not panic");
        lines
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
    use std::io::Write;

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

    #[test]
    fn lines_are_awaited_until_there_are_enough() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let log = Log::follow(reader);
        writeln!(writer, "one").unwrap();
        assert_eq!(log.awaited("one", 1), ["one"]);
        thread::scope(|scope| {
            let two = scope.spawn(|| log.awaited("one", 2));
            writeln!(writer, "another").unwrap();
            writeln!(writer, "one more").unwrap();
            assert_eq!(two.join().unwrap(), ["one", "one more"]);
        });
        drop(writer);
        assert_eq!(log.awaited("one", 3).len(), 2);
    }
}
