//! Writes JSON piece by piece: a report of a million rows needs no second copy of them and no allocation a field.

use crate::model::{Address, Mac, Timestamp, Traffic};
use serde::Serialize;
use std::io::{self, Write};

/// Bytes gathered before they go on: large enough that a system call costs nothing per row.
const CHUNK: usize = 256 * 1024;

/// Bytes a turn of rows usually takes. Small enough to be the allocator's own, which hands it out again for the next list.
const TURN_BYTES: usize = 96 * 1024;

/// A writer of one JSON value. Commas are its business, nesting is the caller's.
pub struct Writer<'a> {
    /// Where it goes; a piece goes nowhere by itself.
    out: Option<&'a mut dyn Write>,
    buffer: Buffer,
    comma: bool,
}

/// Bytes that gather. Its memory is always all there, so that a piece of known length is stored by a comparison and a move or two.
#[derive(Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    used: usize,
}

impl Buffer {
    /// An empty one for a turn of rows.
    pub fn of_turn() -> Self {
        Self { bytes: vec![0; TURN_BYTES], used: 0 }
    }

    #[inline(always)]
    fn put(&mut self, piece: &[u8]) {
        let end = self.used + piece.len();
        match self.bytes.get_mut(self.used..end) {
            Some(place) => {
                place.copy_from_slice(piece);
                self.used = end;
            }
            None => self.grow(piece),
        }
    }

    /// Puts a piece of unknown length in, which is short more often than not: then no function is called for it.
    #[inline]
    fn put_short(&mut self, piece: &[u8]) {
        let end = self.used + piece.len();
        if let Some(place) = self.bytes.get_mut(self.used..end)
            && piece.len() <= 32
        {
            self.used = end;
            copy_short(place, piece);
        } else {
            self.put(piece);
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, piece: &[u8]) {
        self.bytes.resize(self.used + piece.len() + CHUNK, 0);
        self.put(piece);
    }

    fn pass(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let used = std::mem::take(&mut self.used);
        out.write_all(self.bytes.get(..used).unwrap_or(&[]))
    }
}

/// Copies up to 32 bytes as two halves that may overlap.
#[inline(always)]
fn copy_short(place: &mut [u8], piece: &[u8]) {
    macro_rules! halves {
        ($n:literal) => {
            if let (Some(first), Some(last)) = (piece.first_chunk::<$n>(), piece.last_chunk::<$n>()) {
                place.first_chunk_mut::<$n>().into_iter().for_each(|p| *p = *first);
                place.last_chunk_mut::<$n>().into_iter().for_each(|p| *p = *last);
                return;
            }
        };
    }
    halves!(16);
    halves!(8);
    halves!(4);
    halves!(2);
    place.iter_mut().zip(piece).for_each(|(to, from)| *to = *from);
}

impl Write for Buffer {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.put(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> Writer<'a> {
    /// A writer to `out`.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self { out: Some(out), buffer: Buffer { bytes: vec![0; CHUNK + 4096], used: 0 }, comma: false }
    }

    /// A writer of items that stand behind others; they gather in an empty buffer.
    pub fn of_piece(buffer: Buffer) -> Self {
        Self { out: None, buffer, comma: true }
    }

    /// What has gathered.
    pub fn into_buffer(self) -> Buffer {
        self.buffer
    }

    /// Appends the items that gathered in a piece's buffer, which is empty then.
    pub fn append(&mut self, mut piece: Buffer) -> io::Result<Buffer> {
        self.pass()?;
        if let Some(out) = &mut self.out {
            piece.pass(*out)?;
        }
        self.comma = true;
        Ok(piece)
    }

    fn pass(&mut self) -> io::Result<()> {
        match &mut self.out {
            Some(out) => self.buffer.pass(*out),
            None => Ok(()),
        }
    }

    /// Begins an object or array.
    pub fn open(&mut self, bracket: u8) {
        self.separate();
        self.buffer.put(&[bracket]);
        self.comma = false;
    }

    /// Ends an object or array.
    pub fn close(&mut self, bracket: u8) {
        self.buffer.put(&[bracket]);
        self.comma = true;
    }

    /// Starts the next item or member on a line of its own, and passes on what has gathered.
    pub fn line(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.comma) {
            self.buffer.put(b",");
        }
        self.buffer.put(b"\n");
        if self.buffer.used >= CHUNK { self.pass() } else { Ok(()) }
    }

