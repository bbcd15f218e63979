//! What adds up: the members of a report that are the same whether a capture is read in one piece or in parts, and how parts of them are put
//! together. Everything else rests on what came before (states of connections, copies, findings) and is not told of parts.

use crate::model::Path;
use crate::model::time::SECOND;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Whole numbers that are added, by their members.
const SUMS: &[&[&str]] = &[
    &["capture", "packets"],
    &["capture", "wire_bytes"],
    &["capture", "captured_bytes"],
    &["capture", "truncated_packets"],
    &["capture", "fragments"],
    &["losses", "decode_errors"],
    &["losses", "malformed"],
    &["losses", "evicted_flows"],
    &["untagged", "packets"],
    &["untagged", "wire_bytes"],
    &["tcp", "syn"],
    &["tcp", "syn_ack"],
    &["tcp", "fin"],
    &["tcp", "reset"],
];

/// Objects of packets and wire bytes by these members, whatever their names.
const AMOUNTS: &[&[&str]] = &[&["load", "casts"], &["directions"], &["conversations_other"], &["endpoints_other"]];

/// A table: rows with the same key are one row.
struct Rule {
    path: &'static [&'static str],
    key: &'static [&'static str],
    sums: &'static [&'static str],
    /// What the key tells, too.
    told: &'static [&'static str],
    /// Whether rows have a first and a last packet (`start`, `duration`).
    spans: bool,
    /// Whether the table is ordered by bytes, the most first; else by its key.
    by_bytes: bool,
}

const fn rule(path: &'static [&'static str], key: &'static [&'static str], sums: &'static [&'static str]) -> Rule {
    Rule { path, key, sums, told: &[], spans: false, by_bytes: false }
}

const AMOUNT: &[&str] = &["packets", "wire_bytes"];
const PAIR: &[&str] = &["packets", "wire_bytes", "packets_ab", "wire_bytes_ab", "packets_ba", "wire_bytes_ba"];
const HOST: &[&str] = &["packets", "wire_bytes", "tx_packets", "tx_wire_bytes", "rx_packets", "rx_wire_bytes"];

const fn pairs(path: &'static [&'static str]) -> Rule {
    Rule { spans: true, by_bytes: true, ..rule(path, &["a", "a_port", "b", "b_port"], PAIR) }
}

const fn hosts(path: &'static [&'static str]) -> Rule {
    Rule { by_bytes: true, told: &["local"], ..rule(path, &["address", "port"], HOST) }
}

static RULES: [Rule; 16] = [
    rule(&["load", "series"], &["start"], AMOUNT),
    rule(&["load", "sizes"], &["from", "to"], AMOUNT),
    rule(&["protocols"], &["path"], AMOUNT),
    pairs(&["conversations", "eth"]),
    pairs(&["conversations", "ip"]),
    pairs(&["conversations", "ipv6"]),
    pairs(&["conversations", "tcp"]),
    pairs(&["conversations", "udp"]),
    pairs(&["conversations", "sctp"]),
    hosts(&["endpoints", "eth"]),
    hosts(&["endpoints", "ip"]),
    hosts(&["endpoints", "ipv6"]),
    hosts(&["endpoints", "tcp"]),
    hosts(&["endpoints", "udp"]),
    hosts(&["endpoints", "sctp"]),
    Rule { by_bytes: true, ..rule(&["vlans"], &["id"], AMOUNT) },
];

#[derive(Debug, Clone, PartialEq)]
struct Row {
    key: Vec<Value>,
    sums: Vec<u64>,
    told: Map<String, Value>,
    span: Option<(i64, i64)>,
}

/// Numbers of some packets.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Numbers {
    sums: BTreeMap<String, u64>,
    tables: BTreeMap<usize, BTreeMap<Vec<String>, Row>>,
    span: Option<(i64, i64)>,
    /// Nanoseconds of an interval.
    interval: i64,
    /// Some intervals are longer: older ones were put together.
    is_coarse: bool,
}

fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, name| value.get(name))
}

/// Nanoseconds of a time of a report.
fn nanos(value: Option<&Value>) -> Option<i64> {
    let text = value?.as_str()?;
    let (seconds, fraction) = text.split_once('.')?;
    let (seconds, fraction): (i64, i64) = (seconds.parse().ok()?, fraction.parse().ok()?);
    let fraction = if text.starts_with('-') { -fraction } else { fraction };
    seconds.checked_mul(SECOND)?.checked_add(fraction)
}

fn joined(x: Option<(i64, i64)>, y: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (x, y) {
        (Some(x), Some(y)) => Some((x.0.min(y.0), x.1.max(y.1))),
        (x, y) => x.or(y),
    }
}

