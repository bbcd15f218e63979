//! Who talks: addresses and ports.

use crate::model::{Address, AppBy};
use crate::snapshot::table::{Field, FieldKind, FieldValue, Layers, Room, Rows, Sheet, TableSpec, Tint, When};
use crate::snapshot::{HostRow, Table};

/// End points of every kind.
pub static ENDPOINTS: TableSpec<HostRow> = TableSpec {
    sheets: &[
        Sheet { token: "eth", title: "Ethernet hosts", layers: Layers::ETH, paper: None, rows: |s| (&s.stats.endpoints.eth).into() },
        Sheet { token: "ip", title: "IPv4 hosts", layers: Layers::IP, paper: None, rows: |s| (&s.stats.endpoints.ip).into() },
        Sheet { token: "ipv6", title: "IPv6 hosts", layers: Layers::IPV6, paper: None, rows: |s| (&s.stats.endpoints.ipv6).into() },
        Sheet { token: "tcp", title: "TCP ports", layers: Layers::TCP, paper: None, rows: |s| (&s.stats.endpoints.tcp).into() },
        Sheet { token: "udp", title: "UDP ports", layers: Layers::UDP, paper: None, rows: |s| (&s.stats.endpoints.udp).into() },
        Sheet { token: "sctp", title: "SCTP ports", layers: Layers::SCTP, paper: None, rows: |s| (&s.stats.endpoints.sctp).into() },
    ],
    fields: FIELDS,
    weight: |h| h.total().wire_bytes,
    lead: |h| h.address.leading_bits(),
    ..TableSpec::new("endpoints", "host", "wire_bytes", |x, y| (x.address, x.port).cmp(&(y.address, y.port)))
};

/// Hosts as reports for people have them: groups are none, and stand in [`GROUPS`].
pub static HOSTS: TableSpec<HostRow> = TableSpec {
    sheets: &[
        Sheet { token: "eth", title: "Ethernet hosts", layers: Layers::ETH, paper: Some(2), rows: |s| part(&s.stats.endpoints.eth, false) },
        Sheet { token: "ip", title: "IPv4 hosts", layers: Layers::IP, paper: Some(0), rows: |s| part(&s.stats.endpoints.ip, false) },
        Sheet { token: "ipv6", title: "IPv6 hosts", layers: Layers::IPV6, paper: Some(1), rows: |s| part(&s.stats.endpoints.ipv6, false) },
    ],
    fields: FIELDS,
    in_json: false,
    ..TableSpec::new("hosts", "host", "wire_bytes", |x, y| (x.address, x.port).cmp(&(y.address, y.port)))
};

/// Groups, in the same way: whom nobody is.
pub static GROUPS: TableSpec<HostRow> = TableSpec {
    sheets: &[
        Sheet { token: "eth", title: "Ethernet groups", layers: Layers::ETH, paper: Some(2), rows: |s| part(&s.stats.endpoints.eth, true) },
        Sheet { token: "ip", title: "IPv4 groups", layers: Layers::IP, paper: Some(0), rows: |s| part(&s.stats.endpoints.ip, true) },
        Sheet { token: "ipv6", title: "IPv6 groups", layers: Layers::IPV6, paper: Some(1), rows: |s| part(&s.stats.endpoints.ipv6, true) },
    ],
    fields: FIELDS,
    in_json: false,
    ..TableSpec::new("host_groups", "group", "wire_bytes", |x, y| (x.address, x.port).cmp(&(y.address, y.port)))
};

/// Whether an address is no host's: that of a group, or of who has none yet.
pub fn is_apart(address: Address) -> bool {
    address.is_group() || address.ip().is_some_and(|ip| ip.is_unspecified())
}

/// The rows of a table that are groups, or are not; what is not among its rows is counted with the hosts.
fn part(table: &Table<HostRow>, groups: bool) -> Rows<'_, HostRow> {
    let rows: Vec<HostRow> = table.rows.iter().filter(|row| is_apart(row.address) == groups).cloned().collect();
    if groups {
        return Rows::of(rows);
    }
    let apart = (table.rows.len() - rows.len()) as u64;
    Rows { rows: rows.into(), total_rows: table.total_rows.saturating_sub(apart), other: table.other, other_rows: table.other_rows }
}

