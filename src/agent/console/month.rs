//! The report of one month on a page to print: what was taken, what was used, who came, and what is owed.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;

use super::reports::{SumRow, by_slot, grouped, method_name, sum_row};
use super::session::AdminSession;
use crate::agent::console::texts::office::Office;
use crate::agent::engine::Engine;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::reports::debts::Owed;
use crate::agent::reports::sales as sold;
use crate::agent::reports::span::Days;
use crate::agent::reports::usage::Source;
use crate::domain::units::Bytes;
use crate::protocol::admin::reports::SalesSumView;
use crate::ui::catalogue::fill;
use crate::ui::desk::Layout;
use crate::ui::{Frame, Locale, html};
use crate::web::{Problem, Query};

/// `GET /laporan/bulan?bulan=2026-11`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct MonthQuery {
    bulan: String,
}

impl MonthQuery {
    /// The days of the month that it names, or of this one.
    fn days(&self, today: Date) -> Result<Days, Problem> {
        let first = match self.bulan.as_str() {
            "" => today.first_of_month(),
            month => format!("{month}-01")
                .parse::<Date>()
                .ok()
                .filter(|day| month.len() == "2026-11".len() && day.year() >= 1970)
                .ok_or_else(|| Problem::invalid("bulan", "is no month such as 2026-11"))?,
        };
        Ok(Days { from: first, to: first.last_of_month() })
    }
}

/// A day of the month.
struct DayRow {
    day: String,
    orders: String,
    amount: String,
    refunded: String,
    used: String,
}

#[derive(Template)]
#[template(path = "console/office/month.html")]
struct MonthPage {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    month: String,
    before: String,
    after: Option<String>,
    /// What is left of what was taken.
    kept: String,
    facts: Vec<(&'static str, String)>,
    by_method: Vec<SumRow>,
    by_cashier: Vec<SumRow>,
    days: Vec<DayRow>,
    printed: String,
}

/// What the engine knows of the month at one moment.
struct Known {
    days: Days,
    today: Date,
    source: Source,
    entered: u64,
    customers: u64,
    owed: Owed,
}

fn look(engine: &Engine, asked: &MonthQuery) -> Result<Known, Problem> {
    let look = engine.read_view();
    let today = look.facts.local.date;
    let days = asked.days(today)?;
    let (mut entered, mut customers, mut owed) = (0, 0, Owed::default());
    look.with_context(|ctx| {
        let tariff = ctx.tariff();
        for user in look.users_after(0) {
            customers += 1;
            entered += u64::from(days.hold(look.zone.local(user.created_at).date));
            owed.add(&user.account, &tariff, today);
        }
    });
    let source = Source::of(engine, days)?;
    Ok(Known { days, today, source, entered, customers, owed })
}

/// `GET /laporan/bulan`.
pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(asked): Query<MonthQuery>,
) -> Answer {
    let (locale, w) = (&session.page_request.locale, session.office());
    let known = app.read(move |engine| look(engine, &asked)).await?;
    let Known { days, today, source, entered, customers, owed } = known;
    let (sales, used) = app
        .read_history(move || Ok((sold::sums(&source.reader, &source.zone, days)?, source.by_day()?)))
        .await?;
    let totals = SalesSumView::total(&sales);
    let all_used = used.values().fold(Bytes::ZERO, |sum, bytes| sum.plus(*bytes));
    let (frame, layout) = session.layout(w.month_report, "/laporan");
    let sums = sum_row(locale, String::new(), &totals);
    let facts = vec![
        (w.orders, sums.orders),
        (w.amount_taken, sums.amount),
        (w.refunded, sums.refunded),
        (w.usage, locale.quota(all_used)),
        (w.month_entered, locale.count(entered)),
        (w.month_customers, locale.count(customers)),
        (w.month_owed, format!("{} ({})", owed.due, fill(w.as_of, &[&locale.day(today)]))),
    ];
    let online = |sum: &SalesSumView| sum.cashier.clone().unwrap_or_else(|| w.online_cashier.to_owned());
    let method = |sum: &SalesSumView| sum.method.clone().unwrap_or_default();
    html(&MonthPage {
        frame,
        layout,
        w,
        month: month_name(locale, days.from),
        before: address(days.from.saturating_sub(1.month())),
        after: (days.to < today).then(|| address(days.from.saturating_add(1.month()))),
        kept: totals.kept().to_string(),
        facts: facts.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
        by_method: grouped(&sales, method)
            .into_iter()
            .map(|(name, sum)| sum_row(locale, method_name(locale, &name), &sum))
            .collect(),
        by_cashier: grouped(&sales, online)
            .into_iter()
            .map(|(name, sum)| sum_row(locale, name, &sum))
            .collect(),
        days: day_rows(locale, days, today, &by_slot(&sales, true), &used),
        printed: locale.moment(app.site.clock.now()),
    })
}

fn address(day: Date) -> String {
    format!("/laporan/bulan?bulan={:04}-{:02}", day.year(), day.month())
}

/// The month as people write it: a date without its day.
fn month_name(locale: &Locale, first: Date) -> String {
    let day = locale.day(first);
    day.split_once(' ').map_or(day.clone(), |(_, month)| month.to_owned())
}

/// Every day of the month up to today.
fn day_rows(
    locale: &Locale,
    days: Days,
    today: Date,
    sales: &BTreeMap<Date, SalesSumView>,
    used: &BTreeMap<Date, Bytes>,
) -> Vec<DayRow> {
    let row = |day: Date| {
        let none = SalesSumView::default();
        let sum = sales.get(&day).unwrap_or(&none);
        let SumRow { name, orders, amount, refunded } = sum_row(locale, day.day().to_string(), sum);
        let used = used.get(&day).copied().unwrap_or_default();
        DayRow { day: name, orders, amount, refunded, used: locale.quota(used) }
    };
    let each = std::iter::successors(Some(days.from), |day| day.tomorrow().ok());
    each.take_while(|day| *day <= days.to.min(today)).map(row).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_month_is_read_from_its_number_or_is_this_one() {
        let days = |text: &str| {
            let days = MonthQuery { bulan: text.into() }.days(date(2026, 11, 10)).ok()?;
            Some((days.from, days.to))
        };
        assert_eq!(days(""), Some((date(2026, 11, 1), date(2026, 11, 30))));
        assert_eq!(days("2028-02"), Some((date(2028, 2, 1), date(2028, 2, 29))));
        for wrong in ["2026-13", "2026", "2026-1", "2026-11-01", "x", "-001-01", "99999-01"] {
            assert_eq!(days(wrong), None, "{wrong}");
        }
    }
}
