//! Who is not let in: refused logins, TLS connections that fail before they are encrypted, old versions and certificates that end.

use super::{SURE, all_of, exceeded, subject};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::Tuned;
use crate::model::evidence::{
    CertificateEvidence, Guessing, OldTlsEvidence, SHORT_LOGIN, ServiceEvidence, TLS_SILENT, Threshold, TlsFailureEvidence, Trouble,
};
use crate::model::time::SECOND;
use crate::model::units::{duration, grouped, percent, plural};
use crate::model::{Episode, Finding, Severity, Subject, Timestamp, Value, wilson};

/// Share of refused logins: told of; of how many answers, and how many at least.
static DENIED: Threshold = Threshold::share(0.3);
static ANSWERS: Threshold = Threshold::count(10.0);
static LEAST: Threshold = Threshold::count(5.0);

/// Kerberos' code for clocks that differ too much (RFC 4120 section 7.5.9), and how often it is told of.
const SKEW: u32 = 37;
static SKEWED: Threshold = Threshold::count(3.0);

/// Names under which one client is refused from which on it guesses.
static GUESSED: Threshold = Threshold::count(20.0);

/// And the share of its own requests, the steps of a login among them, that are refused: of a gate through which many log in few are.
static GUESSED_SHARE: Threshold = Threshold::share(0.15);

/// Short connections of one client by SSH within a minute, of which somebody should know.
static SHORT: Threshold = Threshold::count(10.0);

/// Share of handshakes that fail: told of; of how many, and how many at least.
static FAILING: Threshold = Threshold::share(0.05);
static HELLOS: Threshold = Threshold::count(20.0);

/// Clients, all of which fail, that are enough; and that are critical.
static CLIENTS: Threshold = Threshold::count(3.0);

/// Share of handshakes that fail of a service that hardly works, and how many there must be.
static FAILING_MOST: Threshold = Threshold::share(0.5);
static HELLOS_FEW: Threshold = Threshold::count(5.0);

/// The end of a certificate is near: the share of its life, at most and at least.
static REST: Threshold = Threshold::share(0.1);
static EXPIRES_LEAST: Threshold = Threshold::seconds(86_400.0);
static EXPIRES_MOST: Threshold = Threshold::seconds(30.0 * 86_400.0);

/// Logins are refused.
pub struct AuthFailing;

/// TLS connections fail.
pub struct TlsFailing;

/// Old versions of TLS are spoken.
pub struct TlsOld;

/// A certificate ends soon, or has ended.
pub struct TlsExpiring;

impl Detector for AuthFailing {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "auth.failing",
            aspect: None,
            meaning: "Logins at this service are refused: somebody's password is wrong or old, or somebody tries passwords.",
            measured: "Answers that refuse credentials (Kerberos, LDAP, SMB, RADIUS, MySQL, PostgreSQL, Redis, mail, FTP, SNMP): surely more than \
                       {share} of at least {n} answers, and at least {least}, within a minute, else within ten (lower end of the {sure} \
                       interval); or {skewed} refusals by Kerberos because of a client's clock. What is asked without credentials first is \
                       normal and left out. One client that is refused under more than {guessed} names within ten minutes, surely in more \
                       than {own} of its own requests, guesses, however many others are let in (Kerberos, LDAP, RADIUS, MySQL, PostgreSQL, mail, FTP). SSH does not show who is let in: a note where one client has \
                       {short} connections or more within a minute that end after {packets} packets each way or fewer.",
            cause: "A password that was changed and is stored somewhere, an account that is locked, a directory that lost its data, a clock that \
                    is wrong; or an attempt to guess.",
            lookalikes: "Tests of monitoring systems with a wrong password on purpose; by SSH programs that log in for every command.",
            remedy: "Look at the service's log for the user names. One client and many refusals: look at that client first.",
            topic: None,
            figures: &[
                SURE,
                ("share", Tuned(&DENIED)),
                ("n", Tuned(&ANSWERS)),
                ("least", Tuned(&LEAST)),
                ("skewed", Tuned(&SKEWED)),
                ("guessed", Tuned(&GUESSED)),
                ("own", Tuned(&GUESSED_SHARE)),
                ("short", Tuned(&SHORT)),
                ("packets", Tuned(&SHORT_LOGIN)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Complete, Need::Unsampled, Need::Legible]
    }

