//! What was sold: by day, method and cashier, and every order.

use jiff::ToSpan;
use jiff::civil::Date;

use super::span::Days;
use crate::agent::engine::Engine;
use crate::clock::Zone;
use crate::domain::units::Rupiah;
use crate::protocol::admin::reports::{SalesReportView, SalesSumView};
use crate::protocol::admin::values::Day;
use crate::store::reports::{Income, Sale};
use crate::store::{Reader, StoreError};

/// Sales of a span, read from one moment of the store as they are sent.
pub(crate) struct Sales {
    reader: Reader,
    zone: Zone,
    days: Days,
}

impl SalesSumView {
    /// What is left of it.
    pub(crate) fn kept(&self) -> Rupiah {
        Rupiah(self.amount_rp.saturating_sub(self.refunded_rp))
    }

    fn of(day: Date, income: &Income) -> Self {
        Self {
            day: Some(Day(day)),
            method: Some(income.method.clone()),
            cashier: income.cashier.clone(),
            orders: income.orders,
            amount_rp: income.amount.0,
            refunded_rp: income.refunded.0,
            receipt_first: Some(income.receipts.0),
            receipt_last: Some(income.receipts.1),
        }
    }

    /// Adds another sum to it; whose it is stays.
    pub(crate) fn add(&mut self, other: &Self) {
        self.orders += other.orders;
        self.amount_rp = self.amount_rp.saturating_add(other.amount_rp);
        self.refunded_rp = self.refunded_rp.saturating_add(other.refunded_rp);
        let firsts = [self.receipt_first, other.receipt_first];
        self.receipt_first = firsts.into_iter().flatten().min();
        self.receipt_last = self.receipt_last.max(other.receipt_last);
    }

    /// The sum of sums.
    pub(crate) fn total(of: &[Self]) -> Self {
        let mut total = Self::default();
        for sum in of {
            total.add(sum);
        }
        total
    }
}

/// Sums of a span by day, method and cashier, without its orders, from a connection that may take its time.
pub(crate) fn sums(reader: &Reader, zone: &Zone, days: Days) -> Result<Vec<SalesSumView>, StoreError> {
    let mut sums = Vec::new();
    for day in days.each() {
        let start = sums.len();
        let (from, to) = (zone.day_start(day), zone.day_start(day.saturating_add(1.day())));
        sums.extend(reader.income(from, to)?.iter().map(|income| SalesSumView::of(day, income)));
        sums[start..].sort_unstable_by(|a, b| (&a.method, &a.cashier).cmp(&(&b.method, &b.cashier)));
    }
    Ok(sums)
}

impl Sales {
    /// Sales of `days` as they are on file now.
    pub fn of(engine: &Engine, days: Days) -> Result<Self, StoreError> {
        let reader = engine.new_reader()?;
        reader.freeze()?;
        Ok(Self { reader, zone: engine.zone().clone(), days })
    }

    /// Visits every order with the local day of its payment.
    pub fn each<E: From<StoreError>>(
        &self,
        mut visit: impl FnMut(Date, Sale) -> Result<(), E>,
    ) -> Result<(), E> {
        let (from, to) = (self.zone.day_start(self.days.from), self.zone.day_start(self.days.after()));
        self.reader.each_sale(from, to, |sale| visit(self.zone.local(sale.paid_at).date, sale))
    }

    /// Sums by day, method and cashier.
    pub fn sums(&self) -> Result<SalesReportView, StoreError> {
        let items = sums(&self.reader, &self.zone, self.days)?;
        let totals = SalesSumView::total(&items);
        let (from, to) = (Day(self.days.from), Day(self.days.to));
        Ok(SalesReportView { from, to, items, totals })
    }
}
