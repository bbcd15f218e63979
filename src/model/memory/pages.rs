//! Memory in whole pages, of which the large ones are asked for.
//!
//! What a packet touches of its conversation lies in half a dozen tables. With 100,000 conversations they are larger than what the processor
//! knows the places of (2,048 pages of 4 KiB in today's second-level TLBs), so that each touch begins with a walk through the page tables, which
//! takes longer than the memory itself, the more so in a virtual machine. On pages of 2 MiB there are few walks. A table of a shard is far
//! smaller than such a page: here all shards' tables have theirs side by side.
//!
//! The first [`SMALL`] bytes lie on pages of the usual size: a capture of a few conversations takes what it touches and no more.

use crate::model::limits::PAGES_SMALL as SMALL;
use allocator_api2::alloc::{AllocError, Allocator, Global, Layout};
use std::ptr::NonNull;

/// Bytes of a page: what is asked for is rounded up to these.
pub const PAGE: usize = 4096;

/// An allocator of pages; what is smaller, and everything where the system has none to give, comes from the usual one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pages;

/// Whether the layout is one for whole pages.
fn is_ours(layout: Layout) -> bool {
    cfg!(target_os = "linux") && layout.size() >= PAGE && layout.align() <= PAGE
}

#[allow(unsafe_code, reason = "an allocator is declared unsafe")]
// SAFETY: a piece is handed out once until it is given back, stays where it is, and is as large as was asked for or larger; all clones are the
// same allocator. What lies in the store's stretches goes back to it, everything else came from the usual allocator.
unsafe impl Allocator for Pages {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        if !is_ours(layout) {
            return Global.allocate(layout);
        }
        let bytes = layout.size().next_multiple_of(PAGE);
        match store::take(bytes) {
            Some(place) => Ok(NonNull::slice_from_raw_parts(place, bytes)),
            None => Global.allocate(layout),
        }
    }

    unsafe fn deallocate(&self, place: NonNull<u8>, layout: Layout) {
        if !(is_ours(layout) && store::give_back(place, layout.size().next_multiple_of(PAGE))) {
            // SAFETY: it came from there, with this layout.
            unsafe { Global.deallocate(place, layout) }
        }
    }
}

#[cfg(target_os = "linux")]
mod store {
    use super::{NonNull, PAGE, SMALL};
    use std::collections::BTreeMap;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    /// Bytes of a large page, of which stretches are made.
    const LARGE_PAGE: usize = 2 << 20;

    /// Bytes asked of the system at a time.
    const STRETCH: usize = 8 * LARGE_PAGE;

    /// Addresses as numbers: the memory behind them is the business of who was handed them.
    #[derive(Debug)]
    struct Store {
        /// What is left of the latest stretch: where it begins and ends.
        rest: (usize, usize),
        /// Where the stretches so far begin and end.
        stretches: Vec<(usize, usize)>,
        /// Pieces that came back, by their bytes. Tables have pieces of a few sizes.
        free: BTreeMap<usize, Vec<usize>>,
    }

    static STORE: Mutex<Store> = Mutex::new(Store { rest: (0, 0), stretches: Vec::new(), free: BTreeMap::new() });

    fn store() -> MutexGuard<'static, Store> {
        // Nothing panics while it is held, and numbers are whole after each line.
        STORE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A piece of so many bytes, whole pages of zeros; `None` where the system has no more.
    pub fn take(bytes: usize) -> Option<NonNull<u8>> {
        let mut store = store();
        let at = match store.free.get_mut(&bytes).and_then(Vec::pop) {
            Some(at) => at,
            None => store.cut(bytes)?,
        };
        NonNull::new(std::ptr::with_exposed_provenance_mut(at))
    }

