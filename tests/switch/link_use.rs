//! How full the monitored link is: by its fuller direction, in bins as fine as the clock tells, in the snapshot and in JSON.

use super::START;
use super::support::packet::Packet;
use super::support::packet::{control, message};
use spantop::capture::Memory;
use spantop::engine::{self, Settings};
use spantop::model::time::{MILLISECOND, SECOND};
use spantop::model::{LinkType, LinkWays, Mac, Timestamp};
use spantop::report::{self, ReportOptions};
use spantop::settings::MirrorSettings;
use spantop::snapshot::Snapshot;

const SPEED: u64 = 1_000_000_000;

/// Nanoseconds that a full frame takes on the link: 1,538 bytes.
const FULL: i64 = 12_304;

/// The station at the end of the link, and one beyond it.
const END: [u8; 6] = [2, 0, 0, 0, 0, 41];
const OTHER: [u8; 6] = [2, 0, 0, 0, 0, 42];

/// Frames as the link carries them, by the nanosecond.
#[derive(Default)]
struct Wire(Vec<(i64, Vec<u8>)>);

impl Wire {
    /// So many full frames, one behind the other.
    fn train(&mut self, at: i64, frames: i64, [from, to]: [[u8; 6]; 2]) {
        for n in 0..frames {
            let id = self.0.len() as u32;
            let ip = |mac: [u8; 6]| [10, 1, 0, mac[5]];
            let packet = Packet::eth(from, to).ip(ip(from), ip(to)).id(id as u16).udp(5000, 5000);
            self.0.push((at + n * FULL, packet.payload(&id.to_be_bytes().repeat(368)).build()));
        }
    }

    /// As it is seen by a clock of that grain, on a link of that speed.
    fn look(&self, grain: i64, mirror: MirrorSettings) -> Snapshot {
        let mut frames: Vec<_> = self.0.iter().collect();
        frames.sort_by_key(|frame| frame.0);
        let seen = frames.into_iter().fold(Memory::new().stamped_by_adapter(), |source, (at, frame)| {
            let time = Timestamp((START + at).div_euclid(grain) * grain);
            source.with(time, LinkType::ETHERNET, frame.len() as u32, frame)
        });
        engine::run(Box::new(seen), &Settings { mirror, ..Settings::default() }, Default::default()).unwrap().complete().unwrap()
    }
}

fn known() -> MirrorSettings {
    MirrorSettings { speed: Some(SPEED), ..MirrorSettings::default() }
}

/// Trains of 40 frames, half a millisecond each, every 10 ms, from the station at the end; answers of the same length.
fn trains(count: i64) -> Wire {
    let mut wire = Wire::default();
    for n in 0..count {
        wire.train(n * 10 * MILLISECOND + 1_234_000, 40, [END, OTHER]);
        wire.train(n * 10 * MILLISECOND + 1_234_500, 40, [OTHER, END]);
    }
    wire
}

/// What LLDP calls an interface of 1 Gb/s, and of 10.
const GIGABIT: u16 = 30;
const TEN_GIGABIT: u16 = 54;
const FAST_ETHERNET: u16 = 16;

fn says(wire: &mut Wire, at: i64, from: [u8; 6], mau_type: u16) {
    wire.0.push((at, message::lldp_at(from, &format!("Gi0/{}", from[5]), &format!("device-{}", from[5]), mau_type)));
}

fn json(s: &Snapshot) -> serde_json::Value {
    let mut out = Vec::new();
    report::write(report::find("json").unwrap(), s, &ReportOptions::default(), &mut out).unwrap();
    let text: serde_json::Value = serde_json::from_slice(&out).unwrap();
    text["switch"]["bursts"].clone()
}

