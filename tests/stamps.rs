//! Time stamps of devices on the way: found on the interface that has them, left out of every load, and believed only when they are consistent.

mod support;

use spantop::capture::Memory;
use spantop::decode::stamp::crc32;
use spantop::engine::{self, Settings};
use spantop::model::{Decap, LinkType, StampChoice, StampKind, Timestamp};
use spantop::snapshot::Snapshot;
use support::network::{self, Plan};

const SECOND: i64 = 1_000_000_000;
const START: i64 = 1_700_000_000 * SECOND;

/// A frame on its way, with its time.
type Frames = Vec<(i64, Vec<u8>)>;

fn plain() -> Frames {
    network::run(&Plan { connections: 150, ..Plan::default() }).into_iter().map(|p| (p.time, p.frame)).collect()
}

fn analyse(frames: &Frames, settings: &Settings) -> Snapshot {
    let mut memory = Memory::new();
    for (time, frame) in frames {
        memory.push(Timestamp(START + time), LinkType::ETHERNET, frame.len() as u32, frame);
    }
    let (snapshot, failure) = engine::run(Box::new(memory), settings, Default::default()).unwrap();
    assert_eq!(failure, None);
    snapshot
}

/// Seconds and nanoseconds of a time `ahead` nanoseconds before the capture's.
fn moment(time: i64, ahead: i64) -> Vec<u8> {
    let at = START + time + ahead;
    [((at / SECOND) as u32).to_be_bytes(), ((at % SECOND) as u32).to_be_bytes()].concat()
}

/// Every frame with a trailer: of its number, its time and itself.
fn with(frames: &Frames, make: impl Fn(u64, i64, &[u8]) -> Vec<u8>) -> Frames {
    let one = |(n, (time, frame)): (usize, &(i64, Vec<u8>))| (*time, [&frame[..], &make(n as u64, *time, frame)].concat());
    frames.iter().enumerate().map(one).collect()
}

fn metamako(n: u64, time: i64, frame: &[u8], ahead: i64) -> Vec<u8> {
    let number = (n as u32 & 0xffff) << 8 | 1 << 5;
    [&crc32(frame).to_le_bytes()[..], &number.to_be_bytes(), &moment(time, ahead), &[0x03, 0, 9, 3]].concat()
}

/// The numbers that a trailer must not change, beyond the frames before it was believed.
fn load(s: &Snapshot) -> (u64, u64) {
    (s.total.packets, s.total.wire_bytes)
}

#[test]
fn each_trailer_is_found_and_left_out() {
    let frames = plain();
    let want = load(&analyse(&frames, &Settings::default()));
    let checked = |time: i64| {
        let mut t = [&[6, 8][..], &moment(time, 0), &[10, 0xaf, 0x12]].concat();
        let sum = support::frames::checksum(&t);
        t.extend(sum.to_be_bytes());
        t
    };
    let cases: [(StampKind, Frames); 4] = [
        (StampKind::Metamako, with(&frames, |n, t, f| metamako(n, t, f, 0))),
        (StampKind::Ixia, with(&frames, |_, t, _| checked(t))),
        (StampKind::Vss, with(&frames, |_, t, _| [&moment(t, 0)[..], &[4]].concat())),
        (StampKind::Exablaze, with(&frames, |_, t, f| [&crc32(f).to_le_bytes()[..], &[1, 2], &moment(t, 0)[..4], &[0; 6]].concat())),
    ];
    for (kind, stamped) in cases {
        let each = (stamped[0].1.len() - frames[0].1.len()) as u64;
        let s = analyse(&stamped, &Settings::default());
        let [found] = s.mirror.stamps.as_slice() else { panic!("{kind:?}: {:#?}", s.mirror.stamps) };
        assert_eq!((found.kind, found.bytes, found.degraded), (kind, each * found.packets, 0));
        let missed = s.total.packets - found.packets;
        assert!(missed < 200 && missed >= 63, "{kind:?}: {missed}, with those that have no network layer");
        assert_eq!(load(&s), (want.0, want.1 + missed * each), "{kind:?}");
        assert_eq!(s.mirror.link.wire_bytes, want.1 + want.0 * each, "the mirror's own link carries them");
        // On the user's word they are taken off from the first.
        let named = analyse(&stamped, &Settings { stamps: StampChoice::Trailer(kind), ..Settings::default() });
        let without = named.mirror.stamps[0].without;
        assert_eq!(load(&named), (want.0, want.1 + without * each), "{kind:?}");
        assert!(kind == StampKind::Vss || without == 0, "{kind:?}: {without}");
        // Nobody asked for it, nobody looks.
        for settings in
            [Settings { stamps: StampChoice::None, ..Settings::default() }, Settings { decap: Decap::None, ..Settings::default() }]
        {
            let s = analyse(&stamped, &settings);
            assert_eq!((load(&s), s.mirror.stamps.len()), ((want.0, want.1 + want.0 * each), 0), "{kind:?}");
        }
        for threads in [0, 3] {
            for block_bytes in [3_000, 90_000] {
                assert!(analyse(&stamped, &Settings { threads, block_bytes, ..Settings::default() }) == s, "{kind:?}");
            }
        }
    }
}

