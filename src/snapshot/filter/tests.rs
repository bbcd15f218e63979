use super::Filter;
use crate::model::{Address, Mac, Path, Proto, Timestamp, Traffic};
use crate::snapshot::{Conversation, HostRow, TcpState};
use proptest::prelude::*;

fn address(text: &str) -> Address {
    match text.parse().expect("an address") {
        std::net::IpAddr::V4(a) => Address::V4(a),
        std::net::IpAddr::V6(a) => Address::V6(a),
    }
}

fn path(protos: &[Proto]) -> Path {
    let mut path = Path::EMPTY;
    protos.iter().for_each(|&p| path.push(p));
    path
}

/// 10.0.0.5:443 and 192.168.1.20:51000, TLS in VLAN 10, established, 1,500 packets, 1.5 MB.
fn web() -> Conversation {
    Conversation {
        a: address("10.0.0.5"),
        b: address("192.168.1.20"),
        a_port: 443,
        b_port: 51_000,
        ab: Traffic { packets: 1000, wire_bytes: 1_400_000 },
        ba: Traffic { packets: 500, wire_bytes: 100_000 },
        recent_ab: Traffic::default(),
        recent_ba: Traffic::default(),
        began: None,
        first: Timestamp(0),
        last: Timestamp(0),
        originator_is_a: false,
        state: Some(TcpState::Established),
        ended: None,
        app: Some("tls"),
        app_by: Some(crate::model::AppBy::Port),
        server_name: None,
        ports: 0,
        path: path(&[Proto::Eth, Proto::Vlan, Proto::Ip, Proto::Tcp]),
        vlans: [10].into_iter().collect(),
        tcp: None,
    }
}

fn neighbours() -> Conversation {
    Conversation {
        a: Address::Mac(Mac([0, 0x1b, 0x21, 1, 2, 3])),
        b: Address::Mac(Mac::BROADCAST),
        a_port: 0,
        b_port: 0,
        state: None,
        ended: None,
        app: None,
        app_by: None,
        server_name: None,
        ports: 0,
        path: path(&[Proto::Eth, Proto::Arp]),
        vlans: Default::default(),
        ..web()
    }
}

fn six() -> Conversation {
    Conversation { a: address("2001:db8::1"), b: address("fe80::1"), a_port: 53, b_port: 4000, app: Some("dns"), state: None, ..web() }
}

fn shows(filter: &str, row: &Conversation) -> bool {
    Filter::parse(filter).unwrap_or_else(|e| panic!("{filter}: {e}")).expect("not empty").matches_conversation(row)
}

#[test]
fn each_word() {
    for (filter, web_shown, neighbours_shown, six_shown) in [
        ("10.0.0", true, false, false),
        ("192.168.1.20:51", true, false, false),
        ("[2001:db8::1]:53", false, false, true),
        ("443", true, false, false),
        ("TLS", true, false, false),
        ("tl", true, false, false),
        ("tcp", true, false, true),
        ("arp", false, true, false),
        ("ip", true, false, true),
        ("ip 10.0.0.0/8", true, false, false),
        ("host 192.168.1.20", true, false, false),
        ("192.168.0.0/16", true, false, false),
        ("2001:db8::/32", false, false, true),
        ("ip fe80::1", false, false, true),
        ("mac 00:1b:21", false, true, false),
        ("mac 00-1B-21-01-02-03", false, true, false),
        ("mac ff:", false, true, false),
        ("mac 00:1b:22", false, false, false),
        ("port 443", true, false, false),
        ("port 50-60", false, false, true),
        ("port 0-65535", true, false, true),
        ("port = 443", true, false, false),
        ("port != 443", false, true, true),
        ("port!=443 and tcp", false, false, true),
        ("port > 51000", false, false, false),
        ("port >= 51000", true, false, false),
        ("port < 53", false, false, false),
        ("port <= 53", false, false, true),
        ("vlan != 10", false, true, false),
        ("vlan != 11", true, true, true),
        ("ip = 10.0.0.5", true, false, false),
        ("host != 10.0.0.5", false, true, true),
        ("mac != 00:1b:21", true, false, true),
        ("state != established", false, true, true),
        ("vlan 10", true, false, true),
        ("vlan 1", false, false, false),
        ("vlan", true, false, true),
        ("state established", true, false, false),
        ("state syn-sent", false, false, false),
        ("bytes > 1.4M", true, true, true),
        ("bytes>1500000", false, false, false),
        ("bytes = 1500k", true, true, true),
        ("bytes != 1500k", false, false, false),
        ("bytes < 1Gi", true, true, true),
        ("packets >= 1500", true, true, true),
        ("packets<=1499", false, false, false),
        ("\"vlan\"", true, false, true),
    ] {
        let shown = (shows(filter, &web()), shows(filter, &neighbours()), shows(filter, &six()));
        assert_eq!(shown, (web_shown, neighbours_shown, six_shown), "{filter}");
    }
}

