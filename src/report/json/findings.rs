//! What is wrong.

use crate::model::{Finding, Location, PathSide, Timestamp, Value};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A finding, and whether there is a time to speak of.
pub struct FindingJson<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// Whether packets have times.
    pub timed: bool,
}

/// Names and values.
struct Named<'a>(&'a [(&'static str, Value)]);

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
            if matches!(value, Value::AtLeast(_)) {
                map.serialize_entry(&format!("{name}_at_least"), &true)?;
            }
        }
        map.end()
    }
}

impl Serialize for FindingJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let FindingJson { finding: f, timed } = *self;
        let when = |time: Timestamp| timed.then_some(time);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", f.id)?;
        map.serialize_entry("subject", &f.subject)?;
        map.serialize_entry("severity", f.severity.token())?;
        map.serialize_entry("title", &f.title)?;
        map.serialize_entry("active", &f.active)?;
        map.serialize_entry("evidence", &Named(&f.evidence))?;
        map.serialize_entry("cause", &f.cause)?;
        map.serialize_entry("remedy", &f.remedy)?;
        map.serialize_entry("lookalikes", &f.lookalikes)?;
        map.serialize_entry("first", &when(f.first))?;
        map.serialize_entry("last", &when(f.last))?;
        map.serialize_entry("episodes", if timed { f.episodes.as_slice() } else { &[] })?;
        map.serialize_entry("episodes_forgotten", &f.forgotten_episodes)?;
        if let Some(side) = f.side.map(PathSide::token) {
            map.serialize_entry("side", side)?;
        }
        if let Some(location) = f.location.map(Location::token) {
            map.serialize_entry("where", location)?;
        }
        map.serialize_entry("cause_of", &f.cause_of)?;
        if let Some(by) = &f.explained_by {
            map.serialize_entry("explained_by", &serde_json::json!({ "id": by.id, "subject": by.subject }))?;
        }
        if let Some(hosts) = f.hosts {
            map.serialize_entry("hosts", &hosts)?;
        }
        map.serialize_entry("packets", &f.packets)?;
        map.end()
    }
}
