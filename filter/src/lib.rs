//! Meshward as a proxy-wasm plugin: callbacks become [`Event`](meshward_engine::transaction::Event)s, and
//! [`Step`](meshward_engine::transaction::Step)s become host calls. No decision is made here.
//!
//! A request passes these modules:
//!
//! - `callbacks`: the traits of the SDK, which Envoy calls;
//! - `root`: one configuration, as `policy` reads it, and the streams that start under it;
//! - `stream`: one exchange, from its request head to its log line;
//! - `serving`: which revision of its policy this worker serves;
//! - `keeper`: keys that are fetched from elsewhere, and the streams that wait for them;
//! - `head`: what the host knows of a message, as the engine takes it;
//! - `drive`: the engine's steps, with `shared` to answer its questions from the data that all workers share;
//! - `trial`: what a candidate policy says to the same request;
//! - `outcome`: what becomes of a verdict: header changes, refusals, filter state;
//! - `metrics`: counters and the time that the filter takes;
//! - `signature`: lets the proxy verify the signatures of tokens;
//! - `host`: the only module that calls the proxy.
//!
//! INVARIANT (nothing before the verdict): a callback answers `Continue` for a request only after
//! [`Step::Forward`](meshward_engine::transaction::Step::Forward), and whatever is not expected ends in a refusal.

mod afterwards;
#[cfg(test)]
mod budgets;
mod callbacks;
mod drive;
mod flight;
mod head;
mod host;
mod keeper;
mod metrics;
mod outcome;
mod policy;
mod root;
mod seed;
mod serving;
mod shared;
mod signature;
mod stream;
mod trial;

pub use callbacks::root_context;

#[cfg(target_arch = "wasm32")]
mod entry {
    /// Two-level segregated fit: every allocation and release takes the same few steps, where the target's own allocator searches.
    #[global_allocator]
    static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

    proxy_wasm::main! {{
        proxy_wasm::set_log_level(proxy_wasm::types::LogLevel::Info);
        proxy_wasm::set_root_context(crate::root_context);
    }}
}
