//! Who talks to whom.

use crate::model::path::Layer;
use crate::model::{Address, AnalysisFlags, AppBy, Direction, Proto, RoundTripFigures, SideTrips, Timestamp};
use crate::snapshot::table::{Ends, Field, FieldKind, FieldValue, Layers, NO_SPAN, Room, Sheet, TableSpec, Tint, When};
use crate::snapshot::{ConnectionEnding, Conversation, Traffic, Transfer, rate_while_active};
use std::cmp::Ordering;

/// Conversations of every kind.
pub static CONVERSATIONS: TableSpec<Conversation> = TableSpec {
    sheets: &[
        Sheet {
            token: "eth",
            title: "Ethernet conversations",
            layers: Layers::ETH,
            paper: Some(5),
            rows: |s| (&s.stats.conversations.eth).into(),
        },
        Sheet {
            token: "ip",
            title: "IPv4 conversations",
            layers: Layers::IP,
            paper: Some(3),
            rows: |s| (&s.stats.conversations.ip).into(),
        },
        Sheet {
            token: "ipv6",
            title: "IPv6 conversations",
            layers: Layers::IPV6,
            paper: Some(4),
            rows: |s| (&s.stats.conversations.ipv6).into(),
        },
        Sheet {
            token: "tcp",
            title: "TCP conversations",
            layers: Layers::TCP,
            paper: Some(0),
            rows: |s| (&s.stats.conversations.tcp).into(),
        },
        Sheet {
            token: "udp",
            title: "UDP conversations",
            layers: Layers::UDP,
            paper: Some(1),
            rows: |s| (&s.stats.conversations.udp).into(),
        },
        Sheet {
            token: "sctp",
            title: "SCTP conversations",
            layers: Layers::SCTP,
            paper: Some(2),
            rows: |s| (&s.stats.conversations.sctp).into(),
        },
    ],
    fields: FIELDS,
    weight: |c| c.total().wire_bytes,
    lead: |c| c.a.leading_bits(),
    ..TableSpec::new("conversations", "conversation", "wire_bytes", by_ends)
};

