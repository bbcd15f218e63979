//! Packets that cannot be looked into, and what would help.

use super::present_if;
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Limit, Report, StandingFindings, tunnel_name};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Part, Tuned};
use crate::model::evidence::{ContentEvidence, Threshold, share};
use crate::model::units::{percent, plural};
use crate::model::{LinkType, Severity, Value};

/// Packets of a link type that is not understood.
pub struct LinkUnknown;

/// Packets encrypted below IP.
pub struct LinkEncrypted;

/// Copies in a tunnel that is not looked for at its port.
pub struct DecapPort;

/// The share of packets above which it is told that they cannot be looked into.
static UNREADABLE: Limit = Limit::new(0.01);

/// Packets before such a share says anything.
static PACKETS: Threshold = Threshold::count(20.0);

/// Datagrams of one port that look like a tunnel before it is told: each alone looks so by chance once in 2^48.
static DATAGRAMS: Threshold = Threshold::count(20.0);

/// Packets without TCP from which on it is TCP that is missing, and not packets.
const MANY: u64 = 1_000;

/// `link type 239 (NFLOG)`.
fn link_name(link: LinkType) -> String {
    match link.name() {
        Some(name) => format!("link type {} ({name})", link.0),
        None => format!("link type {}", link.0),
    }
}

fn unreadable(packets: u64, of: u64, active: bool) -> bool {
    packets >= PACKETS.number() && UNREADABLE.exceeded(share(packets, of), active)
}

/// What the packets are instead of traffic that tells of mirror and loss; `None` where they are too few, or no different.
pub(in crate::diagnose) fn instead(contents: &ContentEvidence) -> Option<String> {
    let most = |n: u64| n >= PACKETS.number() && n.saturating_mul(2) > contents.packets;
    let link = contents.foreign_links.first().filter(|l| most(l.1));
    let carrier = contents.carriers.first().filter(|c| most(c.2));
    match (link, carrier) {
        (Some((link, _)), _) => Some(format!("{} is not understood", link_name(*link))),
        (None, Some((port, kind, _))) => {
            Some(format!("looks like {0} on UDP port {port}: --decap-port {port}={1}", tunnel_name(*kind), kind.token()))
        }
        _ if let Some((kind, packets)) = contents.tunnels.filter(|t| most(t.1)) => {
            let part = percent(share(packets.min(contents.packets), contents.packets));
            Some(format!("{part} of the packets are in tunnels ({}), which are left on: --decap all looks inside", tunnel_name(kind)))
        }
        _ if most(contents.encrypted) => Some("MACsec: what is inside cannot be read".into()),
        _ if most(contents.labelled) => Some("MPLS: what is behind the labels is neither IP nor a frame of a known type".into()),
        _ => None,
    }
}

/// What many packets lack that would tell of mirror and loss.
pub(in crate::diagnose) fn lacking(contents: &ContentEvidence) -> Option<String> {
    let lacks = match (contents.ip, contents.tcp) {
        _ if contents.packets < MANY => return None,
        (0, _) => "IP",
        (_, 0) => "TCP",
        _ => return None,
    };
    Some(format!("no {lacks} was seen, so that neither directions nor loss can be told"))
}

impl Detector for LinkUnknown {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "link.unknown",
            aspect: None,
            meaning: "Packets have a link layer this program does not understand: they are counted, and not looked into.",
            measured: "Packets of link types without a decoder: above {limit} of all, at least {least}; cleared below \
                       {clear}.",
            cause: "The interface or the capture is not of an Ethernet, or it was made in a special way (a netfilter log, a USB bus).",
            lookalikes: "A capture file whose header names the wrong link type.",
            remedy: "Capture on the Ethernet interface itself.",
            topic: None,
            figures: &[("limit", Tuned(&UNREADABLE.raise)), ("clear", Part(&UNREADABLE.raise, Limit::CLEAR)), ("least", Tuned(&PACKETS))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let contents = &e.contents;
        let packets = contents.foreign_links.iter().fold(0u64, |sum, l| sum.saturating_add(l.1));
        let Some((link, most)) = contents.foreign_links.first() else { return Detection::Clear };
        present_if(unreadable(packets, contents.packets, standing.at_all()), || {
            let mut name = link_name(*link);
            if let Some(first) = name.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            let evidence = vec![
                ("link_type", Value::Count(link.0.into())),
                ("packets", Value::Count(*most)),
                ("share", Value::Share(share(packets, contents.packets))),
            ];
            Report::new(Severity::Note, format!("{name} is not understood: {}", plural(*most, "packet")), evidence)
        })
    }
}

