//! Databases, file servers and directories that refuse, and what of their healthy work resembles a fault.

use super::{ACK, S, Traffic, only, title, troubles};
use spantop::model::Severity;

/// What each side says in turn: by the client, else by the server.
type Turns = Vec<(bool, Vec<u8>)>;

/// Connections of six clients to a port of one server, a second apart, each of which is talked through.
fn talks(port: u16, count: u16, turns: impl Fn(u16) -> Turns) -> Traffic {
    let mut t = Traffic::default();
    for n in 0..count {
        t.talk(i64::from(n) * S, (1 + (n % 6) as u8, 5_000 + n), (9, port), &turns(n));
    }
    t.with_office(60)
}

fn mysql(sequence: u8, body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32).to_le_bytes()[..3], &[sequence], body].concat()
}

fn mysql_refusal() -> Turns {
    vec![(false, mysql(0, b"\xff\x10\x04Too many connections"))]
}

fn mysql_login() -> Turns {
    vec![(false, mysql(0, b"\x0a8.0.36\0\x01\0\0\0saltsalt\0")), (true, mysql(1, &[0x85; 60])), (false, mysql(2, b"\0\0\0\x02\0\0\0"))]
}

fn redis(words: &[&str]) -> Vec<u8> {
    let texts: String = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
    format!("*{}\r\n{texts}", words.len()).into_bytes()
}

#[test]
fn a_database_that_lets_nobody_in() {
    let s = talks(3306, 20, |_| mysql_refusal()).seen();
    assert_eq!(troubles(&s), only("service.errors", "10.1.0.9:3306/tcp", Severity::Critical));
    assert!(title(&s).starts_with("mysql at 10.1.0.9:3306 answers 20 of 20 ("), "{}", title(&s));
    assert!(title(&s).contains("1040 too many connections"), "{}", title(&s));
    for said in ["-ERR max number of clients reached\r\n", "-DENIED Redis is running in protected mode\r\n"] {
        let s = talks(6379, 20, |_| vec![(false, said.as_bytes().to_vec())]).seen();
        assert_eq!(troubles(&s), only("service.errors", "10.1.0.9:6379/tcp", Severity::Critical), "{said}");
    }
    let s = talks(3306, 20, |n| if n == 7 { mysql_refusal() } else { mysql_login() }).seen();
    assert_eq!(troubles(&s), [], "one of twenty");
}

#[test]
fn a_store_whose_writes_fail() {
    let pipelined = |answer: &'static str| {
        let sets = [redis(&["SET", "a", "1"]), redis(&["SET", "b", "1"]), redis(&["SET", "c", "1"])].concat();
        talks(6379, 20, move |_| vec![(true, sets.clone()), (false, format!("+OK\r\n{answer}{answer}").into_bytes())]).seen()
    };
    let s = pipelined("-OOM command not allowed when used memory > 'maxmemory'.\r\n");
    assert_eq!(troubles(&s), only("service.errors", "10.1.0.9:6379/tcp", Severity::Critical));
    assert!(title(&s).starts_with("resp at 10.1.0.9:6379 answers 40 of 60 ("), "{}", title(&s));
    assert_eq!(troubles(&pipelined("+OK\r\n")), []);
    assert_eq!(troubles(&pipelined("-MOVED 3999 10.0.0.9:6379\r\n")), []);
}

/// Long waits that are the work itself: queues, subscriptions, replicas.
#[test]
fn who_waits_for_what_may_come() {
    let paused = |port: u16, opening: Turns, pause: i64, turns: Turns| {
        let mut t = Traffic::default();
        for n in 0..6u16 {
            let (client, server) = ((1 + n as u8, 5_000 + n), (9, port));
            let (mut at, (mut c, mut s)) = t.in_turn(i64::from(n) * S / 4, client, server, &opening);
            for (by_client, bytes) in turns.iter().cycle().take(12) {
                at += pause;
                let (ends, numbers) = if *by_client { ([client, server], (c, s)) } else { ([server, client], (s, c)) };
                t.bytes(at, ends, numbers, bytes);
                *(if *by_client { &mut c } else { &mut s }) += bytes.len() as u32;
            }
        }
        troubles(&t.with_office(120).seen())
    };
    let ping = vec![(true, redis(&["PING"])), (false, b"+PONG\r\n".to_vec())];
    let worker = vec![(true, redis(&["BRPOP", "jobs", "0"])), (false, redis(&["jobs", "one"]))];
    assert_eq!(paused(6379, ping, 8 * S, worker), [], "workers at a queue");
    let subscribed = vec![(true, redis(&["SUBSCRIBE", "news"])), (false, redis(&["subscribe", "news"]))];
    assert_eq!(paused(6379, subscribed, 8 * S, vec![(false, redis(&["message", "news", "hello"]))]), [], "subscribers");
    let replica = [mysql_login(), vec![(true, mysql(0, &[18, 4, 0, 0, 0]))]].concat();
    let events = vec![(false, mysql(1, b"\0event")), (true, mysql(0, b"\xef\x04\0\0\0\0\0\0\0mysql-bin.000001"))];
    assert_eq!(paused(3306, replica, 8 * S, events), [], "a replica that acknowledges");
}

