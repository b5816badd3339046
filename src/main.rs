//! The program `dockopt`. It must do nothing but hand the arguments over and end the process.

use std::process::ExitCode;

fn main() -> ExitCode {
    dockopt::main(std::env::args_os())
}
