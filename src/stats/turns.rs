//! Whose time it is: what of a connection's turns was the network's, the server's, the client's, and transfer.
//!
//! A turn is what the client sends and then what the server sends, by new bytes alone: what is sent again never opens one. The time from the first
//! packet of a request to the first of the next is divided so that its parts add up: the request's and the response's own duration, the time
//! between them less the way to the server and back, the time to the next request less the way to the client and back, and the network, which is
//! those two ways and what was waited for a retransmission. The handshake stands apart.
//!
//! Turns are told of connections whose handshake was seen, for without it nobody knows the two ways; what the server says before it is asked is no
//! answer. A turn of which a packet at a border was not seen is left out.

use crate::model::{Direction, Timestamp, TurnFigures};

/// Where a turn stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// None is under way.
    Between,
    /// The client sent last.
    Request,
    /// The server did.
    Response,
}

/// The turns of one connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turns {
    /// The first packet of what is being sent: of the request, or of the response.
    begun: Timestamp,
    /// When something was sent again last.
    stalled_at: Timestamp,
    sum: TurnFigures,
    /// Microseconds waited for what was sent again since `begun`.
    stalled: u32,
    phase: Phase,
    /// The client's way, once the answer to its SYN was seen.
    client: Option<Direction>,
    /// Nobody wants to know of its turns since this tick of about a millisecond (0: somebody does). It wraps after a minute: a turn that begins after
    /// that is rarely taken for one within the time of rest.
    rests_since: u16,
}

/// Ticks for which nobody wants to know.
const REST: u16 = 240;

const _: () = assert!(size_of::<Turns>() == 64);

/// New data of one side.
#[derive(Debug, Clone, Copy)]
pub struct TurnData {
    /// When.
    pub time: Timestamp,
    /// Whose.
    pub way: Direction,
    /// When the other side sent something new last.
    pub other: Timestamp,
    /// Something before it was not seen.
    pub after_hole: bool,
}

impl Turns {
    pub(super) const NEW: Turns = Turns {
        begun: Timestamp(0),
        stalled_at: Timestamp(0),
        sum: TurnFigures { count: 0, network: 0, server: 0, client: 0, transfer: 0 },
        stalled: 0,
        phase: Phase::Between,
        client: None,
        rests_since: 0,
    };

    /// The SYN was answered by `server`.
    pub(super) fn opened(&mut self, server: Direction) {
        *self = Self { client: Some(server.reversed()), ..Self::NEW };
    }

    /// Nobody wants to know of turns that begin soon after this tick.
    pub(super) fn rest(&mut self, tick: u16) {
        self.rests_since = tick.max(1);
    }

    /// Whether nobody wants to know of what is said now: a client's `asks` ends that, in time.
    pub(super) fn rests(&mut self, tick: u16, asks: bool) -> bool {
        if asks && tick.wrapping_sub(self.rests_since) >= REST {
            self.rests_since = 0;
        }
        self.is_resting()
    }

    /// Whether nobody does until a client asks.
    pub(super) fn is_resting(&self) -> bool {
        self.rests_since != 0
    }

    /// The client's way, where it is known.
    pub(super) fn client(&self) -> Option<Direction> {
        self.client
    }

    /// Takes in new data behind new data of the other side; `halves` are the ways to the client and to the server and back, nanoseconds. Of an
    /// answer that was waited for: what the server took of that time.
    pub(super) fn data(&mut self, data: &TurnData, halves: [i64; 2]) -> Option<i64> {
        let client = self.client?;
        let [client_half, server_half] = halves;
        match (self.phase, data.way == client) {
            (Phase::Between | Phase::Response, true) => {
                if self.phase == Phase::Response {
                    self.sum.client = self.sum.client.saturating_add(self.close(data, client_half));
                }
                self.begin(Phase::Request, data);
            }
            (Phase::Request, false) => {
                if data.after_hole || data.time < data.other || data.other < self.begun {
                    self.phase = Phase::Between;
                    return None;
                }
                let left = self.close(data, server_half);
                self.sum.count = self.sum.count.saturating_add(1);
                self.sum.server = self.sum.server.saturating_add(left);
                self.begin(Phase::Response, data);
                return Some(left);
            }
            _ => {}
        }
        None
    }

