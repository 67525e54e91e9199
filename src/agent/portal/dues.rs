//! What a customer owes and what reconnects them: the bill, a package, or the bill and then a package. Decided by the
//! same step that a payment makes, as if no pay window were open.

use super::owed::Owed;
use super::texts::Words;
use crate::agent::engine::{ReadView, WINDOW_BYTES_MAX};
use crate::domain::access::{self, Facts, Reason, Status};
use crate::domain::account::{Account, Overage};
use crate::domain::id::OrderId;
use crate::domain::order::Quote;
use crate::domain::policy::{self, Context, Event};
use crate::domain::units::{Bytes, Rupiah, Timestamp};
use crate::ui::Locale;
use crate::ui::catalogue::fill;

/// What a customer does to be online.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reconnection {
    /// Nothing: the internet runs.
    Nothing,
    /// Paying everything owed is enough.
    Bill,
    /// A package is enough, and the bill alone is not.
    Package,
    /// The bill is paid first; a package can be bought then.
    BillThenPackage,
    /// No payment helps.
    Owner,
}

/// What usage beyond the quota costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OverageTariff {
    /// The least that is charged.
    least: Rupiah,
    /// Prices are rounded up to a multiple of this.
    step: Rupiah,
    /// Whether the internet stops when the quota is used up.
    stops: bool,
}

/// What is owed, and what follows from it.
pub(super) struct Dues {
    /// Everything owed.
    pub owed: Owed,
    /// What reconnects.
    pub remedy: Reconnection,
    /// How long a pay window is open, in milliseconds; zero: never.
    pub pay_window_ms: u64,
    /// `None` where usage beyond the quota is never charged, or has no price.
    tariff: Option<OverageTariff>,
}

/// An account after a payment.
pub(super) struct Prospect {
    /// Whether the internet runs then.
    pub is_online: bool,
    /// Until when it is valid; `None` is without end.
    pub expires_at: Option<Timestamp>,
    /// What is owed and what reconnects then.
    pub dues: Dues,
}

impl Dues {
    /// Dues of that price, with what reconnects.
    #[cfg(test)]
    pub fn of_price(total: Rupiah, remedy: Reconnection) -> Self {
        Self { owed: Owed::of_price(total), remedy, pay_window_ms: 600_000, tariff: None }
    }

    /// The dues of `account` at present.
    pub fn of(look: &ReadView, account: &Account) -> Self {
        let (remedy, tariff) = look.with_context(|ctx| {
            let ctx = without_window(ctx);
            (remedy(account, &ctx), tariff(account, &ctx))
        });
        Self { owed: Owed::of(look, account), remedy, pay_window_ms: look.policy.pay_window_ms, tariff }
    }

    /// The price of everything owed; `None` if nothing is, or if part of it has no price.
    pub fn total(&self) -> Option<Rupiah> {
        self.owed.total().filter(|total| *total > Rupiah::ZERO)
    }

    /// Whether the bill is the first thing to pay.
    pub fn is_bill_first(&self) -> bool {
        self.total().is_some() && self.remedy != Reconnection::Package
    }

    /// What a stopped customer has to know before paying: what the bill alone does not do, and what a package does.
    pub fn advice(&self, account: &Account, words: &Words, locale: &Locale) -> Vec<String> {
        let overage = account.balance.overage();
        let clears = matches!(self.remedy, Reconnection::Package) && !overage.is_zero();
        let falls_short = self.remedy == Reconnection::Package && self.total().is_some();
        let short = falls_short.then(|| words.bill_not_enough.to_owned());
        let clears = clears.then(|| fill(words.package_clears, &[&locale.quota(overage)]));
        short.into_iter().chain(clears).collect()
    }

    /// What usage beyond the quota costs, for a customer who is near it; `None` where it costs nothing.
    pub fn overage_warning(&self, account: &Account, words: &Words) -> Option<String> {
        is_ending(account).then(|| self.overage_price(words)).flatten()
    }

