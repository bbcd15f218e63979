//! What resembles a fault and is none, and what faults of the mirror make of networks, healthy or not: they silence, and invent nothing.

use super::{ACK, FIN, Micros, PSH, RST, S, SYN, Traffic, troubles};

/// Hosts whose packets come from the far side of the mirrored port.
const SERVERS: [u8; 3] = [9, 250, 251];

/// What a mirror does wrong.
#[derive(Debug, Clone, Copy)]
enum MirrorFault {
    /// One packet of five is not copied.
    Loses,
    /// What servers send is not copied.
    OneWay,
    /// Every packet is copied twice, 40 µs apart.
    Doubles,
    /// What servers send comes 5 ms late.
    Late,
}

const FAULTS: [MirrorFault; 4] = [MirrorFault::Loses, MirrorFault::OneWay, MirrorFault::Doubles, MirrorFault::Late];

impl Traffic {
    /// The same, as a mirror with this fault shows it.
    fn mirrored(mut self, fault: MirrorFault) -> Self {
        self.packets.sort_by_key(|p| p.0);
        let is_servers =
            |frame: &[u8]| frame[6..11] == [2, 0, 0, 0, 1] && SERVERS.contains(&frame[11]) || frame[6..12] == [2, 0, 0, 0, 9, 1];
        match fault {
            MirrorFault::Loses => {
                let mut n = 0;
                self.packets.retain(|_| {
                    n += 1;
                    (n * 7 + n / 3) % 5 != 0
                });
            }
            MirrorFault::OneWay => self.packets.retain(|(_, frame)| !is_servers(frame)),
            MirrorFault::Doubles => {
                let again: Vec<_> = self.packets.iter().map(|(at, frame)| (at + 40, frame.clone())).collect();
                self.packets.extend(again);
            }
            MirrorFault::Late => self.packets.iter_mut().filter(|(_, frame)| is_servers(frame)).for_each(|(at, _)| *at += 5_000),
        }
        self
    }
}

/// Six laptops that are shut while their server goes on to send: it is not the server that is gone.
fn clients_asleep() -> Traffic {
    let mut t = Traffic::default();
    for client in 1..=6u8 {
        let (there, back) = ([(client, 5_000), (9, 9_000)], [(9, 9_000), (client, 5_000)]);
        let at = i64::from(client) * S / 10;
        t.syn(at, there[0], there[1]);
        t.segment(at + 400, back, SYN | ACK, (0, 1), 0);
        t.segment(at + 600, there, ACK, (1, 1), 0);
        for n in 0..=20u32 {
            let (at, said) = (at + i64::from(n) * S + S / 2, 1 + 200 * n);
            t.segment(at, back, PSH | ACK, (said, 1), 200);
            if n < 20 {
                t.segment(at + 300, there, ACK, (1, said + 200), 0);
            } else {
                let again = [200, 600, 1_400, 3_000, 6_200, 12_600, 25_400];
                again.into_iter().for_each(|ms| t.segment(at + ms * 1_000, back, PSH | ACK, (said, 1), 200));
            }
        }
    }
    t.with_office(120)
}

/// A web server that holds every fourth request until there is news, 25 s later, and answers the others at once.
fn requests_held() -> Traffic {
    let mut t = Traffic::default();
    for n in 0..60u16 {
        let later = if n >= 20 && n % 4 == 0 { 25 * S + S / 2 } else { 5_000 };
        t.page(i64::from(n) * S, (1 + n as u8 % 5, 5_000 + n), (9, 80), later);
    }
    t.with_office(120)
}

