//! The demo's cashier: at intervals a blocked customer pays cash.

use crate::agent::engine::{Actor, Command};
use crate::cli::failure::Failure;
use crate::domain::access::Reason;
use crate::domain::units::Rupiah;
use crate::protocol::admin::packages::PackageView;
use crate::protocol::admin::users::UserView;
use crate::store::Role;

use super::people::GUEST_MAC;
use super::town::{Town, cash};

/// What unblocks a customer.
pub(super) enum Remedy<'a> {
    /// Paying everything owed.
    Settle,
    /// Buying this package, which pays for the overage, too.
    Buy(&'a PackageView),
}

/// Whether a customer is blocked and must pay. The guest is left out, because a browser pays for that one.
pub(super) fn is_stopped(user: &UserView) -> bool {
    let guest = GUEST_MAC.to_string();
    matches!(
        user.access.reason,
        Some(Reason::DebtLimit | Reason::DebtOverdue | Reason::Habis | Reason::Expired)
    ) && !user.devices.is_empty()
        && user.devices.iter().all(|device| device.mac != guest)
}

/// Debt is settled, or paid with the next package by customers who prefer to buy; used-up quota is bought again.
pub(super) fn remedy<'a>(user: &UserView, packages: &'a [PackageView], rather_buys: bool) -> Remedy<'a> {
    let buys = match user.access.reason {
        Some(Reason::Habis | Reason::Expired) => true,
        Some(Reason::DebtLimit) => rather_buys,
        Some(Reason::Admin | Reason::Inactive | Reason::Paying | Reason::DebtOverdue | Reason::Fup)
        | None => false,
    };
    let fits = |package: &&PackageView| package.quota_bytes.is_some_and(|quota| quota > user.overage_bytes);
    match packages.iter().find(fits) {
        Some(package) if buys => Remedy::Buy(package),
        _ => Remedy::Settle,
    }
}

/// The cashier.
#[derive(Debug, Default)]
pub(super) struct Cashier {
    /// Customers served so far.
    pub served: u64,
}

impl Cashier {
    /// Takes money from the customer who is blocked the longest. Returns a line about it; `None` without such a
    /// customer.
    pub async fn serve(&mut self, town: &Town) -> Result<Option<String>, Failure> {
        let users = town.users().await?;
        let stopped = users.iter().filter(|user| is_stopped(user));
        let Some(user) = stopped.min_by_key(|user| user.access.since.0) else { return Ok(None) };
        self.served += 1;
        let packages = town.packages().await?;
        let (action, what) = match remedy(user, &packages, self.served.is_multiple_of(2)) {
            Remedy::Settle => (Command::SettleAll(user.id, cash()), "settles everything".to_owned()),
            Remedy::Buy(package) => {
                (Command::Buy(user.id, package.id, cash()), format!("buys {}", package.name))
            }
        };
        Ok(Some(take(town, user, action, &what).await))
    }
}

async fn take(town: &Town, user: &UserView, action: Command, what: &str) -> String {
    let cashier = Actor { name: "kasir".to_owned(), role: Role::Cashier, source: "demo".to_owned() };
    let name = &user.name;
    match town.site.take_money(cashier, user.id, action, None).await {
        Ok(done) => {
            let paid = done.order().map_or(Rupiah::ZERO, |order| Rupiah(order.amount_rp));
            format!("{name:18}  pays {paid} in cash and {what}")
        }
        Err(error) => format!("{name:18}  is sent away: {error}"),
    }
}
