//! NTP (RFC 5905): requests of clients and their answers; strata of the answers.
//!
//! A client has one request on its way to a server. Which stamp of it the answer repeats depends on what went before (RFC 9769 section 2), so the
//! two are joined by the conversation alone.

use super::bytes::{be16, be32};
use super::requests::{self, with_outcomes};
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::time::SECOND;
use crate::model::{Address, ClockSight, Counter, ExchangeOutcome, Measure, Tally, Timestamp, Transaction};
use std::borrow::Cow;

const MODES: usize = 0;
const STRATA: usize = 1;

const COUNTERS: &[Counter] = with_outcomes! {
    "modes" "Modes" Measure::Codes(mode_name);
    "strata" "Strata of answers" Measure::Codes(stratum);
};

/// Bytes of a packet without extensions.
const PACKET: u32 = 48;
/// Where the origin and transmit time stamps are.
const ORIGIN: usize = 24;
const TRANSMIT: usize = 40;
/// The identifier of all requests.
const ONE: u32 = 0;
const CLIENT: u8 = 3;
const SERVER: u8 = 4;
const CONTROL: u8 = 6;
const PRIVATE: u8 = 7;
/// Bytes of the head of a control message.
const CONTROL_HEAD: u32 = 12;
/// The stratum of who is not synchronised; those beyond are reserved.
const MOST_STRATUM: u8 = 16;
/// Poll intervals, as powers of two in seconds: from those of chrony's fastest up to a day and a half.
const POLLS: std::ops::RangeInclusive<i8> = -7..=17;

fn mode_name(mode: u32) -> Cow<'static, str> {
    const NAMES: [&str; 8] = ["reserved", "symmetric active", "symmetric passive", "client", "server", "broadcast", "control", "private"];
    NAMES.get(mode as usize).map_or_else(|| mode.to_string().into(), |name| Cow::Borrowed(*name))
}

/// RFC 5905 figure 11.
fn stratum(stratum: u32) -> Cow<'static, str> {
    match stratum {
        0 => "unspecified".into(),
        16 => "unsynchronised".into(),
        other => format!("stratum {other}").into(),
    }
}

/// NTP over UDP.
pub struct Ntp;

impl Dissector for Ntp {
    type State = ();

    const ABOUT: About = About { token: "ntp", title: "Network Time Protocol", udp: Some(&[123]), tcp: None, counters: COUNTERS };

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        if fits(payload.bytes, payload.length) { Probe::Unsure } else { Probe::No }
    }

    fn excludes(payload: &Payload<'_>) -> bool {
        !fits(payload.bytes, payload.length)
    }

    fn datagram(payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        let Some(&[head, stratum]) = payload.bytes.first_chunk().filter(|_| fits(payload.bytes, payload.length)) else {
            return Progress::Continue;
        };
        out.tally().add_code(MODES, mode(head).into());
        match mode(head) {
            CLIENT => out.request(payload, ONE),
            SERVER => {
                out.tally().add_code(STRATA, stratum.into());
                out.reply(payload, ONE, stratum.into());
            }
            _ => {}
        }
        Progress::Continue
    }

    fn outcome(code: u32) -> ExchangeOutcome {
        if matches!(code, 0 | 16) { ExchangeOutcome::Error } else { ExchangeOutcome::Ok }
    }

    fn code_text(code: u32) -> Cow<'static, str> {
        stratum(code)
    }

    fn transaction(transaction: &Transaction, tally: &mut Tally) {
        requests::count(transaction, tally, COUNTERS);
    }
}

/// Whether a datagram may be a packet of it, for anybody may send anything to its port: values that exist (RFC 5905 section 7.3), and a length
/// that they leave (RFC 7822, RFC 9327).
fn fits(bytes: &[u8], length: u32) -> bool {
    let Some(&[head, stratum, poll]) = bytes.first_chunk() else { return false };
    if !(1..=4).contains(&version(head)) {
        return false;
    }
    match mode(head) {
        1..=5 => length >= PACKET && length.is_multiple_of(4) && stratum <= MOST_STRATUM && POLLS.contains(&(poll as i8)),
        CONTROL => be16(bytes, 10).is_some_and(|data| length >= CONTROL_HEAD + u32::from(data)),
        // The sequence and the implementation that is asked.
        PRIVATE => length >= 8 && matches!(poll, 0 | 2 | 3),
        _ => false,
    }
}

fn version(head: u8) -> u8 {
    head >> 3 & 7
}

fn mode(head: u8) -> u8 {
    head & 7
}

/// Seconds from 1900, where NTP begins, to 1970 (RFC 5905 figure 4).
const TO_1970: i64 = 2_208_988_800;

