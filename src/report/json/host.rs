//! The checklist of this host.

use super::writer::Writer;
use crate::model::host::Checklist;
use std::io;

/// The member `host`: an entry for each interface of a live capture; absent for files.
pub fn host(w: &mut Writer, host: &[Checklist]) -> io::Result<()> {
    if host.is_empty() {
        return Ok(());
    }
    w.line()?;
    w.key("host");
    w.open(b'[');
    for list in host {
        w.line()?;
        w.open(b'{');
        w.text("interface", &list.interface);
        w.key("checks");
        w.open(b'[');
        for check in &list.checks {
            w.line()?;
            w.item(check);
        }
        w.close(b']');
        w.close(b'}');
    }
    w.close(b']');
    Ok(())
}
