//! What was sold, as JSON and as a table.

use std::io;

use jiff::civil::Date;

use super::format::{Record, Report};
use crate::agent::reports::sales::Sales;
use crate::clock::rfc3339;
use crate::protocol::admin::reports::SalesSumView;
use crate::store::export::ExportError;
use crate::store::reports::Sale;
use crate::tools::or_empty;
use crate::web::stream::Feed;

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
        Ok(serde_json::to_writer(out, &self.sums()?).map_err(io::Error::from)?)
    }

    fn rows(self, record: Record) -> Result<(), ExportError> {
        let sum = |row: &str, sum: &SalesSumView| {
            let mut cells = vec![
                row.to_owned(),
                or_empty(sum.day.map(|day| day.0)),
                or_empty(sum.method.as_ref()),
                or_empty(sum.cashier.as_ref()),
                sum.orders.to_string(),
                sum.amount_rp.to_string(),
                sum.refunded_rp.to_string(),
                or_empty(sum.receipt_first),
                or_empty(sum.receipt_last),
            ];
            cells.resize(Self::COLUMNS.len(), String::new());
            cells
        };
        let view = self.sums()?;
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
        or_empty(sale.cashier.as_ref()),
        "1".to_owned(),
        sale.amount.0.to_string(),
        sale.refunded.0.to_string(),
        or_empty(sale.receipt),
        or_empty(sale.receipt),
        sale.order.clone(),
        sale.user.clone(),
        sale.kind.clone(),
        sale.status.clone(),
        rfc3339(sale.paid_at),
    ]
}
