//! Who says at regular times that it is there, beside OSPF and shared gateways: routers of IS-IS and EIGRP, ends of BFD's sessions, clocks
//! of PTP; and time servers, which say so when they are asked.

use super::evidence::CLOCK_DIFFERS;
use super::time::{MILLISECOND, SECOND};
use super::units::duration;
use super::{Address, BfdHello, ClockSight, Mac, Timestamp};
use std::fmt::Write;
use std::net::Ipv4Addr;

/// What one says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpeakerHello {
    /// A hello of IS-IS (ISO/IEC 10589 clause 9.5 to 9.7).
    Isis {
        /// The router's identifier.
        system: [u8; 6],
        /// Levels it speaks: 1, 2, 3 for both.
        levels: u8,
        /// Its first area address; empty: not said.
        area: Vec<u8>,
        /// Seconds of silence after which it is gone.
        hold: u16,
        /// Routers it hears, on a link of several.
        neighbours: Option<u16>,
    },
    /// A hello of EIGRP (RFC 7868 section 6.6).
    Eigrp {
        /// Who sends.
        router: Address,
        /// The autonomous system.
        number: u16,
        /// Seconds of silence after which it is gone.
        hold: u16,
    },
    /// An announcement of PTP's master (IEEE 1588 clause 13.5).
    Ptp {
        /// The domain.
        domain: u8,
        /// Who sends.
        clock: [u8; 8],
        /// The clock at the top.
        grandmaster: [u8; 8],
        /// Its first and second priority; the lowest is the master.
        priorities: [u8; 2],
        /// Its class: 6 is synchronised to a reference, 248 is none.
        class: u8,
        /// Clocks between.
        steps: u16,
        /// Logarithm to the base 2 of the seconds between two.
        interval: i8,
    },
    /// An end of a session of BFD.
    Bfd(BfdHello),
    /// An answer of a time server.
    Ntp(ClockSight),
}

fn hex(bytes: &[u8], apart: usize, mark: char) -> String {
    let mut out = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 && at.is_multiple_of(apart) {
            out.push(mark);
        }
        let _ = write!(out, "{byte:02x}");
    }
    out
}

impl SpeakerHello {
    /// The word in reports.
    pub fn protocol(&self) -> &'static str {
        match self {
            SpeakerHello::Isis { .. } => "isis",
            SpeakerHello::Eigrp { .. } => "eigrp",
            SpeakerHello::Ptp { .. } => "ptp",
            SpeakerHello::Bfd(_) => "bfd",
            SpeakerHello::Ntp(_) => "ntp",
        }
    }

    /// Who it is, as the protocol's people write it: `1921.6800.1001`, an address, `00:b0:ae:ff:fe:01:f9:20`.
    pub fn who(&self) -> String {
        match self {
            SpeakerHello::Isis { system, .. } => hex(system, 2, '.'),
            SpeakerHello::Eigrp { router, .. } => router.to_string(),
            SpeakerHello::Ptp { clock, .. } => hex(clock, 1, ':'),
            SpeakerHello::Bfd(hello) => hello.sender.to_string(),
            SpeakerHello::Ntp(answer) => answer.server.to_string(),
        }
    }

    /// To what it belongs: an area, a system, a domain.
    pub fn group(&self) -> String {
        match self {
            SpeakerHello::Isis { area, .. } if area.is_empty() => String::new(),
            SpeakerHello::Isis { area, .. } => {
                let (first, rest) = area.split_at(1.min(area.len()));
                let rest = hex(rest, 2, '.');
                format!("area {}{}{rest}", hex(first, 1, '.'), if rest.is_empty() { "" } else { "." })
            }
            SpeakerHello::Eigrp { number, .. } => format!("AS {number}"),
            SpeakerHello::Ptp { domain, .. } => format!("domain {domain}"),
            SpeakerHello::Bfd(hello) if hello.is_member => format!("with {}, link {}", hello.receiver, hello.numbers[0]),
            SpeakerHello::Bfd(hello) => format!("with {}", hello.receiver),
            SpeakerHello::Ntp(_) => String::new(),
        }
    }

    /// What else it says.
    pub fn says(&self) -> String {
        match self {
            SpeakerHello::Isis { levels, neighbours, .. } => {
                let levels = if *levels == 3 { "levels 1 and 2".to_owned() } else { format!("level {levels}") };
                neighbours.map_or(levels.clone(), |n| format!("{levels}, hears {n}"))
            }
            SpeakerHello::Eigrp { .. } => String::new(),
            SpeakerHello::Ptp { clock, grandmaster, priorities: [a, b], class, steps, .. } => {
                let master = if clock == grandmaster { "grandmaster".to_owned() } else { format!("of {}", hex(grandmaster, 1, ':')) };
                format!("{master}, priority {a}/{b}, class {class}, {steps} between")
            }
            SpeakerHello::Bfd(hello) => {
                let every = f64::from(hello.intervals[0]) * 1e3 / MILLISECOND as f64;
                let why = if hello.state == BfdHello::UP { "" } else { hello.reason() };
                let mark = if why.is_empty() { "" } else { ": " };
                format!("{}{mark}{why}, every {every} ms, {} may be missing", hello.state(), hello.multiplier)
            }
            SpeakerHello::Ntp(answer) => time_source(answer),
        }
    }

    /// Nanoseconds of silence after which it is gone; with PTP three announcements (IEEE 1588 clause 7.7.3.1). 0: silence says nothing.
    pub fn hold(&self) -> i64 {
        match self {
            SpeakerHello::Isis { hold, .. } | SpeakerHello::Eigrp { hold, .. } => i64::from(*hold).saturating_mul(SECOND),
            SpeakerHello::Ptp { interval: interval @ 0.., .. } => 3 * SECOND.saturating_mul(1 << (*interval).min(10)),
            SpeakerHello::Ptp { interval, .. } => 3 * (SECOND >> interval.unsigned_abs().min(10)),
            SpeakerHello::Bfd(hello) => hello.hold(),
            // It speaks when it is asked.
            SpeakerHello::Ntp(_) => 0,
        }
    }

    /// The clock or router that the others follow, where there is one.
    pub fn leader(&self) -> Option<[u8; 8]> {
        match self {
            SpeakerHello::Ptp { grandmaster, .. } => Some(*grandmaster),
            _ => None,
        }
    }
}

