//! Interfaces and their addresses by rtnetlink(7): `linux/if_link.h`, `linux/if_addr.h`.

use super::netlink::{Client, attribute, byte, name, number, put, text};
use crate::model::Arrange as _;
use crate::model::Mac;
use crate::model::host::{Counters, HostFacts, Stack};
use std::io;
use std::net::IpAddr;

const RTM_GETLINK: u16 = 18;
const RTM_GETADDR: u16 = 22;
const RTM_GETQDISC: u16 = 38;

/// Bytes of `struct ifinfomsg`, `struct ifaddrmsg` and `struct tcmsg`, which stand before the attributes.
const IFINFOMSG: usize = 16;
const IFADDRMSG: usize = 8;
const TCMSG: usize = 20;

const IFF_UP: u32 = 1;
const IFF_LOOPBACK: u32 = 1 << 3;
const IFF_NOARP: u32 = 1 << 7;
const IFF_PROMISC: u32 = 1 << 8;

const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_MASTER: u16 = 10;
const IFLA_OPERSTATE: u16 = 16;
const IFLA_LINKINFO: u16 = 18;
const IFLA_STATS64: u16 = 23;
const IFLA_EXT_MASK: u16 = 29;
const IFLA_PROMISCUITY: u16 = 30;
const IFLA_CARRIER: u16 = 33;
const IFLA_LINK_NETNSID: u16 = 37;
const IFLA_XDP: u16 = 43;
const IFLA_MAX_MTU: u16 = 51;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_XDP_ATTACHED: u16 = 2;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const TCA_KIND: u16 = 1;

/// `RTEXT_FILTER_SKIP_STATS`: a list of links without their counters.
const SKIP_STATS: u32 = 1 << 3;

/// Kinds of interfaces that stand on another one. (A veth's `IFLA_LINK` is its other end.)
const UPPER: &[&str] = &["vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "macsec", "hsr"];

/// The state and the counters of one interface.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Link {
    /// The kernel's number of it.
    pub index: u32,
    /// Name.
    pub name: String,
    /// `IFF_` bits.
    pub flags: u32,
    /// Who asked for promiscuous mode, in number.
    pub promiscuity: u32,
    /// The kind the kernel gives it; physical ones have none.
    pub kind: String,
    /// The interface it is a port of.
    pub master: Option<u32>,
    /// The interface it stands on, in the same namespace.
    pub below: Option<u32>,
    /// An XDP program is attached.
    pub xdp: bool,
    mac: Option<Mac>,
    mtu: Option<u32>,
    max_mtu: Option<u32>,
    operstate: Option<u8>,
    carrier: Option<bool>,
    /// Its counters.
    pub counters: Option<Counters>,
}

/// One interface by name.
pub fn link(client: &mut Client, name: &str) -> io::Result<Link> {
    let mut question = vec![0; IFINFOMSG];
    put(&mut question, IFLA_IFNAME, &[name.as_bytes(), &[0]].concat());
    let answer = client.ask(RTM_GETLINK, false, &question)?;
    answer.first().and_then(|m| parse(m)).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// All interfaces, without counters.
fn links(client: &mut Client) -> io::Result<Vec<Link>> {
    let mut question = vec![0; IFINFOMSG];
    put(&mut question, IFLA_EXT_MASK, &SKIP_STATS.to_ne_bytes());
    Ok(client.ask(RTM_GETLINK, true, &question)?.iter().filter_map(|m| parse(m)).collect())
}

/// Reads an RTM_NEWLINK.
fn parse(message: &[u8]) -> Option<Link> {
    let (header, attrs) = message.split_at_checked(IFINFOMSG)?;
    let word = |at: usize| header.get(at..)?.first_chunk().map(|b| u32::from_ne_bytes(*b));
    let nested = |nest: u16, kind: u16| attribute(attrs, nest).and_then(|nest| attribute(nest, kind));
    Some(Link {
        index: word(4)?,
        flags: word(8)?,
        name: text(attrs, IFLA_IFNAME)?,
        promiscuity: number(attrs, IFLA_PROMISCUITY).unwrap_or(0),
        kind: nested(IFLA_LINKINFO, IFLA_INFO_KIND).map(name).unwrap_or_default(),
        master: number(attrs, IFLA_MASTER),
        // A number of another namespace says nothing here.
        below: number(attrs, IFLA_LINK).filter(|_| attribute(attrs, IFLA_LINK_NETNSID).is_none()),
        xdp: nested(IFLA_XDP, IFLA_XDP_ATTACHED).is_some_and(|mode| mode.first().is_some_and(|m| *m != 0)),
        mac: attribute(attrs, IFLA_ADDRESS).and_then(|bytes| bytes.try_into().ok()).map(Mac),
        mtu: number(attrs, IFLA_MTU),
        max_mtu: number(attrs, IFLA_MAX_MTU).filter(|n| *n > 0),
        operstate: byte(attrs, IFLA_OPERSTATE),
        carrier: byte(attrs, IFLA_CARRIER).map(|c| c != 0),
        counters: attribute(attrs, IFLA_STATS64).and_then(counters),
    })
}

/// Reads a `struct rtnl_link_stats64`.
fn counters(bytes: &[u8]) -> Option<Counters> {
    let at = |n: usize| bytes.get(n * 8..)?.first_chunk().map(|b| u64::from_ne_bytes(*b));
    Some(Counters {
        received: at(0)?,
        sent: at(1)?,
        unused: at(6)?,
        length: at(10)?,
        over: at(11)?,
        crc: at(12)?,
        frame: at(13)?,
        fifo: at(14)?,
        missed: at(15)?,
    })
}

impl Link {
    /// Writes down what it says.
    pub fn tell(&self, facts: &mut HostFacts) {
        facts.loopback = Some(self.flags & IFF_LOOPBACK != 0);
        facts.up = Some(self.flags & IFF_UP != 0);
        facts.no_arp = Some(self.flags & IFF_NOARP != 0);
        facts.promiscuous = Some(self.flags & IFF_PROMISC != 0 || self.promiscuity > 0);
        (facts.mac, facts.mtu, facts.max_mtu) = (self.mac, self.mtu, self.max_mtu);
        facts.operstate = self.operstate.and_then(operstate);
        // While an interface is down its carrier says nothing.
        facts.carrier = self.carrier.filter(|_| self.flags & IFF_UP != 0);
    }
}

/// RFC 2863 `ifOperStatus` as Linux numbers it (`IF_OPER_`).
fn operstate(state: u8) -> Option<&'static str> {
    ["unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"].get(usize::from(state)).copied()
}

