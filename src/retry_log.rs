//! The log of a loop that retries: the first failure and the recovery are logged, failures between them at debug.

use std::fmt::Display;

/// Failures of one loop since its last success.
#[derive(Debug)]
pub struct RetryLog {
    what: &'static str,
    is_error: bool,
    failed: u64,
}

impl RetryLog {
    /// Of a loop that fails now and then by its nature, such as one over a network: a warning.
    pub fn warning(what: &'static str) -> Self {
        Self { what, is_error: false, failed: 0 }
    }

    /// Of a loop whose failure needs attention: an error.
    pub fn error(what: &'static str) -> Self {
        Self { is_error: true, ..Self::warning(what) }
    }

    /// Logs how a turn ended, where that changed.
    pub fn record(&mut self, result: Result<(), impl Display>) {
        let Err(error) = result else {
            if self.failed > 0 {
                tracing::info!(attempts = self.failed, "{} recovered", self.what);
                self.failed = 0;
            }
            return;
        };
        self.failed += 1;
        match self.failed {
            1 if self.is_error => {
                tracing::error!(%error, "{} failed; retrying", self.what);
            }
            1 => tracing::warn!(%error, "{} failed; retrying", self.what),
            attempts => tracing::debug!(%error, attempts, "{} failed again", self.what),
        }
    }
}
