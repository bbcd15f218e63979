//! A selection in the languages of others: as a display filter of Wireshark (wireshark-filter(4)), as a capture filter (pcap-filter(7)), and as
//! the filter of the screens.
//!
//! Nothing in them comes from packets but addresses and numbers, so that they can be put on a command line in quotes.

use super::PacketSubject;
use super::wrapping::{CaptureFilter, Wrappings};
use crate::model::Address;

/// How Wireshark calls addresses of a kind.
fn field(address: Address) -> &'static str {
    match address {
        Address::Mac(_) => "eth",
        Address::V4(_) => "ip",
        Address::V6(_) => "ipv6",
    }
}

/// How both languages call a protocol of ports.
fn transport(protocol: Option<u8>) -> Option<&'static str> {
    match protocol {
        Some(6) => Some("tcp"),
        Some(17) => Some("udp"),
        Some(132) => Some("sctp"),
        _ => None,
    }
}

/// How pcap-filter calls an address.
fn host(address: Address, way: &str) -> String {
    match address {
        Address::Mac(mac) => format!("ether {}{mac}", if way.is_empty() { "host " } else { way }),
        address => format!("{way}host {address}"),
    }
}

fn joined(parts: impl IntoIterator<Item = Option<String>>, word: &str) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(word)
}

impl PacketSubject {
    /// As a display filter of Wireshark; `None` for all packets.
    pub fn wireshark(&self) -> Option<String> {
        match self {
            Self::All => None,
            Self::Between { a, a_port, b, b_port, protocol } => {
                // Both ways in one: the ends change places, and so do the ports.
                let way = |from: &Address, from_port: u16, to: &Address, to_port: u16| {
                    let port = |name: &str, port: u16| transport(*protocol).filter(|_| port > 0).map(|t| format!("{t}.{name} == {port}"));
                    let parts = [
                        Some(format!("{}.src == {from}", field(*from))),
                        port("srcport", from_port),
                        Some(format!("{}.dst == {to}", field(*to))),
                        port("dstport", to_port),
                    ];
                    joined(parts, " && ")
                };
                let ports = match transport(*protocol) {
                    None if *a_port > 0 || *b_port > 0 => {
                        let either = |port: u16| (port > 0).then(|| format!("(tcp.port == {port} || udp.port == {port})"));
                        joined([either(*a_port), either(*b_port)], " && ")
                    }
                    _ => String::new(),
                };
                let both = format!("({}) || ({})", way(a, *a_port, b, *b_port), way(b, *b_port, a, *a_port));
                Some(if ports.is_empty() { both } else { format!("({both}) && {ports}") })
            }
            Self::Host { address, port: 0 } => Some(format!("{}.addr == {address}", field(*address))),
            Self::Host { address, port } => {
                let name = field(*address);
                let one = |t: &str, way: &str| format!("({name}.{way} == {address} && {t}.{way}port == {port})");
                Some(["tcp", "udp"].map(|t| format!("{} || {}", one(t, "src"), one(t, "dst"))).join(" || "))
            }
            Self::Vlan(id) => Some(format!("vlan.id == {id}")),
            Self::Path(path) => path.last().map(|layer| layer.to_string()),
            Self::Numbers(numbers, _) => {
                let list: Vec<String> = numbers.iter().map(u64::to_string).collect();
                Some(format!("frame.number in {{{}}}", list.join(", ")))
            }
            Self::During(span, of) => {
                let time = format!("frame.time_epoch >= {} && frame.time_epoch < {}", span.from, span.to);
                Some(of.wireshark().map_or_else(|| time.clone(), |of| format!("({of}) && {time}")))
            }
        }
    }

    /// The ends of it.
    pub(super) fn ends(&self) -> Vec<Address> {
        match self {
            Self::During(_, of) => of.ends(),
            Self::Between { a, b, .. } => vec![*a, *b],
            Self::Host { address, .. } => vec![*address],
            Self::All | Self::Numbers(..) | Self::Vlan(_) | Self::Path(_) => Vec::new(),
        }
    }

    /// As a capture filter for packets that are wrapped in what those of a capture are; `None` where there is none: for all packets, and for
    /// some by their numbers.
    ///
    /// # Errors
    /// Why no capture filter finds them, in words.
    pub fn bpf(&self, wrappings: &Wrappings) -> Result<Option<CaptureFilter>, String> {
        let Some(bare) = self.bare_bpf(wrappings.tags()) else { return Ok(None) };
        // Tags are not in front of the addresses of the link, and a VLAN is a tag itself.
        let by_link = self.ends().iter().any(|end| matches!(end, Address::Mac(_)));
        wrappings.around(&bare, by_link || self.is_vlan()).map(Some)
    }

    fn is_vlan(&self) -> bool {
        match self {
            Self::During(_, of) => of.is_vlan(),
            other => matches!(other, Self::Vlan(_)),
        }
    }

