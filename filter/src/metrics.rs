//! Counters and the filter's own time, as metrics of the proxy.
//!
//! The proxy has no labels for plugins: they stand in the name (`meshward_requests;api=A;endpoint=E;…`), and `stats_tags`
//! expressions of the bootstrap take them out again. A name lives as long as the proxy, so their number is bounded:
//! from the policy's `telemetry.maxSeries` on, new ones are counted under the endpoint `other`, and from twice as many on
//! under the API `other` too. The bound is per worker, and holds over changes of the policy.

use crate::host::{Host, MetricId, MetricKind};
use meshward_engine::audit::{Counter, Record};
use meshward_engine::hashed::HashedMap;
use meshward_engine::remote::{Desk, Tally};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

const OTHER: &str = "other";
/// The time of one exchange in so many is recorded, of the first one too.
const MEASURED_EVERY: u32 = 8;

/// The metrics of one worker.
#[derive(Debug)]
pub(crate) struct Metrics {
    series: RefCell<HashMap<String, MetricId>>,
    /// The same series by a hash of their labels, so that a name is written out only once.
    known: RefCell<HashedMap<u64, MetricId>>,
    most: Cell<usize>,
    time: Cell<Option<MetricId>>,
    /// When API keys were last seen: by a hash of provider and id, the gauge and the minute in which it was set.
    keys: RefCell<HashedMap<u64, (MetricId, u64)>>,
    /// Calls to rate limit services. Policies bound their number.
    calls: RefCell<HashMap<String, MetricId>>,
    /// Exchanges so far, to measure every so many of them.
    exchanges: Cell<u32>,
}

impl Metrics {
    /// No metrics yet.
    pub(crate) fn new() -> Self {
        Self {
            series: RefCell::new(HashMap::new()),
            known: RefCell::new(HashedMap::default()),
            most: Cell::new(0),
            time: Cell::new(None),
            keys: RefCell::new(HashedMap::default()),
            calls: RefCell::new(HashMap::new()),
            exchanges: Cell::new(0),
        }
    }

    /// Sets the bound. Series that exist stay.
    pub(crate) fn allow(&self, series: u32) {
        self.most.set(usize::try_from(series).unwrap_or(usize::MAX));
    }

    /// Counts an exchange and its findings.
    pub(crate) fn count(&self, host: &impl Host, record: &Record) {
        for counter in record.counters() {
            let hash = hash(&counter);
            let known = self
                .known
                .try_borrow()
                .ok()
                .and_then(|known| known.get(&hash).copied());
            let Some(id) = known.or_else(|| self.id(host, counter)) else {
                continue;
            };
            host.increment(id);
            // As many as there are series, whatever else is counted under `other`.
            if let (None, Ok(mut cache)) = (known, self.known.try_borrow_mut())
                && cache.len() < self.most.get()
            {
                cache.insert(hash, id);
            }
        }
    }

    /// Whether the next exchange is one of those whose time is recorded: reading the clock once more and recording cost more than a
    /// distribution gains from every exchange.
    pub(crate) fn measures_next(&self) -> bool {
        let count = self.exchanges.get();
        self.exchanges.set(count.wrapping_add(1));
        count.is_multiple_of(MEASURED_EVERY)
    }

    /// Records how long the filter worked on one exchange.
    pub(crate) fn time(&self, host: &impl Host, nanoseconds: u64) {
        let id = self
            .time
            .get()
            .or_else(|| host.define(MetricKind::Histogram, "meshward_filter_time_us"));
        self.time.set(id);
        if let Some(id) = id {
            host.record(id, nanoseconds.div_ceil(1000));
        }
    }

    /// Counts a configuration that was refused, by the code of its first problem. There are only so many codes.
    pub(crate) fn refused(&self, host: &impl Host, code: &str) {
        let name = labelled("meshward_policy_refused", [(";reason=", code)]);
        if let Some(id) = host.define(MetricKind::Counter, &name) {
            host.increment(id);
        }
    }

    /// Counts what came of calls to a rate limit service: three series for each limit that a fleet shares.
    pub(crate) fn asked(&self, host: &impl Host, desk: &Desk) {
        let Tally {
            granted,
            over,
            failed,
        } = desk.take_tally();
        for (outcome, count) in [("granted", granted), ("over", over), ("failed", failed)] {
            if count == 0 {
                continue;
            }
            let labels = [(";limit=", desk.limit()), (";outcome=", outcome)];
            let name = labelled("meshward_limit_calls", labels);
            // Nothing that runs below here comes back to this cell.
            let Ok(mut calls) = self.calls.try_borrow_mut() else {
                continue;
            };
            let known = calls.get(&name).copied();
            let Some(id) = known.or_else(|| host.define(MetricKind::Counter, &name)) else {
                continue;
            };
            calls.insert(name, id);
            host.record(id, count);
        }
    }

    /// Notes that a caller was known by an API key: the time goes into a gauge of its own, at most once a minute. Keys beyond the bound on
    /// series have none.
    pub(crate) fn seen(&self, host: &impl Host, record: &Record) {
        let (true, Some(provider), Some(key)) = (record.by_key, &record.provider, &record.subject)
        else {
            return;
        };
        let seconds = record.time.seconds();
        let minute = seconds / 60;
        let hash = fnv(&[&**provider, &**key]);
        // Nothing that runs below here comes back to this cell.
        let Ok(mut keys) = self.keys.try_borrow_mut() else {
            return;
        };
        let id = match keys.get(&hash) {
            Some((_, set)) if *set == minute => return,
            Some((id, _)) => *id,
            None if keys.len() >= self.most.get() => return,
            None => {
                let labels = [(";provider=", &**provider), (";key=", &**key)];
                let name = labelled("meshward_key_last_seen_seconds", labels);
                let Some(id) = host.define(MetricKind::Gauge, &name) else {
                    return;
                };
                id
            }
        };
        host.record(id, seconds);
        keys.insert(hash, (id, minute));
    }

