//! Quotes: prices frozen at the moment of ordering, line by line, and how they are paid.

use super::id::{DebtId, PackageId};
use super::ledger::named;
use super::units::{Bytes, Rupiah};

/// What one line of a quote pays for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A package.
    Package {
        /// Which.
        id: PackageId,
        /// Whether it is an unlimited plan; then the line's bytes are zero.
        unlimited: bool,
        /// Days it is valid.
        days: u32,
    },
    /// A debt item, whole or in part.
    Debt {
        /// Which.
        id: DebtId,
        /// The item's full price, which a first part payment freezes.
        price: Rupiah,
    },
    /// Usage beyond what was paid for.
    Overage,
}

/// One line of a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it pays for.
    pub item: Item,
    /// For people.
    pub name: String,
    /// Bytes it gives or settles.
    pub bytes: Bytes,
    /// Its price.
    pub price: Rupiah,
}

/// A frozen price with its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    /// What it is made of, oldest debt first, overage last.
    pub lines: Vec<Line>,
}

impl Quote {
    /// What must be paid: exactly this.
    pub fn total(&self) -> Rupiah {
        self.lines.iter().fold(Rupiah::ZERO, |sum, line| sum.plus(line.price))
    }
}

named! {
    /// What an order is for.
    OrderKind {
        /// A package.
        Purchase = "purchase",
        /// Every open item and the overage.
        SettleAll = "settle_all",
        /// One debt item.
        SettleItem = "settle_item",
        /// Part of the debt items, oldest first.
        PartPayment = "part_payment",
    }
}

named! {
    /// How a cashier took the money.
    CashMethod {
        /// Coins and notes.
        Cash = "cash",
        /// A bank transfer the cashier saw arrive.
        Transfer = "transfer",
        /// A printed QRIS code, seen by the cashier.
        QrisStatic = "qris_static",
    }
}
