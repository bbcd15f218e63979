//! sFlow as a mirror: the network is estimated from samples, the datagrams count on the link alone, and nothing judges what was not sampled.

mod support;

use spantop::capture::Memory;
use spantop::engine::{self, Settings};
use spantop::error::Outcome;
use spantop::model::{Address, Decap, LinkType, Timestamp};
use spantop::snapshot::Snapshot;
use std::collections::BTreeMap;
use support::Rng;
use support::network::{self, Passing, Plan};
use support::packet::Packet;

const START: i64 = 1_700_000_000_000_000_000;
const AGENT: [u8; 4] = [192, 0, 2, 1];
const COLLECTOR: [u8; 4] = [192, 0, 2, 9];

/// An agent that samples frames of one interface.
struct Agent {
    rate: u32,
    sequence: u32,
    samples: u32,
    pool: u32,
    drops: u32,
    /// Flow samples waiting for their datagram.
    waiting: Vec<u8>,
    count: u32,
}

impl Agent {
    fn new(rate: u32) -> Self {
        Self { rate, sequence: 100, samples: 0, pool: 0, drops: 0, waiting: Vec::new(), count: 0 }
    }

    /// Takes the first 128 bytes of a frame (sFlow version 5, section 5.3), whose check sequence it counts and strips.
    fn sample(&mut self, frame: &[u8]) {
        let header = &frame[..frame.len().min(128)];
        let padded = header.len().next_multiple_of(4);
        self.samples += 1;
        let mut put = |words: &[u32]| words.iter().for_each(|w| self.waiting.extend(w.to_be_bytes()));
        put(&[1, (8 * 4 + 8 + 16 + padded) as u32, self.samples, 3, self.rate, self.pool, self.drops, 3, 4, 1]);
        put(&[1, (16 + padded) as u32, 1, frame.len() as u32 + 4, 4, header.len() as u32]);
        self.waiting.extend(header);
        self.waiting.resize(self.waiting.len() + padded - header.len(), 0);
        self.count += 1;
    }

    /// The datagram of what waits.
    fn send(&mut self) -> Vec<u8> {
        let mut d = Vec::new();
        let ip = u32::from_be_bytes(AGENT);
        [5, 1, ip, 0, self.sequence, 1000, self.count].iter().for_each(|w: &u32| d.extend(w.to_be_bytes()));
        d.append(&mut self.waiting);
        (self.sequence, self.count) = (self.sequence + 1, 0);
        let carrier = Packet::eth([2, 0, 8, 0, 0, 1], [2, 0, 8, 0, 0, 2]).ipv4(AGENT, COLLECTOR).id(self.sequence as u16);
        carrier.udp(50_000, 6343).payload(&d).build()
    }
}

/// Frames with their times.
type Link = Vec<(i64, Vec<u8>)>;

/// What the link carries, and the frames that were sampled.
fn sampled(network: &[Passing], agent: &mut Agent, per_datagram: u32) -> (Link, Vec<Vec<u8>>) {
    let mut rng = Rng(5);
    let (mut out, mut taken) = (Vec::new(), Vec::new());
    for p in network {
        agent.pool += 1;
        if rng.below(agent.rate.into()) == 0 {
            agent.sample(&p.frame);
            taken.push(p.frame.clone());
        }
        if agent.count == per_datagram {
            out.push((p.time, agent.send()));
        }
    }
    if agent.count > 0 {
        out.push((network.last().unwrap().time, agent.send()));
    }
    (out, taken)
}

fn analyse(link: &[(i64, Vec<u8>)], settings: &Settings) -> Snapshot {
    let mut memory = Memory::new();
    for (time, frame) in link {
        memory.push(Timestamp(START + time), LinkType::ETHERNET, frame.len() as u32, frame);
    }
    let Outcome { result: snapshot, failure } = engine::run(Box::new(memory), settings, Default::default()).unwrap();
    assert_eq!(failure, None);
    snapshot
}

fn busy() -> Vec<Passing> {
    network::run(&Plan { connections: 300, ..Plan::default() })
}

