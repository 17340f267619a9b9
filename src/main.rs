//! The program: reads the command line and hands over.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use jeroboam::cli::args::Cli;
use jeroboam::wiring;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to stdout with success, mistakes to stderr with 2. Whether somebody reads is theirs.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match wiring::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            let _ = fault.tell(&mut io::stderr().lock());
            fault.exit_code()
        }
    }
}
