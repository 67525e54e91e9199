//! RouterOS values: what the texts in rows mean, and texts that may go into a command.

use std::net::Ipv4Addr;

use crate::domain::id::Mac;
use crate::domain::listing::TAG;
use crate::domain::usage::RowId;

/// The largest sum of a row's two counters that is believed: 4 EiB. Beyond it a counter went wrong.
const COUNTER_BYTES_MAX: u64 = 1 << 62;
/// How many characters of the owner a comment carries.
const OWNER_CHARS_MAX: usize = 60;
/// How long a row's `.id` may be in bytes.
const ROW_ID_BYTES_MAX: usize = 64;

/// Units of a duration, largest first, in milliseconds.
const UNITS: [(&str, u64); 6] =
    [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// A length of time as the router prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeSpan {
    /// Nothing, or `never`.
    Never,
    /// So many milliseconds.
    Ms(u64),
}

/// Reads `1w2d3h4m5s`, `5m3s420ms`, `1w2d03:04:05`, `00:01:00`, bare seconds, `never` and nothing. Other texts are
/// `None`.
pub fn span(text: &str) -> Option<TimeSpan> {
    let mut rest = text.trim();
    if rest.is_empty() || rest == "never" {
        return Some(TimeSpan::Never);
    }
    let mut sum_ms: u64 = 0;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        if let Some(clock_ms) = clock(rest) {
            // After days at most: `3h03:04:05` means nothing.
            let hours_left = units.as_slice().len() >= UNITS.len() - 2;
            return if hours_left { sum_ms.checked_add(clock_ms).map(TimeSpan::Ms) } else { None };
        }
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let number = counter(number)?;
        if unit.is_empty() {
            let alone = tail.is_empty() && units.as_slice().len() == UNITS.len();
            return if alone { number.checked_mul(1000).map(TimeSpan::Ms) } else { None };
        }
        let unit_ms = units.find(|(name, _)| *name == unit).map(|(_, ms)| *ms)?;
        sum_ms = sum_ms.checked_add(number.checked_mul(unit_ms)?)?;
        rest = tail;
    }
    Some(TimeSpan::Ms(sum_ms))
}

/// Reads `hh:mm:ss` into milliseconds.
fn clock(text: &str) -> Option<u64> {
    let mut fields = text.split(':');
    let (hours, minutes, seconds) = (fields.next()?, fields.next()?, fields.next()?);
    if fields.next().is_some() || minutes.len() != 2 || seconds.len() != 2 {
        return None;
    }
    let (hours, minutes, seconds) = (counter(hours)?, counter(minutes)?, counter(seconds)?);
    let minutes = hours.checked_mul(60)?.checked_add(minutes).filter(|_| minutes < 60 && seconds < 60)?;
    minutes.checked_mul(60)?.checked_add(seconds)?.checked_mul(1000)
}

/// Whole seconds of a duration that must be there.
pub fn seconds(text: &str) -> Option<u64> {
    match span(text)? {
        TimeSpan::Never => None,
        TimeSpan::Ms(ms) => Some(ms / 1000),
    }
}

/// Reads `true`, `yes`, `false` and `no`.
pub fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "yes" => Some(true),
        "false" | "no" => Some(false),
        _ => None,
    }
}

/// Reads a counter: decimal digits and nothing else.
pub fn counter(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Sum of the two counters of a row in bytes; `None` where it cannot be true.
pub fn total(bytes_in: u64, bytes_out: u64) -> Option<u64> {
    bytes_in.checked_add(bytes_out).filter(|sum| *sum <= COUNTER_BYTES_MAX)
}

/// Reads a single address, with or without `/32`. Ranges, subnets, names and `0.0.0.0` are none.
pub fn address(text: &str) -> Option<Ipv4Addr> {
    let text = text.strip_suffix("/32").unwrap_or(text);
    text.parse().ok().filter(|address: &Ipv4Addr| !address.is_unspecified())
}

/// Reads a hardware address.
pub fn mac(text: &str) -> Option<Mac> {
    text.parse().ok()
}

/// Reads a row's `.id`. One with a comma would name several rows in a command.
pub fn row_id(text: &str) -> Option<RowId> {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b',');
    (plain && !text.is_empty() && text.len() <= ROW_ID_BYTES_MAX).then(|| RowId(text.to_owned()))
}

