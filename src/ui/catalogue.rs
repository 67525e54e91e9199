//! Texts for people. A catalogue declares each text in Indonesian and in English together, so that neither can be
//! missing; pages have the catalogue of their reader's language.

/// Declares a catalogue: `words! { Words { key: "Indonesian", "English"; … } }` makes a struct with a field for each
/// text and `Words::of(language)`.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($key:ident: $id:literal, $en:literal;)* }) => {
        $(#[$doc])*
        pub(crate) struct $name {
            $(pub $key: &'static str,)*
        }

        impl $name {
            const ID: Self = Self { $($key: $id,)* };
            const EN: Self = Self { $($key: $en,)* };

            /// The texts in Indonesian, where a constant is needed.
            #[allow(dead_code, reason = "few catalogues need it")]
            pub const fn indonesian() -> &'static Self {
                &Self::ID
            }

            /// The texts in English, where a constant is needed.
            #[allow(dead_code, reason = "few catalogues need it")]
            pub const fn english() -> &'static Self {
                &Self::EN
            }

            /// The texts in that language.
            pub fn of(language: $crate::ui::language::Language) -> &'static Self {
                match language {
                    $crate::ui::language::Language::Indonesian => &Self::ID,
                    $crate::ui::language::Language::English => &Self::EN,
                }
            }

            /// Every text with its name, in both languages.
            #[cfg(test)]
            #[allow(clippy::large_stack_arrays, reason = "a constant is in the program, not on a stack")]
            pub const ALL: &'static [(&'static str, &'static str, &'static str)] =
                &[$((stringify!($key), $id, $en),)*];
        }
    };
}
pub(crate) use words;

/// `text` with `{0}`, `{1}` … replaced by `values`.
pub(crate) fn fill(text: &str, values: &[&str]) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let place = after.split_once('}').and_then(|(no, after)| Some((no.parse::<usize>().ok()?, after)));
        let Some((no, after)) = place else {
            out.push('{');
            rest = after;
            continue;
        };
        out.push_str(values.get(no).copied().unwrap_or_default());
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Fails unless both languages of every text have the same placeholders, and no text is empty.
#[cfg(test)]
pub(crate) fn check(all: &[(&str, &str, &str)]) {
    let places = |text: &str| {
        let mut found: Vec<String> =
            text.split('{').skip(1).filter_map(|p| Some(p.split_once('}')?.0.to_owned())).collect();
        found.sort_unstable();
        found
    };
    for (key, id, en) in all {
        assert!(!id.trim().is_empty() && !en.trim().is_empty(), "{key} is empty");
        assert_eq!(places(id), places(en), "{key} has other places in the other language");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::language::Language;

    words! {
        /// For this test.
        Sample {
            left: "Sisa {0}, sampai {1}.", "{0} left, until {1}.";
            brace: "a { b", "a { b";
        }
    }

    #[test]
    fn places_are_filled_and_lone_braces_stay() {
        assert_eq!(
            fill(Sample::of(Language::Indonesian).left, &["8,50 GB", "besok"]),
            "Sisa 8,50 GB, sampai besok."
        );
        assert_eq!(
            fill(Sample::of(Language::English).left, &["8.50 GB", "{1}"]),
            "8.50 GB left, until {1}.".replacen("{1}.", ".", 1).replace("until ", "until {1}")
        );
        assert_eq!(fill(Sample::of(Language::English).brace, &[]), "a { b");
        check(Sample::ALL);
    }
}
