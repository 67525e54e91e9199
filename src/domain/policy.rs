//! The rules' one entry: an account and an event in; entries, the account that follows and commands out.

use jiff::civil::Date;

use super::access::{self, Access, Facts};
use super::account::{Account, Overage, Policy};
use super::debt::{DebtItem, DebtStatus};
use super::id::{DebtId, OrderId};
use super::ledger::{Book, Entry, Kind, Side};
use super::order::{Item, Line, Quote};
use super::package::Package;
use super::tariff::{PriceError, Tariff};
use super::units::{Bytes, Rupiah, Timestamp};
use super::validity::{Validity, ValidityChange, ValidityStep};

/// Days a reset gives to a user whose days are over, when the event does not say how many.
const RESET_DAYS: u32 = 30;
/// Share of the debt limit, in percent, at which a user in mode `debt` is warned.
const WARN_PERCENT: u128 = 80;

/// Something that happened to one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The router counted this much since the last reading.
    Metered(Bytes),
    /// The open usage row is sealed, as every local midnight does.
    Sealed,
    /// Time passed.
    Tick,
    /// An operator changed settings.
    Changed(Settings),
    /// An operator gave quota.
    Granted(Grant),
    /// The owner took quota, correcting a mistake.
    Debited {
        /// How much.
        amount: Bytes,
        /// Why.
        reason: String,
    },
    /// The quota account of another store was taken over.
    Imported(Transfer),
    /// An operator entered a debt item, usually giving the same quota with it.
    DebtGranted(DebtGrant),
    /// The owner forgave what is left of a debt item.
    WrittenOff {
        /// Which.
        debt: DebtId,
        /// Why.
        reason: String,
    },
    /// The user promised another day, or the note changed.
    DebtChanged {
        /// Which.
        debt: DebtId,
        /// The last day to pay.
        due_date: Option<Date>,
        /// The owner's private note.
        note: Option<String>,
        /// The note for the customer.
        customer_note: Option<String>,
    },
    /// Money of an order went back.
    Refunded(Refund),
    /// A quote was paid.
    Paid {
        /// By which order.
        order: OrderId,
        /// What was frozen when it was ordered.
        quote: Quote,
    },
    /// A new period begins.
    Reset(Reset),
    /// An admin blocked the user.
    Blocked {
        /// Why.
        reason: String,
    },
    /// An admin ended the block.
    Unblocked,
}

/// Settings an operator may change; `None` leaves one unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Approved to use the hotspot.
    pub approved: Option<bool>,
    /// Not deactivated.
    pub active: Option<bool>,
    /// Never blocked for debt.
    pub exempt: Option<bool>,
    /// When the days end; inner `None` is never.
    pub expires_at: Option<Option<Timestamp>>,
    /// The user's own overage mode; inner `None` returns to the policy's.
    pub overage: Option<Option<Overage>>,
    /// The user's own limit; inner `None` returns to the policy's.
    pub debt_limit: Option<Option<Bytes>>,
}

/// Quota given without payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// How much.
    pub amount: Bytes,
    /// Days given with it.
    pub days: Option<u32>,
    /// Why.
    pub reason: String,
}

/// A quota account of another store: what its period gave and took, and what FUP is measured against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Given in the period.
    pub credits: Bytes,
    /// Taken in the period.
    pub debits: Bytes,
    /// Remaining right after the latest credit.
    pub fup_base: Bytes,
    /// On an unlimited plan.
    pub unlimited: bool,
    /// Why.
    pub reason: String,
}

/// A debt item to be entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebtGrant {
    /// The item, open and unpaid.
    pub item: DebtItem,
    /// Whether the same quota, or the plan, is given now.
    pub advance: bool,
    /// Days given with it: a package's.
    pub days: Option<u32>,
}

/// Money of one order that goes back, with the order's own effects as the ledger and the order record them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Which order.
    pub order: OrderId,
    /// What goes back now.
    pub amount: Rupiah,
    /// What was paid.
    pub paid: Rupiah,
    /// What went back before.
    pub refunded_before: Rupiah,
    /// Lines the order wrote, earlier reversals among them, oldest first.
    pub entries: Vec<Entry>,
    /// Debt items the order paid that are closed; open ones are in the account.
    pub closed: Vec<DebtItem>,
    /// A closing came after the order: its quota belongs to a period that ended.
    pub after_reset: bool,
    /// Every change of the user's expiry and plan so far, oldest first.
    pub validity: Vec<ValidityStep>,
    /// Whether the order bought an unlimited plan.
    pub plan: bool,
    /// Why.
    pub reason: String,
}

