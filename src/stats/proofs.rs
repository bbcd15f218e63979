//! Which packets prove what happened, by what it was and to whom: noted where all events come together, so that no table of what is counted needs
//! to hold them.

use super::services::closed_port;
use crate::model::evidence::SHORT_LOGIN;
use crate::model::time::SECOND;
use crate::model::{
    Address, Attempt, AttemptOutcome, CirclingFrame, ConnectionEnd, ControlBody, ControlMessage, DhcpSight, Flood, FloodSecond, KeptAlive,
    LocatedLoss, MediaNews, NetworkEvent, PathSide, Proofs, Proves, RoundTrip, ServiceKey, Sight, Sighting, Stall, StuckSegment, Subject,
    Timestamp, TlsNews, TlsSight, Transaction, TransactionEnd,
};

const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
const ACK: u8 = 5;
const NAK: u8 = 6;

/// The newest version of TLS that is old.
const OLD_TLS: u16 = 0x0302;

/// The port of QUIC.
const QUIC: u16 = 443;

/// The port of BGP.
const BGP: u16 = 179;

/// A VLAN, or the network where there is none.
fn place(vlan: Option<u16>) -> Subject {
    vlan.map_or(Subject::Network, Subject::Vlan)
}

fn service(key: ServiceKey) -> Subject {
    Subject::Service { address: key.address, port: key.port, protocol: key.protocol }
}

/// Takes in an event; `is_far` says of a round trip whether it is longer than usual.
pub fn prove(proofs: &mut Proofs, event: &NetworkEvent, is_far: impl Fn(&RoundTrip) -> bool) {
    match event {
        NetworkEvent::Sighted(seen) => sighted(proofs, seen),
        NetworkEvent::Attempt(attempt) => attempted(proofs, attempt),
        NetworkEvent::Ended(end) => ended(proofs, end),
        NetworkEvent::Transaction(t) => asked(proofs, t),
        NetworkEvent::Lost(lost) => lost_segment(proofs, lost),
        NetworkEvent::Stalled(stall) => stalled(proofs, stall),
        NetworkEvent::RoundTrip(trip) => round_trip(proofs, trip, is_far(trip)),
        NetworkEvent::Tls(seen) => tls(proofs, seen),
        NetworkEvent::Stuck(stuck) => stuck_segment(proofs, stuck),
        NetworkEvent::Silent(_) | NetworkEvent::Proxied(_) | NetworkEvent::Unread(_) | NetworkEvent::LostOrLate(_) => {}
        NetworkEvent::KeptAlive(kept) => kept_alive(proofs, kept),
        NetworkEvent::Media(news) => media(proofs, news),
        NetworkEvent::Icmp(error) => {
            if let Some([(source, _), _]) = closed_port(error) {
                proofs.note(Proves::Failed, Subject::Host(source), error.number, error.time);
            }
        }
        // Services keep those of turns themselves.
        NetworkEvent::Load(_) | NetworkEvent::Offered(_) | NetworkEvent::Turn(_) | NetworkEvent::Talks(_) => {}
    }
}

/// Takes in what was counted of frames to many in a second.
pub fn flooded(proofs: &mut Proofs, told: &FloodSecond) {
    let (vlan, time) = (Some(told.vlan & 0x0fff).filter(|id| *id != 0), Timestamp(told.second.saturating_mul(SECOND)));
    let (proves, of) = match told.kind {
        Flood::Broadcast => (Proves::Broadcasts, place(vlan)),
        Flood::LinkMulticast => (Proves::LinkMulticasts, place(vlan)),
        Flood::Pause => (Proves::Pauses, Subject::Station(told.source)),
        Flood::Stream => return,
    };
    proofs.note(proves, of, told.number, time);
}

/// Takes in a frame that circles.
pub fn circled(proofs: &mut Proofs, frame: &CirclingFrame) {
    let vlan = Some(frame.vlan & 0x0fff).filter(|id| *id != 0);
    proofs.note(Proves::Circles, place(vlan), frame.number, Timestamp(frame.second.saturating_mul(SECOND)));
}