#[test]
fn joined_words() {
    for (filter, shown) in [
        ("vlan 10 and tcp", true),
        ("vlan 10 tcp port 443", true),
        ("vlan 10 && udp", false),
        ("udp or tcp", true),
        ("udp || arp", false),
        ("not udp", true),
        ("!tcp", false),
        ("! (udp or tcp)", false),
        ("not not tcp", true),
        // `and` binds closer.
        ("tcp or udp and arp", true),
        ("(tcp or udp) and arp", false),
        ("arp and udp or tcp", true),
        ("not udp tls", true),
        ("tcp(port 443)", true),
        ("NOT udp AND Tcp", true),
    ] {
        assert_eq!(shows(filter, &web()), shown, "{filter}");
    }
}

#[test]
fn end_points_are_judged_by_what_they_know() {
    let host = HostRow {
        address: address("10.0.0.5"),
        port: 443,
        tx: Traffic { packets: 10, wire_bytes: 3000 },
        rx: Traffic { packets: 5, wire_bytes: 300 },
        recent_tx: Traffic::default(),
        recent_rx: Traffic::default(),
        first: Timestamp(0),
        last: Timestamp(0),
        inside: Some(true),
        app_by: None,
        app: Some("tls"),
        vlans: crate::model::VlanStack::default(),
        peers: 0,
        itself: Traffic::default(),
    };
    for (filter, shown) in [
        ("10.0", true),
        ("tls", true),
        ("dns", false),
        ("10.0.0.5:443", true),
        ("port 443", true),
        ("port 80", false),
        ("ip", true),
        ("ipv6", false),
        ("eth", false),
        ("10.0.0.0/8 and bytes > 3k", true),
        ("packets > 15", false),
        // Not known to an end point: the rest decides.
        ("vlan 10", true),
        ("not vlan 10", true),
        ("state reset or port 80", true),
        ("tcp and port 80", false),
        ("tcp and port 443", true),
        ("not (tcp and port 80)", true),
        ("not (tcp or port 443)", false),
    ] {
        let filter_ = Filter::parse(filter).expect("valid").expect("not empty");
        assert_eq!(filter_.matches_host(&host), shown, "{filter}");
    }
}

/// Any field of a table, by its token.
#[test]
fn fields_are_compared() {
    let lasting = Conversation { last: Timestamp(1_500_000_000), vlans: [10].into_iter().collect(), ..web() };
    for (filter, shown) in [
        ("duration > 1.4", true),
        ("duration > 1.5", false),
        ("duration >= 1.5 and tcp", true),
        ("wire_bytes_ab > 1M", true),
        ("packets_ba = 500", true),
        ("packets_ba != 500", false),
        ("app = TLS", true),
        ("app != tls", false),
        ("app = \"dns\"", false),
        ("originator = b", true),
        // Of another table, or no number: a conversation does not know.
        ("toy_count > 5", true),
        ("not toy_count > 5", true),
        ("toy_count > 5 and port 80", false),
        ("duration = long", false),
        ("duration != long", true),
        ("duration > 1400ms", true),
        ("duration > 1.5s", false),
        ("duration < 2min and duration > 900000us", true),
        ("duration >= 1500000000ns", true),
        // It has none: of UDP nothing is retransmitted.
        ("retransmissions > 0", false),
        ("retransmissions = 0", false),
        ("retransmissions != 0", true),
        ("not retransmissions > 0", true),
        // What stands above its column.
        ("retrans > 0", false),
        ("not retrans > 0", true),
    ] {
        assert_eq!(shows(filter, &lasting), shown, "{filter}");
    }
}