/// Connections of a pool that answered and of which nobody asks anything any more.
fn pool_at_rest() -> Traffic {
    let mut t = Traffic::default();
    let (ask, reply) = (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    for client in 1..=6u8 {
        let (there, back) = ([(client, 5_000), (9, 80)], [(9, 80), (client, 5_000)]);
        let at = i64::from(client) * S / 10;
        t.syn(at, there[0], there[1]);
        t.segment(at + 400, back, SYN | ACK, (0, 1), 0);
        t.segment(at + 600, there, ACK, (1, 1), 0);
        let (mut asked, mut said) = (1, 1);
        for n in 0..10 {
            let at = at + n * S + S / 2;
            t.says(at, there, PSH | ACK, (asked, said), ask);
            asked += ask.len() as u32;
            t.says(at + 2_000, back, PSH | ACK, (said, asked), reply);
            said += reply.len() as u32;
            t.segment(at + 2_200, there, ACK, (asked, said), 0);
        }
    }
    t.with_office(120)
}

/// A client that loads files over a port of its own each, as FTP does.
fn files_over_many_ports() -> Traffic {
    let mut t = Traffic::default();
    (0..60u16).for_each(|n| t.connection(i64::from(n) * S / 2, (1, 5_000 + n), (9, 20_000 + 7 * n)));
    t.with_office(120)
}

/// A crowd that comes at once, and is served.
fn crowd() -> Traffic {
    let mut t = Traffic::default();
    (0..900u16).for_each(|n| t.connection(i64::from(n) * S / 60, (1 + (n % 7) as u8 * 20, 5_000 + n), (9, 80)));
    t.with_office(120)
}

/// A receiver whose window closes once, for as long as it takes to wake up, and at the end of its connection.
fn window_closed_for_a_moment() -> Traffic {
    let mut t = Traffic::default();
    let (there, back) = ([(1, 5_000), (9, 8_080)], [(9, 8_080), (1, 5_000)]);
    t.syn(0, there[0], there[1]);
    t.segment(400, back, SYN | ACK, (0, 1), 0);
    t.segment(600, there, ACK, (1, 1), 0);
    let closed = |t: &mut Traffic, at: Micros, upto: u32| {
        let zero = t.ip(1, 9).tcp(5_000, 8_080).seq(1_000 * 5_000 + 1).ack(1_000 * 8_080 + upto).flags(ACK).window(0);
        t.push(at, zero);
    };
    for n in 0..40u32 {
        let at = 10_000 + i64::from(n) * 100_000;
        t.segment(at, back, PSH | ACK, (1 + 1_000 * n, 1), 1_000);
        if n == 20 {
            closed(&mut t, at + 200, 1 + 1_000 * (n + 1));
        }
        t.segment(at + 8_000, there, ACK, (1, 1 + 1_000 * (n + 1)), 0);
    }
    closed(&mut t, 4_100_000, 40_001);
    t.segment(4_101_000, there, RST | ACK, (1, 40_001), 0);
    t.with_office(120)
}

/// A server that is stopped in order and started again: it closes what is open, and is back before anybody asks.
fn restart() -> Traffic {
    let mut t = Traffic::default();
    for client in 1..=6u8 {
        let (there, back) = ([(client, 5_000), (9, 9_000)], [(9, 9_000), (client, 5_000)]);
        let at = i64::from(client) * S / 10;
        t.syn(at, there[0], there[1]);
        t.segment(at + 400, back, SYN | ACK, (0, 1), 0);
        t.segment(at + 600, there, ACK, (1, 1), 0);
        t.segment(20 * S + i64::from(client), back, FIN | ACK, (1, 1), 0);
        t.segment(20 * S + 300 + i64::from(client), there, FIN | ACK, (1, 2), 0);
        t.segment(20 * S + 700 + i64::from(client), back, ACK, (2, 2), 0);
        (0..10u16).for_each(|n| t.page(at + 26 * S + i64::from(n) * S, (client, 7_000 + n), (9, 9_000), 2_000));
    }
    t.with_office(120)
}

/// What it is, or is found as, and its traffic.
type Scenario = (&'static str, fn() -> Traffic);

/// What is none of the faults it resembles.
const HEALTHY: [Scenario; 8] = [
    ("an office", || Traffic::default().with_office(120)),
    ("clients asleep", clients_asleep),
    ("requests held", requests_held),
    ("a pool at rest", pool_at_rest),
    ("files over many ports", files_over_many_ports),
    ("a crowd", crowd),
    ("a window closed for a moment", window_closed_for_a_moment),
    ("a restart", restart),
];

#[test]
fn what_resembles_a_fault_is_none_whatever_the_mirror_does() {
    for (name, traffic) in HEALTHY {
        assert_eq!(troubles(&traffic().seen()), [], "{name}");
        for fault in FAULTS {
            assert_eq!(troubles(&traffic().mirrored(fault).seen()), [], "{name}, {fault:?}");
        }
    }
}

#[test]
fn faults_of_the_mirror_make_no_other_fault_of_one() {
    let faulty: [Scenario; 4] = [
        ("tcp.no_answer", super::behind::dead_uplink),
        ("tcp.no_answer", || super::behind::in_use(6)),
        ("server.slow", || super::turns::hangs(40, 60)),
        ("pmtu.blackhole", super::sizes::stuck_large),
    ];
    for (id, traffic) in faulty {
        assert!(troubles(&traffic().seen()).iter().any(|f| f.0 == id), "{id}");
        for fault in FAULTS {
            let found = troubles(&traffic().mirrored(fault).seen());
            assert!(found.iter().all(|f| f.0 == id), "{id}, {fault:?}: {found:?}");
        }
        let found = troubles(&traffic().mirrored(MirrorFault::OneWay).seen());
        assert_eq!(found, [], "{id}: what does not answer cannot be told from what is not shown");
    }
}
