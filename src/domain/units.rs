//! Bytes, rupiah and instants: the only 1024, and the only reader and printer of amounts like "1,5 GB".

use std::fmt;
use std::str::FromStr;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::text::{cell, quoted};

/// One step between `B`, `KB`, `MB`, `GB` and `TB`. Binary, as hotspot owners and RouterOS count.
const STEP: u64 = 1024;
/// Bytes in one MB as this product counts it.
pub const MB: u64 = STEP * STEP;
/// Bytes in one GB as this product counts it.
pub const GB: u64 = STEP * MB;
/// The largest amount one request, package or debt may name: 1 PiB. Sums of many stay far below `i64::MAX`,
/// which is what SQLite can hold.
pub const AMOUNT_BYTES_MAX: u64 = 1024 * 1024 * GB;
/// The largest price or payment one request may name: one hundred billion rupiah.
pub const AMOUNT_RP_MAX: u64 = 100_000_000_000;

/// An amount of data in bytes. Never negative; direction is a role ([`super::ledger::Side`]), not a sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

impl Bytes {
    /// No bytes.
    pub const ZERO: Self = Self(0);

    /// `n` megabytes of 1 048 576 bytes.
    pub const fn mb(n: u64) -> Self {
        Self(n * MB)
    }

    /// `n` gigabytes of 1024 MB.
    pub const fn gb(n: u64) -> Self {
        Self(n * GB)
    }

    /// Whether this is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Sum, stopping at the largest `u64`. Balances never come near it: readings are bounded by what a router
    /// can count and requests by [`AMOUNT_BYTES_MAX`].
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Difference, or zero where `other` is larger.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Megabytes with two digits, half-up: what `*_mb` fields of the API carry.
    pub fn to_mb_string(self) -> String {
        format!("{:.2}", scaled(self.0, MB))
    }
}

/// `bytes / unit` as a decimal with two digits, half-up.
fn scaled(bytes: u64, unit: u64) -> Decimal {
    (Decimal::from(bytes) / Decimal::from(unit))
        .round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// Prints as people read it, in English form: `10 GB`, `1.25 GB`, `512 MB`, `17 B`.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, name) = match self.0 {
            b if b >= STEP * GB => (STEP * GB, "TB"),
            b if b >= GB => (GB, "GB"),
            b if b >= MB => (MB, "MB"),
            b if b >= STEP => (STEP, "KB"),
            b => return write!(f, "{b} B"),
        };
        write!(f, "{} {name}", scaled(self.0, unit).normalize())
    }
}

/// Why a text is not an amount. Each shows the text and what to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a decimal number with a unit.
    #[error("{} is not an amount: write a number and a unit, like \"500 MB\" or \"1,5 GB\"", quoted(.0))]
    Malformed(String),
    /// Not above zero, where something must be given.
    #[error("{} is nothing: write more than zero, like \"500 MB\" or \"1,5 GB\"", quoted(.0))]
    Nothing(String),
    /// A number alone.
    #[error("{} has no unit: write \"{}\" or \"{}\"", quoted(.text), .readings[0], .readings[1])]
    NoUnit {
        /// What was typed.
        text: String,
        /// What it may mean.
        readings: [String; 2],
    },
    /// Three digits after the only separator: thousands to one reader, a fraction to another.
    #[error("{} can be read in two ways: write \"{}\" or \"{}\"", quoted(.text), .readings[0], .readings[1])]
    Ambiguous {
        /// What was typed.
        text: String,
        /// As a fraction and as thousands.
        readings: [String; 2],
    },
    /// Above [`AMOUNT_BYTES_MAX`].
    #[error("too large: an amount is at most 1024 TB")]
    TooLarge,
}

impl AmountError {
    /// The two ways in which the text may be meant, where that is what is wrong with it.
    pub const fn readings(&self) -> Option<&[String; 2]> {
        match self {
            Self::NoUnit { readings, .. } | Self::Ambiguous { readings, .. } => Some(readings),
            Self::Malformed(_) | Self::Nothing(_) | Self::TooLarge => None,
        }
    }
}

/// Digits of a number that is typed: more than any amount needs.
const NUMBER_CHARS_MAX: usize = 20;

/// Units by name, smallest first.
const UNITS: [(&str, u64); 5] = [("B", 1), ("KB", STEP), ("MB", MB), ("GB", GB), ("TB", STEP * GB)];

