//! The questions: SQL of the dialect that the server of 2018 (18.16) and a current one share. Each has a bound.
//!
//! Duplicates of a batch have the same key: `FINAL` merges them away where rows are added up; largest, smallest and newest values do not mind.

use super::{FleetSpan, ProbeName};
use crate::model::limits::{FLEET_GROUPS, FLEET_LIST, FLEET_POINTS, FLEET_PROBES, FLEET_ROWS};

/// Clocks of two probes that see the same conversation agree within this time, in seconds: a conversation of a millisecond overlaps itself.
pub const CLOCKS_AGREE: i64 = 2;

/// Rows of a probe that its clock is judged by, and their age in seconds.
const CLOCK_ROWS: (usize, i64) = (10, 600);

/// Pieces of the past in the list of probes.
const BINS: i64 = 24;

/// Ends that are the same in many networks: unspecified, link-local, multicast and broadcast addresses. The sender's MAC address tells them apart.
const EVERYWHERE: &str = r"^(0\\.0\\.0\\.0$|169\\.254\\.|22[4-9]\\.|23[0-9]\\.|255\\.255\\.255\\.255|fe[89ab][0-9a-f]:|ff)";

/// The order in which rows were told: those of one moment by the number of their batch, which stands behind its session.
const NEWEST: &str = "(time, toUInt64OrZero(splitByChar('-', batch)[-1]), row)";

/// What a database is asked.
pub struct FleetQueries<'a> {
    /// The database: letters, digits, underscores.
    pub database: &'a str,
}

/// A text in SQL.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for c in text.chars() {
        if matches!(c, '\'' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('\'');
    out
}

fn within(span: FleetSpan) -> String {
    // What a clock that is ahead has written belongs to now.
    format!("time >= now() - {} AND time <= now() + 86400", span.seconds())
}

fn of(name: &ProbeName) -> String {
    format!("site = {} AND probe = {}", quoted(&name.site), quoted(&name.probe))
}

