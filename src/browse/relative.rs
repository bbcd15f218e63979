//! Numbers of TCP counted from the beginning of their connection, as Wireshark counts them: sequence numbers from the first one seen, windows
//! by the scale of the handshake. Packets are noted in their order; those that were not noted keep the numbers of their headers.

use crate::decode::{self, Headers, Peel, Rules};
use crate::dissect::tls::{TLS_1_3, chosen_version};
use crate::model::limits::{NOTED_MARKS, NOTED_STREAMS};
use crate::model::tcp::{ACK, SYN};
use crate::model::{AnalysisFlags, Direction, FlowKey, Frame, PacketTree, Segment, TapePacket, TreeField};
use crate::stats::Analyser;
use hashbrown::HashMap;
use std::ops::Range;

/// Where a connection begins, by way: from the smaller end, from the larger one.
#[derive(Debug, Clone, Copy, Default)]
struct Start {
    /// The number of the packet from which on it counts, from 0.
    from: u64,
    base: [Option<u32>; 2],
    scale: [Scale; 2],
    /// Its number with the analysis; 0 where it is not analysed.
    handle: u32,
    /// Both sides agreed on TLS 1.3, whose records call themselves 1.2 (RFC 8446 section 5.1).
    is_tls_1_3: bool,
}

/// What is known of a window's scale.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Scale {
    /// No SYN was seen.
    #[default]
    Unknown,
    /// No scale is used.
    Not,
    /// A shift of so many bits.
    By(u8),
}

/// Connections whose packets were noted.
#[derive(Default)]
pub struct StreamStarts {
    headers: Box<Headers>,
    rules: Rules,
    streams: HashMap<FlowKey, Vec<Start>>,
    /// How many beginnings are held.
    held: usize,
    /// The packets that were noted, by number from 0.
    noted: Range<u64>,
    /// Wireshark's analysis of their segments, where that is wanted.
    analyser: Option<Box<Analyser>>,
    /// What it says of those packets of which it says anything, ascending.
    marks: Vec<(u64, AnalysisFlags)>,
}

/// What counts for one segment: what to take from its numbers, and the shift of its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentStart {
    /// The sequence number that is 0.
    sequence: u32,
    /// The acknowledgement that is 0.
    acknowledgement: u32,
    shift: u8,
}