/// Where a time server has its time from (RFC 5905 section 7.3).
fn time_source(answer: &ClockSight) -> String {
    let letters: String = answer.reference.iter().filter(|b| b.is_ascii_alphanumeric()).map(|b| char::from(*b)).collect();
    let source = match answer.stratum {
        _ if answer.refuses() => return format!("refuses: {letters}"),
        0 if !letters.is_empty() => return format!("not synchronised: {letters}"),
        _ if answer.is_unsynchronised() => return "not synchronised".to_owned(),
        1 => format!("stratum 1, {letters}"),
        // Of IPv6 it is a hash of the address.
        stratum if matches!(answer.server, Address::V4(_)) => format!("stratum {stratum}, of {}", Ipv4Addr::from(answer.reference)),
        stratum => format!("stratum {stratum}"),
    };
    let off = answer.ahead.filter(|ahead| ahead.saturating_mul(MILLISECOND).saturating_abs() > CLOCK_DIFFERS.in_nanos());
    let way = |ahead: i64| if ahead > 0 { "ahead of" } else { "behind" };
    source + &off.map_or_else(String::new, |ms| format!(", {} {} the capture", duration(ms.unsigned_abs() as f64 / 1e3), way(ms)))
}

/// A router, an end of a session or a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpeakerRow {
    /// What it said last.
    pub told: SpeakerHello,
    /// Who it is, to what it belongs and what else it says, in words.
    pub words: [String; 3],
    /// The VLAN tag it comes in.
    pub tag: Option<u16>,
    /// The address it sends from.
    pub source: Mac,
    /// Hellos or announcements.
    pub packets: u64,
    /// Times it named another clock at the top.
    pub changes: u64,
    /// Whether it was silent for longer than it may.
    pub is_silent: bool,
    /// The first of them.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_called_as_their_people_call_them() {
        let isis = |area: &[u8]| SpeakerHello::Isis {
            system: [0x19, 0x21, 0x68, 0, 0x10, 1],
            levels: 3,
            area: area.to_vec(),
            hold: 30,
            neighbours: Some(2),
        };
        let told = isis(&[0x49, 0, 1]);
        assert_eq!(
            (told.who().as_str(), told.group().as_str(), told.says().as_str()),
            ("1921.6800.1001", "area 49.0001", "levels 1 and 2, hears 2")
        );
        assert_eq!((isis(&[0x47]).group().as_str(), isis(&[]).group().as_str(), told.hold()), ("area 47", "", 30 * SECOND));
        let ptp = |interval| SpeakerHello::Ptp {
            domain: 4,
            clock: [1; 8],
            grandmaster: [2; 8],
            priorities: [128, 127],
            class: 6,
            steps: 1,
            interval,
        };
        assert_eq!([ptp(1), ptp(0), ptp(-2)].map(|told| told.hold()), [6 * SECOND, 3 * SECOND, 3 * SECOND / 4]);
        let answer = |stratum, leap, reference, ahead| {
            let host = Address::V4([10, 0, 0, 1].into());
            let sight = ClockSight { server: host, client: host, stratum, leap, distance: 0, ahead, client_ahead: None, reference };
            SpeakerHello::Ntp(sight).says()
        };
        let all = [answer(1, 0, *b"GPS\0", Some(128)), answer(2, 0, [10, 0, 0, 9], None), answer(3, 3, [0; 4], None)];
        assert_eq!(all, ["stratum 1, GPS", "stratum 2, of 10.0.0.9", "not synchronised"]);
        let none = [answer(0, 0, *b"RATE", None), answer(0, 0, *b"INIT", None), answer(0, 3, [0; 4], None), answer(16, 0, [0; 4], None)];
        assert_eq!(none, ["refuses: RATE", "not synchronised: INIT", "not synchronised", "not synchronised"]);
        assert_eq!(answer(2, 0, [10, 0, 0, 9], Some(-1_500)), "stratum 2, of 10.0.0.9, 1.50 s behind the capture");
        assert_eq!(ptp(0).says(), "of 02:02:02:02:02:02:02:02, priority 128/127, class 6, 1 between");
    }
}
