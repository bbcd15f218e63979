//! Stamps built by the vendors' layouts, and what is none.

use super::*;
use crate::packet::Packet;
use crate::packet::checksum::checksum;

const NOW: Timestamp = Timestamp(1_700_000_000 * SECOND);

/// An IPv4/UDP frame of `length` bytes (at least 60), and where its network layer ends.
fn frame(payload: usize) -> (Vec<u8>, usize) {
    let ip = Packet::eth([2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 1]).ipv4([10, 0, 0, 1], [10, 0, 0, 2]);
    let packet = ip.udp(0x1000, 0x2000).checksum(0).payload(&vec![0; payload]);
    (packet.build(), packet.unpadded().build().len())
}

fn be32(word: u32) -> [u8; 4] {
    word.to_be_bytes()
}

/// Seconds and nanoseconds, 37 s ahead.
fn ahead() -> (Vec<u8>, Timestamp) {
    ([be32(1_700_000_037), be32(123_456_789)].concat(), Timestamp(1_700_000_037 * SECOND + 123_456_789))
}

/// Long and short frames, each with the trailer, with and without a check sequence behind it: what is found must be the same and take exactly
/// what was put there. Cut anywhere it is not found, or not where it was.
fn found(kind: StampKind, make: impl Fn(&[u8]) -> Vec<u8>) -> Stamp {
    let mut first: Option<Stamp> = None;
    for payload in [0, 10, 18, 19, 400, 1472] {
        let (frame, end) = frame(payload);
        for check_sequence in [false, true] {
            let mut bytes = frame.clone();
            bytes.extend(make(&frame));
            if check_sequence {
                bytes.extend([0xde, 0xad, 0xbe, 0xef]);
            }
            let added = (bytes.len() - frame.len()) as u8;
            let stamp = trailer(kind, &Tail::new(&bytes, end, NOW)).unwrap_or_else(|| panic!("{kind:?} {payload} {check_sequence}"));
            assert_eq!(stamp.bytes, added, "{kind:?} {payload} {check_sequence}");
            let stamp = Stamp { bytes: 0, ..stamp };
            assert_eq!(*first.get_or_insert(stamp), stamp);
            for length in 0..bytes.len() {
                let cut = Tail::new(&bytes[..length], end, NOW);
                assert!(trailer(kind, &cut).is_none_or(|s| usize::from(s.bytes) <= length - end.min(length)));
            }
            // A year later nobody believes the time; checksums do not care.
            let later = Timestamp(NOW.0 + 365 * 86_400 * SECOND);
            let believed = trailer(kind, &Tail::new(&bytes, end, later)).is_some();
            assert_eq!(
                believed,
                kind == StampKind::Ixia || kind == StampKind::Gigamon && stamp.device.is_none() && stamp.port == Some(0x0102_0304)
            );
        }
    }
    first.unwrap()
}

#[test]
fn metamako_with_and_without_fields() {
    let (time, at) = ahead();
    let tail = |flags: u8| [&time[..], &[flags, 0, 0x28, 0x11]].concat();
    let plain = found(StampKind::Metamako, |_| [&[1, 2, 3, 4][..], &tail(0x01)].concat());
    assert_eq!(plain, Stamp { time: Some(at), device: Some(0x28), port: Some(0x11), ..Stamp::default() });
    // Read from the end: number of the way out (final), 64 bits of hash, number of the way in.
    let egress = be32(0x0a_bcde << 8 | 1 << 5 | 3);
    let hash = [&[9; 8][..], &be32(2 << 6 | 2)].concat();
    let ingress = be32(0x00_fffe << 8);
    let fields = [&egress[..], &hash, &ingress].concat();
    let full = found(StampKind::Metamako, |_| [&[1, 2, 3, 4][..], &fields, &tail(0x17)].concat());
    let want = Stamp { ingress: Some(0xfffe), egress: Some(0x0a_bcde), duplicate: true, degraded: true, ..plain };
    assert_eq!(full, want);
    // A string of 64 words would reach before the frame's end; a flag that nobody defined.
    let (frame, end) = frame(20);
    for bad in [[&[0; 4][..], &be32(63 << 6 | 1 << 5 | 0x1f), &tail(0x03)].concat(), [&[0; 4][..], &tail(0x41)].concat()] {
        let bytes = [&frame[..], &bad].concat();
        assert_eq!(trailer(StampKind::Metamako, &Tail::new(&bytes, end, NOW)), None);
    }
}

