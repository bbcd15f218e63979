//! The mirror, the tunnels and the findings.

use super::writer::Writer;
use crate::model::{Estimate, Finding, Session, Stamps, Subject, SubjectPart, Tunnel, Value};
use crate::snapshot::{Duplicates, Mirror, Snapshot, Trust};
use std::io;

/// The member `mirror`, where there is anything to say.
pub fn mirror(w: &mut Writer, mirror: &Mirror) -> io::Result<()> {
    if !mirror.transport.is_empty() {
        w.line()?;
        w.key("mirror");
        w.open(b'{');
        w.text("transport", mirror.transport);
        w.traffic_object("link", mirror.link);
        w.key("sessions");
        w.open(b'[');
        for s in &mirror.sessions {
            w.line()?;
            session(w, s);
        }
        w.close(b']');
        w.key("timestamps");
        w.open(b'[');
        for s in &mirror.stamps {
            w.line()?;
            stamps(w, s);
        }
        w.close(b']');
        duplicates(w, &mirror.duplicates);
        w.key("loss");
        w.open(b'{');
        let loss = &mirror.loss;
        for (stage, e) in
            [("host", loss.host), ("path", loss.path), ("switch", loss.switch), ("upstream", loss.upstream), ("orphans", loss.unmatched)]
        {
            estimate(w, stage, e);
        }
        w.close(b'}');
        w.key("directions");
        w.open(b'{');
        w.count("judged", mirror.sides.judged);
        w.count("one_sided", mirror.sides.one_sided);
        w.close(b'}');
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

fn tunnel(w: &mut Writer, tunnel: &Tunnel) {
    w.text("kind", tunnel.kind.token());
    w.key("source");
    w.address(tunnel.source);
    w.key("destination");
    w.address(tunnel.destination);
    w.count("id", tunnel.id);
}

fn session(w: &mut Writer, s: &Session) {
    w.open(b'{');
    tunnel(w, &s.tunnel);
    w.flag("peeled", s.peeled);
    w.text("decision", &s.decision);
    w.count("packets", s.packets);
    w.count("outer_wire_bytes", s.outer_bytes);
    w.count("inner_wire_bytes", s.inner_bytes);
    w.flag("sequenced", s.sequenced);
    w.count("missing", s.missing);
    w.count("reordered", s.reordered);
    w.count("restarts", s.restarts);
    w.count("truncated", s.truncated);
    w.key("errors");
    w.open(b'{');
    let [short, oversized, bad] = s.errors;
    w.count("short", short);
    w.count("oversized", oversized);
    w.count("bad", bad);
    w.close(b'}');
    w.flag("check_sequence", s.check_sequence);
    w.key("sampling");
    match s.sampling {
        Some(sampling) => {
            w.open(b'{');
            w.count("one_in", sampling.one_in.into());
            w.count("samples", sampling.samples);
            w.count("unread", sampling.unread);
            w.count("drops", sampling.drops);
            w.close(b'}');
        }
        None => w.null(),
    }
    w.at("first", Some(s.first));
    w.at("last", Some(s.last));
    w.close(b'}');
}

fn maybe(w: &mut Writer, name: &'static str, count: Option<u64>) {
    w.key(name);
    match count {
        Some(n) => w.number(n),
        None => w.null(),
    }
}

fn stamps(w: &mut Writer, s: &Stamps) {
    w.open(b'{');
    w.text("kind", s.kind.token());
    w.count("interface", s.interface.into());
    w.count("packets", s.packets);
    w.count("without", s.without);
    w.count("bytes", s.bytes);
    w.count("duplicates", s.duplicates);
    w.count("degraded", s.degraded);
    maybe(w, "missing", s.missing);
    maybe(w, "drops", s.drops);
    w.key("offset");
    match s.offset {
        Some(seconds) => w.float(seconds),
        None => w.null(),
    }
    w.flag("tai", s.is_tai());
    w.key("ports");
    w.open(b'[');
    for p in &s.ports {
        w.open(b'{');
        maybe(w, "device", p.device.map(u64::from));
        maybe(w, "port", p.port.map(u64::from));
        w.count("packets", p.packets);
        maybe(w, "missing", p.missing);
        w.close(b'}');
    }
    w.close(b']');
    w.count("other_ports", s.other_ports);
    w.close(b'}');
}

fn duplicates(w: &mut Writer, d: &Duplicates) {
    w.key("duplicates");
    w.open(b'{');
    w.traffic(d.traffic);
    w.real("share", d.share);
    w.flag("dropped", d.dropped);
    w.key("classes");
    w.open(b'[');
    for class in &d.classes {
        w.open(b'{');
        w.text("class", class.class);
        w.traffic(class.traffic);
        w.close(b'}');
    }
    w.close(b']');
    w.key("vlan_pairs");
    w.open(b'[');
    for &(first, later, packets) in &d.vlan_pairs {
        w.open(b'{');
        for (name, id) in [("first", first), ("later", later)] {
            w.key(name);
            match id {
                Some(id) => w.number(u64::from(id)),
                None => w.null(),
            }
        }
        w.count("packets", packets);
        w.close(b'}');
    }
    w.close(b']');
    w.key("gap");
    match d.gap {
        Some([p50, p95, p99]) => {
            w.open(b'{');
            w.real("p50", p50);
            w.real("p95", p95);
            w.real("p99", p99);
            w.close(b'}');
        }
        None => w.null(),
    }
    w.close(b'}');
}

fn estimate(w: &mut Writer, name: &'static str, estimate: Option<Estimate>) {
    w.key(name);
    match estimate {
        Some(e) => {
            w.open(b'{');
            w.real("rate", e.rate);
            w.real("low", e.low);
            w.real("high", e.high);
            w.count("n", e.n);
            w.close(b'}');
        }
        None => w.null(),
    }
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
