//! Ctrl-C and SIGTERM.

use crate::error::{Error, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A flag that the first Ctrl-C or SIGTERM sets; a second one ends the program at once.
pub fn watch() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for (signal, status) in [(SIGINT, 130), (SIGTERM, 143)] {
        // The order matters: the shutdown looks at the flag before this signal sets it.
        register_conditional_shutdown(signal, status, Arc::clone(&stop))
            .and_then(|_| register(signal, Arc::clone(&stop)))
            .map_err(|e| Error::io("cannot watch for Ctrl-C", &e))?;
    }
    Ok(stop)
}

/// A flag; once it is set, Ctrl-C or SIGTERM ends the program at once.
pub fn end_at_once_when_set() -> Result<Arc<AtomicBool>> {
    let set = Arc::new(AtomicBool::new(false));
    for (signal, status) in [(SIGINT, 130), (SIGTERM, 143)] {
        register_conditional_shutdown(signal, status, Arc::clone(&set)).map_err(|e| Error::io("cannot watch for Ctrl-C", &e))?;
    }
    Ok(set)
}
