//! What the two ends of one link say of it: where each names the other by UDLD or LACP it is certain that they are its ends, and probable
//! where nobody else says who it is.

use super::{identity, trouble};
use crate::model::Arrange as _;
use crate::model::evidence::{SWITCH_RECENT, SwitchTrouble, SwitchTroubleKind};
use crate::model::time::SECOND;
use crate::model::{Episode, Mac, Neighbour, NeighbourProtocol, NeighbourRow, Subject, Timestamp};

/// Packets, and nanoseconds from the first to the last, in which nobody but both announced himself.
const PROBABLE_PACKETS: u64 = 3;
const PROBABLE_FOR: i64 = 60 * SECOND;

/// What ends of links disagree about; `pairs` are addresses of both ends.
/// `is_one_place`: no mirror session brought them, which may be of several ports.
pub fn troubles(rows: &[NeighbourRow], pairs: &[[Mac; 2]], is_one_place: bool, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
    let heard = |row: &NeighbourRow, other: &NeighbourRow| {
        row.told.heard.iter().any(|(device, port)| *device == other.told.chassis && *port == other.told.port)
    };
    let udld: Vec<&NeighbourRow> = rows.iter().filter(|r| r.told.protocol == NeighbourProtocol::Udld).collect();
    let mut links: Vec<[Mac; 2]> = pairs.to_vec();
    for (at, a) in udld.iter().enumerate() {
        for b in udld.iter().skip(at + 1).filter(|b| heard(a, b) && heard(b, a)) {
            links.push([a.source, b.source]);
        }
    }
    links.arrange();
    links.dedup();
    let lately: Vec<&NeighbourRow> = rows.iter().filter(|r| !r.is_gone && now.since(r.last) <= SWITCH_RECENT).collect();
    for [a, b] in &links {
        compare(&lately, [&|row| row.source == *a, &|row| row.source == *b], true, out);
    }
    // A few packets say too little of who is there.
    let is_known = |r: &&NeighbourRow| r.packets >= PROBABLE_PACKETS && r.last.since(r.first) >= PROBABLE_FOR;
    if links.is_empty()
        && is_one_place
        && lately.iter().all(is_known)
        && let Some([a, b]) = identity::ends(rows)
    {
        compare(&lately, [&|row| identity::is_of(row, a), &|row| identity::is_of(row, b)], false, out);
    }
}

/// Compares what both ends say, each known by its rows.
fn compare(rows: &[&NeighbourRow], ends: [&dyn Fn(&NeighbourRow) -> bool; 2], is_certain: bool, out: &mut Vec<SwitchTrouble>) {
    type Said = fn(&Neighbour) -> Option<u64>;
    let mut note = |kind, what: Said| {
        let one =
            |is_end: &dyn Fn(&NeighbourRow) -> bool| rows.iter().filter(|row| is_end(row)).find_map(|row| Some((*row, what(&row.told)?)));
        let (Some((x, x_value)), Some((y, y_value))) = (one(ends[0]), one(ends[1])) else { return };
        if x_value == y_value {
            return;
        }
        let name = |row: &NeighbourRow| format!("{} {}", row.told.name(), row.told.port_name()).trim().to_owned();
        let span = Episode { first: x.last.min(y.last), last: x.last.max(y.last) };
        out.push(SwitchTrouble {
            who: name(x),
            other: name(y),
            measure: y_value as f64,
            recent: u64::from(is_certain),
            ..trouble(kind, Subject::Station(x.source), x_value, span)
        });
    };
    note(SwitchTroubleKind::DuplexDiffers, |told| told.link.full_duplex.map(u64::from));
    note(SwitchTroubleKind::NativeVlanDiffers, |told| told.native_vlan.map(u64::from));
}