/// Reads `"500 MB"`, `"1,5 GB"` and `"1.5gb"`. Fractions of a byte round half-up. A number without a unit is refused, and
/// so is one with exactly three digits after its separator, which may mean thousands.
impl FromStr for Bytes {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let malformed = || AmountError::Malformed(text.to_owned());
        let seen = cell(text);
        let split = seen.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(seen.len());
        let (number, unit) = seen.split_at(split);
        let number = number.trim_end();
        if number.len() > NUMBER_CHARS_MAX && number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(AmountError::TooLarge);
        }
        let (whole, fraction) = number.split_once(['.', ',']).unwrap_or((number, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) || number.len() > NUMBER_CHARS_MAX {
            return Err(malformed());
        }
        if unit.is_empty() {
            let readings = ["MB", "GB"].map(|unit| format!("{number} {unit}"));
            return Err(AmountError::NoUnit { text: text.to_owned(), readings });
        }
        let known = UNITS.iter().find(|(name, _)| unit.eq_ignore_ascii_case(name));
        let (name, unit_bytes) = known.ok_or_else(malformed)?;
        if number.len() > whole.len() && fraction.len() == 3 {
            let short = fraction.trim_end_matches('0');
            // A fourth digit makes the fraction one that cannot be taken for thousands.
            let small = match short.len() {
                0 => whole.to_owned(),
                3 => format!("{whole},{short}0"),
                _ => format!("{whole},{short}"),
            };
            let large = format!("{whole}{fraction}");
            let large = Some(large.trim_start_matches('0')).filter(|large| !large.is_empty()).unwrap_or("0");
            let readings = [small.as_str(), large].map(|reading| format!("{reading} {name}"));
            return Err(AmountError::Ambiguous { text: text.to_owned(), readings });
        }
        bytes_of(&format!("{whole}.{fraction}"), *unit_bytes)
    }
}

/// A decimal number of units in bytes, within bounds.
fn bytes_of(number: &str, unit_bytes: u64) -> Result<Bytes, AmountError> {
    let bytes = Decimal::from_str(number)
        .map_err(|_| AmountError::TooLarge)?
        .checked_mul(Decimal::from(unit_bytes))
        .ok_or(AmountError::TooLarge)?
        .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
        .to_u64()
        .ok_or(AmountError::TooLarge)?;
    if bytes > AMOUNT_BYTES_MAX { Err(AmountError::TooLarge) } else { Ok(Bytes(bytes)) }
}

impl Bytes {
    /// Reads an amount that somebody gives or owes: above zero.
    pub fn above_zero(text: &str) -> Result<Self, AmountError> {
        let bytes: Self = text.parse()?;
        if bytes.is_zero() { Err(AmountError::Nothing(text.to_owned())) } else { Ok(bytes) }
    }

    /// Reads a limit, where zero is off. Zero is the same in every unit, so it needs none.
    pub fn limit(text: &str) -> Result<Self, AmountError> {
        if cell(text) == "0" { Ok(Self::ZERO) } else { text.parse() }
    }
}

/// Whole rupiah. Never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rupiah(pub u64);

impl Rupiah {
    /// Nothing to pay.
    pub const ZERO: Self = Self(0);

    /// Sum, stopping at the largest `u64`; callers bound each part by [`AMOUNT_RP_MAX`].
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Difference, or zero where `other` is larger.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// Not an amount of money.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is not whole rupiah: write digits, like 50000 or Rp 50.000", quoted(.0))]
pub struct RupiahError(pub String);

/// Reads whole rupiah as Indonesians write them: `50000`, `50.000`, `Rp 50.000`, `Rp50.000,-`, `50.000,00`. A comma is a
/// decimal comma, so `50,000` is refused, and so is a point that parts anything but thousands.
impl FromStr for Rupiah {
    type Err = RupiahError;

    fn from_str(text: &str) -> Result<Self, RupiahError> {
        let refused = || RupiahError(text.to_owned());
        let seen = cell(text);
        let rest = match seen.get(..2) {
            Some(mark) if mark.eq_ignore_ascii_case("rp") => seen[2..].trim_start_matches('.').trim_start(),
            _ => seen.as_str(),
        };
        let whole = rest.strip_suffix(",-").or_else(|| rest.strip_suffix(",00").filter(|w| w.contains('.')));
        let groups: Vec<&str> = whole.unwrap_or(rest).split(['.', ' ']).collect();
        let is_grouped = match groups.as_slice() {
            [_] => true,
            [first, rest @ ..] => {
                (1..=3).contains(&first.len())
                    && !first.starts_with('0')
                    && rest.iter().all(|group| group.len() == 3)
            }
            [] => false,
        };
        let digits = groups.concat();
        if !is_grouped || digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(refused());
        }
        digits.parse().map(Self).map_err(|_| refused())
    }
}

/// Prints as Indonesians write it: `Rp 10.000`.
impl fmt::Display for Rupiah {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        f.write_str("Rp ")?;
        for (i, c) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                f.write_str(".")?;
            }
            write!(f, "{c}")?;
        }
        Ok(())
    }
}

/// Milliseconds in one day of a quota period. Indonesia keeps no summer time, so every day has as many.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// An instant: milliseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This instant and `days` days.
    #[must_use]
    pub const fn plus_days(self, days: u32) -> Self {
        Self(self.0.saturating_add(DAY_MS.saturating_mul(days as i64)))
    }
}

