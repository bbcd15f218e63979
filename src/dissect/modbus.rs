//! Modbus over TCP: functions and the exceptions they are answered with, joined by their transaction identifier.

use super::bytes::be16;
use super::frames::{Framed, Frames, Framing};
use super::requests::{self, with_outcomes};
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::{Counter, Direction, ExchangeOutcome, Measure, Tally, Transaction};
use std::borrow::Cow;

const FUNCTIONS: usize = 0;
const EXCEPTIONS: usize = 1;

const COUNTERS: &[Counter] = with_outcomes! {
    "functions" "Functions" Measure::Codes(function);
    "exceptions" "Exceptions" Measure::Codes(exception);
};

const PORT: u16 = 502;
/// Bytes before a message's unit.
const HEADER: usize = 6;

fn function(code: u32) -> Cow<'static, str> {
    let name = match code {
        1 => "read coils",
        2 => "read discrete inputs",
        3 => "read holding registers",
        4 => "read input registers",
        5 => "write single coil",
        6 => "write single register",
        15 => "write multiple coils",
        16 => "write multiple registers",
        other => return other.to_string().into(),
    };
    name.into()
}

fn exception(code: u32) -> Cow<'static, str> {
    let name = match code {
        0 => "none",
        1 => "illegal function",
        2 => "illegal data address",
        3 => "illegal data value",
        4 => "server device failure",
        5 => "acknowledge",
        6 => "server device busy",
        10 => "gateway path unavailable",
        11 => "gateway target does not respond",
        other => return other.to_string().into(),
    };
    name.into()
}

/// Modbus over TCP.
pub struct Modbus;

/// Both directions of a connection.
#[derive(Debug, Default)]
pub struct ModbusMessages([Frames; 2]);

impl Dissector for Modbus {
    type State = ModbusMessages;

    const ABOUT: About = About { token: "modbus", title: "Modbus", udp: None, tcp: Some(&[PORT]), counters: COUNTERS };

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        if matches!(Modbus::message(payload.bytes), Framed::Bytes(n) if n <= payload.length as usize) { Probe::Unsure } else { Probe::No }
    }

    fn stream(state: &mut ModbusMessages, payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        let Some(frames) = state.0.get_mut(payload.way as usize) else { return Progress::Skip };
        frames.read::<Self>(payload.bytes, out, |part, out| {
            let bytes = part.bytes;
            let (Some(id), Some(&function)) = (be16(bytes, 0), bytes.get(HEADER + 1)) else { return };
            if payload.ports()[1] == PORT {
                out.tally().add_code(FUNCTIONS, function.into());
                out.request(payload, id.into());
                return;
            }
            let code = if function & 0x80 == 0 { 0 } else { bytes.get(HEADER + 2).copied().unwrap_or(0).into() };
            if code > 0 {
                out.tally().add_code(EXCEPTIONS, code);
            }
            out.reply(payload, id.into(), code);
        });
        Progress::Continue
    }

    fn gap(state: &mut ModbusMessages, way: Direction, bytes: u32, _: &mut DissectOutput<'_>) -> Progress {
        state.0.get_mut(way as usize).map(|frames| frames.gap(bytes));
        Progress::Continue
    }

    fn held(state: &ModbusMessages) -> usize {
        state.0.iter().map(Frames::held).sum()
    }

    fn outcome(code: u32) -> ExchangeOutcome {
        match code {
            0 => ExchangeOutcome::Ok,
            5 | 6 => ExchangeOutcome::Expected,
            _ => ExchangeOutcome::Error,
        }
    }

    fn code_text(code: u32) -> Cow<'static, str> {
        exception(code)
    }

    fn transaction(transaction: &Transaction, tally: &mut Tally) {
        requests::count(transaction, tally, COUNTERS);
    }
}

impl Framing for Modbus {
    const READ: usize = 16;

    /// Identifier, protocol 0, length from the unit on.
    fn message(bytes: &[u8]) -> Framed {
        match (be16(bytes, 2), be16(bytes, 4)) {
            (Some(0), Some(length @ 2..=254)) => Framed::Bytes(usize::from(length) + HEADER),
            (Some(0), None) | (None, _) => Framed::More,
            _ => Framed::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::talk::Talk;

    #[test]
    fn functions_and_exceptions() {
        let ask = |id: u8| [0, id, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1];
        let talk =
            Talk::tcp(502).client(ask(1)).client(ask(2)).server([0, 2, 0, 0, 0, 3, 1, 0x83, 2, 0, 1, 0]).server([0, 0, 5, 1, 3, 2, 0, 9]);
        assert_eq!((talk.app(), talk.pairs()), (Some("modbus"), vec![(1, Some((3, 0))), (2, Some((1, 2)))]));
        assert_eq!((talk.told("functions"), talk.told("exceptions")), ("read holding registers 2".into(), "illegal data address 1".into()));
        assert_eq!((Modbus::outcome(2), Modbus::outcome(6)), (ExchangeOutcome::Error, ExchangeOutcome::Expected));
        assert_ne!(Talk::tcp(9).client(ask(1)).app(), Some("modbus"));
        let mut talk = Talk::tcp(502).client(ask(1)).client([0, 9, 1]).client([0xff; 9]).client(ask(3)).client_gap(1).client(ask(4));
        assert_eq!(talk.told("functions"), "read holding registers 3");
        talk.end();
    }
}
