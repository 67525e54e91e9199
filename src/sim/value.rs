//! Values of table columns: what a column takes, what a cell holds and how the router prints it.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use crate::domain::id::Mac;

/// Time on the router, in milliseconds since the simulation began.
pub(super) type RouterMoment = u64;

const SECOND_MS: u64 = 1000;

/// What a column takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum ValueKind {
    /// Any text; empty is unset.
    Text,
    /// `true` and `false`, `yes` and `no` on input.
    Flag,
    /// A decimal of 64 bits.
    Number,
    /// A hardware address.
    Mac,
    /// An IPv4 address, prefix or range.
    Address,
    /// The same, or a name with a dot in it.
    Host,
    /// A length of time.
    Duration,
    /// A length of time after which the row is gone.
    Timeout,
    /// The time since some moment.
    Age,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// What a cell holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A text, in the form in which it is printed.
    Text(String),
    /// A truth.
    Flag(bool),
    /// A number.
    Number(u64),
    /// Printed as the time passed since then.
    Since(RouterMoment),
    /// Printed as the time left until then.
    Until(RouterMoment),
    /// The router's wall clock.
    WallTime,
    /// The router's calendar.
    WallDate,
}

/// Why a text is no value of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Invalid {
    /// Not one of the words the column takes.
    Choice,
    /// Not of the column's form.
    Form,
}

/// What the router knows about time when it prints.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// Since the simulation began.
    pub(super) now: RouterMoment,
    /// Wall time at the beginning, in milliseconds since 1970.
    pub(super) epoch_ms: i64,
    /// Dates as RouterOS 6 prints them.
    pub(super) old_dates: bool,
}

impl Times {
    /// The wall clock as a date and a time of day.
    pub(super) fn wall(self) -> (String, String) {
        let ms = self.epoch_ms.saturating_add_unsigned(self.now);
        let at = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let at = at.to_zoned(jiff::tz::TimeZone::UTC);
        let date = if self.old_dates {
            at.strftime("%b/%d/%Y").to_string().to_lowercase()
        } else {
            at.strftime("%Y-%m-%d").to_string()
        };
        (date, at.strftime("%H:%M:%S").to_string())
    }
}

impl Value {
    /// The cell as the API prints it.
    pub(super) fn show(&self, times: Times) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Flag(flag) => Cow::Borrowed(flag_text(*flag)),
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Since(then) => Cow::Owned(show_duration(times.now.saturating_sub(*then) / SECOND_MS)),
            Self::Until(then) => {
                // Rounded up: a row that is still there has not run out.
                Cow::Owned(show_duration(then.saturating_sub(times.now).div_ceil(SECOND_MS)))
            }
            Self::WallTime => Cow::Owned(times.wall().1),
            Self::WallDate => Cow::Owned(times.wall().0),
        }
    }
}

/// The cell for a text; `None` when the text unsets the column.
pub(super) fn parse(kind: ValueKind, text: &str, now: RouterMoment) -> Result<Option<Value>, Invalid> {
    if text.is_empty() && !matches!(kind, ValueKind::Flag | ValueKind::Choice(_)) {
        return Ok(None);
    }
    let value = match kind {
        ValueKind::Text => Value::Text(text.to_owned()),
        ValueKind::Flag => Value::Flag(parse_flag(text).ok_or(Invalid::Form)?),
        ValueKind::Number => Value::Number(text.parse().map_err(|_| Invalid::Form)?),
        ValueKind::Mac => Value::Text(text.parse::<Mac>().map_err(|_| Invalid::Form)?.to_string()),
        ValueKind::Address => Value::Text(normal_address(text).ok_or(Invalid::Form)?),
        ValueKind::Host => Value::Text(host(text).ok_or(Invalid::Form)?),
        ValueKind::Duration => {
            Value::Text(show_duration(parse_duration(text).ok_or(Invalid::Form)? / SECOND_MS))
        }
        ValueKind::Timeout => Value::Until(now.saturating_add(parse_duration(text).ok_or(Invalid::Form)?)),
        ValueKind::Age => Value::Since(now.saturating_sub(parse_duration(text).ok_or(Invalid::Form)?)),
        ValueKind::Choice(words) if words.contains(&text) => Value::Text(text.to_owned()),
        ValueKind::Choice(_) => return Err(Invalid::Choice),
    };
    Ok(Some(value))
}

/// A text of a query in the form in which the column prints, where it has one.
pub(super) fn normal(kind: ValueKind, text: &str) -> Cow<'_, str> {
    let normal = match kind {
        ValueKind::Flag => parse_flag(text).map(|flag| flag_text(flag).to_owned()),
        ValueKind::Mac => text.parse::<Mac>().ok().map(|mac| mac.to_string()),
        ValueKind::Address => normal_address(text),
        ValueKind::Host => host(text),
        ValueKind::Duration | ValueKind::Timeout | ValueKind::Age => {
            parse_duration(text).map(|ms| show_duration(ms / SECOND_MS))
        }
        ValueKind::Text | ValueKind::Number | ValueKind::Choice(_) => None,
    };
    normal.map_or(Cow::Borrowed(text), Cow::Owned)
}

