//! A packet taken apart: every header and message it holds as a layer, every field of it with its value and its place in the bytes. Made for
//! one packet that somebody looks at, never on the main path.

use super::limits::{TREE_FIELDS, TREE_TEXT};
use super::text::printable;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

/// One field of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeField {
    /// Its name, as in Wireshark's display filters: `ip.ttl`.
    pub name: &'static str,
    /// What it is, in words.
    pub title: Cow<'static, str>,
    /// Its value, fit to be shown.
    pub value: String,
    /// Its value as a number, where it is one.
    pub number: Option<u64>,
    /// Its bytes, from the packet's first one.
    pub at: u32,
    /// How many bytes.
    pub length: u32,
    /// The bits of these bytes that are its own; 0: all.
    pub mask: u64,
    /// How many fields it is part of.
    pub depth: u8,
}

/// One header or message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeLayer {
    /// Its protocol, as in Wireshark's display filters: `ip`.
    pub token: &'static str,
    /// Its protocol in words.
    pub title: Cow<'static, str>,
    /// What matters of it, on one line.
    pub summary: String,
    /// Its first byte, from the packet's first one.
    pub at: u32,
    /// How many bytes; of the last one up to what is known of it.
    pub length: u32,
    /// Its fields in the order of its bytes.
    pub fields: Vec<TreeField>,
}

/// A packet taken apart, and the columns of a list of packets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PacketTree {
    /// The layers, outermost first.
    pub layers: Vec<TreeLayer>,
    /// Who sent it: the address of the innermost layer that has one.
    pub source: String,
    /// Whom it is for.
    pub destination: String,
    /// Its innermost protocol as lists call it: `TCP`, `DNS`.
    pub protocol: Cow<'static, str>,
    /// What it says, on one line.
    pub info: String,
    /// Fields for which there was no room.
    pub left_out: u32,
}

/// How a number is shown.
#[derive(Clone, Copy)]
pub enum Show {
    /// As a decimal number.
    Dec,
    /// As a hexadecimal number of the field's width.
    Hex,
    /// As a bit that is set or not.
    Flag,
    /// By a name, the number behind it.
    Named(fn(u64) -> &'static str),
    /// In words of its own.
    As(fn(u64) -> String),
}

/// Writes the fields of one layer; offsets count from the layer's first byte. What the packet does not hold is not written.
pub struct LayerWriter<'t, 'a> {
    tree: &'t mut PacketTree,
    /// All bytes of the packet.
    packet: &'a [u8],
    start: usize,
    end: usize,
    depth: u8,
}

impl PacketTree {
    /// Adds a layer that lies in `range` of the packet's bytes.
    pub fn layer<'t, 'a>(
        &'t mut self,
        token: &'static str,
        title: impl Into<Cow<'static, str>>,
        packet: &'a [u8],
        range: Range<usize>,
    ) -> LayerWriter<'t, 'a> {
        let end = range.end.min(packet.len());
        let start = range.start.min(end);
        self.layers.push(TreeLayer { token, title: title.into(), at: start as u32, length: (end - start) as u32, ..TreeLayer::default() });
        LayerWriter { tree: self, packet, start, end, depth: 0 }
    }

    /// The layer of a protocol, the innermost where there are several.
    pub fn find_layer(&self, token: &str) -> Option<&TreeLayer> {
        self.layers.iter().rev().find(|layer| layer.token == token)
    }

    /// The fields of a name, outermost first.
    pub fn fields<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s TreeField> + 's {
        self.layers.iter().flat_map(|layer| &layer.fields).filter(move |field| field.name == name)
    }

    /// Names the ends of a layer: those of an inner one replace them.
    pub fn between(&mut self, source: impl ToString, destination: impl ToString) {
        (self.source, self.destination) = (source.to_string(), destination.to_string());
    }

    /// Sets the columns of an inner layer in the place of those before.
    pub fn say(&mut self, protocol: impl Into<Cow<'static, str>>, info: impl Into<String>) {
        (self.protocol, self.info) = (protocol.into(), bounded(info.into()));
    }
}

