//! What a value must be and what was written instead, in words for the owner of a configuration.

use figment::error::Actual;

use crate::domain::units::Rupiah;

/// Why a value of another type is refused: what the key takes, with an example, and what was written.
pub(super) fn wrong_type(key: &str, actual: &Actual, expected: &str) -> String {
    let amount = match actual {
        Actual::Str(text) if is_number(expected) => text.parse::<Rupiah>().ok(),
        _ => None,
    };
    let advice = amount.map(|amount| format!("; write {}", amount.0)).unwrap_or_default();
    format!("must be {}, not {}{advice}", wanted(key, expected), written(actual))
}

/// A message of a parser whose own words are for programmers.
pub(super) fn message(text: &str) -> String {
    match text {
        "invalid socket address syntax" => format!("is not {SOCKET}"),
        other => other.to_owned(),
    }
}

const SOCKET: &str = "an address and a port in quotes, such as \"0.0.0.0:8080\"";

fn is_number(expected: &str) -> bool {
    let digits = expected.trim_start_matches(['u', 'i']);
    digits.len() < expected.len() && (digits == "size" || digits.parse::<u8>().is_ok())
}

/// What a key takes. Types of our own say so themselves.
fn wanted(key: &str, expected: &str) -> String {
    let is_text =
        ["a string", "string", "path string", "any valid path", "a borrowed string"].contains(&expected);
    match expected {
        _ if is_number(expected) && key.ends_with("_rp") => {
            "rupiah as a whole number, without quotes, dots and Rp, such as 50000".to_owned()
        }
        _ if is_number(expected) => "a whole number without quotes and dots, such as 3".to_owned(),
        "a boolean" => "true or false, without quotes".to_owned(),
        _ if is_text => "text in quotes, such as \"...\"".to_owned(),
        "a sequence" => "a list in square brackets, such as [\"...\", \"...\"]".to_owned(),
        _ if expected.contains("socket address") => SOCKET.to_owned(),
        _ if expected.starts_with("struct ") || expected == "a map" => {
            format!("a section: write [{key}] on a line of its own, and its keys on the lines below")
        }
        _ if expected.contains("enum") || expected.contains("variant") => {
            "one of its words, in quotes".to_owned()
        }
        other => other.to_owned(),
    }
}

/// What was written.
fn written(actual: &Actual) -> String {
    match actual {
        Actual::Bool(value) => value.to_string(),
        Actual::Unsigned(value) => value.to_string(),
        Actual::Signed(value) => value.to_string(),
        Actual::Float(value) => value.to_string(),
        Actual::Char(value) => value.to_string(),
        Actual::Str(text) => format!("the text \"{}\"", text.escape_debug()),
        Actual::Seq => "a list".to_owned(),
        Actual::Map => "a section".to_owned(),
        Actual::Unit | Actual::Option => "nothing".to_owned(),
        Actual::Bytes(_)
        | Actual::NewtypeStruct
        | Actual::Enum
        | Actual::UnitVariant
        | Actual::NewtypeVariant
        | Actual::TupleVariant
        | Actual::StructVariant
        | Actual::Other(_) => "this".to_owned(),
    }
}
