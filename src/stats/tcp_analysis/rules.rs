//! The rules, in the order in which Wireshark 4.0 applies them, one function a group.
//!
//! `fwd` is the direction of the segment, `rev` the other. Numbers of 0 count as unknown, also when a real number becomes 0. Differences of time
//! that are negative count as very long.

use super::Seen;
use super::counts::{self, Rare};
use super::state::{Connection, DirectionState, NO_SCALE, UNKNOWN_SCALE};
use super::unacked::Lists;
use crate::model::tcp::{ACK, FIN, RST, SYN, before};
use crate::model::tcp_options::MAX_WINDOW_SCALE;
use crate::model::time::MILLISECOND;
use crate::model::{AnalysisFlags, Direction, Segment, SegmentAnalysis, TcpOption, TcpOptions, Timestamp};

/// Until an initial round trip is known, a segment that comes this soon after a later one is out of order.
const OUT_OF_ORDER: u64 = 3 * MILLISECOND as u64;
/// A retransmission this soon after a duplicate acknowledgement is a fast one.
const FAST: u64 = 20 * MILLISECOND as u64;
/// Bytes in flight beyond this are not believed.
const MOST_IN_FLIGHT: u32 = 2_000_000_000;
/// SACK blocks that are taken off what is in flight.
const SACK_BLOCKS: usize = 3;

/// Judges a segment, into an `analysis` of which nothing is known so far, and takes it into the connection's state.
#[inline(always)]
pub(super) fn judge(
    connection: &mut Connection,
    lists: &mut Lists,
    rare: &mut Vec<Rare>,
    free_rare: &mut Vec<u32>,
    seen: &Seen<'_>,
    way: Direction,
    analysis: &mut SegmentAnalysis,
) {
    let Seen { time, segment, .. } = seen;
    let of_multipath = connection.is_multipath()
        && counts::get(connection, rare).is_some_and(|rare| rare.multipath.seen != rare.multipath.sides[way as usize]);
    let initial_rtt = connection.initial_rtt();
    let [a, b] = &mut connection.sides;
    let (fwd, rev) = if way as usize == 0 { (a, b) } else { (b, a) };
    let mut flags = begin(fwd, rev, segment);
    flags |= place(fwd, rev, segment, of_multipath);
    if segment.acknowledgement != fwd.last_ack {
        fwd.duplicates = 0;
    }
    analysis.is_noted = acknowledges_unseen(rev, segment);
    flags |= acknowledged_unseen(rev, segment);
    let is_data = segment.payload > 0 || segment.flags & (SYN | FIN) != 0;
    if is_data && !flags.has(AnalysisFlags::KEEP_ALIVE) {
        let again = sent_again(fwd, rev, segment, *time, initial_rtt);
        flags |= again;
        if again == AnalysisFlags::RETRANSMISSION {
            let oldest = lists.oldest(fwd.unacked).unwrap_or(fwd.next_time);
            analysis.rto = Some(time.since(oldest)).filter(|&rto| rto != 0);
        }
        if !again.is_empty() {
            analysis.sent_before = lists.first_of(fwd.unacked, segment.sequence).map(|first| time.since(first));
        }
    }
    analysis.flags = flags;
    advance(fwd, lists, segment, *time, flags, is_data);
    if let Some(met) = lists.acknowledge(&mut rev.unacked, segment.acknowledgement) {
        analysis.ack_rtt = Some(time.since(met.time));
        analysis.ack_rtt_is_clean = met.clean;
        analysis.ack_rtt_is_prompt = met.several;
    }
    if segment.payload > 0 && fwd.is(DirectionState::IN_FLIGHT) {
        analysis.bytes_in_flight = in_flight(fwd, rev, lists, segment);
    }
    after(connection, rare, free_rare, seen, (way, analysis.ack_rtt.is_some()));
    analysis.initial_rtt = Some(connection.initial_rtt()).filter(|&rtt| rtt != 0);
}

