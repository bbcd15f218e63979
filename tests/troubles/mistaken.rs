//! Senders that send again what was only late: nothing was lost. The same number of segments that were lost is told of.

use super::*;

/// How a sender numbers its packets.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Numbers {
    /// Neither identification nor time stamps, as IPv6 without options.
    None,
    /// Time stamps, of a clock of milliseconds.
    Stamps,
}

/// Segments of 1,000 bytes of a server to its client, with a round trip of 20 ms to the client and of 400 µs to the server.
struct Transfer {
    traffic: Traffic,
    ends: [(u8, u16); 2],
    numbers: Numbers,
}

/// What is found in a file of it.
fn as_a_file(mut traffic: Traffic) -> Snapshot {
    traffic.packets.sort_by_key(|p| p.0);
    let mut memory = Memory::new();
    for (at, frame) in &traffic.packets {
        memory.push(Timestamp(START + at * 1_000), LinkType::ETHERNET, frame.len() as u32, frame);
    }
    engine::run(Box::new(memory), &Settings::default(), Default::default()).unwrap().result
}

/// The clients' round trip, and the server's.
const TRIP: Micros = 20_000;
const SERVER_TRIP: Micros = 400;

impl Transfer {
    fn new(traffic: Traffic, client: u8, numbers: Numbers) -> Self {
        Self::with_trip(traffic, client, numbers, TRIP)
    }

    fn with_trip(traffic: Traffic, client: u8, numbers: Numbers, trip: Micros) -> Self {
        let mut transfer = Self { traffic, ends: [(9, 8_080), (client, 5_000 + u16::from(client))], numbers };
        let at = i64::from(client) * 1_700;
        transfer.packet(at, false, SYN, (0, 0), (0, None), 0);
        transfer.packet(at + SERVER_TRIP, true, SYN | ACK, (0, 1), (0, None), 0);
        transfer.packet(at + SERVER_TRIP + trip, false, ACK, (1, 1), (0, None), 0);
        transfer
    }

    /// A packet of the server or its client; `stamps` are when it and what it echoes were sent.
    fn packet(
        &mut self,
        at: Micros,
        is_data: bool,
        flags: u8,
        (number, ack): (u32, u32),
        (echo, arrived): (Micros, Option<(u32, u32)>),
        length: usize,
    ) {
        let [(from, source), (to, destination)] = if is_data { self.ends } else { [self.ends[1], self.ends[0]] };
        let mut options = Vec::new();
        if self.numbers == Numbers::Stamps {
            options.extend([1, 1, 8, 10]);
            [at / 1_000 + 70_000, echo / 1_000 + 70_000].iter().for_each(|clock| options.extend((*clock as u32).to_be_bytes()));
        }
        if let Some((start, end)) = arrived {
            options.extend([1, 1, 5, 10]);
            [start, end].iter().for_each(|number| options.extend((1_000 * u32::from(destination) + number).to_be_bytes()));
        }
        let packet = Packet::eth(mac(from), mac(to)).ip(address(from), address(to)).id(0).tcp(source, destination);
        let packet = packet.options(&options).seq(1_000 * u32::from(source) + number).ack(1_000 * u32::from(destination) + ack);
        self.traffic.push(at, packet.flags(flags).payload(&vec![number as u8; length]));
    }

    fn data(&mut self, at: Micros, k: u32) {
        self.packet(at, true, ACK, (1 + k * 1_000, 1), (0, None), 1_000);
    }

    /// One that passes the mirrored port so much later than it was sent in time for.
    fn late(&mut self, at: Micros, k: u32, late: Micros) {
        self.data(at, k);
        self.traffic.packets.last_mut().unwrap().0 += late;
    }

    /// Everything before segment `k` has arrived, the newest of it sent at `echo`.
    fn acknowledge(&mut self, at: Micros, k: u32, echo: Micros) {
        self.packet(at, false, ACK, (1, 1 + k * 1_000), (echo, None), 0);
    }

    /// The same, and what arrived behind.
    fn asks(&mut self, at: Micros, k: u32, arrived: (u32, u32)) {
        self.packet(at, false, ACK, (1, 1 + k * 1_000), (0, Some((1 + arrived.0 * 1_000, 1 + arrived.1 * 1_000))), 0);
    }
}

/// What becomes of the flights of which the first segment is sent again.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    /// They arrive late, and the sender sends nothing else again (F-RTO).
    Late,
    /// They arrive late, and the sender goes on with those behind (go-back-N).
    LateAndRepeated,
    /// The first was lost, the others wait behind it.
    FirstLost,
    /// All were lost, and are sent again one after the other.
    AllLost,
}

