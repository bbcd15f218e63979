//! From a snapshot to a document.

use super::format::{moment, plural, ratio};
use super::tables::{self, section, tcp};
use super::{Document, Part, Section, Tone, host, mirror, switch};
use crate::model::text::printable;
use crate::model::{FileInterface, LinkType, LinkUse, PortAbsence, Traffic, Verdict, units};
use crate::report::chart::Chart;
use crate::snapshot::tables::TABLES;
use crate::snapshot::tables::casts::CASTS;
use crate::snapshot::tables::endpoints::{ENDPOINTS, GROUPS, HOSTS};
use crate::snapshot::tables::hierarchy::HIERARCHY;
use crate::snapshot::tables::losses::LOSSES;
use crate::snapshot::tables::services::SERVICES;
use crate::snapshot::tables::sizes::SIZES;
use crate::snapshot::{Snapshot, SourceInfo, SpanShown, sweeps};

/// A name and what is so.
type Fact = (&'static str, String);

impl Document {
    /// What a report on `s` says: tables of at most `rows` rows, a chart of at most `columns` columns.
    pub fn new(s: &Snapshot, rows: usize, columns: usize) -> Self {
        let mut sections = vec![wrong(s), capture(s), losses(s)];
        sections.extend(mirror::mirror(s, rows));
        sections.extend(switch::switch(s, rows));
        sections.push(load(s, columns));
        let people = &sweeps::folded(s);
        let s = people.as_ref().unwrap_or(s);
        sections.extend(tables::sections(&SERVICES, s, rows, false));
        if s.stats.total.packets > 0 {
            // A tree is whole or not at all.
            sections.extend(tables::sections(&HIERARCHY, s, usize::MAX, true));
            sections.extend([tables::whole(&SIZES, s), tables::whole(&CASTS, s)]);
        }
        for table in TABLES.iter().filter(|t| t.token() != SERVICES.token) {
            sections.extend(tables::sections(*table, s, rows, false));
            if table.token() == ENDPOINTS.token {
                sections.extend(tables::sections(&HOSTS, s, rows, false));
                sections.extend(tables::sections(&GROUPS, s, rows, false));
            }
        }
        sections.extend(tcp(s));
        Self { title: title("report", s), sections }
    }

    /// Only what tells whether the numbers can be believed, the verdict first; when `talkative`, also what could not be judged and why.
    pub fn verdict(s: &Snapshot, rows: usize, talkative: bool) -> Self {
        let mut sections: Vec<Section> = mirror::mirror(s, rows).into_iter().collect();
        sections.extend(host::host(&s.diagnosis.host));
        sections.extend(Some(switch::asked(&s.switch)).filter(|parts| !parts.is_empty()).map(|parts| section("Switch", parts)));
        sections.extend(mirror::findings(s));
        if s.diagnosis.findings.is_empty() {
            let trust = &s.mirror.trust;
            let note = match trust.verdict {
                Verdict::Good => Part::Note(Tone::Good, "Nothing is wrong that could be seen.".into()),
                _ => Part::Note(Tone::Plain, sentence(&trust.summary)),
            };
            sections.push(section("Findings", vec![note]));
        }
        if talkative {
            sections.extend(mirror::not_judged(&s.mirror));
        }
        sections.extend([losses(s), capture(s)]);
        Self { title: title("check", s), sections }
    }
}

/// What a report begins with: what is wrong, or what can be said when nothing is.
fn wrong(s: &Snapshot) -> Section {
    let mut parts = match mirror::findings(s) {
        Some(findings) => findings.parts,
        // As the badge of the dashboard says it.
        None if s.mirror.trust.summary.starts_with("good") => {
            vec![Part::Note(tone(s.mirror.trust.verdict), format!("Mirror {}.", s.mirror.trust.summary))]
        }
        None => vec![Part::Note(tone(s.mirror.trust.verdict), format!("Mirror: {}", sentence(&s.mirror.trust.summary)))],
    };
    let network = &s.diagnosis.network;
    let (judged, not) = network.matters();
    let besides = match (judged.is_empty(), not.is_empty()) {
        (_, true) => String::new(),
        (true, false) => format!(" Not to be judged here: {not}."),
        (false, false) => format!(" Judged: {judged}; not: {not}."),
    };
    let any = if s.diagnosis.findings.iter().any(|finding| finding.active) { "nothing more is found" } else { "no finding" };
    let words = match (network.verdict, network.failures(&network.attempts())) {
        _ if s.span.is_some() => "Network: not judged of a span of time.".to_owned(),
        (Verdict::Unknown, _) if network.judged == 0 && network.open > 0 => {
            "Network: not judged, for nothing that was opened or asked came to its end.".to_owned()
        }
        (Verdict::Unknown, _) if network.judged == 0 => "Network: not judged, for no connection was opened and no server asked.".to_owned(),
        (Verdict::Unknown, Some(failures)) if network.is_failing => format!("Network: {any}; {failures}.{besides}"),
        (Verdict::Unknown, _) => {
            let of = if judged.is_empty() { String::new() } else { format!(" Judged: {judged}.") };
            let rest = if not.is_empty() { String::new() } else { format!(" Not to be judged here: {not}.") };
            format!("Network: no verdict. Nothing was found in {}.{of}{rest}", network.attempts())
        }
        (Verdict::Good, Some(failures)) => format!("Network: {any}; {failures}.{besides}"),
        (Verdict::Good, None) => format!("Network: no fault in {}.{besides}", network.attempts()),
        // What failed besides what was found is said as well.
        (_, Some(failures)) => format!("Network: {failures}."),
        (_, None) => String::new(),
    };
    // Whatever the verdict, it is not about these.
    let excess = network.excess().map(|excess| format!("Not judged: {excess}."));
    let words = [words].into_iter().chain(excess).filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" ");
    if !words.is_empty() {
        // Green is what was judged and is good.
        parts.push(Part::Note(if network.is_well() { Tone::Good } else { Tone::Plain }, words));
    }
    if network.forgotten > 0 {
        let services = plural(network.forgotten, "service");
        parts.push(Part::Note(Tone::Plain, format!("{services} that nobody had used for a while made room for others.")));
    }
    let mut reasons: Vec<&str> = Vec::new();
    for (_, reason) in &network.not_judged {
        if !reasons.contains(&reason.as_str()) {
            reasons.push(reason);
        }
    }
    for reason in reasons {
        let ids: Vec<&str> = network.not_judged.iter().filter(|n| n.1 == reason).map(|n| n.0).collect();
        parts.push(Part::Note(Tone::Plain, format!("Not judged, for {reason}: {}.", ids.join(", "))));
    }
    section("What is wrong", parts)
}

fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Good | Verdict::Noted => Tone::Good,
        _ => Tone::Plain,
    }
}

/// A summary as a sentence.
fn sentence(summary: &str) -> String {
    let mut chars = summary.chars();
    match chars.next() {
        Some(first) => printable(&format!("{}{}.", first.to_uppercase(), chars.as_str())).into_owned(),
        None => "Nothing was judged.".into(),
    }
}

/// What was done, and with what.
fn title(verb: &str, s: &Snapshot) -> String {
    let names: Vec<String> = s.capture.sources.iter().map(|source| printable(&source.name).into_owned()).collect();
    match names.as_slice() {
        [] => format!("spantop {verb}"),
        [first, second, third, rest @ ..] if !rest.is_empty() => {
            format!("spantop {verb}: {first}, {second}, {third} and {} more", rest.len())
        }
        names => format!("spantop {verb}: {}", names.join(", ")),
    }
}

/// Sources that are listed one by one.
const SOURCES: usize = 10;

fn source(source: &SourceInfo) -> String {
    let mut words = format!("{} ({}", printable(&source.name), printable(&source.format));
    if let Some(compression) = source.compression {
        words += &format!(", {compression}");
    }
    if source.promiscuous == Some(true) {
        words += ", promiscuous";
    }
    if source.is_uncounted { words + ")" } else { words + &format!("), {}", plural(source.packets, "packet")) }
}