impl FleetQueries<'_> {
    /// Every probe there ever was, its last run, and when it was heard of.
    pub fn probes(&self) -> String {
        format!(
            "SELECT site, probe, toUInt32(now()) AS asked, toUInt32(max(received)) AS heard, argMax(session, now_ns) AS latest_session,
 argMax(verdict, clock_ns) AS latest_verdict
FROM {}.probes_heard GROUP BY site, probe ORDER BY site, probe LIMIT {} FORMAT JSONEachRow",
            self.database,
            FLEET_PROBES + 1
        )
    }

    /// What probes said of late, the newest first: how they are, their clock against the server's, and their counters.
    pub fn recent(&self) -> String {
        let (rows, seconds) = CLOCK_ROWS;
        format!(
            "SELECT site, probe, session, version, verdict, findings, clock_ns, toUInt32(received) AS heard, now_ns, packets, wire_bytes
FROM {}.probes_heard WHERE received >= now() - {seconds} ORDER BY site, probe, now_ns DESC LIMIT {rows} BY site, probe LIMIT {FLEET_ROWS} FORMAT JSONEachRow",
            self.database
        )
    }

    /// Counters of each probe in pieces of the span: from what the server keeps by the hour where a piece is hours long.
    pub fn history(&self, span: FleetSpan) -> String {
        let step = span.seconds() / BINS;
        let (columns, table, time) = if span >= FleetSpan::Week {
            let columns =
                "minMerge(packets_from) AS first_packets, maxMerge(packets_to) AS last_packets, minMerge(bytes_from) AS first_bytes,
 maxMerge(bytes_to) AS last_bytes, minMerge(lost_from) AS first_lost, maxMerge(lost_to) AS last_lost, minMerge(rows_from) AS first_rows,
 maxMerge(rows_to) AS last_rows, minMerge(time_from) AS first_time, maxMerge(time_to) AS last_time";
            (columns, "probes_by_hour", "hour")
        } else {
            let columns = "min(packets) AS first_packets, max(packets) AS last_packets, min(wire_bytes) AS first_bytes, max(wire_bytes) AS last_bytes,
 min(interface_drops + kernel_drops) AS first_lost, max(interface_drops + kernel_drops) AS last_lost, min(records_lost + rows_lost) AS first_rows,
 max(records_lost + rows_lost) AS last_rows, min(now_ns) AS first_time, max(now_ns) AS last_time";
            (columns, "probes", "time")
        };
        let within = within(span).replace("time ", &format!("{time} "));
        format!(
            "SELECT site, probe, session, intDiv(toUInt32({time}), {step}) * {step} AS bin, {columns}
FROM {}.{table} WHERE {within} GROUP BY site, probe, session, bin ORDER BY site, probe, bin, first_time LIMIT {FLEET_ROWS} FORMAT JSONEachRow",
            self.database
        )
    }

    /// Findings that hold: what was said of each last.
    pub fn findings(&self) -> String {
        format!(
            "SELECT site, probe, session, id, subject, argMax(severity, {NEWEST}) AS latest_severity,
 argMax(title, {NEWEST}) AS latest_title, argMax(state, {NEWEST}) AS latest_state, toUInt32(max(time)) AS said
FROM {}.findings GROUP BY site, probe, session, id, subject HAVING latest_state != 'cleared'
ORDER BY latest_severity = 'critical' DESC, latest_severity = 'warning' DESC, said DESC LIMIT {FLEET_ROWS} FORMAT JSONEachRow",
            self.database
        )
    }

    fn flows(&self, (from, to): (i64, i64)) -> String {
        format!(
            "SELECT site, probe, source, source_mac, cityHash64(source, source_port) AS one, cityHash64(destination, destination_port) AS other,
 if(match(source, '{EVERYWHERE}') OR match(destination, '{EVERYWHERE}'), source_mac, '') AS here,
 cityHash64(if(one < other, one, other), if(one < other, other, one), ip_protocol, here) AS conversation,
 toInt64(toUInt32(first)) * 1000000000 + first_ns AS begun, toInt64(toUInt32(last)) * 1000000000 + last_ns AS ended,
 source_packets + destination_packets AS all_packets, source_wire_bytes + destination_wire_bytes AS all_bytes
FROM {}.flows FINAL WHERE time >= toDateTime({from}) AND time < toDateTime({to})",
            self.database
        )
    }

    /// What all probes told of conversations, each counted as often as it was told.
    pub fn told(&self, piece: (i64, i64)) -> String {
        format!(
            "SELECT count() AS records, sum(all_packets) AS packets, sum(all_bytes) AS bytes, uniq(site, probe) AS probes FROM ({}) FORMAT JSONEachRow",
            self.flows(piece)
        )
    }

    /// Conversations that several probes saw at a time, by who saw them: how often they were told in all (`told_…`), and by the one that
    /// saw most of each (`once_…`).
    ///
    /// Of each conversation beginnings and ends are put in order and counted up and down: where the count comes up from nothing another time
    /// begins. A key that is used again later is another conversation.
    pub fn shared(&self, piece: (i64, i64)) -> String {
        let flows = self.flows(piece);
        let half = CLOCKS_AGREE * 500_000_000;
        format!(
            "SELECT who, count() AS met, sum(most_records) AS once_records, sum(records) AS told_records, sum(most_packets) AS once_packets,
 sum(packets) AS told_packets, sum(most_bytes) AS once_bytes, sum(bytes) AS told_bytes, quantileTDigest(0.5)(behind) AS median_behind
FROM (SELECT arraySort(groupArray((site, probe, since))) AS ends, arrayMap(x -> (x.1, x.2), ends) AS who,
  if(length(ends) = 2, toFloat64(ends[2].3 - ends[1].3) / 1e9, 0.) AS behind, max(n) AS most_records, sum(n) AS records,
  max(p) AS most_packets, sum(p) AS packets, max(b) AS most_bytes, sum(b) AS bytes
 FROM (SELECT conversation, part, event.3 AS site, event.4 AS probe, min(event.1) AS since, count() AS n, sum(event.5) AS p, sum(event.6) AS b
  FROM (SELECT conversation,
    arraySort(arrayConcat(groupArray((begun - {half}, toUInt8(0), site, probe, all_packets, all_bytes)),
     groupArray((ended + {half}, toUInt8(1), site, probe, toUInt64(0), toUInt64(0))))) AS events,
    arrayCumSum(arrayMap(x -> if(x.2 = 0, 1, -1), events)) AS open,
    arrayCumSum(arrayMap((x, o) -> if(x.2 = 0 AND o = 1, 1, 0), events, open)) AS parts
   FROM ({flows} AND conversation GLOBAL IN (SELECT conversation FROM ({flows}) GROUP BY conversation
    HAVING min(cityHash64(site, probe)) != max(cityHash64(site, probe))))
   GROUP BY conversation)
  ARRAY JOIN events AS event, parts AS part WHERE event.2 = 0 GROUP BY conversation, part, site, probe)
 GROUP BY conversation, part HAVING length(who) > 1)
GROUP BY who ORDER BY met DESC, who LIMIT {} FORMAT JSONEachRow",
            FLEET_GROUPS + 1
        )
    }

    /// Load of a probe over time: seconds of a point, and the question.
    pub fn load(&self, name: &ProbeName, span: FleetSpan) -> (i64, String) {
        let step = (span.seconds() / FLEET_POINTS).max(1);
        let sql = format!(
            "SELECT intDiv(toUInt32(start), {step}) * {step} AS bin, sum(packets) AS all_packets, sum(wire_bytes) AS all_bytes,
 max(peak_millisecond_wire_bytes) AS peak FROM {}.intervals FINAL WHERE {} AND {} GROUP BY bin ORDER BY bin LIMIT {} FORMAT JSONEachRow",
            self.database,
            of(name),
            within(span),
            FLEET_POINTS * 2
        );
        (step, sql)
    }

    /// Findings of a probe in a span, the newest word on each.
    pub fn findings_of(&self, name: &ProbeName, span: FleetSpan) -> String {
        format!(
            "SELECT session, id, subject, argMax(severity, {NEWEST}) AS latest_severity, argMax(title, {NEWEST}) AS latest_title,
 argMax(state, {NEWEST}) AS latest_state, argMax(cause, {NEWEST}) AS latest_cause,
 argMax(remedy, {NEWEST}) AS latest_remedy, toUInt32(min(first)) AS came, toUInt32(max(last)) AS said
FROM {}.findings WHERE {} AND {} GROUP BY session, id, subject
ORDER BY latest_state = 'cleared', latest_severity = 'critical' DESC, latest_severity = 'warning' DESC, said DESC LIMIT {FLEET_LIST} FORMAT JSONEachRow",
            self.database,
            of(name),
            within(span)
        )
    }

    fn flows_of(&self, name: &ProbeName, span: FleetSpan) -> String {
        format!("FROM {}.flows FINAL WHERE {} AND {}", self.database, of(name), within(span))
    }

    /// The largest hosts of a probe.
    pub fn hosts_of(&self, name: &ProbeName, span: FleetSpan) -> String {
        format!(
            "SELECT host, count() AS records, sum(p) AS packets, sum(b) AS bytes FROM (SELECT arrayJoin(arrayDistinct([source, destination])) AS host,
 source_packets + destination_packets AS p, source_wire_bytes + destination_wire_bytes AS b {})
GROUP BY host ORDER BY bytes DESC, host LIMIT {FLEET_LIST} FORMAT JSONEachRow",
            self.flows_of(name, span)
        )
    }

    /// The largest services of a probe: an end that was called, its port and protocol.
    pub fn services_of(&self, name: &ProbeName, span: FleetSpan) -> String {
        format!(
            "SELECT destination AS host, destination_port AS port, ip_protocol, any(app) AS some_app, count() AS records, uniq(source) AS clients,
 sum(source_packets + destination_packets) AS packets, sum(source_wire_bytes + destination_wire_bytes) AS bytes {} AND destination_port != 0
GROUP BY host, port, ip_protocol ORDER BY bytes DESC, host, port LIMIT {FLEET_LIST} FORMAT JSONEachRow",
            self.flows_of(name, span)
        )
    }

    /// The largest conversations of a probe, by hosts and application.
    pub fn conversations_of(&self, name: &ProbeName, span: FleetSpan) -> String {
        format!(
            "SELECT source AS one, destination AS other, app AS some_app, count() AS records, sum(source_packets + destination_packets) AS packets,
 sum(source_wire_bytes) AS forth, sum(destination_wire_bytes) AS back, sum(source_wire_bytes + destination_wire_bytes) AS bytes {}
GROUP BY one, other, some_app ORDER BY bytes DESC, one, other LIMIT {FLEET_LIST} FORMAT JSONEachRow",
            self.flows_of(name, span)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_probes_are_data() {
        let queries = FleetQueries { database: "net" };
        let name = ProbeName { site: "a'; DROP TABLE x; --".into(), probe: r"b\".into() };
        let sql = queries.hosts_of(&name, FleetSpan::Hour);
        assert!(sql.contains(r"site = 'a\'; DROP TABLE x; --' AND probe = 'b\\'"), "{sql}");
    }

    #[test]
    fn every_answer_is_bounded_and_a_question_fits_an_address() {
        let queries = FleetQueries { database: "net" };
        let (name, span) = (ProbeName { site: "s".into(), probe: "p".into() }, FleetSpan::Day);
        let lists = [
            queries.probes(),
            queries.recent(),
            queries.history(span),
            queries.findings(),
            queries.shared((0, 1)),
            queries.load(&name, span).1,
            queries.findings_of(&name, span),
            queries.hosts_of(&name, span),
            queries.services_of(&name, span),
            queries.conversations_of(&name, span),
        ];
        for sql in &lists {
            assert!(sql.contains(" LIMIT ") && sql.ends_with(" FORMAT JSONEachRow"), "{sql}");
            // The server of 2018 takes addresses of 16 KiB; every sign may be three.
            assert!(sql.len() * 2 < 16_000, "{}", sql.len());
        }
    }
}
