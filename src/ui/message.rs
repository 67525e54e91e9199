//! Texts with facts in them, for people in every language and for programs by a stable name.

use crate::ui::language::Language;

/// A text with its facts. Two messages are equal when their name and facts are.
#[derive(Clone, Debug)]
pub struct Message {
    code: &'static str,
    facts: Vec<(&'static str, String)>,
    indonesian: String,
    english: String,
}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code && self.facts == other.facts
    }
}

impl Eq for Message {}

impl Message {
    /// A message of a catalogue that [`messages`] declares.
    pub(crate) fn new(
        code: &'static str,
        facts: Vec<(&'static str, String)>,
        [indonesian, english]: [String; 2],
    ) -> Self {
        Self { code, facts, indonesian, english }
    }

    /// Its stable name.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Its facts by name, in the order of their declaration.
    pub fn facts(&self) -> &[(&'static str, String)] {
        &self.facts
    }

    /// The text in that language.
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::Indonesian => &self.indonesian,
            Language::English => &self.english,
        }
    }
}

/// Declares messages: `messages! { ALL; found(name): "{name} ditemukan", "{name} was found"; }` makes a function `found` with
/// a parameter for each fact. A place in a text without a parameter does not compile.
macro_rules! messages {
    ($all:ident; $($code:ident($($fact:ident),*): $id:literal, $en:literal;)*) => {
        $(
            #[allow(clippy::needless_pass_by_value, clippy::useless_format, reason = "facts are few and small")]
            pub(super) fn $code($($fact: impl std::fmt::Display),*) -> $crate::ui::message::Message {
                let facts = vec![$((stringify!($fact), $fact.to_string())),*];
                $crate::ui::message::Message::new(stringify!($code), facts, [format!($id), format!($en)])
            }
        )*

        /// Every text with its name, in both languages.
        #[cfg(test)]
        pub(super) const $all: &[(&str, &str, &str)] = &[$((stringify!($code), $id, $en),)*];
    };
}
pub(crate) use messages;

#[cfg(test)]
mod tests {
    use super::*;

    mod samples {
        messages! {
            ALL;
            found(name, count): "{count} kali {name}", "{name} {count} times";
            nothing(): "tidak ada", "nothing";
        }
    }

    #[test]
    fn a_message_has_its_facts_in_every_language_and_for_programs() {
        crate::ui::catalogue::check(samples::ALL);
        let message = samples::found("Budi", 2);
        assert_eq!(message.text(Language::Indonesian), "2 kali Budi");
        assert_eq!(message.text(Language::English), "Budi 2 times");
        assert_eq!(message.code(), "found");
        assert_eq!(message.facts(), [("name", "Budi".to_owned()), ("count", "2".to_owned())]);
        assert_ne!(message, samples::found("Siti", 2));
        assert_eq!(samples::nothing().text(Language::English), "nothing");
    }
}
