//! Copies that are divided on their way: IP fragments of the mirror's own datagrams.
//!
//! The mirrored packet is counted once, by the first piece, which has its headers and says how long it was. The others were on the link, and
//! that is all: they belong to the mirror, not to the network that it shows. Which datagrams are a mirror's is remembered in a table of
//! bounded size; a piece whose first is not known (late, or lost) is the mirror's when a session between its ends is.

use super::Peek;
use crate::capture::Packet;
use crate::decode::Net;
use crate::engine::tape::shard_key::{FragmentedDatagram, shard_of_flow};
use crate::model::Address;

impl Peek {
    /// Takes a packet that is a later piece of a mirror's datagram off the tape's analysis. False when it is none.
    #[cold]
    #[inline(never)]
    pub(super) fn take_piece(&mut self, packet: &mut Packet, piece: &FragmentedDatagram) -> bool {
        let session = match self.carriers.recall(piece) {
            // The first piece is no mirror's, so this is none.
            Some(None) => return false,
            Some(Some(session)) => session,
            None => match self.session_between_ends() {
                Some(session) => session,
                None => return false,
            },
        };
        self.sessions.piece(session, packet.frame_wire(), packet.time);
        self.samples.bring_nothing(packet);
        packet.shard = self.headers.flow().map_or(0, |(key, _)| shard_of_flow(&key, &self.hash_keys));
        true
    }

    /// Notes what the first piece of a datagram has in it: a copy, or nothing of a mirror's.
    #[cold]
    #[inline(never)]
    pub(super) fn note_first_piece(&mut self, packet: &Packet, piece: &FragmentedDatagram) {
        let carries = packet.peels() > 0;
        self.carriers.remember(piece, carries.then_some(packet.session));
        if carries {
            self.sessions.fragment(packet.frame_wire());
        }
    }

    /// The session, taken off, between the ends of the packet just walked that has its protocol.
    fn session_between_ends(&self) -> Option<u16> {
        let (source, destination) = match self.headers.net {
            Net::None => return None,
            Net::V4(source, destination) => (Address::V4(source), Address::V4(destination)),
            Net::V6(source, destination) => (Address::V6(source), Address::V6(destination)),
        };
        self.sessions.between(source, destination, self.headers.protocol)
    }
}
