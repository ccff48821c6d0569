//! What `meshward run` is made of: the tools that it needs, the proxy process, the watch on files, the decision log.

mod decision;
mod process;
mod serving;
mod tools;
mod watch;

pub(crate) use decision::{Line, decision, read_line};
pub(crate) use process::{Proxy, Start};
pub(crate) use serving::{STATS, Served, Serving};
pub(crate) use tools::{envoy, wasm};
pub(crate) use watch::Watch;
