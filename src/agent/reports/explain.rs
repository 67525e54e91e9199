//! The ledger lines that explain a user's access.

use std::collections::BTreeSet;

use crate::agent::engine::ReadView;
use crate::domain::access::{Reason, Rule};
use crate::domain::account::Account;
use crate::domain::debt::DebtItem;
use crate::domain::id::DebtId;
use crate::domain::ledger::{Book, Kind, Posted};

/// Lines since the last closing, newest first.
pub(crate) fn period(lines: Vec<Posted>) -> Vec<Posted> {
    lines.into_iter().take_while(|line| line.entry.kind != Kind::Closing).collect()
}

/// The lines that a rule's numbers are made of.
pub(crate) fn behind(rule: Rule, account: &Account, look: &ReadView, lines: &[Posted]) -> Vec<u64> {
    let seqs = |fits: &dyn Fn(&Posted) -> bool| lines.iter().filter(|l| fits(l)).map(|l| l.seq).collect();
    match rule.reason {
        Some(Reason::DebtLimit | Reason::Habis | Reason::Fup) => {
            seqs(&|line| line.entry.kind.book() == Book::Quota)
        }
        Some(Reason::DebtOverdue) => {
            let overdue = overdue(account, look);
            seqs(&|line| line.entry.debt.is_some_and(|debt| overdue.contains(&debt)))
        }
        Some(Reason::Admin | Reason::Inactive | Reason::Paying | Reason::Expired) | None => Vec::new(),
    }
}

fn overdue(account: &Account, look: &ReadView) -> BTreeSet<DebtId> {
    let (local, policy) = (look.facts.local, look.policy);
    let is_late = |item: &&DebtItem| item.is_overdue(local, policy.overdue);
    account.items.iter().filter(is_late).map(|item| item.id).collect()
}
