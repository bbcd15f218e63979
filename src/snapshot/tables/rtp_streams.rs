//! Streams of voice and pictures (RTP): whether calls are fine.

use crate::model::rtp::codec_name;
use crate::snapshot::StreamRow;
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, Rows, TableSpec, Tint, sheet};

/// A row a stream, those first that lack most; a healthy call has nothing lost and a jitter of a few milliseconds.
pub static RTP_STREAMS: TableSpec<StreamRow> = TableSpec {
    sheets: &[sheet("Voice and video streams", |s| Rows::of(&s.stats.streams))],
    fields: &[
        Field::address("from", "From", |r: &StreamRow| r.stream.from.0).machine(),
        Field::port("from_port", "Port", |r: &StreamRow| r.stream.from.1.into()).machine(),
        Field::address("to", "To", |r: &StreamRow| r.stream.to.0).machine(),
        Field::port("to_port", "Port", |r: &StreamRow| r.stream.to.1.into()).machine(),
        Field::new("sender", "From", FieldKind::End, |r: &StreamRow| FieldValue::End(r.stream.from.0, r.stream.from.1))
            .people()
            .paper(0, Room::Cut)
            .screen(0, "from", 0)
            .wide(15, 40)
            .searched(true),
        Field::new("receiver", "To", FieldKind::End, |r: &StreamRow| FieldValue::End(r.stream.to.0, r.stream.to.1))
            .people()
            .paper(1, Room::Cut)
            .screen(1, "to", 0)
            .wide(15, 40)
            .searched(true),
        Field::text("call", "Call", |r: &StreamRow| Some(r.call.as_str()).filter(|call| !call.is_empty()))
            .paper(2, Room::Cut)
            .optional()
            .screen(2, "call", 2)
            .wide(12, 40),
        Field::word("codec", "Codec", |r: &StreamRow| codec_name(r.stream.payload_type))
            .paper(3, Room::Fixed)
            .screen(3, "codec", 4)
            .wide(5, 6),
        Field::id("payload_type", "Type", |r: &StreamRow| r.stream.payload_type.into())
            .paper(4, Room::Dropped(3))
            .screen(4, "type", 9)
            .wide(4, 4),
        Field::new("clock_rate", "Clock", FieldKind::Id, |r: &StreamRow| FieldValue::count(r.stream.clock.map(u64::from)))
            .paper(5, Room::Dropped(1))
            .optional()
            .screen(5, "clock", 10)
            .wide(5, 6),
        Field::new("ssrc", "SSRC", FieldKind::Id, |r: &StreamRow| FieldValue::Count(r.stream.source.into()))
            .paper(13, Room::Dropped(0))
            .screen(13, "ssrc", 12)
            .wide(10, 10),
        Field::count("packets", "Packets", |r: &StreamRow| r.stream.received).paper(6, Room::Fixed).screen(6, "packets", 3).wide(7, 9),
        Field::count("expected", "Expected", |r: &StreamRow| r.stream.expected()).machine(),
        Field::count("lost", "Lost", |r: &StreamRow| r.stream.lost)
            .paper(7, Room::Fixed)
            .screen(7, "missing", 5)
            .wide(7, 7)
            .tint(Tint::Warn),
        Field::new("lost_share", "Lost", FieldKind::Ratio, lost_share)
            .paper(8, Room::Fixed)
            .screen(8, "lost", 1)
            .wide(6, 6)
            .tint(Tint::Warn),
        Field::count("gaps", "Gaps", |r: &StreamRow| r.stream.gaps).paper(9, Room::Dropped(2)).screen(9, "gaps", 8).wide(4, 6),
        Field::new("jitter_mean", "Jitter", FieldKind::Span, |r: &StreamRow| jitter(r, 0)).paper(10, Room::Fixed).screen(10, "jitter", 2),
        Field::new("jitter_max", "Longest", FieldKind::Span, |r: &StreamRow| jitter(r, 1))
            .paper(11, Room::Dropped(4))
            .screen(11, "jitter max", 6)
            .wide(10, 10),
        Field::new("opinion_score_estimate", "MOS (est.)", FieldKind::Real, opinion_score)
            .paper(12, Room::Fixed)
            .optional()
            .screen(12, "MOS est.", 3)
            .wide(8, 8),
        Field::span("duration", "Duration", |r: &StreamRow| r.stream.last.since(r.stream.first))
            .paper(14, Room::Fixed)
            .screen(14, "lasts", 7),
        Field::time("first", "First packet", |r: &StreamRow| r.stream.first).machine(),
        Field::time("last", "Last packet", |r: &StreamRow| r.stream.last).machine(),
    ],
    weight: |r| r.stream.received,
    ..TableSpec::new("rtp_streams", "stream", "", |x, y| {
        let key = |r: &StreamRow| (std::cmp::Reverse(r.stream.lost), r.stream.first, r.stream.from, r.stream.to, r.stream.source);
        key(x).cmp(&key(y))
    })
};

/// The part of the packets that did not come.
fn lost_share(r: &StreamRow) -> FieldValue<'static> {
    match r.stream.expected() {
        0 => FieldValue::None,
        all => FieldValue::Real(r.stream.lost as f64 / all as f64),
    }
}

/// Its mean, or the most.
fn jitter(r: &StreamRow, which: usize) -> FieldValue<'static> {
    r.stream.jitter.and_then(|jitter| jitter.get(which).copied()).map_or(FieldValue::None, FieldValue::Span)
}

/// To two places: it is an estimate.
fn opinion_score(r: &StreamRow) -> FieldValue<'static> {
    r.stream.opinion_score().map_or(FieldValue::None, |score| FieldValue::Real((score * 100.0).round() / 100.0))
}
