//! From lines with a place to preferences.

use super::Preferences;
use crate::cli::{self, ConfigEntry, ConfigFile, near};
use crate::diagnose::thresholds;
use crate::export::{AnswerPlace, ExportTarget, registry};
use crate::model::evidence::ThresholdUnit;
use crate::model::text::printable;
use crate::model::{Address, Mac};
use crate::snapshot::table::Head;
use crate::snapshot::{Column, Order, tables};
use crate::tui::{KeyChange, Keymap};
use std::net::IpAddr;

/// The sections there are.
const SECTIONS: [&str; 9] = ["dashboard", "columns", "order", "hosts", "ports", "thresholds", "probe", "export", "keys"];
/// Columns that are no fields of a table.
const RATES: [&str; 3] = ["rate_1s", "rate_1min", "last_minute"];
/// Characters of a name.
const LONGEST_NAME: usize = 64;
/// Names of one kind.
const MOST_NAMES: usize = 65_536;

/// Reads every line; what is wrong is told with its place.
pub(super) fn read(file: &ConfigFile) -> (Preferences, Vec<String>) {
    let (mut out, mut wrong, mut keys) = (Preferences::default(), Vec::new(), Vec::new());
    for entry in &file.sections {
        let done = match entry.section.as_str() {
            "dashboard" => dashboard(entry, &mut out),
            "columns" => columns(entry, &mut out),
            "order" => order(entry, &mut out),
            "hosts" => host(entry, &mut out),
            "ports" => port(entry, &mut out),
            "probe" => probe(entry, &mut out),
            "export" => Err("options of an exporter stand in a section of its own: [export.NAME]".into()),
            section if section.starts_with("export.") => export(entry, &mut out),
            "thresholds" => threshold(entry, &entry.key, &mut out),
            // A key with points is a table in a table.
            section if section.starts_with("thresholds.") => {
                let id = section.strip_prefix("thresholds.").unwrap_or_default();
                threshold(entry, &format!("{id}.{}", entry.key), &mut out)
            }
            section if section == "keys" || section.starts_with("keys.") => {
                let scope = section.strip_prefix("keys.").unwrap_or_default().to_owned();
                keys.push(entry);
                out.changes.push(KeyChange { scope, action: entry.key.clone(), keys: entry.values.clone() });
                Ok(())
            }
            section => Err(match near(section, SECTIONS) {
                Some(near) => format!("there is no section [{section}]; did you mean [{near}]?"),
                None => format!("there is no section [{section}]; there are {}", SECTIONS.join(", ")),
            }),
        };
        if let Err(error) = done {
            wrong.push(format!("{}: {}", entry.place, printable(&error)));
        }
    }
    let (keymap, errors) = Keymap::new(&out.changes);
    wrong.extend(errors.into_iter().map(|(at, error)| {
        let place = keys.get(at).map_or("", |entry| entry.place.as_str());
        format!("{place}: {}", printable(&error))
    }));
    out.keymap = keymap;
    (out, wrong)
}

/// The only value of a line.
fn one(entry: &ConfigEntry) -> Result<&str, String> {
    match entry.values.as_slice() {
        [only] => Ok(only),
        _ => Err(format!("'{}' takes one value", entry.key)),
    }
}

fn flag(entry: &ConfigEntry) -> Result<bool, String> {
    one(entry)?.parse().map_err(|_| format!("'{}' is true or false", entry.key))
}

fn dashboard(entry: &ConfigEntry, out: &mut Preferences) -> Result<(), String> {
    match entry.key.as_str() {
        "bytes" => out.bytes = Some(flag(entry)?),
        "names" => out.names = Some(flag(entry)?),
        "scale" => {
            let text = one(entry)?;
            out.scale = match text {
                "all" => Some(i64::MAX),
                text => Some(nanos(text)?),
            };
        }
        other => {
            return Err(format!("unknown key '{other}'; [dashboard] has scale, bytes, names (theme is an option: above all sections)"));
        }
    }
    Ok(())
}

fn probe(entry: &ConfigEntry, out: &mut Preferences) -> Result<(), String> {
    match entry.key.as_str() {
        "id" => out.probe.id = Some(name(entry)?),
        "site" => out.probe.site = Some(name(entry)?),
        "status" => {
            let text = one(entry)?;
            AnswerPlace::of_this_machine(text).map_err(|what| format!("{text}: {what}"))?;
            out.probe.status = Some(text.to_owned());
        }
        "flow-seconds" => {
            let seconds = one(entry)?.parse().ok().filter(|seconds| *seconds <= 86_400);
            out.probe.flow_seconds = Some(seconds.ok_or("seconds are wanted, 0 (at the end of a conversation only) to 86400")?);
        }
        "export" => {
            for target in &entry.values {
                ExportTarget::parse(target).map_err(|e| e.to_string().replacen("--export ", "", 1))?;
            }
            out.probe.exports.clone_from(&entry.values);
            out.probe.exports_place.clone_from(&entry.place);
        }
        other => return Err(format!("unknown key '{other}'; [probe] has id, site, status, flow-seconds, export")),
    }
    Ok(())
}

