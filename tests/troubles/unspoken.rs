//! What is said not to be judged: only findings about what is spoken here.

use super::*;

/// Of connections to a port of host 9 only what one side sends is mirrored, who says these words; what is not judged then.
fn one_side(port: u16, is_server: bool, words: &[u8]) -> Vec<&'static str> {
    let mut t = Traffic::default();
    for n in 0..40u16 {
        let (at, client, server) = (i64::from(n) * S, (1 + n as u8 % 3, 5_000 + n), (9, port));
        let ends = if is_server { [server, client] } else { [client, server] };
        t.segment(at, ends, if is_server { SYN | ACK } else { SYN }, (0, u32::from(is_server)), 0);
        for part in 0..4u32 {
            t.says(at + 600 + i64::from(part) * 100, ends, PSH | ACK, (1 + part * words.len() as u32, 1), words);
        }
    }
    let s = t.seen();
    s.diagnosis.network.not_judged.iter().map(|(id, _)| *id).collect()
}

#[test]
fn findings_about_what_nobody_speaks_are_not_said_to_be_missing() {
    let page = one_side(80, false, b"GET /news HTTP/1.1\r\nHost: www.example.org\r\n\r\n");
    let mail = one_side(25, true, b"250 mail.example.org ready\r\n");
    let noise = one_side(9_999, false, &[0x9c, 0x11, 0xe7, 0x80, 0x02]);
    let of_codes = [&page, &mail, &noise].map(|ids| ids.contains(&"service.errors"));
    assert_eq!(of_codes, [false, true, false], "{page:?} {mail:?} {noise:?}");
    assert!([page, mail, noise].iter().all(|ids| ids.contains(&"tcp.no_answer")));
}
