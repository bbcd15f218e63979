//! The check sequence that some platforms leave behind a mirrored frame (draft-foschiano-erspan-03 sections 4.2 and 4.3): four bytes that are
//! not the frame's.

use super::Peek;
use crate::capture::Packet;
use crate::decode::stamp::crc32;
use crate::mirror::CheckSequence;
use crate::model::{Tunnel, TunnelKind};

/// Length of a check sequence.
const LENGTH: usize = 4;

impl Peek {
    /// Takes the check sequence off the mirrored frame whose headers were walked. A frame counts as having one when its last four bytes are
    /// the CRC of those before them; after the session's first frames what most of them had holds for all.
    #[inline]
    pub(super) fn take_check_sequence(&mut self, packet: &mut Packet, bytes: &[u8], tunnel: &Tunnel) {
        if matches!(tunnel.kind, TunnelKind::Erspan1 | TunnelKind::Erspan2 | TunnelKind::Erspan3) {
            match self.sessions.check_sequence(tunnel) {
                CheckSequence::Absent => {}
                CheckSequence::Present => self.trim_sequence(packet, false, bytes, tunnel),
                CheckSequence::Unknown => self.trim_sequence(packet, true, bytes, tunnel),
            }
        }
    }

    #[inline(never)]
    fn trim_sequence(&mut self, packet: &mut Packet, on_trial: bool, bytes: &[u8], tunnel: &Tunnel) {
        let from = self.headers.frame_at as usize;
        let (end, wire) = (from + self.headers.wire as usize, packet.frame_wire() as usize);
        // A frame that the mirror cut ends where the copy does, before its own length says.
        let Some(behind) = wire.checked_sub(end) else { return };
        if on_trial {
            let Some((frame, sequence)) = bytes.get(from..end).and_then(|f| f.split_last_chunk::<LENGTH>()) else { return };
            let has = crc32(frame).to_le_bytes() == *sequence;
            self.sessions.tried_sequence(tunnel, has);
            if !has {
                return;
            }
        }
        // What lies behind the tunnel's packet goes with it: the bytes are taken from the packet's end.
        let trim = u8::try_from(behind + LENGTH + usize::from(packet.trim));
        if let (Ok(trim), true) = (trim, self.headers.wire as usize > LENGTH) {
            packet.trim = trim;
            self.headers.wire -= LENGTH as u32;
        }
    }
}
