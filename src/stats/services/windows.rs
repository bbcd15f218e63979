//! Transfers that their receiver's window holds back.
//!
//! What is in flight is seen where the mirror is: what is on its way before it is added, by the rate and the half of the round trip on the
//! sender's side, as the handshake showed it.

use super::{BIN, Bounded, MINUTE_SECONDS, REMEMBERED};
use crate::model::Arrange as _;
use crate::model::evidence::{WINDOW_FULL, WindowEvidence};
use crate::model::limits::WINDOWED;
use crate::model::time::SECOND;
use crate::model::{Address, Attempt, Direction, Episode, FlowKey, LocatedLoss, PathSide, RoundTrip, Timestamp, WindowUse};

/// The largest segment that is usual, by which a window may lack to be full.
const SEGMENT: f64 = 1_460.0;

/// A pause between two samples from which on nothing was transferred.
const PAUSE: i64 = 2 * SECOND;

/// Nanoseconds over which a rate is measured at least.
const MEASURED: i64 = SECOND;

/// What is known of a connection's handshake: nanoseconds on the clients' side of the mirrored port, and on the server's.
type Halves = [i64; 2];

/// A direction of a connection: the transfer to one receiver.
#[derive(Debug, Clone, Copy)]
struct Transfer {
    /// The way from the client.
    client: Direction,
    samples: u64,
    full: u64,
    /// The least and the most that was announced.
    windows: [u32; 2],
    is_unscaled: bool,
    has_lost: bool,
    /// Shortest round trip on the receiver's side, nanoseconds.
    least: i64,
    /// Data, at the first sample and at the latest.
    bytes: [u64; 2],
    /// Since when and from which byte on the rate is measured, and bytes a nanosecond of the time before.
    anchor: (Timestamp, u64),
    rate: Option<f64>,
    /// Nanoseconds with data.
    active: i64,
    first: Timestamp,
    last: Timestamp,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct ReceiveWindows {
    halves: Bounded<FlowKey, Halves, WINDOWED, MINUTE_SECONDS>,
    transfers: Bounded<(FlowKey, bool), Transfer, WINDOWED, MINUTE_SECONDS>,
    /// Bytes a nanosecond of the fastest transfer from or to a host.
    fastest: Bounded<Address, f64, WINDOWED, MINUTE_SECONDS>,
}

impl ReceiveWindows {
    /// Bytes of a connection, its two transfers, and a host.
    #[cfg(test)]
    pub const BYTES: usize = size_of::<(FlowKey, Halves, Timestamp)>() + 2 * size_of::<((FlowKey, bool), Transfer)>() + 64;

    /// How often there was no room for something new.
    pub fn refused(&self) -> u64 {
        self.transfers.refused()
    }

    /// Takes in a connection that was opened.
    pub fn opened(&mut self, attempt: &Attempt) {
        let (Some(server), Some(client)) = (attempt.server_half, attempt.client_half) else { return };
        self.transfers.remove(&(attempt.flow, true));
        self.transfers.remove(&(attempt.flow, false));
        self.halves.insert(attempt.flow, [client, server], attempt.time);
    }

    /// Takes in a loss: what is held back by loss is not by the window.
    pub fn lost(&mut self, lost: &LocatedLoss) {
        for forth in [true, false] {
            if let Some(transfer) = self.transfers.get_mut(&(lost.flow, forth)) {
                transfer.has_lost = true;
            }
        }
    }

