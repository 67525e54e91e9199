//! Why the internet is slow or stopped: which rule, which numbers, and what to pay. The router sends blocked devices
//! here; unknown devices get a general description of the rule.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::contact::Contact;
use super::dues::Dues;
use super::sentence::{sentence, tone};
use super::state::Portal;
use super::sums::figures;
use super::texts::{PolicyWords, Words};
use super::visitor::Guest;
use crate::agent::engine::{Engine, Snapshot};
use crate::agent::http::state::Answer;
use crate::domain::access::{self, Reason, Rule, Status};
use crate::domain::account::Policy;
use crate::domain::units::Bytes;
use crate::ui::catalogue::fill;
use crate::ui::{Frame, Locale, html};
use crate::web::{Path, Problem};

#[derive(Template)]
#[template(path = "portal/policy.html")]
struct Page {
    frame: Frame,
    words: &'static Words,
    policy: &'static PolicyWords,
    here: &'static str,
    general: String,
    /// The state of the customer of the request.
    yours: Option<Yours>,
    contact: Option<Contact>,
}

/// The state of a known device's customer.
struct Yours {
    tone: &'static str,
    sentence: String,
    /// What reconnects.
    advice: Vec<String>,
    /// The rule in the address does not apply.
    is_other: bool,
    by_owner: bool,
    numbers: Vec<(String, String)>,
    total: Option<String>,
    can_pay: bool,
    is_bill_first: bool,
    can_buy: bool,
}

/// The data of the page.
struct PolicyData {
    customer: Snapshot,
    rules: Vec<Rule>,
    dues: Dues,
    policy: Policy,
}

/// `GET /policy/{status}`.
pub(super) async fn show(
    State(portal): State<Arc<Portal>>,
    Path(status): Path<String>,
    guest: Guest,
) -> Answer {
    let known = [Status::Blocked, Status::Inactive, Status::Expired, Status::Habis, Status::Fup];
    let status = Status::from_name(&status).filter(|status| known.contains(status));
    let status = status.ok_or_else(|| Problem::not_found("page"))?;
    let asking = guest.clone();
    let (policy, seen) = portal
        .read(move |engine| {
            let customer = asking.customer(engine);
            Ok((engine.read_view().policy.clone(), customer?.map(|customer| see(engine, customer))))
        })
        .await?;
    let locale = guest.locale();
    let words = PolicyWords::of(locale.language);
    html(&Page {
        frame: guest.frame(title(status, words)),
        words: guest.words(),
        policy: words,
        here: "",
        general: general(status, &policy, words, locale),
        yours: seen.map(|seen| yours(status, &seen, &guest, words)),
        contact: portal.contact.clone(),
    })
}

fn see(engine: &Engine, customer: Snapshot) -> PolicyData {
    let look = engine.read_view();
    let account = &customer.user.account;
    let rules = access::rules(account, look.policy, &look.facts_of(customer.user.no)).to_vec();
    let (dues, policy) = (Dues::of(&look, account), look.policy.clone());
    PolicyData { customer, rules, dues, policy }
}

fn title(status: Status, words: &PolicyWords) -> &'static str {
    match status {
        Status::Inactive => words.inactive,
        Status::Expired => words.expired,
        Status::Habis => words.habis,
        Status::Fup => words.fup,
        Status::Active | Status::Unlimited | Status::Blocked => words.blocked,
    }
}

/// A general description of the rule, with the site's numbers.
fn general(status: Status, policy: &Policy, words: &PolicyWords, locale: &Locale) -> String {
    match status {
        Status::Inactive if policy.payment_approves => words.general_inactive_payment.to_owned(),
        Status::Inactive => words.general_inactive.to_owned(),
        Status::Expired => words.general_expired.to_owned(),
        Status::Habis => words.general_habis.to_owned(),
        Status::Fup => fill(words.general_fup, &[&locale.quota(policy.fup_threshold)]),
        Status::Active | Status::Unlimited | Status::Blocked if policy.debt_limit > Bytes::ZERO => {
            fill(words.general_blocked, &[&locale.quota(policy.debt_limit)])
        }
        Status::Active | Status::Unlimited | Status::Blocked => words.general_blocked_no_limit.to_owned(),
    }
}

fn yours(status: Status, seen: &PolicyData, guest: &Guest, words: &PolicyWords) -> Yours {
    let account = &seen.customer.user.account;
    let locale = guest.locale();
    let holding = seen.rules.iter().filter(|rule| rule.holds && rule.status == status);
    let reasons: Vec<Reason> = holding.filter_map(|rule| rule.reason).collect();
    let total = seen.dues.total();
    let by_owner = account.admin_block.is_some();
    let numbers = reasons.iter().flat_map(|reason| numbers(*reason, seen, guest, words)).collect();
    Yours {
        tone: tone(account),
        sentence: sentence(account, &seen.dues, guest.words(), locale),
        advice: seen.dues.advice(account, guest.words(), locale),
        is_other: reasons.is_empty(),
        by_owner: by_owner && status == Status::Blocked,
        numbers,
        total: total.map(|total| total.to_string()),
        can_pay: total.is_some(),
        is_bill_first: seen.dues.is_bill_first(),
        can_buy: !by_owner && account.active && (account.approved || seen.policy.payment_approves),
    }
}

/// The numbers that a rule compared, as shown.
fn numbers(reason: Reason, seen: &PolicyData, guest: &Guest, words: &PolicyWords) -> Vec<(String, String)> {
    let (account, locale) = (&seen.customer.user.account, guest.locale());
    let named = |name: &str, value: String| (name.to_owned(), value);
    let quota = |name: &str, bytes: Bytes| named(name, locale.quota(bytes));
    let yes = |yes: bool| if yes { words.yes } else { words.no }.to_owned();
    match reason {
        Reason::Admin | Reason::Paying => Vec::new(),
        Reason::Inactive => {
            vec![named(words.approved, yes(account.approved)), named(words.enabled, yes(account.active))]
        }
        Reason::DebtLimit => vec![
            quota(words.overage, account.balance.overage()),
            quota(words.debt_limit, account.terms(&seen.policy).debt_limit),
        ],
        Reason::DebtOverdue => {
            let late = seen.dues.owed.late(guest.words(), locale).into_iter();
            late.map(|(name, date)| (name, format!("{} {date}", words.overdue))).collect()
        }
        Reason::Expired => {
            let ended = account.expires_at.map(|at| named(words.ended, locale.moment(at)));
            ended.into_iter().chain([quota(words.left, account.balance.remaining())]).collect()
        }
        Reason::Habis => {
            let figures = figures(account, guest.words(), locale).into_iter();
            figures.map(|(name, value)| named(name, value)).collect()
        }
        Reason::Fup => vec![
            quota(words.left, account.balance.remaining()),
            quota(words.threshold, seen.policy.fup_threshold),
        ],
    }
}