#[test]
fn a_metamako_tail_from_the_wire() {
    // The end of a real frame: 2019-08-17, device 40, port 17.
    let tail = [0x5d, 0x68, 0x06, 0xdc, 0x13, 0x40, 0x18, 0x88, 0x03, 0x00, 0x28, 0x11];
    let (mut bytes, end) = frame(30);
    bytes.extend([0, 0, 0, 0, 0x12, 0x34, 0x56, 1 << 5 | 1]);
    bytes.extend(tail);
    let at = Timestamp(0x5d68_06dc * SECOND);
    let stamp = trailer(StampKind::Metamako, &Tail::new(&bytes, end, at)).unwrap();
    assert_eq!((stamp.time, stamp.bytes), (Some(Timestamp(at.0 + 0x1340_1888)), 20));
    assert_eq!((stamp.device, stamp.port, stamp.duplicate), (Some(40), Some(17), false));
}

#[test]
fn cpacket_and_exablaze() {
    let (time, at) = ahead();
    let stamp = found(StampKind::Cpacket, |_| [&[1, 2, 3, 4][..], &time, &[0xff, 1, 2, 3]].concat());
    assert_eq!(stamp, Stamp { time: Some(at), device: Some(0x0102), port: Some(3), ..Stamp::default() });
    // A quarter of a second is 0x4000000000 / 2^40.
    let stamp = found(StampKind::Exablaze, |_| [&[1, 2, 3, 4, 32, 46][..], &be32(1_700_000_001), &[0x40, 0, 0, 0, 0, 0]].concat());
    let at = Timestamp(1_700_000_001 * SECOND + SECOND / 4);
    assert_eq!(stamp, Stamp { time: Some(at), device: Some(32), port: Some(46), ..Stamp::default() });
}

#[test]
fn vss_by_its_length() {
    let (time, at) = ahead();
    // The highest two bits of the nanoseconds are the clock's source.
    let by_gps = [&time[..4], &be32(123_456_789 | 2 << 30)].concat();
    assert_eq!(found(StampKind::Vss, |_| by_gps.clone()), Stamp { time: Some(at), ..Stamp::default() });
    let port = found(StampKind::Vss, |_| [&by_gps[..], &[7]].concat());
    assert_eq!(port, Stamp { time: Some(at), port: Some(7), ..Stamp::default() });
    let port = found(StampKind::Vss, |_| [&by_gps[..], &[1, 2]].concat());
    assert_eq!(port.port, Some(0x0102));
    // Without a network layer nobody knows where it starts.
    let bytes = [&frame(20).0[..], &by_gps].concat();
    assert_eq!(trailer(StampKind::Vss, &Tail::new(&bytes, 0, NOW)), None);
}

/// Fields with length, mark and checksum behind them.
fn with_checksum(fields: &[u8], mark: u16) -> Vec<u8> {
    let mut t = fields.to_vec();
    t.push(fields.len() as u8);
    t.extend(mark.to_be_bytes());
    let sum = checksum(&t);
    t.extend(sum.to_be_bytes());
    t
}

#[test]
fn ixia_and_gigamon_with_checksums() {
    let (time, at) = ahead();
    let fields = [&[6, 8][..], &time].concat();
    let trailer_of = with_checksum(&fields, 0xaf12);
    assert_eq!(trailer_of.len(), 15);
    assert_eq!(found(StampKind::Ixia, |_| trailer_of.clone()), Stamp { time: Some(at), ..Stamp::default() });
    let fields = [&[1, 2, 5, 0xea, 8, 4, 1, 2, 3, 4, 5, 8][..], &time].concat();
    let stamp = found(StampKind::Gigamon, |_| with_checksum(&fields, 0x22e5));
    assert_eq!(stamp, Stamp { time: Some(at), port: Some(0x0102_0304), ..Stamp::default() });
    // One bit wrong.
    let (frame, end) = frame(20);
    for bit in 0..trailer_of.len() * 8 {
        let mut bytes = [&frame[..], &trailer_of].concat();
        bytes[frame.len() + bit / 8] ^= 1 << (bit % 8);
        assert_eq!(trailer(StampKind::Ixia, &Tail::new(&bytes, end, NOW)), None, "{bit}");
    }
    let timed = |frame: &[u8]| [&crc32(frame).to_le_bytes()[..], &[0, 9], &time].concat();
    let stamp = found(StampKind::Gigamon, timed);
    assert_eq!(stamp, Stamp { time: Some(at), port: Some(9), ..Stamp::default() });
}

/// A keyframe's IP packet: with a skew (62 bytes of payload) or without (46).
fn keyframe_of(skew: bool, ticks: u64, drops: u64) -> Vec<u8> {
    let mut payload = Vec::new();
    let mut put = |words: &[u64]| words.iter().for_each(|w| payload.extend(w.to_be_bytes()));
    put(&[ticks, NOW.0 as u64 + 5, 3]);
    if skew {
        put(&[1, 1]);
    }
    put(&[4, drops]);
    payload.extend([0x12, 0x34, 0, 37, 2, 0]);
    Packet::bare().ipv4([0; 4], [255; 4]).protocol(253).payload(&payload).build()
}