/// JSON and CSV have the fields in this order, reports and screens by their places.
const FIELDS: &[Field<Conversation>] = &[
    Field::address("a", "A", |c: &Conversation| c.a).machine(),
    Field::port("a_port", "A port", |c: &Conversation| c.a_port.into()).machine().of(Layers::PORTS),
    Field::address("b", "B", |c: &Conversation| c.b).machine(),
    Field::port("b_port", "B port", |c: &Conversation| c.b_port.into()).machine().of(Layers::PORTS),
    Field::count("packets", "Packets", |c: &Conversation| c.total().packets).paper(3, Room::Fixed).screen(8, "packets", 9),
    Field::bytes("wire_bytes", "Volume", |c: &Conversation| c.total().wire_bytes)
        .paper(6, Room::Fixed)
        .screen(7, "bytes", 7)
        .when(When::Live),
    Field::count("packets_ab", "Packets A to B", |c: &Conversation| c.ab.packets).machine(),
    Field::bytes("wire_bytes_ab", "Bytes A to B", |c: &Conversation| c.ab.wire_bytes).machine(),
    Field::count("packets_ba", "Packets B to A", |c: &Conversation| c.ba.packets).machine(),
    Field::bytes("wire_bytes_ba", "Bytes B to A", |c: &Conversation| c.ba.wire_bytes).machine(),
    Field::time("start", "Start", Conversation::beginning).or_null().machine().screen(16, "start", 13),
    Field::span("duration", "Duration", lasted).or_null().paper(8, Room::Dropped(1)).screen(9, "lasted", 10),
    Field::word("originator", "Originator", |c: &Conversation| Some(if c.originator_is_a { "a" } else { "b" })).machine(),
    Field::app("app", "App", |c: &Conversation| c.app).machine().searched(true),
    Field::word("app_by", "App known by", |c: &Conversation| c.app_by.map(AppBy::token)).machine().one_of(&AppBy::TOKENS),
    Field::text("server_name", "Server name", |c: &Conversation| c.server_name.as_deref())
        .machine()
        .no_csv()
        .screen(2, "server name", 6)
        .wide(12, 40),
    Field::state("state", "State", |c: &Conversation| c.state)
        .paper(9, Room::Fixed)
        .optional()
        .screen(2, "state", 6)
        .wide(9, 9)
        .of(Layers::TCP),
    Field::word("ended", "Ended", |c: &Conversation| c.ended.map(ConnectionEnding::token)).machine().no_csv().of(Layers::TCP),
    Field::word("by", "Ended by", |c: &Conversation| c.ended.and_then(ConnectionEnding::by)).machine().no_csv().of(Layers::TCP),
    Field::word("cut_in", "Cut in", |c: &Conversation| c.ended.and_then(ConnectionEnding::phase)).machine().no_csv().of(Layers::TCP),
    Field::new("syn", "SYNs", FieldKind::Count, |c: &Conversation| control(c, 0)).machine().no_csv().of(Layers::TCP),
    Field::new("syn_ack", "SYN-ACKs", FieldKind::Count, |c: &Conversation| control(c, 1)).machine().no_csv().of(Layers::TCP),
    Field::new("fin", "FINs", FieldKind::Count, |c: &Conversation| control(c, 2)).machine().no_csv().of(Layers::TCP),
    Field::new("reset", "Resets", FieldKind::Count, |c: &Conversation| control(c, 3)).machine().no_csv().of(Layers::TCP),
    Field::new("data_segments", "Segments with data", FieldKind::Count, |c: &Conversation| {
        FieldValue::count(c.tcp.as_ref().map(|tcp| tcp.data_segments))
    })
    .machine()
    .no_csv()
    .of(Layers::TCP),
    // The report's first form promised the plural.
    Field::new("retransmissions", "Retransmissions", FieldKind::Count, |c: &Conversation| flagged(c, AnalysisFlags::RETRANSMISSION))
        .machine()
        .of(Layers::TCP),
    Field::new("retransmission", "Retransmissions", FieldKind::Count, |c: &Conversation| flagged(c, AnalysisFlags::RETRANSMISSION))
        .machine()
        .no_csv()
        .of(Layers::TCP),
    Field::new("fast_retransmission", "Fast retransmissions", FieldKind::Count, |c: &Conversation| {
        flagged(c, AnalysisFlags::FAST_RETRANSMISSION)
    })
    .machine()
    .no_csv()
    .of(Layers::TCP),
    Field::new("spurious_retransmission", "Spurious retransmissions", FieldKind::Count, |c: &Conversation| {
        flagged(c, AnalysisFlags::SPURIOUS_RETRANSMISSION)
    })
    .machine()
    .no_csv()
    .of(Layers::TCP),
    Field::new("out_of_order", "Out of order", FieldKind::Count, |c: &Conversation| flagged(c, AnalysisFlags::OUT_OF_ORDER))
        .machine()
        .no_csv()
        .of(Layers::TCP),
    Field::new("duplicate_ack", "Duplicate ACKs", FieldKind::Count, |c: &Conversation| flagged(c, AnalysisFlags::DUPLICATE_ACK))
        .machine()
        .no_csv()
        .of(Layers::TCP),
    Field::new("lost_segment", "Segments not seen", FieldKind::Count, |c: &Conversation| flagged(c, AnalysisFlags::LOST_SEGMENT))
        .machine()
        .no_csv()
        .of(Layers::TCP),
    Field::new("ack_lost_segment", "ACKs of segments not seen", FieldKind::Count, |c: &Conversation| {
        flagged(c, AnalysisFlags::ACK_LOST_SEGMENT)
    })
    .machine()
    .no_csv()
    .of(Layers::TCP),
    Field::new("zero_window", "Zero windows", FieldKind::Count, |c: &Conversation| flagged(c, AnalysisFlags::ZERO_WINDOW))
        .machine()
        .no_csv()
        .screen(19, "zero window", 16)
        .wide(11, 11)
        .of(Layers::TCP),
    Field::new("zero_window_probe", "Zero window probes", FieldKind::Count, |c: &Conversation| {
        flagged(c, AnalysisFlags::ZERO_WINDOW_PROBE)
    })
    .machine()
    .no_csv()
    .of(Layers::TCP),
    Field::new("zero_window_probe_ack", "Zero window probe ACKs", FieldKind::Count, |c: &Conversation| {
        flagged(c, AnalysisFlags::ZERO_WINDOW_PROBE_ACK)
    })
    .machine()
    .no_csv()
    .of(Layers::TCP),
    Field::new("window_full", "Windows full", FieldKind::Count, |c: &Conversation| flagged(c, AnalysisFlags::WINDOW_FULL))
        .machine()
        .no_csv()
        .of(Layers::TCP),
    Field::new("window_update", "Window updates", FieldKind::Count, |c: &Conversation| flagged(c, AnalysisFlags::WINDOW_UPDATE))
        .machine()
        .no_csv()
        .of(Layers::TCP),
    Field::new("keep_alive", "Keep-alives", FieldKind::Count, |c: &Conversation| flagged(c, AnalysisFlags::KEEP_ALIVE))
        .machine()
        .no_csv()
        .of(Layers::TCP),
    Field::new("keep_alive_ack", "Keep-alive ACKs", FieldKind::Count, |c: &Conversation| flagged(c, AnalysisFlags::KEEP_ALIVE_ACK))
        .machine()
        .no_csv()
        .of(Layers::TCP),
    Field::new("reused_ports", "Reused ports", FieldKind::Count, |c: &Conversation| flagged(c, AnalysisFlags::REUSED_PORTS))
        .machine()
        .no_csv()
        .of(Layers::TCP),
    Field::new("handshake_rtt", "Handshake", FieldKind::Span, handshake_rtt).machine().no_csv().of(Layers::TCP),
    Field::new("rtt", "Round trips", FieldKind::Trips, |c: &Conversation| {
        trips(c).map_or(FieldValue::None, |(t, way)| FieldValue::Trips(t, way))
    })
    .machine()
    .no_csv()
    .sorts("")
    .of(Layers::TCP),
    Field::new("handshake", "Handshake halves", FieldKind::Trips, |c: &Conversation| {
        trips(c).filter(|(t, _)| t.handshake.iter().any(Option::is_some)).map_or(FieldValue::None, |(t, way)| FieldValue::Handshake(t, way))
    })
    .machine()
    .no_csv()
    .sorts("")
    .of(Layers::TCP),
    Field::new("loss", "Segments lost", FieldKind::Trips, losses).machine().no_csv().sorts("").of(Layers::TCP),
    Field::new("turns", "Turns", FieldKind::Trips, turns).machine().no_csv().sorts("").of(Layers::TCP),
    Field::new("transfer", "What was carried", FieldKind::Trips, |c: &Conversation| {
        c.transfers().map_or(FieldValue::None, FieldValue::Transfers)
    })
    .machine()
    .no_csv()
    .sorts("")
    .of(Layers::TCP),
    Field::new("retrans", "Retransmitted", FieldKind::Ratio, retransmitted)
        .people()
        .no_paper()
        .screen(11, "retrans", 4)
        .wide(9, 9)
        .tint(Tint::Warn)
        .of(Layers::TCP),
    Field::new("client_rtt", "RTT client side", FieldKind::Span, |c: &Conversation| side_rtt(c, 0))
        .no_json()
        .no_paper()
        .screen(13, "rtt client", 6)
        .wide(10, 10)
        .of(Layers::TCP),
    Field::new("server_rtt", "RTT server side", FieldKind::Span, |c: &Conversation| side_rtt(c, 1))
        .no_json()
        .no_paper()
        .screen(12, "rtt server", 5)
        .wide(10, 10)
        .of(Layers::TCP),
    Field::new("queueing", "Queueing", FieldKind::Span, queueing).people().no_paper().screen(20, "queueing", 17).wide(8, 8).of(Layers::TCP),
    Field::new("goodput", "Goodput", FieldKind::BitRate, goodput).people().no_paper().screen(21, "goodput", 18).wide(9, 9).of(Layers::TCP),
    Field::vlans("vlans", "VLANs", |c: &Conversation| c.vlans.ids()).no_paper().screen(10, "vlan", 11).sorts(""),
    Field::new("protocols", "Protocols", FieldKind::Path, |c: &Conversation| FieldValue::Path(c.path)).machine().no_json().searched(true),
    Field::new("from", "From", FieldKind::End, |c: &Conversation| end(c, true)).people().no_screen().searched(false).paper(0, Room::Cut),
    Field::new("to", "To", FieldKind::End, |c: &Conversation| end(c, false)).people().no_screen().searched(false).paper(1, Room::Cut),
    Field::new("spoken", "App", FieldKind::App, spoken).people().no_screen().searched(false).paper(2, Room::Fixed).optional().sorts("app"),
    Field::bytes("sent", "Sent", |c: &Conversation| ways(c)[0].wire_bytes)
        .people()
        .screen(14, "sent", 12)
        .tint(Tint::Out)
        .paper(4, Room::Dropped(2)),
    Field::bytes("received", "Received", |c: &Conversation| ways(c)[1].wire_bytes)
        .people()
        .screen(15, "received", 12)
        .tint(Tint::In)
        .paper(5, Room::Dropped(2)),
    Field::new("percent", "Share", FieldKind::Percent, load).people().no_screen().paper(7, Room::Fixed).sorts(""),
    Field::new("ends", "Conversation", FieldKind::Ends, ends).people().no_paper().screen(0, "conversation", 0),
    Field::new("speaks", "Speaks", FieldKind::App, speaks).people().no_paper().screen(1, "app", 2).wide(6, 16).sorts("app").searched(false),
    Field::new("rate", "Rate", FieldKind::Rate, load).people().no_paper().screen(3, "rate", 1),
    Field::new("share", "Share", FieldKind::Share, load).people().no_paper().screen(4, "share", 7).tint(Tint::App).sorts(""),
    Field::new("mean_rate", "Rate while active", FieldKind::BitRate, |c: &Conversation| {
        rate_while_active(c.total(), c.duration()).map_or(FieldValue::None, FieldValue::Real)
    })
    .people()
    .no_paper()
    .screen(5, "while active", 8)
    .wide(12, 12)
    .when(When::File)
    .sorts(""),
    Field::new("packet_rate", "Packet rate", FieldKind::PacketRate, load).people().no_paper().screen(6, "pps", 8).when(When::Live),
];

