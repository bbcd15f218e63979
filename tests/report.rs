//! Report formats over a snapshot made by hand.

use serde_json::Value;
use spantop::model::{
    Address, Episode, Estimate, Finding, LinkType, Location, Mac, Path, PathSide, Proto, Severity, Subject, Timestamp, Traffic, Tunnel,
    TunnelKind, Value as Evidence, Verdict,
};
use spantop::report::{self, ReportOptions};
use spantop::snapshot::{
    CaptureSummary, Conversation, DuplicateClass, HostRow, Losses, Mirror, ProtocolRow, Sample, Snapshot, SourceInfo, Statistics, TcpState,
    Trust, TrustPart, VlanRow,
};
use std::net::Ipv4Addr;
use unicode_width::UnicodeWidthStr;

fn traffic(packets: u64, wire_bytes: u64) -> Traffic {
    Traffic { packets, wire_bytes }
}

fn path(layers: &[Proto]) -> Path {
    let mut path = Path::EMPTY;
    layers.iter().for_each(|&p| path.push(p));
    path
}

fn conversation(a: Address, b: Address, ports: (u16, u16), ab: Traffic, ba: Traffic) -> Conversation {
    Conversation {
        a,
        b,
        a_port: ports.0,
        b_port: ports.1,
        ab,
        ba,
        recent_ab: ab,
        recent_ba: ba,
        began: None,
        first: Timestamp(1_700_000_000_000_000_001),
        last: Timestamp(1_700_000_001_500_000_001),
        originator_is_a: false,
        state: None,
        ended: None,
        app: None,
        app_by: None,
        server_name: None,
        ports: 0,
        path: path(&[Proto::Eth, Proto::Ip, Proto::Tcp]),
        vlans: [10, 20].into_iter().collect(),
        tcp: None,
    }
}

/// Every corner a report has: names with commands to terminals, wide addresses, losses, a finding, a mirror.
fn full() -> Snapshot {
    let mut s = Snapshot { capture: damaged_capture(), ..Snapshot::default() };
    count_traffic(&mut s.stats);
    fill_tables(&mut s.stats);
    s.mirror = copying_mirror();
    s.diagnosis.findings = vec![copied_twice()];
    s
}

fn damaged_capture() -> CaptureSummary {
    CaptureSummary {
        sources: vec![SourceInfo {
            name: "evil\x1b[2J<b>|.pcap".into(),
            format: "pcapng".into(),
            compression: Some("gzip"),
            link_types: vec![LinkType::ETHERNET],
            packets: 10,
            cut_short: true,
            warning: Some("cut short in the middle of a packet".into()),
            ..SourceInfo::default()
        }],
        captured_bytes: 900,
        truncated_packets: 2,
        first: Some(Timestamp(1_700_000_000_000_000_001)),
        last: Some(Timestamp(1_700_000_001_500_000_001)),
        speed: Some(10_000_000_000),
        losses: Losses { kernel_drops: 3, malformed: 1, ..Losses::default() },
        ..CaptureSummary::default()
    }
}

fn count_traffic(stats: &mut Statistics) {
    stats.total = traffic(10, 1000);
    stats.untagged = traffic(1, 60);
    stats.tcp_flags = spantop::snapshot::TcpFlags { syn: 1, syn_ack: 2, fin: 3, reset: 4 };
    stats.load.interval = 1_000_000_000;
    for second in [0i64, 1, 5] {
        stats.load.samples.push(Sample {
            start: Timestamp(1_700_000_000_000_000_001 + second * 1_000_000_000),
            length: 1_000_000_000,
            traffic: traffic(3, 333),
            ..Sample::default()
        });
    }
    stats.load.peak = stats.load.samples.first().copied();
    stats.load.peak_ms = Some((Timestamp(1_700_000_000_100_000_000), 125, 2));
    stats.sizes[0] = traffic(9, 540);
    stats.sizes[6] = traffic(1, 460);
    stats.protocols = vec![
        ProtocolRow { path: path(&[Proto::Eth]), traffic: traffic(10, 1000), recent: traffic(0, 0), own: traffic(0, 0) },
        ProtocolRow { path: path(&[Proto::Eth, Proto::Ip]), traffic: traffic(9, 900), recent: traffic(0, 0), own: traffic(9, 900) },
    ];
}

