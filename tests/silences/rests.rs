//! Offices that rest: what tells a rest from a time without a mirror, and where nothing does.

use super::*;

/// What is told of a silence, and how gravely.
fn told(s: &Snapshot) -> Vec<(&'static str, Severity)> {
    s.diagnosis.findings.iter().filter(|f| f.active).map(|f| (f.id, f.severity)).collect()
}

/// The same with hellos of a switch every so many milliseconds all the time.
fn with_hellos(frames: Frames, every: i64, length: i64) -> Frames {
    let hello = [&[1, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 9, 200, 0, 38, 0x42, 0x42, 3][..], &[0; 43]].concat();
    frames.into_iter().chain((0..length * 1_000 / every).map(|n| ((n * every + 333) * MILLISECOND, hello.clone()))).collect()
}

/// Connections of a hundredth of a second to a tenth: none is open when anything happens.
fn brief(clients: u8, [works, rests]: [i64; 2], a_second: f64, seed: u64) -> Frames {
    let (mut rng, mut port, mut frames) = (Rng(seed), 20_000, Frames::new());
    for begin in [0, works + rests] {
        let (mut time, end) = (begin * SECOND, (begin + works) * SECOND - SECOND / 5);
        loop {
            time += rng.exponential(SECOND as f64 / a_second) as i64;
            if time >= end {
                break;
            }
            port += 1;
            let (client, server) = (1 + rng.below(u64::from(clients)) as u8, 1 + rng.below(3) as u8);
            let shorter = |(at, frame): (i64, Vec<u8>)| (time + (at - time) / 20, frame);
            frames.extend(connection(client, server, port, time, &mut rng).into_iter().map(shorter));
        }
    }
    frames
}

#[test]
fn whether_an_office_of_brief_connections_rested_is_not_judged() {
    for (clients, works, rests, rate, seed) in [(12, 50, 31, 4.0, 1), (40, 45, 60, 9.0, 2), (9, 70, 14, 6.0, 3)] {
        let note = |id| vec![(id, Severity::Note)];
        let s = analyse(brief(clients, [works, rests], rate, seed));
        assert_eq!(told(&s), note("mirror.outage"), "{clients} clients");
        let finding = found(&s, "mirror.outage").unwrap();
        assert!((seconds(finding, "seconds") - rests as f64).abs() < 3.0 && finding.cause.contains("not judged"), "{finding:?}");
        assert_eq!(s.mirror.loss.upstream.map_or(0.0, |lost| lost.rate), 0.0, "nobody knows of any loss");
        assert_eq!(s.mirror.trust.verdict, Verdict::Unknown, "nor of none: {:?}", s.mirror.trust);
        let s = analyse(with_hellos(brief(clients, [works, rests], rate, seed), 2_000, 2 * works + rests));
        assert_eq!(told(&s), note("mirror.none"), "{clients} clients, and hellos");
        assert_eq!(s.mirror.trust.verdict, Verdict::Unknown, "{:?}", s.mirror.trust);
    }
}

#[test]
fn hellos_that_go_on_over_a_rest_are_no_mirror_that_is_gone() {
    for (clients, works, rests, rate, seed) in [(5, 40, 12, 31.0, 1), (20, 50, 30, 70.0, 3)] {
        let s = analyse(with_hellos(resting(clients, [works, rests], rate, seed), 1_700, 2 * works + rests));
        assert_eq!(told(&s), [], "{clients} clients");
    }
}

/// Some browsers leave connections open, and whoever was idle before it all began speaks again at some time.
#[test]
fn connections_that_are_left_open_are_not_cut() {
    for (each, seed) in [(30, 1), (12, 2), (60, 3)] {
        let port =
            |frame: &[u8]| u16::from_be_bytes(if frame[34..36] == [1, 187] { [frame[36], frame[37]] } else { [frame[34], frame[35]] });
        let left_open = |mut frames: Frames| -> Frames {
            let mut over = std::collections::HashSet::new();
            frames.sort_by_key(|f| f.0);
            frames.retain(|(_, f)| port(f) % each != 0 || !over.contains(&port(f)) && (f[47] & FIN == 0 || !over.insert(port(f))));
            frames
        };
        let s = analyse(left_open(resting(12, [40, 25], 50.0, seed)));
        assert!(told(&s).iter().all(|(_, severity)| *severity == Severity::Note), "1 of {each}: {:?}", told(&s));
        let s = analyse(without(left_open(resting(12, [65, 0], 50.0, seed)), 32 * SECOND, 57 * SECOND));
        assert_eq!(found(&s, "mirror.outage").map(|f| f.severity), Some(Severity::Critical), "1 of {each}: {:?}", told(&s));
    }
    // Somebody's terminals on three servers, idle but for the time of work.
    let terminal = |n: u8, at: i64| {
        let packet = Packet::eth([2, 0, 0, 0, 0, 60 + n], [2, 0, 0, 0, 9, n]).ip([10, 0, 0, 60 + n], [10, 0, 9, n]).id(at as u16 + 1);
        let packet = packet.tcp(50_000 + u16::from(n), 22).seq(900 + 36 * at as u32).ack(7).flags(PSH | ACK);
        (at * 4 * SECOND + i64::from(n) * 70 * MILLISECOND, packet.payload(&[n; 36]).build())
    };
    let terminals = |is_shown: &dyn Fn(i64) -> bool| -> Frames {
        let shown = (0..28i64).filter(|at| is_shown(at * 4));
        shown
            .enumerate()
            .flat_map(|(n, at)| (1..=3).map(move |who| (at, n, who)))
            .map(|(at, n, who)| (terminal(who, at).0, terminal(who, n as i64).1))
            .collect()
    };
    let resting_too = [resting(12, [40, 31], 50.0, 5), terminals(&|at| !(38..72).contains(&at))].concat();
    assert_eq!(told(&analyse(resting_too)), [], "terminals rest as well");
    let idle = Packet::eth([2, 0, 0, 0, 0, 77], [2, 0, 0, 0, 9, 1]).ip([10, 0, 0, 77], [10, 0, 9, 1]).tcp(1_022, 22).seq(7).ack(9);
    let speaks = (40 + 31) * SECOND + 300 * MILLISECOND;
    let again = [resting(12, [40, 31], 50.0, 4), vec![(speaks, idle.flags(PSH | ACK).payload(&[1; 36]).build())]].concat();
    assert!(told(&analyse(again.clone())).iter().all(|(_, severity)| *severity == Severity::Note), "{:?}", told(&analyse(again)));
}
