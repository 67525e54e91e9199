//! What was sold: by day, method and cashier, and every order.

use std::collections::BTreeMap;
use std::io;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Serialize, Serializer};

use super::{Days, Record, Report, cell};
use crate::agent::http::state::AppState;
use crate::clock::{Zone, rfc3339};
use crate::domain::units::Rupiah;
use crate::store::export::ExportError;
use crate::store::reports::Sale;
use crate::store::{Reader, StoreError};
use crate::web::Problem;
use crate::web::stream::Feed;

/// Sales of a span, read from one moment of the store as they are sent.
pub(crate) struct Sales {
    reader: Reader,
    zone: Zone,
    days: Days,
}

#[derive(Serialize)]
struct View {
    from: String,
    to: String,
    items: Vec<Sum>,
    totals: Sum,
}

/// Orders of one day, method and cashier, or all of them.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Sum {
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub day: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    pub cashier: Option<String>,
    pub orders: u64,
    pub amount_rp: u64,
    /// What went back of these orders, on whatever day.
    pub refunded_rp: u64,
    receipt_first: Option<u64>,
    receipt_last: Option<u64>,
}

/// A day as the API writes it.
#[allow(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn as_text<S: Serializer>(day: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
    day.map(|day| day.to_string()).serialize(serializer)
}

impl Sum {
    /// What is left of it.
    pub fn kept(&self) -> Rupiah {
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

pub(crate) async fn report(app: &AppState, days: Days) -> Result<Sales, Problem> {
    app.look(move |engine| {
        let reader = engine.new_reader()?;
        reader.freeze()?;
        Ok(Sales { reader, zone: engine.zone().clone(), days })
    })
    .await
}

/// Sums of a span by day, method and cashier, without its orders, from a connection that may take its time.
pub(crate) fn sums(reader: &Reader, zone: &Zone, days: Days) -> Result<Vec<Sum>, StoreError> {
    let mut sums: BTreeMap<(Date, String, Option<String>), Sum> = BTreeMap::new();
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
    let named = |((day, method, cashier), sum)| Sum { day: Some(day), method: Some(method), cashier, ..sum };
    Ok(sums.into_iter().map(named).collect())
}

impl Sales {
    /// Visits every order with the local day of its payment.
    fn each<E: From<StoreError>>(
        &self,
        mut page_request: impl FnMut(Date, Sale) -> Result<(), E>,
    ) -> Result<(), E> {
        let (from, to) = (self.zone.day_start(self.days.from), self.zone.day_start(self.days.after()));
        self.reader.each_sale(from, to, |sale| page_request(self.zone.local(sale.paid_at).date, sale))
    }

    fn view(&self) -> Result<View, StoreError> {
        let mut sums: BTreeMap<(Date, String, Option<String>), Sum> = BTreeMap::new();
        let mut totals = Sum::default();
        self.each(|day, sale| {
            totals.add(&sale);
            let key = (day, sale.method.clone(), sale.cashier.clone());
            sums.entry(key).or_default().add(&sale);
            Ok::<_, StoreError>(())
        })?;
        let named =
            |((day, method, cashier), sum)| Sum { day: Some(day), method: Some(method), cashier, ..sum };
        let items = sums.into_iter().map(named).collect();
        Ok(View { from: self.days.from.to_string(), to: self.days.to.to_string(), items, totals })
    }
}

impl Report for Sales {
    const NAME: &'static str = "sales";
    /// `row` is `sum`, `order` or `total`.
    const COLUMNS: &'static [&'static str] = &[
        "row",
        "day",
        "method",
        "cashier",
        "orders",
        "amount_rp",
        "refunded_rp",
        "receipt_first",
        "receipt_last",
        "order_id",
        "user",
        "kind",
        "status",
        "paid_at",
    ];

    fn json(self, out: &mut Feed) -> Result<(), ExportError> {
        Ok(serde_json::to_writer(out, &self.view()?).map_err(io::Error::from)?)
    }

    fn rows(self, record: Record) -> Result<(), ExportError> {
        let sum = |row: &str, sum: &Sum| {
            let mut cells = vec![
                row.to_owned(),
                cell(sum.day),
                cell(sum.method.as_ref()),
                cell(sum.cashier.as_ref()),
                sum.orders.to_string(),
                sum.amount_rp.to_string(),
                sum.refunded_rp.to_string(),
                cell(sum.receipt_first),
                cell(sum.receipt_last),
            ];
            cells.resize(Self::COLUMNS.len(), String::new());
            cells
        };
        let view = self.view()?;
        for item in &view.items {
            record(&sum("sum", item))?;
        }
        self.each(|day, sale| Ok::<_, ExportError>(record(&order(day, &sale))?))?;
        Ok(record(&sum("total", &view.totals))?)
    }
}

fn order(day: Date, sale: &Sale) -> Vec<String> {
    vec![
        "order".to_owned(),
        day.to_string(),
        sale.method.clone(),
        cell(sale.cashier.as_ref()),
        "1".to_owned(),
        sale.amount.0.to_string(),
        sale.refunded.0.to_string(),
        cell(sale.receipt),
        cell(sale.receipt),
        sale.order.clone(),
        sale.user.clone(),
        sale.kind.clone(),
        sale.status.clone(),
        rfc3339(sale.paid_at),
    ]
}