impl StreamStarts {
    /// Notes packets that are decoded by rules.
    pub fn new(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Notes as well what Wireshark's analysis says of segments, and which connections speak TLS 1.3.
    #[must_use]
    pub fn with_marks(mut self) -> Self {
        self.analyser = Some(Box::default());
        self
    }

    /// What the analysis says of a packet that was noted, by number from 0.
    pub fn marks(&self, number: u64) -> AnalysisFlags {
        let at = self.marks.binary_search_by_key(&number, |mark| mark.0);
        at.ok().and_then(|at| self.marks.get(at)).map_or(AnalysisFlags::NONE, |mark| mark.1)
    }

    /// The packets that were noted.
    pub fn noted(&self) -> Range<u64> {
        self.noted.clone()
    }

    /// Begins with the packet of a number: there are none before it any more.
    pub fn begin(&mut self, number: u64) {
        if self.noted.is_empty() {
            self.noted = number..number;
        }
    }

    /// Notes the packet that follows those before; its number from 0.
    pub fn note(&mut self, number: u64, packet: &TapePacket<'_>) {
        self.noted.end = self.noted.end.max(number + 1);
        let peel = Peel { tunnels: u8::MAX, tag: false };
        decode::walk(packet.link, packet.bytes, packet.wire, &self.rules, peel, &mut self.headers);
        let mut frame = Frame::default();
        self.headers.show(packet.bytes, self.headers.flow(), &mut frame);
        frame.time = packet.time;
        let (Some((key, way)), Some(segment)) = (frame.flow, frame.tcp) else { return };
        let [this, other] = sides(way);
        let known = self.streams.entry(key).or_default();
        let is_syn = segment.flags & (SYN | ACK) == SYN;
        let is_other = known.last().is_none_or(|last| is_syn && last.base[this].is_some_and(|base| base != segment.sequence));
        if is_other {
            if self.held >= NOTED_STREAMS {
                return;
            }
            self.held += 1;
            known.push(Start { from: number, ..Start::default() });
        }
        let follows = known.len() > 1;
        let Some(start) = known.last_mut() else { return };
        learn(start, [this, other], &frame, &segment);
        let Some(analyser) = &mut self.analyser else { return };
        let flags = analyser.analyse(&mut start.handle, &frame, way, is_other && follows).flags;
        if !flags.is_empty() && self.marks.len() < NOTED_MARKS {
            self.marks.push((number, flags));
        }
        start.is_tls_1_3 |= chosen_version(frame.payload()) == Some(TLS_1_3);
    }

    /// Whether a connection of a packet that was noted speaks TLS 1.3.
    pub fn is_tls_1_3(&self, number: u64, key: &FlowKey) -> bool {
        self.start(number, key).is_some_and(|start| start.is_tls_1_3)
    }

    fn start(&self, number: u64, key: &FlowKey) -> Option<&Start> {
        self.streams.get(key)?.iter().rev().find(|start| start.from <= number)
    }

    /// What counts for a segment of a packet that was noted.
    pub fn of(&self, number: u64, key: &FlowKey, way: Direction, is_syn: bool) -> Option<SegmentStart> {
        if !self.noted.contains(&number) {
            return None;
        }
        let start = self.start(number, key)?;
        let [this, other] = sides(way);
        let shift = match start.scale[this] {
            Scale::By(shift) if !is_syn => shift,
            _ => 0,
        };
        // A way that never said anything has no numbers, and none are acknowledged.
        Some(SegmentStart { sequence: start.base[this]?, acknowledgement: start.base[other].unwrap_or(0), shift })
    }
}

/// The places of a way and of the one back.
fn sides(way: Direction) -> [usize; 2] {
    if way == Direction::AToB { [0, 1] } else { [1, 0] }
}

/// Takes from a segment where its ways begin, by the rules of Wireshark: the first number seen, less the SYN's where none was.
fn learn(start: &mut Start, [this, other]: [usize; 2], frame: &Frame<'_>, segment: &Segment) {
    let syn = segment.flags & SYN != 0;
    let first = if syn { segment.sequence } else { segment.sequence.wrapping_sub(1) };
    start.base[this].get_or_insert(first);
    if segment.flags & ACK != 0 {
        start.base[other].get_or_insert(segment.acknowledgement.wrapping_sub(1));
    }
    if syn {
        start.scale[this] = frame.tcp_options().window_scale().map_or(Scale::Not, |shift| Scale::By(shift.min(14)));
        // Both or none (RFC 7323 section 2.2).
        if segment.flags & ACK != 0 && !start.scale.iter().all(|scale| matches!(scale, Scale::By(_))) {
            start.scale = [Scale::Not; 2];
        }
    }
}

/// Counts the numbers of the innermost segment of a tree from the beginning of its connection.
pub fn show(tree: &mut PacketTree, start: SegmentStart) {
    let Some(layer) = tree.layers.iter_mut().rev().find(|layer| layer.token == "tcp") else { return };
    let find = |fields: &[TreeField], name: &str| fields.iter().position(|field| field.name == name);
    let number = |fields: &[TreeField], name: &str| find(fields, name).and_then(|at| fields.get(at)?.number).map(|n| n as u32);
    let fields = &mut layer.fields;
    let (Some(sequence), Some(acknowledged)) = (number(fields, "tcp.seq_raw"), number(fields, "tcp.ack_raw")) else { return };
    let acks = fields.iter().any(|field| field.name == "tcp.flags.ack" && field.number == Some(1));
    let from_start = sequence.wrapping_sub(start.sequence);
    let answered = if acks { acknowledged.wrapping_sub(start.acknowledgement) } else { acknowledged };
    let window = number(fields, "tcp.window_size_value").map(|raw| (raw, raw << start.shift));
    let mut beside = |name: &str, own: &'static str, title: &'static str, value: u32| {
        if let Some(at) = find(fields, name)
            && let Some(field) = fields.get(at).cloned()
        {
            fields.insert(
                at + 1,
                TreeField { name: own, title: title.into(), value: value.to_string(), number: Some(value.into()), ..field },
            );
        }
    };
    beside("tcp.seq_raw", "tcp.seq", "Sequence number (relative)", from_start);
    beside("tcp.ack_raw", "tcp.ack", "Acknowledgement number (relative)", answered);
    if let Some((_, scaled)) = window {
        beside("tcp.window_size_value", "tcp.window_size", "Window (calculated)", scaled);
    }
    let edges: Vec<u32> =
        layer.fields.iter().filter(|f| f.name.starts_with("tcp.options.sack_")).filter_map(|f| Some(f.number? as u32)).collect();
    let replace = |text: &str, word: &str, old: u32, new: u32| text.replacen(&format!("{word}{old}"), &format!("{word}{new}"), 1);
    layer.summary = replace(&replace(&layer.summary, "Seq: ", sequence, from_start), "Ack: ", acknowledged, answered);
    // Only where the columns are of the segment itself.
    if !tree.info.contains("] Seq=") {
        return;
    }
    let mut info = replace(&replace(&tree.info, " Seq=", sequence, from_start), " Ack=", acknowledged, answered);
    if let Some((raw, scaled)) = window {
        info = replace(&info, " Win=", raw, scaled);
    }
    for (at, edge) in edges.iter().enumerate() {
        let word = if at % 2 == 0 { " SLE=" } else { " SRE=" };
        info = replace(&info, word, *edge, edge.wrapping_sub(start.acknowledgement));
    }
    tree.info = info;
}

/// Leaves the numbers of the innermost segment out of the lines that tell of it: as they stand in its header they are of another kind than
/// those of packets beside it.
pub fn withhold(tree: &mut PacketTree) {
    let Some(layer) = tree.layers.iter_mut().rev().find(|layer| layer.token == "tcp") else { return };
    layer.summary = without(&layer.summary, &["Seq: ", "Ack: "]);
    if tree.info.contains("] Seq=") {
        tree.info = without(&tree.info, &[" Seq=", " Ack=", " Win=", " SLE=", " SRE="]);
    }
}

/// A text with `…` in the place of the numbers behind some words.
fn without(text: &str, words: &[&str]) -> String {
    words.iter().fold(text.to_owned(), |text, word| {
        let mut parts = text.split(word);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |out, part| format!("{out}{word}…{}", part.trim_start_matches(|c: char| c.is_ascii_digit())))
    })
}