#[test]
fn bursts_of_known_length_in_bins_of_the_clock() {
    let s = trains(100).look(1_000, known());
    let used = s.switch.link_use.as_ref().unwrap();
    assert_eq!((used.bin, used.ways, used.coarse.as_str()), (100_000, LinkWays::Fuller(Mac(END)), ""));
    assert_eq!((used.bursts, used.list.len()), (100, 100));
    for (n, burst) in used.list.iter().enumerate() {
        let begins = START + n as i64 * 10 * MILLISECOND + 1_234_000;
        let told = burst.at.0 - begins;
        assert!((-100_000..100_000).contains(&told), "within a bin: {told}");
        assert!((40 * FULL - 100_000..=40 * FULL + 100_000).contains(&burst.length), "within a bin: {}", burst.length);
        assert!(burst.peak <= SPEED && burst.peak > SPEED * 9 / 10, "one way and not both: {}", burst.peak);
        assert!(burst.bytes.abs_diff(40 * 1_538) <= 5 * 1_538, "{}", burst.bytes);
        assert_eq!(burst.top.len(), 1, "who answers has no part in it");
    }
    // 100 times some 500 µs of a second.
    let classes = used.classes();
    let full: f64 = classes[10..].iter().sum();
    assert!((0.04..0.06).contains(&full) && classes[20] == 0.0, "{classes:?}");
    let told = json(&s);
    assert_eq!((told["bin"].as_f64(), told["direction"].as_str()), (Some(0.0001), Some("fuller_direction")));
    assert_eq!((told["direction_end"].as_str(), told["count"].as_u64()), (Some("02:00:00:00:00:29"), Some(100)));
    assert_eq!(told["list"][0]["duration"].as_f64(), Some(used.list[0].length as f64 / 1e9));
}

/// The speed that those at the link tell is as good as one that the user tells: of a file from its first packet on.
#[test]
fn those_at_the_link_tell_its_speed() {
    let mut wire = trains(300);
    says(&mut wire, 7, END, GIGABIT);
    says(&mut wire, 1_500 * MILLISECOND, OTHER, GIGABIT);
    let told = wire.look(1_000, MirrorSettings::default());
    let known = wire.look(1_000, known());
    assert_eq!((told.capture.speed, told.capture.is_speed_by_lldp), (Some(SPEED), true));
    assert_eq!(told.switch.link_use, known.switch.link_use);
    assert_eq!(told.switch.link_use.unwrap().bursts, 300);
}

#[test]
fn a_speed_that_is_told_late_is_held_against_what_comes_then() {
    // Beyond the packets of a file that are looked through before the first.
    let mut wire = trains(300);
    says(&mut wire, 1_500 * MILLISECOND, END, GIGABIT);
    assert_eq!(wire.look(1_000, MirrorSettings::default()).switch.link_use, None, "a second says little");
    let mut wire = trains(500);
    says(&mut wire, 1_500 * MILLISECOND, END, GIGABIT);
    let used = wire.look(1_000, MirrorSettings::default()).switch.link_use.unwrap();
    assert_eq!((used.speed, used.bursts), (SPEED, 300), "from the next second on");
    assert!(used.list.iter().all(|burst| burst.at.0 >= START + 2 * SECOND), "{:?}", used.list.first());
    assert!(used.nanos <= 3 * SECOND, "{}", used.nanos);
    // A link that carries more than it is said to has another speed.
    let mut slow = trains(500);
    says(&mut slow, 7, END, FAST_ETHERNET);
    (0..40).for_each(|n| slow.train(n * 100 * MILLISECOND + 5_000_000, 1_200, [END, OTHER]));
    let refuted = slow.look(1_000, MirrorSettings::default());
    assert_eq!((refuted.switch.link_use, refuted.capture.speed, refuted.capture.is_speed_by_lldp), (None, None, false));
    assert!(refuted.diagnosis.findings.iter().all(|f| f.id != "link.saturated"), "{:?}", refuted.diagnosis.findings);
    // Who is at the other end says something else: nothing is held against either.
    says(&mut wire, 1_600 * MILLISECOND, OTHER, TEN_GIGABIT);
    let other = wire.look(1_000, MirrorSettings::default());
    assert_eq!((other.switch.link_use, other.capture.speed), (None, None));
    // What the user says holds; a mirror port that is faster than the link it shows does not.
    let own = MirrorSettings { speed: Some(10 * SPEED), ..MirrorSettings::default() };
    let mut wire = trains(300);
    says(&mut wire, 7, END, GIGABIT);
    assert_eq!(wire.look(1_000, own.clone()).switch.link_use.unwrap().speed, 10 * SPEED);
    let port = wire.look(1_000, MirrorSettings { speed_is_port: true, ..own });
    assert_eq!(
        (port.switch.link_use.map(|used| (used.speed, used.ways)), port.capture.speed),
        (Some((SPEED, LinkWays::Fuller(Mac(END)))), Some(SPEED))
    );
    let slower = MirrorSettings { speed: Some(SPEED / 10), speed_is_port: true, ..MirrorSettings::default() };
    assert_eq!(wire.look(1_000, slower).switch.link_use.unwrap().ways, LinkWays::Port, "the mirror port is what is full");
}

