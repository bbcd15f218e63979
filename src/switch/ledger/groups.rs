//! Streams to groups, who wants them, and whether anybody asks.

use super::trouble;
use crate::model::Arrange as _;
use crate::model::bounded::BoundedMap;
use crate::model::evidence::{MEMBERS_FORGOTTEN, STREAM_FRAMES, SwitchTrouble, SwitchTroubleKind};
use crate::model::limits::GROUPS;
use crate::model::time::SECOND;
use crate::model::{Address, Episode, FloodSecond, Mac, QuerierRow, Subject, Timestamp};

/// Nanoseconds without a frame after which a stream has ended.
const ENDED: i64 = 10 * SECOND;

/// Streams told of one by one.
const TOLD: usize = 8;

/// A stream to a group, and who joined it.
#[derive(Debug, Default)]
struct Stream {
    first: i64,
    last: i64,
    frames: u64,
    /// Who joined last, with the group's address.
    joined: Option<(Mac, Address)>,
}

/// All of them, by VLAN and the group's address of the link layer.
#[derive(Debug, Default)]
pub struct Groups {
    list: BoundedMap<(u16, Mac), Stream, GROUPS, { MEMBERS_FORGOTTEN / SECOND }>,
}

/// The link layer's address of an IPv4 group (RFC 1112 section 6.4).
fn link_address(group: Address) -> Option<Mac> {
    let Address::V4(group) = group else { return None };
    let [_, b, c, d] = group.octets();
    group.is_multicast().then_some(Mac([0x01, 0x00, 0x5e, b & 0x7f, c, d]))
}

impl Groups {
    fn at(&mut self, key: (u16, Mac), second: i64) -> Option<&mut Stream> {
        self.list.entry(key, Timestamp(second.saturating_mul(SECOND)))
    }

    /// Takes in what a shard counted of a stream in a second.
    pub fn stream(&mut self, told: &FloodSecond) {
        let Some(stream) = self.at((told.vlan & 0x0fff, told.source), told.second) else { return };
        if stream.frames == 0 || told.second.saturating_sub(stream.last).saturating_mul(SECOND) > ENDED {
            (stream.first, stream.frames) = (told.second, 0);
        }
        stream.last = stream.last.max(told.second);
        stream.frames = stream.frames.saturating_add(told.frames);
    }

    /// A host joins a group.
    pub fn joined(&mut self, host: Mac, vlan: Option<u16>, group: Address, time: Timestamp) {
        let Some(mac) = link_address(group) else { return };
        if let Some(stream) = self.at((vlan.unwrap_or(0), mac), time.0.div_euclid(SECOND)) {
            stream.joined = Some((host, group));
        }
    }

    /// Streams that somebody joined in a VLAN in which nobody asks who wants them.
    pub fn troubles(&self, queriers: &[QuerierRow], now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        let at = |second: i64| Timestamp(second.saturating_mul(SECOND));
        let mut told = 0;
        let mut joined: Vec<_> = self.list.iter().filter_map(|(key, stream, _)| Some((*key, stream, stream.joined?))).collect();
        joined.arrange_by_key(|(key, ..)| *key);
        for ((vlan, mac), stream, (host, group)) in joined {
            let span = Episode { first: at(stream.first), last: at(stream.last.saturating_add(1)) };
            let length = span.last.since(span.first);
            let lately = now.since(span.last) <= ENDED && length >= MEMBERS_FORGOTTEN;
            let minutes = (length / (60 * SECOND)).unsigned_abs().max(1);
            // A querier whose queries the mirror shows without a tag may be of this VLAN.
            let is_asked = queriers.iter().any(|q| {
                q.protocol == "igmp" && q.tag.is_none_or(|tag| tag == vlan || vlan == 0) && now.since(q.last) <= MEMBERS_FORGOTTEN
            });
            if !lately || is_asked || stream.frames / minutes < STREAM_FRAMES.number() || told >= TOLD {
                continue;
            }
            told += 1;
            out.push(SwitchTrouble {
                vlan: Some(vlan).filter(|id| *id != 0),
                who: host.to_string(),
                other: mac.to_string(),
                measure: stream.frames as f64 / (length as f64 / SECOND as f64),
                ..trouble(SwitchTroubleKind::NoQuerier, Subject::Group(group), stream.frames, span)
            });
        }
    }
}
