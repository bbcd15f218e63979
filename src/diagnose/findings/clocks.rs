//! Time servers: wrong, or silent.

use super::{all_of, subject};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::Tuned;
use crate::model::evidence::{
    CLOCK_ANSWERS, CLOCK_DIFFERS, CLOCK_DISTANCE, CLOCK_PANIC, CLOCK_SERVERS, ClockEvidenceOfServer, ClockFault, ServiceEvidence,
    Threshold, Trouble,
};
use crate::model::units::{duration, grouped, plural};
use crate::model::{Finding, Proto, ServiceKey, Severity, Value, text};

/// Requests without an answer before a time server is called silent.
static SILENT_REQUESTS: Threshold = Threshold::count(5.0);

/// Clients whose clocks agree with the capture's, from which on these are more than chance.
static AGREEING: Threshold = Threshold::count(2.0);

/// A time server that is wrong or silent.
pub struct NtpBad;

impl Detector for NtpBad {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "ntp.bad",
            aspect: None,
            meaning: "A time server does not know the time, refuses to tell it, tells another than most, or does not answer. Clients drift, and \
                      logins, certificates and logs fail with their clocks.",
            measured: "Answers of servers only: at least {answers} in a row by which it refuses (stratum zero with DENY, RSTR or RATE), is unsynchronised by stratum \
                       (zero or sixteen) or leap indicator, or farther than {distance} from the reference clock; a clock that differs by more than {step} from most of \
                       at least {servers} servers, each compared with the capture's clock (critical beyond {panic}), or where fewer are seen from the capture's and from those of more clients \
                       than follow it, as far as these tell the time when they ask (a note below {agreeing} of them); or {silent} requests \
                       without an answer since the last one.",
            cause: "The server has lost its own source, was started a moment ago, or limits how often it is asked.",
            lookalikes: "When all servers differ from the capture alike, or clients agree with the server, the capture's clock is wrong.",
            remedy: "Look at the server's sources (`ntpq -p`, `chronyc sources`). Where it refuses, ask less often or another one.",
            topic: None,
            figures: &[
                ("answers", Tuned(&CLOCK_ANSWERS)),
                ("distance", Tuned(&CLOCK_DISTANCE)),
                ("step", Tuned(&CLOCK_DIFFERS)),
                ("panic", Tuned(&CLOCK_PANIC)),
                ("servers", Tuned(&CLOCK_SERVERS)),
                ("agreeing", Tuned(&AGREEING)),
                ("silent", Tuned(&SILENT_REQUESTS)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::BothDirections, Need::Replies, Need::EverySide, Need::SteadyClock, Need::Complete, Need::Unsampled, Need::Legible]
    }

    /// What a server was read to say it said.
    fn is_proved_without(&self, need: Need, _: &Finding) -> bool {
        need == Need::Legible
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let wrong = &e.network.sightings.clocks;
        let silent = e.network.services.iter().filter_map(silent);
        all_of(wrong.iter().map(bad).chain(silent.filter(|s| !wrong.iter().any(|w| subject(&key(w)) == s.subject))))
    }
}

fn key(c: &ClockEvidenceOfServer) -> ServiceKey {
    ServiceKey { address: c.server, port: 123, protocol: Proto::Udp }
}

/// By how much a clock is wrong, in words that go on with whose is right.
fn off(seconds: f64) -> String {
    format!("{} {}", duration(seconds.abs()), if seconds > 0.0 { "ahead of" } else { "behind" })
}

fn bad(c: &ClockEvidenceOfServer) -> Report {
    let mut severity = Severity::Warning;
    let what = match c.fault {
        ClockFault::Refuses(code) => {
            severity = Severity::Note;
            format!("refuses to tell the time ({})", text::printable(&String::from_utf8_lossy(&code)))
        }
        ClockFault::Unsynchronised => "does not know the time: it is not synchronised".to_owned(),
        ClockFault::Far(distance) => format!("is {} away from its reference clock", duration(distance)),
        ClockFault::Differs(seconds) => {
            if seconds.abs() > CLOCK_PANIC.in_seconds() {
                severity = Severity::Critical;
            }
            format!("is {} most of {} servers", off(seconds), grouped(c.servers))
        }
        ClockFault::Apart(seconds, agreeing) => {
            if agreeing < AGREEING.number() {
                severity = Severity::Note;
            }
            format!("is {} the capture's clock and those of {}", off(seconds), plural(agreeing, "client"))
        }
    };
    let title = format!("Time server {} {what}: {}", c.server, plural(c.clients, "client"));
    let mut evidence = vec![("answers", Value::Count(c.answers)), ("clients", Value::Count(c.clients))];
    match c.fault {
        ClockFault::Far(seconds) => evidence.push(("distance_seconds", Value::Seconds(seconds))),
        ClockFault::Differs(seconds) => evidence.push(("difference_seconds", Value::Seconds(seconds))),
        ClockFault::Apart(seconds, agreeing) => {
            evidence.extend([("difference_seconds", Value::Seconds(seconds)), ("clients_that_agree", Value::Count(agreeing))]);
        }
        _ => {}
    }
    Report::new(severity, title, evidence).about(subject(&key(c))).suffered_by(c.clients).held(vec![c.span]).lasting()
}

fn silent(service: &ServiceEvidence) -> Option<Report> {
    let w = service.windows.iter().find(|w| w.trouble(Trouble::Unanswered).count >= SILENT_REQUESTS.number())?;
    let silent = w.trouble(Trouble::Unanswered);
    let span = silent.span?;
    let since = service.last_success;
    if service.app_token != "ntp" || service.key.port != 123 || since.is_some_and(|success| success >= span.first) {
        return None;
    }
    let title = format!(
        "Time server {} does not answer: {} of {}{}",
        service.key.address,
        plural(silent.count, "request"),
        silent.who(),
        if since.is_some() { "; it answered before" } else { "" },
    );
    let evidence = vec![("unanswered", Value::Count(silent.count)), ("clients", silent.told())];
    let severity = if since.is_some() || silent.clients > 1 { Severity::Warning } else { Severity::Note };
    Some(Report::new(severity, title, evidence).about(subject(&service.key)).suffered_by(silent.clients).held(vec![span]).lasting())
}
