//! The agent daemon and the operator's command line.

use std::process::ExitCode;

use clap::Parser;
use kuota::cli::{self, Args, logging};

fn main() -> ExitCode {
    let args = Args::parse();
    logging::init(args.log_format, args.command.log_level());
    ExitCode::from(cli::run(args))
}
