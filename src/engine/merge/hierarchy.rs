//! The protocol hierarchy: from innermost paths to a tree of rows.

use crate::model::{Path, Traffic};
use crate::snapshot::ProtocolRow;
use std::collections::BTreeMap;

/// Traffic by innermost path.
#[derive(Debug, Default)]
pub struct Hierarchy {
    leaves: BTreeMap<Path, (Traffic, Traffic)>,
}

impl Hierarchy {
    /// Adds packets whose whole path is `path`.
    pub fn add(&mut self, path: Path, added: Traffic) {
        let (total, recent) = self.leaves.entry(path).or_default();
        total.add(added);
        recent.add(added);
    }

    /// Every path and its ancestors, depth first, larger siblings first. `recent` is since the previous call, or all unless `live`.
    pub fn rows(&mut self, live: bool) -> Vec<ProtocolRow> {
        let leaves = self.leaves.iter_mut().map(|(&path, (total, recent))| {
            let recent = if live { std::mem::take(recent) } else { *total };
            (path, *total, recent)
        });
        ProtocolRow::tree(leaves)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Proto;

    fn path(protos: &[Proto]) -> Path {
        let mut p = Path::EMPTY;
        protos.iter().for_each(|&x| p.push(x));
        p
    }

    #[test]
    fn every_packet_counts_once_at_each_layer() {
        let mut h = Hierarchy::default();
        let one = |n| Traffic { packets: n, wire_bytes: n * 100 };
        h.add(path(&[Proto::Eth, Proto::Arp]), one(1));
        h.add(path(&[Proto::Eth, Proto::Ip, Proto::Tcp]), one(5));
        h.add(path(&[Proto::Eth, Proto::Ip]), one(2));
        let rows: Vec<_> = h.rows(true).iter().map(|r| (r.path.to_string(), r.traffic.packets, r.own.packets, r.recent.packets)).collect();
        let want = [("eth", 8, 0, 8), ("eth:ip", 7, 2, 7), ("eth:ip:tcp", 5, 5, 5), ("eth:arp", 1, 1, 1)];
        assert_eq!(rows, want.map(|(p, t, o, r)| (p.to_string(), t, o, r)));
        assert!(h.rows(true).iter().all(|r| r.recent.packets == 0));
    }
}
