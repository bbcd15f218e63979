//! A list of packets: a line, or a JSON object on a line, for each, as soon as it was looked at.

use crate::json::json_text;
use crate::model::time::SECOND;
use crate::model::{Address, Direction, ListedPacket, PacketJudgement, PacketTree, Timestamp, TreeField};
use std::fmt::{self, Display};
use std::io::{self, Write};

/// How a list of packets looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacketFormat {
    /// For reading: times count from the first packet.
    Text,
    /// One object a line.
    Json,
}

impl PacketFormat {
    /// The words for them.
    pub const TOKENS: [&'static str; 2] = ["text", "json"];

    /// By its word.
    pub fn find(token: &str) -> Option<Self> {
        match token {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Writes packets one after the other.
#[derive(Debug)]
pub struct PacketList<W> {
    out: W,
    format: PacketFormat,
    /// Whether the fields of every header are written.
    fields: bool,
    /// Time of the first packet.
    first: Option<Timestamp>,
}

impl<W: Write> PacketList<W> {
    /// An empty list that goes to `out`.
    pub fn new(out: W, format: PacketFormat, fields: bool) -> Self {
        Self { out, format, fields, first: None }
    }

    /// Counts times from `time`, where nothing has been said of where they begin; from when they count.
    pub fn begin(&mut self, time: Timestamp) -> Timestamp {
        *self.first.get_or_insert(time)
    }

    /// Writes a packet, with what it says where that is known.
    ///
    /// # Errors
    /// What the output answers to a write.
    pub fn write(&mut self, packet: &ListedPacket, tree: Option<&PacketTree>) -> io::Result<()> {
        let first = self.begin(packet.time);
        match self.format {
            PacketFormat::Text => text(&mut self.out, packet, first, tree)?,
            PacketFormat::Json => json(&mut self.out, packet, tree, self.fields)?,
        }
        match tree.filter(|_| self.fields && self.format == PacketFormat::Text) {
            Some(tree) => text_fields(&mut self.out, tree),
            None => Ok(()),
        }
    }

    /// Writes what waits in memory.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Seconds with nine decimals.
struct Seconds(i64);

impl Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, magnitude) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        write!(f, "{sign}{}.{:09}", magnitude / SECOND as u64, magnitude % SECOND as u64)
    }
}

/// Sender and receiver, by the conversation or else by the link.
fn ends(packet: &ListedPacket) -> Option<[(Address, u16); 2]> {
    match (&packet.flow, packet.mac) {
        (Some((key, way)), _) => {
            let (a, b) = ((key.a(), key.a_port), (key.b(), key.b_port));
            Some(if *way == Direction::AToB { [a, b] } else { [b, a] })
        }
        (None, Some((source, destination))) => Some([(Address::Mac(source), 0), (Address::Mac(destination), 0)]),
        (None, None) => None,
    }
}

/// Whether ports are part of the ends' names.
fn has_ports(packet: &ListedPacket) -> bool {
    packet.flow.is_some_and(|(key, _)| matches!(key.protocol, 6 | 17 | 33 | 132 | 136))
}

fn text(out: &mut impl Write, packet: &ListedPacket, first: Timestamp, tree: Option<&PacketTree>) -> io::Result<()> {
    write!(out, "{:>6} {:>14}", packet.number, Seconds(packet.time.since(first)).to_string())?;
    match ends(packet) {
        Some([(from, a), (to, b)]) if has_ports(packet) => write!(out, "  {from} {a} > {to} {b}")?,
        Some([(from, _), (to, _)]) => write!(out, "  {from} > {to}")?,
        None => out.write_all(b"  ?")?,
    }
    write!(out, "  {}  {} bytes", packet.path, packet.wire)?;
    let mut before = "  ";
    for token in packet.analysis.flags.tokens() {
        write!(out, "{before}{token}")?;
        before = ", ";
    }
    if !packet.kept && packet.judgement != PacketJudgement::Undecided {
        write!(out, "  (left out: {})", packet.judgement.token())?;
    } else if packet.judgement != PacketJudgement::New {
        write!(out, "  ({})", packet.judgement.token())?;
    }
    if let Some(tree) = tree {
        write!(out, "  {} {}", tree.protocol, tree.info.trim_end())?;
    }
    out.write_all(b"\n")
}

/// The fields, a line each, as deep as they lie; their bytes behind them.
fn text_fields(out: &mut impl Write, tree: &PacketTree) -> io::Result<()> {
    for layer in &tree.layers {
        writeln!(out, "       {}{}{}", layer.title, if layer.summary.is_empty() { "" } else { ", " }, layer.summary)?;
        for field in &layer.fields {
            let indent = 9 + 2 * usize::from(field.depth);
            write!(out, "{:indent$}{}: {}", "", field.title, field.value)?;
            writeln!(out, "  [{}{}]", field.name, Place(field))?;
        }
    }
    if tree.left_out > 0 {
        writeln!(out, "       {} more fields", tree.left_out)?;
    }
    Ok(())
}

/// The bytes of a field and, of some bits, their mask.
struct Place<'a>(&'a TreeField);

impl Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TreeField { at, length, mask, .. } = *self.0;
        match length {
            0 => Ok(()),
            1 => write!(f, " @{at}"),
            _ => write!(f, " @{at}-{}", at + length - 1),
        }?;
        if mask == 0 { Ok(()) } else { write!(f, " &0x{mask:x}") }
    }
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    json_text(text)
}