/// Takes in a control packet; `is_news`: it told something that was not so before.
pub fn controlled(proofs: &mut Proofs, message: &ControlMessage, is_news: bool) {
    let (proves, news) = match &message.body {
        ControlBody::Neighbour(_) => (Proves::Neighbour, None),
        ControlBody::Bpdu(_) => (Proves::Tree, Some(Proves::TreeNews)),
        ControlBody::Lacp(_) => (Proves::Link, None),
        ControlBody::Gateway(_) => (Proves::Gateway, Some(Proves::GatewayNews)),
        ControlBody::Ospf(_) => (Proves::Router, Some(Proves::RouterNews)),
        ControlBody::Speaker(_) => return,
        ControlBody::Closing(told) => {
            let [a, b] = if told.sender < told.receiver { [told.sender, told.receiver] } else { [told.receiver, told.sender] };
            let session = Subject::Conversation { a, a_port: 0, b, b_port: 0, protocol: crate::model::Proto::Tcp };
            return proofs.note(Proves::Session, session, message.number, message.time);
        }
        ControlBody::Query(_) => (Proves::Query, None),
        ControlBody::Eapol(..) => (Proves::Login, None),
    };
    let place = place(message.tag.map(|tag| tag & 0x0fff).filter(|id| *id != 0));
    for proves in [Some(proves), news.filter(|_| is_news)].into_iter().flatten() {
        proofs.note(proves, place, message.number, message.time);
        if place != Subject::Network {
            proofs.note(proves, Subject::Network, message.number, message.time);
        }
    }
}

/// Takes in neighbour discovery.
fn discovered(proofs: &mut Proofs, seen: &Sighting) {
    let note = |proofs: &mut Proofs, proves, of| note(proofs, seen, proves, of);
    match seen.what {
        Sight::Solicitation { asker, target, is_to_many } => {
            if is_to_many {
                note(proofs, Proves::Asks, Subject::Station(seen.source));
                note(proofs, Proves::Asks, place(seen.vlan));
            }
            if !asker.is_unspecified() {
                let asker = Subject::Host(Address::V6(asker));
                note(proofs, Proves::Asks, asker);
                note(proofs, Proves::Sought, Subject::Host(Address::V6(target)));
                proofs.forget(Proves::Sought, asker);
            }
        }
        Sight::Advertisement { address, overrides, .. } => {
            let host = Subject::Host(Address::V6(address));
            if overrides {
                note(proofs, Proves::Claimed, host);
            }
            proofs.forget(Proves::Sought, host);
        }
        _ => {}
    }
}

/// Notes the first packet of a sighting and the last.
fn note(proofs: &mut Proofs, seen: &Sighting, proves: Proves, of: Subject) {
    let [first, last] = seen.numbers;
    proofs.note(proves, of, first, seen.last);
    proofs.note(proves, of, if last == first { 0 } else { last }, seen.last);
}

fn sighted(proofs: &mut Proofs, seen: &Sighting) {
    let mut note = |proves, of| note(proofs, seen, proves, of);
    match seen.what {
        Sight::Arp { is_reply, sender, target, .. } => {
            let (sender, target, is_known) = (Address::V4(sender), Address::V4(target), !sender.is_unspecified());
            if !is_reply || target == sender {
                note(Proves::Asks, Subject::Station(seen.source));
                note(Proves::Asks, place(seen.vlan));
            }
            if is_known {
                note(Proves::Claimed, Subject::Host(sender));
            }
            if is_known && !is_reply && target != sender {
                note(Proves::Asks, Subject::Host(sender));
                note(Proves::Sought, Subject::Host(target));
            }
            if is_known {
                proofs.forget(Proves::Sought, Subject::Host(sender));
            }
        }
        Sight::Solicitation { .. } | Sight::Advertisement { .. } => discovered(proofs, seen),
        Sight::Probe { address } => note(Proves::Claimed, Subject::Host(address)),
        Sight::Router { source, lifetime: 1.., .. } => note(Proves::Announces, Subject::Host(Address::V6(source))),
        Sight::Dhcp(DhcpSight { kind, server, .. }) => {
            let server = server.map(|server| Subject::Host(Address::V4(server)));
            match kind {
                DISCOVER => {
                    note(Proves::Discovers, Subject::Station(seen.source));
                    note(Proves::Discovers, place(seen.vlan));
                }
                OFFER | ACK => server.into_iter().for_each(|server| note(Proves::Gives, server)),
                NAK => {
                    server.into_iter().for_each(|server| note(Proves::Refuses, server));
                    note(Proves::Refuses, place(seen.vlan));
                }
                _ => {}
            }
        }
        Sight::Datagram { to, is_whole, .. } => {
            note(Proves::Fragmented, Subject::Host(to));
            if !is_whole {
                note(Proves::Broken, Subject::Host(to));
            }
        }
        Sight::Clock(answer) => {
            let server = ServiceKey { address: answer.server, port: 123, protocol: crate::model::Proto::Udp };
            note(Proves::TellsTime, service(server));
        }
        Sight::Redirect { router, .. } => note(Proves::Redirects, Subject::Host(router)),
        Sight::Echo { is_reply: false, from, .. } => note(Proves::Asks, Subject::Host(from)),
        Sight::Echo { .. }
        | Sight::Router { .. }
        | Sight::ArpCopy { .. }
        | Sight::Place { .. }
        | Sight::Join { .. }
        | Sight::Leave { .. } => {}
    }
}

