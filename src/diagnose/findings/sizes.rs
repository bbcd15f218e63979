//! Packets too large for the way: they vanish, or come in pieces.

use super::{SURE, all_of};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::Tuned;
use crate::model::Arrange as _;
use crate::model::evidence::{BlackHoleEvidence, FRAGMENTS_WAIT, FragmentEvidence, STUCK_LARGE, STUCK_REPEATED, STUCK_WAITED, Threshold};
use crate::model::units::{grouped, percent, plural};
use crate::model::{Finding, Severity, Subject, Value, wilson};

/// Hosts that suffer before it is critical.
static SEVERAL: Threshold = Threshold::count(3.0);

/// Receivers of one sender that are told together, as its trouble.
const TOGETHER: u64 = 2;

/// Share of datagrams in fragments that do not arrive whole: told of; of how many, and how many at least.
static BROKEN: Threshold = Threshold::share(0.05);
static DATAGRAMS: Threshold = Threshold::count(20.0);
static BROKEN_LEAST: Threshold = Threshold::count(5.0);

/// Fragments in a minute of what should not be in fragments.
static PIECES: Threshold = Threshold::count(100.0);

/// Large packets vanish.
pub struct PmtuBlackhole;

/// Packets come in fragments.
pub struct IpFragments;

impl Detector for PmtuBlackhole {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "pmtu.blackhole",
            aspect: None,
            meaning: "Small packets arrive and large ones vanish: connections open, and hang as soon as something of size is sent. What should \
                      tell the sender to send smaller ones (ICMP) does not reach it, or it does not listen (RFC 2923).",
            measured: "TCP segments in packets of at least {large} bytes, sent again at least {repeated} times over at least {waited}, before \
                       anything as large was acknowledged, while their receiver is seen to be there: it acknowledges something smaller behind \
                       them, or still speaks; or two connections open later and hang with the first that is sent. Critical when {several} hosts suffer.",
            cause: "A tunnel, VPN or PPPoE link with a smaller MTU on the way, and a firewall that drops ICMP \"fragmentation needed\" or \
                    \"packet too big\"; or a port whose MTU is smaller than that of the others.",
            lookalikes: "A way that loses packets of every size (then tcp.loss stands); a receiver that died.",
            remedy: "Let ICMP type three code four and ICMPv6 type two pass, or clamp the MSS where the way narrows. Try `ping -M do -s 1472` \
                     along the way to find the place.",
            topic: None,
            figures: &[
                ("large", Tuned(&STUCK_LARGE)),
                ("repeated", Tuned(&STUCK_REPEATED)),
                ("waited", Tuned(&STUCK_WAITED)),
                ("several", Tuned(&SEVERAL)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::BothDirections, Need::Complete, Need::Unsampled, Need::Whole, Need::Unmerged]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let holes = &e.network.black_holes;
        // One that sends to many in vain is at the near end of the way.
        let mut senders: Vec<_> = holes.iter().filter_map(|h| h.sender).collect();
        senders.arrange();
        let of = |sender| holes.iter().filter(|h| h.sender == Some(sender)).count() as u64;
        senders.dedup();
        senders.retain(|s| of(*s) >= TOGETHER);
        let apart = holes.iter().filter(|h| h.sender.is_none_or(|s| !senders.contains(&s))).map(black_hole);
        let together = senders.iter().filter_map(|sender| {
            let mut own = holes.iter().filter(|h| h.sender == Some(*sender));
            let mut sum = *own.next()?;
            for h in own {
                sum.conversations = sum.conversations.saturating_add(h.conversations);
                sum.smallest = sum.smallest.min(h.smallest);
                sum.was_told |= h.was_told;
                sum.span = sum.span.joined(h.span);
            }
            let receivers = of(*sender);
            let title = format!("Large packets vanish on the way from {sender}: {} to {}", sizes(&sum), plural(receivers, "host"));
            let severity = if receivers >= SEVERAL.number() { Severity::Critical } else { Severity::Warning };
            let report = Report::new(severity, title, evidence(&sum)).about(Subject::Host(*sender));
            // What hangs is sent again more and more seldom.
            Some(report.suffered_by(receivers).held(vec![sum.span]).lasting())
        });
        all_of(apart.chain(together))
    }

    /// What was told of one receiver is told of its sender once there are more of them.
    fn withdraws(&self, e: &Evidence, finding: &Finding) -> bool {
        let holes = &e.network.black_holes;
        let sender = holes.iter().find(|h| finding.subject == Subject::Host(h.receiver)).and_then(|h| h.sender);
        sender.is_some_and(|sender| holes.iter().filter(|h| h.sender == Some(sender)).count() as u64 >= TOGETHER)
    }
}

