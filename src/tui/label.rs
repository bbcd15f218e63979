//! How things are called on screen: end points, applications, states.

use super::theme::Hue;
use super::view::{Kind, Scene, Topic};
use crate::model::path::Layer;
use crate::model::proto::Family;
use crate::model::{Address, Finding, Mac, Path, Proto, Severity};
use crate::snapshot::TcpState;

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

/// An address, by its maker's name when names are wanted.
pub(super) fn address(scene: &Scene, address: Address) -> String {
    if let Some(own) = scene.options.own_names.hosts.get(&address).filter(|_| scene.view.names) {
        return own.clone();
    }
    match address {
        Address::Mac(mac) if scene.view.names => mac_name(scene, mac),
        other => other.to_string(),
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
    if !matches!(kind, Kind::Tcp | Kind::Udp | Kind::Sctp) {
        return text;
    }
    let own = scene.options.own_names.port(port, kind.token());
    let name = if scene.view.names { own.or_else(|| (scene.options.service)(port, kind.token())) } else { None };
    let is_named = scene.view.names && scene.options.own_names.hosts.contains_key(&addr);
    match (addr, name) {
        (Address::V6(_), Some(name)) if !is_named => format!("[{text}]:{name}"),
        (Address::V6(_), None) if !is_named => format!("[{text}]:{port}"),
        (_, Some(name)) => format!("{text}:{name}"),
        (_, None) => format!("{text}:{port}"),
    }
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
    match severity {
        Severity::Note => ("●", Hue::Accent),
        Severity::Warning => ("▲", Hue::Warn),
        Severity::Critical => ("✖", Hue::Bad),
    }
}

/// Findings with their topics, in the snapshot's order.
pub(super) fn findings<'a>(scene: &Scene<'a>) -> Vec<(Topic, &'a Finding)> {
    scene.snapshot.diagnosis.findings.iter().map(|f| (Topic::Finding(f.id, f.subject), f)).collect()
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
