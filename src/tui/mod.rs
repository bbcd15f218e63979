//! The dashboard (its screens are not wired yet).

use crate::error::{Error, Result};
use crate::model::{Mac, Port};
use crate::snapshot::Feed;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Whether to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// What the terminal can do.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Settings and services of the dashboard.
#[derive(Clone)]
pub struct Options {
    /// What is looked at, for the first line: interface or file names.
    pub source_title: String,
    /// Set from outside (a signal) to leave.
    pub stop: Arc<AtomicBool>,
    /// A longer explanation of a finding, by its identifier.
    pub explain: fn(&str) -> Option<String>,
    /// Who made a network card, by the prefix of its address.
    pub manufacturer: fn(Mac) -> Option<&'static str>,
    /// Name of a port: number and `tcp`, `udp` or `sctp`.
    pub service: fn(u16, &str) -> Option<&'static str>,
    /// Whether to use colours.
    pub color: ColorChoice,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            source_title: String::new(),
            stop: Arc::default(),
            explain: |_| None,
            manufacturer: |_| None,
            service: |_, _| None,
            color: ColorChoice::Auto,
        }
    }
}

/// How the dashboard was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// The user wanted to.
    Quit,
}

/// Shows the dashboard until the user leaves.
///
/// # Errors
/// When the terminal does not serve.
pub fn run(_feed: &dyn Feed, _options: &Options) -> Result<Leaving> {
    Err(Error::runtime("the dashboard is not wired yet; use spantop report"))
}

/// Lets the user pick an interface; `None` when the user leaves.
///
/// # Errors
/// When the terminal does not serve, or interfaces cannot be listed.
pub fn pick(_ports: &dyn Fn() -> Result<Vec<Port>>, _options: &Options) -> Result<Option<String>> {
    Err(Error::runtime("the interface picker is not wired yet; use spantop -i"))
}
