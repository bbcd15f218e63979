//! Load over time: packets count in the interval and the millisecond of their own time, whatever the clock does.

mod support;

use spantop::capture::{Block, Fill, Memory, Source, SourceInfo};
use spantop::engine::{self, Settings};
use spantop::error::{Outcome, Result};
use spantop::model::{LinkType, Timestamp, Value};
use spantop::report::{self, ReportOptions};
use spantop::snapshot::Snapshot;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use support::Rng;
use support::packet::{ACK, End, Packet, SYN};

const START: i64 = 1_700_000_000_000_000_000;
const MILLISECOND: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;

fn frame(id: u16, payload: usize) -> Vec<u8> {
    let end = |n: u8| End::new([2, 0, 0, 0, 0, n], [10, 0, 0, n], 4000 + u16::from(n));
    let (client, server) = (end(1 + (id % 40) as u8), end(200));
    Packet::between(client, server).id(id).udp(client.port, server.port).payload(&vec![id as u8; payload]).build()
}

/// Packets of 142 bytes at these times, in this order.
fn source(times: impl IntoIterator<Item = i64>) -> Memory {
    let mut memory = Memory::new();
    for (at, id) in times.into_iter().zip(0u16..) {
        let frame = frame(id, 100);
        memory.push(Timestamp(at), LinkType::ETHERNET, frame.len() as u32, &frame);
    }
    memory
}

fn run_with(source: Memory, settings: &Settings) -> Snapshot {
    let Outcome { result: snapshot, failure } = engine::run(Box::new(source), settings, Default::default()).unwrap();
    assert_eq!(failure, None);
    let counted: u64 = snapshot.stats.load.samples.iter().map(|s| s.traffic.packets).sum();
    assert!(
        snapshot.capture.first.is_none() || counted == snapshot.stats.total.packets,
        "{counted} of {} in the series",
        snapshot.stats.total.packets
    );
    let mean = snapshot.mean_bits_per_second();
    assert!(snapshot.stats.load.peak.is_none_or(|p| p.bits_per_second() >= mean), "a peak below the mean");
    snapshot
}

/// The same for any number of threads and size of block.
fn run(times: &[i64], settings: &Settings) -> Snapshot {
    let whole = run_with(source(times.iter().copied()), &Settings { threads: 0, ..settings.clone() });
    for (threads, block_bytes) in [(1, 2_000), (3, 2_000), (2, 512 * 1024)] {
        let got = run_with(source(times.iter().copied()), &Settings { threads, block_bytes, ..settings.clone() });
        assert!(got == whole, "threads {threads}, blocks of {block_bytes}");
    }
    whole
}

#[test]
fn a_clock_set_back_an_hour_makes_no_peak() {
    let steady = |start: i64| (0..300).map(move |n| start + n * 100 * MILLISECOND);
    let times: Vec<i64> = steady(START).chain(steady(START - 3600 * SECOND + 31 * SECOND)).collect();
    let s = run(&times, &Settings::default());
    assert_eq!(s.stats.load.samples.len(), 60);
    assert!(s.stats.load.samples.iter().all(|x| x.traffic.packets == 10 && x.peak_ms_packets == 1), "{:?}", s.stats.load.samples);
    assert_eq!(s.stats.load.peak.map(|p| p.traffic.packets), Some(10));
    assert_eq!(s.stats.load.peak_ms.map(|p| (p.1, p.2)), Some((142, 1)));
    assert_eq!(s.capture.losses.late_packets, 300);
}