    /// Passes everything on.
    pub fn finish(mut self) -> io::Result<()> {
        self.buffer.put(b"\n");
        self.pass()
    }

    /// The name of a member with everything around it, where a row is written piece by piece: `{"name":` or `,"name":`.
    #[inline]
    pub fn name(&mut self, piece: &str) {
        self.buffer.put_short(piece.as_bytes());
        self.comma = false;
    }

    /// The name of a member that is not known before.
    pub fn member(&mut self, name: &str) {
        self.separate();
        self.buffer.put(b"\"");
        self.buffer.put(name.as_bytes());
        self.buffer.put(b"\":");
        self.comma = false;
    }

    /// The name of a member. Names are this program's own words and need no escaping.
    #[inline(always)]
    pub fn key(&mut self, name: &'static str) {
        self.separate();
        self.buffer.put(b"\"");
        self.buffer.put(name.as_bytes());
        self.buffer.put(b"\":");
        self.comma = false;
    }

    /// Begins a value with a name that comes from packets.
    pub fn key_text(&mut self, name: &str) {
        self.string(name);
        self.buffer.put_short(b":");
        self.comma = false;
    }

    #[inline]
    fn separate(&mut self) {
        if std::mem::replace(&mut self.comma, true) {
            self.buffer.put(b",");
        }
    }

    /// Anything that derives `Serialize`.
    pub fn item(&mut self, value: &impl Serialize) {
        self.separate();
        // Writing to memory cannot fail, and no section has keys that are no text.
        let _ = serde_json::to_writer(&mut self.buffer, value);
    }

    /// A member that derives `Serialize`.
    pub fn section(&mut self, name: &'static str, value: &impl Serialize) {
        self.key(name);
        self.item(value);
    }

    /// A whole number.
    #[inline]
    pub fn number(&mut self, value: u64) {
        self.separate();
        digits(&mut self.buffer, value);
    }

    /// Any number; what is not finite becomes `null`.
    pub fn float(&mut self, value: f64) {
        self.separate();
        // Writing to memory cannot fail, and serde_json writes no number that is not finite.
        let _ = serde_json::to_writer(&mut self.buffer, &value);
    }

    /// One of this program's own words, most of which need no escaping.
    #[inline]
    pub fn word(&mut self, value: &'static str) {
        if value.bytes().any(|b| b < b' ' || b == b'"' || b == b'\\') {
            return self.string(value);
        }
        self.separate();
        self.buffer.put(b"\"");
        self.buffer.put_short(value.as_bytes());
        self.buffer.put(b"\"");
    }

    /// Text from anywhere.
    pub fn string(&mut self, value: &str) {
        self.separate();
        let _ = serde_json::to_writer(&mut self.buffer, value);
    }

    /// True or false.
    pub fn boolean(&mut self, value: bool) {
        self.separate();
        self.buffer.put(if value { b"true" } else { b"false" });
    }

    /// Nothing.
    pub fn null(&mut self) {
        self.separate();
        self.buffer.put(b"null");
    }

    /// A time, as a string of seconds with nine decimals.
    #[inline]
    pub fn time(&mut self, value: Timestamp) {
        self.separate();
        self.buffer.put(b"\"");
        if value.0 < 0 {
            self.buffer.put(b"-");
        }
        let magnitude = value.0.unsigned_abs();
        digits(&mut self.buffer, magnitude / 1_000_000_000);
        // The one in front keeps the zeros behind it.
        let mut text = itoa::Buffer::new();
        let decimals = text.format(1_000_000_000 + magnitude % 1_000_000_000);
        self.buffer.put(b".");
        if let Some(decimals) = decimals.as_bytes().last_chunk::<9>() {
            self.buffer.put(decimals);
        }
        self.buffer.put(b"\"");
    }