/// The comment of a row of ours: the tag and whose row it is, without control characters and cut to a length that
/// people can read in a table.
pub fn comment(owner: &str) -> String {
    let owner: String =
        owner.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(OWNER_CHARS_MAX).collect();
    format!("{TAG}{}", owner.trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_in_every_form_the_router_prints() {
        let rows = [
            ("1w2d3h4m5s", 788_645_000),
            ("5m3s420ms", 303_420),
            ("420ms", 420),
            ("1w2d03:04:05", 788_645_000),
            ("1d00:00:01", 86_401_000),
            ("00:01:00", 60_000),
            ("100:00:00", 360_000_000),
            ("90", 90_000),
            ("0s", 0),
            ("3m", 180_000),
        ];
        for (text, ms) in rows {
            assert_eq!(span(text), Some(TimeSpan::Ms(ms)), "{text}");
        }
        for text in ["", "never", " "] {
            assert_eq!(span(text), Some(TimeSpan::Never), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_durations() {
        for text in [
            "1x",
            "s",
            "1s1s",
            "1m1h",
            "5m3",
            "1h00:00:01",
            "00:60:00",
            "00:00:60",
            "1:2:3",
            "1:2",
            "-5s",
            "1.5s",
            "99999999999999999999s",
            "18446744073709551615w",
            "1 s",
            "0w5",
        ] {
            assert_eq!(span(text), None, "{text}");
        }
    }

    #[test]
    fn an_age_must_be_there_and_is_cut_to_seconds() {
        assert_eq!(seconds("1m1s999ms"), Some(61));
        assert_eq!(seconds("never"), None);
        assert_eq!(seconds(""), None);
    }

    #[test]
    fn counters_are_digits_only_and_their_sum_is_believable() {
        assert_eq!(counter("18446744073709551615"), Some(u64::MAX));
        for text in ["", "+1", "-1", "1 000", "0x10", "18446744073709551616", "1.0"] {
            assert_eq!(counter(text), None, "{text}");
        }
        assert_eq!(total(1 << 61, 1 << 61), Some(1 << 62));
        assert_eq!(total(1 << 61, (1 << 61) + 1), None);
        assert_eq!(total(u64::MAX, 1), None);
    }

    #[test]
    fn only_single_addresses_are_addresses() {
        assert_eq!(address("10.0.0.2"), Some(Ipv4Addr::new(10, 0, 0, 2)));
        assert_eq!(address("10.0.0.2/32"), Some(Ipv4Addr::new(10, 0, 0, 2)));
        for text in ["10.0.0.0/24", "10.0.0.1-10.0.0.9", "example.org", "0.0.0.0", "", "fe80::1"] {
            assert_eq!(address(text), None, "{text}");
        }
    }

    #[test]
    fn a_row_id_names_one_row() {
        assert_eq!(row_id("*1A"), Some(RowId("*1A".to_owned())));
        for text in ["", "*1,*2", "* 1", "*1\n", &"a".repeat(65)] {
            assert_eq!(row_id(text), None, "{text}");
        }
    }

    #[test]
    fn a_comment_is_tagged_clean_and_short() {
        assert_eq!(comment(" budi\r\n=x= "), "kuota:budi  =x=");
        assert_eq!(comment(&"é".repeat(100)), format!("kuota:{}", "é".repeat(60)));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_panic(text in "\\PC{0,40}|[0-9wdhms:]{0,30}") {
            let _ = (span(&text), boolean(&text), counter(&text), address(&text), mac(&text), row_id(&text));
            prop_assert!(comment(&text).starts_with(TAG));
        }

        #[test]
        fn a_printed_duration_is_read_back(s in 0u64..10_000_000) {
            let (d, h, m, sec) = (s / 86_400, s / 3600 % 24, s / 60 % 60, s % 60);
            prop_assert_eq!(seconds(&format!("{d}d{h}h{m}m{sec}s")), Some(s));
            prop_assert_eq!(seconds(&format!("{d}d{h:02}:{m:02}:{sec:02}")), Some(s));
        }
    }
}