/// A compound of SMB 2: commands of one kind with bodies of these lengths.
fn smb(flags: u32, first: u32, bodies: &[usize]) -> Vec<u8> {
    let mut all = Vec::new();
    for (n, body) in bodies.iter().enumerate() {
        let next = if n + 1 < bodies.len() { 64 + *body as u32 } else { 0 };
        all.extend([&b"\xfeSMB\x40\0\x01\0\0\0\0\0\x0e\0\x01\0"[..], &flags.to_le_bytes(), &next.to_le_bytes()].concat());
        all.extend([&(first + n as u32).to_le_bytes()[..], &[0; 36], &vec![0; *body]].concat());
    }
    [&(all.len() as u32).to_be_bytes()[..], &all].concat()
}

/// Who reads from a pipe, as of a print server, gets what comes when it comes; what is read of a file is slow.
#[test]
fn pipes_and_files() {
    let read = |kind: u8| {
        let one = |flags: u32, command: u8, id: u8, status: u16, body: &[u8]| {
            let head =
                [&b"\xfeSMB\x40\0\x01\0"[..], &status.to_le_bytes(), &[0, 0, command, 0, 1, 0], &flags.to_le_bytes(), &[0; 4]].concat();
            let all = [&head[..], &[id, 0, 0, 0], &[0; 8], &[5, 0, 0, 0], &[0; 24], body].concat();
            [&(all.len() as u32).to_be_bytes()[..], &all].concat()
        };
        let mut t = Traffic::default();
        for n in 0..20u16 {
            let (client, server) = ((1 + (n % 6) as u8, 5_000 + n), (9, 445));
            let opening = [(true, one(0, 3, 0, 0, &[9, 0, 0, 0])), (false, one(1, 3, 0, 0, &[16, 0, kind, 0]))];
            let (mut at, (mut c, mut s)) = t.in_turn(i64::from(n) * S, client, server, &opening);
            for id in 1..=5 {
                let (ask, wait, data) = (one(0, 8, id, 0, &[0; 48]), one(3, 8, id, 0x103, &[9, 0, 0, 0]), one(3, 8, id, 0, &[17, 0, 0, 0]));
                t.bytes(at, [client, server], (c, s), &ask);
                c += ask.len() as u32;
                t.bytes(at + 500, [server, client], (s, c), &wait);
                s += wait.len() as u32;
                t.segment(at + 800, [client, server], ACK, (c, s), 0);
                t.bytes(at + 4 * S, [server, client], (s, c), &data);
                s += data.len() as u32;
                t.segment(at + 4 * S + 300, [client, server], ACK, (c, s), 0);
                at += 5 * S;
            }
        }
        troubles(&t.with_office(60).seen())
    };
    assert_eq!(read(2), [], "pipes");
    assert_eq!(read(1), only("server.slow", "10.1.0.9:445/tcp", Severity::Warning), "files");
}

/// Lists of a directory are asked for twice at once, as file managers do: the second answer lies behind the first, which is long.
#[test]
fn answers_behind_long_ones() {
    let s = talks(445, 40, |_| vec![(true, smb(0, 1, &[40, 40])), (false, smb(1, 1, &[1_200, 8]))]).seen();
    assert_eq!(troubles(&s), []);
    let row = s.stats.services.rows.iter().find(|row| row.app == Some("smb2")).expect("the file server");
    assert_eq!((row.counts.requests, row.counts.answered, row.errors()), (80, 80, 0));
}
