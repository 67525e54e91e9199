//! Everybody who owes something, by age, with a message ready to send.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use jiff::civil::Date;
use serde::Deserialize;

use super::list::Chip;
use crate::agent::console::session::AdminSession;
use crate::agent::console::sorting::{Pager, SortBy, SortLink, page_no, sorted, with};
use crate::agent::console::texts::people::People;
use crate::agent::console::texts::say;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::reports::debtors::{AGES, Debtor, DebtorListing, DebtorOrder, debtors};
use crate::clock::Zone;
use crate::domain::access::{Access, Reason};
use crate::domain::phone;
use crate::domain::units::{Rupiah, Timestamp};
use crate::protocol::admin::reports::CallReason;
use crate::store::Role;
use crate::tools::percent;
use crate::ui::desk::Layout;
use crate::ui::{Badge, Frame, Locale, Tone, html};
use crate::web::{Problem, Query};

/// Ages as addresses have them.
const AGE_NAMES: [&str; AGES] = ["belum", "1-7", "8-30", "31", "lebih"];
/// Debtors of a page: with the message to each, fifty would be more than 50 KB.
const ROWS: usize = 30;

#[derive(Template)]
#[template(path = "console/customers/debts.html")]
struct DebtsPage {
    frame: Frame,
    layout: Layout,
    words: &'static People,
    total: String,
    users: String,
    unpriced: String,
    chips: Vec<Chip>,
    sorting: Vec<SortLink>,
    rows: Vec<DebtorRow>,
    pager: Pager,
    may_take: bool,
}

/// Somebody who owes something, for the template.
pub(super) struct DebtorRow {
    pub id: String,
    pub href: String,
    pub name: String,
    pub badge: Badge,
    pub due_date: String,
    /// Empty for not late.
    pub late: String,
    pub amount: String,
    /// When the customer was last reminded; empty for never.
    pub reminded: String,
    pub whatsapp: Option<String>,
}

/// `GET /tagihan`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct DebtsQuery {
    umur: String,
    urut: String,
    arah: String,
    hal: String,
}

fn ways(words: &People) -> [SortBy<DebtorOrder>; 4] {
    let way = |key, order, name, is_descending| SortBy { key, order, name, is_descending };
    [
        way("mendesak", DebtorOrder::Urgency, words.urgency, false),
        way("nama", DebtorOrder::Name, words.name, false),
        way("jumlah", DebtorOrder::Owed, words.owed, true),
        way("tempo", DebtorOrder::Due, words.due_date, false),
    ]
}

fn age_filter(umur: &str) -> Result<Option<usize>, Problem> {
    if umur.is_empty() {
        return Ok(None);
    }
    let age = AGE_NAMES.iter().position(|age| *age == umur);
    age.map(Some).ok_or_else(|| Problem::invalid("umur", "is no age of this list"))
}

pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(wanted): Query<DebtsQuery>,
) -> Answer {
    let DebtsQuery { umur, urut, arah, hal } = wanted;
    let (words, locale) = (session.people(), &session.page_request.locale);
    let ways = ways(words);
    let order = sorted(&ways, &urut, &arah)?;
    let (age, page) = (age_filter(&umur)?, page_no(&hal)?);
    let listing =
        DebtorListing { age, order: order.order, is_descending: order.is_descending, page, rows: ROWS };
    let (found, reminded) = app
        .read(move |engine| {
            let found = debtors(&engine.read_view(), &listing);
            let numbers: Vec<u32> = found.items.iter().map(|debtor| debtor.no).collect();
            let reminded = engine.reader().reminders(&numbers)?;
            Ok((found, reminded))
        })
        .await?;
    let names = [words.age_not_due, words.age_week, words.age_month, words.age_more, words.overage];
    let chip = |name, value, count, is_here| Chip {
        href: with("/tagihan", &[("umur", value)]),
        name,
        count: locale.count(count),
        is_here,
    };
    let of_age = |(n, count): (usize, &u64)| {
        let is_here = age == Some(n);
        (*count > 0 || is_here).then(|| chip(names[n], AGE_NAMES[n], *count, is_here))
    };
    let all = chip(words.every_status, "", found.all, age.is_none());
    let chips = [all].into_iter().chain(found.by_age.iter().enumerate().filter_map(of_age)).collect();
    let base = with("/tagihan", &[("umur", &umur)]);
    let house = House::of(&app);
    let row = |debtor: &Debtor| debtor_row(&house, locale, debtor, reminded.get(&debtor.no).copied());
    let (frame, layout) = session.layout(session.words().debts, "/tagihan");
    html(&DebtsPage {
        frame,
        layout,
        words,
        total: found.due.to_string(),
        users: locale.count(found.total as u64),
        unpriced: if found.unpriced == 0 { String::new() } else { locale.count(found.unpriced) },
        chips,
        sorting: order.links(&base, &ways),
        rows: found.items.iter().map(row).collect(),
        pager: Pager::new(locale, &order.address(&base, &urut), page, ROWS, found.total),
        may_take: session.actor.role >= Role::Cashier,
    })
}

