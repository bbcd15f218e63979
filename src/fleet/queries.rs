//! The questions: SQL of the dialect that the server of 2018 (18.16) and a current one share. Each has a bound.
//!
//! Duplicates of a batch have the same key: `FINAL` merges them away where rows are added up; largest, smallest and newest values do not mind.

use super::clocks::{DOUBTS, IN_STEP};
use super::shared::PAIRED;
use super::{FleetSpan, FleetSubject, ProbeName, RunTail};
use crate::model::limits::{FLEET_GROUPS, FLEET_LIST, FLEET_POINTS, FLEET_PROBES, FLEET_ROWS};

/// Clocks of two probes that see the same conversation agree within this time, in seconds: a conversation of a millisecond overlaps itself.
pub const CLOCKS_AGREE: i64 = 2;

/// Rows of a probe that its clock is judged by, and their age in seconds.
const CLOCK_ROWS: (usize, i64) = (10, 600);

/// Pieces of the past in the list of probes.
const BINS: i64 = 24;

/// Ends that are the same in many networks: unspecified, link-local, multicast and broadcast addresses. The sender's MAC address tells them apart.
const EVERYWHERE: &str = r"^(0\\.0\\.0\\.0$|169\\.254\\.|22[4-9]\\.|23[0-9]\\.|255\\.255\\.255\\.255|fe[89ab][0-9a-f]:|ff)";

/// Two tellings of one conversation that begin further apart are of two conversations, in seconds: clocks off by more are seen in the list of probes.
const SKEW_MOST: i64 = 600;

/// The order in which rows were told: those of one moment by the number of their batch, which stands behind its session.
const NEWEST: &str = "(time, toUInt64OrZero(splitByChar('-', batch)[-1]), row)";

/// The order in which the server heard of rows, of those of one second by the probe's clock: a number, for that is found soonest among many.
const LATEST: &str = "toUInt64(toUInt32(received)) * 4294967296 + intDiv(clock_ns, 1000000) % 4294967296";

/// What a database is asked.
pub struct FleetQueries<'a> {
    /// The database: letters, digits, underscores.
    pub database: &'a str,
    /// Runs whose clocks are off, by the number the server knows each by, with the seconds it is ahead.
    pub shifts: &'a [(u64, i64)],
}

/// A stretch of time in SQL: from, and to (not included).
struct Stretch {
    from: String,
    to: String,
}

impl Stretch {
    fn of(span: FleetSpan) -> Self {
        match span.end() {
            Some(_) => Self::between(span.bounds(0)),
            // What a clock that is ahead has written belongs to now.
            None => Self { from: format!("now() - {}", span.seconds()), to: "now() + 86400".to_owned() },
        }
    }