fn attempted(proofs: &mut Proofs, attempt: &Attempt) {
    if !matches!(attempt.outcome, AttemptOutcome::Refused | AttemptOutcome::Unanswered) {
        return;
    }
    let client = attempt.flow.ends(attempt.way)[0].0;
    if let Some(key) = ServiceKey::of(&attempt.flow, attempt.way).filter(|_| attempt.outcome == AttemptOutcome::Unanswered) {
        proofs.note(Proves::Unfinished, service(key), attempt.number, attempt.time);
    }
    proofs.note(Proves::Failed, Subject::Host(client), attempt.number, attempt.time);
    if let (Address::V6(_), Some(key)) = (client, ServiceKey::of(&attempt.flow, attempt.way)) {
        proofs.note(Proves::FailedByIpv6, service(key), attempt.number, attempt.time);
        proofs.note(Proves::FailedByIpv6, Subject::Network, attempt.number, attempt.time);
    }
}

fn ended(proofs: &mut Proofs, end: &ConnectionEnd) {
    if end.flow.ends(end.way)[1].1 == BGP {
        proofs.note(Proves::Session, Subject::Network, end.number, end.time);
    }
    if let Some(key) = ServiceKey::of(&end.flow, end.way).filter(|_| !end.is_joined)
        && end.packets.iter().all(|packets| *packets <= SHORT_LOGIN.number())
    {
        proofs.note(Proves::Short, service(key), end.number, end.time);
    }
}

fn asked(proofs: &mut Proofs, t: &Transaction) {
    // Of TLS a hello that nothing answers.
    if let Some(key) = ServiceKey::of(&t.flow, t.way).filter(|_| t.end == TransactionEnd::Waiting) {
        proofs.note(Proves::TlsFailed, service(key), t.number, t.asked);
    }
    if t.flow.is_udp() && t.end == TransactionEnd::Unanswered && t.flow.ends(t.way)[1].1 == QUIC {
        proofs.note(Proves::QuicFailed, Subject::Network, t.number, t.asked);
    }
}

/// A loss on the clients' side, of which each client tells for itself.
fn lost_segment(proofs: &mut Proofs, lost: &LocatedLoss) {
    if lost.side() == PathSide::Client && !lost.retracted {
        let client = lost.flow.ends(lost.client)[0].0;
        proofs.note(Proves::Lost, Subject::Host(client), lost.number, lost.time);
    }
}

fn stalled(proofs: &mut Proofs, stall: &Stall) {
    proofs.note(Proves::Stalled, Subject::Host(stall.flow.ends(stall.way)[0].0), stall.number, stall.to);
}

fn round_trip(proofs: &mut Proofs, trip: &RoundTrip, is_far: bool) {
    let [(client, _), (server, _)] = trip.flow.ends(trip.way);
    let (far, receiver) = match trip.side {
        PathSide::Client => (Proves::FarClients, client),
        PathSide::Server => (Proves::FarServer, server),
    };
    if let Some(key) = ServiceKey::of(&trip.flow, trip.way).filter(|_| is_far && trip.is_prompt) {
        proofs.note(far, service(key), trip.number, trip.time);
    }
    if trip.flight.is_some() {
        proofs.note(Proves::Window, Subject::Host(receiver), trip.number, trip.time);
    }
}

fn tls(proofs: &mut Proofs, seen: &TlsSight) {
    let Some(key) = ServiceKey::of(&seen.flow, seen.way) else { return };
    let mut note = |proves, of| proofs.note(proves, of, seen.number, seen.time);
    match seen.news {
        TlsNews::Chosen { version: ..=OLD_TLS, .. } => {
            note(Proves::OldTls, service(key));
            note(Proves::OldTls, Subject::Host(seen.flow.ends(seen.way)[0].0));
        }
        TlsNews::Alert { .. } => note(Proves::TlsFailed, service(key)),
        TlsNews::Certificate { .. } => note(Proves::Certificate, service(key)),
        TlsNews::Chosen { .. } | TlsNews::Named(_) | TlsNews::Unnamed | TlsNews::Remark => {}
    }
}

fn stuck_segment(proofs: &mut Proofs, stuck: &StuckSegment) {
    for (end, _) in stuck.flow.ends(stuck.way) {
        proofs.note(Proves::Stuck, Subject::Host(end), stuck.number, stuck.time);
    }
}

fn kept_alive(proofs: &mut Proofs, kept: &KeptAlive) {
    proofs.note(Proves::KeptAlive, Subject::Host(kept.flow.ends(kept.way)[0].0), kept.number, kept.last);
}

fn media(proofs: &mut Proofs, news: &MediaNews) {
    let to = Subject::Host(news.flow.ends(news.way)[1].0);
    let [behind_gap, worst] = news.numbers;
    if news.lost > 0 {
        proofs.note(Proves::Gap, to, behind_gap, news.last);
    }
    proofs.note(Proves::Uneven, to, worst, news.last);
}
