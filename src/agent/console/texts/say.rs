//! Access, ledger lines and payment methods in words.

use super::people::People;
use super::refusals::Refusals;
use crate::domain::access::{Access, Reason, Status};
use crate::domain::account::Overage;
use crate::domain::debt::{DebtItem, DebtStatus};
use crate::domain::ledger::{Book, Entry, Kind, Side};
use crate::domain::order::{CashMethod, Method, OnlineMethod};
use crate::domain::units::{Bytes, Rupiah, Timestamp};
use crate::ui::catalogue::fill;
use crate::ui::language::Language;
use crate::ui::payment_methods;
use crate::ui::{Badge, Locale, Tone};
use crate::web::Problem;

/// A status as a word.
pub(crate) fn status(language: Language, status: Status) -> Badge {
    let (tone, text) = status_word(language, status);
    Badge::new(tone, text)
}

/// A status as a word, and how good it is.
pub(crate) fn status_word(language: Language, status: Status) -> (Tone, &'static str) {
    let words = People::of(language);
    match status {
        Status::Active => (Tone::Good, words.is_active),
        Status::Unlimited => (Tone::Good, words.is_unlimited),
        Status::Fup => (Tone::Warn, words.is_fup),
        Status::Habis => (Tone::Warn, words.is_habis),
        Status::Expired => (Tone::Warn, words.is_expired),
        Status::Inactive => (Tone::Plain, words.is_inactive),
        Status::Blocked => (Tone::Bad, words.is_blocked),
    }
}

/// A status and why it is so, where the status does not say it: `Diblokir: batas tagihan tercapai`.
pub(crate) fn access(language: Language, access: &Access) -> String {
    let words = People::of(language);
    let (_, name) = status_word(language, access.status);
    let why = match access.reason {
        Some(Reason::Admin) => words.by_admin,
        Some(Reason::Paying) => words.by_paying,
        Some(Reason::DebtLimit) => words.by_limit,
        Some(Reason::DebtOverdue) => words.by_overdue,
        Some(Reason::Inactive | Reason::Expired | Reason::Habis | Reason::Fup) | None => {
            return name.to_owned();
        }
    };
    format!("{name}: {why}")
}

/// Rupiah that may be below zero: `-Rp 1.000`.
pub(crate) fn signed(amount_rp: i64) -> String {
    let sign = if amount_rp < 0 { "\u{2212}" } else { "" };
    format!("{sign}{}", Rupiah(amount_rp.unsigned_abs()))
}

/// A ledger line in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub what: &'static str,
    /// Change of the quota account, with its sign; empty for none.
    pub quota: String,
    /// Change of what debt items owe, with its sign; empty for none.
    pub debt: String,
    pub money: String,
    pub note: String,
    /// Whether the note is the owner's own: it is not printed, as the customer gets the paper.
    pub is_private: bool,
}

impl Line {
    /// On one line, for lists.
    pub fn sentence(&self) -> String {
        let parts = [self.quota.as_str(), &self.debt, &self.money, &self.note];
        let told: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if told.is_empty() { self.what.to_owned() } else { format!("{}: {}", self.what, told.join(", ")) }
    }
}

/// A ledger line in words.
pub(crate) fn line(locale: &Locale, entry: &Entry) -> Line {
    let amount = |plus: Side| {
        let sign = if entry.side == plus { "+" } else { "\u{2212}" };
        if entry.amount.is_zero() { String::new() } else { format!("{sign}{}", locale.quota(entry.amount)) }
    };
    let (quota, debt) = match entry.kind.book() {
        Book::Quota => (amount(Side::Credit), String::new()),
        Book::Debt => (String::new(), amount(Side::Debit)),
    };
    let money = entry.amount_rp.map(|rp| rp.to_string()).unwrap_or_default();
    let is_private = entry.kind != Kind::Purchase;
    let what = kind(People::of(locale.language), entry.kind);
    Line { what, quota, debt, money, note: entry.note.clone(), is_private }
}