/// A wall-clock reading in the site's time zone: what dates and hours of the rules are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime {
    /// The calendar day.
    pub date: jiff::civil::Date,
    /// Minutes since local midnight, 0 to 1439.
    pub minute_of_day: u16,
}

/// Days from 1970-01-01 to `date`: a narrow key for tables.
pub fn day_number(date: jiff::civil::Date) -> i64 {
    date.duration_since(jiff::civil::date(1970, 1, 1)).as_hours() / 24
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let rows = [
            ("500 MB", 500 * MB),
            ("1,5 GB", 1_610_612_736),
            ("1.5GB", 1_610_612_736),
            ("10 gb", 10 * GB),
            ("1 TB", 1024 * GB),
            ("2 KB", 2048),
            ("17 B", 17),
            ("10.2400 MB", 10_737_418),
            ("\u{202a}10\u{a0}GB\u{202c}", 10 * GB),
            ("0.3 MB", 314_573),
            (" 3072 MB ", 3 * GB),
        ];
        for (text, bytes) in rows {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "MB",
            "-1 MB",
            "+1 MB",
            "1e3",
            "1e3 MB",
            "1.2.3 MB",
            "1,2.3 MB",
            "1.024,5 MB",
            ".5 GB",
            "5. GB",
            "1 XB",
            "1 MBs",
            "1 GiB",
            "½ GB",
            "NaN",
            "Infinity GB",
            "1 0 GB",
        ] {
            assert_eq!(text.parse::<Bytes>(), Err(AmountError::Malformed(text.to_owned())), "{text}");
        }
        for text in ["1025 TB", "99999999999999999999999999999", "18446744073709551616 B"] {
            assert_eq!(text.parse::<Bytes>(), Err(AmountError::TooLarge), "{text}");
        }
        assert!(Bytes::above_zero("0 GB").unwrap_err().to_string().starts_with("\"0 GB\" is nothing"));
        assert_eq!(Bytes::limit("0"), Ok(Bytes::ZERO));
        assert_eq!(Bytes::limit("0 GB"), Ok(Bytes::ZERO));
        assert!(Bytes::limit("5").is_err());
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused_with_both() {
        for (text, first, second) in [
            ("10.240 MB", "10,24 MB", "10240 MB"),
            ("1.024 mb", "1,0240 MB", "1024 MB"),
            ("10,000 GB", "10 GB", "10000 GB"),
            ("0.500 GB", "0,5 GB", "500 GB"),
            ("10", "10 MB", "10 GB"),
            ("1,5", "1,5 MB", "1,5 GB"),
        ] {
            let error = text.parse::<Bytes>().unwrap_err();
            assert_eq!(error.readings().unwrap(), &[first.to_owned(), second.to_owned()], "{text}");
            assert!([first, second].iter().all(|reading| reading.parse::<Bytes>().is_ok()), "{text}");
            let told = error.to_string();
            assert!([text, first, second].iter().all(|part| told.contains(part)), "{told}");
        }
    }

    #[test]
    fn rupiah_are_read_as_indonesians_write_them() {
        for (text, rp) in [
            ("50000", 50_000),
            ("50.000", 50_000),
            ("Rp 50.000", 50_000),
            ("rp. 50.000", 50_000),
            ("Rp50.000,-", 50_000),
            ("50.000,00", 50_000),
            ("Rp 1.250.000", 1_250_000),
            ("50\u{a0}000", 50_000),
            ("0", 0),
        ] {
            assert_eq!(text.parse(), Ok(Rupiah(rp)), "{text}");
        }
        for text in [
            "",
            "Rp",
            "50,000",
            "50.00",
            "5.0000",
            "50,00",
            "0.500",
            "1234.567",
            "-5",
            "1e5",
            "99999999999999999999",
            "lima puluh ribu",
            "50.000,5",
            "50.000,000",
            "5O000",
            "٥٠٠٠٠",
        ] {
            assert_eq!(text.parse::<Rupiah>(), Err(RupiahError(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn megabytes_have_two_digits_half_up() {
        assert_eq!(Bytes(0).to_mb_string(), "0.00");
        assert_eq!(Bytes::gb(10).to_mb_string(), "10240.00");
        // 0.005 MB is 5242.88 bytes: just below rounds down, just above up.
        assert_eq!(Bytes(5242).to_mb_string(), "0.00");
        assert_eq!(Bytes(5243).to_mb_string(), "0.01");
    }

    #[test]
    fn people_read_amounts_and_prices() {
        assert_eq!(Bytes(1_342_177_280).to_string(), "1.25 GB");
        assert_eq!(Bytes::mb(512).to_string(), "512 MB");
        assert_eq!(Rupiah(1_250_000).to_string(), "Rp 1.250.000");
        assert_eq!(Rupiah(999).to_string(), "Rp 999");
    }
}