fn export(entry: &ConfigEntry, out: &mut Preferences) -> Result<(), String> {
    let token = entry.section.strip_prefix("export.").unwrap_or_default();
    let tokens = || registry::EXPORTERS.iter().map(|kind| kind.token);
    let kind = registry::find(token).ok_or_else(|| match near(token, tokens()) {
        Some(near) => format!("there is no exporter '{token}'; did you mean [export.{near}]?"),
        None => format!("there is no exporter '{token}'; there are {}", tokens().collect::<Vec<_>>().join(", ")),
    })?;
    let option = kind.option(&entry.key).ok_or_else(|| {
        let all = kind.options.iter().map(|option| option.key).collect::<Vec<_>>().join(", ");
        let all = if all.is_empty() { "no options".to_owned() } else { all };
        format!("unknown key '{}'; [export.{token}] has {all}", entry.key)
    })?;
    option.check(one(entry)?)?;
    out.probe.options.entry(token.to_owned()).or_default().insert(entry.key.clone(), one(entry)?.to_owned());
    Ok(())
}

fn nanos(text: &str) -> Result<i64, String> {
    cli::time(text).map(|span| i64::try_from(span.as_nanos()).unwrap_or(i64::MAX))
}

/// The columns of a table, or what is wrong with its name.
fn heads(table: &str) -> Result<Vec<Head>, String> {
    let found = tables::find(table).map(|t| t.heads());
    found.ok_or_else(|| {
        let all: Vec<&str> = tables::TABLES.iter().map(|t| t.token()).collect();
        match near(table, all.iter().copied()) {
            Some(near) => format!("there is no table '{table}'; did you mean {near}?"),
            None => format!("there is no table '{table}'; there are {}", all.join(", ")),
        }
    })
}

fn columns(entry: &ConfigEntry, out: &mut Preferences) -> Result<(), String> {
    let heads = heads(&entry.key)?;
    if entry.values.is_empty() {
        return Err(format!("{} would have no column: name some, or leave the line out", entry.key));
    }
    if let Some(twice) = entry.values.iter().enumerate().find(|(at, value)| entry.values.iter().take(*at).any(|before| before == *value)) {
        return Err(format!("{} has the column '{}' once only", entry.key, twice.1));
    }
    let has_rates = ["conversations", "endpoints"].contains(&entry.key.as_str());
    let mut known: Vec<String> = heads.iter().filter(|h| h.screen.is_some()).map(Head::name).collect();
    known.extend(RATES.iter().filter(|_| has_rates).map(|&rate| rate.to_owned()));
    known.extend(["name"].iter().filter(|_| ["endpoints", "services"].contains(&entry.key.as_str())).map(|&name| name.to_owned()));
    let is_known = |value: &String| known.contains(value) || heads.iter().any(|h| h.screen.is_some() && h.token == value);
    if let Some(wrong) = entry.values.iter().find(|value| !is_known(value)) {
        return Err(match near(wrong, known.iter().map(String::as_str)) {
            Some(near) => format!("{} has no column '{wrong}'; did you mean {near}?", entry.key),
            None => format!("{} has no column '{wrong}'; there are {}", entry.key, known.join(", ")),
        });
    }
    out.columns.insert(entry.key.clone(), entry.values.clone());
    Ok(())
}

fn order(entry: &ConfigEntry, out: &mut Preferences) -> Result<(), String> {
    let text = one(entry)?;
    let (descending, token) = text.strip_prefix('-').map_or((false, text), |token| (true, token));
    let place = match entry.key.as_str() {
        "conversations" => &mut out.conversations,
        "endpoints" => &mut out.endpoints,
        other => return Err(format!("'{other}' has no order to be set; there are conversations and endpoints")),
    };
    let heads = heads(&entry.key)?;
    let of_screens = [Column::RATE_SECOND.0, Column::RATE_MINUTE.0];
    let mut sorts: Vec<&'static str> = Vec::new();
    for sort in heads.iter().map(|h| h.sort).chain(of_screens) {
        // Several columns may go by one.
        if !sort.is_empty() && !sorts.contains(&sort) {
            sorts.push(sort);
        }
    }
    let by_name = || heads.iter().find(|h| h.is_called(token) && !h.sort.is_empty()).map(|h| h.sort);
    let found = sorts.iter().copied().find(|sort| *sort == token).or_else(by_name);
    let column = found
        .ok_or_else(|| format!("{} cannot be sorted by '{token}'; there are {} (-rate: the largest first)", entry.key, sorts.join(", ")))?;
    *place = Some(Order { column: Column(column), descending });
    Ok(())
}

/// A name that may stand on a screen.
fn name(entry: &ConfigEntry) -> Result<String, String> {
    let text = one(entry)?.trim();
    if text.is_empty() || text.chars().count() > LONGEST_NAME {
        return Err(format!("a name has 1 to {LONGEST_NAME} characters"));
    }
    Ok(printable(text).into_owned())
}

