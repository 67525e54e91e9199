//! Debt items: dated receivables, their due dates, and which one a payment goes to.

use jiff::ToSpan;
use jiff::civil::Date;

use super::id::DebtId;
use super::ledger::named;
use super::units::{Bytes, LocalTime, Rupiah, Timestamp};

/// Fewer days than this to the end of the month put a due date at the end of the next.
const DUE_SOON_DAYS: i32 = 7;

named! {
    /// The state of a debt item.
    DebtStatus {
        /// Something is owed.
        Open = "open",
        /// Paid whole.
        Paid = "paid",
        /// Forgiven by the owner.
        WrittenOff = "written_off",
    }
}

/// A dated receivable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebtItem {
    /// Its name in the API.
    pub id: DebtId,
    /// Bytes granted on trust; `None` for an unlimited plan, which is paid whole.
    pub amount: Option<Bytes>,
    /// Bytes paid of it.
    pub paid: Bytes,
    /// Its own price; `None` is quoted by the tariff when it is paid.
    pub price: Option<Rupiah>,
    /// Rupiah paid of it.
    pub paid_rp: Rupiah,
    /// The day it counts from.
    pub debt_date: Date,
    /// The last day to pay without being late.
    pub due_date: Date,
    /// The owner's private note.
    pub note: String,
    /// A note for the customer, who reads it on the portal.
    pub customer_note: String,
    /// When it was entered; breaks ties of `debt_date`.
    pub created_at: Timestamp,
    /// Its state.
    pub status: DebtStatus,
}

impl DebtItem {
    /// Bytes still owed. Zero for an unlimited plan.
    pub fn unpaid(&self) -> Bytes {
        match self.status {
            DebtStatus::Open => self.amount.unwrap_or_default().minus(self.paid),
            DebtStatus::Paid | DebtStatus::WrittenOff => Bytes::ZERO,
        }
    }

    /// Whether something is owed.
    pub fn is_open(&self) -> bool {
        self.status == DebtStatus::Open
    }

    /// Whether it is late at `local`: past the due date and the grace days, on the first such day only from the minute
    /// of the rule. Whether a late item blocks, [`OverdueRule::blocks`] says.
    pub fn is_overdue(&self, local: LocalTime, rule: OverdueRule) -> bool {
        let last = self.due_date.saturating_add(i64::from(rule.grace_days).days());
        let first_late = last.saturating_add(1.day());
        let from = LocalTime { date: first_late, minute_of_day: rule.block_from_minute };
        self.is_open() && local >= from
    }
}

/// When an item of debt is overdue, and whether that blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverdueRule {
    /// Whether overdue items block.
    pub blocks: bool,
    /// Days after the due date before they do.
    pub grace_days: u32,
    /// Minute of the local day from which they do.
    pub block_from_minute: u16,
}

/// Open items in the order payments reach them: debt date, then creation.
pub fn oldest_first(items: &[DebtItem]) -> Vec<&DebtItem> {
    let mut open: Vec<&DebtItem> = items.iter().filter(|i| i.is_open()).collect();
    open.sort_by_key(|i| (i.debt_date, i.created_at));
    open
}

/// How due dates are made when none is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DebtDue {
    /// The last day of the month, of the next one when fewer than seven days remain.
    EndOfMonth,
    /// So many days after the debt date.
    Days(u32),
}

impl DebtDue {
    /// The due date of a debt counted from `date`.
    pub fn date(self, date: Date) -> Date {
        match self {
            Self::Days(n) => date.saturating_add(i64::from(n).days()),
            Self::EndOfMonth => {
                let end = date.last_of_month();
                if i32::from(end.day()) - i32::from(date.day()) < DUE_SOON_DAYS {
                    end.saturating_add(1.day()).last_of_month()
                } else {
                    end
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn due_dates() {
        let rows = [
            (DebtDue::EndOfMonth, date(2026, 11, 1), date(2026, 11, 30)),
            (DebtDue::EndOfMonth, date(2026, 11, 23), date(2026, 11, 30)),
            (DebtDue::EndOfMonth, date(2026, 11, 24), date(2026, 12, 31)),
            (DebtDue::EndOfMonth, date(2026, 12, 31), date(2027, 1, 31)),
            (DebtDue::EndOfMonth, date(2028, 1, 30), date(2028, 2, 29)),
            (DebtDue::Days(14), date(2026, 11, 22), date(2026, 12, 6)),
        ];
        for (rule, from, due) in rows {
            assert_eq!(rule.date(from), due, "{rule:?} {from}");
        }
    }

    fn item(debt_date: Date, created: i64) -> DebtItem {
        DebtItem {
            id: DebtId(uuid::Uuid::from_u128(u128::from(created.unsigned_abs()))),
            amount: Some(Bytes::gb(1)),
            paid: Bytes::ZERO,
            price: None,
            paid_rp: Rupiah::ZERO,
            debt_date,
            due_date: date(2026, 11, 30),
            note: String::new(),
            customer_note: String::new(),
            created_at: Timestamp(created),
            status: DebtStatus::Open,
        }
    }

    #[test]
    fn overdue_starts_after_the_grace_days_at_the_block_hour() {
        let debt = item(date(2026, 11, 1), 1);
        let rows = [
            (date(2026, 11, 30), 1439, 0, 0, false),
            (date(2026, 12, 1), 0, 0, 0, true),
            (date(2026, 12, 1), 479, 0, 480, false),
            (date(2026, 12, 1), 480, 0, 480, true),
            (date(2026, 12, 2), 0, 0, 480, true),
            (date(2026, 12, 3), 1439, 3, 0, false),
            (date(2026, 12, 4), 0, 3, 0, true),
        ];
        let rule =
            |grace_days, block_from_minute| OverdueRule { blocks: true, grace_days, block_from_minute };
        for (date, minute_of_day, grace, block, overdue) in rows {
            assert_eq!(
                debt.is_overdue(LocalTime { date, minute_of_day }, rule(grace, block)),
                overdue,
                "{date} {minute_of_day} {grace} {block}"
            );
        }
        let paid = DebtItem { status: DebtStatus::Paid, ..debt };
        assert!(!paid.is_overdue(LocalTime { date: date(2027, 1, 1), minute_of_day: 0 }, rule(0, 0)));
    }

    #[test]
    fn oldest_means_debt_date_then_creation() {
        let items = [item(date(2026, 11, 5), 1), item(date(2026, 11, 2), 3), item(date(2026, 11, 2), 2)];
        let order: Vec<i64> = oldest_first(&items).iter().map(|i| i.created_at.0).collect();
        assert_eq!(order, [2, 3, 1]);
    }
}