    /// What usage beyond the quota costs, and how it is rounded.
    pub fn overage_price(&self, words: &Words) -> Option<String> {
        let OverageTariff { least, step, stops } = self.tariff?;
        let text = if stops { words.overage_price_stop } else { words.overage_price_debt };
        Some(fill(text, &[&least.to_string(), &step.to_string()]))
    }

    /// What holds for the internet that is opened to pay; `None` where none is opened.
    pub fn window_terms(&self, words: &Words, locale: &Locale) -> Option<String> {
        let is_opened =
            self.pay_window_ms > 0 && !matches!(self.remedy, Reconnection::Nothing | Reconnection::Owner);
        let time = locale.span(std::time::Duration::from_millis(self.pay_window_ms));
        is_opened.then(|| fill(words.window_terms, &[&time, &locale.quota(WINDOW_BYTES_MAX)]))
    }
}

impl Prospect {
    /// What follows when `quote` is paid at once; `None` if it cannot be.
    pub fn of(look: &ReadView, account: &Account, quote: &Quote) -> Option<Self> {
        let after = look.with_context(|ctx| paid(account, quote, &without_window(ctx)))?;
        let dues = Dues::of(look, &after);
        Some(Self { is_online: dues.remedy == Reconnection::Nothing, expires_at: after.expires_at, dues })
    }
}

/// Whether so little is left that usage beyond the quota is near: less than a tenth.
pub(super) fn is_ending(account: &Account) -> bool {
    let left = account.balance.remaining();
    let runs = matches!(account.access.status, Status::Active | Status::Fup);
    runs && !account.unlimited && left.0 < account.fup_base.max(left).0 / 10
}

/// The context without what delays a block: a pay window or a relay that cannot be asked.
fn without_window<'a>(ctx: &Context<'a>) -> Context<'a> {
    Context { facts: Facts { paying: false, grace: false, ..ctx.facts }, ..*ctx }
}

fn is_online(account: &Account, ctx: &Context) -> bool {
    match access::decide(account, ctx.policy, &ctx.facts).status {
        Status::Active | Status::Unlimited | Status::Fup => true,
        Status::Habis | Status::Expired | Status::Inactive | Status::Blocked => false,
    }
}

fn paid(account: &Account, quote: &Quote, ctx: &Context) -> Option<Account> {
    let paid = Event::Paid { order: OrderId(String::new()), quote: quote.clone() };
    Some(policy::step(account, &paid, ctx).ok()?.account)
}

/// Whether the internet runs otherwise than to pay.
pub(super) fn runs(account: &Account) -> bool {
    match account.access.status {
        Status::Active | Status::Unlimited => true,
        Status::Fup => account.access.reason != Some(Reason::Paying),
        Status::Habis | Status::Expired | Status::Inactive | Status::Blocked => false,
    }
}

fn remedy(account: &Account, ctx: &Context) -> Reconnection {
    if runs(account) || is_online(account, ctx) {
        return Reconnection::Nothing;
    }
    let helps =
        |account: &Account, quote: &Quote| paid(account, quote, ctx).filter(|then| is_online(then, ctx));
    let package_helps = |account: &Account| {
        let quotes =
            ctx.packages.iter().filter_map(|package| policy::quote_purchase(account, package, ctx).ok());
        quotes.into_iter().any(|quote| helps(account, &quote).is_some())
    };
    let bill = policy::quote_all(account, ctx).ok();
    let settled = bill.as_ref().and_then(|bill| paid(account, bill, ctx));
    match settled {
        Some(settled) if is_online(&settled, ctx) => Reconnection::Bill,
        _ if package_helps(account) => Reconnection::Package,
        Some(settled) if package_helps(&settled) => Reconnection::BillThenPackage,
        Some(_) | None => Reconnection::Owner,
    }
}

fn tariff(account: &Account, ctx: &Context) -> Option<OverageTariff> {
    // Less than a megabyte may round to nothing; what is charged is at least one step.
    let least = ctx.tariff().quote(Bytes::mb(1)).ok()?.max(ctx.policy.price_rounding);
    let is_charged = !account.exempt && !account.unlimited;
    let stops = account.terms(ctx.policy).overage == Overage::Stop;
    is_charged.then_some(OverageTariff { least, step: ctx.policy.price_rounding, stops })
}