/// A new period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reset {
    /// A debt item granted with the new period, its bytes credited.
    pub debt: Option<DebtItem>,
    /// Quota given with it.
    pub credit: Option<Bytes>,
    /// Days given with it.
    pub days: Option<u32>,
    /// Whether to end an admin's block; by default it ends when quota is given.
    pub unblock: Option<bool>,
    /// Why.
    pub reason: String,
}

/// What surrounds an event: the site's policy, the packages on sale, and the time.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The site's policy.
    pub policy: &'a Policy,
    /// Every package.
    pub packages: &'a [Package],
    /// What the world says.
    pub facts: Facts,
}

impl<'a> Context<'a> {
    /// The prices in force.
    pub fn tariff(&self) -> Tariff<'a> {
        Tariff { packages: self.packages, rounding: self.policy.price_rounding }
    }
}

/// What to do outside after the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Access changed: reconcile the router.
    Enforce {
        /// What held before.
        from: Access,
    },
    /// Notify the user that overage nears the limit.
    WarnOverage,
}

/// Where metered bytes went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Debited from the account.
    pub debited: Bytes,
    /// Beyond the limit that should have stopped the user: in the usage series only.
    pub unenforced: Bytes,
}

/// What an event leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Lines for the ledger, in order.
    pub entries: Vec<Entry>,
    /// How expiry and plan changed, in order.
    pub validity: Vec<ValidityStep>,
    /// The account that follows.
    pub account: Account,
    /// To be done after the commit.
    pub effects: Vec<Effect>,
    /// For [`Event::Metered`]: where the bytes went.
    pub split: Split,
    /// For [`Event::Paid`]: some of the money covered what was no longer owed.
    pub surplus: bool,
    /// For [`Event::Paid`]: a line without bytes was no longer owed; its money gave nothing.
    pub nothing_owed: bool,
}

/// A rule says no. Nothing changes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The package would be eaten by overage.
    #[error("usage beyond the quota is {0}, as much as this package gives or more: settle it first")]
    SettleFirst(Bytes),
    /// An admin's block is in force.
    #[error("the user is blocked by an admin; unblock first")]
    AdminBlocked,
    /// Not approved or deactivated.
    #[error("the user is not approved or not active")]
    Inactive,
    /// A debt item is overdue.
    #[error("a debt is overdue: settle it first")]
    DebtOverdue,
    /// The package is not on sale.
    #[error("this package is not on sale")]
    NotOnSale,
    /// Something is owed, which an unlimited plan must not hide.
    #[error("an unlimited plan cannot start while something is owed: settle it first")]
    OwesWhileUnlimited,
    /// An exempt user gets no debt items.
    #[error("the user is exempt and gets no debts; end the exemption first or give quota as a credit")]
    Exempt,
    /// There is nothing to pay.
    #[error("nothing is owed")]
    NothingOwed,
    /// The item is paid already.
    #[error("this debt is paid already")]
    AlreadyPaid,
    /// The items owe less, or an item must be paid whole.
    #[error(
        "a part payment may be at most what the debt items owe ({0}), and an unlimited plan is paid whole"
    )]
    PaysTooMuch(Rupiah),
    /// Part of an order with several lines, or of one whose period ended, goes back.
    #[error("only the whole of this order can go back: it has several lines or its period has ended")]
    RefundWholeOnly,
    /// More would go back than was paid.
    #[error("at most {0} of this order can go back")]
    RefundsTooMuch(Rupiah),
    /// There is no price.
    #[error(transparent)]
    NoPrice(#[from] PriceError),
    /// Mode `debt` needs a limit.
    #[error("overage mode \"debt\" needs a debt limit above 0")]
    DebtNeedsLimit,
    /// The cashier's grants would owe more than a cashier may give on credit.
    #[error("what this cashier gave on credit may owe at most {0} (policy.cashier_credit_rp)")]
    CashierCredit(Rupiah),
    /// The price is not what the caller expects.
    #[error("the price is {0} by now")]
    QuoteChanged(Rupiah),
}