    fn between((from, to): (i64, i64)) -> Self {
        Self { from: format!("toDateTime({from})"), to: format!("toDateTime({to})") }
    }
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

fn of(name: &ProbeName) -> String {
    format!("site = {} AND probe = {}", quoted(&name.site), quoted(&name.probe))
}

/// What a record of conversations has to be to belong to a subject.
fn about(subject: &FleetSubject) -> String {
    match subject {
        FleetSubject::Host(host) => format!("(source = {0} OR destination = {0})", quoted(host)),
        FleetSubject::Service { address, port, protocol } => {
            format!("(destination = {} AND destination_port = {port} AND ip_protocol = {protocol})", quoted(address))
        }
        // A probe that saw no beginning may have taken the other end for the one that began.
        FleetSubject::Conversation { source, destination, port, protocol } => format!(
            "(source = {0} AND destination = {1} AND destination_port = {port} OR source = {1} AND destination = {0} AND source_port = {port}) AND ip_protocol = {protocol}",
            quoted(source),
            quoted(destination)
        ),
    }
}

impl FleetQueries<'_> {
    /// Seconds by which the clock of a row's run is ahead: a name that [`Self::within`] makes.
    fn ahead(&self) -> &'static str {
        if self.shifts.is_empty() { "0" } else { "ahead" }
    }

    /// A column with a time of the probe's clock, as the server's clock would have told it; beside [`Self::within`].
    fn right(&self, column: &str) -> String {
        if self.shifts.is_empty() { column.to_owned() } else { format!("({column} - ahead)") }
    }

    /// Rows of a stretch of the server's time.
    fn within(&self, stretch: &Stretch, column: &str) -> String {
        let Stretch { from, to } = stretch;
        if self.shifts.is_empty() {
            return format!("{column} >= {from} AND {column} < {to}");
        }
        let (least, most) = self.shifts.iter().fold((0, 0), |(least, most), run| (run.1.min(least), run.1.max(most)));
        let list = |of: &dyn Fn(&(u64, i64)) -> String| self.shifts.iter().map(of).collect::<Vec<_>>().join(",");
        let (marks, seconds) = (list(&|run| run.0.to_string()), list(&|run| run.1.to_string()));
        // The first two are for the index, which knows times as they were written.
        format!(
            "{column} >= {from} + ({least}) AND {column} < {to} + {most}
 AND {column} - ([0,{seconds}][indexOf([{marks}],cityHash64(site,probe,session))+1] AS ahead) >= {from} AND {column} - ahead < {to}"
        )
    }

    /// Clocks of the runs that were heard of in a stretch of the server's time, or soon before or after it.
    pub fn clocks(&self, (from, to): (i64, i64)) -> String {
        // Nothing comes before it was sent: one row tells that a clock is ahead. That it is behind two say alike: rows that waited together for a
        // dead server come at once, each as late as it is old.
        format!(
            "SELECT site, probe, session, cityHash64(site, probe, session) AS mark, quantileExact(0.5)(most) AS ahead, max(most) - min(most) AS moved
FROM (SELECT site, probe, session, slot, arrayReverseSort(groupArray(ahead_of)) AS soonest, soonest[1] AS most
 FROM (SELECT site, probe, session, intDiv(toUInt32(received), 600) AS slot, clock_ns, max(clock_ns / 1e9 - toUInt32(received) - 0.5) AS ahead_of
  FROM {}.probes_heard WHERE received >= toDateTime({}) AND received < toDateTime({}) AND clock_ns > 0
  GROUP BY site, probe, session, slot, clock_ns)
 GROUP BY site, probe, session, slot HAVING most >= -{IN_STEP} OR length(soonest) > 1 AND most - soonest[2] <= {IN_STEP})
GROUP BY site, probe, session ORDER BY site, probe, session LIMIT {FLEET_ROWS} FORMAT JSONEachRow",
            self.database,
            from.saturating_sub(CLOCK_ROWS.1).max(0),
            to.saturating_add(CLOCK_ROWS.1)
        )
    }

    /// Every probe there ever was, its last run, and when it was heard of.
    pub fn probes(&self) -> String {
        format!(
            "SELECT site, probe, toUInt32(now()) AS asked, toUInt32(max(received)) AS heard, argMax(session, {LATEST}) AS latest_session,
 argMax(verdict, {LATEST}) AS latest_verdict
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
        let step = (span.seconds() / BINS).max(1);
        let (columns, table, time) = if span.seconds() >= FleetSpan::WEEK.seconds() {
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
        format!(
            "SELECT site, probe, session, intDiv(toUInt32({}), {step}) * {step} AS bin, {} AS is_ahead, {columns}
FROM {}.{table} WHERE {} GROUP BY site, probe, session, bin ORDER BY site, probe, bin, first_time LIMIT {FLEET_ROWS} FORMAT JSONEachRow",
            self.right(time),
            self.ahead(),
            self.database,
            self.within(&Stretch::of(span), time)
        )
    }

    /// What runs counted by their intervals: all of it, or behind their last word.
    pub fn tails(&self, tails: &[RunTail]) -> String {
        let one = |tail: &RunTail| {
            let (from, to) = tail.seconds();
            format!(
                "({} AND session = {} AND time >= toDateTime({from}) AND time < toDateTime({to}) AND toInt64(toUInt32(start)) * 1000000000 + start_ns >= {})",
                of(&tail.name),
                quoted(&tail.session),
                tail.from_ns
            )
        };
        format!(
            "SELECT site, probe, session, sum(packets) AS all_packets, sum(wire_bytes) AS all_bytes FROM {}.intervals FINAL WHERE {}
GROUP BY site, probe, session LIMIT {} FORMAT JSONEachRow",
            self.database,
            tails.iter().map(one).collect::<Vec<_>>().join(" OR "),
            tails.len()
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

    /// Records of conversations, each with its key and the moments at which it began and ended by the server's clock.
    fn flows(&self, stretch: &Stretch) -> String {
        let moment = |second: &str, nanos: &str| format!("(toInt64(toUInt32({second})) - {}) * 1000000000 + {nanos}", self.ahead());
        format!(
            "SELECT site, probe, source, source_mac, cityHash64(source, source_port) AS one, cityHash64(destination, destination_port) AS other,
 if(match(source, '{EVERYWHERE}') OR match(destination, '{EVERYWHERE}'), source_mac, '') AS here,
 cityHash64(if(one < other, one, other), if(one < other, other, one), ip_protocol, here) AS conversation,
 toInt64(toUInt32(first)) * 1000000000 + first_ns AS told_begun, {} AS begun, {} AS ended,
 source_packets + destination_packets AS all_packets, source_wire_bytes + destination_wire_bytes AS all_bytes
FROM {}.flows FINAL WHERE {}",
            moment("first", "first_ns"),
            moment("last", "last_ns"),
            self.database,
            self.within(stretch, "time")
        )
    }

    /// What all probes told of conversations, each counted as often as it was told.
    pub fn told(&self, piece: (i64, i64)) -> String {
        format!(
            "SELECT count() AS records, sum(all_packets) AS packets, sum(all_bytes) AS bytes, uniq(site, probe) AS probes FROM ({}) FORMAT JSONEachRow",
            self.flows(&Stretch::between(piece))
        )
    }

    /// Conversations that several probes saw at a time, by who saw them: how often they were told in all (`told_…`), and by the one that
    /// saw most of each (`once_…`).
    pub fn shared(&self, piece: (i64, i64)) -> String {
        self.shared_flows(&self.flows(&Stretch::between(piece)), 2)
    }

    /// The same of one subject, with those that one probe alone saw.
    pub fn seen_by(&self, subject: &FleetSubject, span: FleetSpan) -> String {
        self.shared_flows(&format!("{} AND {}", self.flows(&Stretch::of(span)), about(subject)), 1)
    }

    /// Of each conversation beginnings and ends are put in order and counted up and down: where the count comes up from nothing another time
    /// begins. A key that is used again later is another conversation. Of each two probes that saw one: by how much later the second did, for the
    /// pairs of the first [`PAIRED`] in the order of `who`.
    fn shared_flows(&self, flows: &str, probes: u64) -> String {
        let half = CLOCKS_AGREE * 500_000_000;
        let several = if probes > 1 {
            format!(
                " AND conversation GLOBAL IN (SELECT conversation FROM ({flows}) GROUP BY conversation
    HAVING min(cityHash64(site, probe)) != max(cityHash64(site, probe)))"
            )
        } else {
            String::new()
        };
        format!(
            "SELECT who, count() AS met, sum(most_records) AS once_records, sum(records) AS told_records, sum(most_packets) AS once_packets,
 sum(packets) AS told_packets, sum(most_bytes) AS once_bytes, sum(bytes) AS told_bytes, quantileTDigestForEach(0.5)(behind) AS median_behind
FROM (SELECT arraySort(groupArray((site, probe, since))) AS ends, arrayMap(x -> (x.1, x.2), ends) AS who, least(length(ends), {PAIRED}) AS w,
  arrayMap(k -> toFloat64(ends[k % w + 1].3 - ends[intDiv(k, w) + 1].3) / 1e9, arrayFilter(k -> intDiv(k, w) < k % w, range(w * w))) AS behind,
  max(n) AS most_records, sum(n) AS records, max(p) AS most_packets, sum(p) AS packets, max(b) AS most_bytes, sum(b) AS bytes
 FROM (SELECT conversation, part, event.3 AS site, event.4 AS probe, min(event.7) AS since, count() AS n, sum(event.5) AS p, sum(event.6) AS b
  FROM (SELECT conversation,
    arraySort(arrayConcat(groupArray((begun - {half}, toUInt8(0), site, probe, all_packets, all_bytes, told_begun)),
     groupArray((ended + {half}, toUInt8(1), site, probe, toUInt64(0), toUInt64(0), toInt64(0))))) AS events,
    arrayCumSum(arrayMap(x -> if(x.2 = 0, 1, -1), events)) AS open,
    arrayCumSum(arrayMap((x, o) -> if(x.2 = 0 AND o = 1, 1, 0), events, open)) AS parts
   FROM ({flows}{several})
   GROUP BY conversation)
  ARRAY JOIN events AS event, parts AS part WHERE event.2 = 0 GROUP BY conversation, part, site, probe)
 GROUP BY conversation, part HAVING length(who) >= {probes})
GROUP BY who ORDER BY met DESC, who LIMIT {} FORMAT JSONEachRow",
            FLEET_GROUPS + 1
        )
    }

    /// Probes that tell of the same conversations at other times than clocks explain: each saw its ends and ports once, and their beginnings are apart
    /// by more than is taken for one. The middle half of such distances is narrow where a clock is the reason.
    pub fn skewed(&self, piece: (i64, i64)) -> String {
        let flows = self.flows(&Stretch::between(piece));
        let (least, most) = (CLOCKS_AGREE * 1_000_000_000, SKEW_MOST * 1_000_000_000);
        format!(
            "SELECT pair.1 AS one_site, pair.2 AS one_probe, pair.3 AS other_site, pair.4 AS other_probe, count() AS met,
 quantileTDigest(0.25)(pair.5) AS low, quantileTDigest(0.5)(pair.5) AS apart, quantileTDigest(0.75)(pair.5) AS high
FROM (SELECT arraySort(groupArray((begun, site, probe))) AS e,
  arrayJoin(arrayMap(k -> (e[k].2, e[k].3, e[k + 1].2, e[k + 1].3, toFloat64(e[k + 1].1 - e[k].1) / 1e9),
   arrayFilter(k -> k > 0 AND e[k + 1].1 - e[k].1 > {least}, range(length(e))))) AS pair
 FROM ({flows} AND conversation GLOBAL IN (SELECT conversation FROM ({flows}) GROUP BY conversation
  HAVING count() > 1 AND count() = uniq(site, probe) AND max(begun) - min(begun) > {least} AND max(begun) - min(begun) < {most}))
 GROUP BY conversation)
GROUP BY one_site, one_probe, other_site, other_probe HAVING met >= 10 AND high - low < 1 ORDER BY met DESC LIMIT {DOUBTS} FORMAT JSONEachRow",
        )
    }

    /// Load of a probe over time: seconds of a point, and the question.
    pub fn load(&self, name: &ProbeName, span: FleetSpan) -> (i64, String) {
        let step = (span.seconds() / FLEET_POINTS).max(1);
        let sql = format!(
            "SELECT intDiv(toUInt32({}), {step}) * {step} AS bin, sum(packets) AS all_packets, sum(wire_bytes) AS all_bytes,
 max(peak_millisecond_wire_bytes) AS peak FROM {}.intervals FINAL WHERE {} AND {} GROUP BY bin ORDER BY bin LIMIT {} FORMAT JSONEachRow",
            self.right("start"),
            self.database,
            of(name),
            self.within(&Stretch::of(span), "time"),
            FLEET_POINTS * 2
        );
        (step, sql)
    }

    /// The same of a subject, out of the records of its conversations: each is spread over the time it took.
    pub fn load_of(&self, scope: (&ProbeName, &FleetSubject), span: FleetSpan) -> (i64, String) {
        let step = (span.seconds() / FLEET_POINTS).max(1);
        let sql = format!(
            "SELECT slot * {step} AS bin, toUInt64(round(sum(p))) AS all_packets, toUInt64(round(sum(b))) AS all_bytes
FROM (SELECT intDiv(toUInt32({}), {step}) AS low, intDiv(toUInt32({}), {step}) AS high, least(toUInt64(high - low) + 1, {}) AS n,
 arrayJoin(arrayMap(x -> high - x, range(n))) AS slot, (source_packets + destination_packets) / n AS p,
 (source_wire_bytes + destination_wire_bytes) / n AS b {})
GROUP BY bin ORDER BY bin DESC LIMIT {} FORMAT JSONEachRow",
            self.right("first"),
            self.right("last"),
            FLEET_POINTS,
            self.flows_of(scope.0, Some(scope.1), span),
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
            self.within(&Stretch::of(span), "time")
        )
    }

    fn flows_of(&self, name: &ProbeName, subject: Option<&FleetSubject>, span: FleetSpan) -> String {
        let only = subject.map(|subject| format!(" AND {}", about(subject))).unwrap_or_default();
        format!("FROM {}.flows FINAL WHERE {} AND {}{only}", self.database, of(name), self.within(&Stretch::of(span), "time"))
    }

    /// The largest hosts of a probe, of all or of what is about a subject.
    pub fn hosts_of(&self, name: &ProbeName, subject: Option<&FleetSubject>, span: FleetSpan) -> String {
        format!(
            "SELECT host, count() AS records, sum(p) AS packets, sum(b) AS bytes FROM (SELECT arrayJoin(arrayDistinct([source, destination])) AS host,
 source_packets + destination_packets AS p, source_wire_bytes + destination_wire_bytes AS b {})
GROUP BY host ORDER BY bytes DESC, host LIMIT {FLEET_LIST} FORMAT JSONEachRow",
            self.flows_of(name, subject, span)
        )
    }

    /// The largest services of a probe: an end that was called, its port and protocol.
    pub fn services_of(&self, name: &ProbeName, subject: Option<&FleetSubject>, span: FleetSpan) -> String {
        format!(
            "SELECT destination AS host, destination_port AS port, ip_protocol, any(app) AS some_app, count() AS records, uniq(source) AS clients,
 sum(source_packets + destination_packets) AS packets, sum(source_wire_bytes + destination_wire_bytes) AS bytes {} AND destination_port != 0
GROUP BY host, port, ip_protocol ORDER BY bytes DESC, host, port LIMIT {FLEET_LIST} FORMAT JSONEachRow",
            self.flows_of(name, subject, span)
        )
    }

    /// The largest conversations of a probe: who called whom, at which port.
    pub fn conversations_of(&self, name: &ProbeName, subject: Option<&FleetSubject>, span: FleetSpan) -> String {
        format!(
            "SELECT source AS one, destination AS other, destination_port AS port, ip_protocol, any(app) AS some_app, count() AS records,
 sum(source_packets + destination_packets) AS packets, sum(source_wire_bytes) AS forth, sum(destination_wire_bytes) AS back,
 sum(source_wire_bytes + destination_wire_bytes) AS bytes {}
GROUP BY one, other, port, ip_protocol ORDER BY bytes DESC, one, other, port LIMIT {FLEET_LIST} FORMAT JSONEachRow",
            self.flows_of(name, subject, span)
        )
    }

    /// Records of a subject's conversations as all probes told them, the newest first.
    pub fn records_of(&self, subject: &FleetSubject, span: FleetSpan) -> String {
        format!(
            "SELECT site, probe, toUInt32({}) AS begun, first_ns, toUInt32(last) - toUInt32(first) AS lasted, last_ns, source, source_port, destination, destination_port, app,
 source_packets, destination_packets, source_wire_bytes, destination_wire_bytes
FROM {}.flows FINAL WHERE {} AND {} ORDER BY begun DESC, first_ns DESC, site, probe LIMIT {FLEET_LIST} FORMAT JSONEachRow",
            self.right("first"),
            self.database,
            self.within(&Stretch::of(span), "time"),
            about(subject)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_probes_are_data() {
        let queries = FleetQueries { database: "net", shifts: &[] };
        let name = ProbeName { site: "a'; DROP TABLE x; --".into(), probe: r"b\".into() };
        let host = FleetSubject::Host("10.0.0.1' OR 1".into());
        let sql = queries.hosts_of(&name, Some(&host), FleetSpan::HOUR);
        assert!(sql.contains(r"(source = '10.0.0.1\' OR 1' OR destination = '10.0.0.1\' OR 1')"), "{sql}");
        assert!(sql.contains(r"site = 'a\'; DROP TABLE x; --' AND probe = 'b\\'"), "{sql}");
    }

    #[test]
    fn times_of_a_clock_that_is_off_are_put_right_and_the_index_still_helps() {
        let queries = FleetQueries { database: "net", shifts: &[(7, 120), (8, -5)] };
        let sql = queries.told((1_000, 2_000));
        let wanted = "time >= toDateTime(1000) + (-5) AND time < toDateTime(2000) + 120
 AND time - ([0,120,-5][indexOf([7,8],cityHash64(site,probe,session))+1] AS ahead) >= toDateTime(1000) AND time - ahead < toDateTime(2000)";
        assert!(sql.contains(wanted) && sql.contains("- ahead) * 1000000000 + first_ns AS begun"), "{sql}");
        let plain = FleetQueries { database: "net", shifts: &[] }.told((1_000, 2_000));
        assert!(plain.contains("WHERE time >= toDateTime(1000) AND time < toDateTime(2000))") && !plain.contains("indexOf"), "{plain}");
    }

    #[test]
    fn every_answer_is_bounded_and_a_question_fits_an_address() {
        // As many clocks as are put right, the longest numbers there are.
        let shifts = [(u64::MAX, -86_400); crate::model::limits::FLEET_CLOCKS];
        let queries = FleetQueries { database: "net", shifts: &shifts };
        let (name, span) = (ProbeName { site: "s".into(), probe: "p".into() }, FleetSpan::between(0, 86_400).unwrap_or_default());
        let ends = ("2001:db8:1111:2222:3333:4444:5555:6666".to_owned(), "2001:db8:1111:2222:3333:4444:5555:7777".to_owned());
        let subject = FleetSubject::Conversation { source: ends.0, destination: ends.1, port: 65_535, protocol: 17 };
        let tail = RunTail { name: name.clone(), session: "18ec8807dc651446-70a4".into(), from_ns: i64::MAX, to_ns: i64::MAX, whole: None };
        let lists = [
            queries.probes(),
            queries.recent(),
            queries.clocks((0, 1)),
            queries.history(span),
            queries.tails(&vec![tail; super::super::tails::AT_ONCE]),
            queries.findings(),
            queries.shared((0, 1)),
            queries.skewed((0, 1)),
            queries.seen_by(&subject, span),
            queries.load(&name, span).1,
            queries.load_of((&name, &subject), span).1,
            queries.findings_of(&name, span),
            queries.hosts_of(&name, Some(&subject), span),
            queries.services_of(&name, Some(&subject), span),
            queries.conversations_of(&name, Some(&subject), span),
            queries.records_of(&subject, span),
        ];
        for sql in &lists {
            assert!(sql.contains(" LIMIT ") && sql.ends_with(" FORMAT JSONEachRow"), "{sql}");
            // The server of 2018 takes addresses of 16 KiB; what is no letter, digit or one of -._~ is three signs there.
            let signs: usize = sql.bytes().map(|b| if b.is_ascii_alphanumeric() || b"-._~".contains(&b) { 1 } else { 3 }).sum();
            assert!(signs < 15_500, "{signs}: {sql}");
        }
    }
}