fn flag_text(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

fn parse_flag(text: &str) -> Option<bool> {
    match text {
        "true" | "yes" => Some(true),
        "false" | "no" => Some(false),
        _ => None,
    }
}

/// An address, or a name of several parts that holds a letter.
fn host(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let named =
        text.contains('.') && text.chars().all(plain) && text.chars().any(|c| c.is_ascii_alphabetic());
    normal_address(text).or_else(|| named.then(|| text.to_ascii_lowercase()))
}

/// An address without `/32`, a prefix without host bits, or a range.
fn normal_address(text: &str) -> Option<String> {
    if let Some((first, last)) = text.split_once('-') {
        let (first, last) = (first.parse::<Ipv4Addr>().ok()?, last.parse::<Ipv4Addr>().ok()?);
        return (first <= last).then(|| format!("{first}-{last}"));
    }
    let Some((address, bits)) = text.split_once('/') else {
        return text.parse::<Ipv4Addr>().ok().map(|address| address.to_string());
    };
    let address = address.parse::<Ipv4Addr>().ok()?;
    let bits = bits.parse::<u32>().ok().filter(|bits| *bits <= 32)?;
    if bits == 32 {
        return Some(address.to_string());
    }
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    Some(format!("{}/{bits}", Ipv4Addr::from(u32::from(address) & mask)))
}

/// `1w2d3h4m5s`; nothing at all is `0s`.
pub(super) fn show_duration(seconds: u64) -> String {
    let units = [(604_800, u64::MAX, 'w'), (86_400, 7, 'd'), (3600, 24, 'h'), (60, 60, 'm'), (1, 60, 's')];
    let mut out = String::new();
    for (size, wrap, letter) in units {
        let count = seconds / size % wrap;
        if count > 0 {
            out.push_str(&count.to_string());
            out.push(letter);
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

/// Milliseconds of `1w2d3h4m5s6ms`, `1d02:03:04`, `00:01:00` or plain seconds.
pub(super) fn parse_duration(text: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest.get(..digits)?.parse().ok()?;
        let after = &rest[digits..];
        if after.starts_with(':') {
            return total.checked_add(clock_ms(rest)?);
        }
        let letters = after.bytes().take_while(u8::is_ascii_lowercase).count();
        let unit_ms = match &after[..letters] {
            "w" => 604_800_000,
            "d" => 86_400_000,
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => SECOND_MS,
            "ms" => 1,
            "" if digits == text.len() => SECOND_MS,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(unit_ms)?)?;
        rest = &after[letters..];
    }
    (!text.is_empty()).then_some(total)
}

fn clock_ms(text: &str) -> Option<u64> {
    let parts: Vec<u64> = text.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    let seconds = match parts[..] {
        [h, m, s] => h.checked_mul(3600)?.checked_add(m.checked_mul(60)?)?.checked_add(s)?,
        [h, m] => h.checked_mul(3600)?.checked_add(m.checked_mul(60)?)?,
        _ => return None,
    };
    seconds.checked_mul(SECOND_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_print_in_weeks_to_seconds_and_are_read_in_every_style() {
        for (seconds, text) in [(0, "0s"), (59, "59s"), (3600, "1h"), (788_645, "1w2d3h4m5s")] {
            assert_eq!(show_duration(seconds), text);
            assert_eq!(parse_duration(text), Some(seconds * 1000), "{text}");
        }
        let rows = [
            ("5m3s420ms", 303_420),
            ("1w2d03:04:05", 788_645_000),
            ("00:01:00", 60_000),
            ("90", 90_000),
            ("10:30", 37_800_000),
        ];
        for (text, ms) in rows {
            assert_eq!(parse_duration(text), Some(ms), "{text}");
        }
        for text in ["", "x", "1y", "5m3", "1:2:3:4", "-1", "99999999999999999999w"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_lose_their_host_mask_and_host_bits() {
        let rows = [
            ("10.5.0.7", Some("10.5.0.7")),
            ("10.5.0.7/32", Some("10.5.0.7")),
            ("10.5.0.7/24", Some("10.5.0.0/24")),
            ("10.5.0.7/0", Some("0.0.0.0/0")),
            ("10.5.0.7-10.5.0.9", Some("10.5.0.7-10.5.0.9")),
            ("10.5.0.9-10.5.0.7", None),
            ("10.5.0.7/33", None),
            ("10.5.0", None),
        ];
        for (text, expected) in rows {
            assert_eq!(normal_address(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn flags_take_yes_and_no_and_print_true_and_false() {
        let times = Times { now: 0, epoch_ms: 0, old_dates: false };
        let shown = |text| parse(ValueKind::Flag, text, 0).map(|v| v.unwrap().show(times).into_owned());
        assert_eq!(shown("yes"), Ok("true".to_owned()));
        assert_eq!(shown("false"), Ok("false".to_owned()));
        assert_eq!(shown(""), Err(Invalid::Form));
        assert_eq!(parse(ValueKind::Choice(&["bypassed"]), "open", 0), Err(Invalid::Choice));
    }

    #[test]
    fn dates_follow_the_version() {
        let at = |old_dates| Times { now: 5000, epoch_ms: 1_790_380_800_000, old_dates }.wall();
        assert_eq!(at(false), ("2026-09-26".to_owned(), "00:00:05".to_owned()));
        assert_eq!(at(true), ("sep/26/2026".to_owned(), "00:00:05".to_owned()));
    }
}