impl Refusal {
    /// The stable code of the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SettleFirst(_) => "settle_first",
            Self::AdminBlocked => "blocked",
            Self::Inactive => "inactive",
            Self::DebtOverdue => "debt_overdue",
            Self::NotOnSale => "not_on_sale",
            Self::OwesWhileUnlimited => "owes_while_unlimited",
            Self::Exempt => "exempt",
            Self::NothingOwed => "nothing_owed",
            Self::AlreadyPaid => "already_paid",
            Self::PaysTooMuch(_) => "pays_too_much",
            Self::RefundWholeOnly => "refund_whole_only",
            Self::RefundsTooMuch(_) => "refunds_too_much",
            Self::NoPrice(_) => "no_price",
            Self::DebtNeedsLimit => "debt_needs_limit",
            Self::CashierCredit(_) => "cashier_credit",
            Self::QuoteChanged(_) => "quote_changed",
        }
    }
}

/// What `event` means for `account`. The only way an account changes.
pub fn step(account: &Account, event: &Event, ctx: &Context) -> Result<Decision, Refusal> {
    let mut book = AccountDraft::open(account, ctx);
    book.start_waiting_days();
    match event {
        Event::Metered(bytes) => book.meter(*bytes),
        Event::Sealed => book.seal(),
        Event::Tick => {}
        Event::Changed(settings) => book.change(settings)?,
        Event::Granted(grant) => book.grant(grant),
        Event::Debited { amount, reason } => {
            book.post(Entry::new(Kind::Correction, Side::Debit, *amount).noted(reason));
        }
        Event::Imported(transfer) => book.import(transfer),
        Event::DebtGranted(debt) => book.grant_debt(debt)?,
        Event::WrittenOff { debt, reason } => book.write_off(*debt, reason)?,
        Event::DebtChanged { debt, due_date, note, customer_note } => {
            book.change_debt(*debt, *due_date, note.as_ref(), customer_note.as_ref())?;
        }
        Event::Refunded(refund) => book.refund(refund)?,
        Event::Paid { order, quote } => book.pay(order, quote),
        Event::Reset(reset) => book.reset(reset)?,
        Event::Blocked { reason } => book.account.admin_block = Some(reason.clone()),
        Event::Unblocked => book.account.admin_block = None,
    }
    Ok(book.close())
}

/// The quote for buying `package`, or why this user may not buy it now.
pub fn quote_purchase(account: &Account, package: &Package, ctx: &Context) -> Result<Quote, Refusal> {
    may_buy(account, ctx)?;
    let overage = account.balance.overage();
    if !package.active {
        return Err(Refusal::NotOnSale);
    }
    match package.quota {
        None if account.total_owed_or_open() => return Err(Refusal::OwesWhileUnlimited),
        Some(quota) if quota <= overage => return Err(Refusal::SettleFirst(overage)),
        _ => {}
    }
    let item = Item::Package { id: package.id, unlimited: package.quota.is_none(), days: package.days };
    let bytes = package.quota.unwrap_or_default();
    Ok(Quote { lines: vec![Line { item, name: package.name.clone(), bytes, price: package.price }] })
}

fn may_buy(account: &Account, ctx: &Context) -> Result<(), Refusal> {
    let holds = |reason| {
        // What a window or a grace puts off is owed all the same.
        let access = access::decide(account, ctx.policy, &Facts { paying: false, grace: false, ..ctx.facts });
        access.causes.contains(&reason)
    };
    match () {
        () if account.admin_block.is_some() => Err(Refusal::AdminBlocked),
        () if !account.active => Err(Refusal::Inactive),
        () if !account.approved && !ctx.policy.payment_approves => Err(Refusal::Inactive),
        () if holds(access::Reason::DebtOverdue) => Err(Refusal::DebtOverdue),
        () => Ok(()),
    }
}

/// The quote for everything owed.
pub fn quote_all(account: &Account, ctx: &Context) -> Result<Quote, Refusal> {
    let quote = ctx.tariff().settle_all(account)?;
    if quote.lines.is_empty() { Err(Refusal::NothingOwed) } else { Ok(quote) }
}

/// The quote for one item. The caller has found it to be this user's.
pub fn quote_item(item: &DebtItem, ctx: &Context) -> Result<Quote, Refusal> {
    if !item.is_open() {
        return Err(Refusal::AlreadyPaid);
    }
    Ok(Quote { lines: vec![ctx.tariff().settle_item(item)?] })
}