fn fill_tables(stats: &mut Statistics) {
    let v4 = |d: u8| Address::V4([10, 0, 0, d].into());
    let v6 = |d: u16| Address::V6([0x2001, 0xdb8, 0x1111, 0x2222, 0x3333, 0x4444, 0x5555, d].into());
    let tcp = Conversation {
        state: Some(TcpState::Closed),
        ended: None,
        app: Some("=https"),
        ..conversation(v4(1), v4(2), (50_000, 443), traffic(4, 400), traffic(3, 200))
    };
    stats.conversations.tcp.rows = vec![tcp, conversation(v6(1), v6(2), (50_000, 65_535), traffic(1, 60), traffic(0, 0))];
    stats.conversations.tcp.total_rows = 2;
    stats.conversations.tcp.other = traffic(5, 500);
    stats.conversations.tcp.other_rows = 4;
    stats.conversations.ip.rows = vec![conversation(v4(1), v4(2), (0, 0), traffic(4, 400), traffic(3, 200))];
    stats.conversations.ip.total_rows = 1;
    let (m1, m2) = (Address::Mac(Mac([0, 1, 2, 3, 4, 5])), Address::Mac(Mac::BROADCAST));
    stats.conversations.eth.rows = vec![conversation(m1, m2, (0, 0), traffic(10, 1000), traffic(0, 0))];
    stats.conversations.eth.total_rows = 1;
    stats.endpoints.ip.rows = vec![HostRow {
        address: v4(1),
        port: 0,
        tx: traffic(4, 400),
        rx: traffic(3, 200),
        recent_tx: traffic(0, 0),
        recent_rx: traffic(0, 0),
        first: Timestamp(1_700_000_000_000_000_001),
        last: Timestamp(1_700_000_001_500_000_001),
        inside: Some(true),
        app_by: None,
        app: None,
        vlans: spantop::model::VlanStack::default(),
        peers: 1,
        itself: traffic(0, 0),
    }];
    stats.endpoints.ip.total_rows = 1;
    stats.vlans.rows = vec![VlanRow { id: 10, groups: Some(Traffic::default()), traffic: traffic(9, 940), ..VlanRow::default() }];
    stats.vlans.total_rows = 1;
}

fn copying_mirror() -> Mirror {
    let mut mirror = Mirror { transport: "plain", link: traffic(10, 1000), ..Mirror::default() };
    mirror.duplicates.traffic = traffic(5, 500);
    mirror.duplicates.share = 0.5;
    mirror.duplicates.classes = vec![DuplicateClass { class: "identical", traffic: traffic(5, 500) }];
    mirror.loss.host = Some(Estimate { rate: 0.25, low: 0.1, high: 0.4, n: 12 });
    mirror.not_judged = vec![("span.size", "14 of 20 segments".into())];
    mirror.trust = Trust {
        verdict: Verdict::Bad,
        score: Some(40),
        summary: "every packet twice".into(),
        parts: vec![TrustPart { name: "uniqueness", score: Some(40), evidence: "copies ".repeat(30) }],
    };
    mirror
}

fn copied_twice() -> Finding {
    let times = [(0, 1), (1_700_000_000_000_000_001, 1_700_000_001_500_000_001)];
    let tunnel = Tunnel {
        kind: TunnelKind::Erspan2,
        source: Address::V4(Ipv4Addr::new(10, 0, 0, 1)),
        destination: Address::V4(Ipv4Addr::new(10, 0, 0, 9)),
        id: 7,
    };
    let found = Finding {
        subject: Subject::Session(tunnel),
        evidence: vec![
            ("copies", Evidence::Count(5)),
            ("share", Evidence::Share(0.5)),
            ("vlan", Evidence::Text("<10>".into())),
            ("p50_seconds", Evidence::Seconds(0.25)),
            ("from", Evidence::Time(Timestamp(1_700_000_000_000_000_001))),
        ],
        cause: "The session copies both directions of both ports.".into(),
        remedy: "Copy received packets only.".into(),
        hosts: Some(3),
        packets: vec![7, 9],
        cause_of: vec!["span.size"],
        side: Some(PathSide::Server),
        location: Some(Location::BeyondMirror),
        ..Finding::new("dup.every", Severity::Critical, "Every packet is copied twice \x1b]0;x\x07", Timestamp(0))
    };
    found.held(times.map(|(first, last)| Episode { first: Timestamp(first), last: Timestamp(last) }).to_vec())
}

