//! Making room in a full table.

use super::FlowTable;
use super::Record;
use super::lifecycle::FlowEvent;
use crate::model::Timestamp;
use crate::model::index::NONE;

impl<X: Copy + Default> FlowTable<X> {
    /// Takes out the eighth that has been idle longest, handing each to `out` with its number; `tell` is told that those still open are
    /// closed. What is not flushed is lost.
    pub fn evict(&mut self, mut out: impl FnMut(Record<'_, X>, u32, &Self), tell: &mut impl FnMut(&Self, FlowEvent<'_, X>)) {
        let count = (self.flows.len() / 8).max(1);
        let mut times: Vec<(Timestamp, u32)> = self.records().enumerate().map(|(at, r)| (r.last(), at as u32)).collect();
        let count = count.min(times.len());
        if count == 0 {
            return;
        }
        times.select_nth_unstable(count - 1);
        times.truncate(count);
        let mut gone = vec![false; self.flows.len()];
        times.sort_unstable_by_key(|&(_, at)| at);
        self.close_evicted(&times, tell);
        for &(_, at) in &times {
            gone[at as usize] = true;
            if let Some(record) = self.record(at) {
                out(record, at, self);
            }
        }
        for &(_, at) in &times {
            if let Some(flow) = self.flows.get(at as usize) {
                self.analyser.release(flow.analysis);
            }
        }
        self.remove(&gone);
    }

    fn remove(&mut self, gone: &[bool]) {
        let mut moved = vec![NONE; self.flows.len()];
        let mut next = 0u32;
        for (slot, gone) in moved.iter_mut().zip(gone) {
            if !gone {
                *slot = next;
                next += 1;
            }
        }
        let mut keep = gone.iter().map(|g| !g);
        self.flows.retain(|_| keep.next().unwrap_or(true));
        let mut keep = gone.iter().map(|g| !g);
        self.rest.retain(|_| keep.next().unwrap_or(true));
        self.touched.retain_mut(|at| {
            *at = moved[*at as usize];
            *at != NONE
        });
        if let Some(marked) = &mut self.marked {
            marked.retain_mut(|(at, _)| {
                *at = moved[*at as usize];
                *at != NONE
            });
        }
        let vlans = std::mem::take(&mut self.vlans);
        self.vlans = vlans.into_iter().map(|(at, ids)| (moved[at as usize], ids)).filter(|&(at, _)| at != NONE).collect();
        self.lives.renumber(|at| moved.get(at as usize).copied().filter(|&at| at != NONE));
        self.epoch = self.epoch.wrapping_add(1);
        self.index.clear();
        let (flows, keys) = (&self.flows, self.keys);
        for (at, flow) in flows.iter().enumerate() {
            // A later connection on the same ports stands behind the earlier one and takes its place in the index.
            let (hash, at) = (flow.key.keyed_hash(&keys), at as u32);
            match self.index.find(hash, |at| flows[at as usize].key == flow.key) {
                NONE => self.index.insert(hash, at),
                earlier => self.index.change(hash, earlier, at),
            }
        }
    }
}
