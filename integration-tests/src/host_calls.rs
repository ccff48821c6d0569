//! Calls of the proxy, as a real Envoy sees them: at its log level `trace`, the Wasm host writes down every call in either direction.
//!
//! They nest: the proxy calls the filter, which calls the proxy, which calls the filter's allocator. What the filter calls counts for the
//! exchange that the outermost callback is about; what it does on ticks is about none.

use meshward_testkit::host_calls::Calls;
use std::collections::BTreeMap;

/// The calls of each exchange that has ended, in the order of their ends.
#[must_use]
pub fn of_exchanges<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<Calls> {
    let mut callbacks: BTreeMap<&str, Vec<Callback<'_>>> = BTreeMap::new();
    let mut open: BTreeMap<(&str, &str), Calls> = BTreeMap::new();
    let mut ended = Vec::new();
    for line in lines
        .into_iter()
        .filter(|line| line.contains("[trace][wasm]"))
    {
        let thread = thread(line);
        let running = callbacks.entry(thread).or_default();
        if let Some(callback) = after(line, "[host->vm] ").map(Callback::parse) {
            if callback.name == "proxy_on_context_create" {
                open.insert((thread, callback.context), Calls::default());
            }
            running.push(callback);
        } else if line.contains("[host<-vm] ") {
            let left = running.pop().filter(|left| left.name == "proxy_on_delete");
            ended.extend(left.and_then(|left| open.remove(&(thread, left.context))));
        } else if let (Some(call), Some(outermost)) = (after(line, "[vm->host] "), running.first())
            && let Some(calls) = open.get_mut(&(thread, outermost.context))
        {
            calls.add(short(call));
        }
    }
    ended
}

/// A callback that runs.
#[derive(Debug, Clone, Copy)]
struct Callback<'a> {
    name: &'a str,
    /// Its first argument: the exchange, or the configuration, that it is about.
    context: &'a str,
}

impl<'a> Callback<'a> {
    /// `NAME(CONTEXT, …)`.
    fn parse(call: &'a str) -> Self {
        let (name, arguments) = call.split_once('(').unwrap_or((call, ""));
        let end = arguments.find([',', ')']).unwrap_or(0);
        let context = arguments.get(..end).unwrap_or_default();
        Self { name, context }
    }
}

/// The name of a call: `env.proxy_NAME(…)`, or `wasi_snapshot_preview1.NAME(…)`.
fn short(call: &str) -> &str {
    let name = call.split('(').next().unwrap_or_default();
    let name = name.split_once('.').map_or(name, |(_, name)| name);
    name.strip_prefix("proxy_").unwrap_or(name)
}

/// What stands in the second brackets of a line.
fn thread(line: &str) -> &str {
    line.split(['[', ']']).nth(3).unwrap_or_default()
}

fn after<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    line.split_once(mark).map(|(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "\
[2026-11-23 08:39:08.968][22][trace][wasm] [x.cc:39] [host<-vm] proxy_on_tick return: void
[2026-11-23 08:39:08.968][22][trace][wasm] [x.cc:39] [host->vm] proxy_on_context_create(2, 1)
[2026-11-23 08:39:08.968][22][trace][wasm] [x.cc:39] [host<-vm] proxy_on_context_create return: void
[2026-11-23 08:39:08.968][22][trace][wasm] [x.cc:39] [host->vm] proxy_on_request_headers(2, 6, 1)
[2026-11-23 08:39:08.968][11][trace][wasm] [x.cc:39] [host->vm] proxy_on_tick(1)
[2026-11-23 08:39:08.969][22][trace][wasm] [x.cc:39] [vm->host] env.proxy_get_header_map_pairs(0, 1048356, 1048360)
[2026-11-23 08:39:08.969][22][trace][wasm] [x.cc:39] [host->vm] proxy_on_memory_allocate(191)
[2026-11-23 08:39:08.969][22][trace][wasm] [x.cc:39] [host<-vm] proxy_on_memory_allocate return: 1865560
[2026-11-23 08:39:08.969][22][trace][wasm] [x.cc:39] [vm<-host] env.proxy_get_header_map_pairs return: 0
[2026-11-23 08:39:08.969][11][trace][wasm] [x.cc:39] [vm->host] env.proxy_get_shared_data(1, 2)
[2026-11-23 08:39:08.969][22][trace][wasm] [x.cc:39] [vm->host] wasi_snapshot_preview1.random_get(1, 2)
[2026-11-23 08:39:08.969][22][info][wasm] [x.cc:1151] wasm log test: [vm->host] env.proxy_log(a line of the filter's own)
[2026-11-23 08:39:08.969][22][trace][wasm] [x.cc:39] [host<-vm] proxy_on_request_headers return: 0
[2026-11-23 08:39:08.973][22][trace][wasm] [x.cc:39] [host->vm] proxy_on_tick(1)
[2026-11-23 08:39:08.973][22][trace][wasm] [x.cc:39] [vm->host] env.proxy_set_tick_period_milliseconds(1000)
[2026-11-23 08:39:08.973][22][trace][wasm] [x.cc:39] [host<-vm] proxy_on_tick return: void
[2026-11-23 08:39:08.973][22][trace][wasm] [x.cc:39] [host->vm] proxy_on_delete(2)
[2026-11-23 08:39:08.973][22][trace][wasm] [x.cc:39] [host<-vm] proxy_on_delete return: void
";

    #[test]
    fn what_an_exchange_calls_is_told_from_what_ticks_do() {
        let mut expected = Calls::default();
        expected.add("get_header_map_pairs");
        expected.add("random_get");
        assert_eq!(of_exchanges(TRACE.lines()), [expected]);
    }

    #[test]
    fn an_exchange_counts_when_it_has_ended() {
        let lines: Vec<_> = TRACE.lines().collect();
        assert!(of_exchanges(lines[..16].iter().copied()).is_empty());
    }
}
