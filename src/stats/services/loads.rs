//! Hosts whose load is many times their usual.

use super::{BIN, Bounded, REMEMBERED_SECONDS};
use crate::model::Arrange as _;
use crate::model::evidence::{SURGE_ENDS, SURGE_RATE, SURGE_SHARE, SURGE_TIMES, SurgeEvidence};
use crate::model::limits::LOADED_HOSTS;
use crate::model::{Address, Episode, HostLoad, Timestamp};
use std::collections::VecDeque;

/// Bins that make what is usual, and those of them in which a host must have been heard.
const USUAL: usize = 60;
const HEARD: usize = 30;

/// Bins of a surge before it is told of.
const HELD: u64 = 2;

#[derive(Debug, Default)]
struct Load {
    /// Bytes in each of the last bins that were as usual, oldest first.
    usual: VecDeque<u64>,
    /// The bin that is open, and what was counted in it.
    open: (i64, u64),
    /// The peer with most of it.
    peer: Option<(Address, u16, u64)>,
    surge: Option<Surge>,
    /// Bytes in each of its last bins, oldest first: what becomes usual when it goes on.
    surging: VecDeque<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Surge {
    bins: u64,
    most: u64,
    usual: u64,
    share: f64,
    peer: Option<(Address, u16, u64)>,
    span: Episode,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Loads {
    hosts: Bounded<Address, Load, LOADED_HOSTS, REMEMBERED_SECONDS>,
    /// Everything together, by the number of the bin.
    all: VecDeque<(i64, u64)>,
}

impl Loads {
    /// Bytes of a host.
    #[cfg(test)]
    pub const BYTES: usize = size_of::<(Address, Load)>() + 2 * 64 * size_of::<u64>();

    /// How often there was no room for something new.
    pub fn refused(&self) -> u64 {
        self.hosts.refused()
    }

    /// Takes in what a shard counted in some time.
    pub fn take(&mut self, load: &HostLoad) {
        // It ends with its bin; of a longer time its part counts.
        let bin = load.time.0.div_euclid(BIN);
        // A longer time is as many bins of the same load.
        let bins = load.nanos.saturating_add(BIN / 2).div_euclid(BIN).clamp(1, USUAL as i64);
        let bytes = (load.bytes as f64 * BIN as f64 / load.nanos.max(1) as f64) as u64;
        let Some(host) = load.host else {
            match self.all.iter_mut().rev().find(|(number, _)| *number == bin) {
                Some((_, sum)) => *sum = sum.saturating_add(bytes),
                None => self.all.push_back((bin, bytes)),
            }
            while self.all.len() > 2 * USUAL {
                self.all.pop_front();
            }
            return;
        };
        let Some(known) = self.hosts.entry(host, load.time) else { return };
        if known.open.0 < bin {
            let begins = bin.saturating_sub(bins - 1).max(known.open.0.saturating_add(1));
            known.close(&self.all, begins);
            if known.surge.is_none() {
                (begins..bin).for_each(|_| known.usual.push_back(bytes));
                known.shorten();
            }
            known.open.0 = bin;
        }
        known.open.1 = known.open.1.saturating_add(bytes);
        if let Some(peer) = load.peer.filter(|_| known.peer.is_none_or(|(_, _, most)| load.peer_bytes > most)) {
            known.peer = Some((peer, load.port, load.peer_bytes));
        }
    }

    /// Hosts whose load is far above their usual.
    pub fn evidence(&self, now: Timestamp) -> Vec<SurgeEvidence> {
        let told = |(host, load, _): (&Address, &Load, Timestamp)| {
            let surge = load.surge.filter(|surge| surge.bins >= HELD && now.since(surge.span.last) <= 3 * BIN)?;
            Some(SurgeEvidence {
                host: *host,
                bytes_per_second: surge.most as f64 * 1e9 / BIN as f64,
                usual: surge.usual as f64 * 1e9 / BIN as f64,
                share: surge.share,
                peer: surge.peer.map(|(peer, port, _)| (peer, port)),
                span: surge.span,
            })
        };
        let mut all: Vec<SurgeEvidence> = self.hosts.iter().filter_map(told).collect();
        all.arrange_by_key(|s| s.host);
        all
    }
}

impl Load {
    /// The open bin ends, and the one of this number begins.
    fn close(&mut self, all: &VecDeque<(i64, u64)>, next: i64) {
        let (bin, bytes) = std::mem::replace(&mut self.open, (next, 0));
        let peer = self.peer.take();
        if bin == 0 {
            return;
        }
        let end = Timestamp(bin.saturating_add(1).saturating_mul(BIN));
        let whole = all.iter().find(|(number, _)| *number == bin).map_or(0, |(_, sum)| *sum);
        let share = bytes as f64 / whole.max(1) as f64;
        let usual = self.usual();
        let times = |times: f64| usual.is_some_and(|usual| bytes as f64 > times * usual as f64);
        let is_much = bytes as f64 * 8e9 / BIN as f64 > SURGE_RATE.value() && share > SURGE_SHARE.value();
        match &mut self.surge {
            Some(surge) if times(SURGE_ENDS.value()) && next.saturating_sub(bin) <= 2 => {
                surge.bins = surge.bins.saturating_add(1);
                surge.span.last = end;
                if bytes > surge.most {
                    (surge.most, surge.share, surge.peer) = (bytes, share, peer);
                }
                self.goes_on(bytes);
                return;
            }
            None if is_much && times(SURGE_TIMES.value()) => {
                let span = Episode { first: Timestamp(bin.saturating_mul(BIN)), last: end };
                self.surging = VecDeque::from([bytes]);
                self.surge = Some(Surge { bins: 1, most: bytes, usual: usual.unwrap_or(0), share, peer, span });
                return;
            }
            _ => self.surge = None,
        }
        // What is not told of was little.
        let silent = usize::try_from(next.saturating_sub(bin).saturating_sub(1)).unwrap_or(USUAL).min(USUAL);
        self.usual.extend(std::iter::once(bytes).chain(std::iter::repeat_n(0, silent)));
        self.shorten();
    }

    /// A surge that has stayed at one level for as long as what is usual is made of is the new usual: nine of ten of its bins hold no more than
    /// twice what nine of ten hold.
    fn goes_on(&mut self, bytes: u64) {
        self.surging.push_back(bytes);
        if self.surging.len() < USUAL {
            return;
        }
        let mut sorted: Vec<u64> = self.surging.iter().copied().collect();
        sorted.arrange();
        let at = |part: usize| sorted.get(sorted.len() * part / 10).copied().unwrap_or(0);
        if at(9) <= at(1).saturating_mul(2) {
            self.usual = std::mem::take(&mut self.surging);
            self.surge = None;
        } else {
            self.surging.pop_front();
        }
    }

    fn shorten(&mut self) {
        while self.usual.len() > USUAL {
            self.usual.pop_front();
        }
    }

    /// What 95 of 100 of the usual bins do not exceed; `None` while too little is known.
    fn usual(&self) -> Option<u64> {
        let heard = self.usual.iter().filter(|bytes| **bytes > 0).count();
        if self.usual.len() < USUAL || heard < HEARD {
            return None;
        }
        let mut sorted: Vec<u64> = self.usual.iter().copied().collect();
        sorted.arrange();
        sorted.get((USUAL * 95).div_ceil(100) - 1).copied()
    }
}