/// The interfaces of a file, one by one, where it has several or names them.
fn interfaces(source: &SourceInfo) -> Vec<(&'static str, String)> {
    let named = |i: &FileInterface| i.name.is_some() || i.description.is_some();
    if source.interfaces.len() < 2 && !source.interfaces.iter().any(named) {
        return Vec::new();
    }
    let one = |(number, i): (usize, &FileInterface)| {
        let mut words = match (&i.name, &i.description) {
            (Some(name), Some(description)) => format!("{} ({})", printable(name), printable(description)),
            (Some(text), None) | (None, Some(text)) => printable(text).into_owned(),
            (None, None) => format!("number {number}"),
        };
        words += &format!(": {}, {}", i.link, plural(i.packets, "packet"));
        if source.unfiltered.is_some() {
            words += " before the filter";
        }
        if i.dropped > 0 {
            words += &format!(", {} dropped", units::grouped(i.dropped));
        }
        ("Interface", words)
    };
    let mut lines: Vec<_> = source.interfaces.iter().enumerate().map(one).collect();
    if source.more_interfaces > 0 {
        lines.push(("Interface", format!("{} more", units::grouped(source.more_interfaces))));
    }
    lines
}

fn capture(s: &Snapshot) -> Section {
    let mut facts = sources(s);
    if let Some(filter) = &s.capture.filter {
        facts.push(("Filter", printable(filter).into_owned()));
    }
    facts.extend(times(s));
    facts.extend(amounts(s));
    let mut parts = vec![Part::Facts(facts)];
    parts.extend(s.span.as_ref().map(|shown| Part::Note(Tone::Warning, of_span(shown))));
    for one in s.capture.sources.iter().filter_map(|one| one.warning.as_ref().map(|w| (&one.name, w))) {
        parts.push(Part::Note(Tone::Warning, format!("{}: {}", printable(one.0), printable(one.1))));
    }
    for source in &s.capture.sources {
        parts.extend(absences(source).map(|words| Part::Note(Tone::Warning, words)));
    }
    if s.mirror.link.packets == 0 {
        parts.push(Part::Note(Tone::Plain, "No packets.".into()));
    }
    section("Capture", parts)
}

/// What a report of a span is of.
fn of_span(shown: &SpanShown) -> String {
    let closely = if shown.exact { "of this span of time alone" } else { "of this span of time alone, as the past is kept" };
    let not = shown.not_kept().iter().map(|token| token.replace('_', " ")).collect::<Vec<_>>().join(", ");
    format!("Numbers are {closely}; findings are those that held in it, with the numbers of all of the time. Not known of a span: {not}.")
}

/// Where the packets come from: sources with their interfaces, and link types.
fn sources(s: &Snapshot) -> Vec<Fact> {
    let with_interfaces = |one| [vec![("Source", source(one))], interfaces(one)].concat();
    let mut facts: Vec<Fact> = s.capture.sources.iter().take(SOURCES).flat_map(with_interfaces).collect();
    if let more @ [_, ..] = s.capture.sources.get(SOURCES..).unwrap_or_default() {
        let packets = more.iter().fold(0u64, |sum, one| sum.saturating_add(one.packets));
        let packets = if s.span.is_some() { String::new() } else { format!(", {}", plural(packets, "packet")) };
        facts.push(("Source", format!("{} more{packets}", units::grouped(more.len() as u64))));
    }
    let mut links: Vec<LinkType> = Vec::new();
    for link in s.capture.sources.iter().flat_map(|one| &one.link_types) {
        if !links.contains(link) {
            links.push(*link);
        }
    }
    let links: Vec<String> = links.iter().map(LinkType::to_string).collect();
    if !links.is_empty() {
        facts.push(("Link type", links.join(", ")));
    }
    facts
}

