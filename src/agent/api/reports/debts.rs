//! What is owed, and whom to call, as JSON and as tables.

use std::io::Write;

use jiff::civil::Date;

use super::format::{JsonList, Record, Report};
use crate::agent::reports::collection::CallList;
use crate::agent::reports::debts::DebtList;
use crate::protocol::admin::reports::CallView;
use crate::store::export::ExportError;
use crate::tools::or_empty;
use crate::web::stream::Feed;

/// How the list of a day begins.
fn dated(day: Date) -> String {
    format!("\"date\":\"{day}\"")
}

impl Report for DebtList {
    const NAME: &'static str = "debts";
    /// `row` is `debt`, `overage` or `total`.
    const COLUMNS: &'static [&'static str] = &[
        "row",
        "user_id",
        "name",
        "phone",
        "debt_id",
        "debt_date",
        "due_date",
        "age_days",
        "late_days",
        "bytes",
        "due_rp",
        "note",
        "customer_note",
    ];

    fn json(self, out: &mut Feed) -> Result<(), ExportError> {
        let mut list = JsonList::begin(out, &dated(self.today))?;
        let totals = self.each(|user| list.item(user))?;
        Ok(list.end(&totals)?.write_all(b"}")?)
    }

    fn rows(self, record: Record) -> Result<(), ExportError> {
        let totals = self.each(|user| {
            let who = [user.user_id.to_string(), user.name.clone(), or_empty(user.phone.as_ref())];
            for debt in &user.debts {
                let what = [
                    debt.id.to_string(),
                    debt.debt_date.0.to_string(),
                    debt.due_date.0.to_string(),
                    debt.age_days.to_string(),
                    debt.late_days.to_string(),
                    debt.unpaid_bytes.to_string(),
                    or_empty(debt.due_rp),
                    debt.note.clone(),
                    debt.customer_note.clone(),
                ];
                let row: Vec<String> =
                    ["debt".to_owned()].into_iter().chain(who.clone()).chain(what).collect();
                record(&row)?;
            }
            if user.overage_bytes > 0 {
                let (bytes, rp) = (user.overage_bytes.to_string(), or_empty(user.overage_rp));
                record(&sum("overage", who, &bytes, &rp))?;
            }
            Ok(())
        })?;
        let bytes = totals.unpaid_bytes.saturating_add(totals.overage_bytes).to_string();
        Ok(record(&sum("total", <[String; 3]>::default(), &bytes, &totals.due_rp.to_string()))?)
    }
}

/// A row without an item.
fn sum(row: &str, who: [String; 3], bytes: &str, rp: &str) -> Vec<String> {
    let empty = std::iter::repeat_n(String::new(), 5);
    let cells = [row.to_owned()].into_iter().chain(who).chain(empty);
    cells.chain([bytes.to_owned(), rp.to_owned(), String::new(), String::new()]).collect()
}

impl Report for CallList {
    const NAME: &'static str = "collection";
    const COLUMNS: &'static [&'static str] =
        &["state", "user_id", "name", "phone", "due_date", "total_debt_bytes", "amount_rp"];

    fn json(self, out: &mut Feed) -> Result<(), ExportError> {
        let mut list = JsonList::begin(out, &dated(self.today))?;
        let totals = self.each(|user| list.item(user))?;
        Ok(list.end(&totals)?.write_all(b"}")?)
    }

    fn rows(self, record: Record) -> Result<(), ExportError> {
        let row = |call: &CallView| {
            vec![
                call.state.name().to_owned(),
                call.user_id.to_string(),
                call.name.clone(),
                or_empty(call.phone.as_ref()),
                or_empty(call.due_date.map(|day| day.0)),
                call.total_debt_bytes.to_string(),
                or_empty(call.amount_rp),
            ]
        };
        self.each(|call| Ok(record(&row(call))?)).map(drop)
    }
}
