//! Debts by age, and whom to call, with a message ready to send.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use jiff::civil::Date;
use serde::Deserialize;

use crate::agent::console::actions::buttons::{Button, buttons};
use crate::agent::console::actions::debts::DEBT_ACTIONS;
use crate::agent::console::session::AdminSession;
use crate::agent::console::texts::people::People;
use crate::agent::console::texts::say;
use crate::agent::engine::ReadView;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::reports::collection::ranked;
use crate::agent::reports::debts::{Owed, age};
use crate::clock::Zone;
use crate::domain::access::{Access, Reason};
use crate::domain::debt::DebtItem;
use crate::domain::id::UserId;
use crate::domain::phone;
use crate::domain::units::Rupiah;
use crate::protocol::admin::page::{Cursor, List, PageLimit, given};
use crate::protocol::admin::reports::{CallReason, CallView};
use crate::tools::percent;
use crate::ui::desk::Layout;
use crate::ui::{Badge, Frame, Locale, Tone, html};
use crate::web::Query;

/// Ages as addresses have them, in the order of [`Owed::by_age`].
const AGES: [&str; 4] = ["belum", "1-7", "8-30", "31"];

#[derive(Template)]
#[template(path = "console/customers/debts.html")]
struct DebtsPage {
    frame: Frame,
    layout: Layout,
    words: &'static People,
    total: String,
    users: String,
    unpriced: String,
    ages: Vec<AgeView>,
    overage: String,
    /// Whom to call, where no age was chosen.
    calls: Option<Vec<CallRow>>,
    items: Vec<ItemRow>,
    next: Option<String>,
}

struct AgeView {
    href: String,
    name: &'static str,
    sum: String,
    is_chosen: bool,
}

struct CallRow {
    badge: Badge,
    href: String,
    name: String,
    due_date: String,
    amount: String,
    whatsapp: Option<String>,
    settle: Option<String>,
}

struct ItemRow {
    href: String,
    name: String,
    amount: String,
    due: String,
    due_date: String,
    late: String,
    note: String,
    actions: Vec<Button>,
}

/// `GET /tagihan`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct DebtsQuery {
    umur: String,
    #[serde(deserialize_with = "given")]
    after: Option<Cursor>,
}

/// An open item of somebody.
struct Open {
    user: UserId,
    name: String,
    item: DebtItem,
    due: Option<Rupiah>,
    late_days: i32,
}

pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(wanted): Query<DebtsQuery>,
) -> Answer {
    let chosen = AGES.iter().position(|age| *age == wanted.umur);
    let after = wanted.after;
    let (owed, calls, items) = app
        .read(move |engine| {
            let look = engine.read_view();
            let limit = PageLimit::default();
            let calls = chosen.is_none().then(|| ranked(&look, None).page(&look, None, limit, after));
            let items = chosen.map(|age| open_items(&look, age, limit, after));
            Ok((owed(&look), calls, items))
        })
        .await?;
    let (words, locale) = (session.people(), &session.page_request.locale);
    let (frame, layout) = session.layout(session.words().debts, "/tagihan");
    let names = [words.age_not_due, words.age_week, words.age_month, words.age_more];
    let view = |place: usize| AgeView {
        href: format!("/tagihan?umur={}", AGES[place]),
        name: names[place],
        sum: owed.by_age[place].to_string(),
        is_chosen: chosen == Some(place),
    };
    let next = calls.as_ref().map_or_else(|| items.as_ref().and_then(|i| i.next.clone()), |c| c.next.clone());
    let house = House::of(&app);
    let may_take = session.actor.role >= crate::store::Role::Cashier;
    let calls = calls
        .map(|page| page.items.iter().map(|call| call_row(&house, words, locale, call, may_take)).collect());
    let items = items.map(|page| page.items).unwrap_or_default();
    html(&DebtsPage {
        frame,
        layout,
        words,
        total: owed.due.to_string(),
        users: locale.count(owed.users),
        unpriced: if owed.unpriced == 0 { String::new() } else { locale.count(owed.unpriced) },
        ages: (0..AGES.len()).map(view).collect(),
        overage: owed.by_age[4].to_string(),
        calls,
        items: items.iter().map(|open| item_row(&session, open)).collect(),
        next: next.map(|after| format!("/tagihan?umur={}&after={after}", chosen.map_or("", |age| AGES[age]))),
    })
}

fn owed(look: &ReadView) -> Owed {
    let mut owed = Owed::default();
    look.with_context(|ctx| {
        let tariff = ctx.tariff();
        for user in look.users_after(0) {
            owed.add(&user.account, &tariff, look.facts.local.date);
        }
    });
    owed
}

/// Open items of an age, the latest due first.
fn open_items(look: &ReadView, wanted: usize, limit: PageLimit, after: Option<Cursor>) -> List<Open> {
    let today = look.facts.local.date;
    look.with_context(|ctx| {
        let tariff = ctx.tariff();
        let users = look.users_after(0);
        let mut found: Vec<Open> = users
            .flat_map(|user| tariff.owed(&user.account).into_iter().map(move |line| (user, line)))
            .filter_map(|(user, line)| {
                let item = line.item?;
                let late_days = (today - item.due_date).get_days();
                (age(late_days) == wanted).then(|| Open {
                    user: user.account.id,
                    name: user.name.clone(),
                    item: item.clone(),
                    due: line.price.ok(),
                    late_days,
                })
            })
            .collect();
        found.sort_by(|a, b| (a.item.due_date, &a.name).cmp(&(b.item.due_date, &b.name)));
        List::of_all(found, limit, after)
    })
}

fn item_row(session: &AdminSession, open: &Open) -> ItemRow {
    let (words, locale) = (session.people(), &session.page_request.locale);
    let place = format!("/pelanggan/{}", open.user);
    let late = u64::try_from(open.late_days).unwrap_or_default();
    ItemRow {
        name: open.name.clone(),
        amount: say::debt_amount(locale, &open.item),
        due: say::price(locale.language, open.due),
        due_date: locale.day(open.item.due_date),
        late: if late == 0 { String::new() } else { say::with(words.late_days, &[&locale.count(late)]) },
        note: open.item.note.clone(),
        actions: buttons(&format!("{place}/tagihan/{}", open.item.id), DEBT_ACTIONS, session, &open.item),
        href: place,
    }
}

fn call_row(house: &House, words: &People, locale: &Locale, call: &CallView, may_take: bool) -> CallRow {
    let (tone, text) = match call.state {
        CallReason::Stopped => (Tone::Bad, words.stopped),
        CallReason::Overdue => (Tone::Warn, words.overdue),
        CallReason::DueSoon => (Tone::Plain, words.due_soon),
    };
    let due_date = call.due_date.map(|day| day.0);
    let message = call.amount_rp.map(|rp| house.message(&call.name, call.state, Rupiah(rp), due_date));
    let place = format!("/pelanggan/{}", call.user_id);
    CallRow {
        badge: Badge::new(tone, text),
        name: call.name.clone(),
        due_date: due_date.map(|date| locale.day(date)).unwrap_or_default(),
        amount: say::price(locale.language, call.amount_rp.map(Rupiah)),
        whatsapp: call.phone.as_deref().and_then(|phone| whatsapp(phone, message.as_deref())),
        settle: may_take.then(|| format!("{place}/lunasi?ke=/tagihan")),
        href: place,
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