pub(super) fn debtor_row(
    house: &House,
    locale: &Locale,
    debtor: &Debtor,
    reminded: Option<Timestamp>,
) -> DebtorRow {
    let words = People::of(locale.language);
    let (tone, text) = match debtor.state {
        Some(CallReason::Stopped) => (Tone::Bad, words.stopped),
        Some(CallReason::Overdue) => (Tone::Warn, words.overdue),
        Some(CallReason::DueSoon) => (Tone::Plain, words.due_soon),
        None if debtor.due_date.is_none() => (Tone::Plain, words.overage),
        None => (Tone::Plain, words.age_not_due),
    };
    let state = debtor.state.unwrap_or(CallReason::DueSoon);
    let message = debtor.due.map(|due| house.message(&debtor.name, state, due, debtor.due_date));
    let late = u64::try_from(debtor.late_days).unwrap_or_default();
    DebtorRow {
        id: debtor.id.to_string(),
        href: format!("/pelanggan/{}", debtor.id),
        name: debtor.name.clone(),
        badge: Badge::new(tone, text),
        due_date: debtor.due_date.map(|date| locale.day(date)).unwrap_or_default(),
        late: if late == 0 { String::new() } else { say::with(words.late_days, &[&locale.count(late)]) },
        amount: say::price(locale.language, debtor.due),
        reminded: reminded.map(|at| locale.moment(at)).unwrap_or_default(),
        whatsapp: debtor.phone.as_deref().and_then(|phone| whatsapp(phone, message.as_deref())),
    }
}

/// Who writes to customers, and in which language.
pub(crate) struct House {
    name: String,
    locale: Locale,
    today: Date,
}

impl House {
    pub fn of(app: &AppState) -> Self {
        let config = &app.site.config;
        let zone: Zone = config.timezone.clone();
        let today = zone.local(app.site.clock.now()).date;
        let locale = Locale { language: config.language, zone };
        Self { name: config.name.clone(), locale, today }
    }

    /// A polite reminder of what somebody with that access owes.
    pub fn reminder(&self, name: &str, access: &Access, amount: Rupiah, due: Option<Date>) -> String {
        let for_debt = |reason: &Reason| matches!(reason, Reason::DebtLimit | Reason::DebtOverdue);
        let state = if access.causes.iter().any(for_debt) {
            CallReason::Stopped
        } else if due.is_some_and(|due| due < self.today) {
            CallReason::Overdue
        } else {
            CallReason::DueSoon
        };
        self.message(name, state, amount, due)
    }

    fn message(&self, name: &str, state: CallReason, amount: Rupiah, due: Option<Date>) -> String {
        let words = People::of(self.locale.language);
        let text = match state {
            CallReason::Stopped => words.wa_stopped,
            CallReason::Overdue => words.wa_overdue,
            CallReason::DueSoon => words.wa_due_soon,
        };
        let due = due.map(|due| say::with(words.wa_due, &[&self.locale.day(due)])).unwrap_or_default();
        say::with(text, &[name, &self.name, &amount.to_string(), &due])
    }
}

/// A conversation with that number, a message ready in it. Nothing for what is no number.
pub(crate) fn whatsapp(phone: &str, message: Option<&str>) -> Option<String> {
    let query = message.map(|text| format!("?text={}", percent::value(text))).unwrap_or_default();
    phone::wa_me(phone).map(|link| format!("{link}{query}"))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::ui::language::Language;

    #[test]
    fn a_reminder_names_amount_and_day_and_goes_to_the_whole_number() {
        let zone = Zone::named("Asia/Jakarta").unwrap();
        let locale = Locale { language: Language::Indonesian, zone };
        let house = House { name: "Warung Net".into(), locale, today: date(2026, 11, 10) };
        let due = Some(date(2026, 11, 30));
        let text = house.message("Budi & Co", CallReason::DueSoon, Rupiah(40_000), due);
        for part in ["Budi & Co", "Warung Net", "Rp 40.000", "30 Nov 2026"] {
            assert!(text.contains(part), "{text}");
        }
        let link = whatsapp("0812-345 678", Some(&text)).unwrap();
        assert!(
            link.starts_with("https://wa.me/62812345678?text=") && link.contains("Budi%20%26%20Co"),
            "{link}"
        );
        assert_eq!(whatsapp("+62812345678", None).unwrap(), "https://wa.me/62812345678");
        assert_eq!(whatsapp("12", None), None);
        let stopped = Access { causes: vec![Reason::DebtLimit], ..Access::default() };
        assert!(house.reminder("B", &stopped, Rupiah(1), None).contains("dijeda"));
        assert!(
            house
                .reminder("B", &Access::default(), Rupiah(1), Some(date(2026, 11, 1)))
                .contains("sudah lewat")
        );
    }
}
