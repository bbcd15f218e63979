//! Sessions of one source that take their numbers from one counter: what one of them misses the others have.
//!
//! Each of them then spans the same numbers, as many as all of them sent together. Sessions with counters of their own span what each sent, and to
//! look the same all of them would have to lose as much as the others bring, to the packet.

use super::SessionReport;

/// Packets of a session before what it spans says anything.
const PACKETS: u64 = 100;

/// Part by which what sessions of one counter span may differ: by where in it they begin and end.
const NEAR: u64 = 50;

/// Sessions that are compared with each other: mirrors number few.
const COMPARED: usize = 64;

fn spanned(report: &SessionReport) -> u64 {
    report.session.packets.saturating_add(report.session.missing)
}

/// Whether two sessions are of one kind between the same ends, and number.
fn are_beside(a: &SessionReport, b: &SessionReport) -> bool {
    let (one, other) = (a.session.tunnel, b.session.tunnel);
    let same = (one.kind, one.source, one.destination) == (other.kind, other.source, other.destination);
    same && a.session.sequenced && b.session.sequenced
}

/// Takes out of what sessions miss what others of the same counter have.
pub(super) fn settle(reports: &mut [SessionReport]) {
    let before: Vec<SessionReport> = reports.iter().filter(|r| r.session.sequenced).take(COMPARED).cloned().collect();
    if before.len() < 2 {
        return;
    }
    for report in reports.iter_mut().filter(|r| r.session.sequenced) {
        let group: Vec<&SessionReport> = before.iter().filter(|other| are_beside(report, other)).collect();
        let packets = group.iter().fold(0u64, |sum, r| sum.saturating_add(r.session.packets));
        let most = group.iter().map(|r| spanned(r)).max().unwrap_or(0);
        let alike = group.iter().all(|r| r.session.packets >= PACKETS && most - spanned(r) <= most / NEAR);
        // One counter spans what all of them brought, at least.
        if group.len() < 2 || !alike || most.saturating_add(most / NEAR) < packets {
            continue;
        }
        let missing = u128::from(most.saturating_sub(packets));
        report.session.missing = (missing * u128::from(report.session.packets) / u128::from(packets.max(1))) as u64;
    }
}
