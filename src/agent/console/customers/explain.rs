//! Why a customer has this access: every rule in order, with its numbers.

use crate::agent::console::texts::people::People;
use crate::agent::console::texts::say;
use crate::agent::engine::ReadView;
use crate::agent::reports::explain::behind;
use crate::domain::access::{self, Facts, Reason, Rule, Status};
use crate::domain::debt::DebtItem;
use crate::domain::ledger::Posted;
use crate::store::UserRecord;
use crate::ui::{Badge, Locale};

/// Ledger lines named with a rule.
const LINES_MAX: usize = 8;

/// A rule for its template.
pub(crate) struct Row {
    /// What it makes.
    pub badge: Badge,
    /// What it asks.
    pub question: &'static str,
    /// The numbers that it compares.
    pub numbers: String,
    pub holds: bool,
    /// Whether it is the one that decided.
    pub decides: bool,
    /// The ledger lines of these numbers.
    pub lines: Vec<u64>,
}

/// Every rule of a customer's access; `lines` are the latest of the ledger.
pub(crate) fn rules(locale: &Locale, look: &ReadView, user: &UserRecord, lines: &[Posted]) -> Vec<Row> {
    let facts = look.facts_of(user.no);
    let rules = access::rules(&user.account, look.policy, &facts);
    let first = rules.iter().position(|rule| rule.holds);
    let writer = ExplainWriter { locale, words: People::of(locale.language), look, user, facts };
    let row = |(place, rule): (usize, &Rule)| {
        let (question, numbers) = writer.rule(*rule);
        let mut lines = if rule.holds { behind(*rule, &user.account, look, lines) } else { Vec::new() };
        lines.truncate(LINES_MAX);
        let badge = say::status(locale.language, rule.status);
        Row { badge, question, numbers, holds: rule.holds, decides: first == Some(place), lines }
    };
    rules.iter().enumerate().map(row).collect()
}

struct ExplainWriter<'a> {
    locale: &'a Locale,
    words: &'static People,
    look: &'a ReadView<'a>,
    user: &'a UserRecord,
    facts: Facts,
}

impl ExplainWriter<'_> {
    /// What a rule asks, and its numbers.
    fn rule(&self, rule: Rule) -> (&'static str, String) {
        let (words, account) = (self.words, &self.user.account);
        let (policy, quota) = (self.look.policy, |bytes| self.locale.quota(bytes));
        let yes = |is| say::yes(self.locale.language, is);
        let terms = account.terms(policy);
        let (remaining, overage) = (quota(account.balance.remaining()), quota(account.balance.overage()));
        match rule.reason {
            Some(Reason::Admin) => (words.why_admin, account.admin_block.clone().unwrap_or_default()),
            Some(Reason::Inactive) => (
                words.why_inactive,
                say::with(words.numbers_inactive, &[yes(account.approved), yes(account.active)]),
            ),
            Some(Reason::Paying) => (words.why_paying, self.windows()),
            Some(Reason::DebtLimit) => {
                let limit = quota(terms.debt_limit);
                (words.why_limit, say::with(words.numbers_limit, &[&overage, &limit]))
            }
            Some(Reason::DebtOverdue) => (words.why_overdue, self.due_dates()),
            Some(Reason::Expired) => (words.why_expired, say::expiry(self.locale, account.expires_at)),
            Some(Reason::Habis) => {
                let given = quota(account.balance.credits);
                let mode = say::mode(self.locale.language, terms.overage);
                (words.why_habis, say::with(words.numbers_habis, &[&given, &remaining, mode]))
            }
            Some(Reason::Fup) => {
                let (fup_base, threshold) = (quota(account.fup_base), quota(policy.fup_threshold));
                (words.why_fup, say::with(words.numbers_fup, &[&fup_base, &remaining, &threshold]))
            }
            None if rule.status == Status::Unlimited => {
                (words.why_unlimited, yes(account.unlimited).to_owned())
            }
            None => (words.why_active, String::new()),
        }
    }

    fn windows(&self) -> String {
        let window = |window: crate::agent::engine::WindowView| {
            let (used, limit) = (self.locale.quota(window.used), self.locale.quota(window.limit));
            say::with(self.words.numbers_window, &[&self.locale.time(window.since), &used, &limit])
        };
        self.look.windows(self.user.no).into_iter().map(window).collect::<Vec<_>>().join("; ")
    }

    /// When open items are due; those that block are named as late.
    fn due_dates(&self) -> String {
        let (policy, local) = (self.look.policy, self.facts.local);
        let date = |item: &DebtItem| {
            let is_late = item.is_overdue(local, policy.overdue);
            let day = self.locale.day(item.due_date);
            if is_late { format!("{day} ({})", self.words.late) } else { day }
        };
        let items = self.user.account.open_items();
        items.into_iter().map(date).collect::<Vec<_>>().join(", ")
    }
}
