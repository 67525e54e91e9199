//! Runs the work of a command on its own threads and returns the exit code.

use std::time::Duration;

use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

use serde_json::{Value, json};

use super::failure::Failure;
use super::output;
use crate::agent::console::texts::refusals::Refusals;
use crate::ui::language::Language;

/// Exit code of a failure.
const EXIT_FAILURE: u8 = 1;
/// Exit code of a bad configuration; nothing was started.
const EXIT_CONFIG: u8 = 78;
/// How long work on other threads may continue after the command is done.
const SHUTDOWN_MAX: Duration = Duration::from_millis(500);

/// The signal for a file that exceeds a limit, on every Linux but MIPS and PA-RISC.
const SIGXFSZ: i32 = 25;

/// How a failure is printed.
#[derive(Clone, Copy, Debug)]
pub(super) struct FailureReport {
    /// As a problem document, for programs.
    pub json: bool,
    /// For people.
    pub language: Language,
}

impl FailureReport {
    /// Prints it to stderr.
    fn print(self, failure: &Failure) {
        if self.json {
            let problem = match failure {
                Failure::Config(error) => problem("bad_configuration", &error.to_string()),
                Failure::Said(text) | Failure::Worded { english: text, .. } => problem("failed", text),
                Failure::Refused(refused) => refused.problem.clone(),
            };
            return output::complain(&problem.to_string());
        }
        let sentence = match failure {
            Failure::Refused(refused) if self.language != Language::English => refused.problem["code"]
                .as_str()
                .and_then(|code| Some((code, Refusals::of(self.language).named(code)?))),
            Failure::Worded { indonesian, .. } if self.language != Language::English => {
                return output::complain(indonesian);
            }
            Failure::Config(_) | Failure::Said(_) | Failure::Worded { .. } | Failure::Refused(_) => None,
        };
        match sentence {
            Some((code, sentence)) => output::complain(&format!("{sentence} ({code})")),
            None => output::complain(&failure.text()),
        }
    }
}

/// What is wrong, as the API says it.
fn problem(code: &str, detail: &str) -> Value {
    json!({"type": "about:blank", "title": "the command failed", "code": code, "detail": detail})
}

/// Runs a command and returns the exit code; failures are for people who read English.
pub(super) fn perform(work: impl Future<Output = Result<(), Failure>>) -> u8 {
    perform_as(FailureReport { json: false, language: Language::English }, work)
}

/// Runs a command and returns the exit code.
pub(super) fn perform_as(report: FailureReport, work: impl Future<Output = Result<(), Failure>>) -> u8 {
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
        Err(failure) => {
            report.print(&failure);
            // The service manager restarts after a failure, but not after a bad configuration.
            match failure {
                Failure::Config(error) if !error.is_machine_fault() => EXIT_CONFIG,
                Failure::Config(_) | Failure::Said(_) | Failure::Worded { .. } | Failure::Refused(_) => {
                    EXIT_FAILURE
                }
            }
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
