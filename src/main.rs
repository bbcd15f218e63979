//! spantop: `top` for a switch's SPAN port. Everything is in the library; see its documentation.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable, clippy::disallowed_methods)]

use std::process::ExitCode;

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

/// Says in one line that there is no memory left.
#[global_allocator]
static ALLOCATOR: spantop::model::memory::Allocator = spantop::model::memory::Allocator;

fn main() -> ExitCode {
    ExitCode::from(spantop::app::main(std::env::args_os()))
}