    /// As a capture filter for packets in nothing but so many tags.
    fn bare_bpf(&self, tags: usize) -> Option<String> {
        match self {
            // That of a protocol depends on what it is wrapped in.
            Self::All | Self::Numbers(..) | Self::Path(_) => None,
            // No capture filter knows the time.
            Self::During(_, of) => of.bare_bpf(tags),
            Self::Between { a, a_port, b, b_port, protocol } => {
                let name = transport(*protocol);
                let way = |from: &Address, from_port: u16, to: &Address, to_port: u16| {
                    let port = |way: &str, port: u16| (port > 0).then(|| format!("{way} port {port}"));
                    joined([Some(host(*from, "src ")), port("src", from_port), Some(host(*to, "dst ")), port("dst", to_port)], " and ")
                };
                let both = format!("({}) or ({})", way(a, *a_port, b, *b_port), way(b, *b_port, a, *a_port));
                Some(name.map_or(both.clone(), |name| format!("{name} and ({both})")))
            }
            Self::Host { address, port: 0 } => Some(host(*address, "")),
            Self::Host { address, port } => {
                let one = |way: &str| format!("({} and {}port {port})", host(*address, way), way);
                Some(format!("{} or {}", one("src "), one("dst ")))
            }
            // The word moves what is behind it by one tag, so that the second one asks for the second tag.
            Self::Vlan(id) => Some(vec![format!("vlan {id}"); tags.max(1)].join(" or ")),
        }
    }

    /// As the filter of the screens; `None` where rows are not chosen so.
    pub fn row_filter(&self) -> Option<String> {
        let end = |address: &Address| match address {
            Address::Mac(mac) => format!("mac {mac}"),
            address => format!("host {address}"),
        };
        let port = |port: u16| (port > 0).then(|| format!("port {port}"));
        match self {
            Self::All | Self::Numbers(..) => None,
            Self::During(_, of) => of.row_filter(),
            Self::Between { a, a_port, b, b_port, protocol } => {
                Some(joined([transport(*protocol).map(str::to_owned), Some(end(a)), port(*a_port), Some(end(b)), port(*b_port)], " and "))
            }
            Self::Host { address, port: number } => Some(joined([Some(end(address)), port(*number)], " and ")),
            Self::Vlan(id) => Some(format!("vlan {id}")),
            Self::Path(path) => path.last().map(|layer| layer.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Mac;
    use crate::snapshot::Filter;

    /// One selection of every kind.
    fn every() -> Vec<PacketSubject> {
        let (a, b) = (Address::V4([10, 0, 0, 1].into()), Address::V4([10, 0, 0, 2].into()));
        let (c, d): (Address, Address) = (Address::V6("2001:db8::1".parse().unwrap()), Address::V6("2001:db8::2".parse().unwrap()));
        let mac = |n| Address::Mac(Mac([2, 0, 0, 0, 0, n]));
        let between = |a, a_port, b, b_port, protocol| PacketSubject::Between { a, a_port, b, b_port, protocol };
        vec![
            between(a, 40_000, b, 443, Some(6)),
            between(c, 53, d, 5353, Some(17)),
            between(a, 0, b, 0, None),
            between(mac(1), 0, mac(2), 0, None),
            between(a, 1, b, 2, None),
            PacketSubject::Host { address: a, port: 0 },
            PacketSubject::Host { address: c, port: 53 },
            PacketSubject::Host { address: mac(1), port: 0 },
            PacketSubject::Vlan(10),
        ]
    }

    /// The filter of what is wrapped in nothing.
    fn bpf(subject: &PacketSubject) -> Option<String> {
        subject.bpf(&Wrappings::default()).unwrap().map(|filter| filter.text)
    }

    #[test]
    fn filters_say_what_is_selected() {
        let all = every();
        assert_eq!(
            all[0].wireshark().unwrap(),
            "(ip.src == 10.0.0.1 && tcp.srcport == 40000 && ip.dst == 10.0.0.2 && tcp.dstport == 443) || (ip.src == 10.0.0.2 && tcp.srcport == 443 && ip.dst == 10.0.0.1 && tcp.dstport == 40000)"
        );
        assert_eq!(
            bpf(&all[0]).unwrap(),
            "tcp and ((src host 10.0.0.1 and src port 40000 and dst host 10.0.0.2 and dst port 443) or (src host 10.0.0.2 and src port 443 and dst host 10.0.0.1 and dst port 40000))"
        );
        assert_eq!(
            bpf(&all[3]).unwrap(),
            "(ether src 02:00:00:00:00:01 and ether dst 02:00:00:00:00:02) or (ether src 02:00:00:00:00:02 and ether dst 02:00:00:00:00:01)"
        );
        assert_eq!(PacketSubject::Numbers(vec![1, 5], String::new()).wireshark().unwrap(), "frame.number in {1, 5}");
        assert_eq!((PacketSubject::All.wireshark(), bpf(&PacketSubject::All)), (None, None));
    }

    #[test]
    fn the_screens_take_their_own() {
        for subject in every() {
            let text = subject.row_filter().unwrap();
            assert!(matches!(Filter::parse(&text), Ok(Some(_))), "{text}: {:?}", Filter::parse(&text));
            assert!(matches!(Filter::parse(&format!("not ({text})")), Ok(Some(_))), "{text}");
        }
    }
}
