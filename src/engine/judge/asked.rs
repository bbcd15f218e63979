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

/// What the mirror port dropped: lately on a live port, at its end in all.
pub fn mirror_port(request: &Request) -> Option<PortLoss> {
    let row = rows(request).into_iter().find(|row| row.is_mirror)?;
    let recent = request.live && !request.finished;
    let (counts, seconds) = if recent { row.recent } else { row.added };
    let [_, sent] = counts.packets;
    let ([_, discards], [_, errors]) = (counts.discards, counts.errors);
    (seconds > 0.0).then(|| PortLoss { port: row.port.name.clone(), discards, errors, sent, seconds })
}

/// The share that it dropped. Whether dropped packets are among those sent differs between switches: the lower share is told.
pub fn loss(port: &PortLoss) -> Option<Estimate> {
    let offered = port.sent.saturating_add(port.discards);
    (offered >= SAMPLE).then(|| wilson(port.discards, offered))
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
    view.asked = Some(std::sync::Arc::clone(asked));
    let Some(newest) = asked.newest.as_ref().filter(|answer| view.identity.is_none() && !answer.name.is_empty()) else { return };
    let host = asked.target.rsplit_once(':').map_or(asked.target.as_str(), |(host, _)| host);
    let management = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().ok().map(Address::from);
    view.identity = Some(SwitchIdentity {
        system: newest.name.clone(),
        port: String::new(),
        // Which of its ports are mirrored it does not say.
        ports: 0,
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

    #[test]
    fn what_is_measured_and_what_is_said() {
        let port = |discards, sent| PortLoss { port: "Gi1/0/24".into(), discards, errors: 0, sent, seconds: 10.0 };
        assert_eq!(loss(&port(50, 950)).map(|l| (l.rate, l.n)), Some((0.05, 1_000)));
        assert_eq!(loss(&port(9, 90)), None);
        let low = Some(wilson(1, 100));
        assert_eq!(larger(low, Some(wilson(5, 100))).map(|l| l.rate), Some(0.05));
        assert_eq!(larger(low, Some(wilson(0, 100))), low);
        assert_eq!(larger(None, low), low);
    }
}
