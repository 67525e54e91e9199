//! What was sold: by day, method and cashier, and every order.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;

use super::span::Days;
use crate::agent::engine::Engine;
use crate::clock::Zone;
use crate::domain::units::Rupiah;
use crate::protocol::admin::reports::{SalesReportView, SalesSumView};
use crate::protocol::admin::values::Day;
use crate::store::reports::Sale;
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

    fn add(&mut self, sale: &Sale) {
        self.orders += 1;
        self.amount_rp = self.amount_rp.saturating_add(sale.amount.0);
        self.refunded_rp = self.refunded_rp.saturating_add(sale.refunded.0);
        let either = |a: Option<u64>, pick: fn(u64, u64) -> u64| match (a, sale.receipt) {
            (Some(a), Some(b)) => Some(pick(a, b)),
            (a, b) => a.or(b),
        };
        self.receipt_first = either(self.receipt_first, u64::min);
        self.receipt_last = either(self.receipt_last, u64::max);
    }
}

/// Sums by local day, method and cashier.
type SumsByKey = BTreeMap<(Date, String, Option<String>), SalesSumView>;

fn listed(sums: SumsByKey) -> Vec<SalesSumView> {
    let keyed = |((day, method, cashier), sum)| SalesSumView {
        day: Some(Day(day)),
        method: Some(method),
        cashier,
        ..sum
    };
    sums.into_iter().map(keyed).collect()
}

/// Sums of a span by day, method and cashier, without its orders, from a connection that may take its time.
pub(crate) fn sums(reader: &Reader, zone: &Zone, days: Days) -> Result<Vec<SalesSumView>, StoreError> {
    let mut sums = SumsByKey::new();
    let mut day = (days.from, zone.day_start(days.from));
    for income in reader.income(zone.day_start(days.from), zone.day_start(days.after()))? {
        // They come by time, so the zone is asked once for each day.
        if income.at >= day.1 {
            let date = zone.local(income.at).date;
            day = (date, zone.day_start(date.saturating_add(1.day())));
        }
        let sum = sums.entry((day.0, income.method, income.cashier)).or_default();
        sum.orders += income.orders;
        sum.amount_rp = sum.amount_rp.saturating_add(income.amount.0);
        sum.refunded_rp = sum.refunded_rp.saturating_add(income.refunded.0);
    }
    Ok(listed(sums))
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
        let mut sums = SumsByKey::new();
        let mut totals = SalesSumView::default();
        self.each(|day, sale| {
            totals.add(&sale);
            let key = (day, sale.method.clone(), sale.cashier.clone());
            sums.entry(key).or_default().add(&sale);
            Ok::<_, StoreError>(())
        })?;
        let (from, to) = (Day(self.days.from), Day(self.days.to));
        Ok(SalesReportView { from, to, items: listed(sums), totals })
    }
}
