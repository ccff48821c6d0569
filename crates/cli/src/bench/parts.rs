//! The same policy without some of its controls: what a control costs is what deciding without it saves.
//!
//! Controls are taken out from the last to the first, and stay out, so that each step compares two policies that admit the same exchanges, and the
//! steps sum up to the whole.

use crate::policy::Ready;
use meshward_engine::Policy;
use meshward_engine::config::{Document, Mode, Modes, Unknown};
use meshward_engine::verdict::Control;
use std::sync::Arc;

/// The controls that an endpoint can do without, the last to judge first.
const LAST_FIRST: [Control; 6] = [
    Control::Response,
    Control::Contract,
    Control::Limit,
    Control::Abuse,
    Control::Authorize,
    Control::Authenticate,
];

/// A policy without some controls.
#[derive(Debug)]
pub(crate) struct Variant {
    /// What was taken out last.
    pub(crate) without: Control,
    /// What is left.
    pub(crate) policy: Arc<Policy>,
}

/// One variant for each control that any endpoint has, each without those of the variants before it.
pub(crate) fn variants(ready: &Ready) -> Vec<Variant> {
    let endpoints: Vec<_> = ready.policy.endpoints().collect();
    let used = |control: &Control| {
        let absent = (*control == Control::Limit && ready.bundle.limits.is_empty())
            || (*control == Control::Abuse && ready.bundle.abuse.is_empty());
        let on = |mode: &Mode| *mode != Mode::Off;
        let mut modes = endpoints.iter().filter_map(|e| e.modes.get(control));
        !absent && modes.any(on)
    };
    let mut document = ready.bundle.clone();
    let mut variants = Vec::new();
    for control in LAST_FIRST.into_iter().filter(used) {
        switch_off(&mut document, control);
        // A policy whose parts need each other is shown as far as it can be taken apart.
        let Ok(compiled) = meshward_engine::compile(&document) else {
            break;
        };
        variants.push(Variant {
            without: control,
            policy: Arc::new(compiled.policy),
        });
    }
    variants
}

/// Switches everything off that can be: what is left is to read a request and to find its endpoint.
pub(crate) fn switch_all_off(document: &mut Document) {
    for control in LAST_FIRST {
        switch_off(document, control);
    }
    document.unknown_hosts = Some(Unknown::Allow);
    for api in &mut document.apis {
        api.unknown_endpoints = Some(Unknown::Allow);
        api.load = None;
    }
}

/// Switches a control off on every level, because the most specific one wins.
fn switch_off(document: &mut Document, control: Control) {
    set(&mut document.modes, control);
    for api in &mut document.apis {
        set(&mut api.defaults.modes, control);
        for endpoint in &mut api.endpoints {
            set(&mut endpoint.modes, control);
        }
    }
}

fn set(modes: &mut Modes, control: Control) {
    let mode = match control {
        Control::Authenticate => &mut modes.authenticate,
        Control::Abuse => &mut modes.abuse,
        Control::Authorize => &mut modes.authorize,
        Control::Limit => &mut modes.limit,
        Control::Contract => &mut modes.contract,
        Control::Response => &mut modes.response,
        // These come before any endpoint is known, and stay.
        Control::Reading | Control::Route => return,
    };
    *mode = Some(Mode::Off);
}
