//! The agent daemon and the operator's command line.

use std::process::ExitCode;

use kuota::cli::{self, logging};

fn main() -> ExitCode {
    let args = cli::arguments();
    logging::init(args.log_format, args.command.log_level());
    ExitCode::from(cli::run(args))
}
