//! The result of one check of the router.

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Works, with a risk or a part missing.
    Warn,
    /// Does not work, or does harm.
    Fail,
}

impl Level {
    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckFinding {
    /// The check, by a name that stays.
    pub id: &'static str,
    /// How it came out.
    pub level: Level,
    /// What was found.
    pub text: String,
    /// What to do about it; empty where nothing is.
    pub remedy: String,
}

impl CheckFinding {
    /// All is well.
    pub fn ok(id: &'static str, text: impl Into<String>) -> Self {
        Self { id, level: Level::Ok, text: text.into(), remedy: String::new() }
    }

    /// A risk, and what to do.
    pub fn warn(id: &'static str, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { id, level: Level::Warn, text: text.into(), remedy: remedy.into() }
    }

    /// A fault, and what to do.
    pub fn fail(id: &'static str, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { id, level: Level::Fail, text: text.into(), remedy: remedy.into() }
    }
}

/// What to do where rows of the script are missing or out of place.
pub(super) const RUN_SCRIPT: &str = "run the script of \"kuotad router-setup\" on the router; where rows of ours were changed by \
                          hand, run that of \"kuotad router-setup --remove\" first";