fn by_ends(x: &Conversation, y: &Conversation) -> Ordering {
    (x.a, x.a_port, x.b, x.b_port).cmp(&(y.a, y.a_port, y.b, y.b_port)).then_with(|| x.first.cmp(&y.first))
}

/// Packets with a flag of Wireshark's TCP analysis.
fn flagged(c: &Conversation, flag: AnalysisFlags) -> FieldValue<'_> {
    FieldValue::count(c.tcp.as_ref().map(|tcp| tcp.of(flag)))
}

/// Packets with SYN, with SYN and ACK, FIN, RST.
fn control(c: &Conversation, place: usize) -> FieldValue<'_> {
    FieldValue::count(c.tcp.as_ref().and_then(|tcp| tcp.control.get(place).copied()).map(u64::from))
}

/// The part of a connection's segments with data, SYN or FIN that were sent again, as Wireshark counts them.
fn retransmitted(c: &Conversation) -> FieldValue<'_> {
    c.tcp.as_ref().map_or(FieldValue::None, |tcp| FieldValue::Real(tcp.retransmitted()))
}

/// Round trips, where there are any, and in which direction the client sends.
fn trips(c: &Conversation) -> Option<(&RoundTripFigures, Direction)> {
    let way = if c.originator_is_a { Direction::AToB } else { Direction::BToA };
    c.tcp.as_ref().map(|tcp| (&tcp.round_trips, way)).filter(|(trips, _)| trips.sides.iter().any(|side| side.count > 0))
}

