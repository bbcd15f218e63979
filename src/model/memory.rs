//! What the program asks of memory beyond what the language offers. With `capture/live/fanout.rs`, `tui/terminal.rs` and `main.rs` the only
//! place with `unsafe`, for two calls:
//!
//! - The processor's prefetch instruction is declared unsafe because it takes a raw pointer, but it reads nothing, writes nothing and cannot
//!   fault, wherever the pointer leads (Intel SDM volume 2, PREFETCHh; AMD APM volume 3, PREFETCHlevel). Without it a worker waits for one
//!   record after the other; a plain read ahead of time does the same job at several times the cost, because the processor holds everything
//!   behind a read that is still on its way.
//! - `mallopt` is declared unsafe as all of libc is; it sets a number in glibc's allocator (mallopt(3)).

/// Room that a growing table takes at first: the system gives no page of so large a piece before it is written to.
pub const LARGE: usize = 128 * 1024;

/// Pieces of memory from this size on are the system's own.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const OWN: usize = 32 * 1024;

/// Has the allocator return large pieces of memory to the system as soon as they are freed, whichever thread took them. Left alone, glibc
/// keeps pieces of up to 32 MiB for the thread that took them once it has seen such a one freed: a report of a million conversations, whose
/// tables pass from thread to thread, would take half as much again. Tables of 64 shards that grow past some ten KiB leave holes of their former
/// sizes behind that nothing fits in: an eighth of what there is. To be called once, before other threads start; does nothing where the allocator
/// is another.
pub fn give_back_early() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[allow(unsafe_code, reason = "all of libc is declared unsafe")]
    // SAFETY: no pointers are involved, and no other thread exists yet.
    unsafe {
        // Setting it keeps it there.
        libc::mallopt(libc::M_MMAP_THRESHOLD, OWN as libc::c_int);
    }
}

/// Bytes the memory hands over at a time.
const LINE: usize = 64;

/// Asks for everything of a value, in lines of 64 bytes. Does nothing where the processor has no such instruction or none is known here.
#[inline(always)]
pub fn prefetch<T>(value: &T) {
    let mut at = 0;
    while at < size_of::<T>().max(1) {
        line(std::ptr::from_ref(value).cast::<u8>().wrapping_add(at));
        at += LINE;
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code, reason = "the instruction takes a raw pointer, which it does not follow")]
fn line(at: *const u8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: SSE is part of x86-64, and a prefetch of any address is without effect on the program.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast::<i8>()) };
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn line(_: *const u8) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_place_may_be_asked_for() {
        let record = [7u64; 40];
        prefetch(&record);
        prefetch(&());
        assert_eq!(record, [7; 40]);
    }
}
