//! Can the mirror be believed, and what is wrong.

use super::format::{count, moment, number, plural, text, word};
use super::tables::{self, section};
use super::{DocumentTable, Part, Section, Tone};
use crate::model::finding::evidence_name;
use crate::model::text::printable;
use crate::model::{Episode, Estimate, Finding, Likeness, ListedFinding, Severity, Verdict, alike, units};
use crate::snapshot::tables::classes::code_point_name;
use crate::snapshot::tables::sessions::SESSIONS;
use crate::snapshot::tables::trust::TRUST;
use crate::snapshot::tables::tunnels::TUNNELS;
use crate::snapshot::{Mirror, Snapshot, Trust};

/// The mirror: verdict, parts, loss by stage, copies, sessions. `None` when nothing is known of it.
pub fn mirror(s: &Snapshot, rows: usize) -> Option<Section> {
    let m = &s.mirror;
    if m.transport.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    if !m.trust.summary.is_empty() {
        parts.push(verdict(&m.trust));
    }
    parts.push(Part::Facts(facts(m)));
    if !m.trust.parts.is_empty() {
        parts.push(tables::part(&TRUST, s, usize::MAX));
    }
    if !m.sessions.is_empty() {
        parts.push(tables::part(&SESSIONS, s, rows));
    }
    if !m.stamps.is_empty() {
        parts.push(Part::Heading(Tone::Plain, "Time stamps of devices on the way".into()));
        parts.push(stamps(m, rows));
    }
    parts.extend(tables::parts(&TUNNELS, s, rows));
    for (detector, reason) in &m.silenced {
        parts.push(Part::Note(Tone::Plain, format!("{} is not judged: {}", printable(detector), printable(reason))));
    }
    Some(section("Mirror", parts))
}

fn verdict(trust: &Trust) -> Part {
    let tone = match trust.verdict {
        Verdict::Good | Verdict::Noted => Tone::Good,
        Verdict::Doubtful => Tone::Warning,
        Verdict::Bad => Tone::Critical,
        Verdict::Unknown => Tone::Plain,
    };
    let score = trust.score.map_or(String::new(), |s| format!(" (trust {s} of 100)"));
    Part::Heading(tone, format!("{}{score}", printable(&trust.summary)))
}

fn facts(m: &Mirror) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Transport", m.transport.to_owned())];
    if let Some(n) = m.one_in() {
        facts.push(("Sampled", format!("one packet in {}: every number but the mirror's own is scaled", units::grouped(n.into()))));
    }
    let d = &m.duplicates;
    let copies = match d.traffic.packets {
        0 => "none".to_owned(),
        n => {
            let of = |copies: bool| -> Vec<String> {
                let classes = d.classes.iter().filter(|c| c.is_copies() == copies && c.traffic.packets > 0);
                classes.map(|c| format!("{} {}", c.class, units::grouped(c.traffic.packets))).collect()
            };
            let dropped = if d.dropped { ", left out of the analysis" } else { "" };
            let besides = of(false);
            let besides = if besides.is_empty() { String::new() } else { format!("; besides, counted as traffic: {}", besides.join(", ")) };
            format!("{} ({}): {}{dropped}{besides}", plural(n, "packet"), units::percent(d.share), of(true).join(", "))
        }
    };
    facts.push(("Copies", copies));
    if !d.remarked.is_empty() {
        let one = |(from, to, n): &(u8, u8, u64)| format!("{from} to {to} ({})", plural(*n, "packet"));
        facts.push(("Priority changed", d.remarked.iter().take(8).map(one).collect::<Vec<_>>().join(", ")));
    }
    if !d.remarked_dscp.is_empty() {
        let one =
            |(from, to, n): &(u8, u8, u64)| format!("{} to {} ({})", code_point_name(*from), code_point_name(*to), plural(*n, "packet"));
        facts.push(("DSCP changed", d.remarked_dscp.iter().take(8).map(one).collect::<Vec<_>>().join(", ")));
    }
    let l = &m.loss;
    facts.push(("Lost in this host", l.host.map_or_else(|| "not counted".to_owned(), |_| loss(l.host))));
    if let (None, None, Some(upstream)) = (l.path, l.switch, l.upstream) {
        facts.push(("Lost before it", format!("{}; in the switch or on the path: nothing numbers the copies", loss(Some(upstream)))));
    } else {
        facts.push(("Lost on the path", loss(l.path)));
        let switch = match (l.switch, l.path) {
            (None, Some(_)) => "cannot be told apart from what the path lost".to_owned(),
            (switch, _) => loss(switch),
        };
        facts.push(("Lost in the switch", switch));
    }
    facts.push(("Questions never seen", loss(l.unmatched)));
    if m.sides.judged > 0 {
        let of = plural(m.sides.judged, "conversation");
        facts.push(("One-sided", format!("{} of {of}", units::grouped(m.sides.one_sided))));
    }
    facts
}

fn loss(estimate: Option<Estimate>) -> String {
    match estimate {
        None => "cannot tell".into(),
        Some(e) => {
            let p = units::percent;
            format!("{} ({} to {}, from {} looked at)", p(e.rate), p(e.low), p(e.high), units::count(e.n))
        }
    }
}

