//! What findings about the network look at: where none of that passed there is nothing to judge, and nothing that could not be judged.

use super::evidence::Evidence;
use crate::model::Proto;

/// What passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matter {
    /// Frames with a protocol.
    Protocol(Proto),
    /// Requests of an application, by its token.
    Application(&'static str),
    /// Requests of any application whose codes are looked at together with those of others.
    Codes,
    /// Streams of voice or pictures.
    Media,
    /// Copies in a tunnel of the mirror's.
    Copies,
}

use Matter::{Application, Codes, Copies, Media, Protocol};

const TCP: &[Matter] = &[Protocol(Proto::Tcp)];

/// Families of findings, or single ones, by how their identifiers begin, with what they look at: any of it. Others look at every packet.
const LOOK_AT: &[(&str, &[Matter])] = &[
    ("arp.", &[Protocol(Proto::Arp), Protocol(Proto::Icmpv6)]),
    ("auth.", &[Codes, Application("ssh")]),
    ("bgp.", TCP),
    ("dhcp.", &[Protocol(Proto::Udp)]),
    ("dns.", &[Application("dns")]),
    ("eapol.", &[Protocol(Proto::Eapol)]),
    // HSRP is carried in UDP (RFC 2281).
    ("fhrp.", &[Protocol(Proto::Vrrp), Protocol(Proto::Carp), Protocol(Proto::Udp)]),
    ("http.", &[Application("http")]),
    ("igmp.", &[Protocol(Proto::Igmp)]),
    ("ip.", &[Protocol(Proto::Ip), Protocol(Proto::Ipv6)]),
    ("ipv6.", &[Protocol(Proto::Ipv6)]),
    ("lacp.", &[Protocol(Proto::Lacp)]),
    // Of a plain mirror nobody expects that it says where a frame came from.
    ("mac.flapping", &[Copies]),
    ("nd.", &[Protocol(Proto::Icmpv6)]),
    ("ntp.", &[Application("ntp")]),
    ("ospf.", &[Protocol(Proto::Ospf)]),
    ("pmtu.", TCP),
    ("quic.", &[Protocol(Proto::Udp)]),
    ("rtp.", &[Media]),
    ("server.", TCP),
    ("service.", &[Codes]),
    ("stp.", &[Protocol(Proto::Stp)]),
    ("tcp.", TCP),
    ("tls.", &[Application("tls")]),
];

/// Whether anything passed that the finding looks at, by the evidence of the mirror and by `passed` for what that does not know.
pub fn has_matter(id: &str, mirror: &Evidence, passed: &dyn Fn(Matter) -> bool) -> bool {
    let looked_at = LOOK_AT.iter().find(|(family, _)| id.starts_with(family)).map_or(&[][..], |(_, matters)| *matters);
    let any = |matter: &Matter| match *matter {
        Protocol(proto) => mirror.contents.protocols.has(proto),
        Copies => mirror.transit.outer > 0,
        Application(_) | Codes | Media => passed(*matter),
    };
    looked_at.is_empty() || looked_at.iter().any(any)
}

#[cfg(test)]
mod tests {
    use super::super::registry::IDS;
    use super::*;
    use crate::model::ProtoSet;

    #[test]
    fn families_are_those_of_findings() {
        for (family, _) in LOOK_AT {
            assert!(IDS.iter().any(|id| id.starts_with(family)), "{family}");
        }
    }

    #[test]
    fn what_did_not_pass_needs_no_judgement() {
        let seen = |protocols: &[Proto]| {
            let mut e = Evidence::default();
            let mut set = ProtoSet::default();
            protocols.iter().for_each(|proto| set.insert(*proto));
            e.contents.protocols = set;
            e
        };
        let (none, all): (&dyn Fn(Matter) -> bool, &dyn Fn(Matter) -> bool) = (&|_| false, &|_| true);
        assert!(!has_matter("tcp.loss", &seen(&[Proto::Ip, Proto::Udp]), all));
        assert!(has_matter("tcp.loss", &seen(&[Proto::Ip, Proto::Tcp]), none));
        assert!(!has_matter("rtp.loss", &seen(&[Proto::Udp]), none) && has_matter("rtp.loss", &seen(&[Proto::Udp]), all));
        let tcp = seen(&[Proto::Tcp]);
        let (named, codes): (&dyn Fn(Matter) -> bool, &dyn Fn(Matter) -> bool) = (&|m| m == Application("http"), &|m| m == Codes);
        for (id, by_name, by_codes) in [("http.errors", true, false), ("service.errors", false, true), ("auth.failing", false, true)] {
            assert_eq!((has_matter(id, &tcp, named), has_matter(id, &tcp, codes)), (by_name, by_codes), "{id}");
        }
        assert!(!has_matter("mac.flapping", &seen(&[Proto::Eth]), all));
        let mut copies = seen(&[Proto::Eth]);
        copies.transit.outer = 1;
        assert!(has_matter("mac.flapping", &copies, none));
        assert!(has_matter("burst.micro", &seen(&[]), none), "every packet");
    }
}