const FIELDS: &[Field<HostRow>] = &[
    Field::address("address", "Address", |h: &HostRow| h.address).no_screen().paper(0, Room::Cut).searched(false),
    Field::port("port", "Port", |h: &HostRow| h.port.into()).machine().of(Layers::PORTS),
    Field::count("packets", "Packets", |h: &HostRow| h.total().packets).paper(1, Room::Fixed).screen(8, "packets", 8),
    Field::bytes("wire_bytes", "Volume", |h: &HostRow| h.total().wire_bytes).paper(4, Room::Fixed).screen(7, "bytes", 5).when(When::Live),
    Field::count("tx_packets", "Packets sent", |h: &HostRow| h.tx.packets).machine(),
    Field::bytes("tx_wire_bytes", "Sent", |h: &HostRow| h.tx.wire_bytes).no_screen().paper(2, Room::Fixed),
    Field::count("rx_packets", "Packets received", |h: &HostRow| h.rx.packets).machine(),
    Field::bytes("rx_wire_bytes", "Received", |h: &HostRow| h.rx.wire_bytes).no_screen().paper(3, Room::Fixed),
    Field::new("local", "Side", FieldKind::Side, |h: &HostRow| h.inside.map_or(FieldValue::None, FieldValue::Flag))
        .no_paper()
        .screen(1, "side", 6)
        .wide(7, 7)
        .tint(Tint::Dim)
        .sorts("")
        .of(Layers::ALL),
    Field::app("app", "App", |h: &HostRow| h.app).no_paper().no_screen().of(Layers::PORTS),
    Field::word("app_by", "App known by", |h: &HostRow| h.app_by.map(AppBy::token)).machine().one_of(&AppBy::TOKENS).of(Layers::PORTS),
    // What content told, else what an address's port is usually for.
    Field::new("speaks", "App", FieldKind::App, speaks)
        .people()
        .no_paper()
        .screen(1, "app", 2)
        .wide(6, 14)
        .sorts("app")
        .searched(false)
        .of(Layers::PORTS),
    Field::time("start", "Start", |h: &HostRow| h.first).machine().no_json().screen(12, "start", 12),
    Field::vlans("vlans", "VLANs", |h: &HostRow| h.vlans.ids()).people().no_paper().screen(11, "vlan", 10).sorts("").searched(false),
    Field::span("duration", "Duration", |h: &HostRow| h.last.since(h.first)).no_json().no_paper().screen(9, "seen", 9),
    Field::new("end", "Host", FieldKind::End, end).people().no_paper().screen(0, "host", 0).of(Layers::ETH.or(Layers::ADDRESSES)),
    Field::new("end_port", "Port", FieldKind::End, end).people().no_paper().screen(0, "port", 0).of(Layers::PORTS).sorts("end"),
    Field::new("maker", "Maker", FieldKind::Maker, |h: &HostRow| FieldValue::Address(h.address))
        .people()
        .no_paper()
        .screen(1, "maker", 6)
        .wide(10, 26)
        .tint(Tint::Dim)
        .sorts("")
        .of(Layers::ETH),
    Field::new("rate", "Rate", FieldKind::Rate, load).people().no_paper().screen(2, "rate", 1),
    Field::new("share", "Share of bytes", FieldKind::Share, |h: &HostRow| FieldValue::Load { total: h.part(), recent: h.recent() })
        .people()
        .paper(5, Room::Fixed)
        .screen(3, "share", 4)
        .sorts(""),
    Field::new("sends", "Sends", FieldKind::Rate, |h: &HostRow| FieldValue::Load { total: h.tx, recent: h.recent_tx })
        .people()
        .no_paper()
        .screen(4, "sends", 2)
        .tint(Tint::Out)
        .sorts("tx_wire_bytes"),
    Field::new("receives", "Receives", FieldKind::Rate, |h: &HostRow| FieldValue::Load { total: h.rx, recent: h.recent_rx })
        .people()
        .no_paper()
        .screen(5, "receives", 2)
        .wide(10, 10)
        .tint(Tint::In)
        .sorts("rx_wire_bytes"),
    Field::new("packet_rate", "Packet rate", FieldKind::PacketRate, load).people().no_paper().screen(6, "pps", 7).when(When::Live),
];

fn speaks(h: &HostRow) -> FieldValue<'_> {
    match (h.app, h.app_by) {
        (Some(app), Some(AppBy::Content)) => FieldValue::Word(app),
        (app, _) => app.map_or(FieldValue::None, FieldValue::Guess),
    }
}

fn load(h: &HostRow) -> FieldValue<'_> {
    FieldValue::Load { total: h.total(), recent: h.recent() }
}

fn end(h: &HostRow) -> FieldValue<'_> {
    FieldValue::End(h.address, h.port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Timestamp, Traffic};
    use crate::snapshot::Snapshot;

    fn host(address: [u8; 4], itself: u64) -> HostRow {
        let some = |wire_bytes| Traffic { packets: 1, wire_bytes };
        HostRow {
            address: Address::V4(address.into()),
            port: 0,
            tx: some(100),
            rx: some(100),
            recent_tx: some(0),
            recent_rx: some(0),
            first: Timestamp(0),
            last: Timestamp(1),
            inside: None,
            app_by: None,
            app: None,
            vlans: Default::default(),
            peers: 1,
            itself: Traffic { packets: u64::from(itself > 0), wire_bytes: itself },
        }
    }

    #[test]
    fn who_talks_to_itself_has_no_more_than_everything() {
        assert_eq!(host([127, 0, 0, 1], 100).part(), Traffic { packets: 1, wire_bytes: 100 });
        assert_eq!(host([10, 0, 0, 1], 0).part(), Traffic { packets: 2, wire_bytes: 200 });
    }

    #[test]
    fn every_end_point_stands_with_the_hosts_or_with_the_groups() {
        let mut s = Snapshot::default();
        let table = &mut s.stats.endpoints.ip;
        table.rows = [[10, 0, 0, 1], [239, 1, 2, 3], [255, 255, 255, 255], [0, 0, 0, 0], [10, 0, 0, 2]].map(|a| host(a, 0)).into();
        (table.total_rows, table.other_rows) = (9, 4);
        let of = |spec: &TableSpec<HostRow>| (spec.sheets[1].rows)(&s).total_rows;
        assert_eq!((of(&HOSTS), of(&GROUPS)), (6, 3), "what is no longer kept is counted with the hosts");
        assert_eq!((HOSTS.sheets[1].rows)(&s).rows.len(), 2);
    }
}
