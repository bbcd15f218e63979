//! Questions to the kernel over netlink (RFC 3549), and the attributes of its answers. Messages are in the byte order of the
//! machine.

use netlink_packet_core::{NLM_F_DUMP, NLM_F_MULTIPART, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR, NetlinkBuffer, NlasIterator};
use netlink_sys::{Socket, SocketAddr};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;

/// Bytes of a message's header.
const HEADER: usize = 16;

/// Room for an answer: the kernel fills at most 32 KiB at a time, and no single answer asked for here is longer.
const ANSWER: usize = 64 * 1024;

/// Messages of one answer, at most: a host with more interfaces than this is cut short.
const MESSAGES: usize = 16_384;

/// Seconds to wait for an answer. The kernel answers within the call that asks, so this is for what cannot be.
const REPLY_TIMEOUT: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// A socket that asks and waits.
pub struct Client {
    socket: Socket,
    sequence: u32,
}

impl Client {
    /// Opens a socket of a netlink protocol.
    pub fn open(protocol: isize) -> io::Result<Self> {
        let mut socket = Socket::new(protocol)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        socket.set_non_blocking(true)?;
        Ok(Self { socket, sequence: 0 })
    }

    /// Asks, and returns the payload of each message of the answer. `dump`: for everything there is.
    ///
    /// # Errors
    /// What the kernel says (`EOPNOTSUPP`: the driver does not have it; `ENODEV`: no such interface), or the socket.
    pub fn ask(&mut self, kind: u16, dump: bool, payload: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        self.sequence = self.sequence.wrapping_add(1);
        let question = message(kind, dump, self.sequence, payload);
        self.socket.send(&question, 0)?;
        let mut answer = Vec::new();
        let mut buffer: Vec<u8> = Vec::with_capacity(ANSWER);
        while answer.len() < MESSAGES {
            buffer.clear();
            match self.socket.recv(&mut buffer, 0) {
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    if poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&REPLY_TIMEOUT))? == 0 {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    continue;
                }
                Err(e) => return Err(e),
            }
            if messages(&buffer, self.sequence, &mut answer)? {
                break;
            }
        }
        Ok(answer)
    }
}

/// A question.
fn message(kind: u16, dump: bool, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; HEADER];
    bytes.extend_from_slice(payload);
    let length = bytes.len();
    let mut buffer = NetlinkBuffer::new(&mut bytes);
    buffer.set_length(length as u32);
    buffer.set_message_type(kind);
    buffer.set_flags(if dump { NLM_F_REQUEST | NLM_F_DUMP } else { NLM_F_REQUEST });
    buffer.set_sequence_number(sequence);
    bytes
}

/// Takes the messages of one datagram that answer the question `sequence`; true when the answer is complete.
fn messages(mut bytes: &[u8], sequence: u32, answer: &mut Vec<Vec<u8>>) -> io::Result<bool> {
    let bad = || io::Error::from(io::ErrorKind::InvalidData);
    while !bytes.is_empty() {
        let message = NetlinkBuffer::new_checked(bytes).map_err(|_| bad())?;
        let length = message.length() as usize;
        if message.sequence_number() == sequence {
            match message.message_type() {
                NLMSG_ERROR => {
                    return match message.payload().first_chunk().map(|code| i32::from_ne_bytes(*code)) {
                        Some(0) => Ok(true),
                        Some(code) => Err(io::Error::from_raw_os_error(code.saturating_neg())),
                        None => Err(bad()),
                    };
                }
                NLMSG_DONE => return Ok(true),
                _ => answer.push(message.payload().to_vec()),
            }
            if message.flags() & NLM_F_MULTIPART == 0 {
                return Ok(true);
            }
        }
        // Messages begin at multiples of four bytes.
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(false)
}

/// The attributes of a message or of a nest: number and value. Ends at the first that does not fit.
pub fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    NlasIterator::new(bytes).map_while(Result::ok).map(|a| (a.kind(), a.into_inner().get(4..usize::from(a.length())).unwrap_or_default()))
}

/// The value of an attribute.
pub fn attribute(bytes: &[u8], kind: u16) -> Option<&[u8]> {
    attributes(bytes).find(|(k, _)| *k == kind).map(|(_, value)| value)
}

