//! A mirror that shows conversations but for how they begin.

use super::*;
use std::collections::HashMap;

/// Without those packets that `is_gone` names: by the number of each within its connection, and within its direction of it.
fn beheaded(mut frames: Frames, mut is_gone: impl FnMut(u16, [usize; 2], &[u8]) -> bool) -> Frames {
    frames.sort_by_key(|f| f.0);
    let (mut all, mut each): (HashMap<u16, usize>, HashMap<(u16, bool), usize>) = Default::default();
    frames.retain(|(_, frame)| {
        if is_group(frame) {
            return true;
        }
        let [source, destination] = [34, 36].map(|at| u16::from_be_bytes([frame[at], frame[at + 1]]));
        let port = source.max(destination);
        let [n, way] = [all.entry(port).or_default(), each.entry((port, source == port)).or_default()];
        let number = [*n, *way];
        *n += 1;
        *way += 1;
        !is_gone(port, number, frame)
    });
    frames
}

#[test]
fn beginnings_that_are_not_mirrored_are_told_and_nothing_is_judged_by_them() {
    let is_syn = |frame: &[u8]| frame[47] & SYN != 0;
    type Gone = fn(u16, [usize; 2], &[u8]) -> bool;
    let gone: [(&str, Gone); 3] = [
        ("the first three each way", |_, [_, way], _| way < 3),
        ("the first five", |_, [n, _], _| n < 5),
        ("SYNs", |_, _, frame| frame[47] & SYN != 0),
    ];
    for (what, is_gone) in gone {
        let s = analyse(beheaded(office(8, 70, 8.0, 5), is_gone));
        assert_eq!(ids(&s), ["mirror.midstream"], "{what}: {:?}", s.diagnosis.findings);
        let finding = found(&s, "mirror.midstream").unwrap();
        assert!(finding.title.starts_with("How conversations begin is not mirrored: "), "{what}: {}", finding.title);
        assert_eq!((s.mirror.trust.verdict, s.diagnosis.network.verdict), (Verdict::Doubtful, Verdict::Unknown), "{what}");
        assert!(
            s.diagnosis.network.not_judged.iter().any(|(id, _)| *id == "tcp.no_answer"),
            "{what}: {:?}",
            s.diagnosis.network.not_judged
        );
    }
    // Of two in three connections, and of one in three.
    let of = |third: fn(u16) -> bool| analyse(beheaded(office(8, 70, 8.0, 5), |port, _, frame| third(port) && is_syn(frame)));
    assert_eq!(ids(&of(|port| port % 3 != 0)), ["mirror.midstream"]);
    assert_eq!(ids(&of(|port| port % 3 == 0)), [""; 0]);
}

#[test]
fn what_began_before_the_capture_is_no_fault_of_the_mirror() {
    // Connections that last for long, of which the first 40 s were not captured, and which end in it.
    let mut rng = Rng(3);
    let mut frames = office(8, 70, 1.0, 6);
    frames.retain(|f| f.0 > 40 * SECOND);
    for n in 0..40u16 {
        let mut long = connection(1 + (n % 8) as u8, 2, 40_000 + n, 0, &mut rng);
        // Stretched, so that each says something every few seconds.
        let last = long.iter().map(|f| f.0).max().unwrap_or(1);
        long.iter_mut().for_each(|f| f.0 = f.0 * 20 + i64::from(n) * 7 * MILLISECOND);
        frames.extend(long.into_iter().filter(|f| f.0 > 40 * SECOND && last > 2 * SECOND && f.0 < 100 * SECOND));
    }
    let s = analyse(frames);
    assert!(found(&s, "mirror.midstream").is_none(), "{:?}", s.diagnosis.findings);
}