/// What was lost in the network; of one direction alone nobody can tell.
fn losses(c: &Conversation) -> FieldValue<'_> {
    let way = if c.originator_is_a { Direction::AToB } else { Direction::BToA };
    let tcp = c.tcp.as_ref().filter(|_| c.ab.packets > 0 && c.ba.packets > 0);
    tcp.map_or(FieldValue::None, |tcp| {
        let (lost, side) = tcp.losses(way);
        FieldValue::Losses(lost, side)
    })
}

fn turns(c: &Conversation) -> FieldValue<'_> {
    c.turns().map_or(FieldValue::None, |turns| FieldValue::Turns(*turns))
}

/// The median round trip between the mirrored port and the client (0) or the server (1); the least where there is no median.
fn side_rtt(c: &Conversation, side: usize) -> FieldValue<'_> {
    let of = trips(c).and_then(|(trips, way)| trips.sides.get(way as usize ^ side)).filter(|side| side.count > 0);
    of.map_or(FieldValue::None, |side| FieldValue::Span(side.quantiles.map_or(side.min, |[median, _]| median)))
}

/// The end that carried more.
fn larger(c: &Conversation) -> Option<Transfer> {
    c.transfers()?.into_iter().flatten().max_by_key(|transfer| transfer.carried.bytes)
}