#[test]
fn nobody_vouches_for_the_stamps_of_a_file() {
    let mut frames = trains(100).0;
    frames.sort_by_key(|frame| frame.0);
    let file = frames
        .iter()
        .fold(Memory::new(), |source, (at, frame)| source.with(Timestamp(START + at), LinkType::ETHERNET, frame.len() as u32, frame));
    let s = engine::run(Box::new(file), &Settings { mirror: known(), ..Settings::default() }, Default::default()).unwrap();
    let used = s.complete().unwrap().switch.link_use.unwrap();
    assert_eq!(used.bin, MILLISECOND);
    assert!(used.coarse.starts_with("no adapter is known to have stamped the packets"), "{}", used.coarse);
}

#[test]
fn nothing_finer_than_the_clock() {
    // 20 µs tell milliseconds apart and no finer bins; of a millisecond a train fills less than half.
    let s = trains(100).look(20_000, known());
    let used = s.switch.link_use.as_ref().unwrap();
    assert_eq!((used.bin, used.coarse.as_str()), (MILLISECOND, "the clock tells 20 µs apart"));
    assert_eq!((used.bursts, used.busy[9]), (0, 100));
    // A clock of a millisecond tells nothing of single ones.
    let s = trains(300).look(MILLISECOND, known());
    let used = s.switch.link_use.as_ref().unwrap();
    assert_eq!((used.bin, used.bursts, used.list.len()), (0, 0, 0));
    assert!(used.coarse.contains("nothing is said of single milliseconds"), "{}", used.coarse);
    let told = json(&s);
    assert!(told.get("bin").is_none() && told.get("utilisation").is_none() && told["bin_reason"].is_string(), "{told}");
}

#[test]
fn stamps_in_batches_have_no_fine_bins() {
    // Ten trains whose frames were all stamped within 20 µs: more than the link carries in that time.
    let mut wire = trains(100);
    for n in 0..10 {
        let at = n * 10 * MILLISECOND + 5 * MILLISECOND;
        let begin = wire.0.len();
        wire.train(at, 40, [END, OTHER]);
        wire.0[begin..].iter_mut().zip(0..).for_each(|(frame, k)| frame.0 = at + k * 501);
    }
    let used = wire.look(1, known()).switch.link_use.unwrap();
    assert_eq!(used.bin, MILLISECOND);
    assert_eq!(used.coarse, "bins of 100 µs hold more than the link carries: packets are stamped in batches");
}

#[test]
fn two_directions_are_not_one_link() {
    // Seven tenths either way for 12 s: the link is not full, though together it is 140 %.
    let load = |parts: i64, end: bool| {
        let mut wire = Wire::default();
        for n in 0..12 * SECOND / MILLISECOND / 4 {
            let others = [[2, 0, 0, 0, 1, (n % 7) as u8], [2, 0, 0, 0, 2, (n % 5) as u8]];
            let [from, to] = if end { [END, OTHER] } else { others };
            // A slower link, so that few frames fill it: a frame takes 4 ms of 3 Mb/s.
            wire.train(n * 4 * MILLISECOND * 10 / parts, 1, [from, to]);
            wire.train(n * 4 * MILLISECOND * 10 / parts + 1_000, 1, [to, from]);
        }
        wire.look(1_000, MirrorSettings { speed: Some(1_538 * 8 * 250), ..MirrorSettings::default() })
    };
    let full = |s: &Snapshot| s.diagnosis.findings.iter().any(|f| f.id == "link.saturated");
    let told = |s: &Snapshot| s.diagnosis.network.not_judged.iter().any(|(id, why)| *id == "link.saturated" && why.contains("which way"));
    let s = load(7, true);
    assert!(!full(&s) && !told(&s));
    assert!(full(&load(10, true)), "one way is full");
    let s = load(7, false);
    assert_eq!(s.switch.link_use.as_ref().map(|used| used.ways), Some(LinkWays::Both));
    assert!(!full(&s) && told(&s), "nothing tells which way frames went");
    assert_eq!(json(&s)["direction"].as_str(), Some("both_directions"));
    assert!(full(&load(10, false)), "twice the speed fills both");
}

#[test]
fn what_a_mirror_port_sends_goes_one_way() {
    let mirror = MirrorSettings { speed_is_port: true, ..known() };
    let mut wire = trains(100);
    wire.0.push((0, control::full_lldp(OTHER)));
    let used = wire.look(1_000, mirror).switch.link_use.unwrap();
    assert_eq!((used.ways, used.bin), (LinkWays::Port, MILLISECOND), "more than a port sends at once is no stamp of this clock");
    assert!(used.coarse.contains("stamped in batches"), "{}", used.coarse);
}
