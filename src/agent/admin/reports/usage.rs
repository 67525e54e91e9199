//! What was used: by user and local day.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{self, Date};
use serde::Serialize;
use tokio::task::spawn_blocking;

use super::super::desk::Desk;
use super::{Days, Table};
use crate::domain::id::UserId;
use crate::domain::units::{Bytes, Timestamp, day_number};
use crate::store::StoreError;
use crate::store::reports::UserUsage;
use crate::web::Problem;

/// Milliseconds of an hour, the step in which usage is kept.
const HOUR_MS: i64 = 3_600_000;

/// Usage of a span.
#[derive(Serialize)]
pub(super) struct Usage {
    from: String,
    to: String,
    items: Vec<Row>,
    totals: Totals,
}

#[derive(Serialize)]
struct Row {
    day: String,
    user_id: UserId,
    name: String,
    bytes: u64,
    mb: String,
    /// The part beyond the limit that should have stopped the user.
    unenforced_bytes: u64,
}

#[derive(Serialize)]
struct Totals {
    bytes: u64,
    mb: String,
    unenforced_bytes: u64,
}

/// One sum for each day and user: the user's name, all bytes, and those beyond the limit.
type Sums = BTreeMap<(Date, UserId), (String, Bytes, Bytes)>;

pub(super) async fn report(desk: &Desk, days: Days) -> Result<Usage, Problem> {
    let (reader, zone, open, gathered) = desk
        .look(move |engine| {
            // Of one moment: what is gathered here must not be on file there, too.
            let reader = engine.new_reader()?;
            reader.freeze()?;
            let look = engine.look();
            let open = look.open_day().map_or(days.from, date);
            let start = hour(look.zone.day_start(days.from.max(open)));
            let gathered = look.gathered_of_all(start, hour(look.zone.day_start(days.after())));
            Ok((reader, look.zone.clone(), open, gathered))
        })
        .await?;
    let work = spawn_blocking(move || {
        let mut sums = Sums::new();
        let ended = open.min(days.after());
        add(&mut sums, reader.usage_of_days(day_number(days.from), day_number(ended))?, date);
        let start = hour(zone.day_start(days.from.max(open)));
        let mut hours = reader.usage_of_hours(start, hour(zone.day_start(days.after())))?;
        hours.extend(gathered);
        add(&mut sums, hours, |hour| zone.local(Timestamp(hour * HOUR_MS)).date);
        Ok::<_, StoreError>(sums)
    });
    let sums = work.await.map_err(|_| Problem::internal())??;
    let (bytes, unenforced) =
        sums.values().fold((Bytes::ZERO, Bytes::ZERO), |(all, over), (_, bytes, more)| {
            (all.plus(*bytes), over.plus(*more))
        });
    Ok(Usage {
        from: days.from.to_string(),
        to: days.to.to_string(),
        items: sums.into_iter().map(row).collect(),
        totals: Totals { bytes: bytes.0, mb: bytes.to_mb_string(), unenforced_bytes: unenforced.0 },
    })
}

fn hour(at: Timestamp) -> i64 {
    at.0.div_euclid(HOUR_MS)
}

/// The day with that number.
fn date(day: i64) -> Date {
    civil::date(1970, 1, 1).saturating_add(day.days())
}

fn add(sums: &mut Sums, rows: Vec<UserUsage>, day: impl Fn(i64) -> Date) {
    for row in rows {
        let sum = sums.entry((day(row.slot), row.user)).or_default();
        sum.0 = row.name;
        sum.1 = sum.1.plus(row.bytes);
        sum.2 = sum.2.plus(row.unenforced);
    }
}

fn row(((day, user_id), (name, bytes, unenforced)): ((Date, UserId), (String, Bytes, Bytes))) -> Row {
    let (day, mb) = (day.to_string(), bytes.to_mb_string());
    Row { day, user_id, name, bytes: bytes.0, mb, unenforced_bytes: unenforced.0 }
}

impl Table for Usage {
    const NAME: &'static str = "usage";
    const COLUMNS: &'static [&'static str] = &["day", "user_id", "name", "bytes", "mb", "unenforced_bytes"];

    fn rows(&self) -> Vec<Vec<String>> {
        let row = |row: &Row| {
            vec![
                row.day.clone(),
                row.user_id.to_string(),
                row.name.clone(),
                row.bytes.to_string(),
                row.mb.clone(),
                row.unenforced_bytes.to_string(),
            ]
        };
        let totals = &self.totals;
        let total = vec![
            "total".to_owned(),
            String::new(),
            String::new(),
            totals.bytes.to_string(),
            totals.mb.clone(),
            totals.unenforced_bytes.to_string(),
        ];
        self.items.iter().map(row).chain([total]).collect()
    }
}