/// Judges a copy of a segment by what is known now, which may be more than was when it came: whether it had been acknowledged then is not known.
pub(super) fn judge_again(connection: &Connection, segment: &Segment, time: Timestamp, way: Direction) -> AnalysisFlags {
    let [mut fwd, mut rev] = connection.sides;
    if way == Direction::BToA {
        std::mem::swap(&mut fwd, &mut rev);
    }
    let mut flags = place(&mut fwd, &rev, segment, false);
    let is_data = segment.payload > 0 || segment.flags & (SYN | FIN) != 0;
    if is_data && !flags.has(AnalysisFlags::KEEP_ALIVE) {
        flags |= sent_again(&fwd, &DirectionState { last_ack: 0, ..rev }, segment, time, connection.initial_rtt());
    }
    flags
}

/// Where the numbers of both directions begin.
#[inline(always)]
fn begin(fwd: &mut DirectionState, rev: &mut DirectionState, segment: &Segment) -> AnalysisFlags {
    let Segment { sequence, acknowledgement, flags, .. } = *segment;
    let mut reused = AnalysisFlags::NONE;
    if flags & SYN != 0 && fwd.is(DirectionState::BASE) {
        if flags & ACK == 0 {
            // The same SYN again: a RST may have moved the numbers far ahead.
            fwd.next = fwd.contiguous;
        } else if sequence != fwd.base {
            // Another answer to the SYN: the same connection all the same.
            fwd.base = sequence;
            reused = AnalysisFlags::REUSED_PORTS;
        }
    } else if !fwd.is(DirectionState::BASE) {
        fwd.base = if flags & SYN != 0 { sequence } else { sequence.wrapping_sub(1) };
        fwd.flags |= DirectionState::BASE;
    }
    if flags & ACK != 0 {
        if !rev.is(DirectionState::BASE) {
            rev.base = acknowledgement.wrapping_sub(1);
            rev.flags |= DirectionState::BASE;
        }
        rev.flags |= DirectionState::IN_FLIGHT;
    }
    reused
}

/// What its place in sequence and its window say.
#[inline(always)]
fn place(fwd: &mut DirectionState, rev: &DirectionState, segment: &Segment, of_multipath: bool) -> AnalysisFlags {
    let Segment { sequence, flags: header, payload: length, window, .. } = *segment;
    let mut flags = AnalysisFlags::NONE;
    if length == 1 && sequence == fwd.next && rev.window() == 0 {
        return AnalysisFlags::ZERO_WINDOW_PROBE;
    }
    let is_control = header & (SYN | FIN | RST) != 0;
    if window == 0 && !is_control {
        flags |= AnalysisFlags::ZERO_WINDOW;
    }
    if fwd.next != 0 && before(fwd.next, sequence) && header & RST == 0 {
        flags |= AnalysisFlags::LOST_SEGMENT;
        fwd.flags &= !DirectionState::IN_FLIGHT;
    }
    if is_control {
        return flags;
    }
    if length <= 1 && sequence == fwd.next.wrapping_sub(1) {
        flags |= AnalysisFlags::KEEP_ALIVE;
    }
    if length > 0 && rev.scale != UNKNOWN_SCALE {
        let edge = rev.last_ack.wrapping_add(rev.window().wrapping_shl(rev.shift().into()));
        if sequence.wrapping_add(length) == edge {
            flags |= AnalysisFlags::WINDOW_FULL;
        }
    }
    if length == 0 && sequence == fwd.next && segment.acknowledgement == fwd.last_ack {
        flags |= repeated(fwd, rev, window, of_multipath);
    }
    flags
}

/// What an empty segment in its place says that acknowledges nothing new.
fn repeated(fwd: &mut DirectionState, rev: &DirectionState, window: u16, of_multipath: bool) -> AnalysisFlags {
    let same = fwd.window() == u32::from(window);
    match (window, same) {
        (0, true) if rev.is(DirectionState::PROBE) => AnalysisFlags::ZERO_WINDOW_PROBE_ACK,
        (0, _) => AnalysisFlags::NONE,
        (_, false) => AnalysisFlags::WINDOW_UPDATE,
        _ if rev.is(DirectionState::KEEP_ALIVE) => AnalysisFlags::KEEP_ALIVE_ACK,
        // Multipath TCP says other things with the same acknowledgement (RFC 8684 section 4).
        _ if of_multipath => AnalysisFlags::NONE,
        _ => {
            fwd.duplicates = if fwd.duplicates == u32::MAX { 1 } else { fwd.duplicates + 1 };
            AnalysisFlags::DUPLICATE_ACK
        }
    }
}