/// Columns are called by what stands above them, and compared with what they show.
#[test]
fn columns_are_compared_as_they_are_shown() {
    let mut figures = crate::model::ConnectionFigures::default();
    let place = crate::model::AnalysisFlags::ALL.iter().position(|f| f.0 == crate::model::AnalysisFlags::RETRANSMISSION).expect("a flag");
    figures.flags[place] = 30;
    // 30 of 1,500 segments with data, SYN or FIN: 2 %.
    (figures.data_segments, figures.control) = (1_496, [1, 1, 2, 7]);
    let again = Conversation { tcp: Some(Box::new(figures)), last: Timestamp(1_500_000_000), ..web() };
    let clean = Conversation { tcp: Some(Box::default()), ..web() };
    for (filter, of_again, of_clean) in [
        ("retrans > 1", true, false),
        ("retrans > 1.99", true, false),
        ("retrans > 2", false, false),
        ("retrans >= 2%", true, false),
        ("retrans > 0.02", true, false),
        ("retrans = 0", false, true),
        ("retrans > 0", true, false),
        // Its counts are what they are.
        ("retransmission > 29", true, false),
        ("retransmission > 30", false, false),
        ("lasted > 1.4 and lasted < 2min", true, false),
        ("conversation = 192.168.1.20", true, true),
        ("conversation != 192.168.1.20", false, false),
        ("vlan = 10", true, true),
        ("vlan = 1", false, false),
        ("port = 443 and host = 10.0.0.5", true, true),
        ("state = established", true, true),
    ] {
        assert_eq!((shows(filter, &again), shows(filter, &clean)), (of_again, of_clean), "{filter}");
    }
}

#[test]
fn shares_and_rates_are_those_of_the_picture() {
    let row = Conversation { recent_ab: Traffic { packets: 10, wire_bytes: 2_000 }, ..web() };
    let mut live = crate::snapshot::Snapshot { live: true, recent_seconds: 10.0, ..Default::default() };
    (live.stats.recent, live.stats.total) =
        (Traffic { packets: 40, wire_bytes: 8_000 }, Traffic { packets: 100_000, wire_bytes: 1_500_000_000 });
    let file = crate::snapshot::Snapshot { live: false, ..live.clone() };
    for (filter, now, whole) in [
        // 2,000 of 8,000 bytes in ten seconds; 1.5 MB of 1.5 GB in all.
        ("share > 24", true, false),
        ("share > 25", false, false),
        ("share >= 0.1%", true, true),
        ("share > 0.1%", true, false),
        ("share < 2", false, true),
        // Ten packets in ten seconds; of the file nothing says how long it took.
        ("rate >= 1600", true, false),
        ("rate > 1.6k", false, false),
        ("pps >= 1 and pps < 1.1", true, false),
    ] {
        let filter_ = Filter::parse(filter).expect("valid").expect("not empty");
        let shown = [&live, &file].map(|s| filter_.measured(s).matches_conversation(&row));
        assert_eq!(shown, [now, whole], "{filter}");
        assert!(filter_.matches_conversation(&row), "{filter}: without a picture nothing is decided");
    }
}

