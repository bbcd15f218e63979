//! spantop: `top` for a switch's SPAN port. Everything is in the library; see its documentation.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(spantop::app::main(std::env::args_os()))
}