    #[cold]
    fn id(&self, host: &impl Host, counter: Counter<'_>) -> Option<MetricId> {
        // Nothing that runs below here comes back to this cell.
        let mut series = self.series.try_borrow_mut().ok()?;
        let exact = name(&counter);
        if let Some(id) = series.get(&exact) {
            return Some(*id);
        }
        let most = self.most.get();
        let name = if series.len() < most {
            exact
        } else if series.len() < most.saturating_mul(2) {
            name(&Counter {
                endpoint: OTHER,
                ..counter
            })
        } else {
            name(&Counter {
                api: OTHER,
                endpoint: OTHER,
                ..counter
            })
        };
        if let Some(id) = series.get(&name) {
            return Some(*id);
        }
        let id = host.define(MetricKind::Counter, &name)?;
        series.insert(name, id);
        Some(id)
    }
}

/// FNV-1a over the labels. They come from the policy and the table of reasons, so nobody can aim for a collision.
fn hash(counter: &Counter<'_>) -> u64 {
    let Counter {
        name,
        api,
        endpoint,
        outcome,
        control,
        reason,
    } = *counter;
    fnv(&[name, api, endpoint, outcome, control, reason])
}

/// Not inlined: the loop would be written out for each label.
#[inline(never)]
fn fnv(labels: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for label in labels {
        for byte in label.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

fn name(counter: &Counter<'_>) -> String {
    let Counter {
        name,
        api,
        endpoint,
        outcome,
        control,
        reason,
    } = *counter;
    let labels = [
        (";api=", api),
        (";endpoint=", endpoint),
        (";outcome=", outcome),
        (";control=", control),
        (";reason=", reason),
    ];
    labelled(&format!("meshward_{name}"), labels)
}

pub(crate) fn labelled<const N: usize>(name: &str, labels: [(&str, &str); N]) -> String {
    let mut text = String::with_capacity(128);
    text.push_str(name);
    for (label, value) in labels {
        text.push_str(label);
        // The proxy splits names at dots, and the tag expressions at semicolons.
        text.extend(value.chars().map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => c,
            _ => '_',
        }));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake::Fake;

    fn counter<'a>(api: &'a str, endpoint: &'a str) -> Counter<'a> {
        Counter {
            name: "requests",
            api,
            endpoint,
            outcome: "allow",
            control: "none",
            reason: "none",
        }
    }

    #[test]
    fn names_carry_their_labels_and_nothing_that_splits_them() {
        assert_eq!(
            name(&counter("orders", "GET /a.b/{id};x=1")),
            "meshward_requests;api=orders;endpoint=GET__a_b__id__x_1;outcome=allow;control=none;reason=none"
        );
    }

    #[test]
    fn a_key_is_noted_once_a_minute_and_only_so_many() {
        use meshward_engine::config::Timestamp;
        let host = Fake::default();
        let metrics = Metrics::new();
        metrics.allow(2);
        let record = |key: &str, seconds: u64| Record {
            by_key: true,
            provider: Some("partners".into()),
            subject: Some(key.into()),
            ..Record::new("p".into(), Timestamp(seconds * 1_000_000))
        };
        for (key, seconds, expected) in [("acme", 600, 600), ("acme", 659, 600), ("acme", 660, 660)]
        {
            metrics.seen(&host, &record(key, seconds));
            let name = "meshward_key_last_seen_seconds;provider=partners;key=acme";
            assert_eq!(host.metric(name), expected, "{seconds}");
        }
        for key in ["b", "c", "d"] {
            metrics.seen(&host, &record(key, 700));
        }
        assert_eq!(host.state.borrow().metrics.len(), 2);
        metrics.seen(
            &host,
            &Record {
                by_key: false,
                ..record("e", 1)
            },
        );
        assert_eq!(host.state.borrow().metrics.len(), 2);
    }

    #[test]
    fn a_series_is_defined_once() {
        let host = Fake::default();
        let metrics = Metrics::new();
        metrics.allow(10);
        let first = metrics.id(&host, counter("a", "one"));
        assert!(first.is_some());
        assert_eq!(metrics.id(&host, counter("a", "one")), first);
        assert_eq!(host.state.borrow().metrics.len(), 1);
    }

    #[test]
    fn the_number_of_series_is_bounded() {
        let host = Fake::default();
        let metrics = Metrics::new();
        metrics.allow(2);
        for n in 0..1000 {
            let (api, endpoint) = (format!("api-{n}"), format!("endpoint-{n}"));
            assert!(metrics.id(&host, counter(&api, &endpoint)).is_some());
        }
        let names: Vec<_> = host.state.borrow().metrics.keys().cloned().collect();
        assert_eq!(names.len(), 5, "{names:?}");
        assert!(
            names
                .iter()
                .any(|n| n.contains(";api=other;endpoint=other;"))
        );
        assert!(
            names
                .iter()
                .any(|n| n.contains(";api=api-2;endpoint=other;"))
        );
    }
}
