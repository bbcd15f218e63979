//! What the driver of the card does with packets: offloads, rings, queues, flow control, time stamps.

use super::{Look, Seen, quoted};
use crate::model::HostFacts;
use crate::model::host::Coalescing;
use crate::model::units::{duration, grouped};

/// Descriptors below which a ring is small.
const SMALL_RING: u32 = 1024;

/// Merge packets on receiving: the kernel's name, and the word `ethtool -K` takes.
const MERGING: &[(&str, &str)] = &[("rx-gro", "gro"), ("rx-lro", "lro"), ("rx-gro-hw", "rx-gro-hw")];

/// Take VLAN tags off, or frames away.
const VLAN: &[(&str, &str)] = &[
    ("rx-vlan-hw-parse", "rxvlan"),
    ("rx-vlan-filter", "rx-vlan-filter"),
    ("rx-vlan-stag-hw-parse", "rx-vlan-stag-hw-parse"),
    ("rx-vlan-stag-filter", "rx-vlan-stag-filter"),
];

/// Checksums, scatter-gather and segmentation.
const OTHER: &[(&str, &str)] = &[
    ("rx-checksum", "rx"),
    ("tx-checksum-ipv4", "tx"),
    ("tx-checksum-ip-generic", "tx"),
    ("tx-checksum-ipv6", "tx"),
    ("tx-scatter-gather", "sg"),
    ("tx-tcp-segmentation", "tso"),
    ("tx-tcp6-segmentation", "tso"),
    ("tx-generic-segmentation", "gso"),
];

