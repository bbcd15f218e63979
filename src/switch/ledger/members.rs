//! Who wants what is sent to which group, by IGMP and MLD.

use crate::model::Arrange as _;
use crate::model::bounded::BoundedMap;
use crate::model::evidence::MEMBERS_FORGOTTEN;
use crate::model::limits::{GROUP_MEMBERS, MEMBERSHIPS};
use crate::model::time::SECOND;
use crate::model::{Address, Mac, MemberRow, Sighting, Timestamp};
use std::collections::BTreeSet;

/// A group in a VLAN.
#[derive(Debug, Default)]
struct Membership {
    version: u8,
    members: BTreeSet<Mac>,
    more: bool,
    joined: Mac,
    reports: u64,
    leaves: u64,
    first: Timestamp,
    last: Timestamp,
}

/// All of them, by group and VLAN.
#[derive(Debug, Default)]
pub struct Members {
    list: BoundedMap<(Address, Option<u16>), Membership, MEMBERSHIPS, { MEMBERS_FORGOTTEN / SECOND }>,
}

impl Members {
    fn at(&mut self, seen: &Sighting, group: Address, version: u8) -> Option<&mut Membership> {
        let membership = self.list.entry((group, seen.vlan), seen.last)?;
        if membership.reports == 0 && membership.leaves == 0 {
            membership.first = seen.first;
        }
        membership.version = version;
        membership.first = membership.first.min(seen.first);
        membership.last = membership.last.max(seen.last);
        Some(membership)
    }

    /// A host wants a group, and said so as often as it was seen.
    pub fn joined(&mut self, seen: &Sighting, group: Address, version: u8) {
        let Some(membership) = self.at(seen, group, version) else { return };
        membership.reports = membership.reports.saturating_add(seen.count);
        membership.joined = seen.source;
        if membership.members.len() < GROUP_MEMBERS {
            membership.members.insert(seen.source);
        } else if !membership.members.contains(&seen.source) {
            membership.more = true;
        }
    }

    /// A host wants a group no longer.
    pub fn left(&mut self, seen: &Sighting, group: Address, version: u8) {
        let Some(membership) = self.at(seen, group, version) else { return };
        membership.leaves = membership.leaves.saturating_add(seen.count);
        membership.members.remove(&seen.source);
    }

    /// All of them, those with most members first.
    pub fn rows(&self) -> Vec<MemberRow> {
        let row = |(key, m, _): (&(Address, Option<u16>), &Membership, _)| MemberRow {
            group: key.0,
            protocol: if matches!(key.0, Address::V6(_)) { "mld" } else { "igmp" },
            version: m.version,
            vlan: key.1,
            members: m.members.len() as u64,
            more: m.more,
            joined: m.joined,
            reports: m.reports,
            leaves: m.leaves,
            first: m.first,
            last: m.last,
        };
        let mut rows: Vec<MemberRow> = self.list.iter().map(row).collect();
        rows.arrange_by_key(|m| (std::cmp::Reverse(m.members), m.protocol, m.vlan, m.group));
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sight;

    fn seen(group: Address, host: u8, second: i64) -> Sighting {
        let at = Timestamp(second * SECOND);
        let what = Sight::Join { group, version: 2 };
        Sighting { first: at, last: at, vlan: Some(10), session: 0, source: Mac([2, 0, 0, 0, 0, host]), what, count: 2, numbers: [0; 2] }
    }

    #[test]
    fn members_come_and_go() {
        let mut members = Members::default();
        let group = Address::V4([239, 1, 2, 3].into());
        members.joined(&seen(group, 1, 5), group, 2);
        members.joined(&seen(group, 2, 6), group, 3);
        members.joined(&seen(group, 2, 7), group, 3);
        members.left(&seen(group, 1, 8), group, 2);
        let rows = members.rows();
        assert_eq!(rows.len(), 1);
        let row = &rows[0];
        assert_eq!((row.members, row.reports, row.leaves, row.version, row.joined.0[5]), (1, 6, 2, 2, 2));
        assert_eq!((row.first, row.last), (Timestamp(5 * SECOND), Timestamp(8 * SECOND)));
    }

    #[test]
    fn no_more_are_told_apart_than_the_caps_say() {
        let mut members = Members::default();
        for n in 0..2 * MEMBERSHIPS as u32 {
            let group = Address::V4((0xef00_0000 | n).into());
            members.joined(&seen(group, 1, 1), group, 2);
        }
        assert!(members.rows().len() <= MEMBERSHIPS);
        let group = Address::V4([239, 9, 9, 9].into());
        let mut members = Members::default();
        for n in 0..=255 {
            members.joined(&seen(group, n, 1), group, 2);
        }
        assert_eq!((members.rows()[0].members, members.rows()[0].more), (GROUP_MEMBERS as u64, true));
    }
}