/// The quote for a part payment of `amount`.
pub fn quote_part(account: &Account, amount: Rupiah, ctx: &Context) -> Result<Quote, Refusal> {
    let tariff = ctx.tariff();
    let due = account
        .open_items()
        .into_iter()
        .try_fold(Rupiah::ZERO, |sum, item| Ok::<_, PriceError>(sum.plus(tariff.due(item)?)))?;
    if due == Rupiah::ZERO {
        return Err(Refusal::NothingOwed);
    }
    tariff.part_payment(account, amount)?.ok_or(Refusal::PaysTooMuch(due))
}

impl Account {
    fn total_owed_or_open(&self) -> bool {
        !self.balance.overage().is_zero() || self.items.iter().any(DebtItem::is_open)
    }
}

/// One event's work in progress: the account as it becomes and the lines written so far.
struct AccountDraft<'a> {
    before: &'a Account,
    account: Account,
    entries: Vec<Entry>,
    validity: Vec<ValidityStep>,
    split: Split,
    surplus: bool,
    nothing_owed: bool,
    ctx: &'a Context<'a>,
}

impl<'a> AccountDraft<'a> {
    fn open(before: &'a Account, ctx: &'a Context<'a>) -> Self {
        let account = before.clone();
        Self {
            before,
            account,
            entries: Vec::new(),
            validity: Vec::new(),
            split: Split::default(),
            surplus: false,
            nothing_owed: false,
            ctx,
        }
    }

    /// Decides access again and returns the decision.
    fn close(mut self) -> Decision {
        self.account.access = access::decide(&self.account, self.ctx.policy, &self.ctx.facts);
        let mut effects = Vec::new();
        if !self.account.access.is_same(&self.before.access) {
            effects.push(Effect::Enforce { from: self.before.access.clone() });
        }
        let grows = self.account.balance.overage() > self.before.balance.overage();
        if grows && self.nears_limit(&self.account) && !self.nears_limit(self.before) {
            effects.push(Effect::WarnOverage);
        }
        Decision {
            entries: self.entries,
            validity: self.validity,
            account: self.account,
            effects,
            split: self.split,
            surplus: self.surplus,
            nothing_owed: self.nothing_owed,
        }
    }

    fn nears_limit(&self, account: &Account) -> bool {
        let terms = account.terms(self.ctx.policy);
        let warn_at = u128::from(terms.debt_limit.0) * WARN_PERCENT / 100;
        let overage = account.balance.overage();
        // A user over the limit already reads that the internet is paused.
        terms.overage == Overage::Debt
            && !account.exempt
            && u128::from(overage.0) >= warn_at
            && overage < terms.debt_limit
    }

    /// Writes a line; usage that is still open is sealed before it.
    fn post(&mut self, entry: Entry) {
        self.seal();
        self.account.balance = self.account.balance.and(&entry);
        if entry.kind.book() == Book::Quota && entry.side == Side::Credit {
            self.account.fup_base = self.account.balance.remaining();
        }
        self.entries.push(entry);
    }

    /// The open row becomes an entry. The balance holds it already.
    fn seal(&mut self) {
        let open = std::mem::take(&mut self.account.open_usage);
        if !open.is_zero() {
            self.entries.push(Entry::new(Kind::Usage, Side::Debit, open));
        }
    }

    fn meter(&mut self, bytes: Bytes) {
        let account = &mut self.account;
        let terms = account.terms(self.ctx.policy);
        let remaining = account.balance.remaining();
        let (debited, unenforced) = if account.unlimited {
            (Bytes::ZERO, Bytes::ZERO)
        } else if account.exempt {
            (bytes.min(remaining), Bytes::ZERO)
        } else if terms.overage == Overage::Stop && !terms.debt_limit.is_zero() {
            let room = remaining.plus(terms.debt_limit.minus(account.balance.overage()));
            (bytes.min(room), bytes.minus(room))
        } else {
            (bytes, Bytes::ZERO)
        };
        account.balance.debits = account.balance.debits.plus(debited);
        account.open_usage = account.open_usage.plus(debited);
        account.used = account.used.plus(debited);
        self.split = Split { debited, unenforced };
    }

