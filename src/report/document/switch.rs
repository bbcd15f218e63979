//! The switch, by what it and its neighbours say.

use super::format::plural;
use super::picture::Picture;
use super::tables::{self, section};
use super::{Part, Section, Tone};
use crate::model::text::printable;
use crate::model::{SwitchIdentity, SwitchView, TreeRow, units};
use crate::snapshot::Snapshot;
use crate::snapshot::table::AnyTable;
use crate::snapshot::tables::authentication::AUTHENTICATION;
use crate::snapshot::tables::chatter::CHATTER;
use crate::snapshot::tables::classes::CLASSES;
use crate::snapshot::tables::members::MEMBERS;
use crate::snapshot::tables::ports::PORTS;
use crate::snapshot::tables::speakers::SPEAKERS;
use crate::snapshot::tables::stations::GROUPS;
use crate::snapshot::tables::switch::{AGGREGATES, EVENTS, GATEWAYS, NEIGHBOURS, OSPF, QUERIERS, TREES};
use crate::snapshot::tables::transit::TRANSIT;
use std::collections::BTreeMap;

/// Which switch it is, then a table for each thing that was heard. Nothing where there are no packets.
pub fn switch(s: &Snapshot, rows: usize) -> Option<Section> {
    let v = &s.switch;
    if s.stats.total.packets == 0 {
        return None;
    }
    let mut parts = identity(v);
    parts.extend(Picture::new(s).map(Part::Picture));
    parts.extend(asked(v));
    parts.extend(tables::parts(&PORTS, s, rows));
    parts.extend(tables::parts(&NEIGHBOURS, s, rows));
    if v.trees.is_empty() && s.span.as_ref().is_none_or(|shown| shown.exact) {
        parts.push(Part::Note(Tone::Plain, "Spanning tree: not visible in this mirror.".into()));
    }
    parts.extend(tables::parts(&TREES, s, rows));
    parts.extend(timers(v).map(|words| Part::Note(Tone::Plain, words)));
    let tables: [&'static dyn AnyTable; 11] =
        [&AGGREGATES, &GATEWAYS, &OSPF, &SPEAKERS, &AUTHENTICATION, &CHATTER, &CLASSES, &QUERIERS, &MEMBERS, &GROUPS, &EVENTS];
    for table in tables {
        parts.extend(tables::parts(table, s, rows));
    }
    parts.extend(transit(s, rows));
    if v.events_forgotten > 0 {
        parts.push(Part::Note(Tone::Plain, format!("{} made room for later ones.", plural(v.events_forgotten, "earlier event"))));
    }
    if v.beyond > 0 {
        parts.push(Part::Note(Tone::Warning, format!("{} not taken in: there were too many.", plural(v.beyond, "control packet"))));
    }
    Some(section("Switch", parts))
}

/// The timers of spanning trees, and how often the topology of one changes: a table has no room for them on narrow paper.
fn timers(v: &SwitchView) -> Option<String> {
    let mut all: BTreeMap<&str, u64> = BTreeMap::new();
    v.trees.iter().for_each(|tree| *all.entry(tree.timers.as_str()).or_default() += 1);
    let told = match all.len() {
        0 => return None,
        1 => all.keys().map(|timers| (*timers).to_owned()).collect(),
        _ => all.iter().map(|(timers, trees)| format!("{timers} in {}", plural(*trees, "row"))).collect::<Vec<_>>(),
    };
    let most = v.trees.iter().filter_map(TreeRow::changes_per_minute).fold(0.0, f64::max);
    let changes = if most > 0.0 { format!(" At most {most:.2} topology changes a minute in one tree.") } else { String::new() };
    Some(format!("Hello, max age and forward delay: {}.{changes}", told.join(", ")))
}

/// How long packets take through it, or why that is not known.
fn transit(s: &Snapshot, rows: usize) -> Vec<Part> {
    let t = &s.switch.transit;
    if t.rows.is_empty() {
        let words = if t.reason.is_empty() { "no packet was seen at two places" } else { t.reason };
        return vec![Part::Note(Tone::Plain, format!("Transit times: not judged, {words}."))];
    }
    let mut parts = tables::parts(&TRANSIT, s, rows);
    let clock = match t.resolution {
        resolution if resolution > 0.0 => format!(", which tells {} apart", units::duration(resolution)),
        _ => String::new(),
    };
    let words = format!("Between a packet's first two sightings, by the capture's clock{clock}: what the mirror delays copies is in it.");
    parts.push(Part::Note(Tone::Plain, words));
    if t.beyond > 0 {
        parts.push(Part::Note(Tone::Warning, format!("{} between other places: there were too many.", plural(t.beyond, "packet"))));
    }
    parts
}

/// What came of asking it.
pub(super) fn asked(v: &SwitchView) -> Vec<Part> {
    let Some(asked) = &v.asked else { return Vec::new() };
    let mut parts = Vec::new();
    if let Some(trouble) = &asked.trouble {
        parts.push(Part::Note(Tone::Warning, format!("Asking the switch: {}.", printable(trouble))));
    }
    if let Some(words) = asked.no_mirror_port(v.ports.iter().any(|port| port.is_mirror)) {
        let tone = if asked.mirror_port.is_some() { Tone::Warning } else { Tone::Plain };
        parts.push(Part::Note(tone, format!("{}.", printable(&words))));
    }
    parts.extend(v.offered_words().map(|words| Part::Note(Tone::Plain, format!("{}.", printable(&words)))));
    parts
}

fn identity(v: &SwitchView) -> Vec<Part> {
    let Some(i) = &v.identity else {
        let link = if v.link.is_empty() { String::new() } else { format!(" ({})", printable(&v.link.join(" – "))) };
        let words = if v.unknown.is_empty() { "not visible in this mirror" } else { &v.unknown };
        let mut parts = vec![Part::Note(Tone::Plain, format!("Which switch and port this is: {words}{link}."))];
        if !v.remedy.is_empty() {
            parts.push(Part::Note(Tone::Plain, v.remedy.clone()));
        }
        return parts;
    };
    vec![Part::Facts(facts(i))]
}

fn facts(i: &SwitchIdentity) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Switch", printable(&i.system).into_owned())];
    match (i.port.as_str(), i.ports) {
        ("", 0) => {}
        ("", ports) => facts.push(("Ports", ports.to_string())),
        (port, _) => facts.push(("Port", printable(port).into_owned())),
    }
    if let Some(address) = i.management {
        facts.push(("Managed at", address.to_string()));
    }
    let likely = if i.is_likely { "; nobody else says so, it may be the device at the other end" } else { "" };
    facts.push(("Known by", format!("{}{likely}", i.source.token().to_uppercase())));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SECOND;
    use crate::model::{BridgeId, PortRole, Timestamp};

    /// A tree that was heard for so many seconds.
    fn tree(timers: &str, topology_changes: u64, seconds: i64) -> TreeRow {
        TreeRow {
            vlan: None,
            instance: None,
            protocol: "rstp",
            root: BridgeId::default(),
            bridge: BridgeId::default(),
            port: 1,
            cost: 0,
            role: PortRole::Designated,
            times: [512, 5_120, 3_840],
            timers: timers.into(),
            region: String::new(),
            packets: 1,
            topology_changes,
            root_changes: 0,
            first: Timestamp(0),
            last: Timestamp(seconds * SECOND),
        }
    }

    #[test]
    fn timers_of_trees_stand_below_them() {
        let told = |trees: Vec<TreeRow>| timers(&SwitchView { trees, ..SwitchView::default() });
        assert_eq!(told(Vec::new()), None);
        assert_eq!(
            told(vec![tree("2/20/15 s", 5, 59)]).as_deref(),
            Some("Hello, max age and forward delay: 2/20/15 s."),
            "too short for a rate"
        );
        let [a, b] = [tree("2/20/15 s", 3, 120), tree("1/6/4 s", 5, 150)];
        let want =
            "Hello, max age and forward delay: 1/6/4 s in 1 row, 2/20/15 s in 2 rows. At most 2.00 topology changes a minute in one tree.";
        assert_eq!(told(vec![a.clone(), b, a]).as_deref(), Some(want));
    }
}
