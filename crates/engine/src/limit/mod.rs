//! How often: token buckets in a table that all workers of a proxy share.
//!
//! - [`bucket`] is the arithmetic of one bucket (GCRA), [`set`] the bounded slot that holds a few of them,
//!   [`key`] what has a bucket of its own, [`table`] names the slots, [`take`] the read-decide-write loop as a state machine without I/O.
//!
//! INVARIANT (never too many): whatever the order in which workers read and write, a bucket admits no more than its burst
//! plus what its rate refills. A write that lost a race is decided anew from what the winner wrote.

mod bucket;
mod key;
mod set;
mod table;
mod take;

pub(crate) use bucket::Window;
pub(crate) use key::{Key, Part, Seed, Values};
pub(crate) use table::Table;
pub(crate) use take::{Take, Taken};

use crate::config;
use crate::problem::{Problem, pointer};
use siphasher::sip128::SipHasher13;

/// At most this many windows in one limit: a bucket's place in the table is sized for it.
const MAX_WINDOWS: usize = 4;

/// A limit, ready to use.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) name: String,
    pub(crate) key: Key,
    /// The name of the bucket that counts what finds no place: see [`set`].
    overflow: u128,
    pub(crate) windows: Vec<Window>,
}

impl Limit {
    pub(crate) fn compile(
        name: &str,
        at: &str,
        config: &config::Limit,
    ) -> Result<Self, Vec<Problem>> {
        let config::Limit {
            key,
            rate,
            burst,
            windows,
            on_missing,
        } = config;
        let mut problems = Vec::new();
        if name.is_empty()
            || name.len() > 63
            || !name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        {
            problems.push(
                Problem::error("limit-name", at, format!("`{name}` cannot name a limit"))
                    .hint("use letters, digits, `-` and `_`, at most 63 characters: callers see the name in `RateLimit`"),
            );
        }
        let key = Key::compile(&pointer(at, "key"), key, *on_missing, &mut problems);
        let windows = match (rate, windows.as_slice()) {
            (Some(rate), []) => Window::compile(at, *rate, *burst, &mut problems)
                .into_iter()
                .collect(),
            (None, [_, ..]) => {
                if burst.is_some() {
                    problems.push(
                        Problem::error(
                            "limit-form",
                            pointer(at, "burst"),
                            "`burst` belongs to a window here",
                        )
                        .hint("move `burst` into the entries of `windows`"),
                    );
                }
                if windows.len() > MAX_WINDOWS {
                    problems.push(Problem::error(
                        "limit-windows",
                        pointer(at, "windows"),
                        format!(
                            "{} windows, at most {} are possible",
                            windows.len(),
                            MAX_WINDOWS
                        ),
                    ));
                }
                let base = pointer(at, "windows");
                windows
                    .iter()
                    .enumerate()
                    .filter_map(|(i, config::Window { rate, burst })| {
                        Window::compile(&pointer(&base, i), *rate, *burst, &mut problems)
                    })
                    .collect()
            }
            (Some(_), [_, ..]) | (None, []) => {
                problems.push(
                    Problem::error("limit-form", at, "a limit needs either `rate` or `windows`")
                        .hint("write `rate: 100/s`, or `windows: [{ rate: 100/s }, { rate: 1000/m }]`"),
                );
                Vec::new()
            }
        };
        if problems.is_empty() {
            Ok(Self {
                overflow: SipHasher13::new().hash(name.as_bytes()).as_u128(),
                name: name.to_owned(),
                key,
                windows,
            })
        } else {
            Err(problems)
        }
    }
}
