//! The health of the made-up mirror.

use super::model::host::{Check, Checklist, Rating};
use super::model::{
    Address, Episode, Estimate, Finding, Proto, Sampling, Session, Severity, StampKind, StampPort, Stamps, Subject, Traffic, Tunnel,
    TunnelKind, Value, Verdict,
};
use super::snapshot::{DuplicateClass, Duplicates, Forgotten, LossLedger, Mirror, Sides, Trust, TrustPart, TunnelRow};
use super::{HISTORY, at, part, table};
use std::net::Ipv4Addr;

pub fn findings(second: i64) -> Vec<Finding> {
    let finding = |id, severity, title: &str, evidence: Vec<(&'static str, Value)>, since: i64, active| {
        Finding {
        evidence,
        cause: "The source of the mirror session lists both the port and its VLAN, so that the switch copies every frame once for each of them.".into(),
        remedy: "Mirror the ports or the VLAN, not both. Cisco IOS: `no monitor session 1 source vlan 10`, then `show monitor session 1` to check.".into(),
        lookalikes: "Retransmissions (but their IP identification differs), a loop in the monitored network (but then TTL falls or broadcasts multiply).".into(),
        active,
        ..Finding::new(id, severity, title, at(since))
    }
    .held(vec![Episode { first: at(since), last: at(second) }])
    };
    let server = Address::V4(Ipv4Addr::new(10, 20, 1, 2));
    let dns = Subject::Service { address: server, port: 53, protocol: Proto::Udp };
    vec![
        finding(
            "dup.every",
            Severity::Critical,
            "every packet arrives twice",
            vec![
                ("copies", Value::Count(12_384_112)),
                ("share", Value::Share(0.487)),
                ("gap_p50_seconds", Value::Seconds(0.000_012)),
                ("class", Value::Text("vlan".into())),
            ],
            -723,
            true,
        ),
        finding(
            "loss.kernel",
            Severity::Warning,
            "the kernel drops 1.2 % of the packets",
            vec![("dropped", Value::Count(1_204_004)), ("share", Value::Share(0.012))],
            -240,
            true,
        ),
        Finding {
            subject: dns,
            hosts: Some(14),
            ..finding(
                "dns.slow",
                Severity::Warning,
                "DNS server 10.20.1.2 answers slowly",
                vec![("server", Value::Text("10.20.1.2".into())), ("p95_seconds", Value::Seconds(0.21)), ("answers", Value::Count(8_211))],
                -95,
                true,
            )
        },
        finding(
            "tcp.loss_toward",
            Severity::Note,
            "retransmissions toward 10.20.3.0/24",
            vec![("network", Value::Text("10.20.3.0/24".into())), ("share", Value::Share(0.021))],
            -1_800,
            false,
        ),
    ]
}

fn tunnel(kind: TunnelKind, source: [u8; 4], destination: [u8; 4], id: u64) -> Tunnel {
    Tunnel { kind, source: Address::V4(Ipv4Addr::from(source)), destination: Address::V4(Ipv4Addr::from(destination)), id }
}

fn session(total: Traffic, second: i64, id: u64) -> Session {
    Session {
        tunnel: tunnel(TunnelKind::Erspan2, [10, 0, 0, 1], [10, 0, 0, 9], id),
        decision: "mirror-only encapsulation addressed to this host".into(),
        peeled: true,
        packets: total.packets / 2,
        outer_bytes: total.wire_bytes / 2,
        inner_bytes: total.wire_bytes / 20 * 9,
        sequenced: true,
        missing: 0,
        reordered: 0,
        restarts: 0,
        truncated: 0,
        errors: [0, 0, 0],
        check_sequence: false,
        sampling: None,
        clock: None,
        first: at(-HISTORY),
        last: at(second),
    }
}

fn stamps(total: Traffic) -> Stamps {
    let port = |number, share: u64, missing| StampPort {
        device: Some(5),
        port: Some(number),
        packets: total.packets / share,
        missing: Some(missing),
    };
    Stamps {
        kind: StampKind::Metamako,
        interface: 0,
        packets: total.packets,
        without: 0,
        bytes: total.packets * 12,
        duplicates: 0,
        degraded: 0,
        ports: vec![port(12, 2, 0), port(13, 2, total.packets / 600)],
        other_ports: 0,
        missing: None,
        drops: None,
        offset: Some(37.000_012),
    }
}

/// A port from which samples of sFlow come.
pub fn sampled(total: Traffic, recent: Traffic, second: i64) -> Mirror {
    let calm = mirror(total, recent, second, false);
    let sampling = |one_in, drops| Some(Sampling { one_in, samples: total.packets / u64::from(one_in), unread: 0, drops });
    let agent = |last, one_in, drops| Session {
        tunnel: tunnel(TunnelKind::Sflow, [10, 0, 0, last], [10, 0, 0, 9], 0),
        decision: "samples of a switch, addressed to this host".into(),
        packets: total.packets / u64::from(one_in) / 5,
        sampling: sampling(one_in, drops),
        ..session(total, second, 0)
    };
    Mirror { transport: "sflow", sessions: vec![agent(1, 512, 0), agent(2, 1_024, 318)], ..calm }
}

