//! The mirror, the tunnels and the findings.

use super::writer::Writer;
use crate::model::{Finding, Subject, SubjectPart, Value};
use crate::snapshot::{Mirror, Snapshot, Trust};
use std::io;

/// The member `mirror`, where there is anything to say.
pub fn mirror(w: &mut Writer, mirror: &Mirror) -> io::Result<()> {
    if !mirror.transport.is_empty() {
        w.line()?;
        w.key("mirror");
        w.open(b'{');
        w.text("transport", mirror.transport);
        w.section("link", &mirror.link);
        w.key("sessions");
        w.open(b'[');
        for s in &mirror.sessions {
            w.line()?;
            w.item(s);
        }
        w.close(b']');
        w.key("timestamps");
        w.open(b'[');
        for s in &mirror.stamps {
            w.line()?;
            w.item(s);
        }
        w.close(b']');
        w.section("duplicates", &mirror.duplicates);
        w.section("loss", &mirror.loss);
        w.section("directions", &mirror.sides);
        w.section("forgotten", &mirror.forgotten);
        trust(w, &mirror.trust);
        w.key("silenced");
        w.open(b'[');
        for (detector, reason) in &mirror.silenced {
            w.open(b'{');
            w.text("detector", detector);
            w.text("reason", reason);
            w.close(b'}');
        }
        w.close(b']');
        w.key("not_judged");
        w.open(b'[');
        for (id, reason) in &mirror.not_judged {
            w.open(b'{');
            w.text("id", id);
            w.text("reason", reason);
            w.close(b'}');
        }
        w.close(b']');
        w.close(b'}');
    }
    Ok(())
}

fn trust(w: &mut Writer, trust: &Trust) {
    let score = |w: &mut Writer, score: Option<u8>| {
        w.key("score");
        match score {
            Some(score) => w.number(u64::from(score)),
            None => w.null(),
        }
    };
    w.key("trust");
    w.open(b'{');
    score(w, trust.score);
    w.text("verdict", trust.verdict.token());
    w.text("summary", &trust.summary);
    w.key("parts");
    w.open(b'[');
    for part in &trust.parts {
        w.open(b'{');
        w.text("name", part.name);
        score(w, part.score);
        w.text("evidence", &part.evidence);
        w.close(b'}');
    }
    w.close(b']');
    w.close(b'}');
}

/// The member `findings`.
pub fn findings(w: &mut Writer, s: &Snapshot) -> io::Result<()> {
    w.line()?;
    w.key("findings");
    w.open(b'[');
    for f in &s.findings {
        w.line()?;
        w.open(b'{');
        w.text("id", f.id);
        subject(w, &f.subject);
        w.text("severity", f.severity.token());
        w.text("title", &f.title);
        w.flag("active", f.active);
        w.key("evidence");
        w.open(b'{');
        for (name, value) in &f.evidence {
            match value {
                Value::Count(n) | Value::Bytes(n) => w.count(name, *n),
                Value::Share(x) | Value::Number(x) | Value::Seconds(x) | Value::BitsPerSecond(x) => w.real(name, *x),
                Value::Time(at) => w.at(name, Some(*at)),
                Value::Text(text) => w.text(name, text),
            }
        }
        w.close(b'}');
        w.text("cause", &f.cause);
        w.text("remedy", &f.remedy);
        w.text("lookalikes", &f.lookalikes);
        w.at("first", s.is_timed().then_some(f.first));
        w.at("last", s.is_timed().then_some(f.last));
        episodes(w, f, s.is_timed());
        located(w, f);
        w.close(b'}');
    }
    w.close(b']');
    Ok(())
}

/// What a finding is about: kind, name, and its parts as fields.
fn subject(w: &mut Writer, subject: &Subject) {
    w.key("subject");
    w.open(b'{');
    w.text("kind", subject.kind());
    w.text("name", &subject.to_string());
    for (name, part) in subject.parts() {
        match part {
            SubjectPart::Number(n) => w.count(name, n),
            SubjectPart::Word(word) => w.text(name, word),
            SubjectPart::Address(address) => {
                w.key(name);
                w.address(address);
            }
        }
    }
    w.close(b'}');
}

/// The times in which a finding held, oldest first, and how many older ones are not listed.
fn episodes(w: &mut Writer, f: &Finding, timed: bool) {
    w.key("episodes");
    w.open(b'[');
    for episode in f.episodes.iter().filter(|_| timed) {
        w.open(b'{');
        w.at("first", Some(episode.first));
        w.at("last", Some(episode.last));
        w.close(b'}');
    }
    w.close(b']');
    w.count("episodes_forgotten", f.forgotten_episodes);
}

/// Where it was, what it explains, who suffers, which packets prove it: what is known of that.
fn located(w: &mut Writer, f: &Finding) {
    if let Some(side) = f.side {
        w.text("side", side.token());
    }
    if let Some(location) = f.location {
        w.text("where", location.token());
    }
    w.key("cause_of");
    w.open(b'[');
    f.cause_of.iter().for_each(|id| w.string(id));
    w.close(b']');
    if let Some(hosts) = f.hosts {
        w.count("hosts", hosts);
    }
    w.key("packets");
    w.open(b'[');
    f.packets.iter().for_each(|n| w.number(*n));
    w.close(b']');
}