fn written(format: &str, s: &Snapshot, options: &ReportOptions) -> String {
    let mut out = Vec::new();
    report::write(report::find(format).unwrap(), s, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn json_keeps_the_contract() {
    let json: Value = serde_json::from_str(&written("json", &full(), &ReportOptions::default())).unwrap();
    assert_eq!(json["schema"], "spantop.report/1");
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    let capture = &json["capture"];
    assert_eq!(capture["sources"][0]["name"], "evil\x1b[2J<b>|.pcap");
    assert_eq!(capture["link_types"], serde_json::json!(["ETHERNET"]));
    assert_eq!(capture["packets"], 10);
    assert_eq!(capture["first"], "1700000000.000000001");
    assert_eq!(capture["duration"], 1.5);
    assert_eq!(capture["cut_short"], true);
    assert_eq!(json["losses"]["kernel_drops"], 3);
    assert_eq!(json["load"]["interval"], 1.0);
    assert_eq!(json["load"]["peak_bits_per_second"], 333.0 * 8.0);
    assert_eq!(json["load"]["peak_at"], "1700000000.000000001");
    assert_eq!(json["load"]["series"].as_array().unwrap().len(), 3);
    assert_eq!(json["load"]["sizes"][0], serde_json::json!({"from": 0, "to": 64, "packets": 9, "wire_bytes": 540}));
    assert_eq!(json["load"]["sizes"][6], serde_json::json!({"from": 1519, "to": 1600, "packets": 1, "wire_bytes": 460}));
    assert_eq!((&json["load"]["sizes"][8]["from"], &json["load"]["sizes"][8]["to"]), (&Value::from(9239), &Value::Null));
    assert_eq!(json["load"]["casts"]["unicast"]["packets"], 0);
    assert_eq!(json["protocols"][1], serde_json::json!({"path": "eth:ip", "packets": 9, "wire_bytes": 900}));
    let row = serde_json::json!({
        "a": "10.0.0.1", "a_port": 50000, "b": "10.0.0.2", "b_port": 443, "packets": 7, "wire_bytes": 600,
        "packets_ab": 4, "wire_bytes_ab": 400, "packets_ba": 3, "wire_bytes_ba": 200, "start": "1700000000.000000001",
        "duration": 1.5, "originator": "b", "app": "=https", "state": "closed", "vlans": [10, 20]
    });
    assert_eq!(json["conversations"]["tcp"][0], row);
    assert_eq!(json["conversations"]["eth"][0]["b"], "ff:ff:ff:ff:ff:ff");
    assert!(json["conversations"]["ip"][0].get("a_port").is_none());
    assert_eq!(json["conversations"]["sctp"], serde_json::json!([]));
    assert_eq!(json["conversations_total"]["tcp"], 2);
    assert_eq!(json["conversations_other"], serde_json::json!({"tcp": {"rows": 4, "packets": 5, "wire_bytes": 500}}));
    assert_eq!(json["endpoints"]["ip"][0]["tx_wire_bytes"], 400);
    assert_eq!(json["vlans"], serde_json::json!([{"id": 10, "packets": 9, "wire_bytes": 940, "group_packets": 0, "group_wire_bytes": 0}]));
    assert_eq!(json["tcp"]["reset"], 4);
    let trust = &json["mirror"]["trust"];
    assert_eq!([&trust["score"], &trust["verdict"], &trust["summary"]], [&Value::from(40), &"bad".into(), &"every packet twice".into()]);
    assert_eq!(json["mirror"]["not_judged"], serde_json::json!([{"id": "span.size", "reason": "14 of 20 segments"}]));
    assert_eq!(json["mirror"]["loss"]["host"]["n"], 12);
    assert_eq!(json["mirror"]["loss"]["path"], Value::Null);
    assert_eq!(json["findings"][0]["severity"], "critical");
    let found = &json["findings"][0];
    let evidence = serde_json::json!({"copies": 5, "share": 0.5, "vlan": "<10>", "p50_seconds": 0.25, "from": "1700000000.000000001"});
    assert_eq!(found["evidence"], evidence);
    let subject = serde_json::json!({"kind": "session", "name": "erspan2 10.0.0.1 -> 10.0.0.9 #7", "transport": "erspan2",
        "source": "10.0.0.1", "destination": "10.0.0.9", "session": 7});
    assert_eq!(found["subject"], subject);
    let (first, last) = ("1700000000.000000001", "1700000001.500000001");
    let times = serde_json::json!([{"first": "0.000000000", "last": "0.000000001"}, {"first": first, "last": last}]);
    assert_eq!((&found["episodes"], &found["episodes_forgotten"]), (&times, &serde_json::json!(0)));
    assert_eq!((&found["first"], &found["last"]), (&serde_json::json!(first), &serde_json::json!(last)));
    let rest = ["side", "where", "cause_of", "hosts", "packets"].map(|name| found[name].clone());
    assert_eq!(serde_json::json!(rest), serde_json::json!(["server", "beyond_mirror", ["span.size"], 3, [7, 9]]));
}

#[test]
fn an_empty_snapshot_has_every_format() {
    let empty = Snapshot::default();
    for format in report::FORMATS {
        assert!(!written(format.token(), &empty, &ReportOptions::default()).is_empty(), "{}", format.token());
    }
    let json: Value = serde_json::from_str(&written("json", &empty, &ReportOptions::default())).unwrap();
    assert_eq!(json["capture"]["first"], Value::Null);
    assert_eq!(json["findings"], serde_json::json!([]));
    assert!(json.get("mirror").is_none());
}

#[test]
fn rows_are_limited() {
    let options = ReportOptions { rows: 1, ..ReportOptions::default() };
    let json: Value = serde_json::from_str(&written("json", &full(), &options)).unwrap();
    assert_eq!(json["conversations"]["tcp"].as_array().unwrap().len(), 1);
    assert_eq!(json["conversations_total"]["tcp"], 2);
    assert!(written("text", &full(), &options).contains("TCP conversations: the largest 1 of 2 conversations"));
    // A heading, and one row for each of eth, ip and tcp.
    assert_eq!(written("csv", &full(), &options).lines().count(), 4);
}

#[test]
fn no_format_for_people_lets_a_control_character_through() {
    for format in ["text", "markdown", "html", "csv"] {
        let text = written(format, &full(), &ReportOptions::default());
        let bad: Vec<char> = text.chars().filter(|c| c.is_control() && *c != '\n').collect();
        assert!(bad.is_empty(), "{format}: {bad:?}");
    }
}

#[test]
fn text_keeps_its_width_and_says_what_matters() {
    for width in [80, 96, 120] {
        let text = written("text", &full(), &ReportOptions { width, ..ReportOptions::default() });
        for line in text.lines() {
            assert!(line.width() <= width, "{width}: {} columns: {line}", line.width());
        }
        for words in ["✖ 3 packets lost on this host", "✖ every packet twice", "10.0.0.1:50000", "(dup.every)", "and 4 rows no longer kept"]
        {
            assert!(text.contains(words), "{width}: no '{words}' in\n{text}");
        }
    }
}

#[test]
fn colours_are_only_where_they_were_asked_for() {
    assert!(written("text", &full(), &ReportOptions { color: true, ..ReportOptions::default() }).contains("\x1b[1;31m✖ 3 packets lost"));
    assert!(!written("text", &full(), &ReportOptions::default()).contains('\x1b'));
}

#[test]
fn html_stands_alone_and_escapes() {
    let page = written("html", &full(), &ReportOptions::default());
    assert!(page.starts_with("<!doctype html>"));
    assert!(page.contains("&lt;b&gt;") && !page.contains("<b>"));
    for outside in ["http://", "https://", "src=", "@import", "<script", "<link"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("<svg") && page.contains("prefers-color-scheme"));
    // Three samples, a gap between the second and the third: two filled areas.
    let path = page.split("<path d=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert_eq!(path.matches('M').count(), 2, "{path}");
}

#[test]
fn markdown_tables_have_as_many_cells_as_columns() {
    let text = written("markdown", &full(), &ReportOptions::default());
    let mut columns = 0;
    for line in text.lines() {
        let cells = line.replace("\\|", "").matches('|').count();
        if line.starts_with('|') {
            if columns == 0 {
                columns = cells;
            }
            assert_eq!(cells, columns, "{line}");
        } else {
            columns = 0;
        }
    }
    assert!(text.contains("\\<b>") || text.contains("&lt;b>"));
}

#[test]
fn csv_reads_back() {
    let text = written("csv", &full(), &ReportOptions::default());
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let at = |name: &str| headers.iter().position(|h| h == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 4);
    let tcp = rows.iter().find(|r| &r[0] == "tcp").unwrap();
    assert_eq!((&tcp[at("a_port")], &tcp[at("wire_bytes")], &tcp[at("app")]), ("50000", "600", "'=https"));
    assert_eq!(&tcp[at("vlans")], "10 20");
    assert_eq!(&rows[0][at("a_port")], "");
}

#[test]
fn a_full_device_is_an_error() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for format in report::FORMATS {
        assert!(report::write(*format, &full(), &ReportOptions::default(), &mut Full).is_err(), "{}", format.token());
    }
}

#[test]
fn the_host_stands_under_its_name() {
    use spantop::model::host::{Check, Checklist, Rating};
    let line = |id, found: &str, verdict, command: Option<&str>| Check {
        id,
        name: "A name",
        found: found.into(),
        verdict,
        why: "It matters.",
        command: command.map(str::to_owned),
    };
    let mut s = full();
    let json = |s: &Snapshot| -> Value { serde_json::from_str(&written("json", s, &ReportOptions::default())).unwrap() };
    assert!(json(&s).get("host").is_none());
    s.diagnosis.host = vec![Checklist {
        interface: "eth\x1b[2J1".into(),
        checks: vec![
            line("link", "up", Rating::Good, None),
            line("receive_offload", "on: gro", Rating::Fail, Some("ethtool -K eth1 gro off")),
            line("ring", "not told", Rating::Unknown, None),
        ],
    }];
    let host = &json(&s)["host"];
    assert_eq!(host[0]["interface"], "eth\x1b[2J1");
    let told: Vec<_> = host[0]["checks"].as_array().unwrap().iter().map(|c| (c["id"].clone(), c["verdict"].clone())).collect();
    assert_eq!(serde_json::to_string(&told).unwrap(), r#"[["link","ok"],["receive_offload","fail"],["ring","unknown"]]"#);
    assert_eq!((&host[0]["checks"][0]["command"], &host[0]["checks"][0]["why"]), (&Value::Null, &"It matters.".into()));
    assert_eq!(host[0]["checks"][1]["command"], "ethtool -K eth1 gro off");

    let options = ReportOptions { rows: 20, ..ReportOptions::default() };
    let text = report::render(&report::document::Document::verdict(&s, 20, true), &options);
    assert!(text.contains("This host: eth\\u{1b}[2J1") && text.contains("✖ fail") && text.contains("· cannot tell"), "{text}");
    assert!(text.contains("Change  ethtool -K eth1 gro off"), "{text}");
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("no {words:?} in {text}"));
    assert!(at("This host") < at("── Findings") && at("── Findings") < at("── Capture"), "what was found stands first: {text}");
    assert_eq!(text.matches("It matters.").count(), 1, "only what is to be changed is explained");
}

/// A packet to itself is sent and received, and one of all.
#[test]
fn a_host_that_talks_to_itself_has_no_more_than_everything() {
    let mut s = full();
    let (own, other) = (Address::V4([127, 0, 0, 1].into()), Address::V4([10, 0, 0, 2].into()));
    s.stats.conversations.ip.rows = vec![
        conversation(own, own, (0, 0), traffic(6, 600), traffic(0, 0)),
        conversation(own, other, (0, 0), traffic(2, 150), traffic(2, 50)),
    ];
    let row =
        HostRow { address: own, tx: traffic(8, 750), rx: traffic(8, 650), itself: traffic(6, 600), ..s.stats.endpoints.ip.rows[0].clone() };
    s.stats.endpoints.ip.rows = vec![row];
    let share = |s: &Snapshot| {
        let text = written("text", s, &ReportOptions::default());
        let hosts = text.split("── IPv4 hosts").nth(1).unwrap();
        let line = hosts.lines().find(|line| line.contains("127.0.0.1")).unwrap();
        line.split_whitespace().rev().nth(1).and_then(|share| share.parse::<f64>().ok()).unwrap_or_else(|| panic!("{line}"))
    };
    assert_eq!(share(&s), 80.0, "600 bytes to itself and 200 with another, of 1,000");
    s.stats.conversations.ip.rows.remove(0);
    s.stats.endpoints.ip.rows[0].itself = traffic(0, 0);
    s.stats.endpoints.ip.rows[0].tx = traffic(2, 150);
    s.stats.endpoints.ip.rows[0].rx = traffic(2, 50);
    assert_eq!(share(&s), 20.0);
}

#[test]
fn a_file_shorter_than_a_millisecond_has_no_burst_below_its_mean() {
    let mut s = full();
    s.finished = true;
    let text = |s: &Snapshot| written("text", s, &ReportOptions::default());
    assert!(text(&s).contains("over 1 ms (2 packets)"));
    s.capture.last = s.capture.first.map(|first| first.plus(500_000));
    s.stats.load.peak_ms = Some((s.capture.first.unwrap(), 1_000, 10));
    let text = text(&s);
    assert!(text.contains("16.0 Mb/s over 500 µs (10 packets)"), "{text}");
}

/// What nobody counted is not none.
#[test]
fn losses_that_nobody_counted_are_not_known() {
    let mut s = full();
    s.capture.losses = Losses::default();
    let text = |s: &Snapshot| written("text", s, &ReportOptions::default());
    assert!(text(&s).contains("● No packet is known to be lost"));
    s.mirror.loss.host = None;
    let text = text(&s);
    assert!(!text.contains("No packet is known to be lost") && text.contains("nobody counted them"), "{text}");
    assert!(text.lines().any(|line| line.contains("Lost in this host") && line.contains("not counted")), "{text}");
}