/// What the answer of a time server, seen at `now` on its way from the server to the client, says of its clock; `None` of anything else.
pub fn sight(bytes: &[u8], now: Timestamp, [server, client]: [Address; 2]) -> Option<ClockSight> {
    let &[head, stratum] = bytes.first_chunk()?;
    if !matches!(mode(head), SERVER | 5) || !fits(bytes, bytes.len() as u32 & !3) {
        return None;
    }
    // Seconds of 16 bits and their fraction.
    let milliseconds = |at: usize| be32(bytes, at).map(|short| ((u64::from(short) * 1_000) >> 16) as u32);
    Some(ClockSight {
        server,
        client,
        stratum,
        leap: head >> 6,
        distance: (milliseconds(4)? / 2).saturating_add(milliseconds(8)?),
        ahead: ahead(bytes, TRANSMIT, now),
        client_ahead: ahead(bytes, ORIGIN, now).filter(|ahead| ahead.saturating_abs() <= PLAUSIBLE),
        reference: bytes.get(12..)?.first_chunk().copied()?,
    })
}

/// Milliseconds by which a client's clock may be wrong: of random numbers, which many send in place of the time, one of 25,000 is as near.
const PLAUSIBLE: i64 = 24 * 3_600 * 1_000;

/// What a time stamp says beyond `now`, milliseconds; `None` of zero, which is no time.
fn ahead(bytes: &[u8], at: usize, now: Timestamp) -> Option<i64> {
    let (seconds, fraction) = (be32(bytes, at)?, be32(bytes, at + 4)?);
    (seconds != 0).then(|| {
        // Eras of 136 years follow each other: the nearest is meant (RFC 5905 section 6).
        let since_1900 = now.0.div_euclid(SECOND).saturating_add(TO_1970) as u32;
        let whole = i64::from(seconds.wrapping_sub(since_1900) as i32) * 1_000;
        whole + ((i64::from(fraction) * 1_000) >> 32) - now.0.rem_euclid(SECOND) / 1_000_000
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::talk::Talk;

    fn packet(head: u8, stratum: u8, origin: u8, transmit: u8) -> Vec<u8> {
        let mut bytes = vec![0; 48];
        (bytes[0], bytes[1], bytes[31], bytes[47]) = (head, stratum, origin, transmit);
        bytes
    }

    #[test]
    fn an_answer_is_of_the_last_request_whatever_it_repeats() {
        let talk = Talk::udp(123)
            .client(packet(0x23, 0, 0, 7))
            .server(packet(0x24, 2, 7, 1))
            .client(packet(0x23, 0, 0, 8))
            .server(packet(0x24, 16, 200, 1));
        let answers: Vec<_> = talk.codes();
        assert_eq!((talk.app(), answers, talk.pairs().len()), (Some("ntp"), vec![2, 16], 2));
        assert_eq!((talk.told("modes"), talk.told("strata")), ("client 2, server 2".into(), "stratum 2 1, unsynchronised 1".into()));
        assert_eq!(
            (Ntp::outcome(16), Ntp::outcome(0), Ntp::outcome(3)),
            (ExchangeOutcome::Error, ExchangeOutcome::Error, ExchangeOutcome::Ok)
        );
    }

    #[test]
    fn another_port_and_what_is_cut() {
        assert_eq!(Talk::udp(9).client(packet(0x23, 0, 0, 7)).app(), None);
        assert_eq!(Talk::udp(123).client(&packet(0x23, 0, 0, 7)[..47]).app(), None);
        let talk = Talk::udp(123)
            .client(packet(0x1b, 0, 0, 7))
            .server(b"")
            .server(b"\x24")
            .server(&packet(0x24, 2, 7, 1)[..30])
            .server([0xff; 60]);
        assert_eq!((talk.pairs(), talk.told("modes")), (vec![(0, None)], "client 1".to_owned()));
    }

    #[test]
    fn what_is_sent_to_its_port_need_not_be_ntp() {
        let with = |stratum: u8, poll: i8, length: usize| {
            let mut bytes = packet(0x24, stratum, 7, 1);
            bytes[2] = poll as u8;
            bytes.resize(length, 0);
            Talk::udp(123).client(packet(0x23, 0, 0, 7)).server(bytes).codes()
        };
        assert_eq!([with(2, 6, 48), with(16, 17, 68), with(0, -7, 1_000)], [vec![2], vec![16], vec![0]]);
        assert_eq!([with(17, 6, 48), with(2, 18, 48), with(2, -8, 48), with(2, 6, 49), with(94, 6, 60)].concat(), [0; 0]);
        // A tunnel's packets: version 0, or 1 with a counter where the poll interval would be.
        for bytes in [[&[4, 0, 0, 0][..], &[0x77; 60]].concat(), [&[0x48, 0, 0, 1][..], &[0x77; 84]].concat()] {
            assert_eq!(Talk::udp(123).client(&bytes).server(&bytes).app(), None, "{bytes:02x?}");
        }
        // Control and private messages.
        let control = |data: u8| [&[0x16, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, data][..], &[0; 4]].concat();
        assert_eq!([0, 4, 5].map(|data| Talk::udp(123).client(control(data)).app()), [Some("ntp"), Some("ntp"), None]);
        assert_eq!([3, 4].map(|of| Talk::udp(123).client([0x17, 0, of, 42, 0, 0, 0, 0]).app()), [Some("ntp"), None]);
    }
}
