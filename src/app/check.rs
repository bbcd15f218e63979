//! `spantop check`: the verdict on a mirror, as an exit code; `spantop explain`: what a finding means.

use super::console::Console;
use super::{fold, output, signals};
use crate::cli::{Common, Input};
use crate::diagnose;
use crate::error::{Error, Result};
use crate::model::Severity;
use crate::report::Options;
use crate::report::document::Document;
use crate::snapshot::Snapshot;

/// Rows of the tables of a check.
const ROWS: usize = 20;
/// The exit code when nothing could be checked.
const UNCHECKED: u8 = 3;

/// Looks at a mirror and says whether it can be trusted: 0 good, 1 warnings, 2 not trustworthy, 3 could not be checked.
pub fn check(console: &Console, common: &Common, input: &Input) -> Result<u8> {
    let stop = signals::watch()?;
    let (snapshot, failure) = match fold(console, common, input, ROWS, &stop) {
        Err(error) if error.exit_code() == 1 => {
            super::console::say(&error);
            return Ok(UNCHECKED);
        }
        outcome => outcome?,
    };
    let options = Options { rows: ROWS, width: console.width(), color: console.color() };
    let text = crate::report::render(&Document::verdict(&snapshot, ROWS), &options);
    output::print(text.as_bytes())?;
    console.losses(&snapshot);
    if let Some(failure) = failure {
        super::console::say(&failure);
    }
    Ok(verdict(&snapshot))
}

/// The exit code of a snapshot: its worst finding that still holds.
fn verdict(s: &Snapshot) -> u8 {
    let worst = s.findings.iter().filter(|f| f.active).map(|f| f.severity).max();
    match worst {
        Some(Severity::Critical) => 2,
        Some(Severity::Warning) => 1,
        _ if s.total.packets == 0 || s.mirror.trust.score.is_none() => UNCHECKED,
        _ => 0,
    }
}

/// Prints what a finding means.
pub fn explain(id: &str) -> Result<()> {
    match explanation(id) {
        Some(text) => output::print(format!("{}\n", text.trim_end()).as_bytes()),
        None => Err(Error::usage(format!("explain: unknown finding '{id}'; there are: {}", diagnose::IDS.join(", ")))),
    }
}

/// What a finding means, by its identifier.
pub fn explanation(id: &str) -> Option<String> {
    diagnose::explain(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Finding, Timestamp, Traffic};
    use crate::snapshot::{Mirror, Trust};

    fn finding(severity: Severity, active: bool) -> Finding {
        Finding {
            id: "dup.every",
            severity,
            title: String::new(),
            evidence: Vec::new(),
            cause: String::new(),
            remedy: String::new(),
            lookalikes: String::new(),
            first: Timestamp(0),
            last: Timestamp(0),
            active,
        }
    }

    #[test]
    fn the_worst_active_finding_decides() {
        let mut s = Snapshot { total: Traffic { packets: 9, wire_bytes: 900 }, ..Snapshot::default() };
        assert_eq!(verdict(&s), 3);
        s.mirror = Mirror { transport: "plain", trust: Trust { score: Some(100), ..Trust::default() }, ..Mirror::default() };
        assert_eq!(verdict(&s), 0);
        s.findings = vec![finding(Severity::Note, true), finding(Severity::Critical, false)];
        assert_eq!(verdict(&s), 0);
        s.findings.push(finding(Severity::Warning, true));
        assert_eq!(verdict(&s), 1);
        s.findings.push(finding(Severity::Critical, true));
        assert_eq!(verdict(&s), 2);
    }
}
