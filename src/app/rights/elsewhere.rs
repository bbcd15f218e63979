//! Systems without capabilities and Landlock: nothing is given up, and that is said.

use super::{Needs, RightsLeft};
use std::sync::Arc;

/// Opens ports in the thread that asks.
#[derive(Debug, Clone)]
pub struct Opener;

impl Opener {
    /// Needs no thread.
    ///
    /// # Errors
    /// None.
    pub fn start() -> std::io::Result<Self> {
        Ok(Self)
    }

    /// Does a job in the caller's thread.
    pub fn with_rights(&self) -> crate::capture::live::WithRights {
        Arc::new(|job| job())
    }
}

/// Nothing to give up.
pub fn give_up_early() {}

/// Nothing to give up.
pub fn give_up_late() -> Vec<String> {
    Vec::new()
}

/// Nothing to give up.
pub fn give_up_for_exports(_rights: &super::ExportRights) -> Vec<String> {
    Vec::new()
}

/// Says that nothing is given up here.
///
/// # Errors
/// None.
pub fn give_up(_user: Option<&str>, _needs: &Needs, _opener: Option<&Opener>) -> Result<RightsLeft, String> {
    Ok(RightsLeft { holds: Vec::new(), refused: Vec::new() })
}
