//! Ways to pay, and what each allows.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// A bank with virtual accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VaBank {
    /// Bank Central Asia.
    Bca,
    /// Bank Negara Indonesia.
    Bni,
    /// Bank Rakyat Indonesia.
    Bri,
    /// CIMB Niaga.
    Cimb,
    /// Permata.
    Permata,
}

impl VaBank {
    /// As written in `bank_transfer.bank` and `va_numbers[].bank`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Bca => "bca",
            Self::Bni => "bni",
            Self::Bri => "bri",
            Self::Cimb => "cimb",
            Self::Permata => "permata",
        }
    }
}

/// A way to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PayMethod {
    /// A QRIS code, for every wallet and bank.
    Qris,
    /// The GoPay wallet.
    Gopay,
    /// The ShopeePay wallet.
    Shopeepay,
    /// A virtual account at a bank.
    Va(VaBank),
    /// A bill at Mandiri.
    Echannel,
    /// A card; by the Snap page only.
    Card,
}

impl PayMethod {
    /// Every method, in the order of the Snap page.
    pub const ALL: [Self; 10] = [
        Self::Qris,
        Self::Gopay,
        Self::Shopeepay,
        Self::Va(VaBank::Bca),
        Self::Va(VaBank::Bni),
        Self::Va(VaBank::Bri),
        Self::Va(VaBank::Cimb),
        Self::Va(VaBank::Permata),
        Self::Echannel,
        Self::Card,
    ];

    /// One name for each: as in `enabled_payments` of Snap, where QRIS is also `other_qris`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Qris => "qris",
            Self::Gopay => "gopay",
            Self::Shopeepay => "shopeepay",
            Self::Va(VaBank::Bca) => "bca_va",
            Self::Va(VaBank::Bni) => "bni_va",
            Self::Va(VaBank::Bri) => "bri_va",
            Self::Va(VaBank::Cimb) => "cimb_va",
            Self::Va(VaBank::Permata) => "permata_va",
            Self::Echannel => "echannel",
            Self::Card => "credit_card",
        }
    }

    /// As in `payment_type`.
    pub fn payment_type(self) -> &'static str {
        match self {
            Self::Va(_) => "bank_transfer",
            other => other.code(),
        }
    }

    /// What the Snap page calls it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Qris => "QRIS",
            Self::Gopay => "GoPay",
            Self::Shopeepay => "ShopeePay",
            Self::Va(VaBank::Bca) => "BCA Virtual Account",
            Self::Va(VaBank::Bni) => "BNI Virtual Account",
            Self::Va(VaBank::Bri) => "BRI Virtual Account",
            Self::Va(VaBank::Cimb) => "CIMB Niaga Virtual Account",
            Self::Va(VaBank::Permata) => "Permata Virtual Account",
            Self::Echannel => "Mandiri Bill Payment",
            Self::Card => "Kartu Kredit",
        }
    }

    /// How long a code lives when nobody says.
    pub(super) fn expiry_default(self) -> Duration {
        match self {
            Self::Qris | Self::Gopay | Self::Shopeepay => 15 * MINUTE,
            Self::Va(_) | Self::Echannel | Self::Card => DAY,
        }
    }

    /// How long it may live at most. The documentation gives none for QRIS; the wallet decides.
    pub(super) fn expiry_max(self) -> Duration {
        match self {
            Self::Qris | Self::Gopay => 7 * DAY,
            Self::Shopeepay => 5 * DAY,
            Self::Va(_) | Self::Echannel | Self::Card => 180 * DAY,
        }
    }

    /// How long after the payment it can be given back; `None`: never. `on_us`: payer and acquirer of a QRIS code
    /// are the same wallet.
    pub(super) fn refund_window(self, on_us: bool) -> Option<Duration> {
        match self {
            Self::Qris if on_us => Some(45 * DAY),
            Self::Qris => Some(7 * DAY),
            Self::Gopay => Some(45 * DAY),
            Self::Shopeepay | Self::Card => Some(365 * DAY),
            Self::Va(_) | Self::Echannel => None,
        }
    }

    /// Whether a settled payment may still be taken back within minutes.
    pub(super) fn may_reverse(self) -> bool {
        matches!(self, Self::Va(VaBank::Permata) | Self::Echannel)
    }
}

impl fmt::Display for PayMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Reads names of `enabled_payments`, of payment types and of banks. The error is the name.
impl FromStr for PayMethod {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|method| match method {
            Self::Va(bank) => name == method.code() || name == bank.code(),
            Self::Qris => matches!(name, "qris" | "other_qris"),
            Self::Echannel => matches!(name, "echannel" | "mandiri_bill"),
            _ => name == method.code(),
        });
        known.ok_or_else(|| name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_found_by_its_names() {
        for method in PayMethod::ALL {
            assert_eq!(method.code().parse(), Ok(method));
        }
        assert_eq!("other_qris".parse(), Ok(PayMethod::Qris));
        assert_eq!("permata".parse(), Ok(PayMethod::Va(VaBank::Permata)));
        assert_eq!("kredivo".parse::<PayMethod>(), Err("kredivo".to_owned()));
    }
}
