//! Packets that were recorded without times: what follows from times is not known of them.

use super::{Conversation, HostRow, Snapshot};
use crate::model::{Carried, Timestamp};

impl Snapshot {
    /// Takes out what was computed of times where there are none. Load, durations and findings ask [`Snapshot::is_timed`] themselves.
    pub fn forget_unknown_times(&mut self) {
        if self.is_timed() {
            return;
        }
        let c = &mut self.stats.conversations;
        let tables = [&mut c.eth, &mut c.ip, &mut c.ipv6, &mut c.tcp, &mut c.udp, &mut c.sctp];
        tables.into_iter().flat_map(|table| &mut table.rows).for_each(conversation);
        let e = &mut self.stats.endpoints;
        let tables = [&mut e.eth, &mut e.ip, &mut e.ipv6, &mut e.tcp, &mut e.udp, &mut e.sctp];
        tables.into_iter().flat_map(|table| &mut table.rows).for_each(host);
        for service in &mut self.stats.services.rows {
            (service.response, service.response_by) = (None, None);
            (service.network, service.client_network) = (None, None);
        }
        for name in &mut self.dissect.names.rows {
            (name.first, name.last) = (Timestamp::UNKNOWN, Timestamp::UNKNOWN);
        }
        self.dissect.apps.iter_mut().for_each(|section| section.tally.forget_durations());
        self.stats.tcp_analysis.handshake_rtt = Default::default();
        self.stats.load.peak = None;
        self.stats.load.peak_ms = None;
    }
}

fn conversation(row: &mut Conversation) {
    (row.first, row.last) = (Timestamp::UNKNOWN, Timestamp::UNKNOWN);
    if let Some(tcp) = &mut row.tcp {
        (tcp.initial_rtt, tcp.round_trips, tcp.turns) = (None, Default::default(), Default::default());
        tcp.carried.iter_mut().for_each(|carried| *carried = Carried { bytes: carried.bytes, ..Carried::default() });
    }
}

fn host(row: &mut HostRow) {
    (row.first, row.last) = (Timestamp::UNKNOWN, Timestamp::UNKNOWN);
}