/// A text of at most [`TREE_TEXT`] characters, fit to be shown.
fn bounded(text: String) -> String {
    let fit = match text.char_indices().nth(TREE_TEXT) {
        Some((at, _)) => Cow::Owned(format!("{}…", text.get(..at).unwrap_or_default())),
        None => Cow::Borrowed(text.as_str()),
    };
    match printable(&fit) {
        Cow::Borrowed(same) if same.len() == text.len() => text,
        fit => fit.into_owned(),
    }
}

impl<'a> LayerWriter<'_, 'a> {
    /// The bytes of the layer.
    pub fn bytes(&self) -> &'a [u8] {
        self.packet.get(self.start..self.end).unwrap_or_default()
    }

    /// Some of them; `None` when they are not all there.
    pub fn get(&self, at: usize, length: usize) -> Option<&'a [u8]> {
        self.bytes().get(at..at.checked_add(length)?)
    }

    /// How many bytes the layer has.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.end == self.start
    }

    /// The layer's first byte in the packet.
    pub fn start(&self) -> usize {
        self.start
    }

    /// A big-endian number of at most eight bytes.
    pub fn peek(&self, at: usize, length: usize) -> Option<u64> {
        let bytes = self.get(at, length.min(8))?;
        Some(bytes.iter().fold(0, |sum, &b| sum << 8 | u64::from(b)))
    }

    /// The same, 0 where it is not there.
    pub fn word(&self, at: usize, length: usize) -> u64 {
        self.peek(at, length).unwrap_or(0)
    }

    /// Says on the layer's line what matters of it.
    pub fn summary(&mut self, text: impl Into<String>) {
        if let Some(layer) = self.tree.layers.last_mut() {
            layer.summary = bounded(text.into());
        }
    }

    /// Sets the columns of the packet.
    pub fn say(&mut self, protocol: impl Into<Cow<'static, str>>, info: impl Into<String>) {
        self.tree.say(protocol, info);
    }

    /// Names the packet's ends.
    pub fn between(&mut self, source: impl ToString, destination: impl ToString) {
        self.tree.between(source, destination);
    }

    /// Whether another field has room; it is counted where not.
    fn has_room(&mut self) -> bool {
        let fields: usize = self.tree.layers.iter().map(|layer| layer.fields.len()).sum();
        if fields >= TREE_FIELDS {
            self.tree.left_out = self.tree.left_out.saturating_add(1);
        }
        fields < TREE_FIELDS
    }

    fn push(&mut self, name: &'static str, title: Cow<'static, str>, at: usize, length: usize, mask: u64, value: (String, Option<u64>)) {
        if !self.has_room() {
            return;
        }
        let begin = self.start.saturating_add(at).min(self.end);
        let end = begin.saturating_add(length).min(self.end);
        let (value, number) = (bounded(value.0), value.1);
        let (at, length, depth) = (begin as u32, (end - begin) as u32, self.depth);
        if let Some(layer) = self.tree.layers.last_mut() {
            layer.fields.push(TreeField { name, title, value, number, at, length, mask, depth });
        }
    }

    /// A big-endian number.
    pub fn number(&mut self, name: &'static str, title: &'static str, at: usize, length: usize, show: Show) -> Option<u64> {
        let number = self.peek(at, length)?;
        self.push(name, title.into(), at, length, 0, (shown(number, length * 8, show), Some(number)));
        Some(number)
    }

    /// Some bits of big-endian bytes.
    pub fn bits(&mut self, name: &'static str, title: &'static str, at: usize, length: usize, mask: u64, show: Show) -> Option<u64> {
        let number = (self.peek(at, length)? & mask) >> mask.trailing_zeros().min(63);
        self.push(name, title.into(), at, length, mask, (shown(number, mask.count_ones() as usize, show), Some(number)));
        Some(number)
    }

    /// The single bits of bytes: name, title and mask of each.
    pub fn flags(&mut self, at: usize, length: usize, flags: &[(&'static str, &'static str, u64)]) {
        for &(name, title, mask) in flags {
            self.bits(name, title, at, length, mask, Show::Flag);
        }
    }

    /// A value in words, of bytes that need not all be there.
    pub fn value(&mut self, name: &'static str, title: impl Into<Cow<'static, str>>, at: usize, length: usize, value: impl Into<String>) {
        if at <= self.len() {
            self.push(name, title.into(), at, length, 0, (value.into(), None));
        }
    }

    /// The same with its number.
    pub fn known(&mut self, name: &'static str, title: &'static str, at: usize, length: usize, value: impl Into<String>, number: u64) {
        if at <= self.len() {
            self.push(name, title.into(), at, length, 0, (value.into(), Some(number)));
        }
    }

    /// A MAC address.
    pub fn mac(&mut self, name: &'static str, title: &'static str, at: usize) -> Option<super::Mac> {
        let mac = super::Mac(*self.get(at, 6)?.first_chunk()?);
        self.push(name, title.into(), at, 6, 0, (mac.to_string(), None));
        Some(mac)
    }

    /// An IPv4 address.
    pub fn ipv4(&mut self, name: &'static str, title: &'static str, at: usize) -> Option<Ipv4Addr> {
        let address = Ipv4Addr::from(*self.get(at, 4)?.first_chunk::<4>()?);
        self.push(name, title.into(), at, 4, 0, (address.to_string(), None));
        Some(address)
    }

    /// An IPv6 address.
    pub fn ipv6(&mut self, name: &'static str, title: &'static str, at: usize) -> Option<Ipv6Addr> {
        let address = Ipv6Addr::from(*self.get(at, 16)?.first_chunk::<16>()?);
        self.push(name, title.into(), at, 16, 0, (address.to_string(), None));
        Some(address)
    }

    /// Text of so many bytes or as many as there are.
    pub fn text(&mut self, name: &'static str, title: impl Into<Cow<'static, str>>, at: usize, length: usize) -> String {
        let all = self.bytes().get(at..).unwrap_or_default();
        let bytes = all.get(..length).unwrap_or(all);
        let text = bounded(String::from_utf8_lossy(bytes.get(..4 * TREE_TEXT).unwrap_or(bytes)).trim_end_matches('\0').to_owned());
        self.value(name, title, at, bytes.len(), text.clone());
        text
    }

    /// Bytes as they are: the first of them, and how many.
    pub fn raw(&mut self, name: &'static str, title: impl Into<Cow<'static, str>>, at: usize, length: usize) {
        let all = self.bytes().get(at..).unwrap_or_default();
        let bytes = all.get(..length).unwrap_or(all);
        if !bytes.is_empty() {
            self.value(name, title, at, bytes.len(), hex(bytes));
        }
    }

    /// Writes a header that is quoted at `at`: its fields are part of the one before, and the columns stay as they are.
    pub fn quote(&mut self, at: usize, write: impl FnOnce(&mut Self)) {
        let columns = [&self.tree.source, &self.tree.destination, &self.tree.info].map(String::clone);
        let (protocol, start) = (self.tree.protocol.clone(), self.start);
        let summary = self.tree.layers.last().map(|layer| layer.summary.clone());
        self.start = self.start.saturating_add(at).min(self.end);
        self.inside(write);
        self.start = start;
        [self.tree.source, self.tree.destination, self.tree.info] = columns;
        self.tree.protocol = protocol;
        self.summary(summary.unwrap_or_default());
    }

    /// Writes fields that are part of the one before.
    pub fn inside<R>(&mut self, write: impl FnOnce(&mut Self) -> R) -> R {
        self.depth = self.depth.saturating_add(1);
        let result = write(self);
        self.depth = self.depth.saturating_sub(1);
        result
    }

    /// Writes type and length of the values that stand one behind the other from `at` on, all that are there; inside each what `write` makes of its type,
    /// and of place and length of its content.
    pub fn values(&mut self, at: usize, heads: &ValueHeads, mut write: impl FnMut(&mut Self, u64, usize, usize)) {
        let ValueHeads { width, counts_head, names: [kind_name, length_name], words } = *heads;
        let mut at = at;
        while let (Some(kind), Some(length)) = (self.peek(at, width), self.peek(at.saturating_add(width), width)) {
            self.number(kind_name, "Type", at, width, Show::Named(words));
            self.number(length_name, "Length", at + width, width, Show::Dec);
            let content = (length as usize).saturating_sub(if counts_head { 2 * width } else { 0 });
            at = at.saturating_add(2 * width);
            self.inside(|w| write(w, kind, at, content));
            at = at.saturating_add(content);
        }
    }
}

