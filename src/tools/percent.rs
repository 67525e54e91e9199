//! Percent-encoding of parts of an address.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode, utf8_percent_encode};

/// Everything but letters, digits and `- . _ ~`.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Dots as well: a segment `..` would lead to the parent.
const SEGMENT: &AsciiSet = &VALUE.add(b'.');
const PATH: &AsciiSet = &VALUE.remove(b'/');

/// A text as a value of a query.
pub fn value(text: &str) -> String {
    utf8_percent_encode(text, VALUE).to_string()
}

/// A text as one segment of a path.
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// The bytes of a path, its slashes kept.
pub fn path(bytes: &[u8]) -> String {
    percent_encode(bytes, PATH).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_typed_ends_a_value_a_segment_or_a_path() {
        assert_eq!(value("a b&c=é#/~.-_"), "a%20b%26c%3D%C3%A9%23%2F~.-_");
        assert_eq!(segment("K1-ab/../x?y"), "K1-ab%2F%2E%2E%2Fx%3Fy");
        assert_eq!(path(b"/srv/a b?#%\xff.db"), "/srv/a%20b%3F%23%25%FF.db");
    }
}