/// When the packets passed.
fn times(s: &Snapshot) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let (Some(first), Some(last)) = (s.capture.first, s.capture.last) {
        let names = if s.span.is_some() { ["Span from", "Span to"] } else { ["First packet", "Last packet"] };
        facts.extend(names.into_iter().zip([moment(first), moment(last)]));
    }
    if s.capture.first.is_some() || s.stats.total.packets == 0 {
        let gap = match s.mirror.gap() {
            gap if gap > 0.0 => format!(", {} of them without any packet: means and percentiles are over the rest", units::duration(gap)),
            _ => String::new(),
        };
        facts.push(("Duration", units::duration(s.duration()) + &gap));
    } else {
        facts.push(("Times", "none: the packets were recorded without".into()));
    }
    facts
}

/// How much was captured.
fn amounts(s: &Snapshot) -> Vec<Fact> {
    let link = s.mirror.link;
    let mut facts = vec![
        ("Packets", units::grouped(link.packets)),
        ("On the wire", format!("{} bytes ({})", units::grouped(link.wire_bytes), units::bytes(link.wire_bytes))),
    ];
    if link != s.stats.total {
        let (packets, bytes) = (units::grouped(s.stats.total.packets), units::grouped(s.stats.total.wire_bytes));
        facts.push(("Mirrored network", format!("{packets} packets, {bytes} bytes: without encapsulation and further copies")));
    }
    if s.capture.captured_bytes != link.wire_bytes {
        let cut = format!(", {} cut at the snap length", plural(s.capture.truncated_packets, "packet"));
        facts.push((
            "Captured",
            format!("{} bytes ({}){cut}", units::grouped(s.capture.captured_bytes), units::bytes(s.capture.captured_bytes)),
        ));
    }
    if s.stats.fragments > 0 {
        facts.push(("IP fragments", units::grouped(s.stats.fragments)));
    }
    facts
}

/// When nothing that may have passed a port was looked at.
fn absences(source: &SourceInfo) -> Option<String> {
    let latest = source.absences.last()?;
    let times = source.more_absences.saturating_add(source.absences.len() as u64);
    let seconds = source.absences.iter().map(PortAbsence::seconds).fold(0.0, |sum: f64, s| sum + s);
    let name = printable(&source.name);
    Some(if times > 1 {
        let last = latest.first.utc();
        // Once down and once gone is neither of them.
        let each = source.absences.iter().map(|a| format!("{} {}", a.why, units::duration(a.seconds()))).collect::<Vec<_>>().join(", ");
        let each = if source.absences.iter().all(|a| a.why == latest.why) { String::new() } else { format!(" ({each})") };
        format!(
            "{name} was away {}, {} in all{each}, last ({}) from {last}: what passed then is missing",
            plural(times, "time"),
            units::duration(seconds),
            latest.why
        )
    } else {
        format!(
            "{name} was away ({}) for {} from {}: what passed then is missing",
            latest.why,
            units::duration(seconds),
            latest.first.utc()
        )
    })
}

fn losses(s: &Snapshot) -> Section {
    let l = &s.capture.losses;
    let mut parts = Vec::new();
    let lost = l.lost_packets();
    if s.span.is_some() {
        parts.push(Part::Note(
            Tone::Plain,
            "Whether packets of this span were lost on the capturing host is not known: it is not kept by spans.".into(),
        ));
    } else if s.is_loss_uncounted() {
        parts.push(Part::Note(Tone::Plain, "Whether packets were lost on the capturing host is not known: nobody counted them.".into()));
    } else if lost == 0 {
        parts.push(Part::Note(Tone::Good, "No packet is known to be lost on this host.".into()));
    } else if s.mirror.loss.host.is_none() {
        let words = format!("{} dropped in the capture, and none that arrived is there to compare with", plural(lost, "packet"));
        parts.push(Part::Heading(Tone::Warning, words));
    } else {
        let share = units::percent(ratio(lost, lost.saturating_add(s.stats.total.packets)));
        parts.push(Part::Heading(Tone::Critical, format!("{} lost on this host ({share})", plural(lost, "packet"))));
    }
    if l.stages().iter().any(|stage| stage.count > 0) {
        parts.push(tables::part(&LOSSES, s, usize::MAX));
    }
    section("Losses", parts)
}

