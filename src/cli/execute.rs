//! Runs the work of a command on its own threads and returns the exit code.

use std::time::Duration;

use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::failure::Failure;
use super::output;

/// Exit code of a failure.
const EXIT_FAILURE: u8 = 1;
/// Exit code of a bad configuration; nothing was started.
const EXIT_CONFIG: u8 = 78;
/// How long work on other threads may continue after the command is done.
const SHUTDOWN_MAX: Duration = Duration::from_millis(500);

/// The signal for a file that exceeds a limit, on every Linux but MIPS and PA-RISC.
const SIGXFSZ: i32 = 25;

/// Runs a command and returns the exit code.
pub(super) fn perform(work: impl Future<Output = Result<(), Failure>>) -> u8 {
    let runtime = match runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::complain(&format!("the system gives no threads: {error}"));
            return EXIT_FAILURE;
        }
    };
    let done = runtime.block_on(async {
        survive_file_limits();
        work.await
    });
    runtime.shutdown_timeout(SHUTDOWN_MAX);
    match done {
        Ok(()) => 0,
        Err(Failure::Config(error)) => {
            output::complain(&error.to_string());
            // The service manager restarts after a failure, but not after a bad configuration.
            if error.is_machine_fault() { EXIT_FAILURE } else { EXIT_CONFIG }
        }
        Err(Failure::Said(text)) => {
            output::complain(&text);
            EXIT_FAILURE
        }
    }
}

/// Exceeding a file limit of the process is to be an error like a full disk, not the end of the process: while the
/// signal is caught, the write fails instead.
fn survive_file_limits() {
    if let Err(error) = signal(SignalKind::from_raw(SIGXFSZ)) {
        tracing::debug!(%error, "a limit on file sizes ends the process");
    }
}
