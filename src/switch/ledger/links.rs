//! What the two ends of one link say of it: those that name each other by UDLD or LACP are certain to be its ends, the only two that announce
//! themselves by a protocol that no switch passes on are likely to be.

use super::trouble;
use crate::model::evidence::{SWITCH_RECENT, SwitchTrouble, SwitchTroubleKind};
use crate::model::{Episode, Mac, Neighbour, NeighbourProtocol, NeighbourRow, Subject, Timestamp};

/// What ends of links disagree about; `pairs` are addresses of both ends.
pub fn troubles(rows: &[NeighbourRow], pairs: &[[Mac; 2]], now: Timestamp, out: &mut Vec<SwitchTrouble>) {
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
    links.sort_unstable();
    links.dedup();
    let likely = [NeighbourProtocol::Cdp, NeighbourProtocol::Lldp].iter().filter_map(|protocol| only_two(rows, *protocol, now));
    let likely: Vec<[Mac; 2]> = likely.filter(|[a, b]| !links.contains(&[*a, *b]) && !links.contains(&[*b, *a])).take(1).collect();
    for ([a, b], is_likely) in links.into_iter().map(|link| (link, false)).chain(likely.into_iter().map(|link| (link, true))) {
        let latest = |mac: Mac| rows.iter().filter(move |r| r.source == mac && !r.is_gone && now.since(r.last) <= SWITCH_RECENT);
        let both = |what: fn(&Neighbour) -> Option<u64>| {
            let one = |mac| latest(mac).find_map(|row| Some((row, what(&row.told)?)));
            one(a).zip(one(b)).filter(|((_, x), (_, y))| x != y)
        };
        let mut note = |kind, what: fn(&Neighbour) -> Option<u64>| {
            let Some(((x, x_value), (y, y_value))) = both(what) else { return };
            let name = |row: &NeighbourRow| format!("{} {}", row.told.name(), row.told.port_name()).trim().to_owned();
            let span = Episode { first: x.last.min(y.last), last: x.last.max(y.last) };
            out.push(SwitchTrouble {
                who: name(x),
                other: name(y),
                measure: y_value as f64,
                is_likely,
                ..trouble(kind, Subject::Station(x.source), x_value, span)
            });
        };
        note(SwitchTroubleKind::DuplexDiffers, |told| told.link.full_duplex.map(u64::from));
        note(SwitchTroubleKind::NativeVlanDiffers, |told| told.native_vlan.map(u64::from));
    }
}

/// The only two that announce themselves by a protocol, of one port and device each, in the same place. Those that left are forgotten.
fn only_two(rows: &[NeighbourRow], protocol: NeighbourProtocol, now: Timestamp) -> Option<[Mac; 2]> {
    let mut heard = rows.iter().filter(|r| r.told.protocol == protocol && !r.is_gone && now.since(r.last) <= SWITCH_RECENT);
    let (a, b) = (heard.next()?, heard.next()?);
    let is_pair = heard.next().is_none() && a.source != b.source && a.told.name() != b.told.name() && a.tag == b.tag;
    is_pair.then_some([a.source.min(b.source), a.source.max(b.source)])
}