/// What an interface belongs to and what stands on it.
pub fn stack(client: &mut Client, link: &Link) -> io::Result<Stack> {
    let all = links(client)?;
    let mut children: Vec<String> = all.iter().filter(|l| stands_on(l, link)).map(|l| l.name.clone()).collect();
    children.arrange();
    let master = link.master.map(|index| match all.iter().find(|l| l.index == index) {
        Some(master) => (master.name.clone(), master.kind.clone()),
        None => (format!("interface {index}"), String::new()),
    });
    Ok(Stack { master, children, xdp: link.xdp, ingress: ingress(client, link.index).unwrap_or(false) })
}

fn stands_on(upper: &Link, lower: &Link) -> bool {
    upper.index != lower.index && upper.below == Some(lower.index) && UPPER.contains(&upper.kind.as_str())
}

/// Whether packets are handled on entry, before the host's own stack.
fn ingress(client: &mut Client, index: u32) -> io::Result<bool> {
    let mut question = vec![0; TCMSG];
    question.splice(4..8, index.to_ne_bytes());
    Ok(client.ask(RTM_GETQDISC, true, &question)?.iter().any(|m| is_ingress(m, index)))
}

fn is_ingress(message: &[u8], index: u32) -> bool {
    let of = message.get(4..).and_then(|b| b.first_chunk()).map(|b| u32::from_ne_bytes(*b));
    let kind = message.get(TCMSG..).and_then(|attrs| text(attrs, TCA_KIND));
    of == Some(index) && kind.is_some_and(|kind| kind == "ingress" || kind == "clsact")
}

/// Addresses of an interface.
pub fn addresses(client: &mut Client, index: u32) -> io::Result<Vec<IpAddr>> {
    // Older kernels list those of all interfaces whatever is asked for.
    let answer = client.ask(RTM_GETADDR, true, &[0; IFADDRMSG])?;
    let mut found: Vec<IpAddr> = answer.iter().filter_map(|m| address(m)).filter(|(of, _)| *of == index).map(|(_, ip)| ip).collect();
    found.arrange();
    Ok(found)
}

