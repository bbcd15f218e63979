//! How things are called on screen: end points, applications, states.

use super::theme::Hue;
use super::view::{Kind, Scene, Topic};
use super::widgets::table::Cell;
use crate::model::Arrange as _;
use crate::model::path::Layer;
use crate::model::proto::Family;
use crate::model::text::printable;
use crate::model::{Address, Finding, Mac, NameSource, Path, Proto, Severity, group_meaning};
use crate::snapshot::{Conversation, TcpState};

/// Families of applications that are no protocols of their own here.
const APPLICATIONS: &[(Family, &str)] = &[
    (Family::Web, "http https tls ssl quic http2 http3 www websocket grpc http-proxy"),
    (
        Family::Infrastructure,
        "dns dns-over-tls dns-over-quic mdns llmnr dhcp dhcpv6 ntp ptp snmp snmp-trap syslog syslog-tls ldap ldaps ldap-gc ldaps-gc kerberos kpasswd radius \
         radius-acct tacacs netflow ipfix sflow nbns netbios-ns netbios-dgm ssdp slp ws-discovery rpcbind msrpc",
    ),
    (
        Family::Storage,
        "smb smb2 nfs afp iscsi ftp ftp-data ftps tftp rsync mysql postgresql mssql oracle redis mongodb memcached cassandra elasticsearch influxdb \
         couchdb ceph netbios-ssn nbd",
    ),
    (Family::Media, "rtp rtcp rtsp sip sips h323 stun stuns turn mgcp rtmp sccp iax2"),
    (
        Family::Tunnel,
        "ssh openvpn wireguard ipsec ipsec-nat ike l2tp vxlan vxlan-gpe geneve gtp-u gtp-c pptp teredo zerotier tailscale tinc",
    ),
    (Family::Control, "bgp bfd bfd-echo bfd-multihop ldp rip ripng msdp hsrp glbp lisp capwap openflow netconf"),
];

/// The family of a token: a protocol's, or an application's.
pub(super) fn family(token: &str) -> Family {
    if let Some(proto) = Proto::ALL.iter().find(|p| p.token() == token) {
        return proto.family();
    }
    APPLICATIONS.iter().find(|(_, tokens)| tokens.split(' ').any(|t| t == token)).map_or(Family::Other, |found| found.0)
}

/// The family of a layer.
pub(super) fn layer_family(layer: Layer) -> Family {
    match layer {
        Layer::Known(proto) => proto.family(),
        _ => Family::Other,
    }
}

/// An address: when names are wanted by what it is called, or by its maker's name.
pub(super) fn address(scene: &Scene, address: Address) -> String {
    if let Some(own) = scene.options.own_names.hosts.get(&address).filter(|_| scene.view.names) {
        return own.clone();
    }
    match address {
        Address::Mac(mac) if scene.view.names => mac_name(scene, mac),
        other => learnt(scene, other).filter(|_| scene.view.names).unwrap_or_else(|| other.to_string()),
    }
}

/// `Maker_12:34:56` as analysers write it, or the plain address.
fn mac_name(scene: &Scene, mac: Mac) -> String {
    if mac == Mac::BROADCAST {
        return "broadcast".into();
    }
    match (scene.options.manufacturer)(mac) {
        Some(maker) => {
            let [_, _, _, d, e, f] = mac.0;
            let maker = maker.split([' ', ',']).next().unwrap_or(maker);
            format!("{maker}_{d:02x}:{e:02x}:{f:02x}")
        }
        None => mac.to_string(),
    }
}

/// An address with its port, where the kind has ports.
pub(super) fn endpoint(scene: &Scene, kind: Kind, addr: Address, port: u16) -> String {
    let text = address(scene, addr);
    // A row that stands for many ports has none of its own.
    if !matches!(kind, Kind::Tcp | Kind::Udp | Kind::Sctp) || port == 0 {
        return text;
    }
    let own = scene.options.own_names.port(port, kind.token());
    let name = if scene.view.names { own.or_else(|| (scene.options.service)(port, kind.token())) } else { None };
    let is_named = scene.view.names && (scene.options.own_names.hosts.contains_key(&addr) || learnt(scene, addr).is_some());
    match (addr, name) {
        (Address::V6(_), Some(name)) if !is_named => format!("[{text}]:{name}"),
        (Address::V6(_), None) if !is_named => format!("[{text}]:{port}"),
        (_, Some(name)) => format!("{text}:{name}"),
        (_, None) => format!("{text}:{port}"),
    }
}