/// Puts before what a packet says what the analysis says of its segment, in Wireshark's words.
pub fn mark(tree: &mut PacketTree, flags: AnalysisFlags) {
    let words: String = flags.places().filter_map(|place| WORDS.get(place)).map(|word| format!("[TCP {word}] ")).collect();
    if !words.is_empty() {
        tree.info.insert_str(0, &words);
    }
}

/// Wireshark's words in its list, by the bit of each flag.
const WORDS: [&str; AnalysisFlags::COUNT] = [
    "Retransmission",
    "Fast Retransmission",
    "Spurious Retransmission",
    "Out-Of-Order",
    "Dup ACK",
    "Previous segment not captured",
    "ACKed unseen segment",
    "ZeroWindow",
    "ZeroWindowProbe",
    "ZeroWindowProbeAck",
    "Window Full",
    "Window Update",
    "Keep-Alive",
    "Keep-Alive ACK",
    "Port numbers reused",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_would_change_are_left_out() {
        let info = "443 → 50000 [ACK] Seq=4 Ack=77 Win=501 Len=0 SLE=9 SRE=12 SLE=20 SRE=31";
        let mut tree = PacketTree { info: info.into(), ..PacketTree::default() };
        withhold(&mut tree);
        assert_eq!(tree.info, info, "no segment");
        tree.layers.push(crate::model::TreeLayer { token: "tcp", summary: "Src port: 443, Seq: 4, Ack: 77".into(), ..Default::default() });
        withhold(&mut tree);
        assert_eq!(tree.info, "443 → 50000 [ACK] Seq=… Ack=… Win=… Len=0 SLE=… SRE=… SLE=… SRE=…");
        assert_eq!(tree.layers[0].summary, "Src port: 443, Seq: …, Ack: …");
    }

    #[test]
    fn the_analysis_says_in_the_list_what_it_says_of_a_segment() {
        assert_eq!(AnalysisFlags::ALL[0], (AnalysisFlags::RETRANSMISSION, "retransmission"));
        let mut tree = PacketTree { info: "443 → 50000 [ACK]".into(), ..PacketTree::default() };
        mark(&mut tree, AnalysisFlags::NONE);
        assert_eq!(tree.info, "443 → 50000 [ACK]");
        mark(&mut tree, AnalysisFlags::RETRANSMISSION | AnalysisFlags::FAST_RETRANSMISSION);
        assert_eq!(tree.info, "[TCP Retransmission] [TCP Fast Retransmission] 443 → 50000 [ACK]");
        // The words are those of the flags.
        for ((_, token), word) in AnalysisFlags::ALL.iter().zip(WORDS) {
            let letters = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
            let begin = letters(token).chars().take(2).collect::<String>();
            assert!(
                letters(word).starts_with(&begin) || ["lost_segment", "reused_ports", "duplicate_ack"].contains(token),
                "{token} {word}"
            );
        }
    }
}
