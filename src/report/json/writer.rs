//! Writes JSON piece by piece: a report of a million rows needs no second copy of them and no allocation a field.

use super::buffer::{Buffer, MemberText};
use crate::json::{json_text, to_json};
use crate::model::{Address, Mac, Timestamp, Traffic};
use serde::Serialize;
use std::io::{self, Write};

/// A writer of one JSON value. Commas are its business, nesting is the caller's.
pub struct Writer<'a> {
    /// Where it goes; a piece goes nowhere by itself.
    out: Option<&'a mut dyn Write>,
    buffer: Buffer,
    comma: bool,
}

impl<'a> Writer<'a> {
    /// A writer to `out`.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self { out: Some(out), buffer: Buffer::of_chunk(), comma: false }
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
        if self.buffer.is_full() { self.pass() } else { Ok(()) }
    }

    /// Passes everything on.
    pub fn finish(mut self) -> io::Result<()> {
        self.buffer.put(b"\n");
        self.pass()
    }

    /// The name of a member with everything around it, where a row is written piece by piece: `{"name":` or `,"name":`.
    #[inline(always)]
    pub fn name(&mut self, piece: &MemberText) {
        self.buffer.put_piece(piece);
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

    #[inline]
    fn separate(&mut self) {
        if std::mem::replace(&mut self.comma, true) {
            self.buffer.put(b",");
        }
    }

    /// Anything that derives `Serialize`.
    pub fn item(&mut self, value: &(impl Serialize + ?Sized)) {
        self.separate();
        // Writing to memory cannot fail, and no section has keys that are no text.
        let _ = to_json(&mut self.buffer, value);
    }

    /// A member that derives `Serialize`.
    pub fn section(&mut self, name: &'static str, value: &(impl Serialize + ?Sized)) {
        self.key(name);
        self.item(value);
    }

    /// An array of what derives `Serialize`, one item a line.
    ///
    /// # Errors
    /// What the output answers to a write.
    pub fn list(&mut self, items: impl IntoIterator<Item = impl Serialize>) -> io::Result<()> {
        self.open(b'[');
        for item in items {
            self.line()?;
            self.item(&item);
        }
        self.close(b']');
        Ok(())
    }

    /// The members of an object that derives `Serialize`, among others of the object that is open.
    pub fn members(&mut self, value: &impl Serialize) {
        let text = json_text(value);
        if let [b'{', members @ .., b'}'] = text.as_bytes()
            && !members.is_empty()
        {
            self.separate();
            self.buffer.put(members);
        }
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
        let _ = to_json(&mut self.buffer, &value);
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
        let _ = to_json(&mut self.buffer, value);
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
                let mut text = [0; 16];
                let mut used = 0;
                for octet in address.octets() {
                    // Four bytes are always stored; the next octet overwrites those that are too many.
                    let (digits, length) = OCTETS[usize::from(octet)];
                    if let Some(place) = text.get_mut(used..).and_then(|rest| rest.first_chunk_mut()) {
                        *place = digits;
                    }
                    used += usize::from(length);
                }
                self.buffer.put_short(text.get(..used.saturating_sub(1)).unwrap_or(&[]));
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

    /// A member that is true or false.
    #[inline]
    pub fn flag(&mut self, name: &'static str, value: bool) {
        self.key(name);
        self.boolean(value);
    }

    /// The members `packets` and `wire_bytes`.
    #[inline]
    pub fn traffic(&mut self, traffic: Traffic) {
        self.count("packets", traffic.packets);
        self.count("wire_bytes", traffic.wire_bytes);
    }
}

/// Every octet in decimal with a dot behind it, and the bytes that are.
static OCTETS: [([u8; 4], u8); 256] = {
    let mut table = [([0; 4], 0); 256];
    let mut n = 0;
    while n < 256 {
        let (hundreds, tens, ones) = (b'0' + (n / 100) as u8, b'0' + (n / 10 % 10) as u8, b'0' + (n % 10) as u8);
        table[n] = match n {
            0..10 => ([ones, b'.', 0, 0], 2),
            10..100 => ([tens, ones, b'.', 0], 3),
            _ => ([hundreds, tens, ones, b'.'], 4),
        };
        n += 1;
    }
    table
};

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
            w.section("y", &None::<u64>);
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
    fn times_and_addresses_are_as_they_display() {
        for time in [Timestamp(0), Timestamp(-1), Timestamp(1_700_000_000_000_000_001), Timestamp(i64::MAX), Timestamp(i64::MIN)] {
            assert_eq!(written(|w| w.time(time)), format!("\"{time}\""));
        }
        let all = (0..=255u8).map(|n| Address::V4([n, 255 - n, n, n].into()));
        for address in all {
            assert_eq!(written(|w| w.address(address)), format!("\"{address}\""));
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