/// Of the larger transfer what arrived, per second.
fn goodput(c: &Conversation) -> FieldValue<'_> {
    larger(c).and_then(|transfer| transfer.rates).map_or(FieldValue::None, |[_, arrived]| FieldValue::Real(arrived))
}

/// What queues add to the round trip, on both sides of the mirrored port.
fn queueing(c: &Conversation) -> FieldValue<'_> {
    let added =
        trips(c).map(|(trips, _)| trips.sides.iter().filter_map(SideTrips::queueing)).and_then(|sides| sides.reduce(i64::saturating_add));
    added.map_or(FieldValue::None, FieldValue::Span)
}

/// From its first to its last packet.
fn lasted(c: &Conversation) -> i64 {
    if c.first == Timestamp::UNKNOWN { NO_SPAN } else { c.last.since(c.first) }
}

/// From the SYN to the first acknowledgement without one.
fn handshake_rtt(c: &Conversation) -> FieldValue<'_> {
    c.tcp.as_ref().and_then(|tcp| tcp.initial_rtt).map_or(FieldValue::None, FieldValue::Span)
}

fn load(c: &Conversation) -> FieldValue<'_> {
    FieldValue::Load { total: c.total(), recent: c.recent() }
}

/// What the originator sent, and what it received.
fn ways(c: &Conversation) -> [Traffic; 2] {
    if c.originator_is_a { [c.ab, c.ba] } else { [c.ba, c.ab] }
}

/// The originator's end, or the other.
fn end(c: &Conversation, originator: bool) -> FieldValue<'static> {
    let (address, port): (Address, u16) = if c.originator_is_a == originator { (c.a, c.a_port) } else { (c.b, c.b_port) };
    FieldValue::End(address, port)
}

fn ends(c: &Conversation) -> FieldValue<'_> {
    let [sent, received] = ways(c);
    let (a, b) = ((c.a, c.a_port), (c.b, c.b_port));
    let (first, second) = if c.originator_is_a { (a, b) } else { (b, a) };
    FieldValue::Ends(Ends { first, second, forth: sent.packets > 0, back: received.packets > 0 })
}

/// The application; one that only its port tells is a guess.
fn app(c: &Conversation) -> FieldValue<'_> {
    match (c.app, c.app_by) {
        (Some(app), Some(AppBy::Port)) => FieldValue::Guess(app),
        (app, _) => FieldValue::word(app),
    }
}

/// The application, or the innermost protocol where there is none, with the port that is the server's.
fn speaks(c: &Conversation) -> FieldValue<'_> {
    match (app(c), c.path.last()) {
        (FieldValue::None, None) => FieldValue::None,
        (FieldValue::None, Some(layer)) if c.ports > 0 => FieldValue::Ports(layer, c.ports),
        (FieldValue::None, Some(layer)) => match server_port(c) {
            Some(port) if has_ports(layer) => FieldValue::PortOf(layer, port),
            _ => FieldValue::Layer(layer),
        },
        (app, _) => app,
    }
}

/// The same in reports, where only conversations with ports speak something.
fn spoken(c: &Conversation) -> FieldValue<'_> {
    if c.ports > 0 || server_port(c).is_some() { speaks(c) } else { app(c) }
}

fn has_ports(layer: Layer) -> bool {
    matches!(layer, Layer::Known(Proto::Tcp | Proto::Udp | Proto::Sctp))
}

/// The port that was asked: the other one's of whoever began. Where no beginning was seen a port that systems give to clients is none.
fn server_port(c: &Conversation) -> Option<u16> {
    const GIVEN_TO_CLIENTS: u16 = 32_768;
    let (asked, asking) = if c.originator_is_a { (c.b_port, c.a_port) } else { (c.a_port, c.b_port) };
    let is_turned = !c.is_begun() && asked >= GIVEN_TO_CLIENTS && asking < GIVEN_TO_CLIENTS;
    Some(if is_turned { asking } else { asked }).filter(|port| *port > 0)
}
