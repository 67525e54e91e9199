//! Log-in names: which texts can be one, and which are the same name.

use super::text::quoted;

/// Longest log-in name.
const CHARS_MAX: usize = 100;

/// Not a log-in name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} is not a log-in name: write 1 to {CHARS_MAX} letters a-z, digits and signs like . _ - @, without spaces; \
     letters of other alphabets look the same and are others",
    quoted(.0)
)]
pub struct LoginError(pub String);

/// Reads a name for somebody. Only visible ASCII: full-width and Cyrillic letters and marks that nobody sees would make
/// names that look like another customer's.
pub fn read(text: &str) -> Result<String, LoginError> {
    let name = text.trim();
    let is_sound = (1..=CHARS_MAX).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic());
    if is_sound { Ok(name.to_owned()) } else { Err(LoginError(text.to_owned())) }
}

/// What names are compared by: small and capital letters are the same, because phones write a capital first.
pub fn key(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_like_others_are_refused_and_case_does_not_matter() {
        for text in ["budi", "Budi.S", "budi@warung", "+62812"] {
            assert_eq!(read(&format!(" {text} ")).as_deref(), Ok(text));
        }
        for text in ["", " ", "budi s", "ｂｕｄｉ", "bu\u{200b}di", "b\u{443}di", "budi\u{301}", "bu\tdi"]
        {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{text:?}")), "{error}");
        }
        assert_eq!(key(" Budi"), key("BUDI"));
    }
}
