//! Values in requests, validated one by one: a value that is accepted here is safe to use.

use std::fmt;
use std::marker::PhantomData;

use jiff::civil::Date;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::access::Status;
use crate::domain::account::Overage;
use crate::domain::id::Mac;
use crate::domain::order;
use crate::domain::rfc3339::{parse_rfc3339, rfc3339};
use crate::domain::role::Role;
use crate::domain::units::{AMOUNT_BYTES_MAX, AMOUNT_RP_MAX, AmountError, Bytes, Rupiah, Timestamp};
use crate::domain::{login, phone, text as typed};

/// Longest name of a user, package or device.
pub(super) const NAME_CHARS_MAX: usize = 100;
/// Longest reason, note or reference.
pub(super) const TEXT_CHARS_MAX: usize = 500;
/// The most days that can be given at once: ten years.
pub(super) const DAYS_MAX: u32 = 3660;
/// Characters of an admin's name.
pub(super) const ADMIN_NAME_CHARS_MAX: usize = 64;
/// Shortest and longest password of an admin, in bytes.
pub(super) const PASSWORD_BYTES: std::ops::RangeInclusive<usize> = 8..=1024;
/// Names that the audit uses for callers who are not admins.
const RESERVED_NAMES: [&str; 4] = ["local", "kuotad", "relay", "portal"];

/// Reads whole numbers and texts into one type.
struct Read<T, N, S> {
    expects: &'static str,
    number: N,
    text: S,
    result: PhantomData<T>,
}

impl<T, N, S> Visitor<'_> for Read<T, N, S>
where
    N: FnOnce(u64) -> Result<T, String>,
    S: FnOnce(&str) -> Result<T, String>,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.expects)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        (self.number)(number).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        let number = u64::try_from(number).map_err(|_| E::custom("must not be negative"))?;
        (self.number)(number).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.text)(text).map_err(E::custom)
    }
}

/// Declares a value that is read from a JSON text.
macro_rules! text_field {
    ($(#[$attribute:meta])* $name:ident($inner:ty), $parse:expr, $write:expr) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(pub $inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = String::deserialize(d)?;
                let parse: fn(&str) -> Result<$inner, String> = $parse;
                parse(&text).map(Self).map_err(D::Error::custom)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                let write: fn(&$inner) -> String = $write;
                s.serialize_str(&write(&self.0))
            }
        }
    };
}

/// Declares a whole number within bounds.
macro_rules! number_field {
    ($(#[$doc:meta])* $name:ident($inner:ty), $bounds:expr, $make:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let number = u64::deserialize(d)?;
                let bounds = $bounds;
                if !bounds.contains(&number) {
                    let (min, max) = (bounds.start(), bounds.end());
                    return Err(D::Error::custom(format!("must be from {min} to {max}")));
                }
                let make: fn(u64) -> $inner = $make;
                Ok(Self(make(number)))
            }
        }
    };
}

/// Text is read by `read`; a whole number is bytes, at least `min`.
fn amount<'de, D: Deserializer<'de>>(
    d: D,
    min: u64,
    read: fn(&str) -> Result<Bytes, AmountError>,
) -> Result<Bytes, D::Error> {
    d.deserialize_any(Read {
        expects: "an amount like \"10 GB\" or whole bytes",
        number: move |bytes: u64| match bytes {
            b if b < min => Err("must be more than nothing".to_owned()),
            b if b > AMOUNT_BYTES_MAX => Err(AmountError::TooLarge.to_string()),
            b => Ok(Bytes(b)),
        },
        text: move |text: &str| read(text).map_err(|e| e.to_string()),
        result: PhantomData,
    })
}

/// An amount of quota or debt above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Amount(pub Bytes);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        amount(d, 1, Bytes::above_zero).map(Self)
    }
}

/// A limit; zero is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Limit(pub Bytes);

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        amount(d, 0, Bytes::limit).map(Self)
    }
}

number_field! {
    /// A price; zero is free.
    Price(Rupiah), 0..=AMOUNT_RP_MAX, Rupiah
}
number_field! {
    /// Money that is really paid or owed.
    Money(Rupiah), 1..=AMOUNT_RP_MAX, Rupiah
}
number_field! {
    /// Days given.
    DayCount(u32), 1..=u64::from(DAYS_MAX), |days| u32::try_from(days).unwrap_or(DAYS_MAX)
}
text_field! {
    /// A name for people.
    Name(String), |text| printable(text, 1, NAME_CHARS_MAX), String::clone
}
text_field! {
    /// A name for people that may be empty.
    Label(String), |text| printable(text, 0, NAME_CHARS_MAX), String::clone
}
text_field! {
    /// Why something was done.
    Reason(String), |text| printable(text, 1, TEXT_CHARS_MAX), String::clone
}
text_field! {
    /// Words for people that may be empty.
    Note(String), |text| printable(text, 0, TEXT_CHARS_MAX), String::clone
}
text_field! {
    /// A phone number as it was typed; the engine reads its international form.
    Phone(String), |text| phone::read(text).map(|phone| phone.typed).map_err(|error| error.to_string()),
    String::clone
}
text_field! {
    /// A user's log-in name.
    Login(String), |text| login::read(text).map_err(|error| error.to_string()), String::clone
}
text_field! {
    /// A device.
    DeviceMac(Mac), |text| Mac::of_device(text).map_err(|error| error.to_string()), Mac::to_string
}
text_field! {
    /// A calendar day.
    #[derive(Copy)]
    Day(Date), day, Date::to_string
}
text_field! {
    /// An instant.
    Instant(Timestamp), |text| parse_rfc3339(text).ok_or_else(|| "write an instant like 2026-11-22T07:05:00Z".into()),
    |at| rfc3339(*at)
}
text_field! {
    /// What an admin may do.
    RoleName(Role), |text| Role::from_name(text).ok_or_else(|| one_of(Role::ALL.map(Role::name))),
    |role| role.name().to_owned()
}
text_field! {
    /// A name for a new admin.
    AdminName(String), admin_name, String::clone
}
text_field! {
    /// A password for a new admin.
    Password(String), |text| match text.len() {
        bytes if PASSWORD_BYTES.contains(&bytes) => Ok(text.to_owned()),
        _ => Err(format!("must have {} to {} bytes", PASSWORD_BYTES.start(), PASSWORD_BYTES.end())),
    },
    String::clone
}

