//! Money taken over the counter, or asked for through the gateway.

use std::sync::Arc;

use super::commands::money::Money;
use super::state::AppState;
use crate::agent::config::Config;
use crate::agent::engine::{Actor, Done, Key};
use crate::domain::id::UserId;
use crate::domain::order::OnlineMethod;
use crate::web::Problem;
use crate::web::finish::finish;

/// Takes money to its end, also when the caller is gone.
pub(crate) async fn take_money(
    app: &AppState,
    actor: Actor,
    id: UserId,
    money: Money,
    key: Option<Key>,
) -> Result<Done, Problem> {
    let site = Arc::clone(&app.site);
    match money {
        Money::Taken(action) => {
            Ok(finish(async move { site.take_money(actor, id, action, key).await }).await??)
        }
        Money::Asked(wish) => {
            on_offer(&app.site.config, wish.method)?;
            Ok(finish(async move { site.payments.pay_online(actor, wish, key).await }).await??)
        }
    }
}

/// The gateway's page is always there; other methods are what the owner chose to offer.
fn on_offer(config: &Config, method: OnlineMethod) -> Result<(), Problem> {
    if method == OnlineMethod::Snap || config.payment.methods.contains(&method) {
        return Ok(());
    }
    let names: Vec<&str> = config.payment.methods.iter().map(|method| method.name()).collect();
    let message = format!("{} is not offered here (payment.methods): {}", method.name(), names.join(", "));
    Err(Problem::invalid("method", message))
}
