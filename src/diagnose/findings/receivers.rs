//! Receivers that take no data: whether somebody waits for them, or they read at a pace of their own.

use super::SEVERAL;
use super::all_of;
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::Tuned;
use crate::model::evidence::{StallEvidence, Threshold};
use crate::model::units::{duration, plural};
use crate::model::{Address, Episode, Finding, Proves, ProvingPackets, Severity, StallEnd, Subject, Value};

/// Stalls that are told of: so many that last so long together, or one that is longer.
static STALLS: Threshold = Threshold::count(3.0);
static STALLED: Threshold = Threshold::seconds(0.2);
static LONG_STALL: Threshold = Threshold::seconds(3.0);

/// A stall of a client from which on its program hangs: a player is silent for less.
static HANGS: Threshold = Threshold::seconds(10.0);

/// Servers at which a client stalls from which on it stalls at whatever it reads.
static STALLED_SERVERS: Threshold = Threshold::count(3.0);

/// A stall that never ends: so many probes in vain for so long.
static PROBES: Threshold = Threshold::count(5.0);
static NEVER: Threshold = Threshold::seconds(30.0);

/// A receiver takes no data.
pub struct TcpSlowReceiver;

impl Detector for TcpSlowReceiver {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "tcp.slow_receiver",
            aspect: None,
            meaning: "A host cannot take the data that is sent to it: it announces a window of zero, and its sender has to wait. The network \
                      is not the cause.",
            measured: "Times from the first segment that announces a window of zero to the first that announces more, those shorter than an \
                       ordinary pause and those at the end of a connection left out: at least {stalls} of more than {stalled} together, or \
                       one of {long}; critical when one does not end within {never} and {probes} probes. A warning where somebody waits for \
                       it: of a service, whose clients send; and of a client where one takes {hangs}, or where it stalls at {servers} servers \
                       or more, whatever it reads. A note where nobody does: of a client that takes what it asked for by and by, and where one \
                       connection alone stalls again and again, at a pace of its own, however long (a player that is full, or paused), and where a \
                       printer, known by its port, does for up to {never}. {several} clients or more that do so are one note. Probes without data, \
                       which Linux sends, count as well.",
            cause: "The receiving program does not read fast enough: overload, a slow disk or printer behind it, or it hangs.",
            lookalikes: "Players, downloads with a limit, printers and backup targets, whose pace that is; a window of zero while a connection is \
                         closed.",
            remedy: "Look at the receiving program and what it waits for.",
            topic: None,
            figures: &[
                ("stalls", Tuned(&STALLS)),
                ("stalled", Tuned(&STALLED)),
                ("long", Tuned(&LONG_STALL)),
                ("hangs", Tuned(&HANGS)),
                ("servers", Tuned(&STALLED_SERVERS)),
                ("never", Tuned(&NEVER)),
                ("probes", Tuned(&PROBES)),
                ("several", Tuned(&SEVERAL)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Undivided, Need::BothDirections, Need::Timely, Need::Prompt, Need::Unmerged]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let (paced, others): (Vec<SlowReceiver<'_>>, Vec<SlowReceiver<'_>>) =
            worst(&e.network.stalls).into_iter().partition(is_paced_client);
        let (one_by_one, together) =
            if paced.len() as u64 >= SEVERAL.number() { (others, paced) } else { ([others, paced].concat(), vec![]) };
        let each = one_by_one.into_iter().map(|(stall, servers, waits)| slow_receiver(stall, servers, waits));
        all_of(each.chain((!together.is_empty()).then(|| at_their_own_pace(&together, e))))
    }

    /// What was told of one client is told of all that do the same.
    fn withdraws(&self, e: &Evidence, finding: &Finding) -> bool {
        let paced: Vec<SlowReceiver<'_>> = worst(&e.network.stalls).into_iter().filter(is_paced_client).collect();
        paced.len() as u64 >= SEVERAL.number() && paced.iter().any(|(stall, ..)| finding.subject == Subject::Host(stall.receiver))
    }
}

/// A receiver that is told of: its stalls at one service, how many servers it stalls at, and who waits.
type SlowReceiver<'a> = (&'a StallEvidence, u64, Waits);

/// Each receiver that is told of once, by what is worst.
fn worst(all: &[StallEvidence]) -> Vec<SlowReceiver<'_>> {
    let told = all.iter().filter(|stall| is_much(stall)).map(|stall| {
        let servers = servers_of(stall.receiver, all);
        (stall, servers, who_waits(stall, servers))
    });
    let mut stalls: Vec<SlowReceiver<'_>> = told.collect();
    stalls.sort_by(|x, y| (x.0.receiver, x.2).cmp(&(y.0.receiver, y.2)).then(y.0.seconds.total_cmp(&x.0.seconds)));
    stalls.dedup_by_key(|stall| stall.0.receiver);
    stalls
}

/// Whether it is a client that nobody waits for.
fn is_paced_client((stall, _, waits): &SlowReceiver<'_>) -> bool {
    *waits == Waits::Nobody && !is_service(stall)
}

/// Whether a receiver stalls often enough, or for long enough, to be told of.
fn is_much(stall: &StallEvidence) -> bool {
    stall.stalls >= STALLS.number() && stall.seconds > STALLED.in_seconds() || stall.longest >= LONG_STALL.in_seconds()
}

