//! The speed of the mirrored link as those at it tell it, known while packets pass: from then on it is measured how full the link is.

use super::ledger::told_speed;
use crate::model::time::SECOND;
use crate::model::{ControlBody, ControlMessage, Neighbour, NeighbourProtocol, Timestamp};

/// Ports that are listened to: with more of them it is not one link.
const PORTS: usize = 8;

/// Announcements read in a second: a device sends one in thirty.
const READ_IN_SECOND: u32 = 16;

/// The speed of a link in bits per second, from now on; `None`: those at it do not agree any more.
pub type SpeedNews = Option<u64>;

/// Who told which speed.
#[derive(Debug, Default)]
pub struct LinkSpeed {
    told: Vec<Neighbour>,
    speed: Option<u64>,
    is_news: bool,
    /// More ports were heard than a link has.
    is_crowded: bool,
    second: Timestamp,
    read: u32,
}

impl LinkSpeed {
    /// Whether an announcement of that time is worth reading.
    pub fn listens(&mut self, time: Timestamp) -> bool {
        if time.since(self.second).unsigned_abs() >= SECOND as u64 {
            (self.second, self.read) = (time, 0);
        }
        self.read = self.read.saturating_add(1);
        self.read <= READ_IN_SECOND && !self.is_crowded
    }

    /// Takes notice of what a device says.
    pub fn hear(&mut self, message: ControlMessage) {
        let ControlBody::Neighbour(told) = message.body else { return };
        let key = |told: &Neighbour| (told.protocol, told.name().to_owned(), told.port_name().to_owned());
        if message.session != 0 || told.protocol != NeighbourProtocol::Lldp {
            return;
        }
        let has_room = self.told.len() < PORTS;
        match self.told.iter_mut().find(|known| key(known) == key(&told)) {
            Some(known) => *known = *told,
            None if has_room => self.told.push(*told),
            None => self.is_crowded = true,
        }
        let speed = if self.is_crowded { None } else { told_speed(self.told.iter()) };
        self.is_news |= speed != self.speed;
        self.speed = speed;
    }

    /// The speed, where it has changed since it was last asked.
    #[inline]
    pub fn news(&mut self) -> Option<SpeedNews> {
        std::mem::take(&mut self.is_news).then_some(self.speed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LinkClaims, Mac};

    fn says(name: &str, port: &str, mau_type: u16) -> ControlMessage {
        let told = Neighbour {
            protocol: NeighbourProtocol::Lldp,
            system: name.to_owned(),
            port: port.to_owned(),
            link: LinkClaims { mau_type: Some(mau_type), ..LinkClaims::default() },
            ..Neighbour::default()
        };
        ControlMessage {
            number: 1,
            time: Timestamp(0),
            source: Mac([2; 6]),
            destination: Mac([1, 0x80, 0xc2, 0, 0, 0x0e]),
            tag: None,
            session: 0,
            body: ControlBody::Neighbour(Box::new(told)),
        }
    }

    #[test]
    fn it_is_news_once_and_gone_where_the_ends_do_not_agree() {
        let mut speed = LinkSpeed::default();
        assert_eq!(speed.news(), None);
        speed.hear(says("a", "Gi0/1", 30));
        assert_eq!((speed.news(), speed.news()), (Some(Some(1_000_000_000)), None));
        speed.hear(says("b", "Gi0/7", 26));
        assert_eq!(speed.news(), None, "fibre there");
        speed.hear(says("b", "Gi0/7", 54));
        assert_eq!(speed.news(), Some(None), "ten times as fast");
        speed.hear(says("b", "Gi0/7", 30));
        assert_eq!(speed.news(), Some(Some(1_000_000_000)), "and again");
        speed.hear(ControlMessage { session: 3, ..says("c", "Gi0/1", 54) });
        assert_eq!(speed.news(), None, "another switch, behind a session");
        (0..9).for_each(|n| speed.hear(says("a", &format!("Gi0/{n}"), 30)));
        assert_eq!((speed.news(), speed.told.len()), (Some(None), PORTS), "no link has so many ports");
    }

    #[test]
    fn a_flood_of_announcements_is_not_read() {
        let mut speed = LinkSpeed::default();
        let read = (0..10_000i64).filter(|n| speed.listens(Timestamp(n * SECOND / 5_000))).count();
        assert_eq!(read, 2 * READ_IN_SECOND as usize, "two seconds");
        assert!(speed.listens(Timestamp(-SECOND * 40)), "a clock that was set back");
    }
}
