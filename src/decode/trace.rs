//! Where each header of a packet begins: what [`super::walk()`] leaves behind for who takes a packet apart.

use crate::model::Proto;
use crate::model::limits::TREE_LAYERS;
use crate::model::path::{Layer, Path};
use std::ops::Range;

/// The headers of one packet in their order.
#[derive(Debug, Default)]
pub(super) struct Trace {
    layers: Vec<(Layer, usize)>,
    /// Layers of the path when the step before ended.
    seen: usize,
    /// Those noted since.
    noted: usize,
    /// Where what no header was read of begins, and where it ends.
    payload: Range<usize>,
}

impl Trace {
    /// Notes a header that begins at `at`.
    pub fn push(&mut self, proto: Proto, at: usize) {
        self.noted += 1;
        self.add(Layer::Known(proto), at);
    }

    fn add(&mut self, layer: Layer, at: usize) {
        if self.layers.len() < TREE_LAYERS {
            self.layers.push((layer, at));
        }
    }

    /// A step that began at `at` ended with this path: a protocol that only a number names is known by the path alone.
    pub fn step(&mut self, at: usize, path: Path) {
        let layers = path.layers().count();
        if layers > self.seen + self.noted
            && let Some(last) = path.layers().last()
        {
            self.add(last, at);
        }
        (self.seen, self.noted) = (layers, 0);
    }

    /// Notes where what no header was read of begins and ends.
    pub fn finish(&mut self, at: usize, end: usize) {
        self.payload = at.min(end)..end;
    }

    /// What no header was read of.
    pub fn payload(&self) -> Range<usize> {
        self.payload.clone()
    }

    /// Each header and its bytes; of one that is named and not read all that is left.
    pub fn layers(&self) -> impl Iterator<Item = (Layer, Range<usize>)> + '_ {
        self.layers.iter().enumerate().map(|(n, &(layer, start))| {
            let end = match self.layers.get(n + 1) {
                Some(&(_, next)) => next,
                None if self.payload.start <= start => self.payload.end,
                None => self.payload.start,
            };
            (layer, start..end.max(start))
        })
    }
}
