//! The demo's cashier: now and then somebody who was stopped comes by and pays cash.

use crate::agent::engine::{Action, Actor, UserView};
use crate::cli::Failure;
use crate::domain::units::Rupiah;
use crate::store::Role;

use super::town::{Town, cash};

/// The one who takes the money.
#[derive(Debug, Default)]
pub(super) struct Cashier {
    served: u64,
}

impl Cashier {
    /// Takes money from whoever has been stopped the longest. What was done, in words; `None` without customers.
    pub async fn serve(&mut self, town: &Town) -> Result<Option<String>, Failure> {
        let users = town.users().await?;
        let stopped = |user: &&UserView| {
            matches!(user.access.reason, Some("debt_limit" | "debt_overdue" | "habis"))
                && !user.devices.is_empty()
        };
        let Some(user) = users.iter().filter(stopped).min_by(|a, b| a.access.since.cmp(&b.access.since))
        else {
            return Ok(None);
        };
        self.served += 1;
        // Debt is settled, and now and then paid off by the next package; used-up quota is bought anew.
        let buys = match user.access.reason {
            Some("habis") => true,
            Some("debt_limit") => self.served.is_multiple_of(2),
            _ => false,
        };
        let (action, what) = if buys {
            let packages = town.packages().await?;
            let fits = |quota: Option<u64>| quota.is_some_and(|quota| quota > user.overage_bytes);
            match packages.iter().find(|package| fits(package.quota_bytes)) {
                Some(p) => (Action::Buy(user.id, p.id, cash()), format!("buys {}", p.name)),
                None => (Action::SettleAll(user.id, cash()), "settles everything".to_owned()),
            }
        } else {
            (Action::SettleAll(user.id, cash()), "settles everything".to_owned())
        };
        Ok(Some(take(town, user, action, &what).await))
    }
}

async fn take(town: &Town, user: &UserView, action: Action, what: &str) -> String {
    let cashier = Actor { name: "kasir".to_owned(), role: Role::Cashier, source: "demo".to_owned() };
    let name = &user.name;
    match town.site.service.submit(cashier, action, None).await {
        Ok(outcome) => {
            let order: serde_json::Value = serde_json::from_str(&outcome.body).unwrap_or_default();
            let paid = Rupiah(order["amount_rp"].as_u64().unwrap_or_default());
            format!("{name:18}  pays {paid} in cash and {what}")
        }
        Err(error) => format!("{name:18}  is sent away: {error}"),
    }
}