fn time(nanos: i64) -> Value {
    crate::model::Timestamp(nanos).to_string().into()
}

fn seconds(nanos: i64) -> f64 {
    nanos as f64 / SECOND as f64
}

impl Rule {
    fn read(&self, row: &Value) -> Row {
        let start = nanos(row.get("start")).filter(|_| self.spans);
        let lasts = row.get("duration").and_then(Value::as_f64).map_or(0, |seconds| (seconds * SECOND as f64).round() as i64);
        Row {
            key: self.key.iter().map(|name| row.get(*name).cloned().unwrap_or(Value::Null)).collect(),
            sums: self.sums.iter().map(|name| row.get(*name).and_then(Value::as_u64).unwrap_or(0)).collect(),
            told: self.told.iter().filter_map(|name| Some(((*name).to_owned(), row.get(*name)?.clone()))).collect(),
            span: start.map(|start| (start, start.saturating_add(lasts))),
        }
    }

    fn write(&self, row: &Row) -> Value {
        let key = self.key.iter().zip(&row.key).filter(|(name, value)| !value.is_null() || **name == "to");
        let mut out: Map<String, Value> = key.map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        out.extend(self.sums.iter().zip(&row.sums).map(|(name, value)| ((*name).to_owned(), (*value).into())));
        out.extend(row.told.clone());
        if let Some((first, last)) = row.span {
            out.insert("start".into(), time(first));
            out.insert("duration".into(), seconds(last.saturating_sub(first)).into());
        }
        Value::Object(out)
    }

    fn bytes(&self, row: &Row) -> u64 {
        self.sums.iter().zip(&row.sums).find(|(name, _)| **name == "wire_bytes").map_or(0, |(_, value)| *value)
    }
}

/// Orders numbers as numbers, addresses as addresses, anything else as text.
fn place(value: &Value) -> (u64, Vec<u8>, String) {
    let text = value.as_str().unwrap_or_default();
    let address = match text.parse() {
        Ok(std::net::IpAddr::V4(four)) => four.octets().to_vec(),
        Ok(std::net::IpAddr::V6(six)) => six.octets().to_vec(),
        Err(_) => Vec::new(),
    };
    let number = value.as_u64().or_else(|| nanos(Some(value)).map(|n| n as u64)).unwrap_or(0);
    (number, address, text.to_owned())
}

impl Numbers {
    /// Reads what adds up out of a report, or out of what [`Numbers::value`] wrote.
    pub fn of(report: &Value) -> Self {
        let mut out = Self::default();
        for path in SUMS {
            if let Some(n) = at(report, path).and_then(Value::as_u64) {
                out.sums.insert(path.join("."), n);
            }
        }
        for path in AMOUNTS {
            for (name, amount) in at(report, path).and_then(Value::as_object).into_iter().flatten() {
                for (unit, n) in amount.as_object().into_iter().flatten().filter_map(|(unit, n)| Some((unit, n.as_u64()?))) {
                    out.sums.insert(format!("{}.{name}.{unit}", path.join(".")), n);
                }
            }
        }
        for (number, rule) in RULES.iter().enumerate() {
            for row in at(report, rule.path).and_then(Value::as_array).into_iter().flatten() {
                out.is_coarse |= rule.path == ["load", "series"] && row.get("length").is_some();
                out.row(number, rule.read(row));
            }
        }
        out.span = nanos(at(report, &["capture", "first"])).zip(nanos(at(report, &["capture", "last"])));
        out.interval = at(report, &["load", "interval"]).and_then(Value::as_f64).map_or(0, |s| (s * SECOND as f64).round() as i64);
        out.is_coarse |= at(report, &["load", "coarse"]).is_some();
        out
    }

    fn row(&mut self, table: usize, row: Row) {
        let key = row.key.iter().map(Value::to_string).collect();
        let rows = self.tables.entry(table).or_default();
        match rows.get_mut(&key) {
            Some(known) => {
                known.sums.iter_mut().zip(&row.sums).for_each(|(sum, n)| *sum = sum.saturating_add(*n));
                known.span = joined(known.span, row.span);
            }
            None => drop(rows.insert(key, row)),
        }
    }

    /// Adds those of other packets.
    pub fn add(&mut self, other: Self) {
        for (name, n) in other.sums {
            let sum = self.sums.entry(name).or_default();
            *sum = sum.saturating_add(n);
        }
        other.tables.into_iter().for_each(|(table, rows)| rows.into_values().for_each(|row| self.row(table, row)));
        self.span = joined(self.span, other.span);
        self.interval = self.interval.max(other.interval);
        self.is_coarse |= other.is_coarse;
    }

