//! Stands for expressions in builds without CEL: none can be made, so a policy that has one is refused.

use super::Request;
use crate::config::Timestamp;
use crate::verdict::Refusal;

/// What expressions have in common: nothing.
#[derive(Clone)]
pub(crate) struct Functions;

impl Functions {
    pub(crate) const fn new() -> Self {
        Self
    }
}

/// No expression.
#[derive(Debug)]
pub(crate) enum Expression {}

impl Expression {
    pub(crate) fn compile(_text: &str, _functions: &Functions) -> Result<Self, Vec<String>> {
        Err(vec![
            "this build of Meshward has no expressions (feature `cel`)".to_owned(),
        ])
    }

    pub(crate) const fn uses_source(&self) -> bool {
        match *self {}
    }

    pub(crate) const fn uses_parameters(&self) -> bool {
        match *self {}
    }

    pub(super) fn check(&self, _request: &Request<'_>, _now: Timestamp) -> Result<(), Refusal> {
        match *self {}
    }
}