#[test]
fn samples_are_scaled_and_datagrams_count_on_the_link() {
    let network = busy();
    let mut agent = Agent::new(8);
    agent.drops = 70;
    let (link, taken) = sampled(&network, &mut agent, 5);
    let s = analyse(&link, &Settings::default());
    let rate = 8u64;
    let bytes: u64 = taken.iter().map(|f| f.len() as u64).sum();
    assert!(taken.len() > 500, "{}", taken.len());
    assert_eq!((s.stats.total.packets, s.stats.total.wire_bytes), (taken.len() as u64 * rate, bytes * rate));
    let truth = network.iter().map(|p| p.frame.len() as f64).sum::<f64>();
    assert!((s.stats.total.wire_bytes as f64 / truth - 1.0).abs() < 0.15, "{} of {truth}", s.stats.total.wire_bytes);
    let outer: u64 = link.iter().map(|(_, f)| f.len() as u64).sum();
    assert_eq!((s.mirror.link.packets, s.mirror.link.wire_bytes), (link.len() as u64, outer));
    assert_eq!((s.capture.captured_bytes, s.capture.truncated_packets, s.capture.losses.decode_errors), (outer, 0, 0));
    // Every table closes over the scaled frames.
    let sum = |rows: &[spantop::snapshot::Conversation]| rows.iter().map(|r| r.total().packets).sum::<u64>();
    assert_eq!(sum(&s.stats.conversations.eth.rows), s.stats.total.packets);
    assert_eq!(s.stats.protocols.first().map(|r| r.traffic), Some(s.stats.total));
    assert_eq!(s.stats.load.samples.iter().map(|x| x.traffic.wire_bytes).sum::<u64>(), s.stats.total.wire_bytes);
    let d = &s.stats.directions;
    let headings = [d.inbound, d.outbound, d.inside, d.through, d.unknown];
    assert_eq!(headings.iter().map(|t| t.wire_bytes).sum::<u64>(), s.stats.total.wire_bytes);
    assert!(s.stats.conversations.udp.rows.iter().all(|c| c.a_port != 6343 && c.b_port != 6343), "the datagrams are no conversation");
    // Flags and stations, counted by hand.
    let is_syn = |f: &Vec<u8>| {
        let at = if f[12..14] == [0x81, 0] { 18 } else { 14 };
        let (protocol, tcp) = if f[at] >> 4 == 4 { (f[at + 9], at + 20) } else { (f[at + 6], at + 40) };
        matches!(f[at - 2..at], [0x08, 0] | [0x86, 0xdd]) && protocol == 6 && f[tcp + 13] & 0x12 == 0x02
    };
    assert_eq!(s.stats.tcp_flags.syn, taken.iter().filter(|f| is_syn(f)).count() as u64 * rate);
    let mut stations: BTreeMap<[u8; 6], u64> = BTreeMap::new();
    taken.iter().for_each(|f| *stations.entry(f[6..12].try_into().unwrap()).or_default() += f.len() as u64 * rate);
    for row in s.stats.endpoints.eth.rows.iter().filter(|r| r.tx.packets > 0) {
        let Address::Mac(mac) = row.address else { panic!("{:?}", row.address) };
        assert_eq!(stations.get(&mac.0), Some(&row.tx.wire_bytes));
    }
    // The session says what it is.
    let [session] = s.mirror.sessions.as_slice() else { panic!("{:#?}", s.mirror.sessions) };
    let sampling = session.sampling.unwrap();
    assert_eq!((s.mirror.transport, session.peeled, session.sequenced, session.missing), ("sflow", true, true, 0));
    assert_eq!((sampling.one_in, sampling.samples, sampling.unread, sampling.drops), (8, taken.len() as u64, 0, 0));
    assert_eq!((session.packets, session.inner_bytes, s.mirror.one_in()), (link.len() as u64, bytes, Some(8)));
    // What was not sampled is not missing, not one-sided and not disordered.
    let found: Vec<_> = s.diagnosis.findings.iter().filter(|f| f.active).map(|f| f.id).collect();
    assert_eq!(found, ["span.sampled"]);
    assert_eq!((s.mirror.sides.judged, s.mirror.duplicates.traffic.packets), (0, 0));
}

#[test]
fn threads_and_block_sizes_do_not_change_a_sample() {
    let (link, _) = sampled(&busy(), &mut Agent::new(16), 7);
    let want = analyse(&link, &Settings { threads: 0, ..Settings::default() });
    assert!(want.stats.total.packets > 3_000);
    for threads in [0, 1, 3] {
        for block_bytes in [3_000, 70_000] {
            let got = analyse(&link, &Settings { threads, block_bytes, ..Settings::default() });
            assert!(got == want, "threads {threads}, blocks of {block_bytes}");
        }
    }
}

