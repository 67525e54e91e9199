//! Packages on sale, each with its price or the reason why it cannot be bought now.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::contact::Contact;
use super::dues::{Dues, Prospect, Reconnection};
use super::error_page;
use super::notices::notices;
use super::pay::{Till, valid_until};
use super::state::Portal;
use super::texts::{ErrorWords, Words};
use super::visitor::Guest;
use crate::agent::engine::Engine;
use crate::agent::http::state::Answer;
use crate::domain::access::Status;
use crate::domain::account::Account;
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
    /// What a stopped customer needs to know first.
    advice: Vec<String>,
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
    /// Until when it is valid if it is bought today.
    until: String,
    price: String,
    price_rp: u64,
    /// Why it cannot be bought now.
    refusal: Option<&'static str>,
}

/// `GET /beli`.
pub(super) async fn show(State(portal): State<Arc<Portal>>, guest: Guest) -> Answer {
    let seen = portal.look_at(&guest, |engine, customer| Ok(see(engine, customer.user.account)));
    let Some(seen) = seen.await? else { return Ok(see_other("/")) };
    let (words, locale) = (guest.words(), guest.locale());
    let settle = seen.offers.iter().any(|offer| offer.outcome.as_ref().is_err_and(must_settle));
    let mut packages: Vec<Ware> =
        seen.offers.iter().map(|offer| ware(offer, &seen.account, words, locale)).collect();
    let first = packages.first().and_then(|ware| ware.refusal);
    let refusal = first.filter(|_| packages.iter().all(|ware| ware.refusal == first));
    if refusal.is_some() {
        // Shown once, above all packages.
        for ware in &mut packages {
            ware.refusal = Some("");
        }
    }
    let till = portal.till(&guest, seen.account.id);
    let advice = advice(&seen, words, locale);
    let (notices, contact) = (notices(&portal, words, locale), portal.contact.clone());
    let frame = guest.frame(words.shop);
    html(&Shop { frame, words, here: "/beli", notices, advice, packages, till, contact, refusal, settle })
}

/// The data of the page.
struct ShopData {
    account: Account,
    dues: Dues,
    offers: Vec<ShopOffer>,
}

/// A package and what buying it leads to, or why this customer cannot buy it.
struct ShopOffer {
    package: Package,
    outcome: Result<Option<Prospect>, Refusal>,
}

/// Packages on sale, the cheapest first.
fn see(engine: &Engine, account: Account) -> ShopData {
    let look = engine.read_view();
    let mut packages: Vec<Package> = look.packages().into_iter().filter(|package| package.active).collect();
    packages.sort_by_key(|package| (package.price, package.quota));
    let offer = |package: Package| {
        let quote = look.with_context(|ctx| policy::quote_purchase(&account, &package, ctx));
        ShopOffer { outcome: quote.map(|quote| Prospect::of(&look, &account, &quote)), package }
    };
    let offers = packages.into_iter().map(offer).collect();
    ShopData { dues: Dues::of(&look, &account), account, offers }
}

fn must_settle(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::SettleFirst(_) | Refusal::DebtOverdue | Refusal::OwesWhileUnlimited)
}

/// What to know before buying: how a new account becomes active, what happens to usage beyond the quota, and that the
/// internet opened to pay counts.
fn advice(seen: &ShopData, words: &Words, locale: &Locale) -> Vec<String> {
    let ShopData { account, dues, .. } = seen;
    let is_new = account.access.status == Status::Inactive && dues.remedy == Reconnection::Package;
    let begins = is_new.then(|| words.inactive_buy.to_owned());
    begins
        .into_iter()
        .chain(dues.advice(account, words, locale))
        .chain(dues.window_terms(words, locale))
        .collect()
}

fn ware(offer: &ShopOffer, account: &Account, words: &Words, locale: &Locale) -> Ware {
    let sorry = ErrorWords::of(locale.language);
    let ShopOffer { package, outcome } = offer;
    let prospect = outcome.as_ref().ok().and_then(Option::as_ref);
    let refusal = outcome.as_ref().err().cloned();
    Ware {
        path: format!("/beli/{}", package.id),
        name: package.name.clone(),
        quota: package.quota.map_or_else(|| words.no_limit.to_owned(), |quota| locale.quota(quota)),
        days: fill(words.days, &[&package.days.to_string()]),
        until: prospect.and_then(|then| valid_until(account, then, words, locale)).unwrap_or_default(),
        price: package.price.to_string(),
        price_rp: package.price.0,
        refusal: refusal.map(|refusal| error_page::text(sorry, &refusal.into()).unwrap_or(sorry.refused)),
    }
}
