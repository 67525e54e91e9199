//! What was used, as JSON and as a table.

use std::io::{self, Write};

use super::format::{JsonList, Record, Report};
use crate::agent::reports::span::Days;
use crate::agent::reports::usage::Source;
use crate::protocol::admin::reports::{DailyUsageView, UsageTotalsView};
use crate::protocol::admin::values::Day;
use crate::store::export::ExportError;
use crate::store::{StoreError, UsageSum};
use crate::web::stream::Feed;

impl UsageTotalsView {
    fn of(sum: UsageSum) -> Self {
        Self { bytes: sum.bytes.0, mb: sum.bytes.into(), unenforced_bytes: sum.unenforced.0 }
    }
}

/// Hands out a row for each sum, and answers with the total.
fn each_row(
    source: &Source,
    mut visit: impl FnMut(&DailyUsageView) -> Result<(), ExportError>,
) -> Result<UsageTotalsView, ExportError> {
    let users = source.reader.user_names()?;
    let mut total = UsageSum::default();
    source.each_sum(|day, user, sum| {
        let user = users.get(&user).ok_or_else(|| StoreError::Nonsense(format!("user {user} is gone")))?;
        total = total.plus(sum);
        let UsageTotalsView { bytes, mb, unenforced_bytes } = UsageTotalsView::of(sum);
        let (user_id, name) = user.clone();
        visit(&DailyUsageView { day: Day(day), user_id, name, bytes, mb, unenforced_bytes })
    })?;
    Ok(UsageTotalsView::of(total))
}

impl Report for Source {
    const NAME: &'static str = "usage";
    const COLUMNS: &'static [&'static str] = &["day", "user_id", "name", "bytes", "mb", "unenforced_bytes"];

    fn json(self, out: &mut Feed) -> Result<(), ExportError> {
        let Days { from, to } = self.days;
        let mut list = JsonList::begin(out, &format!("\"from\":\"{from}\",\"to\":\"{to}\""))?;
        let total = each_row(&self, |row| list.item(row))?;
        let out = list.end(&total)?;
        if !self.lost.is_empty() {
            out.write_all(b",\"tables_lost\":")?;
            serde_json::to_writer(&mut *out, &self.lost).map_err(io::Error::from)?;
        }
        Ok(out.write_all(b"}")?)
    }

    fn rows(self, record: Record) -> Result<(), ExportError> {
        let total = each_row(&self, |row| {
            Ok(record(&[
                row.day.0.to_string(),
                row.user_id.to_string(),
                row.name.clone(),
                row.bytes.to_string(),
                row.mb.0.clone(),
                row.unenforced_bytes.to_string(),
            ])?)
        })?;
        let empty = String::new;
        let (bytes, unenforced) = (total.bytes.to_string(), total.unenforced_bytes.to_string());
        Ok(record(&["total".to_owned(), empty(), empty(), bytes, total.mb.0, unenforced])?)
    }
}
