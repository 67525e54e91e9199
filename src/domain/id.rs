//! Names of things: users, devices, packages, debts, orders and events.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::text::{cell, quoted};

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id! {
    /// A subscriber of the hotspot.
    UserId
}
uuid_id! {
    /// A package on sale.
    PackageId
}
uuid_id! {
    /// A debt item.
    DebtId
}

/// One attempt to pay one quote. For an online order this is the gateway's `order_id`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderId(pub String);

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A hardware address, the name of a device. Ordered and stored as its 48-bit number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

/// A text that is not the address of a device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MacError {
    /// Not twelve hexadecimal digits.
    #[error("{} is not a MAC address: write six hexadecimal pairs, like 02:00:00:AB:CD:EF", quoted(.0))]
    Malformed(String),
    /// Broadcast, multicast or all zero.
    #[error("{} is not the address of a single device: look on its label, like 02:00:00:AB:CD:EF", quoted(.0))]
    NotOne(String),
}

impl Mac {
    /// Whether a single device can own it: not broadcast or multicast, not all zero.
    pub fn is_unicast(self) -> bool {
        self.0[0] & 1 == 0 && self.0 != [0; 6]
    }

    /// Whether the device made it up, as phones do for each network, instead of having it from its maker.
    pub fn is_random(self) -> bool {
        self.0[0] & 2 != 0
    }

    /// Reads the address of one device, as people write it or labels show it.
    pub fn of_device(text: &str) -> Result<Self, MacError> {
        let mac: Self = text.parse()?;
        if mac.is_unicast() { Ok(mac) } else { Err(MacError::NotOne(text.to_owned())) }
    }

    /// The address written in groups of one size, or in one.
    fn of_groups(text: &str) -> Option<Self> {
        let separator = text.chars().find(|c| !c.is_ascii_hexdigit());
        let size = match separator {
            Some(':' | '-') => 2,
            Some('.') => 4,
            None => 12,
            Some(_) => return None,
        };
        let (mut number, mut digits) = (0_u64, 0);
        for group in text.split(|c| Some(c) == separator) {
            if group.len() != size {
                return None;
            }
            for digit in group.chars() {
                number = number << 4 | u64::from(digit.to_digit(16)?);
                digits += 1;
            }
        }
        (digits == 12).then(|| Self::from_u64(number))
    }

    /// The address as a number of 48 bits: a narrow key for tables.
    pub fn to_u64(self) -> u64 {
        self.0.iter().fold(0, |n, b| (n << 8) | u64::from(*b))
    }

    /// The address from its number; bits above the 48th are ignored.
    pub fn from_u64(number: u64) -> Self {
        let b = number.to_be_bytes();
        Self([b[2], b[3], b[4], b[5], b[6], b[7]])
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (no, byte) in self.0.iter().enumerate() {
            let mark = if no == 0 { "" } else { ":" };
            write!(f, "{mark}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads pairs with colons or dashes between, groups of four with points (`0200.00ab.cdef`), and twelve digits alone, in
/// either case.
impl FromStr for Mac {
    type Err = MacError;

    fn from_str(text: &str) -> Result<Self, MacError> {
        // Most are written by a router, whose rows are many: nothing to take off, and nothing to copy.
        let mac = Self::of_groups(text).or_else(|| Self::of_groups(&cell(text)));
        mac.ok_or_else(|| MacError::Malformed(text.to_owned()))
    }
}

impl Serialize for Mac {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mac {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_is_read_in_either_case_and_printed_in_one() {
        let mac: Mac = "02-00-00-ab-cd-ef".parse().unwrap();
        for text in ["020000abcdef", "0200.00AB.cdef", " 02:00:00:ab:cd:ef\u{200b}"] {
            assert_eq!(text.parse(), Ok(mac), "{text:?}");
        }
        assert_eq!(mac.to_string(), "02:00:00:AB:CD:EF");
        assert_eq!(Mac::from_u64(mac.to_u64()), mac);
    }

    #[test]
    fn other_texts_are_no_mac() {
        for text in [
            "",
            "02:00:00:AB:CD",
            "02:00:00:AB:CD:EF:00",
            "2:0:0:AB:CD:EF",
            "+2:00:00:AB:CD:EF",
            "02:0000:AB:CD:EF",
            "02:00-00:AB:CD:EF",
            "020.000.abc.def",
            "0x02C01D002701",
        ] {
            assert_eq!(text.parse::<Mac>(), Err(MacError::Malformed(text.to_owned())), "{text}");
        }
        assert!(Mac::of_device("FF:FF:FF:FF:FF:FF").unwrap_err().to_string().contains("single device"));
    }
}
