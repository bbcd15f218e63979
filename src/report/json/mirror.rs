//! The mirror.

use super::writer::Writer;
use crate::snapshot::Mirror;
use serde::Serialize;
use std::io;

/// A detector that keeps silent.
#[derive(Serialize)]
struct Silenced<'a> {
    detector: &'static str,
    reason: &'a str,
}

/// A finding that could not be judged.
#[derive(Serialize)]
struct NotJudged<'a> {
    id: &'static str,
    reason: &'a str,
}

/// The member `mirror`, where there is anything to say.
pub fn mirror(w: &mut Writer, mirror: &Mirror) -> io::Result<()> {
    if mirror.transport.is_empty() {
        return Ok(());
    }
    w.line()?;
    w.key("mirror");
    w.open(b'{');
    w.section("transport", mirror.transport);
    w.section("link", &mirror.link);
    w.key("sessions");
    w.list(&mirror.sessions)?;
    w.key("timestamps");
    w.list(&mirror.stamps)?;
    w.section("duplicates", &mirror.duplicates);
    w.section("loss", &mirror.loss);
    w.section("directions", &mirror.sides);
    w.section("forgotten", &mirror.forgotten);
    w.section("trust", &mirror.trust);
    w.key("silenced");
    w.list(mirror.silenced.iter().map(|(detector, reason)| Silenced { detector, reason }))?;
    w.key("not_judged");
    w.list(mirror.not_judged.iter().map(|(id, reason)| NotJudged { id, reason }))?;
    w.close(b'}');
    Ok(())
}