    fn change(&mut self, settings: &Settings) -> Result<(), Refusal> {
        let account = &mut self.account;
        account.approved = settings.approved.unwrap_or(account.approved);
        account.active = settings.active.unwrap_or(account.active);
        account.exempt = settings.exempt.unwrap_or(account.exempt);
        account.overage = settings.overage.unwrap_or(account.overage);
        account.debt_limit = settings.debt_limit.unwrap_or(account.debt_limit);
        let terms = account.terms(self.ctx.policy);
        if terms.overage == Overage::Debt && terms.debt_limit.is_zero() {
            return Err(Refusal::DebtNeedsLimit);
        }
        if let Some(expires_at) = settings.expires_at {
            self.change_validity(ValidityChange::Expiry(expires_at), None);
        }
        Ok(())
    }

    fn grant(&mut self, grant: &Grant) {
        self.post(Entry::new(Kind::Grant, Side::Credit, grant.amount).noted(&grant.reason));
        if let Some(days) = grant.days {
            self.add_days(days, None);
        }
    }

    /// Corrections that lead to the same sums and the same FUP base: what was taken before the latest credit, the
    /// credit, and what was taken since.
    fn import(&mut self, transfer: &Transfer) {
        let before = transfer.credits.minus(transfer.fup_base).min(transfer.debits);
        for (kind, side, amount) in [
            (Kind::Correction, Side::Debit, before),
            (Kind::Grant, Side::Credit, transfer.credits),
            (Kind::Correction, Side::Debit, transfer.debits.minus(before)),
        ] {
            if !amount.is_zero() {
                self.post(Entry::new(kind, side, amount).noted(&transfer.reason));
            }
        }
        if transfer.unlimited {
            self.set_plan(true, None);
        }
    }

    /// Expiry and plan change here alone, and every change is remembered.
    fn change_validity(&mut self, change: ValidityChange, order: Option<&OrderId>) {
        self.account.set_validity(self.account.validity().and(change));
        self.validity.push(ValidityStep { change, order: order.cloned() });
    }

    /// Days begin to count when it is known what day it is.
    fn add_days(&mut self, days: u32, order: Option<&OrderId>) {
        let at = self.ctx.facts.clock_trusted.then_some(self.ctx.facts.now);
        self.change_validity(ValidityChange::Days { days, at, rule: self.ctx.policy.expiry }, order);
    }

    fn start_waiting_days(&mut self) {
        let facts = &self.ctx.facts;
        if facts.clock_trusted && self.account.waiting_days > 0 {
            let began = ValidityChange::Began { at: facts.now, rule: self.ctx.policy.expiry };
            self.change_validity(began, None);
        }
    }

    /// Remembered even where it changes nothing: what came before may go back.
    fn set_plan(&mut self, unlimited: bool, order: Option<&OrderId>) {
        self.change_validity(ValidityChange::Plan(unlimited), order);
    }

    fn grant_debt(&mut self, grant: &DebtGrant) -> Result<(), Refusal> {
        if self.account.exempt {
            return Err(Refusal::Exempt);
        }
        if grant.item.amount.is_none() && self.account.total_owed_or_open() {
            return Err(Refusal::OwesWhileUnlimited);
        }
        self.post_debt(&grant.item);
        if grant.advance {
            match grant.item.amount {
                Some(amount) => {
                    // A package on credit is a finite purchase; a bare advance leaves a plan unchanged.
                    if grant.days.is_some() {
                        self.set_plan(false, None);
                    }
                    self.advance(&grant.item, amount);
                }
                None => self.set_plan(true, None),
            }
            if let Some(days) = grant.days {
                self.add_days(days, None);
            }
        }
        Ok(())
    }

    fn post_debt(&mut self, item: &DebtItem) {
        let entry = Entry {
            amount_rp: item.price,
            debt: Some(item.id),
            ..Entry::new(Kind::DebtGranted, Side::Debit, item.amount.unwrap_or_default()).noted(&item.note)
        };
        self.post(entry);
        self.account.items.push(item.clone());
    }

    fn advance(&mut self, item: &DebtItem, amount: Bytes) {
        let entry = Entry::new(Kind::Advance, Side::Credit, amount).noted(&item.note);
        self.post(Entry { debt: Some(item.id), ..entry });
    }

