//! What the time stamps of devices on the way say: of ports, of packets missing by their numbers, of the device's clock.

use super::ledger::Ledger;
use crate::model::limits::{STAMP_OFFSETS, STAMP_PORTS};
use crate::model::{Stamp, StampKind, StampPort, Stamps, Timestamp};

/// Bits of the numbers that a port gives to what comes, and to what leaves.
const INGRESS_BITS: u32 = 16;
const EGRESS_BITS: u32 = 20;

#[derive(Debug, Clone)]
struct Port {
    device: Option<u16>,
    port: Option<u32>,
    packets: u64,
    numbers: Option<Box<Ledger>>,
}

/// What one device port's own drop counter said.
#[derive(Debug, Clone, Copy)]
struct Drops {
    device: u16,
    port: u16,
    last: u64,
}

/// The stamps of one kind on one interface, fed in order of arrival.
#[derive(Debug, Clone)]
pub struct StampLedger {
    kind: StampKind,
    packets: u64,
    without: u64,
    bytes: u64,
    duplicates: u64,
    degraded: u64,
    ports: Vec<Port>,
    recent: usize,
    other_ports: u64,
    egress: Option<Box<Ledger>>,
    drops: Vec<Drops>,
    dropped: u64,
    offsets: Vec<i64>,
}

impl StampLedger {
    /// Nothing stamped yet.
    pub fn new(kind: StampKind) -> Self {
        Self {
            kind,
            packets: 0,
            without: 0,
            bytes: 0,
            duplicates: 0,
            degraded: 0,
            ports: Vec::new(),
            recent: 0,
            other_ports: 0,
            egress: None,
            drops: Vec::new(),
            dropped: 0,
            offsets: Vec::new(),
        }
    }

    /// How they are written.
    pub fn kind(&self) -> StampKind {
        self.kind
    }

    /// Accounts a stamped packet that was captured at `time`.
    pub fn push(&mut self, stamp: &Stamp, time: Timestamp) {
        self.packets += 1;
        self.bytes += u64::from(stamp.bytes);
        self.duplicates += u64::from(stamp.duplicate);
        self.degraded += u64::from(stamp.degraded);
        if let Some(at) = stamp.time.filter(|_| self.offsets.len() < STAMP_OFFSETS && !stamp.degraded) {
            self.offsets.push(at.0.saturating_sub(time.0));
        }
        if let Some(number) = stamp.egress {
            self.egress.get_or_insert_with(|| Box::new(Ledger::of_bits(EGRESS_BITS))).push(number, time);
        }
        if stamp.device.is_none() && stamp.port.is_none() {
            return;
        }
        match self.port(stamp) {
            Some(port) => {
                port.packets += 1;
                if let Some(number) = stamp.ingress {
                    port.numbers.get_or_insert_with(|| Box::new(Ledger::of_bits(INGRESS_BITS))).push(number.into(), time);
                }
            }
            None => self.other_ports += 1,
        }
    }

    fn port(&mut self, stamp: &Stamp) -> Option<&mut Port> {
        let same = |p: &Port| (p.device, p.port) == (stamp.device, stamp.port);
        if !self.ports.get(self.recent).is_some_and(same) {
            self.recent = match self.ports.iter().position(same) {
                Some(at) => at,
                None if self.ports.len() < STAMP_PORTS => {
                    self.ports.push(Port { device: stamp.device, port: stamp.port, packets: 0, numbers: None });
                    self.ports.len() - 1
                }
                None => return None,
            };
        }
        self.ports.get_mut(self.recent)
    }

    /// Counts a packet without a stamp.
    pub fn bare(&mut self) {
        self.without += 1;
    }

    /// Notes how many packets a device says that one of its ports has dropped. The first word only says where the counter stands; one that
    /// goes back was restarted.
    pub fn dropped(&mut self, device: u16, port: u16, drops: u64) {
        let room = self.drops.len() < STAMP_PORTS;
        match self.drops.iter_mut().find(|d| (d.device, d.port) == (device, port)) {
            Some(known) => {
                self.dropped = self.dropped.saturating_add(drops.saturating_sub(known.last));
                known.last = drops;
            }
            None if room => self.drops.push(Drops { device, port, last: drops }),
            None => {}
        }
    }