fn mac(text: &str) -> Option<Mac> {
    let mut bytes = [0; 6];
    let mut parts = text.split([':', '-']);
    for byte in &mut bytes {
        let part = parts.next().filter(|part| part.len() == 2)?;
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(Mac(bytes))
}

fn host(entry: &ConfigEntry, out: &mut Preferences) -> Result<(), String> {
    // An IPv4 address as IPv6 writes it is that address.
    let ip = entry.key.parse::<IpAddr>().ok().map(|ip| Address::from(ip.to_canonical()));
    let address = ip.or_else(|| mac(&entry.key).map(Address::Mac));
    let address =
        address.ok_or_else(|| format!("'{}' is no address; write \"10.0.0.53\", \"2001:db8::1\" or \"00:11:22:33:44:55\"", entry.key))?;
    if out.own_names.hosts.len() >= MOST_NAMES {
        return Err(format!("more than {MOST_NAMES} names of hosts"));
    }
    match out.own_names.hosts.insert(address, name(entry)?) {
        Some(other) => Err(format!("'{}' has another name already: {other}", entry.key)),
        None => Ok(()),
    }
}

fn port(entry: &ConfigEntry, out: &mut Preferences) -> Result<(), String> {
    let (number, transport) = entry.key.split_once('/').unwrap_or((&entry.key, ""));
    let number = number.parse::<u16>().map_err(|_| format!("'{}' is no port; write \"8443/tcp\" or \"8443\"", entry.key))?;
    if !["", "tcp", "udp", "sctp"].contains(&transport) {
        return Err(format!("'{transport}' has no ports; there are tcp, udp, sctp"));
    }
    out.own_names.ports.insert((number, transport.to_owned()), name(entry)?);
    Ok(())
}

/// Keys that thresholds had before, and what they are called since.
pub(super) const FORMER_THRESHOLDS: [(&str, &str); 21] = [
    ("slow_reply", "dns.slow.slow"),
    ("very_slow_reply", "dns.slow.very"),
    ("server.slow.very", "server.slow.slow"),
    ("long_poll", "server.slow.held"),
    ("slow_share", "dns.slow.share"),
    ("unanswered_share", "dns.unanswered.share"),
    ("failing_share", "dns.failing.share"),
    ("web_errors_share", "http.errors.share"),
    ("lost_share", "tcp.loss.lost"),
    ("lost_critical_share", "tcp.loss.many"),
    ("cut_share", "tcp.reset.cut"),
    ("silent_attempts", "tcp.no_answer.least"),
    ("refused_attempts", "tcp.refused.least"),
    ("flood_connections", "tcp.synflood.flood"),
    ("scan_ports", "scan.ports.ports"),
    ("scan_hosts", "scan.hosts.hosts"),
    ("scan_window", "scan.ports.window"),
    ("arp_rate", "arp.storm.rate"),
    ("arp_vlan_rate", "arp.storm.all"),
    ("arp_requests", "arp.unanswered.requests"),
    ("dhcp_flood", "dhcp.exhausted.flood"),
];

fn threshold(entry: &ConfigEntry, key: &str, out: &mut Preferences) -> Result<(), String> {
    let Some(named) = thresholds().find(|t| t.key() == key) else {
        if let Some((_, now)) = FORMER_THRESHOLDS.iter().find(|(former, _)| *former == key) {
            return Err(format!("the threshold '{key}' is called {now} now"));
        }
        let known: Vec<String> = thresholds().map(|t| t.key()).collect();
        return Err(match near(key, known.iter().map(String::as_str)) {
            Some(near) => format!("there is no threshold '{}'; did you mean {near}?", key),
            None => format!("there is no threshold '{}'; spantop config print lists them", key),
        });
    };
    let (text, threshold) = (one(entry)?, named.threshold);
    let number = |text: &str| text.trim().parse::<f64>().map_err(|_| format!("'{text}' is no number"));
    let value = match threshold.unit {
        ThresholdUnit::Time => nanos(text)? as f64,
        ThresholdUnit::Count => number(text)?.round(),
        ThresholdUnit::Times | ThresholdUnit::Rate => number(text)?,
        ThresholdUnit::Share => match text.trim().strip_suffix('%') {
            Some(percent) => number(percent)? / 100.0,
            None => number(text)?,
        },
    };
    if !(value >= threshold.least && value <= threshold.most) {
        let show = |v: f64| super::command::threshold_value(threshold.unit, v);
        return Err(format!("{} lies between {} and {}", key, show(threshold.least), show(threshold.most)));
    }
    // One number may be named by several findings: then it can be only one.
    if let Some((other, known)) = out.thresholds.iter().find(|(other, known)| other.is_same(&named) && *known != value) {
        let known = super::command::threshold_value(threshold.unit, *known);
        return Err(format!("{} is the same number as {}, which is {known} here", key, other.key()));
    }
    out.thresholds.push((named, value));
    Ok(())
}
