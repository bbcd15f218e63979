//! Services that were not there and come back.

use super::{S, Traffic, title, troubles};
use spantop::model::Severity;
use spantop::snapshot::Snapshot;

/// A question by SNMP (RFC 3416), and its answer.
const ASK: &[u8] = b"\x30\x26\x02\x01\x01\x04\x06public\xa0\x19\x02\x01\x07\x02\x01\0\x02\x01\0\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x03\0\x05\0";
const ANSWER: &[u8] = b"\x30\x26\x02\x01\x01\x04\x06public\xa2\x19\x02\x01\x07\x02\x01\0\x02\x01\0\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x03\0\x05\0";

/// What becomes of a question.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Answered,
    Silent,
    /// Its host says that nothing listens there.
    Closed,
}

/// A question every two seconds for so long, by a monitor.
fn monitored(seconds: i64, fate: fn(i64) -> Fate) -> Snapshot {
    let mut t = Traffic::default();
    for n in 0..seconds / 2 {
        let (at, port) = (n * 2 * S, 40_000 + n as u16);
        let ask = t.ip(1, 9).udp(port, 161).payload(ASK);
        let quoted = ask.clone().build();
        t.push(at, ask);
        match fate(n * 2) {
            Fate::Answered => {
                let answer = t.ip(9, 1).udp(161, port).payload(ANSWER);
                t.push(at + 2_000, answer);
            }
            Fate::Silent => {}
            Fate::Closed => {
                let error = t.ip(9, 1).icmp(3, 3, [0; 4]).payload(&quoted[14..42]);
                t.push(at + 300, error);
            }
        }
    }
    t.with_office(seconds).seen()
}

#[test]
fn a_port_at_which_nothing_listens_is_one_finding() {
    let s = monitored(60, |_| Fate::Closed);
    assert_eq!(troubles(&s), [("icmp.unreachable", "10.1.0.9:161/udp".to_owned(), Severity::Note)]);
    assert!(title(&s).contains("nothing listens"), "{}", title(&s));
    let s = monitored(60, |_| Fate::Silent);
    assert_eq!(troubles(&s), [("service.errors", "10.1.0.9:161/udp".to_owned(), Severity::Note)]);
    assert!(title(&s).starts_with("snmp at 10.1.0.9:161 leaves"), "{}", title(&s));
}

#[test]
fn what_comes_back_is_no_worse_than_it_was() {
    let s = monitored(150, |second| if second < 60 { Fate::Silent } else { Fate::Answered });
    assert_eq!(troubles(&s), [("service.errors", "10.1.0.9:161/udp".to_owned(), Severity::Note)], "it never answered before");
    assert!(!title(&s).contains("answered before"), "{}", title(&s));
    let s = monitored(150, |second| if (60..100).contains(&second) { Fate::Silent } else { Fate::Answered });
    assert_eq!(troubles(&s), [("service.errors", "10.1.0.9:161/udp".to_owned(), Severity::Warning)], "it had answered");
    assert!(title(&s).contains(", which answered before, "), "{}", title(&s));
}

#[test]
fn what_cannot_be_reached_ends_a_minute_after_the_last_error() {
    let s = monitored(200, |second| if second < 60 { Fate::Closed } else { Fate::Answered });
    let found = s.diagnosis.findings.iter().find(|f| f.id == "icmp.unreachable").expect("the finding");
    let last = found.episodes.last().expect("a time").last.seconds_since(spantop::model::Timestamp(super::START));
    assert!((56.0..=61.0).contains(&last), "the last error came after 58 s: {last}");
    assert_eq!(troubles(&s).iter().filter(|found| found.2 > Severity::Note).count(), 0);
}
