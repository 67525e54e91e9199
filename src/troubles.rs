//! Errors of a loop that repeats: the first is logged, the end of a row of them too, those between at debug.

use std::fmt::Display;

/// What one loop has gone through since it last went well.
#[derive(Debug)]
pub struct Troubles {
    what: &'static str,
    is_grave: bool,
    failed: u64,
}

impl Troubles {
    /// Of a loop that fails now and then by its nature, such as one over a network: a warning.
    pub fn of(what: &'static str) -> Self {
        Self { what, is_grave: false, failed: 0 }
    }

    /// Of a loop whose failure somebody must look at: an error.
    pub fn grave(what: &'static str) -> Self {
        Self { is_grave: true, ..Self::of(what) }
    }

    /// Logs how a turn ended, where that is news.
    pub fn tell(&mut self, result: Result<(), impl Display>) {
        let Err(error) = result else {
            if self.failed > 0 {
                tracing::info!(attempts = self.failed, "{} recovered", self.what);
                self.failed = 0;
            }
            return;
        };
        self.failed += 1;
        match self.failed {
            1 if self.is_grave => {
                tracing::error!(%error, "{} failed; it is tried again and again", self.what);
            }
            1 => tracing::warn!(%error, "{} failed; it is tried again and again", self.what),
            attempts => tracing::debug!(%error, attempts, "{} failed again", self.what),
        }
    }
}
