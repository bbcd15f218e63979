//! spantop: `top` for a switch's SPAN port. Everything is in the library; see its documentation.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable, clippy::disallowed_methods)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs before Rust's runtime does, which hides that there is no standard output.
#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "where a function stands is declared unsafe: the loader calls it before main")]
// SAFETY: the loader calls what stands there with C's convention, once, before any thread begins; the function asks the system one thing and
// stores the answer in an atomic, for which nothing of the runtime is needed.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = {
    extern "C" fn note() {
        spantop::app::note_standard_output();
    }
    note
};

/// The system's allocator. Where it refuses, the program says so in one line and aborts: the language's own way says it in two, the second of
/// which is for who writes programs.
#[derive(Debug, Clone, Copy, Default)]
struct Allocator;

#[allow(unsafe_code, reason = "an allocator is declared unsafe")]
// SAFETY: every call is the system allocator's, with the caller's arguments; what it returns is given back as it is, or the program ends.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        granted(unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        granted(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        granted(unsafe { System.realloc(place, layout, size) })
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        unsafe { System.dealloc(place, layout) }
    }
}

#[inline(always)]
fn granted(place: *mut u8) -> *mut u8 {
    if place.is_null() { refused() } else { place }
}

/// What is said where there is no memory left.
const REFUSED: &[u8] =
    b"spantop: no memory left: give it more (ulimit -v, the control group), or let it need less with --memory and --threads 0\n";

/// Ends the program; who shows a dashboard gives the terminal back as it aborts.
#[cold]
fn refused() -> ! {
    static IS_TOLD: AtomicBool = AtomicBool::new(false);
    // Several threads may be refused at once: one says so, and the program ends once it has.
    if IS_TOLD.swap(true, Ordering::Relaxed) {
        std::thread::sleep(std::time::Duration::from_secs(1));
    } else {
        // Unbuffered: it takes no memory.
        let _ = std::io::stderr().write_all(REFUSED);
    }
    std::process::abort()
}

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

fn main() -> ExitCode {
    ExitCode::from(spantop::app::main(std::env::args_os()))
}