fn sizes(h: &BlackHoleEvidence) -> String {
    format!("{} bytes in {}", grouped(h.smallest), plural(h.conversations, "connection"))
}

fn evidence(h: &BlackHoleEvidence) -> Vec<(&'static str, Value)> {
    vec![
        ("smallest_that_vanished", Value::Bytes(h.smallest)),
        ("connections", Value::Count(h.conversations)),
        ("senders", Value::Count(h.senders)),
    ]
}

fn black_hole(h: &BlackHoleEvidence) -> Report {
    let from = h.sender.map(|s| format!(" from {s}")).unwrap_or_default();
    let told = if h.was_told { "; the sender was told by ICMP and goes on" } else { "" };
    let title = format!("Large packets vanish on the way to {}{from}: {}{told}", h.receiver, sizes(h));
    let severity = if h.senders >= SEVERAL.number() { Severity::Critical } else { Severity::Warning };
    Report::new(severity, title, evidence(h)).about(Subject::Host(h.receiver)).suffered_by(h.senders.max(1)).held(vec![h.span]).lasting()
}

impl Detector for IpFragments {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "ip.fragments",
            aspect: None,
            meaning: "Packets to this host come in IP fragments and some do not arrive whole, so that all of each is lost; or what should not be \
                      in fragments is.",
            measured: "Datagrams in fragments of which not all are seen within {wait}: surely more than {broken} of at least {datagrams}, and \
                       at least {least} (lower end of the {sure} interval), in a minute, else in ten. A note from {pieces} \
                       fragments a minute on of TCP or of answers of name servers (RFC 9715), all of which arrive. Fragments of mirrored copies \
                       are put together before.",
            cause: "A firewall or address translation that drops fragments, loss on a busy link, or a way with a smaller MTU.",
            lookalikes: "What the mirror loses; file servers and tunnels over UDP, whose fragments arrive.",
            remedy: "Find where fragments are dropped. Let senders send what fits: limit name servers to what RFC 9715 says, raise or align MTUs.",
            topic: None,
            figures: &[
                SURE,
                ("wait", Tuned(&FRAGMENTS_WAIT)),
                ("broken", Tuned(&BROKEN)),
                ("datagrams", Tuned(&DATAGRAMS)),
                ("least", Tuned(&BROKEN_LEAST)),
                ("pieces", Tuned(&PIECES)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Unique, Need::Complete, Need::Unsampled, Need::Whole]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        all_of(e.network.sightings.fragments.iter().filter_map(fragments))
    }
}

fn fragments(f: &FragmentEvidence) -> Option<Report> {
    let enough = |counts: &&[u64; 2]| counts.iter().fold(0u64, |sum, n| sum.saturating_add(*n)) >= DATAGRAMS.number();
    let counts = [(&f.minute, "a minute"), (&f.lately, "ten minutes")].into_iter().find(|(counts, _)| enough(counts));
    let report = |severity, title, evidence| {
        Report::new(severity, title, evidence).about(Subject::Host(f.receiver)).suffered_by(1).held(vec![f.span])
    };
    if let Some((&[whole, broken], stretch)) = counts
        && broken >= BROKEN_LEAST.number()
    {
        let all = whole.saturating_add(broken);
        let share = wilson(broken, all);
        if share.low > BROKEN.value() {
            let title = format!(
                "Fragments to {} are lost: {} of {} datagrams within {stretch} ({}) do not arrive whole",
                f.receiver,
                grouped(broken),
                grouped(all),
                percent(share.rate)
            );
            let evidence = vec![
                ("datagrams", Value::Count(all)),
                ("not_whole", Value::Count(broken)),
                ("share", Value::Share(share.rate)),
                ("share_low", Value::Share(share.low)),
                ("senders", Value::Count(f.senders)),
            ];
            return Some(report(Severity::Warning, title, evidence));
        }
    }
    let (count, what) = if f.names >= PIECES.number() { (f.names, "Answers of name servers") } else { (f.tcp, "TCP") };
    let title = format!("{what} to {} in fragments: {} within a minute", f.receiver, grouped(count));
    (count >= PIECES.number())
        .then(|| report(Severity::Note, title, vec![("fragments", Value::Count(count)), ("senders", Value::Count(f.senders))]))
}