/// How much a source's name is an address's own: what it calls itself before what others call it.
fn rank(source: NameSource) -> u8 {
    match source {
        NameSource::Own => 0,
        NameSource::Dhcp => 1,
        NameSource::Mdns | NameSource::Llmnr => 2,
        NameSource::Nbns => 3,
        NameSource::DnsPointer => 4,
        NameSource::Tls => 5,
        NameSource::Http => 6,
        NameSource::Dns => 7,
    }
}

/// The names of an address with the sources that told them, the most its own first. Names are learnt, not proven.
pub(super) fn names(scene: &Scene, address: Address) -> Vec<(String, Vec<NameSource>)> {
    let mut known: Vec<_> = scene.base.dissect.names.rows.iter().filter(|name| name.address == address).collect();
    known.arrange_by_key(|name| rank(name.source));
    let mut out: Vec<(String, Vec<NameSource>)> = Vec::new();
    for name in known {
        match out.iter_mut().find(|(told, _)| **told == *name.name) {
            Some((_, sources)) => sources.push(name.source),
            None => out.push((printable(&name.name).into_owned(), vec![name.source])),
        }
    }
    out
}

/// The name that is most an address's own, as far as it was learnt.
pub(super) fn learnt(scene: &Scene, address: Address) -> Option<String> {
    let known = scene.base.dissect.names.rows.iter().filter(|name| name.address == address);
    known.min_by_key(|name| rank(name.source)).map(|name| printable(&name.name).into_owned())
}

/// What an address is called: by the user, else as it was learnt.
fn called_as(scene: &Scene, address: Address) -> Option<String> {
    scene.options.own_names.hosts.get(&address).cloned().or_else(|| learnt(scene, address))
}

/// Addresses of which the screen shows a name with this in it, in lower case: what they are called, their maker, what a group means.
pub(super) fn called(scene: &Scene, needle: &str) -> Vec<Address> {
    let holds = |name: &str| name.to_lowercase().contains(needle);
    let own = scene.options.own_names.hosts.iter().filter(|(_, name)| holds(name)).map(|(address, _)| *address);
    let learnt = scene.base.dissect.names.rows.iter().filter(|name| holds(&name.name)).map(|name| name.address);
    let ends = &scene.base.stats.endpoints;
    let seen = [&ends.ip, &ends.ipv6, &ends.eth].into_iter().flat_map(|table| &table.rows).map(|row| row.address);
    let shown = |address: &Address| match (group(*address), *address) {
        (Some(meaning), _) => holds(meaning) || holds("group"),
        (None, Address::Mac(mac)) => holds(&mac_name(scene, mac)),
        (None, _) => false,
    };
    own.chain(learnt).chain(seen.filter(shown)).collect()
}

/// What a group of an IP address means; `None` for a host's.
pub(super) fn group(address: Address) -> Option<&'static str> {
    match address {
        Address::Mac(mac) => group_meaning(mac),
        Address::V4(ip) if ip.is_broadcast() => Some("everybody"),
        Address::V4(ip) if ip.is_unspecified() => Some("no address yet"),
        Address::V6(ip) if ip.is_unspecified() => Some("no address yet"),
        // Groups of the link are one to one with their MAC addresses (RFC 1112, RFC 2464); others share them.
        Address::V4(ip) if ip.is_multicast() => match ip.octets() {
            [224, 0, 0, last] => group_meaning(Mac([0x01, 0x00, 0x5e, 0, 0, last])),
            _ => Some("a multicast group"),
        },
        Address::V6(ip) if ip.is_multicast() => match ip.octets() {
            [0xff, _, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ..] => Some("neighbour discovery"),
            [0xff, _, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] => group_meaning(Mac([0x33, 0x33, a, b, c, d])),
            _ => Some("a multicast group"),
        },
        Address::V4(_) | Address::V6(_) => None,
    }
}