/// Whether it acknowledges more than is expected.
#[inline(always)]
fn acknowledges_unseen(rev: &DirectionState, segment: &Segment) -> bool {
    rev.contiguous != 0 && segment.flags & ACK != 0 && before(rev.contiguous, segment.acknowledgement)
}

/// Whether that is told: once where no hole is known, whatever was missed.
#[inline(always)]
fn acknowledged_unseen(rev: &mut DirectionState, segment: &Segment) -> AnalysisFlags {
    if !acknowledges_unseen(rev, segment) {
        return AnalysisFlags::NONE;
    }
    if before(rev.contiguous, rev.next) {
        rev.contiguous = rev.next;
        return AnalysisFlags::ACK_LOST_SEGMENT;
    }
    // -1 in a number without sign: it counts as many duplicates.
    let first = std::mem::replace(&mut rev.duplicates, u32::MAX) == 0;
    if first { AnalysisFlags::ACK_LOST_SEGMENT } else { AnalysisFlags::NONE }
}

/// Whether data, a SYN or a FIN were sent again, or came behind what was sent after them.
#[inline(always)]
fn sent_again(fwd: &DirectionState, rev: &DirectionState, segment: &Segment, time: Timestamp, initial_rtt: i64) -> AnalysisFlags {
    let Segment { sequence, payload: length, flags, .. } = *segment;
    let end = sequence.wrapping_add(length);
    if length > 0 && rev.last_ack != 0 && !before(rev.last_ack, end) {
        return AnalysisFlags::SPURIOUS_RETRANSMISSION | AnalysisFlags::RETRANSMISSION;
    }
    let known_before = length > 1 && sequence == fwd.next.wrapping_sub(1);
    if fwd.next == 0 || !before(sequence, fwd.next) || known_before {
        return AnalysisFlags::NONE;
    }
    let age = |then: Timestamp| time.since(then) as u64;
    if rev.duplicates >= 2 && rev.last_ack == sequence && age(rev.last_time) < FAST {
        return AnalysisFlags::FAST_RETRANSMISSION | AnalysisFlags::RETRANSMISSION;
    }
    let soon = if initial_rtt == 0 { OUT_OF_ORDER } else { initial_rtt as u64 };
    let counted = u32::from(flags & (SYN | FIN) != 0);
    if age(fwd.next_time) < soon && end.wrapping_add(counted) != fwd.next {
        return AnalysisFlags::OUT_OF_ORDER;
    }
    AnalysisFlags::RETRANSMISSION
}

/// Takes the segment into its direction's numbers.
#[inline(always)]
fn advance(fwd: &mut DirectionState, lists: &mut Lists, segment: &Segment, time: Timestamp, flags: AnalysisFlags, is_data: bool) {
    let mut end = segment.sequence.wrapping_add(segment.payload);
    if is_data && !lists.is_full(fwd.unacked) {
        // Once, also for both.
        end = end.wrapping_add(u32::from(segment.flags & (SYN | FIN) != 0));
        lists.push(&mut fwd.unacked, segment.sequence, end, time);
    }
    if !flags.has(AnalysisFlags::ZERO_WINDOW_PROBE) {
        if before(fwd.next, end) || fwd.next == 0 {
            (fwd.next, fwd.next_time) = (end, time);
        }
        if segment.sequence == fwd.contiguous || fwd.contiguous == 0 {
            // Up to the highest seen: a first hole that is filled jumps over later ones.
            fwd.contiguous = fwd.next;
        }
    }
    (fwd.window, fwd.last_ack, fwd.last_time) = (segment.window, segment.acknowledgement, time);
    let kept = fwd.flags & !(DirectionState::KEEP_ALIVE | DirectionState::PROBE) | DirectionState::WINDOW;
    let keep_alive = if flags.has(AnalysisFlags::KEEP_ALIVE) { DirectionState::KEEP_ALIVE } else { 0 };
    let probe = if flags.has(AnalysisFlags::ZERO_WINDOW_PROBE) { DirectionState::PROBE } else { 0 };
    fwd.flags = kept | keep_alive | probe;
}