    /// Refusals that were read were sent.
    fn is_proved_without(&self, need: Need, _: &Finding) -> bool {
        need == Need::Legible
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        all_of(
            e.network.services.iter().filter_map(|service| denied(service, standing.on(subject(&service.key))).or_else(|| short(service))),
        )
    }
}

/// Somebody comes again and again by SSH and does nothing there.
fn short(service: &ServiceEvidence) -> Option<Report> {
    let w = service.windows.first().filter(|w| service.app_token == "ssh" && w.seconds > 0.0)?;
    let (client, count) = w.short.filter(|(_, count)| *count >= SHORT.number())?;
    let title =
        format!("{client} logs in to {} again and again: {} short connections within {}", service.key, grouped(count), duration(w.seconds));
    let evidence =
        vec![("short_connections", Value::Count(count)), ("ended", Value::Count(w.ended)), ("client", Value::Text(client.to_string()))];
    Some(Report::new(Severity::Note, title, evidence).about(subject(&service.key)).suffered_by(1))
}

/// Whether a client tries names: one through which many users log in is refused now and then, under as many names.
fn guesses(g: &Guessing) -> bool {
    g.names > GUESSED.number() && wilson(g.refused, g.answers).low > GUESSED_SHARE.value()
}

fn denied(service: &ServiceEvidence, stands: bool) -> Option<Report> {
    let skew = |codes: &[crate::model::evidence::CodeCount]| codes.iter().find(|c| c.code == SKEW).map_or(0, |c| c.count);
    let kerberos = service.app_token == "kerberos";
    let skewed = service.windows.iter().find(|w| kerberos && skew(&w.denied) >= SKEWED.number());
    let guessing = service.guesses.filter(guesses);
    let many = || service.window(|w| w.answered >= ANSWERS.number());
    let w = skewed.or_else(many).or_else(|| guessing.and_then(|_| service.window(|w| w.trouble(Trouble::Denied).count > 0)))?;
    let bad = w.trouble(Trouble::Denied);
    let share = wilson(bad.count, w.answered);
    let are_many = bad.count >= LEAST.number() && exceeded(&share, DENIED.value(), DENIED.value() / 2.0, stands);
    if skewed.is_none() && guessing.is_none() && !are_many {
        return None;
    }
    let codes: Vec<String> = w.denied.iter().take(3).map(|c| format!("{} {} times", c.text, grouped(c.count))).collect();
    let who = bad.who();
    let title = match (guessing, skewed) {
        (Some(g), _) => format!(
            "{} guesses logins at {}: {}{} names, {} of its {} answers refuse them",
            g.client,
            service.key,
            if g.is_more { "at least " } else { "" },
            grouped(g.names),
            grouped(g.refused),
            grouped(g.answers)
        ),
        (_, Some(w)) => format!("Logins at {} are refused because clocks differ: {} times, {who}", service.key, grouped(skew(&w.denied))),
        _ => format!(
            "Logins at {} are refused: {} of {} answers ({}) to {who}: {}",
            service.key,
            grouped(bad.count),
            grouped(w.answered),
            percent(share.rate),
            codes.join(", ")
        ),
    };
    let mut evidence = vec![
        ("answers", Value::Count(w.answered)),
        ("refused", Value::Count(bad.count)),
        ("share", Value::Share(share.rate)),
        ("share_low", Value::Share(share.low)),
        ("clients", bad.told()),
    ];
    if let Some(g) = guessing {
        let names = if g.is_more { Value::AtLeast(g.names) } else { Value::Count(g.names) };
        evidence.extend([("guessing_client", Value::Text(g.client.to_string())), ("names_tried", names)]);
        evidence.extend([("its_answers", Value::Count(g.answers)), ("its_refusals", Value::Count(g.refused))]);
    }
    let report = Report::new(Severity::Warning, title, evidence).about(subject(&service.key)).suffered_by(bad.clients);
    Some(report.counted_within(w.seconds).held(bad.span.into_iter().collect()))
}

