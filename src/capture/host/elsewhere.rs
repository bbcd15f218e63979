//! Systems whose kernel is not asked: nothing is known.

use crate::model::HostFacts;
use crate::model::host::{Counters, Softnet};

/// Nothing to ask.
pub struct System;

impl System {
    /// Nothing to open.
    pub fn open() -> Self {
        System
    }

    /// None.
    pub fn addresses(&mut self, _name: &str) -> Vec<std::net::IpAddr> {
        Vec::new()
    }

    /// Nothing but the name.
    pub fn settings(&mut self, name: &str) -> HostFacts {
        HostFacts { interface: name.to_owned(), ..HostFacts::default() }
    }

    /// Nothing.
    pub fn link(&mut self, _facts: &mut HostFacts) -> Option<Counters> {
        None
    }

    /// Nothing.
    pub fn softnet(&mut self) -> Option<Softnet> {
        None
    }
}