#[test]
fn arista_7150_counts_on_from_its_keyframe() {
    // The counter goes around just behind the keyframe.
    let ticks = 0x5_7fff_fff0u64;
    for skew in [false, true] {
        let key = keyframe(&keyframe_of(skew, ticks, 77), NOW).unwrap();
        assert_eq!((key.ticks, key.drops, key.device, key.port), (ticks, 77, 0x1234, 37));
        // 35,000,000 ticks are 100 ms; 7 ticks before the keyframe are 20 ns.
        for (more, nanos) in [(35_000_000i64, 100_000_000), (7, 20), (-7, -20), (700_000_000, 2_000_000_000)] {
            let count = (ticks as i64 + more) as u64 & 0x7fff_ffff;
            let word = (count as u32 & 0x7fff_ff80) << 1 | count as u32 & 0x7f;
            for behind in [&[][..], &[1, 2, 3, 4]] {
                let (frame, end) = frame(20);
                let bytes = [&frame[..], &be32(word), behind].concat();
                let stamp = key.stamp(&Tail::new(&bytes, end, Timestamp(NOW.0 + nanos + 1_000))).unwrap();
                let want = Stamp {
                    bytes: 4 + behind.len() as u8,
                    time: Some(Timestamp(NOW.0 + 5 + nanos)),
                    device: Some(0x1234),
                    ..Stamp::default()
                };
                assert_eq!(stamp, want, "{more}");
                assert_eq!(key.stamp(&Tail::new(&bytes, end, Timestamp(NOW.0 + nanos + 2 * SECOND))), None);
            }
        }
    }
    let good = keyframe_of(true, 1, 1);
    for length in 0..good.len() {
        assert_eq!(keyframe(&good[..length], NOW), None);
    }
}

/// A frame with a header behind its addresses, and the frame without.
fn with_header(header: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (frame, _) = frame(40);
    ([&frame[..12], header, &frame[12..]].concat(), frame)
}

#[test]
fn headers_are_left_out_of_the_length_when_stamps_are_wanted() {
    use crate::decode::{Headers, Peel, Rules, walk};
    use crate::model::LinkType;
    let (time, at) = ahead();
    let arista = |version: [u8; 2], stamp: &[u8]| [&[0xd2, 0x8b, 0, 1][..], &version, stamp].concat();
    let gigamon = [&[0x22, 0xe5, 16, 2, 3, 1, 2, 3, 6, 8][..], &time].concat();
    let cases = [
        (arista([0, 0x11], &time), StampKind::Arista, Some(at), None, "eth:avsp:ip:udp"),
        (arista([1, 0x20], &[0, 5, 0, 0, 0, 9]), StampKind::Arista, None, None, "eth:avsp:ip:udp"),
        (gigamon, StampKind::GigamonHeader, Some(at), Some(0x0001_0203), "eth:gmhdr:ip:udp"),
        (vec![0x88, 0xb5, 0, 0, 1, 2, 3, 4], StampKind::Ttag, None, None, "eth:ttag:ip:udp"),
    ];
    for (bytes, kind, time, port, path) in cases {
        let (stamped, bare) = with_header(&bytes);
        let (found, stamp) = header(&stamped, Some(0x88b5)).unwrap();
        assert_eq!((found, stamp.time, stamp.port, usize::from(stamp.bytes)), (kind, time, port, bytes.len()), "{kind:?}");
        let mut headers = Headers::default();
        for (stamps, wire) in [(true, bare.len()), (false, stamped.len())] {
            let mut rules = Rules::PLAIN;
            (rules.stamps, rules.ttag) = (stamps, Some(0x88b5));
            walk(LinkType::ETHERNET, &stamped, stamped.len() as u32, &rules, Peel::NONE, &mut headers);
            assert_eq!((headers.path.to_string().as_str(), headers.wire as usize, headers.stop), (path, wire, None), "{kind:?}");
            for length in 0..stamped.len() {
                walk(LinkType::ETHERNET, &stamped[..length], stamped.len() as u32, &rules, Peel::NONE, &mut headers);
                let _ = header(&stamped[..length], Some(0x88b5));
            }
        }
        assert_eq!(header(&bare, Some(0x88b5)), None);
    }
    assert_eq!(header(&with_header(&arista([0, 0x31], &time)).0, None), None, "a format nobody defined");
    assert_eq!(header(&with_header(&arista([0, 0x11], &[0xff; 8])).0, None), None, "more nanoseconds than a second has");
}
