//! What the user sets about decoding, which stays as it is for a run: UDP ports with mirrors behind them. And what is taken off one packet.

use super::tunnel;
use crate::model::{Carrier, TunnelKind};

/// What is taken off a packet before it is analysed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Peel {
    /// Tunnels, outermost first (0: none, `u8::MAX`: all).
    pub tunnels: u8,
    /// Whether the outermost VLAN tag is a mirror's own: then it is no tag of the frame, and takes no part in its length.
    pub tag: bool,
}

impl Peel {
    /// Nothing.
    pub const NONE: Peel = Peel::tunnels(0);

    /// Every tunnel.
    pub const ALL: Peel = Peel::tunnels(u8::MAX);

    /// The first `tunnels` tunnels.
    pub const fn tunnels(tunnels: u8) -> Peel {
        Peel { tunnels, tag: false }
    }
}

/// How packets are to be walked. Cheap to consult: the ports' table exists only when the user named any.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Whether a time stamp in a frame's header is left out of the frame's length.
    pub stamps: bool,
    /// The EtherType of Cisco's time tag, where there is one.
    pub ttag: Option<u16>,
    ports: Option<Box<Ports>>,
    /// GRE protocol types that carry Ethernet frames.
    gre: Vec<u16>,
}

/// A bit a port and, for those set, the kind.
#[derive(Debug, Clone)]
struct Ports {
    bits: [u64; 1024],
    kinds: Vec<(u16, TunnelKind)>,
}

/// The encapsulation is not one that a UDP port can be set for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownEncapsulation;

impl Rules {
    /// No ports but the registered ones.
    pub const PLAIN: Rules = Rules { stamps: false, ttag: None, ports: None, gre: Vec::new() };

    /// What datagrams from or to a UDP port are read as: what was declared, else what is registered for it.
    pub fn reads(&self, port: u16) -> Option<TunnelKind> {
        self.kind_of_port(port).or_else(|| tunnel::registered(port))
    }

    /// Declares that datagrams from or to UDP `port` are `kind`: one that runs over UDP (VXLAN, Geneve, TZSP, HP and Aruba ERM,
    /// jmirror, sFlow, GTP ...). The last word for a port counts.
    ///
    /// # Errors
    ///
    /// `kind` does not run over UDP.
    pub fn set_port(&mut self, port: u16, kind: TunnelKind) -> Result<(), UnknownEncapsulation> {
        if !kind.runs_over_udp() {
            return Err(UnknownEncapsulation);
        }
        let ports = self.ports.get_or_insert_with(|| Box::new(Ports { bits: [0; 1024], kinds: Vec::new() }));
        if let Some(word) = ports.bits.get_mut(usize::from(port / 64)) {
            *word |= 1 << (port % 64);
        }
        ports.kinds.retain(|&(p, _)| p != port);
        ports.kinds.push((port, kind));
        Ok(())
    }

    /// Declares what the user says carries packets.
    ///
    /// # Errors
    ///
    /// As [`Self::set_port`].
    pub fn declare(&mut self, carrier: Carrier) -> Result<(), UnknownEncapsulation> {
        match carrier {
            Carrier::Udp(port, kind) => self.set_port(port, kind),
            Carrier::Gre(protocol) => {
                self.gre.push(protocol);
                Ok(())
            }
        }
    }

    /// Whether the user declared that a GRE protocol type carries Ethernet.
    pub(super) fn is_ethernet_over_gre(&self, protocol: u16) -> bool {
        self.gre.contains(&protocol)
    }

    /// Whether the user declared a port.
    #[inline]
    pub(super) fn has_port(&self, port: u16) -> bool {
        let Some(ports) = &self.ports else { return false };
        ports.bits.get(usize::from(port / 64)).is_some_and(|word| word >> (port % 64) & 1 == 1)
    }

    /// What the user declared a port to be.
    pub(super) fn kind_of_port(&self, port: u16) -> Option<TunnelKind> {
        self.ports.as_deref()?.kinds.iter().find(|&&(p, _)| p == port).map(|&(_, kind)| kind)
    }
}