#[test]
fn what_is_not_consistent_is_no_trailer() {
    let frames = plain();
    let want = load(&analyse(&frames, &Settings::default()));
    assert!(analyse(&frames, &Settings::default()).mirror.stamps.is_empty());
    // One frame in thirty without it; and bytes that are no time.
    let holed = with(&frames, |n, t, f| if n % 30 == 29 { Vec::new() } else { metamako(n, t, f, 0) });
    let noise = with(&frames, |n, _, _| (0..20).map(|i| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> i) as u8).collect());
    for frames in [holed, noise] {
        let s = analyse(&frames, &Settings::default());
        assert_eq!((s.mirror.stamps.len(), s.total.packets), (0, want.0));
        assert_eq!(s.total.wire_bytes, frames.iter().map(|f| f.1.len() as u64).sum::<u64>());
    }
}

#[test]
fn numbers_and_clock_are_read() {
    let frames = plain();
    let stamped = with(&frames, |n, t, f| metamako(n, t, f, 37 * SECOND + 1_000));
    let mut n = 0u64;
    let lossy: Frames = stamped
        .into_iter()
        .filter(|_| {
            n += 1;
            n < 1000 || n % 50 != 7
        })
        .collect();
    let lost = frames.len() as u64 - lossy.len() as u64;
    assert!(lost > 50);
    let s = analyse(&lossy, &Settings { stamps: StampChoice::Trailer(StampKind::Metamako), ..Settings::default() });
    let [found] = s.mirror.stamps.as_slice() else { panic!("{:#?}", s.mirror.stamps) };
    assert!(found.is_tai(), "{:?}", found.offset);
    let [port] = found.ports.as_slice() else { panic!("{:#?}", found.ports) };
    assert_eq!((port.device, port.port, port.packets, port.missing), (Some(9), Some(3), lossy.len() as u64, Some(lost)));
    let truth = lost as f64 / frames.len() as f64;
    let path = s.mirror.loss.path.unwrap();
    assert!(path.low <= truth && truth <= path.high, "{path:?} {truth}");
}

#[test]
fn an_arista_7150_tells_of_its_drops() {
    let mut out = Frames::new();
    let keyframe = |time: i64, drops: u64| {
        let mut payload = Vec::new();
        // 350 MHz, and UTC equal to the capture's clock.
        let ticks = (time as i128 * 7 / 20) as u64;
        [ticks, (START + time) as u64, 0, 1, 1, 0, drops].iter().for_each(|w| payload.extend(w.to_be_bytes()));
        payload.extend([0, 5, 0, 37, 2, 0]);
        let ip = support::frames::ipv4([0, 0, 0, 0].into(), [255; 4].into(), 0, 64, 253, &payload);
        support::frames::ethernet([2, 0, 7, 0, 0, 1], [0xff; 6], &[], 0x0800, &ip)
    };
    let mut next = 0;
    for (time, frame) in plain() {
        while next <= time {
            out.push((next, keyframe(next, 1_000 + (next / SECOND) as u64 * 3)));
            next += SECOND;
        }
        let ticks = (time as i128 * 7 / 20) as u32 & 0x7fff_ffff;
        let word = (ticks & 0x7fff_ff80) << 1 | ticks & 0x7f;
        out.push((time, [&frame[..], &word.to_be_bytes()].concat()));
    }
    let s = analyse(&out, &Settings::default());
    let [found] = s.mirror.stamps.as_slice() else { panic!("{:#?}", s.mirror.stamps) };
    assert_eq!(found.kind, StampKind::Arista7150);
    let seconds = (next / SECOND - 1) as u64;
    assert_eq!((found.drops, found.bytes), (Some(seconds * 3), found.packets * 4));
    assert!(found.packets + 300 > s.total.packets, "{} of {}", found.packets, s.total.packets);
    assert!(found.offset.is_some_and(|o| o.abs() < 1e-6), "{:?}", found.offset);
    let switch = s.mirror.loss.switch.unwrap();
    assert!((switch.rate - (seconds * 3) as f64 / (seconds * 3 + found.packets) as f64).abs() < 1e-9, "{switch:?}");
}

#[test]
fn headers_with_a_type_of_their_own_need_no_row_of_frames() {
    let frames: Frames = plain().into_iter().take(20).collect();
    let want = load(&analyse(&frames, &Settings::default()));
    let stamped: Frames =
        frames.iter().map(|(t, f)| (*t, [&f[..12], &[0xd2, 0x8b, 0, 1, 1, 0x11][..], &moment(*t, -500), &f[12..]].concat())).collect();
    let s = analyse(&stamped, &Settings::default());
    let [found] = s.mirror.stamps.as_slice() else { panic!("{:#?}", s.mirror.stamps) };
    assert_eq!((found.kind, found.packets, found.bytes, found.offset), (StampKind::Arista, 20, 20 * 14, Some(-500e-9)));
    assert_eq!(load(&s), want);
    let captured = analyse(&stamped, &Settings { decap: Decap::None, ..Settings::default() });
    assert_eq!(load(&captured), (want.0, want.1 + 20 * 14));
}
