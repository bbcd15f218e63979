//! spantop: `top` for a switch's SPAN port. Everything is in the library; see its documentation.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable, clippy::disallowed_methods)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(spantop::app::main(std::env::args_os()))
}
