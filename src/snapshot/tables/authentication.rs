//! Ports that let devices in by IEEE 802.1X, and the devices.

use crate::model::{Address, AuthenticatorRow, eap_method};
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, Rows, TableSpec, Tint, placed};

/// Who takes part in the authentication of ports.
pub static AUTHENTICATION: TableSpec<AuthenticatorRow> = TableSpec {
    sheets: &[placed("Port authentication", |s| Rows::of(&s.switch.authenticators))],
    fields: &[
        Field::address("mac", "Who", |r: &AuthenticatorRow| Address::Mac(r.mac)).paper(0, Room::Cut).screen(0, "who", 0).wide(17, 17),
        Field::word("role", "Role", |r: &AuthenticatorRow| Some(if r.is_port { "port" } else { "device" }))
            .paper(1, Room::Fixed)
            .screen(1, "role", 1)
            .wide(6, 6),
        Field::new("vlan", "VLAN", FieldKind::Id, |r: &AuthenticatorRow| FieldValue::count(r.tag.map(u64::from)))
            .paper(2, Room::Fixed)
            .optional()
            .screen(2, "vlan", 7)
            .wide(4, 5),
        Field::word("method", "Method", |r: &AuthenticatorRow| r.method.map(|method| eap_method(method).unwrap_or("other")))
            .paper(3, Room::Fixed)
            .screen(3, "method", 4)
            .wide(6, 8),
        Field::word("last_step", "Last step", |r: &AuthenticatorRow| Some(r.last_step.token()))
            .paper(4, Room::Fixed)
            .screen(4, "last step", 3)
            .wide(9, 9),
        Field::count("begun", "Begun", |r: &AuthenticatorRow| r.begun).paper(5, Room::Fixed).screen(5, "begun", 5).wide(5, 7),
        Field::count("let_in", "Let in", |r: &AuthenticatorRow| r.let_in).paper(6, Room::Fixed).screen(6, "let in", 2).wide(6, 7),
        Field::count("refused", "Refused", |r: &AuthenticatorRow| r.refused)
            .paper(7, Room::Fixed)
            .screen(7, "refused", 2)
            .wide(7, 7)
            .tint(Tint::Warn),
        Field::count("packets", "Packets", |r: &AuthenticatorRow| r.packets).paper(8, Room::Dropped(1)).screen(8, "packets", 8).wide(7, 7),
        Field::time("last", "Last seen", |r: &AuthenticatorRow| r.last).paper(9, Room::Dropped(0)).screen(9, "last seen", 6).wide(10, 10),
    ],
    in_json: false,
    ..TableSpec::new("authentication", "port or device", "", |x, y| (!x.is_port, x.tag, x.mac).cmp(&(!y.is_port, y.tag, y.mac)))
};
