//! Instants as APIs print and read them: RFC 3339.

use super::units::Timestamp;

/// An instant as APIs print it: `2026-11-22T07:05:00Z`, with three decimals where the milliseconds are not zero.
pub fn rfc3339(at: Timestamp) -> String {
    let at = to_jiff(at);
    if at.subsec_millisecond() == 0 { format!("{at:.0}") } else { format!("{at:.3}") }
}

/// Reads an RFC 3339 instant with any offset; what is finer than a millisecond is cut off. Nothing else is read:
/// no date alone, no local time, no missing seconds.
pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    if !text.is_ascii() || text.len() < "2026-11-22T07:05:00Z".len() {
        return None;
    }
    let (date_time, rest) = text.split_at("2026-11-22T07:05:00".len());
    let shape: String = date_time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    if !shape.eq_ignore_ascii_case("0000-00-00T00:00:00") {
        return None;
    }
    let fraction = rest.strip_prefix('.').map_or(0, |f| f.bytes().take_while(u8::is_ascii_digit).count() + 1);
    let offset: String = rest[fraction..].chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    if fraction == 1 || !matches!(offset.as_str(), "Z" | "z" | "+00:00" | "-00:00") {
        return None;
    }
    let read: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp(read.as_millisecond()))
}

/// The instant for jiff, clamped to the years it knows (-9999 to 9999).
pub(crate) fn to_jiff(at: Timestamp) -> jiff::Timestamp {
    // Whole seconds: its last second is not open to every millisecond.
    let (min, max) = (jiff::Timestamp::MIN.as_second() * 1000, jiff::Timestamp::MAX.as_second() * 1000);
    jiff::Timestamp::from_millisecond(at.0.clamp(min, max)).expect("clamped to what jiff knows")
}
