//! The preview of an action in words: the customer before and after, the ledger lines, the money.

use crate::agent::console::texts::orphans::OrphanWords;
use crate::agent::console::texts::people::People;
use crate::agent::console::texts::say;
use crate::agent::console::texts::say::Line;
use crate::agent::engine::{
    Command, CounterCustomer, CounterSale, Engine, JUST_PAID_MS, NewDevice, Preview, Snapshot, View,
};
use crate::domain::access::Status;
use crate::domain::account::Account;
use crate::domain::debt::DebtItem;
use crate::domain::id::{Mac, OrderId, PackageId};
use crate::domain::ledger::{Kind, Side};
use crate::domain::order::{Method, OnlineMethod, OrderState};
use crate::domain::tariff;
use crate::domain::units::{Bytes, Rupiah};
use crate::protocol::admin::closings::ClosingView;
use crate::protocol::admin::packages::PackageView;
use crate::store::{DeviceRecord, OrderFilter, OrderRecord, Page, Pending};
use crate::ui::Locale;
use crate::web::Problem;

/// What would happen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    /// Sentences.
    pub notes: Vec<String>,
    /// What a person should think about first.
    pub warnings: Vec<String>,
    /// Money that is missing or too much, in large letters, and what to do about it.
    pub alarm: Option<(String, String)>,
    /// Money and papers: name and value.
    pub facts: Vec<(&'static str, String)>,
    /// What it is about, before and after.
    pub rows: Vec<Row>,
    /// Other customers whom it changes, by name, before and after.
    pub others: Vec<(String, Vec<Row>)>,
    /// Lines of the ledger.
    pub lines: Vec<Line>,
    /// Whether it is about the ledger at all.
    pub is_ledger: bool,
    /// Debt items that are new or change.
    pub debts: Vec<String>,
    /// What is to be paid.
    pub price: Option<Rupiah>,
    /// Where money is taken: the customer's last online order that was paid, or that there is none.
    #[allow(clippy::option_option, reason = "no money, nothing paid before and a payment say three things")]
    pub last_paid: Option<Option<OrderId>>,
}

/// One value before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub name: &'static str,
    pub before: String,
    pub after: String,
    pub is_changed: bool,
}

/// Names with their values, in order.
type Facts = Vec<(&'static str, String)>;

/// What a preview says.
pub(crate) fn of(
    locale: &Locale,
    engine: &Engine,
    action: &Command,
    preview: &Preview,
    online: Option<OnlineMethod>,
) -> Result<Shown, Problem> {
    let words = People::of(locale.language);
    let writer = PreviewWriter { locale, words, engine };
    let mut shown = Shown {
        rows: rows(
            &writer.user(preview.before.as_ref(), action),
            &writer.user(preview.after.as_ref(), action),
            words,
        ),
        lines: preview.entries.iter().map(|submission| say::line(locale, submission)).collect(),
        is_ledger: preview.before.is_some() && !is_about_settings(action)
            || matches!(action, Command::Serve(_)),
        debts: preview.debts.iter().map(|item| writer.debt(item)).collect(),
        ..Shown::default()
    };
    shown.warnings = writer.warnings(action, preview)?;
    shown.others = preview.others.iter().map(|(before, after)| writer.other(before, after, action)).collect();
    for order in &preview.orders {
        writer.money(order, online, &mut shown);
    }
    if online.is_none() {
        writer.last_paid(action, preview, &mut shown)?;
    }
    writer.subject(action, preview, &mut shown);
    Ok(shown)
}

/// Deeds that never write a line.
fn is_about_settings(action: &Command) -> bool {
    matches!(
        action,
        Command::AddUser(_)
            | Command::ChangeUser(..)
            | Command::Bind(_)
            | Command::Unbind { .. }
            | Command::ReleaseOrphan(_)
            | Command::SetPin(..)
            | Command::ChangeDebt(..)
            | Command::Block(..)
            | Command::Unblock(..)
    )
}

/// Pairs the facts before with the facts after.
fn rows(before: &Facts, after: &Facts, words: &People) -> Vec<Row> {
    let none = "\u{2013}";
    let names = if after.is_empty() { before } else { after };
    let value = |facts: &Facts, name: &str, absent: &str| {
        let found = facts.iter().find(|(known, _)| *known == name);
        found.map_or_else(|| absent.to_owned(), |(_, value)| value.clone())
    };
    let row = |(name, _): &(&'static str, String)| {
        let (before, after) = (value(before, name, none), value(after, name, words.removed));
        Row { name, is_changed: before != after, before, after }
    };
    names.iter().map(row).collect()
}

/// The drawer that would be closed.
fn drawer(words: &People, closing: &ClosingView) -> Facts {
    let rp = |number: i64| {
        let sign = if number < 0 { "\u{2212}" } else { "" };
        format!("{sign}{}", Rupiah(number.unsigned_abs()))
    };
    vec![
        (words.expected, rp(closing.expected_rp)),
        (words.counted, Rupiah(closing.counted_rp).to_string()),
        (words.difference, rp(closing.difference_rp)),
    ]
}

/// A drawer with less or more in it than there must be, and whether somebody said why.
fn alarm(words: &People, difference_rp: i64, note: &str) -> Option<(String, String)> {
    let sum = Rupiah(difference_rp.unsigned_abs()).to_string();
    let sum = match difference_rp {
        0 => return None,
        ..0 => say::with(words.cash_short, &[&sum]),
        1.. => say::with(words.cash_over, &[&sum]),
    };
    let why = if note.is_empty() { words.cash_why.to_owned() } else { say::with(words.cash_noted, &[note]) };
    Some((sum, why))
}

struct PreviewWriter<'a> {
    locale: &'a Locale,
    words: &'static People,
    engine: &'a Engine,
}

