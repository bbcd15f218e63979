//! Who wants what is sent to a group.

use crate::model::{Address, MemberRow};
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, Rows, TableSpec, placed};

/// Groups that hosts join, those with most members first.
pub static MEMBERS: TableSpec<MemberRow> = TableSpec {
    sheets: &[placed("Group members", |s| Rows::of(&s.switch.members))],
    fields: &[
        Field::address("group", "Group", |m: &MemberRow| m.group).paper(0, Room::Cut).screen(0, "group", 0).wide(12, 39),
        Field::word("protocol", "By", |m: &MemberRow| Some(m.protocol)).paper(1, Room::Fixed).screen(1, "by", 2).wide(4, 5),
        Field::new("version", "Version", FieldKind::Id, |m: &MemberRow| FieldValue::Count(m.version.into()))
            .paper(2, Room::Fixed)
            .screen(2, "version", 5)
            .wide(7, 7),
        Field::new("vlan", "VLAN", FieldKind::Id, |m: &MemberRow| FieldValue::count(m.vlan.map(u64::from)))
            .paper(3, Room::Fixed)
            .optional()
            .screen(3, "vlan", 3)
            .wide(4, 5),
        Field::new("members", "Members", FieldKind::Count, members).paper(4, Room::Fixed).screen(4, "members", 1).wide(7, 7),
        Field::address("joined", "Joined last", |m: &MemberRow| Address::Mac(m.joined))
            .paper(5, Room::Cut)
            .screen(5, "joined last", 4)
            .wide(17, 17),
        Field::count("reports", "Reports", |m: &MemberRow| m.reports).paper(6, Room::Fixed).screen(6, "reports", 4).wide(7, 7),
        Field::count("leaves", "Left", |m: &MemberRow| m.leaves).paper(7, Room::Fixed).screen(7, "left", 6).wide(6, 7),
        Field::time("first", "First", |m: &MemberRow| m.first).machine(),
        Field::time("last", "Last seen", |m: &MemberRow| m.last).paper(8, Room::Dropped(0)).screen(8, "last seen", 7).wide(10, 10),
    ],
    weight: |m| m.members,
    in_json: false,
    ..TableSpec::new("group_members", "group", "members", |x, y| (x.protocol, x.vlan, x.group).cmp(&(y.protocol, y.vlan, y.group)))
};

fn members(m: &MemberRow) -> FieldValue<'_> {
    if m.more { FieldValue::AtLeast(m.members) } else { FieldValue::Count(m.members) }
}