#[test]
fn says_which_word_is_wrong() {
    for (filter, words) in [
        ("port http", "`port` needs a number or a range such as 443 or 6000-6010, not `http`"),
        ("port 10-5", "not `10-5`"),
        ("port 70000", "not `70000`"),
        ("port", "`port` needs a number"),
        ("host files", "`host` needs an address or a network such as 10.0.0.0/8, not `files`"),
        ("10.0.0.0/99", "`10.0.0.0/99` is no network: its length is 0 to 32"),
        ("2001:db8::/129 or tcp", "`2001:db8::/129` is no network: its length is 0 to 128"),
        ("vlan 5000", "`vlan` needs a number from 0 to 4095, not `5000`"),
        ("state open", "`state` needs one of syn_sent, syn_received, established"),
        ("mac 00:1b:21:1:2:3:4", "not `00:1b:21:1:2:3:4`"),
        ("mac zz", "not `zz`"),
        ("bytes 5", "`bytes` needs a comparison such as `bytes > 1M`"),
        ("bytes >", "`bytes` needs a comparison"),
        ("bytes > lots", "`lots` is not a number"),
        ("rate", "`rate` needs a comparison"),
        ("duration > long", "`long` is not a number such as 5 (seconds), 20ms or 2min"),
        ("retrans > many", "`many` is not a number such as 5 or 0.5 (per cent)"),
        ("packets_ab > many", "`many` is not a number such as 1500, 64k or 1.5M"),
        ("app > tls", "`app` holds words"),
        ("conversation < 10.0.0.1", "`conversation` holds words"),
        ("start > 5", "`start` is a time"),
        ("foo > 3", "such as bytes, packets, rate"),
        ("severity = bogus", "`severity` is one of critical, warning, note, not `bogus`"),
        ("severity =", "`severity` is one of critical, warning, note"),
        ("active = maybe", "`active` is one of yes, no, not `maybe`"),
        ("side = left", "`side` is one of"),
        ("side != right", "inside, outside"),
        ("foo = 3", "rtt_server"),
        ("duration < ms", "`ms` is not a number"),
        ("foo > 3", "no column is called `foo`"),
        ("retransmisions > 1", "did you mean `retransmissions`?"),
        ("src 10.0.0.1", "`src` cannot be asked"),
        ("duration >", "`duration` is compared with a number or a word"),
        ("nonsense > 5", "no column is called `nonsense`"),
        ("tcp and", "nothing follows `and`"),
        ("tcp or or udp", "`or` is not expected here"),
        ("not", "nothing follows `not`"),
        ("(tcp", "a parenthesis is not closed"),
        ("tcp)", "`)` is not expected here"),
        ("\"tcp", "a quotation mark is not closed"),
        ("> 5", "a comparison is not expected here"),
        ("port > tls", "`port` needs a number such as 1024, not `tls`"),
        ("port > 65535", "`port` needs a number such as 1024, not `65535`"),
        ("port < 0", "`port` needs a number such as 1024, not `0`"),
        ("vlan < 10", "`vlan` is neither more nor less than another: ask `vlan = …`"),
        ("port !=", "`port` needs a number or a range"),
        ("vlan != tls", "`vlan` needs a number from 0 to 4095, not `tls`"),
        ("ip = tls", "`ip` needs an address or a network such as 10.0.0.0/8, not `tls`"),
        ("tcp.port == 443", "`tcp.port` is a field of Wireshark's filters: here it is asked for as in `tcp port 443`"),
    ] {
        let error = Filter::parse(filter).expect_err(filter);
        assert!(error.contains(words), "{filter}: {error}");
    }
    assert!(Filter::parse(&"(".repeat(100_000)).expect_err("too deep").contains("more than 32"));
    assert!(Filter::parse(&"!".repeat(100_000)).expect_err("too deep").contains("more than 32"));
    assert_eq!(Filter::parse("  \t "), Ok(None));
    assert_eq!(Filter::parse(" tcp ").expect("valid").expect("not empty").text(), "tcp");
}

