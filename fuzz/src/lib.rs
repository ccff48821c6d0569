//! What must hold for every input, whoever sends it. Each target is a function that panics where it does not.
//!
//! cargo-fuzz drives them with coverage (`fuzz_targets/`), `smoke` with seeds and mutations of them on any toolchain.
//! Every input that ever broke a target stays in `regressions/`, named after its target.

mod fixture;
mod graphql;
mod json;
mod jwt;
pub mod mutate;
mod policy;
mod slots;
mod target;

pub use graphql::graphql;
pub use json::json;
pub use jwt::jwt;
pub use policy::policy;
pub use slots::slots;
pub use target::target;

/// A target by its name, with how many mutations a smoke run tries and what mutations put in.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name: of the function, the cargo-fuzz target, and the directories of seeds and regressions.
    pub name: &'static str,
    /// The function.
    pub run: fn(&[u8]),
    /// How many mutations a smoke run tries.
    pub tries: u32,
    /// Pieces that mean something to the target.
    pub pieces: &'static [&'static str],
}

/// Every target.
pub const TARGETS: [Target; 6] = [
    Target {
        name: "policy",
        run: policy,
        tries: 3_000,
        pieces: policy::PIECES,
    },
    Target {
        name: "target",
        run: target,
        tries: 20_000,
        pieces: target::PIECES,
    },
    Target {
        name: "jwt",
        run: jwt,
        tries: 2_000,
        pieces: jwt::PIECES,
    },
    Target {
        name: "json",
        run: json,
        tries: 10_000,
        pieces: json::PIECES,
    },
    Target {
        name: "graphql",
        run: graphql,
        tries: 5_000,
        pieces: graphql::PIECES,
    },
    Target {
        name: "slots",
        run: slots,
        tries: 5_000,
        pieces: slots::PIECES,
    },
];