/// Eight clients get flights of eight segments twice a second; one flight of five meets its fate, and its first segment is sent again after `waited`.
fn with_time_outs(fate: Fate, numbers: Numbers, waited: Micros, resumes: Micros) -> Snapshot {
    let mut traffic = Traffic::default();
    for client in 20..28u8 {
        let mut t = Transfer::new(traffic, client, numbers);
        for flight in 0..30u32 {
            let (at, first) = (S / 2 + i64::from(client) * 1_700 + i64::from(flight) * S, flight * 8);
            (0..8).for_each(|n| t.data(at + i64::from(n) * 100, first + n));
            if flight % 5 != 3 {
                (0..4).for_each(|n| t.acknowledge(at + TRIP + 300 + i64::from(n) * 200, first + 2 * (n + 1), at));
                continue;
            }
            let again = at + waited;
            t.data(again, first);
            match fate {
                Fate::Late => (0..8).for_each(|n| t.acknowledge(again + resumes + i64::from(n) * 150, first + n + 1, at)),
                Fate::LateAndRepeated => {
                    (0..8).for_each(|n| t.acknowledge(again + resumes + i64::from(n) * 150, first + n + 1, at));
                    (1..8).for_each(|n| t.data(again + resumes + 400 + i64::from(n) * 150, first + n));
                }
                Fate::FirstLost => t.acknowledge(again + TRIP, first + 8, again),
                Fate::AllLost => {
                    for n in 1..8u32 {
                        let sent = again + i64::from(n) * (TRIP + 400);
                        t.acknowledge(sent - 400, first + n, sent - TRIP - 400);
                        t.data(sent, first + n);
                    }
                    let last = again + 7 * (TRIP + 400);
                    t.acknowledge(last + TRIP, first + 8, last);
                }
            }
        }
        traffic = t.traffic;
    }
    as_a_file(traffic.with_office(30))
}

#[test]
fn a_time_out_that_was_wrong_lost_nothing() {
    for numbers in [Numbers::None, Numbers::Stamps] {
        for fate in [Fate::Late, Fate::LateAndRepeated] {
            for (waited, resumes) in [(230_000, 3_000), (410_000, 6_500)] {
                let s = with_time_outs(fate, numbers, waited, resumes);
                assert_eq!(troubles(&s), [], "{fate:?}, {numbers:?}, {waited}");
            }
        }
    }
    // It went on long after it may have been answered: that it goes on step by step says so, or the time stamps.
    assert_eq!(troubles(&with_time_outs(Fate::Late, Numbers::None, 260_000, 95_000)), []);
    assert_eq!(troubles(&with_time_outs(Fate::LateAndRepeated, Numbers::Stamps, 260_000, 95_000)), []);
    assert_eq!(troubles(&with_time_outs(Fate::LateAndRepeated, Numbers::None, 260_000, 95_000)), []);
}

#[test]
fn as_many_segments_that_were_lost_are_told_of() {
    let lost = |s: &Snapshot| {
        let finding = s.diagnosis.findings.iter().find(|f| f.id == "tcp.loss").unwrap();
        finding.evidence.iter().find(|e| e.0 == "lost").map(|e| e.1.clone())
    };
    for numbers in [Numbers::None, Numbers::Stamps] {
        for waited in [230_000, 410_000] {
            let s = with_time_outs(Fate::FirstLost, numbers, waited, 0);
            assert_eq!(troubles(&s), only("tcp.loss", "10.1.0.9:8080/tcp", Severity::Warning), "{numbers:?}, {waited}");
            assert_eq!(lost(&s), Some(Value::Count(48)), "six flights of each of eight");
            let s = with_time_outs(Fate::AllLost, numbers, waited, 0);
            assert_eq!(troubles(&s), only("tcp.loss", "10.1.0.9:8080/tcp", Severity::Critical), "{numbers:?}, {waited}");
        }
    }
}

/// What becomes of every twelfth segment, before it passes the mirrored port.
#[derive(Debug, Clone, Copy, PartialEq)]
enum OnTheWay {
    /// It comes 2 to 5 ms late, and its sender does not care.
    Late,
    /// The same, and its sender sends it again as soon as three acknowledgements ask for it.
    LateAndRepeated,
    /// It is lost, and sent again when three acknowledgements have asked for it.
    Lost,
    /// The same, by a sender that takes its time, now more and now less.
    LostAndSlow,
}

