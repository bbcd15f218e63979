//! Bridge protocol data units: IEEE 802.1Q clause 14.

use crate::model::learnt::clean;
use crate::model::{Bpdu, BpduFlags, BpduKind, BridgeId, Mac, TreeInstance, TreeRegion};

/// Instances in one packet (IEEE 802.1Q clause 14.4: at most 64).
const INSTANCES: usize = 64;
/// Bytes of one.
const INSTANCE: usize = 16;
/// Where a multiple spanning tree's part begins: behind the length of version 1's part, its own length.
const REGION: usize = 38;

/// Reads a BPDU, from its protocol identifier on. What it does not hold as a whole is `None`.
pub fn bpdu(body: &[u8]) -> Option<Bpdu> {
    let [0, 0, version, kind, ..] = *body else { return None };
    if kind == 0x80 {
        return Some(Bpdu { kind: BpduKind::TopologyChange, version, ..Bpdu::default() });
    }
    let word = |at: usize| body.get(at..)?.first_chunk().map(|b| u16::from_be_bytes(*b));
    let mut found = Bpdu {
        kind: if kind == 2 { BpduKind::Rapid } else { BpduKind::Config },
        version,
        flags: BpduFlags(*body.get(4)?),
        root: bridge(body, 5)?,
        cost: long(body, 13)?,
        bridge: bridge(body, 17)?,
        port: word(25)?,
        age: word(27)?,
        max_age: word(29)?,
        hello: word(31)?,
        forward_delay: word(33)?,
        ..Bpdu::default()
    };
    if !matches!(kind, 0 | 2) {
        return None;
    }
    if kind == 2
        && version >= 3
        && body.get(35) == Some(&0)
        && let Some(region) = region(body, usize::from(word(36)?))
    {
        found.kind = BpduKind::Multiple;
        found.region = Some(Box::new(region));
    }
    Some(found)
}

/// A BPDU as Cisco sends it for one VLAN: behind it a value of type 0 and length 2 with the VLAN.
pub fn per_vlan(body: &[u8]) -> Option<Bpdu> {
    let found = bpdu(body)?;
    // Rapid ones have an empty part of version 1 in between.
    let at = if found.kind == BpduKind::Rapid { 36 } else { 35 };
    let value = |at: usize| match body.get(at..)?.get(..6)? {
        [0, 0, 0, 2, a, b] => Some(u16::from_be_bytes([*a, *b]) & 0x0fff),
        _ => None,
    };
    Some(Bpdu { is_per_vlan: true, vlan: value(at).or_else(|| value(36)).or_else(|| value(35)), ..found })
}

fn region(body: &[u8], length: usize) -> Option<TreeRegion> {
    let part = body.get(REGION..)?;
    // One format of the configuration is defined: 0.
    let name = part.get(1..33).filter(|_| part.first() == Some(&0))?;
    let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
    let list = part.get(64..length.min(part.len())).unwrap_or_default();
    Some(TreeRegion {
        name: clean(name.get(..end).unwrap_or_default()),
        revision: part.get(33..)?.first_chunk().map(|b| u16::from_be_bytes(*b))?,
        digest: *part.get(35..)?.first_chunk()?,
        cost: long(part, 51)?,
        bridge: bridge(part, 55)?,
        hops: *part.get(63)?,
        instances: list.chunks_exact(INSTANCE).take(INSTANCES).filter_map(instance).collect(),
    })
}

fn instance(bytes: &[u8]) -> Option<TreeInstance> {
    Some(TreeInstance {
        flags: BpduFlags(*bytes.first()?),
        root: bridge(bytes, 1)?,
        cost: long(bytes, 9)?,
        bridge_priority: *bytes.get(13)?,
        port_priority: *bytes.get(14)?,
        hops: *bytes.get(15)?,
    })
}

fn bridge(bytes: &[u8], at: usize) -> Option<BridgeId> {
    let [a, b, mac @ ..] = bytes.get(at..)?.first_chunk::<8>()?;
    Some(BridgeId { priority: u16::from_be_bytes([*a, *b]), mac: Mac(*mac) })
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_be_bytes(*b))
}