/// This host's checklist: as it should be, or not.
pub fn checklist(trouble: bool) -> Checklist {
    let check = |id, name, found: &str, verdict, command: Option<&str>| {
        let (found, command) = (found.to_owned(), command.map(str::to_owned));
        Check { id, name, found, verdict, why: "Numbers depend on it.", command }
    };
    let mut checks = vec![
        check("link", "Link", "up, 10 Gb/s", Rating::Good, None),
        check("promiscuous", "Promiscuous mode", "on", Rating::Good, None),
        check("arp", "ARP", "off", Rating::Good, None),
        check("clock", "System clock", "kept in step", Rating::Good, None),
        check("governor", "Processor frequency", "not told here", Rating::Unknown, None),
    ];
    if trouble {
        checks.extend([
            check("ring", "Receive ring", "512 of 4096 entries", Rating::Warning, Some("ethtool -G eth1 rx 4096")),
            check("receive_offload", "Receive offload (GRO, LRO)", "GRO is on", Rating::Fail, Some("ethtool -K eth1 gro off lro off")),
            check("pause", "Flow control", "receives and sends pause frames", Rating::Note, Some("ethtool -A eth1 rx off tx off")),
        ]);
    }
    Checklist { interface: "eth1".into(), checks }
}

/// The health of the mirror, calm or in trouble.
pub fn mirror(total: Traffic, recent: Traffic, second: i64, trouble: bool) -> Mirror {
    let user = TunnelRow {
        tunnel: tunnel(TunnelKind::Vxlan, [10, 30, 0, 1], [10, 30, 0, 2], 5_010),
        traffic: part(total, 0.03),
        recent: part(recent, 0.03),
        inner_bytes: part(total, 0.028).wire_bytes,
    };
    if trouble { troubled(total, recent, second, user) } else { calm(total, recent, user) }
}

fn trust_part(name: &'static str, score: Option<u8>, evidence: &str) -> TrustPart {
    TrustPart { name, score, evidence: evidence.into() }
}

fn calm(total: Traffic, recent: Traffic, user: TunnelRow) -> Mirror {
    Mirror {
        transport: "plain",
        link: total,
        recent_link: recent,
        loss: LossLedger {
            host: Some(Estimate { n: total.packets, ..Estimate::default() }),
            switch: Some(Estimate { rate: 0.0, low: 0.0, high: 0.000_02, n: 184_000 }),
            ..LossLedger::default()
        },
        sides: Sides { judged: 1_204, one_sided: 11 },
        trust: Trust {
            verdict: Verdict::Good,
            score: Some(97),
            summary: "good".into(),
            parts: vec![
                trust_part("completeness", Some(99), "no acknowledged byte unseen in 184 k segments"),
                trust_part("uniqueness", Some(100), "no copies in 12 M packets"),
                trust_part("order", Some(98), "0.02 % out of order within flows"),
                trust_part("fidelity", Some(100), "nothing cut, no merged frames"),
                trust_part("timing", Some(97), "steps of the clock below 1 µs"),
                trust_part("coverage", Some(99), "both directions in 99 % of conversations"),
            ],
        },
        tunnels: table(vec![user]),
        ..Mirror::default()
    }
}

/// Every packet twice, and some lost.
fn troubled(total: Traffic, recent: Traffic, second: i64, user: TunnelRow) -> Mirror {
    let session = |id, missing, reordered| Session { missing, reordered, ..session(total, second, id) };
    Mirror {
        forgotten: Forgotten::default(),
        gaps: Vec::new(),
        transport: "erspan2",
        link: part(total, 2.05),
        recent_link: part(recent, 2.05),
        sampled: None,
        sessions: vec![session(7, total.packets / 250, 12), session(8, 0, 0)],
        stamps: vec![stamps(total)],
        duplicates: copies(total, recent),
        loss: LossLedger {
            host: Some(Estimate { rate: 0.012, low: 0.0119, high: 0.0121, n: total.packets }),
            path: Some(Estimate { rate: 0.004, low: 0.0038, high: 0.0042, n: total.packets }),
            switch: Some(Estimate { rate: 0.021, low: 0.018, high: 0.024, n: 184_000 }),
            upstream: None,
            unmatched: Some(Estimate { rate: 0.035, low: 0.031, high: 0.04, n: 7_420 }),
        },
        sides: Sides { judged: 1_204, one_sided: 262 },
        trust: distrust(),
        silenced: vec![
            ("tcp.retransmissions", "copies would count as retransmissions".into()),
            ("tcp.zero_window", "22 % of conversations are one-sided".into()),
        ],
        not_judged: vec![
            ("tcp.retransmissions", "copies would count as retransmissions".into()),
            ("tcp.zero_window", "22 % of conversations are one-sided".into()),
            ("span.size", "14 of 20 segments".into()),
        ],
        tunnels: table(vec![user]),
    }
}

fn copies(total: Traffic, recent: Traffic) -> Duplicates {
    Duplicates {
        dropped: true,
        traffic: part(total, 0.95),
        recent: part(recent, 0.95),
        share: 0.487,
        classes: vec![
            DuplicateClass { class: "vlan", traffic: part(total, 0.91) },
            DuplicateClass { class: "routed", traffic: part(total, 0.035) },
            DuplicateClass { class: "ambiguous", traffic: part(total, 0.005) },
        ],
        vlan_pairs: vec![
            (Some(10), Some(20), total.packets / 2),
            (Some(20), Some(10), total.packets / 3),
            (Some(30), None, total.packets / 40),
        ],
        remarked: Vec::new(),
        remarked_dscp: Vec::new(),
        gap: Some([0.000_012, 0.000_08, 0.001_2]),
    }
}

fn distrust() -> Trust {
    Trust {
        verdict: Verdict::Bad,
        score: Some(22),
        summary: "every packet twice".into(),
        parts: vec![
            trust_part("completeness", Some(71), "2.1 % of acknowledged TCP data unseen"),
            trust_part("uniqueness", Some(22), "49 % of packets are copies, mostly of another VLAN"),
            trust_part("order", Some(96), "0.1 % out of order within flows"),
            trust_part("fidelity", Some(100), "nothing cut, no merged frames"),
            trust_part("timing", None, "no second clock to compare with"),
            trust_part("coverage", Some(78), "22 % of conversations in one direction only"),
        ],
    }
}