/// Eight clients, with a round trip of so much, get 288 segments each, one every `pace`.
fn with_order(fate: OnTheWay, numbers: Numbers, trip: Micros, pace: Micros) -> Snapshot {
    let mut traffic = Traffic::default();
    for client in 20..28u8 {
        let mut t = Transfer::with_trip(traffic, client, numbers, trip);
        let begin = S / 2 + i64::from(client) * 1_700;
        // Bursts of 24 segments every half a second: two of each are late or lost, so none waits for another.
        for burst in 0..12u32 {
            let (start, first) = (begin + i64::from(burst) * S / 2, burst * 24);
            let sent = |n: u32| start + i64::from(n) * pace + i64::from(n / 12) * 20_000;
            let mut arrivals: Vec<(Micros, u32)> = Vec::new();
            for n in 0..24u32 {
                let (is_struck, late) = (n % 12 == 3, 2_000 + i64::from((n * 7 + burst * 13 + u32::from(client)) % 30) * 100);
                // The third of those behind it has asked for it, and the sender hears of it.
                let slow = if fate == OnTheWay::LostAndSlow { late - 1_000 } else { 0 };
                let again = sent(n + 3) + trip + SERVER_TRIP + slow;
                match fate {
                    _ if !is_struck => t.data(sent(n), first + n),
                    OnTheWay::Late | OnTheWay::LateAndRepeated => t.late(sent(n), first + n, late),
                    OnTheWay::Lost | OnTheWay::LostAndSlow => t.data(again, first + n),
                }
                let late = sent(n) + late;
                arrivals.push((
                    match fate {
                        _ if !is_struck => sent(n),
                        OnTheWay::Late => late,
                        OnTheWay::LateAndRepeated => late.min(again),
                        OnTheWay::Lost | OnTheWay::LostAndSlow => again,
                    },
                    n,
                ));
                if is_struck && fate == OnTheWay::LateAndRepeated {
                    t.data(again, first + n);
                    arrivals.push((late.max(again), n));
                }
            }
            arrivals.sort_unstable();
            let (mut here, mut next) = (std::collections::BTreeSet::new(), 0);
            for (time, n) in arrivals {
                let is_twice = !here.insert(n);
                while here.contains(&next) {
                    next += 1;
                }
                if is_twice {
                    // What it has twice it says first (RFC 2883).
                    t.asks(time + trip, first + next, (first + n, first + n + 1));
                    continue;
                }
                let behind = here.range(next..).next().map(|from| (first + from, first + here.last().unwrap() + 1));
                match behind {
                    Some(arrived) => t.asks(time + trip, first + next, arrived),
                    None => t.acknowledge(time + trip, first + next, sent(n)),
                }
            }
        }
        traffic = t.traffic;
    }
    as_a_file(traffic.with_office(10))
}

#[test]
fn what_comes_a_few_milliseconds_late_is_not_lost() {
    for numbers in [Numbers::None, Numbers::Stamps] {
        for fate in [OnTheWay::Late, OnTheWay::LateAndRepeated] {
            for (trip, pace) in [(600, 130), (600, 800), (9_000, 300)] {
                assert_eq!(troubles(&with_order(fate, numbers, trip, pace)), [], "{fate:?}, {numbers:?}, {trip}, {pace}");
            }
        }
    }
}

#[test]
fn what_was_lost_and_comes_as_soon_is_told_of() {
    for numbers in [Numbers::None, Numbers::Stamps] {
        for (trip, pace) in [(600, 130), (600, 800), (9_000, 300)] {
            let s = with_order(OnTheWay::Lost, numbers, trip, pace);
            let want = only("tcp.loss", "10.1.0.9:8080/tcp", Severity::Critical);
            assert_eq!(troubles(&s), want, "{numbers:?}, {trip}, {pace}");
            let finding = s.diagnosis.findings.iter().find(|f| f.id == "tcp.loss").unwrap();
            assert_eq!((finding.side, finding.location), (Some(PathSide::Server), Some(spantop::model::Location::BeforeMirror)));
        }
    }
}

/// Senders that answer when they like, and number nothing: what is late looks the same. It is not said that nothing is lost.
#[test]
fn what_may_be_late_or_lost_is_not_judged() {
    let not_judged = |s: &Snapshot| s.diagnosis.network.not_judged.iter().find(|(id, _)| *id == "tcp.loss").map(|(_, why)| why.clone());
    let s = with_order(OnTheWay::LostAndSlow, Numbers::None, 2_500, 130);
    assert_eq!(troubles(&s), []);
    let why = not_judged(&s).unwrap();
    assert!(why.contains("10.1.0.9:8080") && why.contains("lost and sent again or only late, and nothing tells which"), "{why}");
    assert!(!s.diagnosis.network.is_well(), "{:?}", s.diagnosis.network);
    // Time stamps tell.
    let s = with_order(OnTheWay::LostAndSlow, Numbers::Stamps, 2_500, 130);
    assert_eq!(troubles(&s), only("tcp.loss", "10.1.0.9:8080/tcp", Severity::Critical));
    assert_eq!(not_judged(&s), None);
    // What comes in order is judged.
    let s = with_order(OnTheWay::LateAndRepeated, Numbers::Stamps, 2_500, 130);
    assert_eq!((troubles(&s), not_judged(&s)), (vec![], None));
}