    fn pay(&mut self, order: &OrderId, quote: &Quote) {
        for line in &quote.lines {
            match &line.item {
                Item::Package { unlimited, days, .. } => self.pay_package(order, line, *unlimited, *days),
                Item::Debt { id, price } => self.pay_debt(order, line, *id, *price),
                Item::Overage => {
                    let owed = line.bytes.min(self.account.balance.overage());
                    self.credit_paid(Kind::OveragePaid, owed, line.price, order, &line.name);
                    self.credit_surplus(line.bytes.minus(owed), order);
                }
            }
        }
    }

    fn pay_package(&mut self, order: &OrderId, line: &Line, unlimited: bool, days: u32) {
        self.account.approved |= self.ctx.policy.payment_approves;
        // The line is written for an unlimited plan too: it carries the price.
        self.credit_paid(Kind::Purchase, line.bytes, line.price, order, &line.name);
        self.set_plan(unlimited, Some(order));
        self.add_days(days, Some(order));
    }

    fn pay_debt(&mut self, order: &OrderId, line: &Line, id: DebtId, full_price: Rupiah) {
        let now_due = |item: &DebtItem| item.is_open() && item.id == id;
        let Some(item) = self.account.items.iter_mut().find(|item| now_due(item)) else {
            return self.pay_for_nothing(order, line);
        };
        let paid = line.bytes.min(item.unpaid());
        item.paid = item.paid.plus(paid);
        item.paid_rp = item.paid_rp.plus(line.price);
        item.price.get_or_insert(full_price);
        if item.unpaid().is_zero() {
            item.status = DebtStatus::Paid;
        }
        let entry = Entry {
            amount_rp: Some(line.price),
            debt: Some(id),
            order: Some(order.clone()),
            ..Entry::new(Kind::DebtPaid, Side::Credit, paid)
        };
        self.post(entry);
        self.credit_surplus(line.bytes.minus(paid), order);
    }

    /// A debt line of which nothing is owed: its bytes become quota, and without bytes its money waits for a person.
    /// Either way the ledger says that the money came.
    fn pay_for_nothing(&mut self, order: &OrderId, line: &Line) {
        self.surplus |= !line.bytes.is_zero();
        self.nothing_owed |= line.bytes.is_zero();
        self.credit_paid(Kind::Surplus, line.bytes, line.price, order, &line.name);
    }

    fn credit_paid(&mut self, kind: Kind, amount: Bytes, price: Rupiah, order: &OrderId, note: &str) {
        let entry = Entry::new(kind, Side::Credit, amount).noted(note);
        self.post(Entry { amount_rp: Some(price), order: Some(order.clone()), ..entry });
    }

    /// Bytes that were paid for but are no longer owed become quota.
    fn credit_surplus(&mut self, amount: Bytes, order: &OrderId) {
        if !amount.is_zero() {
            self.surplus = true;
            self.post(Entry {
                order: Some(order.clone()),
                ..Entry::new(Kind::Surplus, Side::Credit, amount)
            });
        }
    }

    fn open_item(&mut self, id: DebtId) -> Result<&mut DebtItem, Refusal> {
        let mut items = self.account.items.iter_mut();
        items.find(|item| item.id == id && item.is_open()).ok_or(Refusal::AlreadyPaid)
    }

    fn write_off(&mut self, id: DebtId, reason: &str) -> Result<(), Refusal> {
        let item = self.open_item(id)?;
        let forgiven = item.unpaid();
        item.status = DebtStatus::WrittenOff;
        let entry = Entry::new(Kind::WrittenOff, Side::Credit, forgiven).noted(reason);
        self.post(Entry { debt: Some(id), ..entry });
        Ok(())
    }

    fn change_debt(
        &mut self,
        id: DebtId,
        due: Option<Date>,
        note: Option<&String>,
        customer_note: Option<&String>,
    ) -> Result<(), Refusal> {
        let item = self.open_item(id)?;
        item.due_date = due.unwrap_or(item.due_date);
        if let Some(note) = note {
            item.note.clone_from(note);
        }
        if let Some(note) = customer_note {
            item.customer_note.clone_from(note);
        }
        Ok(())
    }

