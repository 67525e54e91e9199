//! Mistakes in a configuration, as messages for people.

use std::fmt;
use std::io;

/// One mistake in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The full path of the key, such as `policy.debt_limit`; empty where it is about the whole file.
    pub key: String,
    /// What is wrong with it and what to write.
    pub reason: String,
    /// Where it was written: the file or the environment variable; empty for a rule between keys.
    pub origin: String,
    /// Whether the machine failed to read it, which may pass by itself, rather than that it is wrong or absent.
    pub is_machine_fault: bool,
}

impl Finding {
    /// A finding of a rule between keys or of a range.
    pub fn new(key: &str, reason: impl Into<String>) -> Self {
        Self { key: key.to_owned(), reason: reason.into(), origin: String::new(), is_machine_fault: false }
    }

    /// A finding about a file that could not be read.
    pub fn unreadable(
        key: &str,
        reason: impl Into<String>,
        origin: impl Into<String>,
        error: &io::Error,
    ) -> Self {
        Self {
            key: key.to_owned(),
            reason: reason.into(),
            origin: origin.into(),
            is_machine_fault: is_machine_fault(error),
        }
    }
}

/// Whether reading a file failed for a reason that lies with the machine - a card that answers with an error, no memory, no
/// descriptors - and not with the file's content, its absence or who may read it.
fn is_machine_fault(error: &io::Error) -> bool {
    use io::ErrorKind::{
        InvalidData, InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound, PermissionDenied,
    };
    let is_theirs = matches!(
        error.kind(),
        InvalidData
            | InvalidFilename
            | InvalidInput
            | IsADirectory
            | NotADirectory
            | NotFound
            | PermissionDenied
    );
    !is_theirs
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.reason)?;
        if self.origin.is_empty() { Ok(()) } else { write!(f, " ({})", self.origin) }
    }
}

/// Everything that is wrong with a configuration, at least one finding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct SettingsError {
    /// The findings, in the order of layers and keys.
    pub findings: Vec<Finding>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, finding) in self.findings.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            finding.fmt(f)?;
        }
        Ok(())
    }
}

impl SettingsError {
    /// `Ok` without findings.
    pub fn check(findings: Vec<Finding>) -> Result<(), Self> {
        if findings.is_empty() { Ok(()) } else { Err(Self { findings }) }
    }

    /// Whether the machine failed while this was found out: trying again later may help, and what is written may be right.
    pub fn is_machine_fault(&self) -> bool {
        self.findings.iter().any(|finding| finding.is_machine_fault)
    }

    /// Logs that the configuration was read again in vain.
    pub fn log_reload(&self) {
        for finding in &self.findings {
            tracing::error!(%finding, "the configuration is bad");
        }
        tracing::error!("nothing was reloaded; what was read before holds");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_fails_at_may_pass_and_what_is_wrong_or_absent_does_not() {
        // EIO, ENOMEM, EMFILE, ENOSPC, EROFS, ESTALE
        for code in [5, 12, 24, 28, 30, 116] {
            assert!(is_machine_fault(&io::Error::from_raw_os_error(code)), "{code}");
        }
        // EPERM, ENOENT, EACCES, ENOTDIR, EISDIR, ENAMETOOLONG
        for code in [1, 2, 13, 20, 21, 36] {
            assert!(!is_machine_fault(&io::Error::from_raw_os_error(code)), "{code}");
        }
        assert!(!is_machine_fault(&io::Error::from(io::ErrorKind::InvalidData)), "no UTF-8");
        let read = Finding::unreadable("x.y_file", "no", "file", &io::Error::from_raw_os_error(5));
        let wrong = Finding::new("a.b", "is wrong");
        assert!(SettingsError { findings: vec![wrong.clone(), read] }.is_machine_fault());
        assert!(!SettingsError { findings: vec![wrong] }.is_machine_fault());
    }
}
