//! Bytes, rupiah and instants: the only 1024, and the only reader and printer of amounts like "1,5 GB".

use std::fmt;
use std::str::FromStr;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

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

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a decimal number with an optional unit.
    #[error("not an amount: write a number and a unit, like \"500 MB\" or \"1,5 GB\"")]
    Malformed,
    /// Above [`AMOUNT_BYTES_MAX`].
    #[error("too large: an amount is at most 1024 TB")]
    TooLarge,
}

/// Reads `"500 MB"`, `"1,5 GB"`, `"1.5gb"` and bare bytes. Fractions of a byte round half-up.
impl FromStr for Bytes {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let text = text.trim();
        let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let unit = match unit.to_ascii_uppercase().as_str() {
            "" | "B" => 1,
            "KB" => STEP,
            "MB" => MB,
            "GB" => GB,
            "TB" => STEP * GB,
            _ => return Err(AmountError::Malformed),
        };
        let number = number.trim_end().replace(',', ".");
        let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && number.starts_with(|c: char| c.is_ascii_digit())
            && number.ends_with(|c: char| c.is_ascii_digit());
        if !plain {
            return Err(AmountError::Malformed);
        }
        if number.len() > 20 {
            return Err(AmountError::TooLarge);
        }
        let bytes = Decimal::from_str(&number)
            .map_err(|_| AmountError::Malformed)?
            .checked_mul(Decimal::from(unit))
            .ok_or(AmountError::TooLarge)?
            .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
            .to_u64()
            .ok_or(AmountError::TooLarge)?;
        if bytes > AMOUNT_BYTES_MAX {
            return Err(AmountError::TooLarge);
        }
        Ok(Self(bytes))
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
            ("17", 17),
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
            "", "MB", "-1 MB", "+1 MB", "1e3", "1.2.3", "1,2.3", ".5 GB", "5. GB", "1 XB", "1 MBs", "½ GB",
            "NaN",
        ] {
            assert_eq!(text.parse::<Bytes>(), Err(AmountError::Malformed), "{text}");
        }
        for text in ["1025 TB", "99999999999999999999999999999", "18446744073709551616"] {
            assert_eq!(text.parse::<Bytes>(), Err(AmountError::TooLarge), "{text}");
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