/// An attribute of four bytes.
pub fn number(bytes: &[u8], kind: u16) -> Option<u32> {
    attribute(bytes, kind)?.first_chunk().map(|value| u32::from_ne_bytes(*value))
}

/// An attribute of one byte.
pub fn byte(bytes: &[u8], kind: u16) -> Option<u8> {
    attribute(bytes, kind)?.first().copied()
}

/// An attribute of text, which ends at its first zero.
pub fn text(bytes: &[u8], kind: u16) -> Option<String> {
    attribute(bytes, kind).map(name)
}

/// Text that ends at its first zero.
pub fn name(value: &[u8]) -> String {
    String::from_utf8_lossy(value.split(|b| *b == 0).next().unwrap_or_default()).into_owned()
}

/// Appends an attribute.
pub fn put(into: &mut Vec<u8>, kind: u16, value: &[u8]) {
    into.extend_from_slice(&((4 + value.len()) as u16).to_ne_bytes());
    into.extend_from_slice(&kind.to_ne_bytes());
    into.extend_from_slice(value);
    into.resize(into.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer of one message.
    fn reply(kind: u16, flags: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes = message(kind, false, sequence, payload);
        NetlinkBuffer::new(&mut bytes).set_flags(flags);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn answers_are_taken_apart() {
        let mut answer = Vec::new();
        let datagram =
            [reply(20, NLM_F_MULTIPART, 7, b"one"), reply(20, NLM_F_MULTIPART, 6, b"old"), reply(20, NLM_F_MULTIPART, 7, b"two")];
        assert!(!messages(&datagram.concat(), 7, &mut answer).unwrap());
        assert!(messages(&reply(NLMSG_DONE, NLM_F_MULTIPART, 7, &[0; 4]), 7, &mut answer).unwrap());
        assert_eq!(answer, [b"one".to_vec(), b"two".to_vec()]);
        assert!(messages(&reply(20, 0, 7, b"x"), 7, &mut answer).unwrap(), "a single message is the whole answer");
        let refused = messages(&reply(NLMSG_ERROR, 0, 7, &(-95i32).to_ne_bytes()), 7, &mut answer).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(95));
        assert!(messages(&reply(NLMSG_ERROR, 0, 7, &0i32.to_ne_bytes()), 7, &mut answer).unwrap());
        assert!(messages(&reply(NLMSG_ERROR, 0, 7, &[]), 7, &mut answer).is_err());
        assert!(messages(&[1, 2, 3], 7, &mut answer).is_err());
        // A length of zero must not be read again and again.
        assert!(messages(&[0; 32], 7, &mut answer).is_err());
    }

    #[test]
    fn attributes_are_found() {
        let mut bytes = Vec::new();
        put(&mut bytes, 3, b"eth1\0");
        put(&mut bytes, 4, &1500u32.to_ne_bytes());
        put(&mut bytes, 33, &[1]);
        assert_eq!(text(&bytes, 3).as_deref(), Some("eth1"));
        assert_eq!((number(&bytes, 4), byte(&bytes, 33), number(&bytes, 5)), (Some(1500), Some(1), None));
        assert_eq!(number(&bytes, 33), None, "one byte is no number of four");
        assert_eq!(attributes(&bytes).count(), 3);
        assert_eq!(attributes(bytes.get(..bytes.len() - 9).unwrap()).count(), 1, "what is cut is left out");
        assert_eq!(attributes(&[0, 0, 1, 0, 8, 0]).count(), 0);
    }

    #[test]
    fn the_kernel_answers() {
        let mut client = Client::open(netlink_sys::protocols::NETLINK_ROUTE).expect("a socket");
        // RTM_GETLINK of everything: a loopback interface is always there.
        let links = client.ask(18, true, &[0; 16]).expect("links");
        assert!(links.iter().any(|link| text(&link[16..], 3).as_deref() == Some("lo")));
        let mut wrong = vec![0; 16];
        put(&mut wrong, 3, b"no-such-port\0");
        assert_eq!(client.ask(18, false, &wrong).unwrap_err().raw_os_error(), Some(19), "ENODEV");
    }
}
