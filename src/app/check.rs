//! `spantop check`: the verdict on a mirror, as an exit code; `spantop explain`: what a finding means.

use super::console::Console;
use super::{fold, output, signals};
use crate::cli::Common;
use crate::diagnose;
use crate::error::{Error, Outcome, Result};
use crate::model::Severity;
use crate::model::host::Verdict;
use crate::report::Options;
use crate::report::document::Document;
use crate::settings::InputSettings;
use crate::snapshot::Snapshot;

/// Rows of the tables of a check.
const ROWS: usize = 20;
/// The exit code when nothing could be checked.
const UNCHECKED: u8 = 3;

/// Looks at a mirror and at this host and says whether they can be trusted: 0 good, 1 warnings, 2 not trustworthy, 3 could not be
/// checked.
pub fn check(console: &Console, common: &Common, input: &InputSettings, format: &str) -> Result<u8> {
    let format = crate::report::find(format).ok_or_else(|| Error::usage(format!("--format {format}: no such format")))?;
    let text = format.token() == "text";
    let stop = signals::watch()?;
    let rows = if text { ROWS } else { format.rows() };
    let Outcome { result: snapshot, failure } = match fold(console, common, input, rows, &stop) {
        Err(error) if error.exit_code() == 1 => {
            super::console::say(&error);
            return Ok(UNCHECKED);
        }
        outcome => outcome?,
    };
    let options = Options { rows, width: console.width(), color: console.color(), ..Options::default() };
    if text {
        let text = crate::report::render(&Document::verdict(&snapshot, rows), &options);
        output::print(text.as_bytes())?;
    } else {
        output::Output::Stdout.write(None, |out| crate::report::write(format, &snapshot, &options, out))?;
    }
    console.losses(&snapshot);
    if let Some(failure) = failure {
        super::console::say(&failure);
    }
    Ok(verdict(&snapshot))
}

/// The exit code of a snapshot: its worst finding that still holds, and the worst line of the host's checklist. A port without a
/// link has not been checked, whatever else was found.
fn verdict(s: &Snapshot) -> u8 {
    let checks = || s.host.iter().flat_map(|list| &list.checks);
    if checks().any(|c| c.id == "link" && c.verdict == Verdict::Fail) {
        return UNCHECKED;
    }
    let finding = s.findings.iter().filter(|f| f.active).map(|f| f.severity).max();
    let check = checks().map(|c| c.verdict).max();
    match (finding, check) {
        (Some(Severity::Critical), _) | (_, Some(Verdict::Fail)) => 2,
        (Some(Severity::Warning), _) => 1,
        // The host alone makes no verdict on a mirror that showed nothing.
        _ if s.total.packets == 0 => UNCHECKED,
        (_, Some(Verdict::Warning)) => 1,
        _ if s.mirror.trust.score.is_none() => UNCHECKED,
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
    use crate::model::host::{Check, Checklist};
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

    fn host(id: &'static str, verdict: Verdict) -> Vec<Checklist> {
        let check = Check { id, name: "a name", found: String::new(), verdict, why: "", command: None };
        vec![Checklist { interface: "eth1".into(), checks: vec![check] }]
    }

    #[test]
    fn the_host_is_judged_as_well() {
        let mut s = Snapshot { total: Traffic { packets: 9, wire_bytes: 900 }, ..Snapshot::default() };
        s.mirror = Mirror { transport: "plain", trust: Trust { score: Some(100), ..Trust::default() }, ..Mirror::default() };
        let expected = [(Verdict::Good, 0), (Verdict::Unknown, 0), (Verdict::Note, 0), (Verdict::Warning, 1), (Verdict::Fail, 2)];
        for (found, code) in expected {
            s.host = host("ring", found);
            assert_eq!(verdict(&s), code, "{found:?}");
        }
        s.findings = vec![finding(Severity::Critical, true)];
        s.host = host("ring", Verdict::Warning);
        assert_eq!(verdict(&s), 2);
        s.host = host("link", Verdict::Fail);
        assert_eq!(verdict(&s), 3, "without a link nothing is checked");
        s.findings.clear();
        s.host = host("ring", Verdict::Warning);
        s.total = Traffic::default();
        assert_eq!(verdict(&s), 3, "no packet, no verdict");
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
