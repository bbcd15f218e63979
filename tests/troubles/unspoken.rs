//! What is said not to be judged: only findings about what is spoken here.

use super::*;

/// Of connections to a port of host 9 only what clients send is mirrored, who say these words; what is not judged then.
fn one_side(port: u16, words: &[u8]) -> Vec<&'static str> {
    let mut t = Traffic::default();
    for n in 0..40u16 {
        let (at, ends) = (i64::from(n) * S, [(1 + n as u8 % 3, 5_000 + n), (9, port)]);
        t.segment(at, ends, SYN, (0, 0), 0);
        for part in 0..4u32 {
            t.says(at + 600 + i64::from(part) * 100, ends, PSH | ACK, (1 + part * words.len() as u32, 1), words);
        }
    }
    let s = t.seen();
    s.diagnosis.network.not_judged.iter().map(|(id, _)| *id).collect()
}

#[test]
fn findings_about_what_nobody_speaks_are_not_said_to_be_missing() {
    let page = one_side(80, b"GET /news HTTP/1.1\r\nHost: www.example.org\r\n\r\n");
    let noise = one_side(9_999, &[0x9c, 0x11, 0xe7, 0x80, 0x02]);
    for ids in [page, noise] {
        assert!(!ids.contains(&"service.errors") && ids.contains(&"tcp.no_answer"), "{ids:?}");
    }
}