/// How full the link was for most of the time.
fn link_words(used: &LinkUse) -> String {
    match used.bin {
        0 => format!("not told how full: {}", used.coarse),
        _ => {
            let speed = units::bits_per_second(used.speed as f64);
            let share = match used.percentile(0.95) {
                share if share > 1.0 => format!("more than {speed} in 5 % of the time or more"),
                share => format!("{} % of {speed} or less in 95 % of the time", (share * 100.0).round()),
            };
            format!("{share}, by bins of {}: {}", used.bin_words(), used.ways.words())
        }
    }
}

fn load(s: &Snapshot, columns: usize) -> Section {
    let duration = s.covered();
    let mut facts = Vec::new();
    let of_link = |traffic: Traffic, seconds: f64| match s.capture.speed {
        Some(speed) if speed > 0 => {
            let both = if s.adds_both_ways() { "both directions together " } else { "" };
            let by = if s.capture.is_speed_by_lldp { " (by LLDP)" } else { "" };
            format!(", {both}{} of {}{by}", units::percent(traffic.link_share(seconds, speed)), units::bits_per_second(speed as f64))
        }
        _ => String::new(),
    };
    if duration > 0.0 {
        let mean = s.mean_bits_per_second();
        let packets = units::packets_per_second(s.stats.total.packets_per_second(duration));
        facts.push(("Mean", format!("{}, {packets}{}", units::bits_per_second(mean), of_link(s.stats.total, duration))));
    }
    if let Some(peak) = s.stats.load.peak.filter(|peak| peak.length > 0) {
        let rate = peak.bits_per_second();
        let at = moment(peak.start);
        facts.push((
            "Peak",
            format!(
                "{} over {}{}, at {at}",
                units::bits_per_second(rate),
                units::duration(peak.seconds()),
                of_link(peak.traffic, peak.seconds())
            ),
        ));
    }
    if let Some((at, bytes, packets)) = s.stats.load.peak_ms {
        let (burst, seconds) = (Traffic { packets, wire_bytes: bytes }, s.burst_seconds());
        let what = format!(
            "{} over {} ({}){}",
            units::bits_per_second(burst.bits_per_second(seconds)),
            if seconds < 1e-3 { units::duration(seconds) } else { "1 ms".to_owned() },
            plural(packets, "packet"),
            of_link(burst, seconds)
        );
        facts.push(("Burst", format!("{what}, at {}", moment(at))));
    }
    if let Some(billed) = s.stats.load.billed(&s.mirror.gaps) {
        let share =
            s.capture.speed.filter(|speed| *speed > 0).map(|speed| format!(", {} of the speed", units::percent(billed / speed as f64)));
        facts.push(("95 % of 5 min", format!("{}, as providers bill{}", units::bits_per_second(billed), share.unwrap_or_default())));
    }
    facts.extend(s.switch.link_use.as_ref().map(|used| ("Link", link_words(used))));
    let d = &s.stats.directions;
    if d.inbound.packets + d.outbound.packets > 0 {
        let way = |t: Traffic| format!("{}, {}", units::bytes(t.wire_bytes), plural(t.packets, "packet"));
        facts.push(("Inbound", way(d.inbound)));
        facts.push(("Outbound", way(d.outbound)));
    }
    let mut parts = match facts.is_empty() {
        true if !s.is_timed() => vec![Part::Note(Tone::Plain, "Not known: the packets were recorded without times.".into())],
        _ => vec![Part::Facts(facts)],
    };
    parts.extend(Chart::new(&s.stats.load, columns).filter(|chart| chart.values.len() > 1).map(Part::Chart));
    section("Load", parts)
}
