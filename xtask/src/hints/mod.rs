//! Tells the proxy's compiler which branches of the filter are seldom taken, and puts what often runs side by side.
//!
//! A request runs through some twenty thousand different instructions, one after the other, and most of the time that they take is spent
//! on fetching them from memory. Between them stands what seldom runs: refusals, odd input, errors. V8 moves such code out of the way if
//! a module says which branches lead there, in the custom section `metadata.code.branch_hint` (the WebAssembly proposal *branch
//! hinting*); other engines skip it. The compiler of the filter does not write that section, so it is made here: the module is run with
//! requests that are admitted, and a branch that always goes the same way is hinted that way. V8 keeps the order of a module's functions:
//! those that requests ran through are moved to the front, so that they lie on few pages.
//!
//! - `sites` finds the functions and branches, makes a module that tells when it comes by, and writes the section;
//! - `told` keeps what it tells;
//! - `order` moves functions;
//! - `reading` is what both writers of modules need to know of them;
//! - `traffic` says under which policies which requests come;
//! - `host` is the little of a proxy that the module needs to run.
//!
//! INVARIANT (the same module): the same sources give the same hints. The host's clock stands still, nothing is random, and no key is made.

mod host;
mod order;
mod reading;
mod sites;
mod told;
mod traffic;

use crate::progress;
use anyhow::{Context as _, Result};
use order::Order;
use sites::Sites;
use std::fs;
use std::path::Path;
use told::Told;

/// Raised when the same module would get other hints, so that a module that was hinted before is made anew.
const VERSION: u32 = 2;

/// What the hints of a module come from, beside the module.
pub(crate) fn key() -> Result<String> {
    Ok(format!("hints-{VERSION} {}", traffic::digest()?))
}

/// Orders a module's functions and puts hints into it, in its place.
pub(crate) fn add(module: &Path) -> Result<()> {
    let bytes =
        fs::read(module).with_context(|| format!("`{}` cannot be read", module.display()))?;
    let (sites, telling) = Sites::find(&bytes)?;
    let mut told = Told::nothing(sites.count());
    for scene in traffic::scenes()? {
        let more = host::play(&telling, sites.count(), &scene)
            .with_context(|| format!("the filter does not run with `{}`", scene.policy))?;
        told.extend(&more);
    }
    let order = Order::first(&bytes, sites.functions(&told))?;
    let ways = sites.moved(&told, &order);
    let ordered = order.of(&bytes)?;
    let (sites, _) = Sites::find(&ordered)?;
    let hints = sites.hints(&ways);
    progress::note(&format!("{} branches hinted", hints.count()));
    let hinted = hints.insert(&ordered)?;
    fs::write(module, hinted).with_context(|| format!("`{}` cannot be written", module.display()))
}