#[test]
fn lost_datagrams_and_dropped_samples_are_told() {
    let network = busy();
    let mut agent = Agent::new(4);
    let (first, second) = network.split_at(network.len() / 2);
    let (mut link, taken) = sampled(first, &mut agent, 4);
    agent.drops = 250;
    let (more, later) = sampled(second, &mut agent, 4);
    link.extend(more);
    let all = link.len();
    let mut n = 0;
    link.retain(|_| {
        n += 1;
        n % 10 != 5
    });
    let s = analyse(&link, &Settings::default());
    let session = &s.mirror.sessions[0];
    assert_eq!(session.missing, (all - link.len()) as u64);
    let path = s.mirror.loss.path.unwrap();
    assert!(path.low < 0.1 && 0.1 < path.high, "{path:?}");
    let sampling = session.sampling.unwrap();
    assert_eq!(sampling.drops, 250);
    assert!(sampling.samples < (taken.len() + later.len()) as u64);
    let switch = s.mirror.loss.switch.unwrap();
    let want = 250.0 / (250.0 + sampling.samples as f64);
    assert!((switch.rate - want).abs() < 1e-9, "{switch:?} {want}");
}

#[test]
fn samples_that_only_cross_the_link_stay_what_they_are() {
    let network = busy();
    let (samples, taken) = sampled(&network, &mut Agent::new(8), 5);
    let plain: Vec<_> = network.iter().map(|p| (p.time, p.frame.clone())).collect();
    let mut link = plain.clone();
    link.extend(samples.clone());
    link.sort_by_key(|(time, _)| *time);
    let count = |s: &Snapshot| (s.stats.total.packets, s.mirror.sessions.iter().map(|x| x.peeled).collect::<Vec<_>>());
    // By default and without decapsulation they are packets like others; to an end of ours, or on the user's word, they are samples.
    let all = link.len() as u64;
    assert_eq!(count(&analyse(&link, &Settings::default())), (all, vec![false]));
    assert_eq!(count(&analyse(&link, &Settings::with(|s| s.mirror.decap = Decap::None))), (all, vec![false]));
    let scaled = plain.len() as u64 + 8 * taken.len() as u64;
    let here = vec![Address::V4(COLLECTOR.into())];
    assert_eq!(count(&analyse(&link, &Settings { ours: here.clone(), ..Settings::default() })), (scaled, vec![true]));
    assert_eq!(count(&analyse(&link, &Settings::with(|s| s.mirror.ends = here))), (scaled, vec![true]));
    assert_eq!(count(&analyse(&link, &Settings::with(|s| s.mirror.decap = Decap::All))), (scaled, vec![true]));
}

#[test]
fn damaged_and_crafted_samples_break_nothing() {
    let (link, _) = sampled(&busy(), &mut Agent::new(4), 6);
    let mut rng = Rng(77);
    for round in 0..40 {
        let mut damaged = link.clone();
        for (_, frame) in &mut damaged {
            for _ in 0..3 {
                // Behind the UDP header: what the agent writes.
                let at = 42 + rng.below(frame.len() as u64 - 42) as usize;
                frame[at] = [0xff, 0x7f, 0, 1, rng.below(256) as u8][rng.below(5) as usize];
            }
            if round % 2 == 1 {
                frame.truncate(60 + rng.below(frame.len() as u64 - 59) as usize);
            }
        }
        let s = analyse(
            &damaged,
            &Settings::with(|s| {
                s.threads = 0;
                s.mirror.decap = Decap::All
            }),
        );
        assert_eq!(s.mirror.link.packets, link.len() as u64);
        assert_eq!(s.stats.protocols.iter().map(|r| r.own.wire_bytes).sum::<u64>(), s.stats.total.wire_bytes);
    }
    // The largest numbers there are: no sum overflows, what cannot be counted is told.
    let mut agent = Agent::new(u32::MAX);
    let mut link = Vec::new();
    for n in 0..3000 {
        agent.sample(&vec![2; 1514]);
        link.push((n, agent.send()));
    }
    let s = analyse(&link, &Settings { threads: 0, ..Settings::default() });
    let sampling = s.mirror.sessions[0].sampling.unwrap();
    assert_eq!(sampling.samples + sampling.unread, 3000);
    assert_eq!(s.stats.total.packets, sampling.samples * u64::from(u32::MAX));
}