    /// What was found, on the interface of this number; `None` when nothing was.
    pub fn report(&self, interface: u16) -> Option<Stamps> {
        if self.packets == 0 && self.drops.is_empty() {
            return None;
        }
        let missing = |l: &Option<Box<Ledger>>| l.as_deref().filter(|l| l.is_usable()).map(Ledger::missing);
        Some(Stamps {
            kind: self.kind,
            interface,
            packets: self.packets,
            without: self.without,
            bytes: self.bytes,
            duplicates: self.duplicates,
            degraded: self.degraded,
            ports: self
                .ports
                .iter()
                .map(|p| StampPort { device: p.device, port: p.port, packets: p.packets, missing: missing(&p.numbers) })
                .collect(),
            other_ports: self.other_ports,
            missing: missing(&self.egress),
            drops: (!self.drops.is_empty()).then_some(self.dropped),
            offset: self.offset(),
        })
    }

    /// Median of the first offsets.
    fn offset(&self) -> Option<f64> {
        let mut offsets = self.offsets.clone();
        let middle = offsets.len().checked_sub(1)? / 2;
        let (_, median, _) = offsets.select_nth_unstable(middle);
        Some(*median as f64 / 1e9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_ports_and_of_the_way_out() {
        let mut ledger = StampLedger::new(StampKind::Metamako);
        let mut wrapped = 0u32;
        for n in 0..200_000u64 {
            let port = (n % 2) as u32;
            let number = n / 2;
            // Port 1 loses one in a hundred, the way out one in a thousand of what is left.
            if port == 1 && number % 100 == 50 {
                continue;
            }
            wrapped += 1;
            if wrapped % 1000 == 500 {
                continue;
            }
            let stamp = Stamp {
                bytes: 20,
                time: Some(Timestamp(n as i64 * 1000 + 37_000_000_123)),
                device: Some(7),
                port: Some(port),
                ingress: Some(number as u16),
                egress: Some(wrapped & 0x000f_ffff),
                duplicate: n == 5,
                ..Stamp::default()
            };
            ledger.push(&stamp, Timestamp(n as i64 * 1000));
        }
        ledger.bare();
        let r = ledger.report(3).unwrap();
        let out = u64::from(wrapped) - r.packets;
        assert_eq!((r.missing, r.interface, r.without, r.duplicates), (Some(out), 3, 1, 1));
        assert_eq!(r.bytes, r.packets * 20);
        let missing: Vec<_> = r.ports.iter().map(|p| (p.port, p.missing.unwrap())).collect();
        assert_eq!(missing.iter().map(|m| m.1).sum::<u64>(), 1000 + out, "{missing:?}");
        assert!(missing[0].1 < 110 && missing[1].1 > 1000, "{missing:?}");
        assert_eq!(r.offset, Some(37.000_000_123));
        assert!(r.is_tai());
    }

    #[test]
    fn drops_count_from_the_first_word() {
        let mut ledger = StampLedger::new(StampKind::Arista7150);
        assert_eq!(ledger.report(0), None);
        for (port, drops) in [(1, 500), (2, 7), (1, 500), (1, 512), (2, 8), (1, 3), (1, 4)] {
            ledger.dropped(9, port, drops);
        }
        assert_eq!(ledger.report(0).unwrap().drops, Some(12 + 1 + 1));
    }

    #[test]
    fn ports_are_bounded() {
        let mut ledger = StampLedger::new(StampKind::Vss);
        for port in 0..2 * STAMP_PORTS as u32 {
            ledger.push(&Stamp { port: Some(port), ..Stamp::default() }, Timestamp(0));
        }
        let r = ledger.report(0).unwrap();
        assert_eq!((r.ports.len(), r.other_ports, r.offset, r.missing), (STAMP_PORTS, STAMP_PORTS as u64, None, None));
    }
}