/// A row a port; what holds for the interface as a whole stands in its first.
fn stamps(m: &Mirror, rows: usize) -> Part {
    let columns = vec![word("Stamp"), word("Device"), word("Port"), number("Packets"), number("Missing"), number("Drops"), word("Clock")];
    let known = |n: Option<u64>| n.map_or_else(|| text("?"), count);
    let id = |n: Option<u64>| text(n.map_or("?".to_owned(), |n| n.to_string()));
    let mut table = Vec::new();
    for s in &m.stamps {
        let clock = match s.offset {
            None => "?".to_owned(),
            Some(_) if s.is_tai() => "TAI".to_owned(),
            Some(offset) => format!("{offset:+.6} s"),
        };
        let all = vec![text(s.kind.token()), text("all"), text("all"), count(s.packets), known(s.missing), known(s.drops), text(clock)];
        table.push(all);
        table.extend(s.ports.iter().map(|p| {
            let (device, port) = (id(p.device.map(u64::from)), id(p.port.map(u64::from)));
            vec![text(s.kind.token()), device, port, count(p.packets), known(p.missing), text(""), text("")]
        }));
    }
    table.truncate(rows);
    Part::Table(DocumentTable { columns, rows: table })
}

/// What could not be judged, and why; `None` when everything could.
pub fn not_judged(m: &Mirror) -> Option<Section> {
    let columns = vec![word("Finding"), super::format::prose("Why it is not judged")];
    let rows: Vec<_> = m.not_judged.iter().map(|(id, reason)| vec![text(*id), text(printable(reason))]).collect();
    (!rows.is_empty()).then(|| section("Not judged", vec![Part::Table(DocumentTable { columns, rows })]))
}

/// What is wrong; `None` when nothing is.
pub fn findings(s: &Snapshot) -> Option<Section> {
    if s.diagnosis.findings.is_empty() {
        return None;
    }
    let told = |told: ListedFinding<'_>| match told {
        ListedFinding::One(f) => finding(f, s.is_timed()),
        ListedFinding::Others(like, all) => others(like, &all, s.is_timed()),
    };
    Some(section("Findings", alike::listed(s.diagnosis.findings.iter()).into_iter().flat_map(told).collect()))
}

fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Note => Tone::Note,
        Severity::Warning => Tone::Warning,
        Severity::Critical => Tone::Critical,
    }
}

/// What others are named by that are like some findings before.
const NAMED: usize = 24;

/// Findings like those before: what they are about.
fn others(like: Likeness, all: &[&Finding], timed: bool) -> Vec<Part> {
    let cleared = if like.active { "" } else { ", cleared" };
    let title = format!("and {} alike ({}{cleared})", plural(all.len() as u64, "other"), like.id);
    let mut named: Vec<String> = all.iter().take(NAMED).map(|f| printable(&f.subject.to_string()).into_owned()).collect();
    if let more @ 1.. = all.len().saturating_sub(NAMED) {
        named.push(format!("and {} more, each of them in JSON", units::grouped(more as u64)));
    }
    let mut facts = vec![("About", named.join(", "))];
    let span = all.iter().map(|f| Episode { first: f.first, last: f.last }).reduce(Episode::joined);
    facts.extend(span.filter(|_| timed).map(|span| ("Seen", format!("{} to {}", moment(span.first), moment(span.last)))));
    vec![Part::Heading(tone(like.severity), title), Part::Facts(facts)]
}

fn finding(f: &Finding, timed: bool) -> Vec<Part> {
    let cleared = if f.active { "" } else { ", cleared" };
    let title = format!("{} ({}{cleared})", printable(&f.title), f.id);
    let mut facts = Vec::new();
    let evidence: Vec<String> = f.evidence.iter().map(|(name, value)| format!("{} {value}", evidence_name(name, value))).collect();
    for (name, words) in [("Evidence", evidence.join(", ")), ("Cause", f.cause.clone()), ("Remedy", f.remedy.clone())] {
        if !words.is_empty() {
            facts.push((name, printable(&words).into_owned()));
        }
    }
    if !f.lookalikes.is_empty() {
        facts.push(("Could also be", printable(&f.lookalikes).into_owned()));
    }
    if timed {
        facts.push(("Seen", format!("{} to {}", moment(f.first), moment(f.last))));
    }
    let remarks = f.remarks();
    if !remarks.is_empty() {
        facts.push(("Also", printable(&remarks.join("; ")).into_owned()));
    }
    vec![Part::Heading(tone(f.severity), title), Part::Facts(facts)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Subject, Timestamp};

    #[test]
    fn others_that_are_alike_are_one_paragraph() {
        let one =
            |vlan| Finding { subject: Subject::Vlan(vlan), ..Finding::new("storm.broadcast", Severity::Critical, "A storm", Timestamp(0)) };
        let mut s = Snapshot::default();
        s.diagnosis.findings = (1..=40).map(one).collect();
        let parts = findings(&s).unwrap().parts;
        let headings: Vec<_> =
            parts.iter().filter_map(|part| if let Part::Heading(_, words) = part { Some(words.as_str()) } else { None }).collect();
        let storm = "A storm (storm.broadcast)";
        assert_eq!(headings, [storm, storm, storm, "and 37 others alike (storm.broadcast)"]);
        let Some(Part::Facts(facts)) = parts.last() else { panic!("{parts:?}") };
        let about = &facts[0].1;
        assert!(about.starts_with("VLAN 4, VLAN 5, ") && about.ends_with("VLAN 27, and 13 more, each of them in JSON"), "{about}");
    }
}