impl PreviewWriter<'_> {
    /// What else the action is about: a drawer, a package, or something outside.
    fn subject(&self, action: &Command, preview: &Preview, shown: &mut Shown) {
        match action {
            Command::Reset { .. } | Command::Bind(_) | Command::Unbind { .. } => {
                shown.notes.push(self.words.by_router.to_owned());
            }
            Command::Serve(sale) => {
                if let CounterCustomer::New { user, device } = &sale.customer {
                    let phone = user.phone.clone().unwrap_or_else(|| self.words.none.to_owned());
                    let who = [(self.words.name, user.name.clone()), (self.words.phone, phone)];
                    shown.facts.splice(0..0, who);
                    match device {
                        Some(_) => shown.notes.push(self.words.by_router.to_owned()),
                        None => shown.warnings.push(self.words.no_device_yet.to_owned()),
                    }
                }
            }
            Command::Refund { .. } if preview.orders.is_empty() => {
                shown.notes.push(self.words.by_gateway.to_owned());
            }
            Command::CloseDrawer { note, .. } => {
                if let Some(View::Closing(closing)) = preview.done.view() {
                    shown.alarm = alarm(self.words, closing.difference_rp, note);
                    shown.facts.extend(drawer(self.words, closing));
                }
            }
            Command::ReleaseOrphan(mac) => shown.notes.extend(self.release(*mac)),
            Command::AddPackage(_) => shown.rows = self.package(None, preview),
            Command::ChangePackage(id, _) | Command::DeletePackage(id) => {
                shown.rows = self.package(Some(*id), preview);
            }
            Command::AddUser(_)
            | Command::Import { .. }
            | Command::Register { .. }
            | Command::ChangeUser(..)
            | Command::DeleteUser(_)
            | Command::Grant(..)
            | Command::Debit { .. }
            | Command::AddDebt(..)
            | Command::ChangeDebt(..)
            | Command::WriteOff { .. }
            | Command::Refund { .. }
            | Command::Review { .. }
            | Command::SetPin(..)
            | Command::Buy(..)
            | Command::SettleAll(..)
            | Command::SettleItem(..)
            | Command::PayPart(..)
            | Command::Block(..)
            | Command::Unblock(..) => {}
        }
    }

    /// A customer in a few values; the settings too where they are what changes.
    fn user(&self, snapshot: Option<&Snapshot>, action: &Command) -> Facts {
        let Some(snapshot) = snapshot else { return Vec::new() };
        let (words, locale, account) = (self.words, self.locale, &snapshot.user.account);
        let mut facts = vec![
            (words.access, say::access(locale.language, &account.access)),
            (words.remaining, say::quota(locale, (!account.unlimited).then(|| account.balance.remaining()))),
            (words.used, locale.quota(account.used)),
            (words.overage, locale.quota(account.balance.overage())),
            (words.debts, self.items(account)),
            (words.expires, say::expiry(locale, account.expires_at)),
            (words.devices, self.devices(snapshot)),
        ];
        if matches!(action, Command::AddUser(_) | Command::ChangeUser(..)) {
            facts.extend(self.settings(snapshot));
        }
        facts
    }

    /// Another customer whom the action changes.
    fn other(&self, before: &Snapshot, after: &Snapshot, action: &Command) -> (String, Vec<Row>) {
        let (before_facts, after_facts) = (self.user(Some(before), action), self.user(Some(after), action));
        (before.user.name.clone(), rows(&before_facts, &after_facts, self.words))
    }

    fn settings(&self, snapshot: &Snapshot) -> Facts {
        let (words, user) = (self.words, &snapshot.user);
        let text = |text: Option<&String>| text.map_or(words.none, String::as_str).to_owned();
        let yes = |is: bool| say::yes(self.locale.language, is).to_owned();
        let account = &user.account;
        let terms = account.terms(self.engine.read_view().policy);
        vec![
            (words.name, user.name.clone()),
            (words.phone, text(user.phone.as_ref())),
            (words.login, text(user.login.as_ref())),
            (words.approved, yes(account.approved)),
            (words.active, yes(account.active)),
            (words.exempt, yes(account.exempt)),
            (words.mode, say::mode(self.locale.language, terms.overage).to_owned()),
            (words.debt_limit, self.locale.quota(terms.debt_limit)),
        ]
    }

    /// What open items owe, by amount and by price.
    fn items(&self, account: &Account) -> String {
        self.engine.read_view().with_context(|ctx| {
            let mut lines = ctx.tariff().owed(account);
            lines.retain(|line| line.item.is_some());
            if lines.is_empty() {
                return self.words.none.to_owned();
            }
            let unpaid = lines.iter().fold(Bytes::ZERO, |sum, line| sum.plus(line.bytes));
            let due = tariff::total(&lines).ok();
            format!("{} ({})", say::price(self.locale.language, due), self.locale.quota(unpaid))
        })
    }

    fn devices(&self, snapshot: &Snapshot) -> String {
        let name = |device: &DeviceRecord| match device.pending {
            Some(Pending::Unbind | Pending::Move(_)) => {
                format!("{} ({})", device.mac, self.words.waits_router)
            }
            Some(Pending::Baseline) | None => device.mac.to_string(),
        };
        let names: Vec<String> = snapshot.devices.iter().map(|(device, _)| name(device)).collect();
        if names.is_empty() { self.words.none.to_owned() } else { names.join(", ") }
    }

    fn debt(&self, item: &DebtItem) -> String {
        let due = self.engine.read_view().with_context(|ctx| ctx.tariff().due(item).ok());
        let language = self.locale.language;
        let parts = [
            say::debt_amount(self.locale, item),
            say::debt_status(language, item.status).text.into_owned(),
            format!("{} {}", self.words.due_date, self.locale.day(item.due_date)),
            if item.is_open() { say::price(language, due) } else { String::new() },
            item.note.clone(),
            item.customer_note.clone(),
        ];
        let told: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        told.join(", ")
    }

    /// What somebody may not have thought of.
    fn warnings(&self, action: &Command, preview: &Preview) -> Result<Vec<String>, Problem> {
        let (words, locale) = (self.words, self.locale);
        let mut warnings = Vec::new();
        for submission in preview.entries.iter().filter(|submission| !submission.amount.is_zero()) {
            let amount = locale.quota(submission.amount);
            match (submission.kind, submission.side) {
                (Kind::Closing, Side::Debit) => warnings.push(say::with(words.forfeits, &[&amount])),
                (Kind::Closing, Side::Credit) => warnings.push(say::with(words.forgives, &[&amount])),
                (Kind::WrittenOff, _) => warnings.push(say::with(words.forgives_debt, &[&amount])),
                (
                    Kind::Usage
                    | Kind::Purchase
                    | Kind::Grant
                    | Kind::Advance
                    | Kind::OveragePaid
                    | Kind::Surplus
                    | Kind::Correction
                    | Kind::DebtGranted
                    | Kind::DebtPaid
                    | Kind::Reversal
                    | Kind::DebtReopened,
                    Side::Credit | Side::Debit,
                ) => {}
            }
        }
        let after = preview.after.as_ref().map(|after| &after.user.account.access);
        let is_stopped =
            |status| matches!(status, Status::Blocked | Status::Inactive | Status::Habis | Status::Expired);
        if let Some(access) = after.filter(|access| is_stopped(access.status) && gives_access(action)) {
            warnings.push(say::with(words.stays_stopped, &[&say::access(locale.language, access)]));
        }
        if let Command::Bind(NewDevice { mac, .. }) = action {
            let from = preview.others.iter().map(|(before, _)| &before.user.name);
            warnings.extend(from.map(|name| say::with(words.takes_device, &[&mac.to_string(), name])));
        }
        let devices = |snapshot: Option<&Snapshot>| snapshot.map_or(0, |snapshot| snapshot.devices.len());
        if matches!(action, Command::Unbind { .. }) && devices(preview.before.as_ref()) == 1 {
            warnings.push(words.last_device.to_owned());
        }
        if self.becomes_unlimited(action, preview) {
            warnings.push(words.becomes_unlimited.to_owned());
        }
        if let Some(name) = self.name_on_sale(action, preview) {
            warnings.push(say::with(words.same_name, &[&name]));
        }
        if let Some(order) = self.open_order(action, preview)? {
            warnings.push(say::with(words.cancels_order, &[&order.amount.to_string()]));
        }
        Ok(warnings)
    }

    /// Whose device it was by the router, and what releasing it means.
    fn release(&self, mac: Mac) -> Vec<String> {
        let words = OrphanWords::of(self.locale.language);
        let look = self.engine.read_view();
        let owner = look.orphan(mac).map(|record| {
            let owner = &record.orphan.owner;
            let name = look.who(Some(owner), None, None).name;
            format!("{}: {}.", words.on_router, words.owner(name.as_deref(), owner))
        });
        owner.into_iter().chain([words.release_will.to_owned()]).collect()
    }

    /// Whether a package has no quota afterwards and had one before, or is new.
    fn becomes_unlimited(&self, action: &Command, preview: &Preview) -> bool {
        let id = if let Command::ChangePackage(id, _) = action { Some(*id) } else { None };
        if id.is_none() && !matches!(action, Command::AddPackage(_)) {
            return false;
        }
        let packages = self.engine.read_view().packages();
        let was_unlimited = packages.iter().any(|package| Some(package.id) == id && package.quota.is_none());
        let Some(View::Package(after)) = preview.done.view() else { return false };
        after.quota_bytes.is_none() && !was_unlimited
    }

    /// The name that a package gets, or goes on sale with, where another package on sale has it.
    fn name_on_sale(&self, action: &Command, preview: &Preview) -> Option<String> {
        let id = if let Command::ChangePackage(id, _) = action { Some(*id) } else { None };
        if id.is_none() && !matches!(action, Command::AddPackage(_)) {
            return None;
        }
        let Some(View::Package(after)) = preview.done.view() else { return None };
        let key = |name: &str| name.trim().to_lowercase();
        let packages = self.engine.read_view().packages();
        let mut others = packages.iter().filter(|package| package.active && Some(package.id) != id);
        let is_same = others.any(|package| key(&package.name) == key(&after.name));
        (after.active && is_same).then(|| after.name.clone())
    }

    /// What the customer paid online last: with a word about it when that is news.
    fn last_paid(&self, action: &Command, preview: &Preview, shown: &mut Shown) -> Result<(), Problem> {
        let Some(before) = preview.before.as_ref().filter(|_| takes_money(action)) else { return Ok(()) };
        let paid = self.engine.reader().last_paid_online(before.user.no)?;
        if let Some((order, at)) = paid.as_ref().and_then(|order| Some((order, order.paid_at?)))
            && self.engine.now().0.saturating_sub(at.0) < JUST_PAID_MS
        {
            let (amount, at) = (order.amount.to_string(), self.locale.moment(at));
            let method = say::method(self.locale.language, order.method);
            shown.warnings.push(say::with(self.words.just_paid, &[&amount, method, &at]));
        }
        shown.last_paid = Some(paid.map(|order| order.id));
        Ok(())
    }

    /// An online order that taking money calls off.
    fn open_order(&self, action: &Command, preview: &Preview) -> Result<Option<OrderRecord>, Problem> {
        let Some(before) = preview.before.as_ref().filter(|_| takes_money(action)) else { return Ok(None) };
        let states = vec![OrderState::Pending];
        let which = OrderFilter { user_no: Some(before.user.no), states, ..OrderFilter::default() };
        let found = self.engine.reader().find_orders(&which, Page { limit: 1, after: None })?;
        Ok(found.into_iter().next().map(|(_, order)| order))
    }

    fn money(&self, order: &OrderRecord, online: Option<OnlineMethod>, shown: &mut Shown) {
        let (words, language) = (self.words, self.locale.language);
        if order.refunded > Rupiah::ZERO {
            shown.facts.push((words.money_back, order.refunded.to_string()));
            return;
        }
        shown.price = Some(shown.price.unwrap_or_default().plus(order.amount));
        let method = online.map_or(order.method, Method::Online);
        let told = format!("{} ({})", order.amount, say::method(language, method));
        if online.is_some() {
            shown.notes.push(words.when_paid.to_owned());
            shown.facts.push((words.money_asked, told));
            return;
        }
        shown.facts.push((words.money_taken, told));
        if let Some(no) = order.receipt_no {
            shown.facts.push((words.receipt, no.to_string()));
        }
    }

    /// A package before and after.
    fn package(&self, id: Option<PackageId>, preview: &Preview) -> Vec<Row> {
        let packages = self.engine.read_view().packages();
        let before = packages.iter().find(|package| Some(package.id) == id).map(PackageView::of);
        let after = match preview.done.view() {
            Some(View::Package(package)) => Some(package),
            Some(_) | None => None,
        };
        let facts =
            |view: Option<&PackageView>| view.map(|view| self.package_facts(view)).unwrap_or_default();
        rows(&facts(before.as_ref()), &facts(after), self.words)
    }

    fn package_facts(&self, package: &PackageView) -> Facts {
        let words = self.words;
        vec![
            (words.name, package.name.clone()),
            (words.quota, say::quota(self.locale, package.quota_bytes.map(Bytes))),
            (words.days, package.days.to_string()),
            (words.price, Rupiah(package.price_rp).to_string()),
            (words.on_sale, say::yes(self.locale.language, package.active).to_owned()),
        ]
    }
}

/// Deeds by which money is taken for something.
fn takes_money(action: &Command) -> bool {
    matches!(
        action,
        Command::Buy(..)
            | Command::SettleAll(..)
            | Command::SettleItem(..)
            | Command::PayPart(..)
            | Command::Serve(_)
    )
}

/// Deeds after which people expect the internet to work.
fn gives_access(action: &Command) -> bool {
    if let Command::Serve(sale) = action {
        let CounterSale { settles, package, .. } = &**sale;
        return *settles || package.is_some();
    }
    matches!(
        action,
        Command::Buy(..)
            | Command::SettleAll(..)
            | Command::SettleItem(..)
            | Command::Grant(..)
            | Command::AddDebt(..)
            | Command::Unblock(..)
            | Command::Reset { .. }
    )
}
