//! This host's interface: settings that spoil a mirror. Each says something only of a live port.

use super::present_if;
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::Tuned;
use crate::model::Arrange as _;
use crate::model::evidence::Threshold;
use crate::model::text::printable;
use crate::model::units::{bits_per_second, duration, grouped, plural, times};
use crate::model::{Aspect, Episode, Severity, Value};

/// The interface sends.
pub struct NicTransmits;

/// The link is slow or half duplex.
pub struct HostLink;

/// Speed in bits per second that is slow for a mirror.
static SLOW: Threshold = Threshold::rate(100_000_000.0);

/// Frames too long for the interface.
pub struct HostOversize;

/// Flow control is on.
pub struct HostPause;

/// The port was down, gone or unplugged.
pub struct HostAway;

/// Seconds in all from which on what is missing is more than a blink.
static AWAY: Threshold = Threshold::seconds(1.0);

/// The page's remedy with the interface's name in its commands, where one interface is meant.
pub(super) fn remedy(e: &Evidence, page: &ExplainPage) -> String {
    let name = &e.host.interface;
    if name.is_empty() || name.contains(", ") {
        return page.remedy.to_owned();
    }
    let quoted = crate::diagnose::checklist::quoted(name);
    let word = |c: char| c.is_ascii_alphanumeric();
    let mut out = String::new();
    let mut rest = page.remedy;
    while let Some(at) = rest.find("IF") {
        let (before, after) = (&rest[..at], &rest[at + 2..]);
        let whole = !before.ends_with(word) && !after.starts_with(word);
        out.push_str(before);
        out.push_str(if whole { &quoted } else { "IF" });
        rest = after;
    }
    out + rest
}

fn named(e: &Evidence, name: &'static str, value: Value) -> Vec<(&'static str, Value)> {
    vec![("interface", Value::Text(e.host.interface.clone())), (name, value)]
}

impl Detector for HostAway {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "host.away",
            aspect: Some(Aspect::Coverage),
            meaning: "The port that packets are to come from was down, gone or unplugged: what passed then is missing, and no counter tells how much.",
            measured: "The state of the interface, looked at four times a second: down, gone, without a carrier, or not to be opened. Critical while it \
                       lasts, a warning from {away} in all, a note below.",
            cause: "Somebody set the interface down, its driver was loaded anew, the cable was out, or the switch's port was shut.",
            lookalikes: "A virtual interface whose other end was made anew.",
            remedy: "Compare with the system's log (`dmesg`, `journalctl -u NetworkManager`) and the switch's at that time; keep services that manage \
                     interfaces away from the mirror port.",
            topic: None,
            figures: &[("away", Tuned(&AWAY))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let away = &e.host.away;
        let Some(latest) = away.last() else { return Detection::Clear };
        let seconds = away.iter().map(|a| a.absence.seconds()).fold(0.0, |sum: f64, s| sum + s);
        // Once down and once gone is neither of them.
        let all = away.iter().fold(Vec::new(), |mut all: Vec<&str>, a| {
            if !all.contains(&a.absence.why) {
                all.push(a.absence.why);
            }
            all
        });
        let all = all.join(", ");
        let why = if latest.absence.is_open { latest.absence.why } else { all.as_str() };
        let port = printable(&latest.port);
        let (severity, title) = match latest.absence.is_open {
            true => (Severity::Critical, format!("{port} is away: {why}")),
            false if away.len() > 1 => {
                let title = format!("{port} was away {}, {} in all: {why}", times(away.len() as u64), duration(seconds));
                (if seconds >= AWAY.in_seconds() { Severity::Warning } else { Severity::Note }, title)
            }
            false => (
                if seconds >= AWAY.in_seconds() { Severity::Warning } else { Severity::Note },
                format!("{port} was away for {}: {why}", duration(seconds)),
            ),
        };
        let evidence = vec![
            ("interface", Value::Text(latest.port.clone())),
            ("times", Value::Count(away.len() as u64)),
            ("seconds", Value::Seconds(seconds)),
            ("why", Value::Text(why.into())),
        ];
        let mut held: Vec<Episode> = away.iter().map(|a| Episode { first: a.absence.first, last: a.absence.last }).collect();
        held.arrange_by_key(|h| h.first);
        Report::new(severity, title, evidence).held(held).into()
    }
}