#[inline(always)]
fn in_flight(fwd: &DirectionState, rev: &DirectionState, lists: &Lists, segment: &Segment) -> Option<u32> {
    let bytes = lists.span(fwd.unacked, fwd.base)?.wrapping_sub(rev.sacked);
    let counted = u32::from(segment.flags & (SYN | FIN) != 0);
    (bytes > 0 && bytes < MOST_IN_FLIGHT).then(|| bytes - counted).filter(|&bytes| bytes > 0)
}

/// What holds from the next segment on: the initial round trip, and what the options say. `is_answer`: it acknowledges a segment that was not yet.
#[inline(always)]
fn after(
    connection: &mut Connection,
    rare: &mut Vec<Rare>,
    free_rare: &mut Vec<u32>,
    seen: &Seen<'_>,
    (way, is_answer): (Direction, bool),
) {
    let flags = seen.segment.flags;
    let side = &mut connection.sides[way as usize];
    side.sacked = 0;
    if flags & SYN != 0 {
        side.flags |= DirectionState::ONLY_SYN;
        if flags & ACK == 0 {
            connection.note_syn(seen.time);
        }
    } else if flags & ACK != 0 {
        side.flags &= !DirectionState::ONLY_SYN;
        // Whoever gives up by RST answers nothing; one that refuses a SYN is its answer.
        connection.note_ack(seen.time, flags & RST == 0 || is_answer);
    }
    let plain = seen.options.is_empty() || seen.options.has_time_stamps_only();
    if !plain || flags & SYN != 0 || connection.is_multipath() {
        options(connection, rare, free_rare, seen, way);
    }
}

#[inline(never)]
fn options(connection: &mut Connection, rare: &mut Vec<Rare>, free_rare: &mut Vec<u32>, seen: &Seen<'_>, way: Direction) {
    let [a, b] = &mut connection.sides;
    let (fwd, rev) = if way as usize == 0 { (a, b) } else { (b, a) };
    for option in seen.options.iter() {
        match option {
            TcpOption::WindowScale(bits) => fwd.scale = bits.min(MAX_WINDOW_SCALE),
            TcpOption::Sack(blocks) => {
                fwd.sacked = blocks.iter().take(SACK_BLOCKS).fold(0, |sum, (from, to)| to.wrapping_sub(from).wrapping_add(sum));
            }
            _ => {}
        }
    }
    if seen.segment.flags & SYN != 0 && !seen.cut {
        if fwd.scale == UNKNOWN_SCALE {
            (fwd.scale, rev.scale) = (NO_SCALE, NO_SCALE);
        } else if seen.segment.flags & ACK != 0 && rev.scale == NO_SCALE {
            fwd.scale = NO_SCALE;
        }
    }
    multipath(connection, rare, free_rare, &seen.options, way);
}

/// Notes kinds of its options that were not seen before: a segment that comes in between is told from a duplicate acknowledgement by them.
fn multipath(connection: &mut Connection, rare: &mut Vec<Rare>, free: &mut Vec<u32>, options: &TcpOptions<'_>, way: Direction) {
    let kinds = options.iter().filter_map(|o| if let TcpOption::Multipath(kind) = o { Some(kind) } else { None });
    let kinds = kinds.fold(0, |kinds, kind| kinds | 1u8.checked_shl(kind.into()).unwrap_or(0));
    let is_known = connection.is_multipath();
    let known = counts::get(connection, rare).filter(|_| is_known).map_or(0, |rare| rare.multipath.seen);
    if known | kinds == 0 {
        return;
    }
    connection.note_multipath();
    if let Some(rare) = counts::rare(connection, rare, free) {
        rare.multipath.sides[way as usize] = known;
        rare.multipath.seen = known | kinds;
    }
}