#[test]
fn filters_combine_as_values() {
    let parse = |text: &str| Filter::parse(text).expect("valid").expect("not empty");
    for (mine, other, shown) in [
        ("tcp or udp", "port 443", true),
        ("not tcp or vlan 10", "port 1", false),
        ("not tcp or vlan 10", "port 443", true),
        ("tcp", "port 1", false),
    ] {
        assert_eq!(parse(mine).and(parse(other)).matches_conversation(&web()), shown, "{mine} with {other}");
    }
    let row = web();
    assert!(Filter::host(row.a).is_some_and(|f| f.matches_conversation(&row) && f.text() == format!("host {}", row.a)));
    assert!(Filter::host(Address::V4([203, 0, 113, 9].into())).is_some_and(|f| !f.matches_conversation(&row)));
    assert_eq!(Filter::host(Address::Mac(Mac([2; 6]))), None);
    assert!(
        row.vlans.ids().iter().all(|&id| Filter::vlan(id).matches_conversation(&row)) && !Filter::vlan(4094).matches_conversation(&row)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_filter_or_an_error(text in "\\PC{0,40}", words in prop::collection::vec(prop::sample::select(vec![
        "and", "or", "not", "(", ")", "!", "port", "80", "vlan", "ip", "10.0.0.0/8", "bytes", ">", "=", "1M", "mac", "aa:", "\"", "tcp", "x!=",
    ]), 0..12)) {
        for text in [text, words.concat(), words.join(" ")] {
            if let Ok(Some(filter)) = Filter::parse(&text) {
                let (shown, inverse) = (filter.matches_conversation(&web()), Filter::parse(&format!("not ({text})")));
                if let Ok(Some(inverse)) = inverse {
                    let opposite = inverse.matches_conversation(&web());
                    // What a row cannot know, such as whether an address is less than a word, neither shows nor hides it.
                    let may_not_know = text.contains(['<', '>', '=', '!']);
                    prop_assert!(shown != opposite || may_not_know && shown, "{}", text);
                }
            }
        }
    }
}

/// What a row shows and does not know itself.
#[test]
fn words_that_are_shown_find_their_rows() {
    assert!(shows("establ", &web()) && !shows("closed", &web()) && shows("not closed", &web()));
    let called = |filter: &str, row: &Conversation| {
        let mut filter = Filter::parse(filter).expect("valid").expect("not empty");
        filter.learn(|word| if "laptop.office".contains(word) { vec![address("10.0.0.5"), address("10.0.0.4")] } else { Vec::new() });
        filter.matches_conversation(row)
    };
    assert!(called("laptop", &web()) && called("lap and port 443", &web()) && !called("not lap", &web()));
    assert!(!called("laptop", &six()) && !called("printer", &web()), "others are not called so");
    let mut one = Filter::parse("laptop").expect("valid").expect("not empty");
    one.learn(|_| vec![address("10.0.0.5")]);
    assert!(one.and(Filter::vlan(10)).matches_conversation(&web()), "two filters together keep what their words stand for");
}

#[test]
fn every_example_of_the_help_is_understood() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("the file is there");
    let block = readme.split("```").find(|block| block.contains("any text that stands in a row")).expect("the filter in README.md");
    let told = block.lines().filter_map(|line| line.split_once("  ")).flat_map(|(examples, _)| examples.split(", "));
    let told: Vec<&str> = told.filter(|example| !example.trim().is_empty()).collect();
    assert!(told.len() >= 8, "{told:?}");
    for example in told {
        assert!(Filter::parse(example).is_ok_and(|filter| filter.is_some()), "README.md: {example}");
    }
    for (examples, shows) in crate::model::FILTER_WORDS {
        assert!(!shows.is_empty());
        for example in examples.split(", ") {
            assert!(matches!(Filter::parse(example), Ok(Some(_))), "{example}: {:?}", Filter::parse(example));
        }
    }
}

/// What stands in the column above which `app` is read is asked for by that, also where nobody knows an application.
#[test]
fn a_column_is_asked_for_by_what_it_shows() {
    let bare =
        |app, app_by| Conversation { app, app_by, a_port: 81, b_port: 40_000, path: path(&[Proto::Eth, Proto::Ip, Proto::Tcp]), ..web() };
    let nobody_knows = Conversation { tcp: None, originator_is_a: false, ..bare(None, None) };
    let guessed = bare(Some("tls"), Some(crate::model::AppBy::Port));
    let pinged = Conversation { a_port: 0, b_port: 0, path: path(&[Proto::Eth, Proto::Ip, Proto::Icmp]), ..bare(None, None) };
    for (words, shown) in [
        ("app = tcp/81", [true, false, false]),
        ("app = tls", [false, true, false]),
        ("app = tls?", [false, true, false]),
        ("tls?", [false, true, false]),
        ("app = icmp", [false, false, true]),
        ("app != icmp", [true, true, false]),
        ("app != tls", [true, false, true]),
    ] {
        assert_eq!([&nobody_knows, &guessed, &pinged].map(|row| shows(words, row)), shown, "{words}");
    }
}
