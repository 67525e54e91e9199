//! Lines of the audit for people: who did what to whom, with names and links.

use crate::agent::console::texts::audit::AuditWords;
use crate::agent::console::texts::office::{Office, role_name};
use crate::agent::console::texts::say;
use crate::agent::engine::{Engine, ReadView};
use crate::domain::id::{OrderId, UserId};
use crate::store::{AuditLine, OrderRecord, Role, StoreError};
use crate::ui::Locale;
use crate::ui::catalogue::fill;

/// A place in a sentence where the link to what it is about stands. No text has it.
const PLACE: &str = "\u{1}";

/// A line of the audit.
pub(super) struct Sentence {
    pub at: String,
    /// Up to what it is about.
    pub before: String,
    /// What it is about: its page, empty for none, and its name.
    pub target: (String, String),
    pub after: String,
    /// The program's own words for it.
    pub action: String,
    pub detail: String,
    pub role: String,
    pub source: String,
}

impl Sentence {
    /// Without links.
    pub fn text(&self) -> String {
        format!("{}{}{}", self.before, self.target.1, self.after)
    }
}

/// The order that a line about money is about.
fn order_of(engine: &Engine, line: &AuditLine) -> Result<Option<OrderRecord>, StoreError> {
    let Some(id) = line.detail.split(' ').next().filter(|_| line.action == "order.paid") else {
        return Ok(None);
    };
    engine.reader().order(&OrderId(id.to_owned()))
}

fn actor(words: &AuditWords, line: &AuditLine) -> String {
    match line.actor.as_str() {
        "kuotad" => words.daemon.to_owned(),
        "portal" => words.portal.to_owned(),
        "relay" => words.relay.to_owned(),
        "local" => words.local.to_owned(),
        name => name.to_owned(),
    }
}

/// What a line is about, by its kind: customers and packages have names, orders a number.
fn target(words: &AuditWords, look: &ReadView, line: &AuditLine) -> (String, String) {
    let text = line.target.as_str();
    if let Ok(id) = text.parse::<UserId>() {
        if let Some(user) = look.user(id) {
            return (format!("/pelanggan/{id}"), user.user.name);
        }
        let is_package = line.action.starts_with("package.");
        if is_package {
            let packages = look.packages();
            let package = packages.iter().find(|package| package.id.to_string() == text);
            let name = package.map_or_else(|| line.detail.clone(), |package| package.name.clone());
            return (String::new(), name);
        }
        let kinds = ["user.", "debt.", "device.", "quota.", "order."];
        if kinds.iter().any(|kind| line.action.starts_with(kind)) {
            return (String::new(), words.gone.to_owned());
        }
    }
    if line.action.starts_with("order.") {
        return (format!("/pembayaran/{text}"), fill(words.an_order, &[text]));
    }
    (String::new(), text.to_owned())
}

/// A name as it is inside a sentence: a word begins small, an abbreviation does not.
fn inside_sentence(name: &str) -> String {
    let mut letters = name.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain([second]).chain(letters).collect()
        }
        _ => name.to_owned(),
    }
}

/// A line as a sentence.
pub(super) fn sentence(engine: &Engine, locale: &Locale, line: AuditLine) -> Result<Sentence, StoreError> {
    let (words, office) = (AuditWords::of(locale.language), Office::of(locale.language));
    let who = actor(words, &line);
    let text = match order_of(engine, &line)? {
        Some(order) => {
            let amount = order.amount.to_string();
            let method = inside_sentence(say::method(locale.language, order.method));
            let receipt = order.receipt_no.map_or_else(|| "-".to_owned(), |no| no.to_string());
            let text = if order.method.cash().is_some() { words.paid_cash } else { words.paid_online };
            fill(text, &[&who, PLACE, &amount, &method, &receipt])
        }
        None => fill(words.named(&line.action), &[&who, PLACE]),
    };
    let (before, after) = text.split_once(PLACE).map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
    let place = || target(words, &engine.read_view(), &line);
    Ok(Sentence {
        at: locale.moment(line.at),
        target: after.map(|_| place()).unwrap_or_default(),
        before: before.to_owned(),
        after: after.unwrap_or_default().to_owned(),
        // Programs that are no admins, such as the relay, have a word of their own.
        role: Role::from_name(&line.role).map_or(line.role, |role| role_name(office, role).to_owned()),
        action: line.action,
        detail: line.detail,
        source: line.source,
    })
}
