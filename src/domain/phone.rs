//! Phone numbers: how they are kept, and which spellings are one number. People write `0812…`, `+62812…` and
//! `62812…`, with spaces and dashes wherever they like.

use std::ops::RangeInclusive;

/// Digits of a phone number.
const DIGITS: RangeInclusive<usize> = 3..=20;
/// Indonesia, where a national number begins with a zero.
const COUNTRY: &str = "62";

/// What makes no phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a phone number like 081234567890 or +6281234567890")]
pub struct PhoneError;

/// The number as it is kept: as it was written, without spaces and dashes.
pub fn read(text: &str) -> Result<String, PhoneError> {
    let text: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let digits = text.strip_prefix('+').unwrap_or(&text);
    let ok = DIGITS.contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if ok { Ok(text) } else { Err(PhoneError) }
}

/// Every way in which the same number may be kept, the one given here first; empty for what is no number.
pub fn spellings(text: &str) -> Vec<String> {
    let Ok(own) = read(text) else { return Vec::new() };
    let abroad = own.strip_prefix('+').unwrap_or(&own).strip_prefix(COUNTRY);
    let national = own.strip_prefix('0').or(abroad);
    let Some(rest) = national else { return vec![own] };
    let all = [format!("0{rest}"), format!("+{COUNTRY}{rest}"), format!("{COUNTRY}{rest}")];
    let others: Vec<String> = all.into_iter().filter(|spelling| *spelling != own).collect();
    [vec![own], others].concat()
}

/// Whether two texts are one number.
pub fn is_same(a: &str, b: &str) -> bool {
    a == b || spellings(a).iter().any(|spelling| spelling == b)
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
            ("+6281234567890", "081234567890", true),
            ("081234567890", "081234567891", false),
            ("81234567890", "081234567890", false),
            ("+1 555 0100", "+15550100", true),
            ("+15550100", "15550100", false),
            ("+15550100", "05550100", false),
            ("budi", "budi", true),
            ("budi", "Budi", false),
        ];
        for (a, b, same) in rows {
            let kept = read(b).unwrap_or_else(|_| b.to_owned());
            assert_eq!(is_same(a, &kept), same, "{a} {b}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused_and_has_no_spelling() {
        for text in ["", "12", "+", "08x", "0812+3", "budi", "0812345678901234567890"] {
            assert_eq!(read(text), Err(PhoneError), "{text}");
            assert!(spellings(text).is_empty(), "{text}");
        }
        assert_eq!(read(" 0812-345 "), Ok("0812345".into()));
    }
}