    /// Takes a piece back, unless it is from elsewhere: the system gets its memory, its addresses stay for the next one of its size.
    pub fn give_back(place: NonNull<u8>, bytes: usize) -> bool {
        let at = place.as_ptr().expose_provenance();
        if !store().stretches.iter().any(|(begins, ends)| (*begins..*ends).contains(&at)) {
            return false;
        }
        discard(place, bytes);
        store().free.entry(bytes).or_default().push(at);
        true
    }

    impl Store {
        fn cut(&mut self, bytes: usize) -> Option<usize> {
            let (begins, ends) = self.rest;
            if ends - begins < bytes {
                // What is left is less than a piece, was never touched, and costs nothing.
                let room = STRETCH.max(bytes.next_multiple_of(LARGE_PAGE));
                let so_far: usize = self.stretches.iter().map(|(begins, ends)| ends - begins).sum();
                let begins = stretch(room, so_far >= SMALL)?;
                self.rest = (begins, begins + room);
                self.stretches.push(self.rest);
            }
            let (begins, ends) = self.rest;
            self.rest = (begins + bytes, ends);
            Some(begins)
        }
    }

    /// Addresses for so many bytes, which begin at a large page.
    #[allow(unsafe_code, reason = "all of libc is declared unsafe")]
    fn stretch(bytes: usize, on_large_pages: bool) -> Option<usize> {
        let (read_write, own) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE);
        // SAFETY: memory of its own at a place that the system chooses, with room to begin at a large page.
        let place = unsafe { libc::mmap(std::ptr::null_mut(), bytes + LARGE_PAGE, read_write, own, -1, 0) };
        if place == libc::MAP_FAILED {
            return None;
        }
        let at = place.expose_provenance();
        let begins = at.next_multiple_of(LARGE_PAGE);
        if on_large_pages {
            // SAFETY: it lies in what was just mapped. A kernel without large pages refuses, and the usual ones do as well.
            unsafe { libc::madvise(place.byte_add(begins - at), bytes, libc::MADV_HUGEPAGE) };
        }
        Some(begins)
    }

    /// Gives a piece's memory to the system, which shows zeros there from now on.
    #[allow(unsafe_code, reason = "all of libc is declared unsafe")]
    fn discard(place: NonNull<u8>, bytes: usize) {
        debug_assert!(bytes.is_multiple_of(PAGE));
        // SAFETY: whole pages of a stretch that were just given back.
        unsafe { libc::madvise(place.as_ptr().cast(), bytes, libc::MADV_DONTNEED) };
    }
}

#[cfg(not(target_os = "linux"))]
mod store {
    use super::NonNull;

    pub fn take(_: usize) -> Option<NonNull<u8>> {
        None
    }

    pub fn give_back(_: NonNull<u8>, _: usize) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use allocator_api2::vec::Vec;

    fn filled(length: usize, with: u64) -> Vec<u64, Pages> {
        let mut piece = Vec::with_capacity_in(length, Pages);
        piece.extend((0..length as u64).map(|n| n ^ with));
        piece
    }

    #[test]
    fn pieces_do_not_overlap_and_come_back_empty() {
        let mut pieces: std::vec::Vec<_> = (0..200).map(|n| filled(700 + n as usize * 37, n)).collect();
        pieces.drain(..).step_by(2).for_each(drop);
        let pieces: std::vec::Vec<_> = (0..200).map(|n| filled(700 + n as usize * 37, n)).collect();
        for (with, piece) in pieces.iter().enumerate() {
            assert!(piece.iter().enumerate().all(|(n, found)| *found == n as u64 ^ with as u64));
        }
    }

    #[test]
    fn a_piece_that_grows_keeps_what_it_has_and_a_small_one_is_not_ours() {
        let mut small: Vec<u64, Pages> = Vec::new_in(Pages);
        small.extend(0..100_000);
        assert!(small.iter().copied().eq(0..100_000));
        assert!(!is_ours(Layout::new::<[u8; PAGE - 1]>()) && is_ours(Layout::new::<[u8; PAGE]>()) == cfg!(target_os = "linux"));
    }
}