/// How values begin that stand one behind the other: a type and a length, of as many bytes each.
#[derive(Debug, Clone, Copy)]
pub struct ValueHeads {
    /// Bytes of the type and of the length.
    pub width: usize,
    /// Whether the length counts type and length too.
    pub counts_head: bool,
    /// Names of type and length, as in Wireshark's display filters.
    pub names: [&'static str; 2],
    /// A type in words.
    pub words: fn(u64) -> &'static str,
}

/// Bytes shown of a field without a meaning of its own.
const HEX_BYTES: usize = 24;

/// The first bytes in hexadecimal, and how many there are where that is not all.
fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * HEX_BYTES + 16);
    for byte in bytes.iter().take(HEX_BYTES) {
        let _ = write!(text, "{byte:02x}");
    }
    if bytes.len() > HEX_BYTES {
        let _ = write!(text, "… ({} bytes)", bytes.len());
    }
    text
}

/// A number of so many bits as text.
fn shown(number: u64, bits: usize, show: Show) -> String {
    let hex = |number| format!("0x{number:0width$x}", width = bits.div_ceil(4).max(1));
    match show {
        Show::Dec => number.to_string(),
        Show::Hex => hex(number),
        Show::Flag => if number == 0 { "Not set" } else { "Set" }.to_owned(),
        Show::As(text) => text(number),
        Show::Named(name) => match name(number) {
            "" => format!("Unknown ({number})"),
            name => format!("{name} ({number})"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_bytes_and_bits() {
        let packet = [0xff, 0x45, 0x1b, 0x41];
        let mut tree = PacketTree::default();
        let mut layer = tree.layer("ip", "IPv4", &packet, 1..9);
        assert_eq!(layer.len(), 3, "as far as there are bytes");
        assert_eq!(layer.bits("ip.version", "Version", 0, 1, 0xf0, Show::Dec), Some(4));
        layer.inside(|layer| assert_eq!(layer.bits("x", "X", 1, 1, 0x18, Show::Hex), Some(3)));
        assert_eq!(layer.number("y", "Y", 2, 2, Show::Dec), None, "it is cut");
        layer.text("t", "T", 1, 9);
        let found: Vec<_> = tree.layers[0].fields.iter().map(|f| (f.name, f.value.as_str(), f.at, f.length, f.mask, f.depth)).collect();
        assert_eq!(found, [("ip.version", "4", 1, 1, 0xf0, 0), ("x", "0x3", 2, 1, 0x18, 1), ("t", "\\u{1b}A", 2, 2, 0, 0)]);
        assert_eq!(tree.find_layer("ip").map(|l| (l.at, l.length)), Some((1, 3)));
    }

    #[test]
    fn a_tree_is_bounded() {
        let packet = [7; 64];
        let mut tree = PacketTree::default();
        let mut layer = tree.layer("data", "Data", &packet, 0..64);
        for _ in 0..TREE_FIELDS + 5 {
            layer.number("n", "N", 0, 1, Show::Dec);
        }
        layer.say("X", "a".repeat(3 * TREE_TEXT));
        assert_eq!((tree.layers[0].fields.len(), tree.left_out), (TREE_FIELDS, 5));
        assert_eq!(tree.info.chars().count(), TREE_TEXT + 1);
    }
}
