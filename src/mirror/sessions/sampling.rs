//! What a sampling agent says of its samples: how many packets each stands for, and which it could not take.

use crate::model::limits::SAMPLERS;
use hashbrown::HashMap;

/// One sampled packet, as the agent describes it (sFlow version 5, section 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampledPacket {
    /// What was sampled: type (0: interface) and index.
    pub source: (u32, u32),
    /// One packet in this many is sampled.
    pub rate: u32,
    /// Samples this source could not take so far, for lack of resources.
    pub drops: u32,
    /// Length of the original packet.
    pub wire: u32,
}

/// The samples of one session.
#[derive(Debug, Clone, Default)]
pub(super) struct SessionSampling {
    samples: u64,
    unread: u64,
    /// Sum of the rates: packets the samples stand for.
    stands_for: u64,
    drops: u64,
    /// Each source's counter of samples not taken, as last heard.
    last: HashMap<(u32, u32), u32>,
}

impl SessionSampling {
    /// Takes a sample. The first of a source only says where its counter stands; a counter that goes back was restarted.
    pub fn take(&mut self, sample: &SampledPacket) {
        self.samples += 1;
        self.stands_for = self.stands_for.saturating_add(sample.rate.into());
        let room = self.last.len() < SAMPLERS;
        match self.last.get_mut(&sample.source) {
            Some(last) => {
                let more = sample.drops.wrapping_sub(*last);
                self.drops += if more < 1 << 31 { u64::from(more) } else { 0 };
                *last = sample.drops;
            }
            None if room => {
                self.last.insert(sample.source, sample.drops);
            }
            None => {}
        }
    }

    /// Counts samples of which no packet could be made.
    pub fn unread(&mut self, samples: u64) {
        self.unread += samples;
    }

    /// Samples taken.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Samples of which no packet could be made: another kind of header, or damage.
    pub fn not_read(&self) -> u64 {
        self.unread
    }

    /// Samples the agent says it could not take.
    pub fn drops(&self) -> u64 {
        self.drops
    }

    /// Packets one sample stands for: their mean, where sources differ. 1 without samples.
    pub fn one_in(&self) -> u32 {
        let mean = (self.stands_for + self.samples / 2).checked_div(self.samples).unwrap_or(1);
        u32::try_from(mean).unwrap_or(u32::MAX).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(index: u32, rate: u32, drops: u32) -> SampledPacket {
        SampledPacket { source: (0, index), rate, drops, wire: 100 }
    }

    #[test]
    fn drops_are_counted_by_source_from_its_first_sample() {
        let mut s = SessionSampling::default();
        assert_eq!(s.one_in(), 1);
        for (index, drops) in [(1, 100), (2, u32::MAX), (1, 103), (2, 1), (1, 103), (1, 5), (1, 6)] {
            s.take(&sample(index, 512, drops));
        }
        assert_eq!((s.samples(), s.drops()), (7, 3 + 2 + 1), "a wrap counts, a restart does not");
        assert_eq!(s.one_in(), 512);
        s.take(&sample(3, 4608, 0));
        assert_eq!(s.one_in(), 1024, "the mean of 7 times 512 and 4608");
    }

    #[test]
    fn sources_are_bounded() {
        let mut s = SessionSampling::default();
        for index in 0..2 * SAMPLERS as u32 {
            s.take(&sample(index, u32::MAX, 0));
        }
        assert_eq!((s.last.len(), s.samples()), (SAMPLERS, 2 * SAMPLERS as u64));
        assert_eq!(s.one_in(), u32::MAX);
    }
}