    /// Takes in an acknowledgement, whose window counts where both SYNs were seen.
    pub fn acknowledged(&mut self, trip: &RoundTrip) {
        let Some(flight) = trip.flight.filter(|flight| flight.window > 0) else { return };
        if !self.halves.contains_key(&trip.flow) {
            return;
        }
        let Some(&mut [client, server]) = self.halves.entry(trip.flow, trip.time) else { return };
        let before = if trip.side == PathSide::Client { server } else { client };
        let key = (trip.flow, trip.side == PathSide::Client);
        let fresh = Transfer {
            client: trip.way,
            samples: 0,
            full: 0,
            windows: [flight.window; 2],
            is_unscaled: flight.is_unscaled,
            has_lost: false,
            least: trip.nanos,
            bytes: [flight.sent; 2],
            anchor: (trip.time, flight.sent),
            rate: None,
            active: 0,
            first: trip.time,
            last: trip.time,
        };
        let Some(known) = self.transfers.entry_or(key, trip.time, || fresh) else { return };
        let step = trip.time.since(known.last);
        (known.last, known.bytes[1]) = (known.last.max(trip.time), flight.sent);
        known.least = known.least.min(trip.nanos);
        known.windows = [known.windows[0].min(flight.window), known.windows[1].max(flight.window)];
        if step > PAUSE {
            (known.anchor, known.rate) = ((trip.time, flight.sent), None);
            return;
        }
        known.active = known.active.saturating_add(step.max(0));
        let (since, from) = known.anchor;
        let measured = trip.time.since(since);
        if measured >= MEASURED.max(client.saturating_add(server)) {
            let rate = flight.sent.saturating_sub(from) as f64 / measured as f64;
            (known.anchor, known.rate) = ((trip.time, flight.sent), Some(rate));
            for (host, _) in trip.flow.ends(Direction::AToB) {
                if let Some(fastest) = self.fastest.entry(host, trip.time) {
                    *fastest = fastest.max(rate);
                }
            }
        }
        let Some(rate) = known.rate else { return };
        let full = WINDOW_FULL.value() * f64::from(flight.window) - SEGMENT;
        let in_flight = f64::from(flight.bytes) + rate * before as f64;
        known.samples = known.samples.saturating_add(1);
        known.full = known.full.saturating_add(u64::from(full > 0.0 && in_flight >= full));
    }

    /// How often the windows of a connection's two ends were looked at, and how often they were full: of every connection of which that is known.
    pub fn uses(&self) -> impl Iterator<Item = WindowUse> + '_ {
        self.transfers.iter().map(|(&(flow, to_client), transfer, _)| WindowUse {
            flow,
            way: if to_client { transfer.client.reversed() } else { transfer.client },
            span: Episode { first: transfer.first, last: transfer.last },
            counts: [transfer.samples, transfer.full].map(|n| u32::try_from(n).unwrap_or(u32::MAX)),
        })
    }

    /// Transfers of the last ten minutes; at the end of a file all of them.
    pub fn evidence(&self, now: Timestamp, all: bool) -> Vec<WindowEvidence> {
        let lately = self.transfers.iter().filter(|(_, t, _)| all || now.since(t.last) < REMEMBERED * BIN);
        let mut out: Vec<WindowEvidence> = lately
            .filter_map(|(&(flow, to_client), t, _)| {
                let [(client, _), (server, port)] = flow.ends(t.client);
                let (receiver, sender) = if to_client { (client, server) } else { (server, client) };
                let [halves_client, halves_server] = *self.halves.get(&flow)?;
                let trip = halves_client.saturating_add(halves_server).max(1) as f64 / 1e9;
                let active = t.active as f64 / 1e9;
                let bytes = t.bytes[1].saturating_sub(t.bytes[0]);
                let fastest = |host| self.fastest.get(&host).map_or(0.0, |rate| rate * 1e9);
                Some(WindowEvidence {
                    flow,
                    receiver,
                    sender,
                    port,
                    samples: t.samples,
                    full: t.full,
                    window: t.windows[1].into(),
                    is_steady: u64::from(t.windows[0]) * 10 >= u64::from(t.windows[1]) * 9,
                    is_unscaled: t.is_unscaled,
                    has_lost: t.has_lost,
                    bytes,
                    round_trip: trip,
                    round_trips: active / trip,
                    rate: bytes as f64 / active.max(1e-9),
                    fastest: fastest(receiver).min(fastest(sender)),
                    span: Episode { first: t.first, last: t.last },
                })
            })
            .collect();
        out.arrange_by_key(|t| (t.receiver, t.sender, t.port, t.span.first));
        out
    }
}