text_field! {
    /// An overage mode by its stable name.
    OverageName(Overage),
    |text| Overage::from_name(text).ok_or_else(|| one_of(Overage::ALL.iter().map(|mode| mode.name()))),
    |mode| mode.name().to_owned()
}
text_field! {
    /// A user's status by its stable name.
    StatusName(Status),
    |text| Status::from_name(text).ok_or_else(|| one_of(Status::ALL.iter().map(|status| status.name()))),
    |status| status.name().to_owned()
}
text_field! {
    /// How it is paid: to a cashier or through the gateway.
    MethodName(order::Method),
    |text| order::Method::from_name(text).ok_or_else(|| {
        "must be cash, transfer, qris_static, or an online method such as snap or qris".to_owned()
    }),
    |method| method.name().to_owned()
}

/// A sum in MB with two digits, as answers write it beside the bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Megabytes(pub String);

impl From<Bytes> for Megabytes {
    fn from(bytes: Bytes) -> Self {
        Self(bytes.to_mb_string())
    }
}

/// The error message for a word that is not in the list.
pub fn one_of(names: impl IntoIterator<Item = &'static str>) -> String {
    format!("must be one of {}", names.into_iter().collect::<Vec<_>>().join(", "))
}

fn printable(text: &str, min: usize, max: usize) -> Result<String, String> {
    let text = text.trim();
    let chars = text.chars().count();
    if chars < min || chars > max {
        return Err(format!("must have {min} to {max} characters"));
    }
    if text.chars().any(char::is_control) || typed::turns_direction(text) {
        return Err("must not have control characters, line breaks or marks that turn the text around".into());
    }
    Ok(text.to_owned())
}

fn day(text: &str) -> Result<Date, String> {
    let date = Some(text).filter(|text| text.len() == "2026-11-22".len()).and_then(|text| text.parse().ok());
    date.filter(|date: &Date| (1970..=9998).contains(&date.year()))
        .ok_or_else(|| "write a date like 2026-11-22".into())
}

fn admin_name(text: &str) -> Result<String, String> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'@');
    if text.is_empty() || text.len() > ADMIN_NAME_CHARS_MAX || !text.bytes().all(allowed) {
        return Err(format!("must be 1 to {ADMIN_NAME_CHARS_MAX} of the characters a-z A-Z 0-9 . _ - @"));
    }
    if RESERVED_NAMES.contains(&text) { Err("is reserved".into()) } else { Ok(text.to_owned()) }
}

/// For fields where null differs from absence: a present value is read, even null. Without `#[serde(default)]` the
/// field is required.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<T, D::Error> {
    T::deserialize(d)
}

/// The same for fields whose absence leaves the value unchanged.
pub fn changed<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<T>, D::Error> {
    T::deserialize(d).map(Some)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read<T: for<'de> Deserialize<'de>>(value: serde_json::Value) -> Option<T> {
        serde_json::from_value(value).ok()
    }

    #[test]
    fn amounts_are_words_or_whole_bytes_above_zero() {
        assert_eq!(read::<Amount>(json!("10 GB")).unwrap().0, Bytes::gb(10));
        assert_eq!(read::<Amount>(json!("1,5 GB")).unwrap().0, Bytes(1_610_612_736));
        assert_eq!(read::<Amount>(json!(17)).unwrap().0, Bytes(17));
        assert_eq!(read::<Limit>(json!(0)).unwrap().0, Bytes::ZERO);
        let bad = [
            json!(0),
            json!("0 MB"),
            json!(-1),
            json!(1.5),
            json!("x"),
            json!(null),
            json!(u64::MAX),
            json!([]),
        ];
        for value in bad {
            assert!(read::<Amount>(value.clone()).is_none(), "{value}");
        }
    }

    #[test]
    fn texts_are_trimmed_and_bounded() {
        assert_eq!(read::<Name>(json!("  Budi ")).unwrap().0, "Budi");
        for value in [json!(" "), json!("a\nb"), json!("a\u{0}"), json!("x".repeat(101)), json!(1)] {
            assert!(read::<Name>(value.clone()).is_none(), "{value}");
        }
        assert_eq!(read::<Phone>(json!("0812-3456 789")).unwrap().0, "0812-3456 789");
        for value in ["", "12", "+", "08x", "0812+3"] {
            assert!(read::<Phone>(json!(value)).is_none(), "{value}");
        }
        for value in ["01:00:00:00:00:01", "00:00:00:00:00:00", "FF:FF:FF:FF:FF:FF", "x"] {
            assert!(read::<DeviceMac>(json!(value)).is_none(), "{value}");
        }
        for value in ["2026-11-31", "2026-11-22T00:00", "22-11-2026", "2026-1-2"] {
            assert!(read::<Day>(json!(value)).is_none(), "{value}");
        }
        for value in ["", "local", "kuotad", "a/b", "a b"] {
            assert!(read::<AdminName>(json!(value)).is_none(), "{value}");
        }
    }
}
