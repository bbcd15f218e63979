//! What a switch says of itself, as evidence and as a part of what is known of it.

use crate::engine::tape::Request;
use crate::model::evidence::PortLoss;
use crate::model::{Address, Estimate, Mac, NeighbourProtocol, PortRow, SwitchIdentity, SwitchView, wilson};

/// Packets of the mirror port from which a share of them says something.
const SAMPLE: u64 = 100;

/// Its ports, as rows.
fn rows(request: &Request) -> Vec<PortRow> {
    let own: Vec<Mac> = request.host.iter().filter_map(|facts| facts.mac).collect();
    request.switch.as_ref().map(|asked| asked.rows(&own)).unwrap_or_default()
}

/// Whether what was added lately matters, not what was in all.
fn is_recent(request: &Request) -> bool {
    request.live && !request.finished
}

/// What the mirror port dropped: lately on a live port, at its end in all.
pub fn mirror_port(request: &Request) -> Option<PortLoss> {
    let rows = rows(request);
    let row = rows.iter().find(|row| row.is_mirror)?;
    let recent = is_recent(request);
    let (counts, seconds) = if recent { row.recent } else { row.added };
    let [_, sent] = counts.packets;
    let ([_, discards], [_, errors]) = (counts.discards, counts.errors);
    let offered = request.switch.as_ref().and_then(|asked| asked.offered(&rows, recent));
    (seconds > 0.0).then(|| PortLoss { port: row.port.name.clone(), discards, errors, sent, seconds, offered })
}

/// Seconds by which a switch's counters may be behind: some bring them up to date no oftener.
const COUNTERS_BEHIND: f64 = 30.0;

/// The share that it dropped. Whether dropped packets are among those sent differs between switches: the lower share is told.
pub fn loss(port: &PortLoss) -> Option<Estimate> {
    let dropped = port.dropped().saturating_sub(port.errors);
    let offered = port.sent.saturating_add(dropped);
    larger((offered >= SAMPLE).then(|| wilson(dropped, offered)), unsent(port))
}

/// The share of what was to be copied that the port never sent: of one port that is mirrored, for of several nobody knows how many copies there are to
/// be. As little as it can be where counters are behind.
fn unsent(port: &PortLoss) -> Option<Estimate> {
    let load = port.offered.filter(|load| load.is_exact() && load.packets >= SAMPLE && load.seconds > 2.0 * COUNTERS_BEHIND)?;
    let surely = (load.packets as f64 * (1.0 - COUNTERS_BEHIND / load.seconds)) as u64;
    Some(wilson(surely.saturating_sub(port.sent), load.packets))
}

/// The larger of what was measured by packets and what the switch says: it may drop copies before they reach the port.
pub fn larger(measured: Option<Estimate>, said: Option<Estimate>) -> Option<Estimate> {
    match (measured, said) {
        (Some(a), Some(b)) => Some(if b.rate > a.rate { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// Adds what the switch says to what the mirror shows of it.
pub fn add(view: &mut SwitchView, request: &Request) {
    let Some(asked) = &request.switch else { return };
    view.ports = rows(request);
    view.offered = asked.offered(&view.ports, is_recent(request));
    view.asked = Some(std::sync::Arc::clone(asked));
    // What it says of itself is sure; what LLDP says may be said by the device at the other end.
    let is_open = view.identity.as_ref().is_none_or(|identity| identity.is_likely);
    let Some(newest) = asked.newest.as_ref().filter(|answer| is_open && !answer.name.is_empty()) else { return };
    let host = asked.target.rsplit_once(':').map_or(asked.target.as_str(), |(host, _)| host);
    let management = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().ok().map(Address::from);
    let mirrored: Vec<&PortRow> = view.ports.iter().filter(|row| row.mirrored().is_some()).collect();
    view.identity = Some(SwitchIdentity {
        system: newest.name.clone(),
        port: if let [only] = mirrored.as_slice() { only.port.name.clone() } else { String::new() },
        // None where it does not say which of its ports are mirrored.
        ports: mirrored.len() as u64,
        management,
        source: NeighbourProtocol::Snmp,
        is_likely: false,
    });
    view.link.clear();
    view.unknown.clear();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OfferedLoad;

    #[test]
    fn what_is_measured_and_what_is_said() {
        let port = |discards, sent| PortLoss { port: "Gi1/0/24".into(), discards, errors: 0, sent, seconds: 10.0, offered: None };
        assert_eq!(loss(&port(50, 950)).map(|l| (l.rate, l.n)), Some((0.05, 1_000)));
        assert_eq!(loss(&port(9, 90)), None);
        let low = Some(wilson(1, 100));
        assert_eq!(larger(low, Some(wilson(5, 100))).map(|l| l.rate), Some(0.05));
        assert_eq!(larger(low, Some(wilson(0, 100))), low);
        assert_eq!(larger(None, low), low);
    }

    #[test]
    fn what_mirrored_ports_carried_and_their_mirror_never_sent() {
        let of = |ports, packets, seconds| OfferedLoad { ports, ways: 2, packets, seconds, ..OfferedLoad::default() };
        let rate = |sent, offered| {
            let port = PortLoss { port: "Gi1/0/24".into(), discards: 0, errors: 0, sent, seconds: 300.0, offered: Some(offered) };
            loss(&port).map(|l| l.rate)
        };
        // A tenth of five minutes may not be counted yet.
        assert_eq!(rate(50_000, of(1, 100_000, 300.0)), Some(0.4));
        assert_eq!(rate(91_000, of(1, 100_000, 300.0)), Some(0.0));
        // Two ports: each packet may have been copied once or twice. Ten seconds: counters may be older.
        assert_eq!((rate(50_000, of(2, 100_000, 300.0)), rate(50_000, of(1, 100_000, 10.0))), (Some(0.0), Some(0.0)));
        // What the session counts as dropped.
        assert_eq!(rate(900, OfferedLoad { drop_events: 100, ..of(2, 1_000, 10.0) }), Some(0.1));
    }
}
