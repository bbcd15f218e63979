//! Routers and clocks that say at regular times that they are there, beside those of OSPF and of shared gateways: IS-IS, EIGRP, BFD, PTP,
//! NTP.

use super::learnt::clean;
use super::time::{MILLISECOND, SECOND};
use super::{Address, Mac, Timestamp};
use std::fmt::Write;

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
    /// A control packet of BFD (RFC 5880 section 4.1).
    Bfd {
        /// Who sends.
        router: Address,
        /// To whom.
        peer: Address,
        /// The state of its session.
        state: BfdState,
        /// Why it was last not up (RFC 5880 section 4.1, "Diagnostic").
        diagnostic: u8,
        /// Packets that may be missing.
        multiplier: u8,
        /// Microseconds between two, as it wants to send them.
        interval: u32,
        /// Its number of the session.
        discriminator: u32,
    },
    /// What a time server answers (RFC 5905 section 7.3).
    Ntp {
        /// Who.
        server: Address,
        /// Steps from a reference clock: 1 has one itself, 0 refuses, 16 knows no time.
        stratum: u8,
        /// Its reference: four letters of a clock or, from the second stratum on, whom it follows.
        reference: [u8; 4],
        /// It says that it is not synchronised.
        is_lost: bool,
    },
}

/// The state of a session of BFD (RFC 5880 section 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BfdState {
    /// It is turned off.
    AdminDown,
    /// Nothing is heard.
    Down,
    /// The other end is heard.
    Init,
    /// Both hear each other.
    Up,
}

impl BfdState {
    /// The word in reports.
    pub fn token(self) -> &'static str {
        match self {
            BfdState::AdminDown => "turned off",
            BfdState::Down => "down",
            BfdState::Init => "init",
            BfdState::Up => "up",
        }
    }
}

/// Why a session of BFD was last not up, in words (RFC 5880 section 4.1); `None`: no reason, or one that is not assigned.
fn why_down(diagnostic: u8) -> Option<&'static str> {
    const REASONS: [&str; 8] = [
        "control packets missing",
        "echo failed",
        "the other end said so",
        "forwarding was reset",
        "path down",
        "concatenated path down",
        "turned off",
        "reverse concatenated path down",
    ];
    REASONS.get(usize::from(diagnostic).checked_sub(1)?).copied()
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

/// A stratum of time and its reference: `stratum 1, GPS`, `stratum 2, of 10.0.0.1`.
fn of_stratum(stratum: u8, reference: [u8; 4]) -> String {
    let letters = || clean(reference.split(|b| *b == 0).next().unwrap_or_default());
    match stratum {
        0 => format!("refuses: {}", letters()),
        1 => format!("stratum 1, {}", letters()),
        16.. => "knows no time".to_owned(),
        _ => format!("stratum {stratum}, of {}", std::net::Ipv4Addr::from(reference)),
    }
}

impl SpeakerHello {
    /// The word in reports.
    pub fn protocol(&self) -> &'static str {
        match self {
            SpeakerHello::Isis { .. } => "isis",
            SpeakerHello::Eigrp { .. } => "eigrp",
            SpeakerHello::Ptp { .. } => "ptp",
            SpeakerHello::Bfd { .. } => "bfd",
            SpeakerHello::Ntp { .. } => "ntp",
        }
    }

    /// Who it is, as the protocol's people write it: `1921.6800.1001`, an address, `00:b0:ae:ff:fe:01:f9:20`.
    pub fn who(&self) -> String {
        match self {
            SpeakerHello::Isis { system, .. } => hex(system, 2, '.'),
            SpeakerHello::Eigrp { router, .. } | SpeakerHello::Bfd { router, .. } => router.to_string(),
            SpeakerHello::Ntp { server, .. } => server.to_string(),
            SpeakerHello::Ptp { clock, .. } => hex(clock, 1, ':'),
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
            SpeakerHello::Bfd { peer, .. } => format!("to {peer}"),
            SpeakerHello::Ntp { .. } => String::new(),
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
            SpeakerHello::Bfd { state, diagnostic, multiplier, interval, discriminator, .. } => {
                let why = why_down(*diagnostic).map(|why| format!(" ({why})")).unwrap_or_default();
                let every = f64::from(*interval) / 1e3;
                format!("{}{why}, {multiplier} × {every} ms, session {discriminator}", state.token())
            }
            SpeakerHello::Ntp { stratum, reference, is_lost, .. } => {
                let lost = if *is_lost { ", not synchronised" } else { "" };
                format!("{}{lost}", of_stratum(*stratum, *reference))
            }
        }
    }

    /// Nanoseconds of silence after which it is gone; with PTP three announcements (IEEE 1588 clause 7.7.3.1). 0: it speaks when it is asked.
    pub fn hold(&self) -> i64 {
        match self {
            SpeakerHello::Isis { hold, .. } | SpeakerHello::Eigrp { hold, .. } => i64::from(*hold).saturating_mul(SECOND),
            SpeakerHello::Ptp { interval: interval @ 0.., .. } => 3 * SECOND.saturating_mul(1 << (*interval).min(10)),
            SpeakerHello::Ptp { interval, .. } => 3 * (SECOND >> interval.unsigned_abs().min(10)),
            SpeakerHello::Bfd { multiplier, interval, .. } => i64::from(*multiplier) * i64::from(*interval) * (MILLISECOND / 1_000),
            SpeakerHello::Ntp { .. } => 0,
        }
    }

    /// The clock or router that the others follow, where there is one.
    pub fn leader(&self) -> Option<[u8; 8]> {
        match self {
            SpeakerHello::Ptp { grandmaster, .. } => Some(*grandmaster),
            SpeakerHello::Ntp { stratum, reference: [a, b, c, d], .. } => Some([0, 0, 0, *stratum, *a, *b, *c, *d]),
            _ => None,
        }
    }

    /// The state of its session, where it has one.
    pub fn session(&self) -> Option<BfdState> {
        match self {
            SpeakerHello::Bfd { state, .. } => Some(*state),
            _ => None,
        }
    }
}

/// A router or clock.
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
        assert_eq!(ptp(0).says(), "of 02:02:02:02:02:02:02:02, priority 128/127, class 6, 1 between");
    }
}
