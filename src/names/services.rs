//! Service names by port, as people say them.
//!
//! Not the registry of IANA (RFC 6335): most of its names stand for programs nobody runs, and a port that a program was given by chance, or by
//! its administrator, would be called after one of them. A port without a name here has none.

use super::Transport;
use crate::model::Arrange as _;
use std::sync::OnceLock;

/// The list: port, name and transports a line.
const SERVICES: &str = include_str!("services.tsv");

/// Ports from here on are given to clients by Linux (32768–60999) and by IANA's dynamic range (49152–65535).
const FIRST_EPHEMERAL_PORT: u16 = 32_768;

/// Names of one transport, sorted by port.
type Names = Vec<(u16, &'static str)>;

/// The name of a port, such as `https` for 443/tcp.
pub fn service(port: u16, transport: Transport) -> Option<&'static str> {
    let names = table(transport);
    let at = names.binary_search_by_key(&port, |entry| entry.0).ok()?;
    names.get(at).map(|entry| entry.1)
}

/// The name that most likely tells what a conversation between two ports is.
///
/// A port that has no name never gives one. Of two that do:
/// 1. a system port (below 1024) goes before a user port: 443 ↔ 8080 is `https`;
/// 2. otherwise the lower port: servers have it, clients are given high ones;
/// 3. a port from 32768 on counts only when the other one is from there as well: beside a lower port without a name it is
///    almost always a client's, and its name would be an accident.
pub fn likely(a_port: u16, b_port: u16, transport: Transport) -> Option<&'static str> {
    let (low, high) = (a_port.min(b_port), a_port.max(b_port));
    // The ranges of rules 1 and 2 are in the order of the numbers, so the lower port is the better one in both.
    service(low, transport).or_else(|| {
        let is_clients = high >= FIRST_EPHEMERAL_PORT && low < FIRST_EPHEMERAL_PORT;
        if is_clients { None } else { service(high, transport) }
    })
}

fn table(transport: Transport) -> &'static [(u16, &'static str)] {
    static TABLES: OnceLock<[Names; 3]> = OnceLock::new();
    let [tcp, udp, sctp] = TABLES.get_or_init(|| parse(SERVICES));
    match transport {
        Transport::Tcp => tcp,
        Transport::Udp => udp,
        Transport::Sctp => sctp,
    }
}

/// Reads the list's lines into one table for each transport.
fn parse(text: &'static str) -> [Names; 3] {
    let mut tables = [const { Vec::new() }; 3];
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.split('\t');
        let (Some(port), Some(name), Some(transports)) = (fields.next().and_then(|p| p.parse().ok()), fields.next(), fields.next()) else {
            continue;
        };
        for (table, letter) in tables.iter_mut().zip(['t', 'u', 's']) {
            if transports.contains(letter) {
                table.push((port, name));
            }
        }
    }
    for table in &mut tables {
        table.arrange();
        table.dedup_by_key(|entry| entry.0);
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;
    use Transport::{Sctp, Tcp, Udp};

    #[test]
    fn names_people_say() {
        for (port, transport, name) in [
            (22, Tcp, "ssh"),
            (53, Udp, "dns"),
            (67, Udp, "dhcp"),
            (123, Udp, "ntp"),
            (179, Tcp, "bgp"),
            (443, Tcp, "https"),
            (443, Udp, "quic"),
            (445, Tcp, "smb"),
            (465, Tcp, "smtps"),
            (514, Udp, "syslog"),
            (514, Tcp, "rsh"),
            (5201, Tcp, "iperf3"),
            (5004, Udp, "rtp"),
            (2905, Sctp, "m3ua"),
            (3306, Tcp, "mysql"),
            (4789, Udp, "vxlan"),
            (5353, Udp, "mdns"),
            (47808, Udp, "bacnet"),
        ] {
            assert_eq!(service(port, transport), Some(name), "{port} {transport:?}");
        }
        assert_eq!(service(0, Tcp), None);
        // Registered for programs nobody runs.
        assert_eq!([service(1759, Tcp), service(674, Udp)], [None; 2]);
        assert_eq!(service(65_535, Udp), None);
    }

    #[test]
    fn names_are_words_each_once() {
        let lines: Vec<&str> = SERVICES.lines().filter(|l| !l.starts_with('#')).collect();
        let letters: usize = lines.iter().map(|l| l.rsplit('\t').next().map_or(0, str::len)).sum();
        assert_eq!(parse(SERVICES).iter().map(Vec::len).sum::<usize>(), letters, "a port has two names");
        assert!(lines.len() >= 300);
        for line in lines {
            let name = line.split('\t').nth(1).unwrap();
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') && name.len() <= 21, "{line}");
        }
    }

    #[test]
    fn broken_lines_are_passed_over() {
        let [tcp, udp, _] = parse("# note\nnonsense\n99999\tbig\tt\n7\techo\ttu\n\n5\n");
        assert_eq!((tcp, udp), (vec![(7, "echo")], vec![(7, "echo")]));
    }

    #[test]
    fn the_port_that_names_a_conversation() {
        for (a, b, name) in [
            (443, 51_000, Some("quic")),
            (51_000, 443, Some("quic")),
            (443, 8080, Some("quic")),
            (3306, 5432, Some("mysql")),
            // 1023 has no name, 8080 has one.
            (1023, 8080, Some("http")),
            // A client's port that happens to be registered, beside a server without a name.
            (1234, 47_808, None),
            (9999, 47_808, None),
            (1023, 47_808, None),
            (47_808, 47_808, Some("bacnet")),
            (47_808, 61_000, Some("bacnet")),
            (61_000, 62_000, None),
        ] {
            assert_eq!(likely(a, b, Udp).or_else(|| likely(a, b, Tcp)), name, "{a} {b}");
        }
    }
}
