//! What was used, as JSON and as a table.

use std::io::{self, Write};

use jiff::civil::Date;
use serde::Serialize;

use super::format::{Record, Report};
use crate::agent::reports::span::Days;
use crate::agent::reports::usage::Source;
use crate::domain::id::UserId;
use crate::store::export::ExportError;
use crate::store::{StoreError, UsageSum};
use crate::web::stream::Feed;

#[derive(Serialize)]
struct UsageLine<'a> {
    day: &'a str,
    user_id: UserId,
    name: &'a str,
    bytes: u64,
    mb: String,
    /// The part beyond the limit that should have stopped the user.
    unenforced_bytes: u64,
}

#[derive(Serialize)]
struct UsageTotals {
    bytes: u64,
    mb: String,
    unenforced_bytes: u64,
}

impl UsageTotals {
    fn of(sum: UsageSum) -> Self {
        Self { bytes: sum.bytes.0, mb: sum.bytes.to_mb_string(), unenforced_bytes: sum.unenforced.0 }
    }
}

/// Hands out each sum with the day as text and the user's id and name, and answers with the total.
fn each_row(
    source: &Source,
    mut visit: impl FnMut(&str, &(UserId, String), UsageSum) -> Result<(), ExportError>,
) -> Result<UsageSum, ExportError> {
    let users = source.reader.user_names()?;
    let mut total = UsageSum::default();
    let mut day = (Date::MIN, String::new());
    source.each_sum(|of, user, sum| {
        if day.0 != of {
            day = (of, of.to_string());
        }
        let user = users.get(&user).ok_or_else(|| StoreError::Nonsense(format!("user {user} is gone")))?;
        total = total.plus(sum);
        visit(&day.1, user, sum)
    })?;
    Ok(total)
}

impl Report for Source {
    const NAME: &'static str = "usage";
    const COLUMNS: &'static [&'static str] = &["day", "user_id", "name", "bytes", "mb", "unenforced_bytes"];

    fn json(self, out: &mut Feed) -> Result<(), ExportError> {
        let Days { from, to } = self.days;
        write!(out, "{{\"from\":\"{from}\",\"to\":\"{to}\",\"items\":[")?;
        let mut separator = "";
        let total = each_row(&self, |day, (user_id, name), sum| {
            out.write_all(std::mem::replace(&mut separator, ",").as_bytes())?;
            let UsageTotals { bytes, mb, unenforced_bytes } = UsageTotals::of(sum);
            let row = UsageLine { day, user_id: *user_id, name, bytes, mb, unenforced_bytes };
            Ok(serde_json::to_writer(&mut *out, &row).map_err(io::Error::from)?)
        })?;
        out.write_all(b"],\"totals\":")?;
        serde_json::to_writer(&mut *out, &UsageTotals::of(total)).map_err(io::Error::from)?;
        if !self.lost.is_empty() {
            out.write_all(b",\"tables_lost\":")?;
            serde_json::to_writer(&mut *out, &self.lost).map_err(io::Error::from)?;
        }
        Ok(out.write_all(b"}")?)
    }

    fn rows(self, record: Record) -> Result<(), ExportError> {
        let cells = |day: &str, user: &str, name: &str, sum| {
            let UsageTotals { bytes, mb, unenforced_bytes } = UsageTotals::of(sum);
            let words = [day, user, name].map(str::to_owned).into_iter();
            words.chain([bytes.to_string(), mb, unenforced_bytes.to_string()]).collect::<Vec<_>>()
        };
        let total = each_row(&self, |day, (user_id, name), sum| {
            Ok(record(&cells(day, &user_id.to_string(), name, sum))?)
        })?;
        Ok(record(&cells("total", "", "", total))?)
    }
}
