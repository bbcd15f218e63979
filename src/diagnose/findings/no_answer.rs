//! Attempts to connect that nothing answers, and connections that hang.

use super::connections::{Around, CONNECTS_FOR, FEW, MOST, SCAN_MANY, is_flood, tcp_services};
use super::late::late;
use super::{SURE, all_of, exceeded, hops, one_sided, subject};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Count, Nanos, Tuned};
use crate::model::evidence::{
    LATE_ANSWER, LONE_TRIES, PAST_TOLD_FOR, SILENT_ATTEMPTS, SILENT_PEER, ServiceEvidence, Threshold, Trouble, Troubled,
};
use crate::model::time::SECOND;
use crate::model::units::{duration, plural};
use crate::model::{Severity, Value, wilson};

/// How long a port must have been silent.
static SILENT_FOR: Threshold = Threshold::nanos((10 * SECOND) as f64);

/// How long single SYNs are counted together.
const TRIED_WITHIN: i64 = 10 * SECOND;

/// Nobody answers at a port.
pub struct TcpNoAnswer;

impl Detector for TcpNoAnswer {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "tcp.no_answer",
            aspect: None,
            meaning: "Clients try to connect to this port, repeat their SYN, and nothing comes back: no SYN-ACK, no RST, no ICMP error.",
            measured: "Attempts of at least two SYNs to which nothing came back, or of clients that send at least {tries} single ones \
                       within {bin}: surely more than {most} of at \
                       least {least} attempts within a minute, else within ten, over at least {time} (lower end of the {sure} interval); \
                       or all of at least {least} attempts since a client last connected, {time} and longer. Sources that scan are left \
                       out. It is over when nothing failed for {over} though clients connect, and told of for {told} more.\n\n\
                       A part of a service: surely more than {part} of at least {of} attempts, and at least {few}, though others connect. A host \
                       that is gone: on at least {least} connections of two clients data is sent again and again for {silent} and longer, and \
                       nothing comes from it on any.\n\n\
                       A router, by the station that the SYNs are sent to: since a client last connected to any host behind it nothing \
                       answered for {for} at {gone} hosts or more, or at {stopped} that had answered before, to two clients; or surely more than {part} of all attempts, and at least {lots}, are not answered at \
                       {hosts} hosts or more, of three clients or more, none of which has the half of them. What is found of services behind it stands under it.\n\n\
                         What one side alone does not get through: at least {least} connections on which what the client sends is sent again for \
                         {silent} and longer, and nothing comes back, while the host answers others (a note with one client); and at least {least} \
                         attempts whose SYN-ACK passes, and is not taken: the client repeats its SYN.\n\n\
                         Connections that come about late: surely more than {part} of all attempts, and at least {least}, are answered only {late} \
                         and more after their first SYN, which was repeated meanwhile. They have not failed.",
            cause: "The host is down or its service hangs (one that accepts nothing any more answers until its queue is full, and then nobody), \
                    or a firewall drops the packets without a word.",
            lookalikes: "A mirror that does not show what the server sends (then dir.half stands, or conversations show one direction); \
                         IPv6 attempts that a client drops in favour of IPv4; hosts of which nothing was ever heard and that a single client asks for, and one of several servers (notes).",
            remedy: "Is the host up, does it answer at other ports? If so look at the service and at the firewall before it, else at the \
                     host and its link.",
            topic: None,
            figures: &[
                SURE,
                ("most", Tuned(&MOST)),
                ("least", Tuned(&SILENT_ATTEMPTS)),
                ("time", Tuned(&SILENT_FOR)),
                ("part", Tuned(&hops::PART)),
                ("of", Tuned(&hops::PART_OF)),
                ("late", Tuned(&LATE_ANSWER)),
                ("few", Tuned(&hops::PART_LEAST)),
                ("silent", Tuned(&SILENT_PEER)),
                ("tries", Count(LONE_TRIES as u64)),
                ("bin", Nanos(TRIED_WITHIN)),
                ("over", Nanos(CONNECTS_FOR)),
                ("told", Nanos(PAST_TOLD_FOR)),
                ("for", Nanos(hops::GONE_FOR)),
                ("stopped", Count(hops::STOPPED_HOSTS)),
                ("gone", Tuned(&hops::GONE_HOSTS)),
                ("lots", Tuned(&hops::BEHIND_LEAST)),
                ("hosts", Tuned(&hops::BEHIND_HOSTS)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Undivided, Need::BothDirections, Need::Begun, Need::Timely, Need::EverySide, Need::Complete, Need::Unsampled, Need::Abreast]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let services = tcp_services(e).filter_map(|service| {
            let stands = standing.on(subject(&service.key));
            let part = || hops::in_part(service, Trouble::NoAnswer, stands);
            // All that failed for a while, and is over, is no part: attempts that began in it are given up when others connect again.
            let is_silent = || {
                let most = unanswered(e, service, false).or_else(|| was_down(service));
                most.or_else(part).or_else(|| unanswered(e, service, stands))
            };
            let is_told = service.windows.iter().any(is_flood) || service.windows.iter().any(|w| w.trouble(Trouble::Unreachable).count > 0);
            let missing = || if is_told { None } else { is_silent() }.or_else(|| was_down(service));
            // What is too large for the way hangs as well, and is told of there.
            let is_swallowed = e.network.black_holes.iter().any(|h| [Some(h.receiver), h.sender].contains(&Some(service.key.address)));
            let hung = || if is_swallowed { None } else { one_sided::hung(service) };
            let in_one_direction = || hung().or_else(|| one_sided::untaken(service));
            gone(e, service).or_else(missing).or_else(in_one_direction).or_else(|| late(service, stands, is_flood))
        });
        all_of(hops::silent(e, standing).chain(services))
    }
}

