//! The switch, by what it and its neighbours say.

use super::format::plural;
use super::picture::Picture;
use super::tables::{self, section};
use super::{Part, Section, Tone};
use crate::model::text::printable;
use crate::model::{SwitchIdentity, SwitchView, units};
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
    let tables: [&'static dyn AnyTable; 12] =
        [&TREES, &AGGREGATES, &GATEWAYS, &OSPF, &SPEAKERS, &AUTHENTICATION, &CHATTER, &CLASSES, &QUERIERS, &MEMBERS, &GROUPS, &EVENTS];
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
    facts.push(match i.port.as_str() {
        "" => ("Ports", i.ports.to_string()),
        port => ("Port", printable(port).into_owned()),
    });
    if let Some(address) = i.management {
        facts.push(("Managed at", address.to_string()));
    }
    let likely = if i.is_likely { "; nobody else says so, it may be the device at the other end" } else { "" };
    facts.push(("Known by", format!("{}{likely}", i.source.token().to_uppercase())));
    facts
}