    /// Leaves out all but what was captured: where what stands inside of packets was read in different ways.
    pub fn keep_capture_only(&mut self) {
        self.tables.clear();
        self.sums.retain(|name, _| name.starts_with("capture."));
    }

    /// Leaves the load over time out.
    pub fn forget_series(&mut self) {
        self.tables.remove(&0);
    }

    /// Whether intervals are not all of one length.
    pub fn is_coarse(&self) -> bool {
        self.is_coarse
    }

    /// Packets of fragments whose ports are not known: those between port 0 and port 0.
    pub fn without_ports(&self) -> u64 {
        let of = |row: &Row| row.key.iter().filter(|value| **value == json!(0)).count() == 2;
        let tables = RULES.iter().enumerate().filter(|(_, rule)| matches!(rule.path, ["conversations", "tcp" | "udp" | "sctp"]));
        let rows = tables.filter_map(|(number, _)| self.tables.get(&number)).flat_map(BTreeMap::values);
        rows.filter(|row| of(row)).filter_map(|row| row.sums.first()).sum()
    }

    /// Packets in all.
    pub fn packets(&self) -> u64 {
        self.sums.get("capture.packets").copied().unwrap_or(0)
    }

    /// A table's rows in the order in which reports have them.
    fn rows(&self, number: usize) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.tables.get(&number).map(|rows| rows.values().collect()).unwrap_or_default();
        let Some(rule) = RULES.get(number) else { return rows };
        if rule.path == ["protocols"] {
            return tree(rule, rows);
        }
        rows.sort_by_cached_key(|row| {
            let bytes = if rule.by_bytes { u64::MAX - rule.bytes(row) } else { 0 };
            (bytes, row.key.iter().map(place).collect::<Vec<_>>())
        });
        rows
    }

    /// In the shape of a report.
    pub fn value(&self) -> Value {
        let mut out = json!({});
        for (name, n) in &self.sums {
            put(&mut out, &name.split('.').collect::<Vec<_>>(), (*n).into());
        }
        for (number, rule) in RULES.iter().enumerate() {
            let rows: Vec<Value> = self.rows(number).into_iter().map(|row| rule.write(row)).collect();
            put(&mut out, rule.path, rows.into());
        }
        if let Some((first, last)) = self.span {
            put(&mut out, &["capture", "first"], time(first));
            put(&mut out, &["capture", "last"], time(last));
            put(&mut out, &["capture", "duration"], seconds(last.saturating_sub(first)).into());
        }
        put(&mut out, &["load", "interval"], seconds(self.interval).into());
        if self.is_coarse {
            put(&mut out, &["load", "coarse"], true.into());
        } else {
            self.peak(&mut out);
        }
        out
    }

    /// The mean, and the interval with the most bytes.
    fn peak(&self, out: &mut Value) {
        let (Some(rule), rows) = (RULES.first(), self.rows(0)) else { return };
        let rate = |bytes: u64, nanos: i64| if nanos > 0 { bytes as f64 * 8.0 / seconds(nanos) } else { 0.0 };
        let total = rows.iter().fold(0u64, |sum, row| sum.saturating_add(rule.bytes(row)));
        let mean = self.span.map_or(0.0, |(first, last)| rate(total, last.saturating_sub(first)));
        put(out, &["load", "mean_bits_per_second"], mean.into());
        let most = rows.iter().rev().max_by_key(|row| rule.bytes(row));
        let busiest = most.and_then(|row| Some((rate(rule.bytes(row), self.interval), row.key.first()?.clone())));
        // A peak is never below the mean: all together is the busiest where it lasts no longer than a few intervals.
        let whole = self.span.map(|(first, _)| (mean, time(first)));
        let is_whole = whole.as_ref().is_some_and(|(mean, _)| busiest.as_ref().is_none_or(|(rate, _)| mean > rate));
        if let Some((rate, start)) = if is_whole { whole } else { busiest } {
            put(out, &["load", "peak_bits_per_second"], rate.into());
            put(out, &["load", "peak_at"], start);
        }
    }
}