fn json_fields(out: &mut impl Write, tree: &PacketTree) -> io::Result<()> {
    write!(out, ",\"layers\":[")?;
    for (n, layer) in tree.layers.iter().enumerate() {
        write!(out, "{}{{\"name\":\"{}\",\"title\":{}", if n > 0 { "," } else { "" }, layer.token, quoted(&layer.title))?;
        write!(out, ",\"offset\":{},\"length\":{},\"fields\":[", layer.at, layer.length)?;
        for (n, field) in layer.fields.iter().enumerate() {
            write!(out, "{}{{\"name\":\"{}\",\"title\":{}", if n > 0 { "," } else { "" }, field.name, quoted(&field.title))?;
            write!(out, ",\"value\":{},\"offset\":{},\"length\":{}", quoted(&field.value), field.at, field.length)?;
            if let Some(number) = field.number {
                write!(out, ",\"number\":{number}")?;
            }
            if field.mask != 0 {
                write!(out, ",\"mask\":{}", field.mask)?;
            }
            write!(out, ",\"depth\":{}}}", field.depth)?;
        }
        out.write_all(b"]}")?;
    }
    write!(out, "],\"fields_left_out\":{}", tree.left_out)
}

fn json(out: &mut impl Write, packet: &ListedPacket, tree: Option<&PacketTree>, fields: bool) -> io::Result<()> {
    // Little here needs to be escaped: addresses, numbers and words of this program.
    write!(out, "{{\"number\":{},\"time\":\"{}\"", packet.number, packet.time)?;
    write!(out, ",\"wire_bytes\":{},\"captured_bytes\":{},\"interface\":{}", packet.wire, packet.captured, packet.interface)?;
    if let Some([(from, a), (to, b)]) = ends(packet) {
        write!(out, ",\"source\":\"{from}\",\"destination\":\"{to}\"")?;
        if has_ports(packet) {
            write!(out, ",\"source_port\":{a},\"destination_port\":{b}")?;
        }
    }
    write!(out, ",\"protocols\":\"{}\",\"analysis\":[", packet.path)?;
    for (at, token) in packet.analysis.flags.tokens().enumerate() {
        write!(out, "{}\"{token}\"", if at > 0 { "," } else { "" })?;
    }
    out.write_all(b"]")?;
    let analysis = &packet.analysis;
    for (name, nanos) in [("initial_rtt", analysis.initial_rtt), ("ack_rtt", analysis.ack_rtt), ("rto", analysis.rto)] {
        if let Some(nanos) = nanos {
            write!(out, ",\"{name}\":{}", Seconds(nanos))?;
        }
    }
    if let Some(bytes) = analysis.bytes_in_flight {
        write!(out, ",\"bytes_in_flight\":{bytes}")?;
    }
    // What is not decided on yet may be counted after all.
    let kept = match packet.judgement {
        PacketJudgement::Undecided => "null",
        _ if packet.kept => "true",
        _ => "false",
    };
    write!(out, ",\"kept\":{kept},\"reason\":\"{}\"", packet.judgement.token())?;
    if let Some(tree) = tree {
        write!(out, ",\"protocol\":{},\"info\":{}", quoted(&tree.protocol), quoted(tree.info.trim_end()))?;
        if fields {
            json_fields(out, tree)?;
        }
    }
    out.write_all(b"}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AnalysisFlags, FlowKey, Path, Proto, SegmentAnalysis};

    fn packet() -> ListedPacket {
        let frame = crate::model::Frame { number: 7, time: Timestamp(1_500_000_000), wire: 60, ..Default::default() };
        let mut path = Path::EMPTY;
        [Proto::Eth, Proto::Ip, Proto::Tcp].into_iter().for_each(|p| path.push(p));
        let flags = AnalysisFlags::KEEP_ALIVE | AnalysisFlags::ZERO_WINDOW;
        let analysis = SegmentAnalysis { flags, ack_rtt: Some(-1), bytes_in_flight: Some(5), ..SegmentAnalysis::default() };
        ListedPacket {
            path,
            flow: Some(FlowKey::v4(6, 0x0a00_0002, 0x0a00_0001, 40_000, 80)),
            analysis,
            ..ListedPacket::of(&frame, 64, 60)
        }
    }

    fn written(format: PacketFormat) -> String {
        let mut out = Vec::new();
        PacketList::new(&mut out, format, false).write(&packet(), None).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lines_are_read_and_parsed() {
        let want = "     7    0.000000000  10.0.0.2 40000 > 10.0.0.1 80  eth:ip:tcp  64 bytes  zero_window, keep_alive\n";
        assert_eq!(written(PacketFormat::Text), want);
        let json: serde_json::Value = serde_json::from_str(&written(PacketFormat::Json)).unwrap();
        assert_eq!((&json["time"], &json["source_port"], &json["ack_rtt"]), (&"1.500000000".into(), &40_000.into(), &(-1e-9).into()));
        assert_eq!(json["analysis"], serde_json::json!(["zero_window", "keep_alive"]));
    }
}