    fn begin(&mut self, phase: Phase, data: &TurnData) {
        (self.begun, self.stalled) = (data.time, 0);
        self.phase = if data.after_hole { Phase::Between } else { phase };
    }

    /// What was being sent is over, and the other side begins: what is left for the side that let it wait.
    fn close(&mut self, data: &TurnData, half: i64) -> i64 {
        let (sent, gap) = (data.other.since(self.begun).max(0), data.time.since(data.other).max(0));
        let stalled = i64::from(self.stalled) * 1_000;
        let (of_sent, of_gap) = if self.stalled_at <= data.other { (stalled.min(sent), 0) } else { (0, stalled) };
        let left = gap.saturating_sub(half.max(0)).saturating_sub(of_gap).max(0);
        self.sum.transfer = self.sum.transfer.saturating_add(sent.saturating_sub(of_sent));
        self.sum.network = self.sum.network.saturating_add(of_sent).saturating_add(gap.saturating_sub(left));
        left
    }

    /// Something was sent again after a wait of so many nanoseconds, of which a round trip or two are no stall.
    pub(super) fn stalled(&mut self, time: Timestamp, nanos: i64) {
        if self.phase != Phase::Between && nanos > 0 {
            let micros = u32::try_from(nanos / 1_000).unwrap_or(u32::MAX);
            (self.stalled_at, self.stalled) = (time, self.stalled.saturating_add(micros));
        }
    }

    /// A side has said all it will say, the last of it then: what closes the connection later is no part of a response.
    pub(super) fn over(&mut self, way: Direction, last: Timestamp) {
        if self.phase == Phase::Response && self.client.is_some_and(|client| client != way) {
            self.sum = self.with_response(last);
            self.phase = Phase::Between;
        }
    }

    /// All turns with the response that is under way, of which the last came then.
    fn with_response(&self, last: Timestamp) -> TurnFigures {
        let sent = last.since(self.begun).max(0);
        let stalled = (i64::from(self.stalled) * 1_000).min(sent);
        let (transfer, network) = (self.sum.transfer.saturating_add(sent - stalled), self.sum.network.saturating_add(stalled));
        TurnFigures { transfer, network, ..self.sum }
    }