/// Depth first, siblings by their bytes, and of as many in the order that reports have.
fn tree<'r>(rule: &Rule, mut rows: Vec<&'r Row>) -> Vec<&'r Row> {
    let path = |row: &Row| row.key.first().and_then(Value::as_str).unwrap_or_default().to_owned();
    let bytes: BTreeMap<String, u64> = rows.iter().map(|row| (path(row), rule.bytes(row))).collect();
    rows.sort_by_cached_key(|row| {
        let path = path(row);
        let ends = path.match_indices(':').map(|(at, _)| at).chain([path.len()]);
        let step = |end: usize| {
            let prefix = path.get(..end).unwrap_or_default();
            (u64::MAX - bytes.get(prefix).copied().unwrap_or(0), Path::of_text(prefix), prefix.to_owned())
        };
        ends.map(step).collect::<Vec<_>>()
    });
    rows
}

fn put(into: &mut Value, path: &[&str], value: Value) {
    let (Some((name, rest)), Some(object)) = (path.split_first(), into.as_object_mut()) else { return };
    if rest.is_empty() {
        object.insert((*name).to_owned(), value);
    } else {
        put(object.entry(*name).or_insert_with(|| json!({})), rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(first: &str, bytes: u64) -> Value {
        json!({
            "capture": {"packets": 2, "wire_bytes": bytes, "first": first, "last": "12.500000000"},
            "load": {"interval": 1.0, "series": [{"start": "10.000000000", "packets": 2, "wire_bytes": bytes}]},
            "protocols": [{"path": "eth", "packets": 2, "wire_bytes": bytes}, {"path": "eth:ip", "packets": 1, "wire_bytes": 60}],
            "conversations": {"tcp": [{"a": "10.0.0.1", "a_port": 1, "b": "10.0.0.9", "b_port": 80, "packets": 2, "wire_bytes": bytes,
                "packets_ab": 2, "wire_bytes_ab": bytes, "packets_ba": 0, "wire_bytes_ba": 0, "start": first, "duration": 0.25, "state": "open"}]},
        })
    }

    #[test]
    fn parts_add_up_in_any_order_and_what_does_not_is_left_out() {
        let (one, two) = (Numbers::of(&report("10.250000000", 120)), Numbers::of(&report("9.000000001", 200)));
        let mut sum = one.clone();
        sum.add(two.clone());
        let mut other = two;
        other.add(one);
        assert_eq!(sum, other);
        let value = sum.value();
        let row = &value["conversations"]["tcp"][0];
        assert_eq!((&row["wire_bytes"], &row["start"], &row["duration"]), (&json!(320), &json!("9.000000001"), &json!(1.499999999)));
        assert!(row.get("state").is_none(), "a state rests on what came before");
        assert_eq!(value["load"]["series"], json!([{"start": "10.000000000", "packets": 4, "wire_bytes": 320}]));
        assert_eq!((&value["capture"]["first"], &value["protocols"][1]["path"]), (&json!("9.000000001"), &json!("eth:ip")));
        assert_eq!(Numbers::of(&value), sum, "what is written is read again as it was");
    }

    #[test]
    fn protocols_of_as_many_bytes_are_ordered_as_in_a_report() {
        let row = |path: &str| json!({"path": path, "packets": 1, "wire_bytes": 60});
        let listed = ["eth", "eth:arp", "eth:ip", "eth:ip:tcp", "eth:ip:udp", "eth:ipv6", "eth:ethertype-0x1234"];
        let mut order: Vec<&str> = listed.to_vec();
        order.sort_by_key(|path| Path::of_text(path));
        let numbers = Numbers::of(&json!({"protocols": listed.iter().rev().map(|path| row(path)).collect::<Vec<_>>()}));
        let value = numbers.value();
        let paths: Vec<&str> = value["protocols"].as_array().unwrap().iter().map(|row| row["path"].as_str().unwrap()).collect();
        let below = |list: &[&str], depth: usize| -> Vec<String> {
            list.iter().filter(|path| path.matches(':').count() == depth).map(|path| (*path).to_owned()).collect()
        };
        assert_eq!((below(&paths, 1), below(&paths, 2)), (below(&order, 1), below(&order, 2)));
        assert_ne!(
            paths,
            {
                let mut text = listed.to_vec();
                text.sort_unstable();
                text
            },
            "not by their names"
        );
    }

    #[test]
    fn ties_are_ordered_by_address() {
        let row = |a: &str| json!({"address": a, "packets": 1, "wire_bytes": 60});
        let numbers = Numbers::of(&json!({"endpoints": {"ip": [row("10.0.0.10"), row("10.0.0.9"), row("9.0.0.1")]}}));
        let addresses: Vec<Value> =
            numbers.value()["endpoints"]["ip"].as_array().unwrap().iter().map(|row| row["address"].clone()).collect();
        assert_eq!(addresses, [json!("9.0.0.1"), json!("10.0.0.9"), json!("10.0.0.10")]);
    }
}
