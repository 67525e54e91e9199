//! Addresses of pages as requests carry them.

use axum::http::Uri;

/// The value of a parameter of an address, undecoded.
pub(crate) fn parameter<'u>(uri: &'u Uri, name: &str) -> Option<&'u str> {
    let mut pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// A path of ours, whatever was asked for: two strokes would be another host.
pub(crate) fn path_of_ours(text: &str) -> String {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let is_ours = text.starts_with('/') && !text.starts_with("//") && plain;
    if is_ours { text.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_logging_in_nobody_is_led_to_another_host() {
        for (asked, to) in [
            ("/pelanggan", "/pelanggan"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/a\r\nb", "/"),
            ("", "/"),
        ] {
            assert_eq!(path_of_ours(asked), to, "{asked:?}");
        }
    }
}
