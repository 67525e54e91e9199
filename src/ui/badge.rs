//! A state as a word, with a sign and a colour that say the same.

use std::borrow::Cow;
use std::fmt;

use super::icon::Icon;
use crate::web::html::escaped;

/// How good or bad something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// All is well.
    Good,
    /// Somebody should look.
    Warn,
    /// Something is wrong.
    Bad,
    /// None of these.
    #[default]
    Plain,
}

impl Tone {
    /// The class of the style sheet; empty for none.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Plain => "",
        }
    }

    /// Its sign.
    pub const fn icon(self) -> Icon {
        match self {
            Self::Good => Icon::Good,
            Self::Warn => Icon::Warn,
            Self::Bad => Icon::Bad,
            Self::Plain => Icon::Plain,
        }
    }
}

/// A state for a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Badge {
    /// How good it is.
    pub tone: Tone,
    /// What it is, for people.
    pub text: Cow<'static, str>,
}

impl Badge {
    pub fn new(tone: Tone, text: impl Into<Cow<'static, str>>) -> Self {
        Self { tone, text: text.into() }
    }

    /// All is well.
    pub fn good(text: &str) -> Self {
        Self::new(Tone::Good, text.to_owned())
    }

    /// Somebody should look.
    pub fn warn(text: &str) -> Self {
        Self::new(Tone::Warn, text.to_owned())
    }

    /// Something is wrong.
    pub fn bad(text: &str) -> Self {
        Self::new(Tone::Bad, text.to_owned())
    }

    /// None of these.
    pub fn plain(text: &str) -> Self {
        Self::new(Tone::Plain, text.to_owned())
    }
}

impl fmt::Display for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tone, text } = self;
        let space = if tone.class().is_empty() { "" } else { " " };
        write!(f, "<span class=\"badge{space}{}\">{}{}</span>", tone.class(), tone.icon(), escaped(text))
    }
}

impl askama::filters::HtmlSafe for Badge {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badge_has_a_sign_a_colour_and_a_word_that_is_never_markup() {
        let text = Badge::new(Tone::Bad, "<b>".to_owned()).to_string();
        assert!(text.starts_with("<span class=\"badge bad\"><svg") && text.contains("#bad\""), "{text}");
        assert!(text.ends_with("&lt;b&gt;</span>") || text.ends_with("&#60;b&#62;</span>"), "{text}");
        assert!(Badge::new(Tone::Plain, "x").to_string().starts_with("<span class=\"badge\"><svg"));
    }
}
