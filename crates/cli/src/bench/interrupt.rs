//! Ctrl-C, while Envoys run that must end with this program.

use crate::failure::Failure;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether somebody has pressed Ctrl-C.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Watches for Ctrl-C from now on.
    pub(crate) fn watch() -> Result<Self, Failure> {
        let pressed = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&pressed);
        ctrlc::set_handler(move || told.store(true, Ordering::Relaxed))
            .map_err(|cause| Failure::no(format!("Ctrl-C cannot be watched for: {cause}")))?;
        Ok(Self(pressed))
    }

    /// Fails once somebody has.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.0.load(Ordering::Relaxed) {
            return Err(Failure::no("interrupted: nothing was measured to its end"));
        }
        Ok(())
    }
}