    /// Everything so far; `last` is when each direction sent something new last. A response that goes on counts as far as it came.
    pub(super) fn figures(&self, last: [Timestamp; 2]) -> TurnFigures {
        let [a, b] = last;
        match (self.phase, self.client) {
            (Phase::Response, Some(client)) => self.with_response(if client == Direction::AToB { b } else { a }),
            _ => self.sum,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::MILLISECOND;

    const CLIENT: Direction = Direction::AToB;
    const SERVER: Direction = Direction::BToA;

    fn at(ms: i64) -> Timestamp {
        Timestamp(1_700_000_000_000_000_000 + ms * MILLISECOND)
    }

    fn data(way: Direction, ms: i64, other: i64) -> TurnData {
        TurnData { time: at(ms), way, other: at(other), after_hole: false }
    }

    /// In milliseconds: turns, network, server, client, transfer.
    fn told(turns: &Turns, last: [i64; 2]) -> [i64; 5] {
        let f = turns.figures(last.map(at));
        [f.count.into(), f.network / MILLISECOND, f.server / MILLISECOND, f.client / MILLISECOND, f.transfer / MILLISECOND]
    }

    const HALVES: [i64; 2] = [2 * MILLISECOND, 5 * MILLISECOND];

    #[test]
    fn the_parts_of_two_turns_add_up() {
        let mut turns = Turns::NEW;
        turns.opened(SERVER);
        turns.data(&data(CLIENT, 100, 90), HALVES);
        // The request takes 10 ms, the server 35 and the way to it; the response 20; the client 198 and the way to it.
        turns.data(&data(SERVER, 150, 110), HALVES);
        assert_eq!(told(&turns, [110, 170]), [1, 5, 35, 0, 30]);
        turns.data(&data(CLIENT, 370, 170), HALVES);
        turns.data(&data(SERVER, 373, 370), HALVES);
        let [count, parts @ ..] = told(&turns, [370, 380]);
        assert_eq!((count, parts), (2, [10, 35, 198, 37]), "an answer that comes sooner than the way takes is all network");
        assert_eq!(parts.iter().sum::<i64>(), 380 - 100);
    }

    /// In both orders of the FINs; what the client closes before the answer has come is none of the server's.
    #[test]
    fn what_closes_a_connection_is_no_part_of_its_last_response() {
        for ends in [&[SERVER][..], &[CLIENT, SERVER], &[SERVER, CLIENT]] {
            let mut turns = Turns::NEW;
            turns.opened(SERVER);
            turns.data(&data(CLIENT, 100, 90), HALVES);
            turns.data(&data(SERVER, 150, 110), HALVES);
            ends.iter().for_each(|way| turns.over(*way, at(170)));
            assert_eq!(told(&turns, [30_000, 30_000]), [1, 5, 35, 0, 30], "{ends:?}");
        }
        let mut turns = Turns::NEW;
        turns.opened(SERVER);
        turns.data(&data(CLIENT, 100, 90), HALVES);
        turns.over(CLIENT, at(110));
        turns.data(&data(SERVER, 150, 110), HALVES);
        assert_eq!(told(&turns, [110, 170]), [1, 5, 35, 0, 30]);
    }

    #[test]
    fn what_is_waited_for_a_retransmission_is_the_networks() {
        let mut turns = Turns::NEW;
        turns.opened(SERVER);
        turns.data(&data(CLIENT, 0, -1), HALVES);
        turns.stalled(at(200), 190 * MILLISECOND);
        turns.data(&data(SERVER, 240, 0), HALVES);
        assert_eq!(told(&turns, [0, 240]), [1, 195, 45, 0, 0]);
        // Within the response.
        turns.stalled(at(500), 100 * MILLISECOND);
        turns.data(&data(CLIENT, 1_000, 600), HALVES);
        assert_eq!(told(&turns, [1_000, 600]), [1, 195 + 100 + 2, 45, 398, 260]);
    }

    #[test]
    fn after_a_rest_a_request_is_of_interest_again() {
        let mut turns = Turns::NEW;
        turns.opened(SERVER);
        assert!(!turns.rests(7, true) && !turns.is_resting());
        for tick in [0, 7, u16::MAX] {
            turns.rest(tick);
            assert!(turns.rests(tick.wrapping_add(REST - 2), true), "{tick}: too soon");
            assert!(turns.rests(tick.wrapping_add(REST + 2), false), "{tick}: an answer ends no rest");
            assert!(!turns.rests(tick.wrapping_add(REST + 2), true) && !turns.rests(tick.wrapping_add(REST + 3), false), "{tick}");
        }
    }

    #[test]
    fn banners_holes_and_times_that_run_backwards_are_no_turns() {
        let mut turns = Turns::NEW;
        turns.data(&data(CLIENT, 0, -1), HALVES);
        turns.data(&data(SERVER, 5, 0), HALVES);
        assert_eq!(told(&turns, [0, 5]), [0; 5], "its beginning was not seen");
        turns.opened(SERVER);
        turns.data(&data(SERVER, 5, 0), HALVES);
        assert_eq!(told(&turns, [0, 5]), [0; 5], "a banner");
        turns.data(&data(CLIENT, 10, 5), HALVES);
        turns.data(&TurnData { after_hole: true, ..data(SERVER, 20, 10) }, HALVES);
        assert_eq!(told(&turns, [10, 20]), [0; 5]);
        turns.data(&data(CLIENT, 30, 20), HALVES);
        turns.data(&data(SERVER, 29, 30), HALVES);
        assert_eq!(told(&turns, [30, 29]), [0; 5]);
    }
}