/// The name of an address in a table: what it is called, and how many other names it has; of a group dim what it means.
pub(super) fn name_cell(scene: &Scene, address: Address) -> Cell {
    if let Some(meaning) = group(address) {
        return Cell::Text(meaning.into(), scene.style(Hue::Dim));
    }
    let names = names(scene, address);
    let Some((name, _)) = names.first() else { return Cell::Text(String::new(), scene.style(Hue::Dim)) };
    let mut pieces = vec![(name.clone().into(), scene.style(Hue::Text))];
    if names.len() > 1 {
        pieces.push((format!(" +{}", names.len() - 1).into(), scene.style(Hue::Dim)));
    }
    Cell::Pieces(pieces)
}

/// The name of whom a conversation is with, else of who began it: the first of what it is called.
pub(super) fn name_of_ends(scene: &Scene, row: &Conversation) -> Cell {
    let ends = if row.originator_is_a { [row.b, row.a] } else { [row.a, row.b] };
    // What a group means is no name of a server.
    let name = ends.into_iter().filter(|end| group(*end).is_none()).find_map(|end| called_as(scene, end));
    Cell::Text(name.unwrap_or_default(), scene.style(Hue::Dim))
}

/// Whether there is anything that [`name_cell`] could say of these addresses.
pub(super) fn has_names<'a>(scene: &Scene, mut addresses: impl Iterator<Item = &'a Address>) -> bool {
    !scene.base.dissect.names.rows.is_empty() || addresses.any(|address| group(*address).is_some())
}

/// What stands between two ends, by whether the first and the second sent something.
pub(super) fn between(forth: bool, back: bool) -> &'static str {
    match (forth, back) {
        (true, false) => "→",
        (false, true) => "←",
        _ => "⇄",
    }
}

/// A TCP state and how it feels.
pub(super) fn state(state: TcpState) -> (&'static str, Hue) {
    match state {
        TcpState::SynSent => ("syn sent", Hue::Warn),
        TcpState::SynReceived => ("syn rcvd", Hue::Warn),
        TcpState::Established => ("open", Hue::Good),
        TcpState::Midstream => ("midstream", Hue::Text),
        TcpState::Closing => ("closing", Hue::Dim),
        TcpState::Closed => ("closed", Hue::Dim),
        TcpState::Reset => ("reset", Hue::Bad),
    }
}

/// The symbol and hue of a severity.
pub(super) fn severity(severity: Severity) -> (&'static str, Hue) {
    let hue = match severity {
        Severity::Note => Hue::Accent,
        Severity::Warning => Hue::Warn,
        Severity::Critical => Hue::Bad,
    };
    (severity.sign(), hue)
}

/// The findings that the filter shows with their topics, in the snapshot's order.
pub(super) fn findings<'a>(scene: &Scene<'a>) -> Vec<(Topic, &'a Finding)> {
    let is_shown = |f: &&Finding| scene.view.filter.as_ref().is_none_or(|filter| filter.matches_finding(f));
    let shown = scene.snapshot.diagnosis.findings.iter().filter(is_shown);
    shown.map(|f| (Topic::Finding(f.id, f.subject), f)).collect()
}

/// The full name of the innermost protocol.
pub(in crate::tui) fn full_name(path: Path) -> String {
    match path.last() {
        Some(Layer::Known(proto)) => proto.name().to_owned(),
        Some(other) => format!("{other}"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_ip_addresses_mean_what_their_mac_addresses_mean() {
        let means = |text: &str| group(text.parse::<std::net::IpAddr>().map(Address::from).unwrap());
        assert_eq!(means("224.0.0.251"), Some("mDNS"));
        assert_eq!(means("239.0.0.251"), Some("a multicast group"), "which shares its MAC address with mDNS");
        assert_eq!(means("ff02::fb"), Some("mDNS"));
        assert_eq!(means("ff02::1:2"), Some("DHCPv6 servers and relays"));
        assert_eq!(means("ff02::1:ff00:12"), Some("neighbour discovery"));
        assert_eq!(means("255.255.255.255"), Some("everybody"));
        assert_eq!(means("::"), Some("no address yet"));
        assert_eq!((means("10.0.0.1"), means("2001:db8::1")), (None, None));
    }

    #[test]
    fn an_application_has_one_family() {
        assert_eq!(family("tls"), Family::Web);
        assert_eq!(family("arp"), Family::Network);
        assert_eq!(family("never heard"), Family::Other);
        let mut seen = std::collections::HashSet::new();
        for token in APPLICATIONS.iter().flat_map(|f| f.1.split(' ')) {
            assert!(seen.insert(token), "{token} twice");
        }
    }
}