impl Detector for LinkEncrypted {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "link.encrypted",
            aspect: None,
            meaning: "Frames are encrypted on the link (MACsec): stations and volumes are seen, hosts and applications are not.",
            measured: "Frames with a MACsec tag (IEEE 802.1AE): above {limit} of all, at least {least}; cleared below \
                       {clear}.",
            cause: "The mirrored link uses MACsec, and the copy is taken on the encrypted side.",
            lookalikes: "None: such frames are marked.",
            remedy: "Mirror a port where frames are in the clear.",
            topic: None,
            figures: &[("limit", Tuned(&UNREADABLE.raise)), ("clear", Part(&UNREADABLE.raise, Limit::CLEAR)), ("least", Tuned(&PACKETS))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let contents = &e.contents;
        let part = share(contents.encrypted, contents.packets);
        present_if(unreadable(contents.encrypted, contents.packets, standing.at_all()), || {
            let evidence = vec![("packets", Value::Count(contents.encrypted)), ("share", Value::Share(part))];
            Report::new(Severity::Note, format!("{} of the packets are encrypted on the link (MACsec)", percent(part)), evidence)
        })
    }
}

impl Detector for DecapPort {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "decap.port",
            aspect: None,
            meaning: "Datagrams look like a tunnel that carries whole packets, at a port where it is not looked for. What is inside is \
                      not counted.",
            measured: "UDP payloads that begin like VXLAN, Geneve or TZSP and go on with an Ethernet header and IP or \
                       ARP: at least {least} to one port.",
            cause: "The mirror, or an overlay network, uses a port of its own choice.",
            lookalikes: "None that is known: the headers of two layers have to fit.",
            remedy: "Name the port: `--decap-port PORT=KIND`.",
            topic: None,
            figures: &[("least", Tuned(&DATAGRAMS))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let Some((port, kind, datagrams)) = e.contents.carriers.first().copied() else { return Detection::Clear };
        present_if(datagrams >= DATAGRAMS.number() || standing.at_all(), || {
            let evidence =
                vec![("port", Value::Count(port.into())), ("kind", Value::Text(kind.token().into())), ("packets", Value::Count(datagrams))];
            let title = format!("UDP port {port} looks like {}: {}", tunnel_name(kind), plural(datagrams, "packet"));
            Report::new(Severity::Note, title, evidence).mend(format!("Read it as such: `--decap-port {port}={}`.", kind.token()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TunnelKind;

    #[test]
    fn it_is_said_what_was_seen_instead() {
        let of = |change: fn(&mut ContentEvidence)| {
            let mut contents = ContentEvidence { packets: 2_000, ip: 1_000, tcp: 500, ..ContentEvidence::default() };
            change(&mut contents);
            instead(&contents).or_else(|| lacking(&contents))
        };
        assert_eq!(of(|_| ()), None);
        assert_eq!(of(|c| c.foreign_links = vec![(LinkType(239), 1_500)]).as_deref(), Some("link type 239 (NFLOG) is not understood"));
        let vxlan = of(|c| c.carriers = vec![(12_345, TunnelKind::Vxlan, 1_500)]);
        assert_eq!(vxlan.as_deref(), Some("looks like VXLAN on UDP port 12345: --decap-port 12345=vxlan"));
        let tunnels = of(|c| c.tunnels = Some((TunnelKind::Vxlan, 1_900)));
        assert_eq!(tunnels.as_deref(), Some("95 % of the packets are in tunnels (VXLAN), which are left on: --decap all looks inside"));
        assert_eq!(of(|c| c.tunnels = Some((TunnelKind::Vxlan, 900))), None);
        assert!(of(|c| c.encrypted = 2_000).is_some_and(|t| t.starts_with("MACsec")));
        assert!(of(|c| c.tcp = 0).is_some_and(|t| t.starts_with("no TCP")));
        assert!(of(|c| (c.ip, c.tcp) = (0, 0)).is_some_and(|t| t.starts_with("no IP")));
        assert_eq!(of(|c| (c.packets, c.tcp) = (999, 0)), None, "too few to miss TCP");
    }
}