/// What a file says of steps of its clock, for any number of threads: how many, and the largest in seconds.
fn steps(times: &[i64]) -> Option<(u64, f64)> {
    let s = run(times, &Settings::default());
    let found = s.diagnosis.findings.iter().find(|f| f.id == "clock.step")?;
    match (&found.evidence[0].1, &found.evidence[1].1) {
        (Value::Count(n), Value::Seconds(seconds)) => Some((*n, *seconds)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn steps_of_the_clock_are_counted_once() {
    let from = |start: i64, n: i64| (0..n).map(move |k| START + start + k * 10 * MILLISECOND);
    // Each stretch begins where the one before it ends, but for the step.
    let (hour, day) = (3_600 * SECOND, 86_400 * SECOND);
    let once: Vec<i64> = from(0, 2_000).chain(from(20 * SECOND - hour, 2_000)).collect();
    assert_eq!(steps(&once), Some((1, 3_600.0 - 0.01)));
    let twice: Vec<i64> = from(0, 900).chain(from(9 * SECOND - day, 900)).chain(from(18 * SECOND - 2 * day, 900)).collect();
    assert_eq!(steps(&twice), Some((2, 86_400.0 - 0.01)));
    let there_and_back: Vec<i64> = from(0, 900).chain(from(9 * SECOND + hour, 900)).chain(from(18 * SECOND, 900)).collect();
    assert_eq!(steps(&there_and_back), Some((1, 3_600.0 - 0.01)));
    assert_eq!(steps(&from(0, 2_000).collect::<Vec<_>>()), None);
}

#[test]
fn one_wrong_time_stamp_makes_no_peak() {
    for wrong in [86_400 * SECOND, -86_400 * SECOND, i64::MAX - START, -START, i64::MIN + 1 + SECOND / 2] {
        let mut times: Vec<i64> = (0..500).map(|n| START + n * 100 * MILLISECOND).collect();
        times[37] = times[37].saturating_add(wrong).max(i64::MIN + 1);
        let s = run(&times, &Settings::default());
        assert_eq!(s.stats.load.peak.map(|p| p.traffic.packets), Some(10), "{wrong}");
        assert_eq!(s.stats.load.peak_ms.map(|p| p.2), Some(1), "{wrong}");
    }
}

#[test]
fn equal_packets_that_are_no_copies_are_in_the_series() {
    for step in [0, 1, 20_000] {
        for threads in [0, 2] {
            let mut memory = Memory::new();
            let frame = frame(7, 20);
            (0..100).for_each(|n| memory.push(Timestamp(START + n * step), LinkType::ETHERNET, frame.len() as u32, &frame));
            let s = run_with(memory, &Settings { threads, ..Settings::default() });
            assert_eq!(s.stats.total.packets, 100, "{step}: nothing says that a mirror makes copies");
            assert_eq!(s.stats.load.peak.map(|p| p.traffic.packets), Some(100), "{step}");
        }
    }
}

#[test]
fn the_order_of_packets_does_not_matter() {
    let mut rng = Rng(7);
    let mut times: Vec<i64> = (0..3_000).map(|_| START + rng.below(400) as i64 * SECOND + rng.below(SECOND as u64) as i64).collect();
    let shuffled = run(&times, &Settings::default());
    times.sort_unstable();
    let sorted = run(&times, &Settings::default());
    // Intervals are counted from the first packet, wherever it lies.
    let shift = shuffled.stats.load.samples[0].start.since(sorted.stats.load.samples[0].start).rem_euclid(SECOND);
    assert!(shuffled.capture.losses.late_packets > 2_000, "{} {shift}", shuffled.capture.losses.late_packets);
    assert!(shuffled.stats.load.samples.len().abs_diff(sorted.stats.load.samples.len()) <= 1);
    assert!(shuffled.stats.load.peak.unwrap().traffic.packets < 25);
}

#[test]
fn bursts_are_exact_at_any_interval() {
    // 75 seconds at 20 packets/s; two packets 0.4 ms apart at one place, and late by three seconds at another.
    let mut times: Vec<i64> = (0..1_500).map(|n| START + n * 50 * MILLISECOND).collect();
    times[700] = times[699] + 400_000;
    for interval in [MILLISECOND, 10 * MILLISECOND, SECOND, 60 * SECOND, 61 * SECOND, 300 * SECOND, 86_400 * SECOND] {
        let s = run(&times, &Settings::with(|s| s.load.interval = interval));
        assert_eq!(s.stats.load.peak_ms, Some((Timestamp(times[699]), 284, 2)), "interval {interval}");
        assert_eq!(s.stats.load.samples.iter().map(|x| x.peak_ms_bytes).max(), Some(284), "interval {interval}");
    }
    times.push(times[1_499] - 3_000 * MILLISECOND + 200_000);
    let s = run(&times, &Settings::default());
    assert_eq!(s.stats.load.samples.iter().filter(|x| x.peak_ms_packets == 2).count(), 2);
}

#[test]
fn packets_and_bytes_of_a_burst_are_of_the_same_millisecond() {
    let mut memory = Memory::new();
    let mut push = |at: i64, payload: usize, id: u16| {
        let frame = frame(id, payload);
        memory.push(Timestamp(START + at), LinkType::ETHERNET, frame.len() as u32, &frame);
    };
    (0..10).for_each(|n| push(i64::from(n), 20, n));
    push(500 * MILLISECOND, 1_400, 10);
    let s = run_with(memory, &Settings::default());
    assert_eq!(s.stats.load.peak_ms, Some((Timestamp(START + 500 * MILLISECOND), 1_442, 1)));
}

#[test]
fn a_short_capture_has_no_peak_below_its_mean() {
    let s = run(&[START, START + 5 * MILLISECOND, START + 20 * MILLISECOND], &Settings::default());
    let peak = s.stats.load.peak.unwrap();
    assert_eq!((peak.length, peak.traffic, peak.start), (20 * MILLISECOND, s.stats.total, Timestamp(START)));
    // The last interval has hardly begun, and most packets are in it.
    let times: Vec<i64> = [START].into_iter().chain((0..90).map(|n| START + SECOND + n)).collect();
    assert_eq!(run(&times, &Settings::default()).stats.load.peak.map(|p| p.traffic.packets), Some(91));
}

#[test]
fn packets_without_a_time_have_none() {
    let none = Timestamp::UNKNOWN.0;
    let s = run(&[none; 20], &Settings::default());
    assert_eq!((s.stats.total.packets, s.capture.first, s.capture.last, s.is_timed()), (20, None, None, false));
    assert_eq!((s.stats.load.samples.len(), s.stats.load.peak, s.stats.load.peak_ms), (0, None, None));
    let s = run(&[none, none, START, none, START + SECOND, none], &Settings::default());
    assert_eq!((s.capture.first, s.capture.last), (Some(Timestamp(START)), Some(Timestamp(START + SECOND))));
    assert_eq!(s.stats.load.samples.iter().map(|x| x.traffic.packets).collect::<Vec<_>>(), [4, 2]);
}

/// A live port whose packets a test writes, fill by fill.
struct Port<F>(F);

impl<F: FnMut(&mut Block) -> Fill + Send> Source for Port<F> {
    fn fill(&mut self, block: &mut Block) -> Result<Fill> {
        Ok((self.0)(block))
    }

    fn info(&self) -> Vec<SourceInfo> {
        Vec::new()
    }

    fn is_live(&self) -> bool {
        true
    }
}

fn wall() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| t.as_nanos() as i64)
}

/// A port that brings a packet every 2 ms, 500 by a clock that is ahead, then 500 by this host's; the last snapshot but the final one.
fn stepped(ahead: i64, packets_after: u16) -> Snapshot {
    let mut n = 0u16;
    let port = Port(move |block: &mut Block| {
        std::thread::sleep(Duration::from_millis(2));
        n += 1;
        if n > 1_000 {
            return Fill::End;
        }
        if n > 500 + packets_after {
            return Fill::Quiet;
        }
        let at = wall() + if n <= 500 { ahead } else { 0 };
        let frame = frame(n, 100);
        block.push(Timestamp(at), frame.len() as u32, LinkType::ETHERNET, 0, &frame);
        Fill::Packets
    });
    let settings = Settings::with(|s| (s.live, s.load.interval) = (true, 100 * MILLISECOND));
    engine::run(Box::new(port), &settings, Default::default()).unwrap().result
}

#[test]
fn a_wall_clock_set_back_does_not_blind_a_live_port() {
    for ahead in [37 * SECOND, 3600 * SECOND] {
        let s = stepped(ahead, 500);
        assert!((s.now.0 - wall()).abs() < 20 * SECOND, "now is {} s ahead", (s.now.0 - wall()) / SECOND);
        assert_eq!((s.stats.total.packets, s.capture.losses.late_packets), (1_000, 0));
        let samples = &s.stats.load.samples;
        assert_eq!(samples.iter().map(|x| x.traffic.packets).sum::<u64>(), 1_000);
        assert!(samples.iter().all(|x| (x.start.0 - wall()).abs() < 60 * SECOND), "what came before is as long ago as it was");
        assert!(samples.iter().all(|x| x.traffic.packets <= 60), "{samples:?}");
        assert!(s.duration() > 1.5 && s.duration() < 60.0, "{}", s.duration());
        assert!(s.diagnosis.findings.iter().any(|f| f.id == "clock.step"), "{:?}", s.diagnosis.findings);
    }
}

#[test]
fn packets_by_a_clock_of_their_own_are_no_step() {
    let s = stepped(37 * SECOND, 0);
    assert!(s.diagnosis.findings.iter().all(|f| f.id != "clock.step"), "{:?}", s.diagnosis.findings);
}

/// A connection of which no packet has a time, with an answer to a request in it.
#[test]
fn packets_without_times_have_no_durations() {
    let mut memory = Memory::new();
    let end = |n: u8| End::new([2, 0, 0, 0, 0, n], [10, 0, 0, n], 5_000 + u16::from(n));
    let (client, server) = (end(1), End { port: 80, ..end(2) });
    let segment = |from: End, to: End, flags: u8, seq: u32, ack: u32, payload: &[u8]| {
        Packet::between(from, to).tcp(from.port, to.port).seq(seq).ack(ack).flags(flags).payload(payload).build()
    };
    let frames = [
        segment(client, server, SYN, 9, 0, b""),
        segment(server, client, SYN | ACK, 99, 10, b""),
        segment(client, server, ACK, 10, 100, b""),
        segment(client, server, ACK, 10, 100, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"),
        segment(server, client, ACK, 100, 48, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ];
    for frame in &frames {
        memory.push(Timestamp::UNKNOWN, LinkType::ETHERNET, frame.len() as u32, frame);
    }
    let s = engine::run(Box::new(memory), &Settings::default(), Default::default()).unwrap().complete().unwrap();
    assert!(!s.is_timed() && s.stats.total.packets == 5);
    let row = &s.stats.conversations.tcp.rows[0];
    assert_eq!((row.first, row.last), (Timestamp::UNKNOWN, Timestamp::UNKNOWN));
    let service = &s.stats.services.rows[0];
    assert_eq!((service.counts.established, service.response, service.network), (1, None, None), "counts are known");
    let write = |format: &str| {
        let mut out = Vec::new();
        report::write(report::find(format).unwrap(), &s, &ReportOptions::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let json: serde_json::Value = serde_json::from_str(&write("json")).unwrap();
    let told = &json["conversations"]["tcp"][0];
    assert!(told["start"].is_null() && told["duration"].is_null() && told["handshake_rtt"].is_null(), "{told}");
    assert!(json["services"][0]["network"].is_null());
    let text = write("text");
    for wrong in ["1970", " 0 s", "in 0 s"] {
        assert!(!text.contains(wrong), "{wrong}: {text}");
    }
    assert!(text.contains("recorded without times"), "{text}");
}
