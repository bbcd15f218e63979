//! A shelf of made-up packets, for tests of what reads shelves.

use crate::browse::Shelf;
use crate::error::Result;
use crate::model::time::SECOND;
use crate::model::{LinkType, TapePacket, Timestamp};
use crate::record::InterfaceAbout;
use std::ops::Range;

/// Packets of the same bytes, one each `step` nanoseconds from 1,000 s on.
#[derive(Clone)]
pub struct MadeShelf {
    /// The packets there are.
    pub numbers: Range<u64>,
    /// The bytes of each.
    pub bytes: Vec<u8>,
    /// Nanoseconds from one to the next.
    pub step: i64,
    /// How many are read at once, from a multiple of it on.
    pub at_once: u64,
}

/// The time of the first packet that could be there.
pub const BEGIN: Timestamp = Timestamp(1_000 * SECOND);

impl Shelf for MadeShelf {
    fn range(&mut self) -> Range<u64> {
        self.numbers.clone()
    }

    fn read(&mut self, number: u64, show: &mut dyn FnMut(u64, &TapePacket<'_>)) -> Result<bool> {
        let first = number / self.at_once * self.at_once;
        for n in (first..first + self.at_once).filter(|n| self.numbers.contains(n)) {
            let time = BEGIN.plus(n as i64 * self.step);
            show(n, &TapePacket { time, link: LinkType::ETHERNET, wire: self.bytes.len() as u32, interface: 0, bytes: &self.bytes });
        }
        Ok(number < self.numbers.end)
    }

    /// Ten packets before: times may be out of order.
    fn before(&mut self, time: Timestamp) -> u64 {
        let steps = time.since(BEGIN) / self.step;
        u64::try_from(steps - 10).unwrap_or(0).clamp(self.numbers.start, self.numbers.end)
    }

    fn interface(&mut self, _: u16) -> InterfaceAbout {
        InterfaceAbout::default()
    }

    fn place(&mut self) -> String {
        String::new()
    }

    fn again(&self) -> Box<dyn Shelf> {
        Box::new(self.clone())
    }
}

mod tests {
    use super::*;
    use crate::browse::Browser;
    use crate::decode::Rules;
    use crate::model::clock;
    use crate::snapshot::{PacketStore, PacketSubject};
    use std::thread::sleep;
    use std::time::Duration;

    /// The same from a slow disk.
    struct SlowShelf(MadeShelf);

    impl Shelf for SlowShelf {
        fn range(&mut self) -> Range<u64> {
            self.0.range()
        }

        fn read(&mut self, number: u64, show: &mut dyn FnMut(u64, &TapePacket<'_>)) -> Result<bool> {
            sleep(Duration::from_millis(50));
            self.0.read(number, show)
        }

        fn before(&mut self, time: Timestamp) -> u64 {
            self.0.before(time)
        }

        fn interface(&mut self, number: u16) -> InterfaceAbout {
            self.0.interface(number)
        }

        fn place(&mut self) -> String {
            self.0.place()
        }

        fn again(&self) -> Box<dyn Shelf> {
            Box::new(SlowShelf(self.0.clone()))
        }
    }

    #[test]
    fn what_takes_longer_to_save_is_told_when_it_is_done() {
        let folder = std::env::temp_dir().join(format!("spantop-slow-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let shelf = SlowShelf(MadeShelf { numbers: 0..200, bytes: vec![2; 60], step: SECOND, at_once: 10 });
        let browser = Browser::start(Box::new(shelf), Rules::PLAIN, Some(folder.clone().into())).unwrap();
        let version = browser.version();
        assert_eq!((browser.save(&PacketSubject::All).as_str(), browser.saved()), ("saving …", None));
        let begun = clock::now();
        let told = loop {
            match browser.saved() {
                Some(words) => break words,
                None => sleep(Duration::from_millis(20)),
            }
            assert!(clock::since(begun) < Duration::from_secs(60));
        };
        assert!(told.starts_with("saved 200 packets in "), "{told}");
        assert!(browser.version() != version && browser.saved().is_none(), "it is told once, and wakes the screen");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
