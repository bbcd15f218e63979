//! How often a mirror brings each packet is learnt from packets that surely differ.

use super::*;

fn learnt(packets: &[Made]) -> CopyTimes {
    let mut packets: Vec<_> = packets.iter().collect();
    packets.sort_by_key(|p| p.time);
    let mut watch = CopyWatch::default();
    packets.iter().for_each(|p| watch.see_any(&p.frame(), &Keys::new(1)));
    watch.end();
    watch.news().unwrap_or_default()
}

#[test]
fn how_often_packets_come() {
    for v6 in [false, true] {
        let all = conversation(v6, 1, 300, 0);
        assert_eq!(learnt(&all).unicast.times, 1);
        for (copies, gap) in [(2, US), (2, 15 * MS), (2, 300 * MS), (3, 2 * MS), (5, 3 * US), (12, US), (40, 2 * US)] {
            let found = learnt(&times(&all, copies, gap)).unicast;
            assert_eq!((i64::from(found.times), found.every), (copies, true), "{gap} ns apart");
            assert!(found.is_near(gap_of(gap)) && found.is_near(gap_of(gap / 2)) && !found.is_near(gap_of(gap.max(10 * US) * 100)));
        }
    }
}

fn gap_of(nanos: i64) -> u8 {
    super::super::counts::gap_code(nanos as u64)
}

#[test]
fn a_part_that_comes_twice() {
    let once = conversation(false, 1, 300, 0);
    for (part, want) in [(1, 1), (3, 1), (30, 2), (150, 2)] {
        let mut all = once.clone();
        all.extend(once.iter().step_by(300 / part).map(|p| p.clone().at(p.time + 40 * US)));
        let found = learnt(&all).unicast;
        assert_eq!((found.times, found.every), (want, false), "{part} of 300");
    }
}

#[test]
fn copies_at_two_distances() {
    for v6 in [false, true] {
        let once = conversation(v6, 1, 300, 0);
        let again = |after: &[i64]| once.iter().flat_map(|p| after.iter().map(|gap| p.clone().at(p.time + gap))).collect::<Vec<_>>();
        for (after, want) in [(&[0, 30 * US, 11 * MS][..], 3), (&[0, US, 40 * MS, 40 * MS + US], 4), (&[0, 2 * MS, 2 * MS + US], 3)] {
            let found = learnt(&again(after)).unicast;
            assert_eq!((found.times, found.every), (want, true), "{after:?}");
            assert!(found.is_near(gap_of(after[2] - after[1])), "{after:?}");
        }
        // Some are sent again by who sends them, and come twice as all do.
        let mut sent_again = times(&once, 2, 30 * US);
        sent_again.extend(once.iter().step_by(10).flat_map(|p| [0, 30 * US].map(|gap| p.clone().at(p.time + 210 * MS + gap))));
        assert_eq!(learnt(&sent_again).unicast.times, if v6 { 2 } else { 4 }, "under one identification nobody sends again");
    }
}

#[test]
fn floods_say_nothing_of_the_mirror() {
    let mut all = conversation(false, 1, 300, 0);
    all.extend((0..3000).map(|n| tcp(false, 242, 1024 + n % 64, 7, 0).flags(2).at(i64::from(n) * 100 * US)));
    assert_eq!(learnt(&all).unicast.times, 1);
    let flood: Vec<_> = (0..3000).map(|n| tcp(false, 242, 1024 + n % 64, 7, 0).flags(2).at(i64::from(n) * 100 * US)).collect();
    assert_eq!(learnt(&flood).unicast, Multiplicity::default(), "alone it is not known to be one");
}

#[test]
fn few_packets_say_nothing() {
    assert_eq!(learnt(&times(&conversation(false, 1, 15, 0), 2, US)), CopyTimes::default());
}

#[test]
fn the_sample_follows_the_rate_and_the_mirror_its_changes() {
    let mut watch = CopyWatch::default();
    let keys = Keys::new(1);
    let mut told = Vec::new();
    for n in 0..400_000u32 {
        let p = tcp(true, 0, (n >> 8) as u16, n * 100, 100).at(i64::from(n) * 2 * US);
        watch.see_any(&p.frame(), &keys);
        if n > 200_000 {
            watch.see_any(&p.clone().at(p.time + US).frame(), &keys);
        }
        told.extend(watch.news().map(|t| t.unicast.times));
    }
    watch.end();
    told.extend(watch.news().map(|t| t.unicast.times));
    assert_eq!((told.first(), told.last()), (Some(&1), Some(&2)), "{told:?}");
    assert!(told.len() < 6, "{told:?}");
}
