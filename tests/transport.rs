//! What is around mirrored frames and behind them: time stamps of devices on the way, check sequences, the VLAN of a remote mirror. They are
//! found where they are, left out of every load, and believed only when they are consistent.

mod support;

use spantop::capture::Memory;
use spantop::decode::stamp::crc32;
use spantop::engine::{self, Settings};
use spantop::error::Outcome;
use spantop::model::{Decap, LinkType, StampChoice, StampKind, Timestamp};
use spantop::snapshot::Snapshot;
use support::network::{self, Plan};
use support::packet::checksum::checksum;
use support::packet::file::pcap;
use support::packet::{Erspan, Packet};

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
    let Outcome { result: snapshot, failure } = engine::run(Box::new(memory), settings, Default::default()).unwrap();
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
    (s.stats.total.packets, s.stats.total.wire_bytes)
}

#[test]
fn each_trailer_is_found_and_left_out() {
    let frames = plain();
    let want = load(&analyse(&frames, &Settings::default()));
    let checked = |time: i64| {
        let mut t = [&[6, 8][..], &moment(time, 0), &[10, 0xaf, 0x12]].concat();
        let sum = checksum(&t);
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
        let missed = s.stats.total.packets - found.packets;
        assert!((63..200).contains(&missed), "{kind:?}: {missed}, with those that have no network layer");
        assert_eq!(load(&s), (want.0, want.1 + missed * each), "{kind:?}");
        assert_eq!(s.mirror.link.wire_bytes, want.1 + want.0 * each, "the mirror's own link carries them");
        // On the user's word they are taken off from the first.
        let named = analyse(&stamped, &Settings::with(|s| s.mirror.stamps = StampChoice::Trailer(kind)));
        let without = named.mirror.stamps[0].without;
        assert_eq!(load(&named), (want.0, want.1 + without * each), "{kind:?}");
        assert!(kind == StampKind::Vss || without == 0, "{kind:?}: {without}");
        // Nobody asked for it, nobody looks.
        for settings in [Settings::with(|s| s.mirror.stamps = StampChoice::None), Settings::with(|s| s.mirror.decap = Decap::None)] {
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
        assert_eq!((s.mirror.stamps.len(), s.stats.total.packets), (0, want.0));
        assert_eq!(s.stats.total.wire_bytes, frames.iter().map(|f| f.1.len() as u64).sum::<u64>());
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
    let s = analyse(&lossy, &Settings::with(|s| s.mirror.stamps = StampChoice::Trailer(StampKind::Metamako)));
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
        Packet::eth([2, 0, 7, 0, 0, 1], [0xff; 6]).ipv4([0; 4], [255; 4]).id(0).protocol(253).payload(&payload).build()
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
    assert!(found.packets + 300 > s.stats.total.packets, "{} of {}", found.packets, s.stats.total.packets);
    assert!(found.offset.is_some_and(|o| o.abs() < 1e-6), "{:?}", found.offset);
    let switch = s.mirror.loss.switch.unwrap();
    assert!((switch.rate - (seconds * 3) as f64 / (seconds * 3 + found.packets + found.without) as f64).abs() < 1e-9, "{switch:?}");
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
    let captured = analyse(&stamped, &Settings::with(|s| s.mirror.decap = Decap::None));
    assert_eq!(load(&captured), (want.0, want.1 + 20 * 14));
}

/// ERSPAN II around every frame, whose check sequence is kept with probability `p`; what lies behind the packet is `behind` bytes.
fn erspan(frames: &Frames, kept: impl Fn(u64) -> bool, behind: usize) -> Frames {
    let wrap = |(n, (time, frame)): (usize, &(i64, Vec<u8>))| {
        let outer = Packet::eth([2, 0, 8, 0, 0, 1], [2, 0, 8, 0, 0, 2]).ipv4([192, 0, 2, 10], [192, 0, 2, 20]).id(n as u16).ttl(255);
        let header = Erspan { sequence: Some(n as u32), session: 77, vlan: 0, encapsulation: 3, ..Erspan::default() };
        let check: &[u8] = if kept(n as u64) { &crc32(frame).to_le_bytes() } else { &[] };
        (*time, outer.erspan2(header).frame(frame).payload(check).trailer(&vec![0; behind]).build())
    };
    frames.iter().enumerate().map(wrap).collect()
}

/// Bytes of a frame behind its IP packet: what a cut takes of them nobody can put back, of the packet its own length can.
fn padding(frame: &[u8]) -> u64 {
    let at = if frame[12..14] == [0x81, 0] { 18 } else { 14 };
    let word = |at: usize| usize::from(u16::from_be_bytes([frame[at], frame[at + 1]]));
    let end = match word(at - 2) {
        0x0800 => at + word(at + 2),
        0x86dd => at + 40 + word(at + 4),
        _ => 0,
    };
    (frame.len() - end) as u64
}

#[test]
fn erspan_frames_lose_their_check_sequence() {
    let frames = plain();
    let want = load(&analyse(&frames, &Settings::default()));
    let count = |s: &Snapshot| (load(s), s.mirror.sessions[0].check_sequence);
    for behind in [0, 4, 18] {
        assert_eq!(count(&analyse(&erspan(&frames, |_| true, behind), &Settings::default())), (want, true), "{behind}");
        assert_eq!(count(&analyse(&erspan(&frames, |_| false, behind), &Settings::default())), (want, false), "{behind}");
    }
    // A few without, among the first: what nine of ten have holds for all later ones.
    let most = erspan(&frames, |n| n % 16 != 3, 0);
    let s = analyse(&most, &Settings::default());
    let cut: u64 = (64..frames.len()).filter(|n| n % 16 == 3).map(|n| padding(&frames[n].1).min(4)).sum();
    assert!(cut > 0);
    assert_eq!(count(&s), ((want.0, want.1 - cut), true));
    for threads in [0, 2] {
        for block_bytes in [2_500, 60_000] {
            assert!(analyse(&most, &Settings { threads, block_bytes, ..Settings::default() }) == s);
        }
    }
    // Half have one: each is tried, and then none is believed.
    let half = analyse(&erspan(&frames, |n| n % 2 == 0, 0), &Settings::default());
    let kept = (64..frames.len() as u64).filter(|n| n % 2 == 0).count() as u64;
    assert_eq!(count(&half), ((want.0, want.1 + 4 * kept), false));
    // Without decapsulation nothing is taken off.
    let none = analyse(&most, &Settings::with(|s| s.mirror.decap = Decap::None));
    assert_eq!(none.stats.total.wire_bytes, most.iter().map(|f| f.1.len() as u64).sum::<u64>());
}

#[test]
fn the_vlan_of_a_remote_mirror_is_taken_off() {
    use spantop::model::RspanChoice;
    let tagged = network::run(&Plan { connections: 150, ..Plan::default() });
    let tag = |vlan: u16, f: &[u8]| [&f[..12], &[0x81, 0, (vlan >> 8) as u8, vlan as u8], &f[12..]].concat();
    // Frames that have a tag of their own, and around all of them the mirror's.
    let own: Frames =
        tagged.iter().map(|p| (p.time, if p.frame[12..14] == [0x81, 0] { p.frame.clone() } else { tag(10, &p.frame) })).collect();
    let carried: Frames = own.iter().map(|(t, f)| (*t, tag(999, f))).collect();
    let want = analyse(&own, &Settings::default());
    let vlans = |s: &Snapshot| s.stats.vlans.rows.iter().map(|v| (v.id, v.traffic.packets)).collect::<Vec<_>>();
    let named = analyse(&carried, &Settings::with(|s| s.mirror.rspan = RspanChoice::Vlan(999)));
    assert_eq!((load(&named), vlans(&named), named.mirror.transport), (load(&want), vlans(&want), "rspan"));
    let rows = |s: &Snapshot| {
        let of = |c: &spantop::snapshot::Conversation| (c.a, c.a_port, c.b, c.b_port, c.ab, c.ba, c.vlans);
        s.stats.conversations.tcp.rows.iter().map(of).collect::<Vec<_>>()
    };
    assert!(rows(&named) == rows(&want), "conversations and their VLANs");
    assert_eq!(named.stats.protocols[1].path.to_string(), "eth:vlan");
    let found = analyse(&carried, &Settings::default());
    let [session] = found.mirror.sessions.as_slice() else { panic!("{:#?}", found.mirror.sessions) };
    assert_eq!((session.tunnel.id, session.peeled, session.packets), (999, true, carried.len() as u64 - 256));
    assert_eq!(load(&found), (want.stats.total.packets, want.stats.total.wire_bytes + 4 * 256));
    assert_eq!(found.stats.vlans.rows.iter().find(|v| v.id == 999).map(|v| v.traffic.packets), Some(256));
    for threads in [0, 2] {
        for block_bytes in [2_500, 60_000] {
            assert!(analyse(&carried, &Settings { threads, block_bytes, ..Settings::default() }) == found);
        }
    }
    for settings in [Settings::with(|s| s.mirror.decap = Decap::None), Settings::with(|s| s.mirror.rspan = RspanChoice::None)] {
        let s = analyse(&carried, &settings);
        assert_eq!((s.stats.total.wire_bytes, s.mirror.transport), (want.stats.total.wire_bytes + 4 * want.stats.total.packets, "plain"));
    }
}

/// tshark that lists what its dissectors of trailers find.
fn tshark_of_stamps(path: &std::path::Path) -> std::process::Command {
    let mut command = std::process::Command::new("tshark");
    command.arg("-n").arg("-r").arg(path).args(["--enable-heuristic", "metamako_eth", "--enable-heuristic", "exablaze_eth"]);
    command.args(["-T", "fields", "-E", "separator=|"]).env("TZ", "UTC");
    for field in [
        "metamako.srcdevice",
        "metamako.srcport",
        "metamako.seqnum",
        "metamako.time",
        "exablaze.device",
        "exablaze.port",
        "exablaze.timestamp",
        "ixiatrailer.timestamp",
        "gmhdr.srcport",
        "gmhdr.timestamp",
    ] {
        command.args(["-e", field]);
    }
    command
}

/// What tshark's dissectors say of trailers that were put there by hand: device or port, number, time.
#[test]
fn tshark_reads_the_same_stamps() {
    use spantop::decode::stamp::{Tail, trailer};
    let mut frame = plain().into_iter().map(|(_, f)| f).find(|f| f.len() > 200 && f[12..14] == [0x81, 0]).unwrap();
    frame.drain(12..16);
    let time = moment(0, 37 * SECOND + 123_456_789);
    let checked = |fields: &[u8], mark: [u8; 2]| {
        let mut t = [fields, &[fields.len() as u8], &mark].concat();
        let sum = checksum(&t);
        t.extend(sum.to_be_bytes());
        t
    };
    let number = |n: u32, tag: u32| (n << 8 | tag).to_be_bytes();
    let cases: [(StampKind, Vec<u8>); 4] = [
        (StampKind::Metamako, [&[1, 2, 3, 4][..], &number(9, 1 << 5 | 3), &number(0xfffe, 0), &time, &[0x13, 0, 0x28, 0x11]].concat()),
        (StampKind::Exablaze, [&[1, 2, 3, 4, 32, 46][..], &time[..4], &[0x40, 0, 0, 0, 0, 0]].concat()),
        (StampKind::Ixia, checked(&[&[6, 8][..], &time].concat(), [0xaf, 0x12])),
        (StampKind::Gigamon, checked(&[&[8, 4, 1, 2, 3, 4, 5, 8][..], &time].concat(), [0x22, 0xe5])),
    ];
    let frames: Vec<Vec<u8>> = cases.iter().map(|(_, t)| [&frame[..], t].concat()).collect();
    let file = pcap(frames.iter().map(|f| (START, f.as_slice())));
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("stamps.pcap");
    std::fs::write(&path, file).unwrap();
    let Ok(output) = tshark_of_stamps(&path).output() else {
        println!("skipped: no tshark here");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows.len(), cases.len(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    for (((kind, added), bytes), row) in cases.iter().zip(&frames).zip(rows) {
        let stamp = trailer(*kind, &Tail::new(bytes, frame.len(), Timestamp(START))).unwrap();
        assert_eq!(usize::from(stamp.bytes), added.len());
        let at = stamp.time.unwrap().0 - START;
        // 2023-11-14 22:13:20 and so much more.
        let when = format!("Nov 14, 2023 22:13:{:02}.{:09} UTC", 20 + at / SECOND, at % SECOND);
        let (device, port) = (stamp.device.unwrap_or_default(), stamp.port.unwrap_or_default());
        let want = match kind {
            StampKind::Metamako => format!("{device}|{port}|{}|{when}||||||", stamp.ingress.unwrap()),
            StampKind::Exablaze => format!("||||{device}|{port}|{when}|||"),
            StampKind::Ixia => format!("|||||||{when}||"),
            _ => format!("||||||||0x{port:08x}|{when}"),
        };
        assert_eq!(row, want, "{kind:?}");
    }
}

/// Conversations of which a part travels in a tunnel that is left on seem to lack it: that is said, and no loss.
#[test]
fn conversations_that_lie_partly_in_tunnels_are_not_lost() {
    let frames: Frames = network::run(&Plan { connections: 150, segments: 30, loss_after: 0.0, ..Plan::default() })
        .into_iter()
        .map(|p| (p.time, p.frame))
        .collect();
    let tunnelled = |frame: &[u8], geneve: bool| {
        let outer = Packet::eth([2, 0, 9, 0, 0, 1], [2, 0, 9, 0, 0, 2]).ipv4([10, 250, 0, 1], [10, 250, 0, 2]);
        if geneve { outer.geneve(77, &[]).frame(frame).build() } else { outer.vxlan(77).frame(frame).build() }
    };
    let everything = |frames: &Frames, dedup: bool| {
        analyse(&erspan(frames, |_| false, 0), &Settings::with(|s| (s.mirror.decap, s.mirror.dedup) = (Decap::All, dedup)))
    };
    let ids = |s: &Snapshot| s.diagnosis.findings.iter().filter(|f| f.active).map(|f| f.id).collect::<Vec<_>>();
    let every_second = |n: usize, _: &[u8]| n.is_multiple_of(2);
    let one_direction = |_: usize, frame: &[u8]| frame[12..14] == [8, 0] && frame[26..30] < frame[30..34];
    let mut hidden = 0;
    for (geneve, inside) in [(false, &every_second as &dyn Fn(usize, &[u8]) -> bool), (true, &every_second), (false, &one_direction)] {
        let divide =
            |(n, (time, frame)): (usize, &(i64, Vec<u8>))| (*time, if inside(n, frame) { tunnelled(frame, geneve) } else { frame.clone() });
        let divided: Frames = frames.iter().enumerate().map(divide).collect();
        let s = analyse(&erspan(&divided, |_| false, 0), &Settings::default());
        let told = ids(&s);
        assert!(!told.iter().any(|id| id.ends_with(".loss") || id.starts_with("dir.") || id.starts_with("low.")), "{told:?}");
        let all = everything(&divided, true);
        // Tunnels that look like a mirror's are taken off as they are: then nothing is hidden.
        let is_hidden = load(&s) != load(&everything(&divided, false));
        hidden += u32::from(is_hidden);
        assert!(!is_hidden || s.mirror.trust.summary.contains("--decap all"), "{:?}", s.mirror.trust);
        assert!(
            !is_hidden || s.mirror.not_judged.iter().any(|(id, why)| *id == "switch.loss" && why.contains("--decap all")),
            "{:?}",
            s.mirror.not_judged
        );
        // Looked into, nothing is missing; nor is what its sender repeated left out because it came by the other way.
        assert_eq!(load(&everything(&divided, false)), load(&everything(&frames, false)));
        assert_eq!(load(&all), load(&everything(&frames, true)));
        assert_eq!(ids(&all), ids(&everything(&frames, true)));
    }
    assert!(hidden >= 2, "{hidden}");
}
