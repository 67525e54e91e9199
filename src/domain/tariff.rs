//! The one price function, and the quotes made with it.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use super::account::Account;
use super::debt::DebtItem;
use super::order::{Item, Line, Quote};
use super::package::Package;
use super::units::{Bytes, Rupiah};

/// The packages on sale and how prices round.
#[derive(Clone, Copy, Debug)]
pub struct Tariff<'a> {
    /// Every package; those not on sale, unlimited or free are passed over.
    pub packages: &'a [Package],
    /// Quoted debts are rounded up to a multiple of this; 0 and 1 round to whole rupiah.
    pub rounding: Rupiah,
}

/// Why nothing can be quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// No package to take the price from.
    #[error(
        "no package with quota and price is on sale, so this debt has no price; add a package or give the debt its own price"
    )]
    NoPackage,
    /// A sum larger than money here can be.
    #[error("the price is too large to be charged")]
    TooLarge,
}

/// One thing that a user owes.
#[derive(Clone, Copy, Debug)]
pub struct DebtLine<'a> {
    /// The item; `None` is usage beyond the quota.
    pub item: Option<&'a DebtItem>,
    /// Bytes still owed; zero for an unlimited plan.
    pub bytes: Bytes,
    /// What must be paid for it.
    pub price: Result<Rupiah, PriceError>,
}

/// What must be paid for all of `lines`. An error when one of them has no price: a part is never the sum.
pub fn total<'a>(lines: impl IntoIterator<Item = &'a DebtLine<'a>>) -> Result<Rupiah, PriceError> {
    lines.into_iter().try_fold(Rupiah::ZERO, |sum, line| line.price.map(|price| sum.plus(price)))
}

impl Tariff<'_> {
    /// Everything a user owes, line by line: open items, oldest first, then usage beyond the quota.
    pub fn owed<'a>(&self, account: &'a Account) -> Vec<DebtLine<'a>> {
        let mut lines: Vec<DebtLine> = self.each_owed(account).collect();
        lines.sort_by_key(|line| {
            (line.item.is_none(), line.item.map(|item| (item.debt_date, item.created_at)))
        });
        lines
    }

    /// The same in no order, for sums over everybody.
    pub fn each_owed<'a>(&self, account: &'a Account) -> impl Iterator<Item = DebtLine<'a>> {
        let item =
            |item: &'a DebtItem| DebtLine { item: Some(item), bytes: item.unpaid(), price: self.due(item) };
        let overage = account.balance.overage();
        let over =
            (!overage.is_zero()).then(|| DebtLine { item: None, bytes: overage, price: self.quote(overage) });
        account.items.iter().filter(|item| item.is_open()).map(item).chain(over)
    }

    /// The price of `debt` bytes: the reference package's price in proportion, rounded up. Zero stays zero.
    pub fn quote(&self, debt: Bytes) -> Result<Rupiah, PriceError> {
        if debt.is_zero() {
            return Ok(Rupiah::ZERO);
        }
        let (quota, price) = self.reference(debt).ok_or(PriceError::NoPackage)?;
        let raw = scale(price, debt, quota)?
            .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
            .to_u64()
            .ok_or(PriceError::TooLarge)?;
        let step = self.rounding.0.max(1);
        raw.div_ceil(step).checked_mul(step).map(Rupiah).ok_or(PriceError::TooLarge)
    }

    /// The smallest package that holds `debt`, else the largest; ties by lower price. Never the cheapest.
    fn reference(&self, debt: Bytes) -> Option<(Bytes, Rupiah)> {
        let on_sale = self.packages.iter().filter(|p| p.active && p.price > Rupiah::ZERO);
        let on_sale = on_sale.filter_map(|p| Some((p.quota.filter(|q| !q.is_zero())?, p.price)));
        // Small ones that hold it come first, then those that do not, the large ones first.
        let rank = |(quota, _): &(Bytes, Rupiah)| {
            let is_short = *quota < debt;
            (is_short, if is_short { u64::MAX - quota.0 } else { quota.0 })
        };
        on_sale.min_by_key(|package| (rank(package), package.1))
    }

    /// What a debt item costs untouched: its own price, else the quote of all its bytes.
    fn full_price(&self, item: &DebtItem) -> Result<Rupiah, PriceError> {
        match (item.price, item.amount) {
            (Some(price), _) => Ok(price),
            (None, Some(amount)) => self.quote(amount),
            (None, None) => Err(PriceError::NoPackage),
        }
    }

    /// What must still be paid for a debt item.
    pub fn due(&self, item: &DebtItem) -> Result<Rupiah, PriceError> {
        match (item.price, item.amount) {
            _ if !item.is_open() => Ok(Rupiah::ZERO),
            (Some(price), Some(amount)) if !item.paid.is_zero() => scale(price, item.unpaid(), amount)?
                .round_dp_with_strategy(0, RoundingStrategy::ToPositiveInfinity)
                .to_u64()
                .map(Rupiah)
                .ok_or(PriceError::TooLarge),
            (Some(price), _) => Ok(price),
            (None, Some(_)) => self.quote(item.unpaid()),
            (None, None) => Err(PriceError::NoPackage),
        }
    }

    /// The quote for paying one item whole.
    pub fn settle_item(&self, item: &DebtItem) -> Result<Line, PriceError> {
        Ok(Line {
            item: Item::Debt { id: item.id, price: self.full_price(item)? },
            // A bill is called by its day: its note is the owner's own and stays with it.
            name: item.debt_date.to_string(),
            bytes: item.unpaid(),
            price: self.due(item)?,
        })
    }

    /// The quote for everything a user owes: every open item, oldest first, and the overage.
    pub fn settle_all(&self, account: &Account) -> Result<Quote, PriceError> {
        let line = |owed: DebtLine<'_>| match owed.item {
            Some(item) => self.settle_item(item),
            None => {
                Ok(Line { item: Item::Overage, name: String::new(), bytes: owed.bytes, price: owed.price? })
            }
        };
        let lines = self.owed(account).into_iter().map(line).collect::<Result<_, _>>()?;
        Ok(Quote { lines })
    }

    /// The quote for paying `amount` rupiah of the debt items, oldest first. `None` when the items owe less, or
    /// when the money ends inside an item that must be paid whole.
    pub fn part_payment(&self, account: &Account, amount: Rupiah) -> Result<Option<Quote>, PriceError> {
        let mut left = amount;
        let mut lines = Vec::new();
        for item in account.open_items() {
            if left == Rupiah::ZERO {
                break;
            }
            let whole = self.settle_item(item)?;
            if left >= whole.price {
                left = left.minus(whole.price);
                lines.push(whole);
            } else if item.amount.is_none() {
                return Ok(None);
            } else {
                // Less than is due pays in proportion, rounded down: the last rupiah closes the item.
                let bytes = u128::from(whole.bytes.0) * u128::from(left.0) / u128::from(whole.price.0);
                let bytes = Bytes(u64::try_from(bytes).map_err(|_| PriceError::TooLarge)?);
                lines.push(Line { bytes, price: left, ..whole });
                left = Rupiah::ZERO;
            }
        }
        Ok((left == Rupiah::ZERO).then_some(Quote { lines }))
    }
}

/// `price * part / whole`, exact to the digits of a decimal.
fn scale(price: Rupiah, part: Bytes, whole: Bytes) -> Result<Decimal, PriceError> {
    Decimal::from(price.0)
        .checked_mul(Decimal::from(part.0))
        .and_then(|d| d.checked_div(Decimal::from(whole.0)))
        .ok_or(PriceError::TooLarge)
}

#[cfg(test)]
#[path = "tariff_tests.rs"]
mod tests;
