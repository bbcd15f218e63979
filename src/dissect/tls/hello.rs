//! The bodies of ClientHello and ServerHello (RFC 8446 section 4.1, RFC 5246 section 7.4.1), read in place.

/// Extension numbers: server name (RFC 6066), application protocol (RFC 7301), versions (RFC 8446 section 4.2.1).
const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;
const SUPPORTED_VERSIONS: u16 = 43;

/// What a ServerHello that asks for another ClientHello has for random bytes (RFC 8446 section 4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
    0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Application protocols of one hello that are looked at.
const PROTOCOLS: usize = 16;

/// What a client offers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClientHello<'a> {
    /// The highest version offered.
    pub version: u16,
    /// The name of the server it wants (RFC 6066 section 3).
    pub server_name: Option<&'a [u8]>,
    /// The list of application protocols, each behind its length.
    protocols: &'a [u8],
    /// Numbers of ciphers.
    ciphers: &'a [u8],
    /// Extensions, behind the length of all.
    extensions: &'a [u8],
}

impl<'a> ClientHello<'a> {
    /// Reads the body of the message; what is there of it when it is not all well-formed.
    pub fn read(body: &'a [u8]) -> Option<Self> {
        let mut rest = Bytes(body);
        let mut hello = Self { version: rest.word()?, ..Self::default() };
        rest.take(32)?;
        let session = rest.byte()?;
        rest.take(session.into())?;
        let ciphers = rest.word()?;
        hello.ciphers = rest.take(ciphers.into())?;
        let compressions = rest.byte()?;
        rest.take(compressions.into())?;
        hello.extensions = rest.0;
        for (kind, data) in extensions(rest) {
            match kind {
                SERVER_NAME => hello.server_name = hello.server_name.or(server_name(data)),
                ALPN => hello.protocols = data.get(2..).unwrap_or_default(),
                SUPPORTED_VERSIONS => {
                    let list = data.get(1..).unwrap_or_default().chunks_exact(2);
                    let versions = list.map(|v| v.iter().fold(0, |n, b| n << 8 | u16::from(*b))).filter(|v| !is_grease(*v));
                    hello.version = versions.max_by_key(|v| rank(*v)).unwrap_or(hello.version);
                }
                _ => {}
            }
        }
        Some(hello)
    }

    /// The ciphers it offers, in its order.
    pub fn ciphers(&self) -> impl Iterator<Item = u16> + use<'a> {
        self.ciphers.chunks_exact(2).map(|pair| pair.iter().fold(0, |word, byte| word << 8 | u16::from(*byte)))
    }

    /// Its extensions, in its order.
    pub fn extensions(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        extensions(Bytes(self.extensions))
    }

    /// The first application protocol it offers, whatever it is.
    pub fn first_protocol(&self) -> Option<&'a [u8]> {
        let mut rest = Bytes(self.protocols);
        let length = rest.byte()?;
        rest.take(length.into())
    }

    /// The application protocols it offers.
    pub fn protocols(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = Bytes(self.protocols);
        std::iter::from_fn(move || {
            let length = rest.byte()?;
            rest.take(length.into())
        })
        .filter(|name| !matches!(name, [a, b] if a == b && a & 15 == 10))
        .take(PROTOCOLS)
    }
}

/// What a server chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerHello {
    /// The version of the connection.
    pub version: u16,
    /// Whether it asks for another ClientHello instead.
    pub is_retry: bool,
}

impl ServerHello {
    /// Reads the body of the message.
    pub fn read(body: &[u8]) -> Option<Self> {
        let mut rest = Bytes(body);
        let legacy = rest.word()?;
        let is_retry = rest.take(32)? == RETRY;
        let session = rest.byte()?;
        rest.take(session.into())?;
        rest.take(3)?;
        let chosen = extensions(rest).find(|(kind, _)| *kind == SUPPORTED_VERSIONS).and_then(|(_, data)| Bytes(data).word());
        Some(Self { version: chosen.unwrap_or(legacy), is_retry })
    }
}

/// The extensions behind a hello's fixed fields, as far as they are well-formed.
fn extensions(mut rest: Bytes<'_>) -> impl Iterator<Item = (u16, &[u8])> {
    let length = rest.word().unwrap_or(0);
    let mut list = Bytes(rest.0.get(..length.into()).unwrap_or(rest.0));
    std::iter::from_fn(move || {
        let (kind, length) = (list.word()?, list.word()?);
        Some((kind, list.take(length.into())?))
    })
}

/// The first host name of the extension.
fn server_name(data: &[u8]) -> Option<&[u8]> {
    let mut list = Bytes(data);
    list.word()?;
    loop {
        let (kind, length) = (list.byte()?, list.word()?);
        let name = list.take(length.into())?;
        if kind == 0 && !name.is_empty() {
            return Some(name);
        }
    }
}

/// Values that clients send so that servers learn to ignore what they do not know (RFC 8701).
pub fn is_grease(value: u16) -> bool {
    let [a, b] = value.to_be_bytes();
    a == b && a & 15 == 10
}

/// Orders versions: drafts of TLS 1.3 (0x7fNN) come before it and after TLS 1.2.
fn rank(version: u16) -> u32 {
    match version {
        0x7f00..=0x7fff => 0x0303_8000 | u32::from(version),
        other => u32::from(other) << 16,
    }
}

/// Bytes that are taken from the front.
#[derive(Debug, Clone, Copy)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(front)
    }

    fn byte(&mut self) -> Option<u8> {
        let [byte] = *self.take(1)?.first_chunk()?;
        Some(byte)
    }

    fn word(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(*self.take(2)?.first_chunk()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = ServerHello::read(&bytes);
            if let Some(hello) = ClientHello::read(&bytes) {
                prop_assert!(hello.protocols().count() <= PROTOCOLS);
                prop_assert!(hello.server_name.is_none_or(|name| !name.is_empty()));
            }
        }
    }

    #[test]
    fn versions_in_order() {
        assert!(rank(0x0304) > rank(0x7f1c) && rank(0x7f1c) > rank(0x0303) && rank(0x0303) > rank(0x0301));
    }
}