    /// Undoes an order's own effects, in proportion to the money that goes back.
    fn refund(&mut self, refund: &Refund) -> Result<(), Refusal> {
        let left = refund.paid.minus(refund.refunded_before);
        if refund.amount > left || refund.amount == Rupiah::ZERO {
            return Err(Refusal::RefundsTooMuch(left));
        }
        let whole = refund.amount == left;
        let quota: Vec<&Entry> = refund.entries.iter().filter(|e| e.kind.book() == Book::Quota).collect();
        let paid_debts = refund.entries.iter().filter(|e| e.kind == Kind::DebtPaid);
        let given = |side| quota.iter().filter(|e| e.side == side).fold(Bytes::ZERO, |n, e| n.plus(e.amount));
        let lines = quota.iter().filter(|e| e.side == Side::Credit).count() + paid_debts.clone().count();
        if !whole && (lines > 1 || paid_debts.clone().count() > 0 || refund.after_reset || refund.plan) {
            return Err(Refusal::RefundWholeOnly);
        }
        let returned = refund.refunded_before.plus(refund.amount);
        let share =
            u128::from(given(Side::Credit).0) * u128::from(returned.0) / u128::from(refund.paid.0.max(1));
        let target = match (refund.after_reset, whole) {
            // What it gave went with its period; the line still says that money went back.
            (true, _) => Bytes::ZERO,
            (false, true) => given(Side::Credit),
            (false, false) => Bytes(u64::try_from(share).unwrap_or(u64::MAX)),
        };
        self.take_back(refund, target.minus(given(Side::Debit)));
        if whole {
            for entry in paid_debts {
                self.reopen(entry, refund);
            }
            self.undo_validity(refund);
        }
        Ok(())
    }

    fn take_back(&mut self, refund: &Refund, amount: Bytes) {
        let entry = Entry::new(Kind::Reversal, Side::Debit, amount).noted(&refund.reason);
        self.post(Entry { amount_rp: Some(refund.amount), order: Some(refund.order.clone()), ..entry });
    }

    /// A debt line of the order is owed again.
    fn reopen(&mut self, paid: &Entry, refund: &Refund) {
        let Some(id) = paid.debt else { return };
        if self.account.item(id).is_none()
            && let Some(item) = refund.closed.iter().find(|item| item.id == id)
        {
            // To its old place: items are in the order they were entered.
            let at = self.account.items.partition_point(|other| other.created_at <= item.created_at);
            self.account.items.insert(at, item.clone());
        }
        let Some(item) = self.account.items.iter_mut().find(|item| item.id == id) else { return };
        if item.status == DebtStatus::WrittenOff {
            // What was forgiven stays forgiven: it counts as paid, and only this payment is owed again.
            item.paid = item.amount.unwrap_or_default();
        }
        item.paid = item.paid.minus(paid.amount);
        item.paid_rp = item.paid_rp.minus(paid.amount_rp.unwrap_or_default());
        // A payment too small for a byte left nothing to owe again.
        if item.amount.is_none_or(|amount| item.paid < amount) {
            item.status = DebtStatus::Open;
        }
        let entry = Entry::new(Kind::DebtReopened, Side::Debit, paid.amount).noted(&refund.reason);
        self.post(Entry { debt: Some(id), order: Some(refund.order.clone()), ..entry });
    }

    /// Expiry and plan become what they would be had the order never been.
    fn undo_validity(&mut self, refund: &Refund) {
        self.change_validity(ValidityChange::Undone, Some(&refund.order));
        let steps: Vec<ValidityStep> = refund.validity.iter().chain(&self.validity).cloned().collect();
        self.account.set_validity(Validity::fold(&steps));
    }

    fn reset(&mut self, reset: &Reset) -> Result<(), Refusal> {
        if self.account.exempt && reset.debt.is_some() {
            return Err(Refusal::Exempt);
        }
        self.seal();
        self.post(self.account.balance.closing(&reset.reason));
        self.account.used = Bytes::ZERO;
        self.account.fup_base = Bytes::ZERO;
        self.set_plan(false, None);
        if let Some(item) = &reset.debt {
            self.post_debt(item);
            self.advance(item, item.amount.unwrap_or_default());
        }
        if let Some(amount) = reset.credit {
            self.post(Entry::new(Kind::Grant, Side::Credit, amount).noted(&reset.reason));
        }
        let gives = reset.debt.is_some() || reset.credit.is_some();
        if reset.unblock.unwrap_or(gives) {
            self.account.admin_block = None;
        }
        let expired = self.account.expires_at.is_some_and(|at| at < self.ctx.facts.now);
        if let Some(days) = reset.days.or((gives && expired).then_some(RESET_DAYS)) {
            self.add_days(days, None);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