    /// An address in its usual notation.
    #[inline]
    pub fn address(&mut self, value: Address) {
        self.separate();
        self.buffer.put(b"\"");
        match value {
            Address::Mac(Mac(bytes)) => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                let mut text = [b':'; 17];
                for (place, byte) in text.chunks_mut(3).zip(bytes) {
                    place[0] = HEX[usize::from(byte >> 4)];
                    place[1] = HEX[usize::from(byte & 15)];
                }
                self.buffer.put(&text);
            }
            Address::V4(address) => {
                let mut text = [b'.'; 15];
                let mut length = 0;
                let mut push = |byte: u8| {
                    text[length] = byte;
                    length += 1;
                };
                for (i, byte) in address.octets().into_iter().enumerate() {
                    if i > 0 {
                        push(b'.');
                    }
                    if byte >= 100 {
                        push(b'0' + byte / 100);
                    }
                    if byte >= 10 {
                        push(b'0' + byte / 10 % 10);
                    }
                    push(b'0' + byte % 10);
                }
                self.buffer.put_short(&text[..length]);
            }
            Address::V6(address) => {
                let _ = write!(self.buffer, "{address}");
            }
        }
        self.buffer.put(b"\"");
    }

    /// A member that is a whole number.
    #[inline(always)]
    pub fn count(&mut self, name: &'static str, value: u64) {
        self.key(name);
        self.number(value);
    }

    /// A member that is text.
    #[inline]
    pub fn text(&mut self, name: &'static str, value: &str) {
        self.key(name);
        self.string(value);
    }

    /// A member that is a number with a fraction.
    #[inline]
    pub fn real(&mut self, name: &'static str, value: f64) {
        self.key(name);
        self.float(value);
    }

    /// A member that is true or false.
    #[inline]
    pub fn flag(&mut self, name: &'static str, value: bool) {
        self.key(name);
        self.boolean(value);
    }

    /// A member that is a time, `null` when there is none.
    pub fn at(&mut self, name: &'static str, value: Option<Timestamp>) {
        self.key(name);
        match value {
            Some(time) => self.time(time),
            None => self.null(),
        }
    }

    /// The members `packets` and `wire_bytes`.
    #[inline]
    pub fn traffic(&mut self, traffic: Traffic) {
        self.count("packets", traffic.packets);
        self.count("wire_bytes", traffic.wire_bytes);
    }
}

/// Appends a number in decimal.
#[inline]
fn digits(buffer: &mut Buffer, value: u64) {
    buffer.put_short(itoa::Buffer::new().format(value).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Writer)) -> String {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out);
        write(&mut writer);
        writer.finish().unwrap();
        String::from_utf8(out).unwrap().trim_end().to_owned()
    }

    #[test]
    fn values_are_json() {
        let text = written(|w| {
            w.open(b'[');
            for n in [0, 7, 10, 1_234_567, u64::MAX] {
                w.number(n);
            }
            w.float(1.5);
            w.float(f64::NAN);
            w.string("a\"b\x1b");
            w.word("own");
            w.word("a\"b\x1b");
            w.null();
            w.boolean(true);
            w.open(b'{');
            w.count("x", 1);
            w.at("y", None);
            w.close(b'}');
            w.close(b']');
        });
        assert_eq!(
            text,
            "[0,7,10,1234567,18446744073709551615,1.5,null,\"a\\\"b\\u001b\",\"own\",\"a\\\"b\\u001b\",null,true,{\"x\":1,\"y\":null}]"
        );
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }

    #[test]
    fn short_pieces_of_every_length_are_whole() {
        let text: Vec<u8> = (b'a'..=b'z').collect();
        let mut buffer = Buffer::of_turn();
        let mut want: Vec<u8> = Vec::new();
        for length in 0..=text.len() {
            buffer.put_short(&text[..length]);
            want.extend(&text[..length]);
        }
        assert_eq!(buffer.bytes[..buffer.used], want);
        let mut empty = Buffer::default();
        empty.put_short(b"abc");
        assert_eq!(empty.bytes[..empty.used], *b"abc");
    }

    #[test]
    fn times_and_addresses_are_as_they_display() {
        for time in [Timestamp(0), Timestamp(-1), Timestamp(1_700_000_000_000_000_001), Timestamp(i64::MAX), Timestamp(i64::MIN)] {
            assert_eq!(written(|w| w.time(time)), format!("\"{time}\""));
        }
        let addresses = [
            Address::Mac(Mac([0, 0x1f, 0xa0, 9, 0xff, 1])),
            Address::V4([10, 0, 200, 255].into()),
            Address::V6("2001:db8::1".parse().unwrap()),
            Address::V6("::ffff:10.0.0.1".parse().unwrap()),
        ];
        for address in addresses {
            assert_eq!(written(|w| w.address(address)), format!("\"{address}\""));
        }
    }
}