/// Switches that are on: what `ethtool -K` calls them, and whether any of a word's can be changed.
fn on(f: &HostFacts, of: &[(&str, &'static str)]) -> Vec<(&'static str, bool)> {
    let mut words: Vec<(&'static str, bool)> = Vec::new();
    for (name, word) in of {
        let Some(feature) = f.feature(name).filter(|feature| feature.on) else { continue };
        match words.iter_mut().find(|(known, _)| known == word) {
            Some((_, changeable)) => *changeable |= !feature.fixed,
            None => words.push((word, !feature.fixed)),
        }
    }
    words
}

/// Whether the kernel tells any of these switches.
fn any_known(f: &HostFacts, of: &[(&str, &str)]) -> bool {
    of.iter().any(|(name, _)| f.feature(name).is_some())
}

fn found(words: &[(&str, bool)]) -> String {
    let word = |(word, changeable): &(&str, bool)| format!("{word}{}", if *changeable { "" } else { " (fixed)" });
    format!("on: {}", words.iter().map(word).collect::<Vec<_>>().join(", "))
}

fn switch_off(f: &HostFacts, words: &[(&str, bool)]) -> Option<String> {
    let words: Vec<String> = words.iter().filter(|w| w.1).map(|(word, _)| format!(" {word} off")).collect();
    (!words.is_empty()).then(|| format!("ethtool -K {}{}", quoted(&f.interface), words.concat()))
}

/// Whether packets may be merged before they are captured.
pub(super) fn merges(f: &HostFacts) -> bool {
    !on(f, MERGING).is_empty()
}

pub(super) fn receive_offload(f: &HostFacts, seen: Seen) -> Look {
    if !any_known(f, MERGING) {
        return Look::unknown("not told");
    }
    let words = on(f, MERGING);
    let look = match (words.is_empty(), seen.merged) {
        (true, _) => return Look::good("off"),
        (false, true) => Look::fail(format!("{}; packets were merged", found(&words))),
        (false, false) => Look::note(format!("{}; nothing was merged so far", found(&words))),
    };
    look.mend_if(switch_off(f, &words))
}

pub(super) fn vlan_offload(f: &HostFacts, seen: Seen) -> Look {
    if !any_known(f, VLAN) {
        return Look::unknown("not told");
    }
    let words = on(f, VLAN);
    let look = match (words.is_empty(), seen.tags_missing) {
        (true, _) => return Look::good("off"),
        (false, true) => Look::fail(format!("{}; VLANs are spoken of and no tag is seen", found(&words))),
        (false, false) => Look::note(found(&words)),
    };
    look.mend_if(switch_off(f, &words))
}

pub(super) fn other_offload(f: &HostFacts, _: Seen) -> Look {
    if !any_known(f, OTHER) {
        return Look::unknown("not told");
    }
    let words = on(f, OTHER);
    // Of what is received they change nothing.
    if words.is_empty() { Look::good("off") } else { Look::note(found(&words)) }
}

pub(super) fn ring(f: &HostFacts, _: Seen) -> Look {
    let Some(ring) = f.ring else { return Look::unknown("no ring told") };
    let most = ring.max.filter(|max| *max > ring.current);
    let found = match ring.max {
        Some(max) => format!("{} of {} descriptors", grouped(ring.current.into()), grouped(max.into())),
        None => format!("{} descriptors", grouped(ring.current.into())),
    };
    match (ring.current < SMALL_RING, most) {
        (false, _) => Look::good(found),
        (true, _) => Look::warning(found).mend_if(larger_ring(f)),
    }
}

/// The command that makes the ring as large as it goes.
fn larger_ring(f: &HostFacts) -> Option<String> {
    let ring = f.ring?;
    let most = ring.max.filter(|max| *max > ring.current)?;
    Some(format!("ethtool -G {} rx {most}", quoted(&f.interface)))
}

pub(super) fn drops(f: &HostFacts, _: Seen) -> Look {
    let Some(c) = f.counters else { return Look::unknown("not told") };
    let damaged = c.crc.saturating_add(c.frame);
    if c.no_room() == 0 && damaged == 0 {
        return Look::good(format!("none in {}", duration(f.seconds)));
    }
    let parts = [("missed", c.missed), ("fifo", c.fifo), ("over", c.over), ("damaged (CRC)", c.crc), ("damaged (frame)", c.frame)];
    let parts: Vec<String> = parts.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{} {what}", grouped(*n))).collect();
    let look = Look::warning(format!("{} in {}", parts.join(", "), duration(f.seconds)));
    if c.no_room() > 0 { look.mend_if(larger_ring(f)) } else { look }
}

pub(super) fn queues(f: &HostFacts, _: Seen) -> Look {
    let Some(queues) = f.queues_in_use() else { return Look::unknown("not told") };
    let single = || {
        let combined = f.queues.is_none_or(|q| q.combined > 0);
        format!("ethtool -L {} {} 1", quoted(&f.interface), if combined { "combined" } else { "rx" })
    };
    if queues <= 1 {
        return Look::good("one");
    }
    match f.spread.as_ref().and_then(|s| s.is_symmetric()) {
        Some(true) => Look::good(format!("{queues}, both directions to the same one")),
        Some(false) => Look::warning(format!("{queues}, and the two directions of a conversation may go to different ones")).mend(single()),
        None => Look::warning(format!("{queues}, and whether both directions go to the same one is not told")).mend(single()),
    }
}

pub(super) fn pause(f: &HostFacts, _: Seen) -> Look {
    let Some(pause) = f.pause else { return Look::unknown("not told") };
    let found = match (pause.receive, pause.send) {
        (false, false) => return Look::good("off"),
        (true, true) => "on, both ways",
        (true, false) => "pause frames are obeyed",
        (false, true) => "pause frames are sent",
    };
    Look::warning(found).mend(format!("ethtool -A {} autoneg off rx off tx off", quoted(&f.interface)))
}

pub(super) fn coalescing(f: &HostFacts, _: Seen) -> Look {
    let Some(Coalescing { microseconds, adaptive }) = f.coalescing else { return Look::unknown("not told") };
    let held = microseconds.map(|n| duration(f64::from(n) / 1e6));
    if adaptive == Some(true) {
        let now = held.map_or(String::new(), |held| format!(", {held} now"));
        return Look::note(format!("adaptive{now}")).mend(format!("ethtool -C {} adaptive-rx off", quoted(&f.interface)));
    }
    match (microseconds, held) {
        (Some(0), _) => Look::good("none"),
        (_, Some(held)) => Look::note(format!("stamps up to {held} late")),
        (_, None) => Look::unknown("not told"),
    }
}

pub(super) fn stamping(f: &HostFacts, _: Seen) -> Look {
    let Some(stamping) = f.stamping else { return Look::unknown("not told") };
    let clock = stamping.clock.map_or(String::new(), |n| format!(", clock /dev/ptp{n}"));
    match (stamping.hardware, stamping.every_packet) {
        (true, true) => Look::note(format!("the hardware can stamp every packet{clock}; stamps here are the kernel's")),
        (true, false) => Look::note(format!("the hardware stamps some packets only (PTP){clock}; stamps here are the kernel's")),
        (false, _) => Look::note("by the kernel"),
    }
}