/// The servers whose data a client does not take.
fn servers_of(receiver: Address, stalls: &[StallEvidence]) -> u64 {
    let own = stalls.iter().filter(|s| s.receiver == receiver && !is_service(s) && is_much(s));
    let mut servers: Vec<Address> = own.map(|s| s.service.address).collect();
    servers.sort_unstable();
    servers.dedup();
    servers.len() as u64
}

/// Whether it is the service that does not take what its clients send.
fn is_service(stall: &StallEvidence) -> bool {
    stall.receiver == stall.service.address
}

/// Whether jobs are printed: by what is sent to a printer as it is, by LPD (RFC 1179) or IPP (RFC 8010).
fn is_printer(stall: &StallEvidence) -> bool {
    is_service(stall) && matches!(stall.service.port, 9100 | 515 | 631)
}

/// Whose time a stall takes, the worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Waits {
    /// It does not end.
    ForEver,
    /// That of whoever sends, or of a user who sees a program hang.
    Somebody,
    /// That of the receiver alone: it takes what it asked for as it likes.
    Nobody,
}

/// Who waits for a receiver that stalls at so many servers.
fn who_waits(stall: &StallEvidence, servers: u64) -> Waits {
    let is_long = stall.longest >= LONG_STALL.in_seconds();
    match () {
        // A player fetches the next piece when it has shown the one before, however long that takes, or its user lets it go on.
        () if stall.is_paced && !is_service(stall) && servers < STALLED_SERVERS.number() => Waits::Nobody,
        () if stall.end != StallEnd::Reopened && stall.longest > NEVER.in_seconds() && stall.probes >= PROBES.number() => Waits::ForEver,
        () if !is_service(stall) && servers >= STALLED_SERVERS.number() => Waits::Somebody,
        () if stall.is_paced && !is_long => Waits::Nobody,
        // A printer shuts its window while it prints.
        () if is_printer(stall) && stall.end != StallEnd::Closed && stall.longest <= NEVER.in_seconds() => Waits::Nobody,
        () if is_service(stall) || stall.longest >= HANGS.in_seconds() => Waits::Somebody,
        () => Waits::Nobody,
    }
}

fn slow_receiver(stall: &StallEvidence, servers: u64, waits: Waits) -> Report {
    let whose = if is_service(stall) { "from its clients".to_owned() } else { format!("from {}", stall.service) };
    let (who, longest) = (stall.receiver, duration(stall.longest));
    let often = format!("{}, the longest {longest}", plural(stall.stalls, "stall"));
    let (severity, title) = match waits {
        Waits::ForEver => {
            let how = if stall.end == StallEnd::Lasts { "so far" } else { "until its connection ended" };
            (Severity::Critical, format!("{who} takes no data any more at {}: for {longest} {how}", stall.service))
        }
        Waits::Somebody => (Severity::Warning, format!("{who} cannot take data {whose} in time: {often}")),
        Waits::Nobody => (Severity::Note, format!("{who} takes data {whose} at its own pace: {often}")),
    };
    let mut evidence = vec![
        ("stalls", Value::Count(stall.stalls)),
        ("stalled_seconds", Value::Seconds(stall.seconds)),
        ("longest_seconds", Value::Seconds(stall.longest)),
        ("probes", Value::Count(stall.probes)),
    ];
    if servers >= STALLED_SERVERS.number() {
        evidence.push(("servers", Value::Count(servers)));
    }
    let report = Report::new(severity, title, evidence).about(Subject::Host(who)).suffered_by(1).held(vec![stall.span]);
    if waits == Waits::Nobody { of_its_own(report) } else { report }
}

fn of_its_own(report: Report) -> Report {
    report
        .because(
            "A program takes data at a pace of its own: a player that is full or paused, a download with a limit, a tool that synchronises, \
             a printer.",
        )
        .mend("Nothing, unless somebody waits for it.")
}

/// Clients that take what they asked for as they like, told together.
fn at_their_own_pace(clients: &[SlowReceiver<'_>], e: &Evidence) -> Report {
    let stalls = || clients.iter().map(|(stall, ..)| *stall);
    let count = stalls().fold(0u64, |sum, stall| sum.saturating_add(stall.stalls));
    let longest = stalls().map(|stall| stall.longest).fold(0.0, f64::max);
    let hosts: Vec<Subject> = stalls().map(|stall| Subject::Host(stall.receiver)).collect();
    let title = format!(
        "{} take data at their own pace: {}, the longest {}",
        plural(hosts.len() as u64, "client"),
        plural(count, "stall"),
        duration(longest)
    );
    let evidence = vec![
        ("clients", Value::Count(hosts.len() as u64)),
        ("stalls", Value::Count(count)),
        ("stalled_seconds", Value::Seconds(stalls().map(|stall| stall.seconds).sum())),
        ("longest_seconds", Value::Seconds(longest)),
    ];
    let held: Vec<Episode> = stalls().map(|stall| stall.span).collect();
    let packets = ProvingPackets::newest(hosts.iter().flat_map(|host| e.network.proofs.of(&[Proves::Stalled], *host)));
    let report = Report { packets, ..Report::new(Severity::Note, title, evidence) };
    of_its_own(report.suffered_by(hosts.len() as u64).covering(hosts).held(held))
}