impl Detector for TlsFailing {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "tls.failing",
            aspect: None,
            meaning: "TLS connections to this service are given up before anything is encrypted: client and server agree on no version or \
                      cipher, or the client does not accept the certificate.",
            measured: "Handshakes that end by an alert in clear that refuses something, or whose hello the server answers by RST, by closing \
                       the connection or not at all: surely more than {share} of at least {n} (lower end of \
                       the {sure} interval), or more than {most} of at least {few}, or of at least {clients} clients all. Alerts of TLS one point \
                       three that are encrypted cannot be seen. Critical with {clients} clients; with one a note, unless more than {most} fail.",
            cause: "An expired certificate or one of an unknown issuer, a server or client without a common version, a name the server does not \
                    know.",
            lookalikes: "Scanners that try every version; one program that trusts one certificate only.",
            remedy: "The alert says who objects and to what: look at the certificate, or at the versions and ciphers of both.",
            topic: None,
            figures: &[
                SURE,
                ("share", Tuned(&FAILING)),
                ("n", Tuned(&HELLOS)),
                ("most", Tuned(&FAILING_MOST)),
                ("few", Tuned(&HELLOS_FEW)),
                ("clients", Tuned(&CLIENTS)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[
            Need::Undivided,
            Need::BothDirections,
            Need::Begun,
            Need::EverySide,
            Need::Timely,
            Need::Complete,
            Need::Unsampled,
            Need::Whole,
            Need::Aligned,
            Need::Prompt,
            Need::Abreast,
        ]
    }

    /// Alerts that were seen were sent, whatever was not seen.
    fn is_proved_without(&self, need: Need, finding: &Finding) -> bool {
        need == Need::EverySide && !finding.evidence.iter().any(|(name, _)| *name == UNANSWERED)
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        all_of(e.network.tls_failures.iter().filter_map(|f| failing(f, standing.on(subject(&f.key)))))
    }
}

/// What says how many handshakes had no answer at all.
const UNANSWERED: &str = "unanswered";

fn failing(f: &TlsFailureEvidence, stands: bool) -> Option<Report> {
    let share = wilson(f.failed, f.hellos);
    let [clients, others] = f.clients;
    let often = f.hellos >= HELLOS.number() && exceeded(&share, FAILING.value(), FAILING.value() / 2.0, stands);
    let mostly = f.hellos >= HELLOS_FEW.number() && exceeded(&share, FAILING_MOST.value(), FAILING_MOST.value() / 2.0, stands);
    if !(often || mostly || clients >= CLIENTS.number() && others == 0) {
        return None;
    }
    let who = if f.by_client { "the client objects" } else { "the server objects" };
    let alert = f.alerts.first().map(|a| a.text.replace('_', " ")).unwrap_or_default();
    let title = format!(
        "TLS to {} fails: {} of {} connections, {}; {who}: {alert}",
        f.key,
        grouped(f.failed),
        grouped(f.hellos),
        if f.is_more { format!("at least {}", plural(clients, "client")) } else { plural(clients, "client") }
    );
    let mut evidence = vec![
        ("handshakes", Value::Count(f.hellos)),
        ("failed", Value::Count(f.failed)),
        ("share", Value::Share(share.rate)),
        ("share_low", Value::Share(share.low)),
        ("clients", if f.is_more { Value::AtLeast(clients) } else { Value::Count(clients) }),
    ];
    let alerts: Vec<String> = f.alerts.iter().take(4).map(|a| format!("{} {}", grouped(a.count), a.text)).collect();
    evidence.push(("alerts", Value::Text(alerts.join(", "))));
    let unanswered = f.alerts.iter().filter(|alert| alert.code == u32::from(TLS_SILENT)).map(|alert| alert.count).sum();
    if unanswered > 0 {
        evidence.push((UNANSWERED, Value::Count(unanswered)));
    }
    let severity = match clients {
        n if n >= CLIENTS.number() => Severity::Critical,
        1 if share.low <= FAILING_MOST.value() => Severity::Note,
        _ => Severity::Warning,
    };
    Some(Report::new(severity, title, evidence).about(subject(&f.key)).suffered_by(clients).counted_within(f.seconds).held(vec![f.span]))
}

/// The usual name of a version.
fn version(version: u16) -> String {
    match version {
        0x0302 => "TLS 1.1".into(),
        0x0301 => "TLS 1.0".into(),
        0x0300 => "SSL 3.0".into(),
        0x0002 => "SSL 2.0".into(),
        other => format!("version 0x{other:04x}"),
    }
}

impl Detector for TlsOld {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "tls.old",
            aspect: None,
            meaning: "A server or client speaks a version of TLS that is not safe any more (RFC 8996, RFC 7568).",
            measured: "Versions that servers choose, not those that records or hellos bear for the sake of old devices: older than TLS one point \
                       two. It is the server's where its client offered more, else the client's, if it never offers more. A warning for SSL.",
            cause: "An old device or program, or settings that were never renewed.",
            lookalikes: "Scanners that offer old versions to see who takes them.",
            remedy: "Renew the program, or switch newer versions on; where that cannot be, keep it in a network of its own.",
            topic: None,
            figures: &[],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Whole]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        all_of(e.network.tls_old.iter().map(old))
    }
}

