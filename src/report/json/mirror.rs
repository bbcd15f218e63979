//! The mirror, the tunnels and the findings.

use super::writer::Writer;
use crate::model::Value;
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
    w.text("verdict", &trust.verdict);
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
        w.text("severity", f.severity.token());
        w.text("title", &f.title);
        w.flag("active", f.active);
        w.key("evidence");
        w.open(b'{');
        for (name, value) in &f.evidence {
            match value {
                Value::Count(n) => w.count(name, *n),
                Value::Share(x) | Value::Number(x) => w.real(name, *x),
                Value::Text(text) => w.text(name, text),
            }
        }
        w.close(b'}');
        w.text("cause", &f.cause);
        w.text("remedy", &f.remedy);
        w.text("lookalikes", &f.lookalikes);
        w.at("first", s.is_timed().then_some(f.first));
        w.at("last", s.is_timed().then_some(f.last));
        w.close(b'}');
    }
    w.close(b']');
    Ok(())
}
