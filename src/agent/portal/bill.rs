//! The bill: everything owed, payable in full, item by item, or in part.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::contact::Contact;
use super::dues::{Dues, Reconnection};
use super::notices::notices;
use super::owed::OwedLine;
use super::pay::{Till, choose, pay};
use super::state::Portal;
use super::texts::Words;
use super::visitor::{Guest, Sent};
use crate::agent::engine::{OpenOne, Purpose};
use crate::agent::http::state::Answer;
use crate::domain::units::{AMOUNT_RP_MAX, Rupiah};
use crate::ui::Frame;
use crate::ui::catalogue::fill;
use crate::ui::layout::{page_with, see_other};
use crate::ui::refused::Refused;
use crate::web::{Problem, Query};

#[derive(Template)]
#[template(path = "portal/bill.html")]
struct Bill {
    frame: Frame,
    words: &'static Words,
    here: &'static str,
    notices: Vec<String>,
    /// What paying does not do, and what usage beyond the quota costs.
    advice: Vec<String>,
    /// An order that is open: its page.
    open: Option<String>,
    is_bill_first: bool,
    can_buy: bool,
    lines: Vec<OwedLine>,
    total: Option<String>,
    total_rp: u64,
    /// The largest part payment; `None` where nothing can be paid in part.
    part_hint: Option<String>,
    /// The error in the amount that was entered.
    complaint: Option<&'static str>,
    till: Till,
    contact: Option<Contact>,
}

/// `GET /lunasi`.
pub(super) async fn show(State(portal): State<Arc<Portal>>, guest: Guest) -> Answer {
    page(&portal, &guest, None).await
}

/// The bill, with the error in an amount that was entered.
pub(super) async fn page(portal: &Portal, guest: &Guest, complaint: Option<&'static str>) -> Answer {
    let seen = portal.look_at(guest, |engine, customer| {
        let account = customer.user.account;
        let open = match engine.open_online(account.id) {
            Some(OpenOne::Order(id)) => Some(id),
            Some(OpenOne::PendingOrder(_) | OpenOne::Discarded { .. }) | None => None,
        };
        let dues = Dues::of(&engine.read_view(), &account);
        Ok((account, dues, open))
    });
    let Some((account, dues, open)) = seen.await? else { return Ok(see_other("/")) };
    let (words, locale) = (guest.words(), guest.locale());
    let (owed, total) = (&dues.owed, dues.total());
    let overage = (!account.balance.overage().is_zero()).then(|| dues.overage_price(words)).flatten();
    let part = owed.total_of_items().filter(|most| *most > Rupiah::ZERO);
    let status = if complaint.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Bill {
        frame: guest.frame(words.bill),
        words,
        here: "/lunasi",
        notices: notices(portal, words, locale),
        advice: dues.advice(&account, words, locale).into_iter().chain(overage).collect(),
        open: open.map(|id| portal.status_path(&id)),
        is_bill_first: dues.is_bill_first(),
        can_buy: dues.remedy == Reconnection::Package,
        lines: owed.lines(words, locale),
        total: total.map(|total| total.to_string()),
        total_rp: total.unwrap_or_default().0,
        part_hint: part.map(|most| fill(words.part_hint, &[&most.to_string()])),
        complaint,
        till: portal.till(guest, account.id),
        contact: portal.contact.clone(),
    };
    page_with(status, &page)
}

/// The amount of a part payment.
#[derive(Deserialize)]
pub(super) struct Part {
    #[serde(default)]
    rp: String,
}

/// `GET /lunasi/sebagian?rp=`.
pub(super) async fn choose_part(
    State(portal): State<Arc<Portal>>,
    Query(part): Query<Part>,
    guest: Guest,
) -> Answer {
    // A refused form has its amount in what was typed.
    let typed = guest.page_request.refused.as_ref().and_then(|refused| refused.form.text("rp"));
    match amount(typed.unwrap_or(&part.rp)) {
        Some(amount) => choose(&portal, &guest, Purpose::PayPart(amount)).await,
        None => page(&portal, &guest, Some(guest.words().part_bad)).await,
    }
}

/// An amount in people's notation.
fn amount(text: &str) -> Option<Rupiah> {
    text.parse::<Rupiah>().ok().filter(|amount| (1..=AMOUNT_RP_MAX).contains(&amount.0))
}

/// `POST /lunasi/sebagian`.
pub(super) async fn pay_part(State(portal): State<Arc<Portal>>, sent: Sent) -> Answer {
    let Some(amount) = amount(sent.form.text("rp").unwrap_or_default()) else {
        let page = page(&portal, &sent.guest, Some(sent.guest.words().part_bad)).await?;
        let bad = Problem::invalid("rp", "is not an amount that can be paid");
        return Ok(Refused::of(bad, &sent.form).answered_by(page));
    };
    pay(&portal, &sent, Purpose::PayPart(amount)).await
}