fn kind(words: &People, kind: Kind) -> &'static str {
    match kind {
        Kind::Usage => words.line_usage,
        Kind::Purchase => words.line_purchase,
        Kind::Grant => words.line_grant,
        Kind::Advance => words.line_advance,
        Kind::OveragePaid => words.line_overage_paid,
        Kind::Surplus => words.line_surplus,
        Kind::Correction => words.line_correction,
        Kind::Closing => words.line_closing,
        Kind::DebtGranted => words.line_debt_granted,
        Kind::DebtPaid => words.line_debt_paid,
        Kind::WrittenOff => words.line_written_off,
        Kind::Reversal => words.line_reversal,
        Kind::DebtReopened => words.line_debt_reopened,
    }
}

/// How something is paid.
pub(crate) fn method(language: Language, method: Method) -> &'static str {
    let words = People::of(language);
    match method {
        Method::Cash(CashMethod::Cash) => words.cash,
        Method::Cash(CashMethod::Transfer) => words.transfer,
        Method::Cash(CashMethod::QrisStatic) => words.qris_static,
        Method::Online(OnlineMethod::Snap) => words.snap,
        Method::Online(method) => payment_methods::name(method).full,
    }
}

/// The state of a debt item.
pub(crate) fn debt_status(language: Language, status: DebtStatus) -> Badge {
    let words = People::of(language);
    let (tone, text) = match status {
        DebtStatus::Open => (Tone::Warn, words.open),
        DebtStatus::Paid => (Tone::Good, words.paid),
        DebtStatus::WrittenOff => (Tone::Plain, words.written_off),
    };
    Badge::new(tone, text)
}

/// How much a debt item was granted for.
pub(crate) fn debt_amount(locale: &Locale, item: &DebtItem) -> String {
    item.amount
        .map_or_else(|| People::of(locale.language).unlimited.to_owned(), |amount| locale.quota(amount))
}

/// A sum that may have no price.
pub(crate) fn price(language: Language, price: Option<Rupiah>) -> String {
    price.map_or_else(|| People::of(language).no_price.to_owned(), |price| price.to_string())
}

/// Until when; without end where nothing is said.
pub(crate) fn expiry(locale: &Locale, at: Option<Timestamp>) -> String {
    at.map_or_else(|| People::of(locale.language).forever.to_owned(), |at| locale.moment(at))
}

/// Quota, or that there is no end to it.
pub(crate) fn quota(locale: &Locale, quota: Option<Bytes>) -> String {
    quota.map_or_else(|| People::of(locale.language).unlimited.to_owned(), |quota| locale.quota(quota))
}

/// Yes or no.
pub(crate) fn yes(language: Language, yes: bool) -> &'static str {
    let words = People::of(language);
    if yes { words.yes_word } else { words.no_word }
}

/// Why something was not done, as a sentence; in the API's words where there is no better one.
pub(crate) fn refusal(language: Language, problem: &Problem) -> String {
    match (sentence(language, problem), problem.code()) {
        // The sentence says what kind of trouble it is; which value it is about is in the detail alone, in English.
        (Some(sentence), "import_refused" | "ledger_broken") => format!("{sentence} ({})", problem.detail()),
        (Some(sentence), "invalid" | "malformed" | "not_found") => match language {
            Language::English => format!("{sentence} ({})", problem.detail()),
            Language::Indonesian => {
                let fields: Vec<&str> = problem.errors().iter().map(|error| error.field.as_str()).collect();
                if fields.is_empty() {
                    sentence.to_owned()
                } else {
                    format!("{sentence} ({})", fields.join(", "))
                }
            }
        },
        (Some(sentence), _) => sentence.to_owned(),
        (None, _) => problem.detail().to_owned(),
    }
}

/// The catalogue's sentence for a problem's code.
pub(crate) fn sentence(language: Language, problem: &Problem) -> Option<&'static str> {
    Refusals::of(language).named(problem.code())
}

/// `text` with values in their places.
pub(crate) fn with(text: &str, values: &[&str]) -> String {
    fill(text, values)
}

/// What happens when the quota is used up.
pub(crate) fn mode(language: Language, mode: Overage) -> &'static str {
    let words = People::of(language);
    match mode {
        Overage::Stop => words.mode_stop,
        Overage::Debt => words.mode_debt,
    }
}
