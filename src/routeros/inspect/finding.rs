//! The result of one check of the router.

use crate::ui::language::Language;
use crate::ui::message::Message;

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
    pub found: Message,
    /// What to do about it, where there is something to do.
    pub remedy: Option<Message>,
}

impl CheckFinding {
    /// All is well.
    pub fn ok(id: &'static str, found: Message) -> Self {
        Self { id, level: Level::Ok, found, remedy: None }
    }

    /// A risk, and what to do.
    pub fn warn(id: &'static str, found: Message, remedy: Message) -> Self {
        Self { id, level: Level::Warn, found, remedy: Some(remedy) }
    }

    /// A fault, and what to do.
    pub fn fail(id: &'static str, found: Message, remedy: Message) -> Self {
        Self { id, level: Level::Fail, found, remedy: Some(remedy) }
    }

    /// What was found, in that language.
    pub fn text(&self, language: Language) -> &str {
        self.found.text(language)
    }

    /// What to do about it, in that language; empty where nothing is.
    pub fn remedy_text(&self, language: Language) -> &str {
        self.remedy.as_ref().map_or("", |remedy| remedy.text(language))
    }
}
