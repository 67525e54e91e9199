//! Records entered while the clock is not trusted have no date of their own: they get the reckoned time, are
//! remembered, and get their date when the clock is trusted. Ledger entries and audit lines keep the clock's time.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::Engine;
use super::actor::Actor;
use super::error::EngineError;
use super::state::State;
use crate::domain::debt::DebtItem;
use crate::domain::id::DebtId;
use crate::domain::units::Timestamp;
use crate::store::{AuditLine, Redated, Undated, UndatedRecord};

/// The dates for a debt item.
#[derive(Clone, Copy, Default)]
struct Dates {
    entered: Option<Date>,
    due: Option<Date>,
}

impl Engine {
    /// Dates the waiting records, once the clock is trusted. Records of this boot are dated by the monotonic clock;
    /// of older ones it is only known that they are in the past.
    pub(super) fn date_what_waited(&mut self) -> Result<(), EngineError> {
        if self.state.undated.is_empty() || !self.is_clock_trusted() {
            return Ok(());
        }
        let mut debts: BTreeMap<DebtId, Dates> = BTreeMap::new();
        for record in std::mem::take(&mut self.state.undated) {
            let at = self.state.time_of(&record);
            let day = self.parts.zone.local(at).date;
            let UndatedRecord { what, id, said, .. } = record;
            match (what, id.parse()) {
                (Undated::DebtDate, Ok(debt)) => debts.entry(DebtId(debt)).or_default().entered = Some(day),
                (Undated::DueDate, Ok(debt)) => debts.entry(DebtId(debt)).or_default().due = Some(day),
                (Undated::DebtDate | Undated::DueDate, Err(_)) => {
                    tracing::error!(id, "a debt without a date has no readable id");
                }
                (Undated::Order | Undated::Closing, _) => {
                    self.state.online.redate(&id, said, at);
                    self.state.dirty.redated.push(Redated { what, id, said, at });
                }
            }
        }
        let (count, others) = (debts.len(), self.state.dirty.redated.len());
        for (debt, dates) in debts {
            self.date_debt(debt, dates)?;
        }
        let daemon = Actor::daemon();
        self.state.dirty.records.audit.push(AuditLine {
            at: self.state.wall,
            actor: daemon.name,
            role: daemon.role.name().to_owned(),
            source: daemon.source,
            action: "clock.dated".into(),
            target: String::new(),
            detail: format!("{count} debts, {others} orders and closings"),
        });
        self.state.dirty.all_dated = true;
        self.state.dirty.urgent = true;
        Ok(())
    }

    fn date_debt(&mut self, id: DebtId, dates: Dates) -> Result<(), EngineError> {
        let owner =
            self.state.users.values().find(|user| user.account.item(id).is_some()).map(|user| user.no);
        let found = match owner {
            Some(no) => self.state.users[&no].account.item(id).map(|item| (no, item.clone())),
            None => self.reader.debt(id)?,
        };
        let Some((no, mut item)) = found else { return Ok(()) };
        let by = match self.state.granted_by.get(&id) {
            Some(by) => by.clone(),
            None => self.reader.granted_by(id)?.unwrap_or_default(),
        };
        let rule = self.parts.policy.debt_due;
        set_dates(&mut item, dates, |day| rule.date(day));
        if let Some(open) = self
            .state
            .users
            .get_mut(&no)
            .and_then(|user| user.account.items.iter_mut().find(|open| open.id == id))
        {
            *open = item.clone();
        }
        self.state.dirty.debts.insert(id, (no, item, by));
        Ok(())
    }
}

/// A given due date is kept, and no debt item is dated after it.
fn set_dates(item: &mut DebtItem, dates: Dates, due_of: impl Fn(Date) -> Date) {
    item.debt_date = dates.entered.unwrap_or(item.debt_date);
    match dates.due {
        Some(day) => item.due_date = due_of(item.debt_date.max(day)),
        None => item.debt_date = item.debt_date.min(item.due_date),
    }
}

impl State {
    /// When a record was entered, computed with the clock trusted.
    fn time_of(&self, record: &UndatedRecord) -> Timestamp {
        if record.boot_id != self.boot_id {
            return self.wall;
        }
        let uptime_ms = i64::try_from(self.online.uptime.as_millis()).unwrap_or(i64::MAX);
        Timestamp(self.wall.0.saturating_sub(uptime_ms.saturating_sub(record.uptime_ms)))
    }

    /// Remembers the records that a draft entered without a date.
    pub(super) fn remember_undated(&mut self, undated: Vec<(Undated, String)>) {
        let uptime_ms = i64::try_from(self.online.uptime.as_millis()).unwrap_or(i64::MAX);
        let (said, boot_id) = (self.wall, self.boot_id.clone());
        let records = undated.into_iter().map(|(what, id)| UndatedRecord {
            what,
            id,
            said,
            boot_id: boot_id.clone(),
            uptime_ms,
        });
        for record in records {
            self.undated.push(record.clone());
            self.dirty.undated.push(record);
        }
    }
}