/// Reads an RTM_NEWADDR: the interface's number and the address. On a point-to-point link `IFA_ADDRESS` is the other end's.
fn address(message: &[u8]) -> Option<(u32, IpAddr)> {
    let (header, attrs) = message.split_at_checked(IFADDRMSG)?;
    let index = u32::from_ne_bytes(*header.get(4..)?.first_chunk()?);
    let value = attribute(attrs, IFA_LOCAL).or_else(|| attribute(attrs, IFA_ADDRESS))?;
    let ip = match value.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(value).ok()?),
        16 => IpAddr::from(<[u8; 16]>::try_from(value).ok()?),
        _ => return None,
    };
    Some((index, ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newlink(index: u32, flags: u32, attrs: &[(u16, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0; IFINFOMSG];
        bytes.splice(4..8, index.to_ne_bytes());
        bytes.splice(8..12, flags.to_ne_bytes());
        attrs.iter().for_each(|(kind, value)| put(&mut bytes, *kind, value));
        bytes
    }

    fn nest(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        put(&mut bytes, kind, value);
        bytes
    }

    #[test]
    fn a_link_is_read() {
        let stats: Vec<u8> = (0..25u64).flat_map(|n| (n * 10).to_ne_bytes()).collect();
        let message = newlink(
            7,
            IFF_UP | IFF_NOARP,
            &[
                (IFLA_ADDRESS, &[2, 0, 0, 0, 0, 7]),
                (IFLA_IFNAME, b"eth1\0"),
                (IFLA_MTU, &9000u32.to_ne_bytes()),
                (IFLA_MAX_MTU, &9216u32.to_ne_bytes()),
                (IFLA_OPERSTATE, &[6]),
                (IFLA_CARRIER, &[1]),
                (IFLA_PROMISCUITY, &1u32.to_ne_bytes()),
                (IFLA_MASTER, &3u32.to_ne_bytes()),
                (IFLA_XDP, &nest(IFLA_XDP_ATTACHED, &[2])),
                (IFLA_STATS64, &stats),
            ],
        );
        let link = parse(&message).expect("a link");
        assert_eq!((link.index, link.name.as_str(), link.master, link.xdp, link.kind.as_str()), (7, "eth1", Some(3), true, ""));
        let c = link.counters.expect("counters");
        assert_eq!((c.received, c.sent, c.unused, c.length, c.over, c.crc), (0, 10, 60, 100, 110, 120));
        assert_eq!((c.frame, c.fifo, c.missed, c.no_room()), (130, 140, 150, 400));
        let mut facts = HostFacts::default();
        link.tell(&mut facts);
        assert_eq!((facts.up, facts.no_arp, facts.promiscuous, facts.carrier), (Some(true), Some(true), Some(true), Some(true)));
        assert_eq!((facts.mtu, facts.max_mtu, facts.operstate), (Some(9000), Some(9216), Some("up")));
        assert_eq!(facts.mac, Some(Mac([2, 0, 0, 0, 0, 7])));
    }

    #[test]
    fn what_is_missing_is_not_known() {
        let link = parse(&newlink(7, 0, &[(IFLA_IFNAME, b"eth1\0"), (IFLA_STATS64, &[0; 24]), (IFLA_CARRIER, &[1])])).expect("a link");
        assert_eq!((link.counters, link.below, link.master, link.xdp), (None, None, None, false));
        let mut facts = HostFacts::default();
        link.tell(&mut facts);
        assert_eq!((facts.up, facts.mtu, facts.operstate, facts.carrier), (Some(false), None, None, None));
        assert_eq!(parse(&[0; 10]), None);
        assert_eq!(parse(&newlink(7, 0, &[])), None, "a link has a name");
    }

    #[test]
    fn vlans_stand_on_it_and_a_veths_other_end_does_not() {
        let upper = |kind: &[u8], attrs: &[(u16, &[u8])]| {
            let info = nest(IFLA_INFO_KIND, kind);
            let all: Vec<(u16, &[u8])> = [(IFLA_IFNAME, b"x\0".as_slice()), (IFLA_LINKINFO, &info)].iter().chain(attrs).copied().collect();
            parse(&newlink(9, 0, &all)).expect("a link")
        };
        let lower = Link { index: 7, ..Link::default() };
        let on = 7u32.to_ne_bytes();
        assert!(stands_on(&upper(b"vlan\0", &[(IFLA_LINK, &on)]), &lower));
        assert!(!stands_on(&upper(b"veth\0", &[(IFLA_LINK, &on)]), &lower));
        assert!(!stands_on(&upper(b"vlan\0", &[(IFLA_LINK, &on), (IFLA_LINK_NETNSID, &on)]), &lower), "of another namespace");
        assert!(!stands_on(&upper(b"vlan\0", &[(IFLA_LINK, &8u32.to_ne_bytes())]), &lower));
    }

    #[test]
    fn addresses_are_read() {
        let newaddr = |attrs: &[(u16, &[u8])]| {
            let mut bytes = vec![0; IFADDRMSG];
            bytes.splice(4..8, 7u32.to_ne_bytes());
            attrs.iter().for_each(|(kind, value)| put(&mut bytes, *kind, value));
            bytes
        };
        let v6 = "fe80::1".parse::<std::net::Ipv6Addr>().unwrap();
        assert_eq!(address(&newaddr(&[(IFA_ADDRESS, &v6.octets())])), Some((7, IpAddr::V6(v6))));
        let tunnel = newaddr(&[(IFA_ADDRESS, &[192, 0, 2, 1]), (IFA_LOCAL, &[192, 0, 2, 2])]);
        assert_eq!(address(&tunnel), Some((7, "192.0.2.2".parse().unwrap())));
        assert_eq!(address(&newaddr(&[(IFA_ADDRESS, &[1, 2, 3])])), None);
        assert_eq!(address(&[0; 4]), None);
    }

    #[test]
    fn ingress_handling_is_told_by_its_name() {
        let qdisc = |index: u32, kind: &[u8]| {
            let mut bytes = vec![0; TCMSG];
            bytes.splice(4..8, index.to_ne_bytes());
            put(&mut bytes, TCA_KIND, kind);
            bytes
        };
        assert!(is_ingress(&qdisc(7, b"clsact\0"), 7) && is_ingress(&qdisc(7, b"ingress\0"), 7));
        assert!(!is_ingress(&qdisc(8, b"clsact\0"), 7) && !is_ingress(&qdisc(7, b"fq_codel\0"), 7) && !is_ingress(&[], 7));
    }
}
