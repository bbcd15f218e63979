//! Routers of IS-IS and EIGRP, ends of BFD's sessions, masters of PTP and time servers.

use crate::model::{Address, SpeakerRow};
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, Rows, TableSpec, Tint, placed};

/// Who says at regular times that it is there.
pub static SPEAKERS: TableSpec<SpeakerRow> = TableSpec {
    sheets: &[placed("Other routers and clocks", |s| Rows::of(&s.switch.speakers))],
    fields: &[
        Field::text("who", "Who", |r: &SpeakerRow| Some(r.words[0].as_str())).paper(0, Room::Cut).screen(0, "who", 0).wide(14, 39),
        Field::word("protocol", "By", |r: &SpeakerRow| Some(r.told.protocol())).paper(1, Room::Fixed).screen(1, "by", 1).wide(5, 5),
        Field::text("group", "Of", |r: &SpeakerRow| Some(r.words[1].as_str()).filter(|w| !w.is_empty()))
            .paper(2, Room::Fixed)
            .screen(2, "of", 2)
            .wide(8, 30),
        Field::text("says", "Says", |r: &SpeakerRow| Some(r.words[2].as_str()).filter(|w| !w.is_empty()))
            .paper(3, Room::Cut)
            .optional()
            .screen(3, "says", 3)
            .wide(14, 70),
        Field::new("vlan", "VLAN", FieldKind::Id, |r: &SpeakerRow| FieldValue::count(r.tag.map(u64::from)))
            .paper(4, Room::Fixed)
            .optional()
            .screen(4, "vlan", 5)
            .wide(4, 5),
        Field::address("source", "Address", |r: &SpeakerRow| Address::Mac(r.source)).machine(),
        Field::new("hold", "Hold", FieldKind::Span, |r: &SpeakerRow| hold(r)).paper(5, Room::Dropped(2)).screen(5, "hold", 6).wide(6, 7),
        Field::count("packets", "Hellos", |r: &SpeakerRow| r.packets).paper(6, Room::Dropped(1)).screen(6, "hellos", 7).wide(6, 8),
        Field::count("changes", "Changes", |r: &SpeakerRow| r.changes)
            .paper(7, Room::Fixed)
            .screen(7, "changes", 5)
            .wide(7, 7)
            .tint(Tint::Warn),
        Field::new("silent", "Silent", FieldKind::Flag, |r: &SpeakerRow| FieldValue::Flag(r.is_silent))
            .paper(8, Room::Fixed)
            .screen(8, "silent", 4)
            .wide(6, 6),
        Field::time("last", "Last seen", |r: &SpeakerRow| r.last).paper(9, Room::Dropped(0)).screen(9, "last seen", 4).wide(10, 10),
    ],
    in_json: false,
    ..TableSpec::new("speakers", "speaker", "", |x, y| {
        (x.told.protocol(), &x.words, x.tag, x.source).cmp(&(y.told.protocol(), &y.words, y.tag, y.source))
    })
};

/// Who speaks when it is asked may be silent for as long as it likes.
fn hold(r: &SpeakerRow) -> FieldValue<'static> {
    Some(r.told.hold()).filter(|hold| *hold > 0).map_or(FieldValue::None, FieldValue::Span)
}
