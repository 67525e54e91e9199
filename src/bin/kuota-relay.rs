//! The payment relay and its operator's command line.

use std::process::ExitCode;

use clap::Parser;
use kuota::cli::logging;
use kuota::cli::relay::{self, RelayArgs};

fn main() -> ExitCode {
    let args = RelayArgs::parse();
    logging::init(args.log_format, args.command.log_level());
    ExitCode::from(relay::run(args))
}