fn old(o: &OldTlsEvidence) -> Report {
    let (version, times) = (version(o.version), plural(o.count, "connection"));
    let (about, title) = match &o.service {
        Some(key) => (subject(key), format!("{key} still chooses {version}: {times}")),
        None => (Subject::Host(o.host), format!("{} knows nothing newer than {version}: {times}", o.host)),
    };
    let severity = if o.version <= 0x0300 { Severity::Warning } else { Severity::Note };
    let evidence = vec![("connections", Value::Count(o.count)), ("version", Value::Text(version))];
    Report::new(severity, title, evidence).about(about).suffered_by(o.clients.max(1)).held(vec![o.span]).lasting()
}

impl Detector for TlsExpiring {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "tls.expiring",
            aspect: None,
            meaning: "The certificate of this service has ended, is not valid yet, or ends soon. When it has ended clients refuse to connect.",
            measured: "The server's own certificate where it is sent in clear (before TLS one point three), by the packets' time: a note when less \
                       than {rest} of its life are left, at most {most} and at least {least}; a warning when it is not valid; critical when \
                       clients refuse it by an alert.",
            cause: "Nobody renewed it, or what does so by itself fails; or a clock is wrong.",
            lookalikes: "An old capture is judged by its own time; where its clock is far behind nothing is said. A certificate that ends soon may be renewed tonight.",
            remedy: "Renew the certificate, and have the service load it.",
            topic: None,
            figures: &[("rest", Tuned(&REST)), ("most", Tuned(&EXPIRES_MOST)), ("least", Tuned(&EXPIRES_LEAST))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Whole, Need::SteadyClock]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        all_of(e.network.certificates.iter().filter_map(expiring))
    }
}

fn expiring(c: &CertificateEvidence) -> Option<Report> {
    let seconds = |threshold: &Threshold| threshold.in_nanos() / SECOND;
    let [from, until] = c.valid;
    let now = c.seen.0.div_euclid(SECOND);
    let near = ((until.saturating_sub(from) as f64 * REST.value()) as i64).min(seconds(&EXPIRES_MOST)).max(seconds(&EXPIRES_LEAST));
    let left = until.saturating_sub(now);
    let is_valid = now >= from && left >= 0;
    // Nobody gives out certificates that begin later than tomorrow: then the capture's clock is wrong.
    if is_valid && left >= near || from.saturating_sub(now) > seconds(&EXPIRES_LEAST) {
        return None;
    }
    let whose = if c.name.is_empty() { c.key.to_string() } else { format!("{} at {}", c.name, c.key) };
    let what = match (now < from, left < 0) {
        (true, _) => format!("is not valid before {} from now", duration(from.saturating_sub(now) as f64)),
        (_, true) => format!("ended {} ago", duration(left.unsigned_abs() as f64)),
        _ => format!("ends in {}", duration(left as f64)),
    };
    let evidence = vec![
        ("valid_from", Value::Time(Timestamp::new(from, 0))),
        ("valid_until", Value::Time(Timestamp::new(until, 0))),
        ("refused_by_clients", Value::Count(c.refused)),
    ];
    let severity = match (is_valid, c.refused) {
        (true, _) => Severity::Note,
        (false, 0) => Severity::Warning,
        (false, _) => Severity::Critical,
    };
    let title = format!("The certificate of {whose} {what}");
    let report = Report::new(severity, title, evidence).about(subject(&c.key)).suffered_by(c.clients.max(1));
    // It is sent to who connects: a server that nobody asks has it all the same.
    Some(report.held(vec![Episode::at(c.seen)]).lasting())
}
