//! Linux: rtnetlink for the link, ethtool's netlink family for its driver, files for the rest.

mod clock;
mod ethtool;
mod files;
mod link;
mod netlink;

use crate::capture::sysfs;
use crate::model::HostFacts;
use crate::model::host::{Counters, Softnet};
use ethtool::Ethtool;
use netlink::Client;
use std::net::IpAddr;

/// Sockets to the kernel, and what does not change while the program runs.
pub struct System {
    route: Option<Client>,
    ethtool: Option<Ethtool>,
    hypervisor: Option<String>,
}

impl System {
    /// Opens what there is.
    pub fn open() -> Self {
        Self {
            route: Client::open(netlink_sys::protocols::NETLINK_ROUTE).ok(),
            ethtool: Ethtool::open().ok(),
            hypervisor: files::hypervisor(),
        }
    }

    /// Addresses of an interface.
    pub fn addresses(&mut self, name: &str) -> Vec<IpAddr> {
        let Some(route) = &mut self.route else { return Vec::new() };
        link::link(route, name).and_then(|link| link::addresses(route, link.index)).unwrap_or_default()
    }

    /// Everything of an interface but its state and its counters.
    pub fn settings(&mut self, name: &str) -> HostFacts {
        let mut facts = HostFacts {
            interface: name.to_owned(),
            ipv6_disabled: files::ipv6_disabled(name),
            driver: sysfs::interface(name).and_then(|i| i.target("device/driver")),
            hypervisor: self.hypervisor.clone(),
            governors: Some(files::governors()),
            clock: clock::clock(),
            ..HostFacts::default()
        };
        if let Some(ethtool) = &mut self.ethtool {
            ethtool.tell(&mut facts);
        }
        if let Some(route) = &mut self.route
            && let Ok(found) = link::link(route, name)
        {
            facts.addresses = link::addresses(route, found.index).ok();
            facts.stack = link::stack(route, &found).ok();
        }
        facts
    }

    /// Writes the state of an interface down; its counters.
    pub fn link(&mut self, facts: &mut HostFacts) -> Option<Counters> {
        let found = self.route.as_mut().and_then(|route| link::link(route, &facts.interface).ok());
        match &found {
            Some(link) => link.tell(facts),
            // Gone: what it was is no longer true.
            None => *facts = HostFacts { interface: facts.interface.clone(), ..HostFacts::default() },
        }
        found?.counters
    }

    /// What the processors' receive path counted.
    pub fn softnet(&mut self) -> Option<Softnet> {
        files::softnet()
    }
}
