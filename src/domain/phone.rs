//! Phone numbers. People write `0812…`, `+62812…`, `62812…` and `812…`, with spaces, dashes, points and brackets;
//! all of them are one number, and its international form (E.164) is what numbers are compared by.

use std::ops::RangeInclusive;

use super::text::{cell, quoted};

/// Indonesia. Numbers without a country are read as numbers there.
const COUNTRY: &str = "62";
/// Digits after the country's code, of its land lines and mobiles.
const NATIONAL_DIGITS: RangeInclusive<usize> = 7..=12;
/// The same of a mobile that lost its leading zero; fewer may be anything.
const MOBILE_DIGITS: RangeInclusive<usize> = 9..=12;
/// Digits of any number with its country's code; E.164 allows 15.
const DIGITS: RangeInclusive<usize> = 8..=15;

/// Not a phone number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} {}", quoted(.0), why(.0))]
pub struct PhoneError(pub String);

/// What is wrong with a text, and what to write.
fn why(text: &str) -> &'static str {
    if is_shortened(&cell(text)) {
        "is a phone number that a spreadsheet shortened, and its last digits are lost: format the column as text and \
         enter the numbers again"
    } else {
        "is not a phone number: write one like 081234567890 or +6281234567890"
    }
}

/// Whether a text is a number as spreadsheets write long ones: `8.12E+10`, with a point or a comma.
fn is_shortened(text: &str) -> bool {
    let Some((number, power)) = text.split_once(['E', 'e']) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_number(&number.replacen(['.', ','], "", 1)) && is_number(power.trim_start_matches('+'))
}

/// A phone number as it was typed, and in its international form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    /// What was typed, without invisible marks.
    pub typed: String,
    /// `+`, country and number, digits only.
    pub e164: String,
}

/// Reads a number as people write or paste it.
pub fn read(text: &str) -> Result<Phone, PhoneError> {
    let typed = cell(text);
    let e164 = international(&typed).ok_or_else(|| PhoneError(text.to_owned()))?;
    Ok(Phone { typed, e164 })
}

/// The international form, by which numbers are compared; `None` for what is no number.
pub fn e164(text: &str) -> Option<String> {
    read(text).ok().map(|phone| phone.e164)
}

/// Whether two texts are one number. Texts that are no numbers are compared as they are.
pub fn is_same(a: &str, b: &str) -> bool {
    match (e164(a), e164(b)) {
        (Some(a), Some(b)) => a == b,
        (None, None) => a == b,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// The conversation with a number in the messenger that everybody uses, which wants the international form.
pub fn wa_me(text: &str) -> Option<String> {
    e164(text).map(|number| format!("https://wa.me/{}", number.trim_start_matches('+')))
}

fn international(text: &str) -> Option<String> {
    let (plus, rest) = match text.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let is_mark = |c: char| matches!(c, ' ' | '-' | '.' | '(' | ')');
    if !rest.chars().all(|c| c.is_ascii_digit() || is_mark(c)) {
        return None;
    }
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    if plus {
        return abroad(&digits);
    }
    match digits.as_bytes() {
        // 001, 007 and 008 are carriers' prefixes here and countries elsewhere.
        [b'0', b'0', b'1' | b'7' | b'8', ..] => None,
        [b'0', b'0', ..] => abroad(&digits[2..]),
        [b'0', ..] => national(&digits[1..]),
        [b'6', b'2', ..] => home(&digits[2..]),
        // A spreadsheet took the leading zero for nothing.
        [b'8', ..] if MOBILE_DIGITS.contains(&digits.len()) => national(&digits),
        _ => None,
    }
}

/// The number after `+`.
fn abroad(digits: &str) -> Option<String> {
    match digits.strip_prefix(COUNTRY) {
        Some(rest) => home(rest),
        None => (DIGITS.contains(&digits.len()) && !digits.starts_with('0')).then(|| format!("+{digits}")),
    }
}

/// The number after the country's code, where many write the zero that belongs only at home.
fn home(digits: &str) -> Option<String> {
    national(digits.strip_prefix('0').unwrap_or(digits))
}

fn national(digits: &str) -> Option<String> {
    (NATIONAL_DIGITS.contains(&digits.len()) && !digits.starts_with('0'))
        .then(|| format!("+{COUNTRY}{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_number_are_the_same_and_of_others_are_not() {
        let rows = [
            ("081234567890", "+6281234567890", true),
            ("0812-3456 7890", "6281234567890", true),
            ("62 812 3456 7890", "+6281234567890", true),
            ("+62 (0)812 3456 7890", "81234567890", true),
            ("0812-5550-006", "(0812) 5550.006", true),
            ("021 555 0100", "+62 21 5550100", true),
            ("081234567890", "081234567891", false),
            ("+1 202 555 0143", "0012025550143", false),
            ("+65 6123 4567", "006561234567", true),
            ("+12025550143", "02025550143", false),
            ("budi", "budi", true),
            ("budi", "081234567890", false),
        ];
        for (a, b, same) in rows {
            assert_eq!(is_same(a, b), same, "{a} {b}");
        }
    }

    #[test]
    fn other_texts_are_refused_with_the_text_and_an_example() {
        for text in [
            "",
            "12",
            "+",
            "08x",
            "0812+3",
            "budi",
            "+0812345678",
            "620",
            "5550100",
            "00862 812345678",
            "0812/0813",
            "８１２３４５６７８９０",
            "+62 0 0812 345 678",
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{text:?}")) && error.contains("081234567890"), "{error}");
            assert_eq!(wa_me(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_keeps_what_was_typed() {
        let phone = read(" '+62 812-3456\u{2011}7801\u{202c}").unwrap();
        assert_eq!((phone.typed.as_str(), phone.e164.as_str()), ("+62 812-3456-7801", "+6281234567801"));
        assert_eq!(wa_me("81234567801").unwrap(), "https://wa.me/6281234567801");
    }

    #[test]
    fn a_number_that_a_spreadsheet_shortened_says_so() {
        for text in ["8.12E+10", "8,12E+10", "8.12345678901E+11", "8e10"] {
            assert!(read(text).unwrap_err().to_string().contains("spreadsheet shortened"), "{text}");
        }
        for text in ["E+10", "8.12E", "8.1.2E+10", "budi"] {
            assert!(read(text).unwrap_err().to_string().contains("is not a phone number"), "{text}");
        }
    }
}