/// Connections hang because nothing comes from the host any more, to none of its clients.
fn gone(e: &Evidence, service: &ServiceEvidence) -> Option<Report> {
    let silent = &service.since_success.silent;
    let span = silent.span?;
    let is_enough = silent.count >= SILENT_ATTEMPTS.number() && (silent.clients >= 2 || silent.is_more);
    // Where the host answers others it is not gone.
    let hung = service.windows.iter().map(|w| w.trouble(Trouble::Hung).count).max().unwrap_or(0);
    let is_enough = is_enough && hung.saturating_mul(2) < silent.count;
    if !is_enough || e.network.now.since(span.first) < SILENT_FOR.in_nanos() {
        return None;
    }
    let attempts = service.since_success.attempts.count;
    let title = format!(
        "{} says nothing any more: {} of {} hang, whose data is sent again and again{}",
        service.key,
        plural(silent.count, "connection"),
        silent.who(),
        if attempts > 0 { format!(", and {} in vain", plural(attempts, "attempt")) } else { String::new() },
    );
    let evidence = vec![("connections", Value::Count(silent.count)), ("clients", silent.told()), ("attempts", Value::Count(attempts))];
    let report = Report::new(Severity::Critical, title, evidence).about(subject(&service.key)).suffered_by(silent.clients);
    Some(
        report
            .held(vec![span])
            // What is sent again comes more and more seldom.
            .lasting()
            .because("The host died or lost its link while connections were in use: what is sent to it is not even acknowledged."),
    )
}

/// Attempts that nothing answers.
fn unanswered(e: &Evidence, service: &ServiceEvidence, stands: bool) -> Option<Report> {
    let w = service.window(|w| w.attempts >= SILENT_ATTEMPTS.number())?;
    if service.windows.iter().any(is_flood) || w.trouble(Trouble::Unreachable).count > 0 {
        return None;
    }
    let lasts = |silent: &Troubled| silent.span.is_some_and(|span| e.network.now.since(span.first) >= SILENT_FOR.in_nanos());
    let since = service.since_success.attempts;
    let is_down = service.last_success.is_some() && since.count >= SILENT_ATTEMPTS.number() && lasts(&since);
    let (silent, attempts) = if is_down { (since, since.count) } else { (w.trouble(Trouble::NoAnswer), w.attempts) };
    let span = silent.span?;
    let nobody = service.last_success.is_none_or(|success| success < span.first);
    let long = nobody && lasts(&silent) || span.last.since(span.first) >= SILENT_FOR.in_nanos();
    let failing = wilson(silent.count, attempts);
    if !is_down && !(exceeded(&failing, MOST.value(), FEW, stands) && (long || stands)) {
        return None;
    }
    let around = Around::of(service, span, e.network.now);
    let answered = around.before;
    let kind = match (answered || around.over, service.is_alive) {
        (true, _) => around.words().trim_start_matches("; "),
        (false, true) => "the host answers elsewhere",
        (false, false) => "nothing is heard of the host",
    };
    let is_of_one = silent.clients == 1 && !silent.is_more;
    // What never answered anybody while somebody looked, and only one client asks for: a printer that is off, an old setting, a monitor.
    let is_unmissed = !answered && is_of_one && !service.is_alive && silent.count < SCAN_MANY.number() || service.is_one_of_several;
    let severity = match (answered && silent.clients >= 2, is_unmissed) {
        (true, _) => Severity::Critical,
        (false, true) => Severity::Note,
        (false, false) => Severity::Warning,
    };
    let clients = silent.who();
    let answers = if around.over { "answered" } else { "answers" };
    let title = format!("Nobody {answers} at {}: {} of {clients} in vain; {kind}", service.key, plural(silent.count, "attempt"));
    let evidence = vec![
        ("attempts", Value::Count(attempts)),
        ("unanswered", Value::Count(silent.count)),
        ("share", Value::Share(failing.rate)),
        ("clients", silent.told()),
    ];
    let report = Report::new(severity, title, evidence).about(subject(&service.key)).suffered_by(silent.clients).held(vec![span]);
    // What was there is gone until somebody is answered, however seldom anybody tries.
    let report = Report { lasts: is_down, ..report.over(around.over).counted_within(if is_down { 0.0 } else { w.seconds }) };
    Some(match (answered || around.over, service.is_alive) {
        (false, false) => report.because(hops::unheard(e, service)),
        (false, true) => report.because("The host sends other packets: a firewall drops these, or the service hangs."),
        (true, true) => report.because(
            "The host sends other packets: its service hangs or is overloaded, so that the queue of connections that wait to be accepted is full; \
             or a firewall drops these.",
        ),
        (true, false) => report,
    })
}

/// Nobody answered for a while, and does again.
fn was_down(service: &ServiceEvidence) -> Option<Report> {
    let past = service.since_success.past_attempts.filter(|_| service.since_success.attempts.count == 0)?;
    let (span, silent) = (past.span()?, past.what);
    let lasted = span.last.since(span.first);
    if silent.count < SILENT_ATTEMPTS.number() || lasted < SILENT_FOR.in_nanos() {
        return None;
    }
    let severity = if silent.clients >= 2 || silent.is_more { Severity::Critical } else { Severity::Warning };
    let (times, clients) = (plural(silent.count, "attempt"), silent.who());
    let lasted = duration(lasted as f64 / 1e9);
    let title =
        format!("Nobody answered at {} for {lasted}: {times} of {clients} in vain; it answered before, and does again", service.key);
    let evidence = vec![("unanswered", Value::Count(silent.count)), ("clients", silent.told())];
    let report = Report::new(severity, title, evidence).about(subject(&service.key)).suffered_by(silent.clients);
    Some(report.held(vec![span]).over(true))
}