impl Detector for NicTransmits {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "nic.transmits",
            aspect: Some(Aspect::Fidelity),
            meaning: "This host sends into the mirror port. Switches drop or, worse, forward that; and the host's own packets mix \
                      with the mirrored ones.",
            measured: "The interface's counter of sent packets grew (a warning; on a screen in the last minute), or it has an IP address (a note).",
            cause: "The interface is configured like any other: address, IPv6, ARP, discovery protocols.",
            lookalikes: "An interface that receives encapsulated copies (ERSPAN, VXLAN) needs its address and answers ARP: there it \
                         is right.",
            remedy: "Remove its addresses (`ip addr flush dev IF`), `sysctl net.ipv6.conf.IF.disable_ipv6=1`, `ip link set IF arp \
                     off`.",
            topic: None,
            figures: &[],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        if !e.live || e.transit.outer > 0 {
            return Detection::Clear;
        }
        match e.host.sent {
            Some(sent) if sent > 0 => Detection::from(
                Report::new(
                    Severity::Warning,
                    format!("This host sends into the mirror port: {} in {}", plural(sent, "packet"), duration(e.host.seconds)),
                    [named(e, "sent", Value::Count(sent)), vec![("seconds", Value::Seconds(e.host.seconds))]].concat(),
                )
                .mend(remedy(e, self.page())),
            ),
            _ => present_if(e.host.addresses > 0, || {
                let title = "The mirror port of this host has an IP address";
                Report::new(Severity::Note, title, named(e, "addresses", Value::Count(e.host.addresses))).mend(remedy(e, self.page()))
            }),
        }
    }
}

impl Detector for HostLink {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "host.link",
            aspect: Some(Aspect::Completeness),
            meaning: "The link to the mirror is slow or half duplex: it cannot carry what a switch port carries.",
            measured: "Speed at most {speed}, or half duplex, as the interface reports them.",
            cause: "Negotiation failed: a bad cable, or fixed settings on one side only.",
            lookalikes: "A device that really is that slow.",
            remedy: "Replace the cable, and let both sides negotiate.",
            topic: None,
            figures: &[("speed", Tuned(&SLOW))],
        };
        &PAGE
    }

    /// The link that is full is this one, where it is its speed that utilisation was measured against.
    fn explains(&self, e: &Evidence) -> &'static [&'static str] {
        if e.host.speed.is_some() && e.host.speed == e.loss.speed { &["span.oversub"] } else { &[] }
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let half = e.host.half_duplex == Some(true);
        let slow = e.host.speed.filter(|s| *s > 0 && *s <= SLOW.number());
        present_if(e.live && (half || slow.is_some()), || {
            let speed = e.host.speed.map(|s| bits_per_second(s as f64)).unwrap_or_else(|| "unknown speed".into());
            let title = format!("The mirror link runs at {speed}{}", if half { ", half duplex" } else { "" });
            Report::new(Severity::Warning, title, named(e, "bits_per_second", Value::BitsPerSecond(e.host.speed.unwrap_or(0) as f64)))
        })
    }
}

impl Detector for HostOversize {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "host.oversize",
            aspect: Some(Aspect::Completeness),
            meaning: "The interface drops frames because they are longer than it accepts.",
            measured: "Its counter of length errors grew.",
            cause: "Mirrored jumbo frames, or copies with encapsulation, exceed the MTU of this interface.",
            lookalikes: "Damaged frames on the cable are counted as length errors by some drivers.",
            remedy: "`ip link set IF mtu 9216` (or the largest the interface takes).",
            topic: None,
            figures: &[],
        };
        &PAGE
    }

    /// Frames the interface drops for their length are the large packets that are missing.
    fn explains(&self, _: &Evidence) -> &'static [&'static str] {
        &["span.size"]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let n = e.host.length_errors;
        present_if(e.live && n > 0, || {
            let mut evidence = named(e, "length_errors", Value::Count(n));
            evidence.extend(e.host.mtu.map(|m| ("mtu", Value::Count(m.into()))));
            let title = format!("This host drops {} frames as too long", grouped(n));
            Report::new(Severity::Warning, title, evidence).mend(remedy(e, self.page()))
        })
    }
}

impl Detector for HostPause {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "host.pause",
            aspect: Some(Aspect::Completeness),
            meaning: "Flow control is on: when this host is busy it makes the switch hold copies back, and the switch then drops them \
                      unseen.",
            measured: "The interface's pause settings.",
            cause: "It is the default of many network cards.",
            lookalikes: "None.",
            remedy: "`ethtool -A IF rx off tx off autoneg off`.",
            topic: None,
            figures: &[],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        present_if(e.live && e.host.pause == Some(true), || {
            let title = "Flow control is on at the mirror port of this host";
            Report::new(Severity::Note, title, named(e, "pause", Value::Text("on".into()))).mend(remedy(e, self.page()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remedies_name_the_interface() {
        let mut e = Evidence::default();
        assert!(remedy(&e, HostPause.page()).contains("ethtool -A IF "));
        e.host.interface = "eth1".into();
        assert_eq!(remedy(&e, HostPause.page()), "`ethtool -A eth1 rx off tx off autoneg off`.");
        assert!(remedy(&e, NicTransmits.page()).contains("net.ipv6.conf.eth1.disable_ipv6=1"));
        e.host.interface = "eth1, eth2".into();
        assert_eq!(remedy(&e, HostPause.page()), HostPause.page().remedy);
    }
}
