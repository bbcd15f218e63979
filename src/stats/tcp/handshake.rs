//! How a connection begins and ends: what its flags say, and whether the steps of its handshake come in order.

use super::{TcpCold, TcpHot};
use crate::model::tcp::{ACK, FIN, RST, SYN, TcpEvent, TcpMarks};
use crate::model::{Segment, Timestamp};

/// Notes the first numbers of both directions; what the segment's flags say of the connection's course.
pub(super) fn begin(hot: &mut TcpHot, cold: &mut TcpCold, way: usize, segment: &Segment) -> TcpMarks {
    let Segment { sequence, acknowledgement, flags, .. } = *segment;
    let mut marks = TcpMarks::default();
    if hot.is_new() && flags & SYN == 0 {
        marks |= TcpMarks::JOINED;
    }
    if !hot.is(TcpHot::BASE[way]) {
        cold.base[way] = if flags & SYN != 0 { sequence } else { sequence.wrapping_sub(1) };
        hot.flags |= TcpHot::BASE[way];
    }
    if flags & ACK != 0 && !hot.is(TcpHot::BASE[1 - way]) {
        cold.base[1 - way] = acknowledgement.wrapping_sub(1);
        hot.flags |= TcpHot::BASE[1 - way];
    }
    match flags & (SYN | ACK) {
        SYN => marks |= TcpMarks::SYN,
        // RST answers a SYN with its number (RFC 9293 section 3.5.2): that acknowledges no connection.
        ACK if !hot.is(TcpHot::ACKED[way]) && flags & RST == 0 => {
            hot.flags |= TcpHot::ACKED[way];
            marks |= TcpMarks::FIRST_ACK;
        }
        both if both == SYN | ACK => marks |= TcpMarks::SYN_ACK,
        _ => {}
    }
    if flags & FIN != 0 {
        marks |= TcpMarks::FIN;
    }
    if flags & RST != 0 {
        marks |= TcpMarks::RST;
    }
    marks
}

/// Follows the handshake: a SYN-ACK behind its SYN, or before it.
pub(super) fn step(hot: &mut TcpHot, cold: &mut TcpCold, way: usize, segment: &Segment, time: Timestamp, event: &mut TcpEvent) {
    if segment.flags & SYN == 0 || hot.is(TcpHot::SHAKEN) {
        return;
    }
    let early = hot.is(TcpHot::EARLY[0] | TcpHot::EARLY[1]);
    if segment.flags & ACK != 0 {
        if hot.is(TcpHot::SYN_SEEN[1 - way]) {
            event.marks |= TcpMarks::ANSWERED;
            hot.flags |= TcpHot::SHAKEN;
        } else if !early {
            event.marks |= TcpMarks::EARLY_ANSWER;
            let fits = cold.base[1 - way].wrapping_add(1) == segment.acknowledgement;
            hot.flags |= TcpHot::EARLY[way] | if fits { TcpHot::FITS } else { 0 };
            cold.opened = time;
        }
        return;
    }
    if hot.is(TcpHot::ACKED[way]) && !hot.is(TcpHot::SYN_SEEN[way]) && cold.base[way] == segment.sequence {
        event.marks |= TcpMarks::OVERTAKEN_SYN;
    }
    if early {
        // A SYN of another number than the one its direction began with is another connection, or else nothing that was answered.
        if hot.is(TcpHot::EARLY[1 - way]) && hot.is(TcpHot::FITS) && cold.base[way] == segment.sequence {
            event.marks |= TcpMarks::LATE_SYN;
            event.lag = time.since(cold.opened).clamp(0, u32::MAX.into()) as u32;
        }
        hot.flags |= TcpHot::SHAKEN;
    } else {
        hot.flags |= TcpHot::SYN_SEEN[way];
    }
}
