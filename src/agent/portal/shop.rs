//! Packages on sale, each with its price or the reason why it cannot be bought now.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::contact::Contact;
use super::error_page;
use super::notices::notices;
use super::pay::Till;
use super::state::Portal;
use super::texts::{ErrorWords, Words};
use super::visitor::Guest;
use crate::agent::engine::{Engine, Snapshot};
use crate::agent::http::state::Answer;
use crate::domain::package::Package;
use crate::domain::policy::{self, Refusal};
use crate::ui::catalogue::fill;
use crate::ui::layout::see_other;
use crate::ui::{Frame, Locale, html};

#[derive(Template)]
#[template(path = "portal/shop.html")]
struct Shop {
    frame: Frame,
    words: &'static Words,
    here: &'static str,
    notices: Vec<String>,
    packages: Vec<Ware>,
    till: Till,
    contact: Option<Contact>,
    /// Why nothing can be bought, if the reason is the same for every package.
    refusal: Option<&'static str>,
    settle: bool,
}

/// A package as shown.
struct Ware {
    path: String,
    name: String,
    quota: String,
    days: String,
    price: String,
    price_rp: u64,
    /// Why it cannot be bought now.
    refusal: Option<&'static str>,
}

/// `GET /beli`.
pub(super) async fn show(State(portal): State<Arc<Portal>>, guest: Guest) -> Answer {
    let packages =
        portal.look_at(&guest, |engine, customer| Ok((customer.user.account.id, on_sale(engine, &customer))));
    let Some((user, packages)) = packages.await? else { return Ok(see_other("/")) };
    let (words, locale) = (guest.words(), guest.locale());
    let sorry = ErrorWords::of(locale.language);
    let settle = packages.iter().any(|(_, refusal)| refusal.as_ref().is_some_and(must_settle));
    let mut packages: Vec<Ware> = packages
        .into_iter()
        .map(|(package, refusal)| ware(&package, refusal, sorry, words, locale))
        .collect();
    let first = packages.first().and_then(|ware| ware.refusal);
    let refusal = first.filter(|_| packages.iter().all(|ware| ware.refusal == first));
    if refusal.is_some() {
        // Shown once, above all packages.
        for ware in &mut packages {
            ware.refusal = Some("");
        }
    }
    let till = portal.till(&guest, user);
    let (notices, contact) = (notices(&portal, words, locale), portal.contact.clone());
    let frame = guest.frame(words.shop);
    html(&Shop { frame, words, here: "/beli", notices, packages, till, contact, refusal, settle })
}

/// Packages on sale, the cheapest first, each with the reason why this customer cannot buy it.
fn on_sale(engine: &Engine, customer: &Snapshot) -> Vec<(Package, Option<Refusal>)> {
    let look = engine.read_view();
    let account = &customer.user.account;
    let mut packages: Vec<Package> = look.packages().into_iter().filter(|package| package.active).collect();
    packages.sort_by_key(|package| (package.price, package.quota));
    look.with_context(|ctx| {
        let judge = |package: Package| {
            let refusal = policy::quote_purchase(account, &package, ctx).err();
            (package, refusal)
        };
        packages.into_iter().map(judge).collect()
    })
}

fn must_settle(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::SettleFirst(_) | Refusal::DebtOverdue | Refusal::OwesWhileUnlimited)
}

fn ware(
    package: &Package,
    refusal: Option<Refusal>,
    sorry: &ErrorWords,
    words: &Words,
    locale: &Locale,
) -> Ware {
    Ware {
        path: format!("/beli/{}", package.id),
        name: package.name.clone(),
        quota: package.quota.map_or_else(|| words.no_limit.to_owned(), |quota| locale.quota(quota)),
        days: fill(words.days, &[&package.days.to_string()]),
        price: package.price.to_string(),
        price_rp: package.price.0,
        refusal: refusal.map(|refusal| error_page::text(sorry, &refusal.into()).unwrap_or(sorry.refused)),
    }
}
