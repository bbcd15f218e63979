//! RTP (RFC 3550): voice and pictures. Its header is too weak to be recognised by one packet: a stream is, by packets whose numbers follow.

use super::bytes::be32;
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::rtp::codec_name;
use crate::model::{Counter, Measure, RtpPacket, Tally};
use std::borrow::Cow;

const PACKETS: usize = 0;
const TYPES: usize = 1;

const COUNTERS: &[Counter] = &[
    Counter { token: "packets", title: "Packets", measure: Measure::Count },
    Counter { token: "payload_types", title: "Payload types", measure: Measure::Codes(payload_type) },
];

/// Bytes of a header without contributing sources.
const HEADER: u32 = 12;

/// Packets whose numbers follow the one before it, before a stream is one.
pub(super) const FOLLOWING: u8 = 4;

/// Payload types with a fixed meaning (RFC 3551 section 6).
fn payload_type(code: u32) -> Cow<'static, str> {
    let name = u8::try_from(code).ok().and_then(codec_name);
    name.map_or_else(|| format!("type {code}").into(), Cow::Borrowed)
}

/// RTP.
pub struct Rtp;

impl Dissector for Rtp {
    type State = ();

    const ABOUT: About = About { token: "rtp", title: "Real-time Transport", udp: Some(&[]), tcp: None, counters: COUNTERS };

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        header(payload).map_or(Probe::No, |packet| Probe::Follows(sample(&packet)))
    }

    fn datagram(payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        if let Some(packet) = header(payload) {
            count(out.tally(), &packet);
            out.rtp(&packet);
        }
        Progress::Continue
    }
}

/// Counts a packet of a stream.
pub(super) fn count(tally: &mut Tally, packet: &RtpPacket) {
    tally.add(PACKETS);
    tally.add_code(TYPES, packet.payload_type.into());
}

/// Whether a payload type may be one: none that is reserved (RFC 3551 table 4), nor what control packets beside it would look like (RFC 5761
/// section 4), to which the dynamic ones from 35 on (RFC 8035) go.
fn is_payload_type(payload_type: u8) -> bool {
    !matches!(payload_type, 1 | 2 | 19 | 64..=95)
}

/// The header of a packet: version 2, and a payload type that exists.
pub(super) fn header(payload: &Payload<'_>) -> Option<RtpPacket> {
    let &[first, second, s0, s1] = payload.bytes.first_chunk()?;
    let (payload_type, marker) = (second & 0x7f, second & 0x80 != 0);
    let sources = u32::from(first & 15) * 4;
    if first >> 6 != 2 || !is_payload_type(payload_type) || payload.length <= HEADER + sources {
        return None;
    }
    Some(RtpPacket {
        flow: *payload.flow,
        way: payload.way,
        time: payload.time,
        source: be32(payload.bytes, 8)?,
        sequence: u16::from_be_bytes([s0, s1]),
        ticks: be32(payload.bytes, 4)?,
        payload_type,
        marker,
        number: payload.number,
    })
}

/// What is remembered of a packet until the next: the stream, folded, and the number.
fn sample(packet: &RtpPacket) -> u32 {
    let folded = packet.source ^ packet.source >> 12 ^ packet.source >> 24;
    folded << 16 & 0x0fff_0000 | u32::from(packet.sequence)
}

/// Whether a packet is of the same stream as the one before, and its number follows.
pub(super) fn follows(before: u32, now: u32) -> bool {
    before & 0x0fff_0000 == now & 0x0fff_0000 && (1..=4).contains(&(now as u16).wrapping_sub(before as u16))
}

#[cfg(test)]
mod tests {

    use crate::dissect::talk::Talk;

    fn packet(number: u16, source: u32) -> Vec<u8> {
        [&[0x80, 0][..], &number.to_be_bytes(), &(u32::from(number) * 160).to_be_bytes(), &source.to_be_bytes(), &[7; 160]].concat()
    }

    #[test]
    fn a_stream_is_told_by_numbers_that_follow() {
        let told = |numbers: &[u16]| {
            let mut talk = Talk::udp(16_384);
            for (at, &n) in numbers.iter().enumerate() {
                // The other side speaks as well, about as often.
                talk = talk.client(packet(n, 77));
                talk = if at % 2 == 0 { talk.server(packet(n.wrapping_mul(3), 99 + u32::from(n))) } else { talk };
            }
            talk.app().map(str::to_owned)
        };
        assert_eq!(told(&[65_533, 65_534, 65_535, 0, 1, 2]).as_deref(), Some("rtp"));
        assert_eq!(told(&[1, 2, 4, 5, 6, 7]).as_deref(), Some("rtp"), "one is lost");
        assert_eq!(told(&[1, 900, 7, 30_000, 12, 5]), None);
        assert_eq!(told(&[1, 1, 2, 2, 3, 3, 4, 4, 5, 5]).as_deref(), Some("rtp"), "copies that are not left out");
        assert_eq!(told(&[5; 8]), None, "the same again and again");
    }

    /// RFC 7983: by their first byte.
    #[test]
    fn a_stream_beside_what_sets_it_up() {
        let stun = b"\0\x01\0\0\x21\x12\xa4\x42abcdefghijkl".to_vec();
        let rtcp = b"\x80\xc9\0\x01abcd".to_vec();
        let dtls = b"\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x04abcd".to_vec();
        let alone = |payload: &Vec<u8>, times| (0..times).fold(Talk::udp(16_384), |talk, _| talk.client(payload).server(payload));
        for (name, before) in [("stun", &stun), ("rtcp", &rtcp), ("dtls", &dtls)] {
            for times in [1, 60, 120] {
                let talk = alone(before, times);
                assert_eq!(talk.app(), Some(name));
                let talk = (10..16).fold(talk, |talk, n| talk.server(packet(n, 77)));
                assert_eq!((talk.app(), talk.told("packets").as_str()), (Some("rtp"), "6"), "{times} times {name}");
                assert_eq!(talk.client(before).server(packet(16, 77)).told("packets"), "7");
            }
            let talk = (0..6).fold(alone(before, 260), |talk, n| talk.server(packet(n, 77)));
            assert_eq!(talk.app(), Some(name), "nobody looks for ever");
        }
        assert_eq!(Talk::udp(16_384).client(&stun).server(&dtls).client(&rtcp).app(), Some("stun"), "the first gives the name");
    }

    #[test]
    fn types_that_exist() {
        let told = |payload_type: u8| {
            let packet = |n| [&[0x80, payload_type][..], &packet(n, 77)[2..]].concat();
            (0..6).fold(Talk::udp(16_384), |talk, n| talk.client(packet(n))).app()
        };
        for payload_type in [0, 3, 18, 34, 35, 63, 96, 127] {
            assert_eq!(told(payload_type), Some("rtp"), "{payload_type}");
        }
        for payload_type in [1, 2, 19, 64, 72, 76, 95] {
            assert_eq!(told(payload_type), None, "{payload_type}");
        }
    }

    #[test]
    fn what_only_looks_like_it() {
        for bytes in [&[0x80u8, 200, 0, 1][..], &[0x40; 40], &[0x80; 12], &[]] {
            let mut talk = Talk::udp(16_384);
            for _ in 0..8 {
                talk = talk.client(bytes);
            }
            assert_ne!(talk.app(), Some("rtp"), "{bytes:?}");
        }
    }
}
