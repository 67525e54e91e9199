//! Changes of expiry and plan, and the upgrade of stores from before they were kept.

use rusqlite::{Connection, Row, params};
use rusqlite_migration::{HookError, HookResult};

use super::error::StoreError;
use super::read::Reader;
use super::rows::quote;
use super::rows::{instant, parsed};
use super::write::Writer;
use crate::domain::account::Expiry;
use crate::domain::id::OrderId;
use crate::domain::order::Item;
use crate::domain::units::{DAY_MS, Timestamp};
use crate::domain::validity::{Validity, ValidityChange, ValidityStep};

const INSERT: &str = "INSERT INTO validity (user_no, change, at, days, rule, unlimited, order_id)
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// The columns of a change: its name, time, days, rule and plan.
type Columns = (&'static str, Option<i64>, Option<u32>, Option<&'static str>, Option<bool>);

const fn columns(change: ValidityChange) -> Columns {
    match change {
        ValidityChange::Days { days, at, rule } => {
            let at = match at {
                Some(at) => Some(at.0),
                None => None,
            };
            ("days", at, Some(days), Some(rule.name()), None)
        }
        ValidityChange::Began { at, rule } => ("began", Some(at.0), None, Some(rule.name()), None),
        ValidityChange::Expiry(Some(at)) => ("expiry", Some(at.0), None, None, None),
        ValidityChange::Expiry(None) => ("expiry", None, None, None, None),
        ValidityChange::Plan(unlimited) => ("plan", None, None, None, Some(unlimited)),
        ValidityChange::Undone => ("undone", None, None, None, None),
    }
}

impl Writer<'_> {
    pub(super) fn validity(&mut self, user_no: u32, step: &ValidityStep) -> Result<(), StoreError> {
        let (change, at, days, rule, unlimited) = columns(step.change);
        let order = step.order.as_ref().map(|order| order.0.as_str());
        self.run(INSERT, params![user_no, change, at, days, rule, unlimited, order])
    }
}

impl Reader {
    /// Every change of a user's expiry and plan, oldest first.
    pub fn validity(&self, user_no: u32) -> Result<Vec<ValidityStep>, StoreError> {
        self.all("SELECT * FROM validity WHERE user_no = ?1 ORDER BY step_no", [user_no], step)
    }
}

fn step(row: &Row) -> Result<ValidityStep, StoreError> {
    let rule = || parsed(row, "rule", Expiry::from_name);
    let change = match row.get::<_, String>("change")?.as_str() {
        "days" => ValidityChange::Days { days: row.get("days")?, at: instant(row, "at")?, rule: rule()? },
        "began" => ValidityChange::Began { at: Timestamp(row.get("at")?), rule: rule()? },
        "expiry" => ValidityChange::Expiry(instant(row, "at")?),
        "plan" => ValidityChange::Plan(row.get("unlimited")?),
        "undone" => ValidityChange::Undone,
        other => return Err(StoreError::Nonsense(format!("a change of validity is {other:?}"))),
    };
    Ok(ValidityStep { change, order: row.get::<_, Option<String>>("order_id")?.map(OrderId) })
}

/// Derives the changes that earlier versions did not store, from ledger and orders. A difference that neither
/// explains is entered as set by an admin, so that the fold always equals the user's state.
pub(super) fn derive(conn: &Connection) -> HookResult {
    let run = || -> Result<(), StoreError> {
        let mut users = conn.prepare("SELECT user_no, expires_at, waiting_days, unlimited FROM users")?;
        let mut rows = users.query([])?;
        while let Some(row) = rows.next()? {
            let user_no: u32 = row.get("user_no")?;
            let has = Validity {
                expires_at: instant(row, "expires_at")?,
                waiting_days: row.get("waiting_days")?,
                unlimited: row.get("unlimited")?,
            };
            let mut past = Past::default();
            past.read(conn, user_no)?;
            past.end_at(has);
            let mut insert = conn.prepare_cached(INSERT)?;
            for step in &past.steps {
                let (change, at, days, rule, unlimited) = columns(step.change);
                let order = step.order.as_ref().map(|order| order.0.as_str());
                insert.execute(params![user_no, change, at, days, rule, unlimited, order])?;
            }
        }
        Ok(())
    };
    run().map_err(|error| HookError::Hook(error.to_string()))
}

/// An entry of the ledger that may have changed expiry or plan, with the data of its order.
struct PastLine {
    kind: String,
    at: Timestamp,
    order: Option<OrderId>,
    /// Days and plan of the package that the order bought.
    bought: Option<(u32, bool)>,
    /// The expiry before the order and the one it set, if it set one.
    expiry: Option<(Option<Timestamp>, Timestamp)>,
    /// The entry refunded the last of the order's money.
    is_undone: bool,
    /// The entry is an unlimited plan on credit.
    is_plan: bool,
}

/// The reconstructed history of one user.
#[derive(Default)]
struct Past {
    steps: Vec<ValidityStep>,
    /// When days were given since the expiry was last known.
    gifts: Vec<Timestamp>,
}

impl Past {
    fn read(&mut self, conn: &Connection, user_no: u32) -> Result<(), StoreError> {
        let mut lines = conn.prepare_cached(
            "SELECT e.kind, e.at, e.order_id, o.lines, o.expiry_before, o.expiry_set,
               o.refunded_rp = o.amount_rp AND e.kind = 'reversal' AND e.seq = (SELECT max(seq) FROM entries r
                 WHERE r.order_id = e.order_id AND r.kind = 'reversal') AS is_undone,
               e.kind = 'debt_granted' AND d.amount_bytes IS NULL AS is_plan
             FROM entries e LEFT JOIN orders o ON o.id = e.order_id LEFT JOIN debts d ON d.id = e.debt_id
             WHERE e.user_no = ?1 AND e.kind IN ('purchase', 'grant', 'advance', 'debt_granted', 'closing', 'reversal')
             ORDER BY e.seq",
        )?;
        let mut rows = lines.query([user_no])?;
        while let Some(row) = rows.next()? {
            self.take(&line(row)?);
        }
        Ok(())
    }

    fn fold(&self) -> Validity {
        Validity::fold(&self.steps)
    }

    fn push(&mut self, change: ValidityChange, order: Option<&OrderId>) {
        self.steps.push(ValidityStep { change, order: order.cloned() });
    }

    fn take(&mut self, line: &PastLine) {
        match line.kind.as_str() {
            "purchase" => self.take_purchase(line),
            "closing" => {
                self.gifts.push(line.at);
                self.push(ValidityChange::Plan(false), None);
            }
            "reversal" if line.is_undone => self.push(ValidityChange::Undone, line.order.as_ref()),
            "debt_granted" if line.is_plan => {
                self.gifts.push(line.at);
                self.push(ValidityChange::Plan(true), None);
            }
            "grant" | "advance" => self.gifts.push(line.at),
            _ => {}
        }
    }

    fn take_purchase(&mut self, line: &PastLine) {
        let Some((days, unlimited)) = line.bought else { return };
        let order = line.order.as_ref();
        if let Some((before, set)) = line.expiry {
            self.meet(before);
            self.give(days, line.at, Some(set), order);
        } else {
            self.give(days, line.at, self.fold().expires_at, order);
        }
        self.push(ValidityChange::Plan(unlimited), order);
    }

    /// Days of an order after which the expiry was `set`.
    fn give(&mut self, days: u32, at: Timestamp, set: Option<Timestamp>, order: Option<&OrderId>) {
        let now = self.fold();
        let given = |at, rule| ValidityChange::Days { days, at, rule };
        let began = ValidityChange::Began { at, rule: Expiry::ResetFromNow };
        let rules = [Expiry::ResetFromNow, Expiry::Extend];
        let mut direct = rules.map(|rule| vec![given(Some(at), rule)]).to_vec();
        // Waiting days began at the same moment.
        direct.extend(rules.map(|rule| vec![began, given(Some(at), rule)]));
        // Sold while the clock was not trusted.
        direct.push(vec![given(None, Expiry::ResetFromNow)]);
        let leads_there = |changes: &Vec<ValidityChange>| {
            changes.iter().fold(now, |validity, change| validity.and(*change)).expires_at == set
        };
        let found = direct.into_iter().find(leads_there);
        for change in found.unwrap_or_else(|| vec![ValidityChange::Expiry(set)]) {
            let is_began = matches!(change, ValidityChange::Began { .. });
            self.push(change, order.filter(|_| !is_began));
        }
        self.gifts.clear();
    }

    /// The expiry is known to be `actual`: other changes of it are inferred from the times when days were given.
    fn meet(&mut self, actual: Option<Timestamp>) {
        let now = self.fold();
        if now.expires_at != actual {
            let change = actual.and_then(|actual| self.gift(now, actual));
            self.push(change.unwrap_or(ValidityChange::Expiry(actual)), None);
        }
        self.gifts.clear();
    }

    fn gift(&self, now: Validity, actual: Timestamp) -> Option<ValidityChange> {
        if now.waiting_days > 0 {
            let at = Timestamp(actual.0.saturating_sub(i64::from(now.waiting_days) * DAY_MS));
            let began = ValidityChange::Began { at, rule: Expiry::ResetFromNow };
            return (now.and(began).expires_at == Some(actual)).then_some(began);
        }
        let whole_days = |from: Timestamp| {
            let span = actual.0.checked_sub(from.0).filter(|span| *span > 0 && span % DAY_MS == 0)?;
            u32::try_from(span / DAY_MS).ok()
        };
        self.gifts.iter().rev().find_map(|at| {
            let fresh = whole_days(*at).map(|days| (days, Expiry::ResetFromNow));
            let old = now.expires_at.map_or(*at, |old| old.max(*at));
            let (days, rule) = fresh.or_else(|| Some((whole_days(old)?, Expiry::Extend)))?;
            let change = ValidityChange::Days { days, at: Some(*at), rule };
            (now.and(change).expires_at == Some(actual)).then_some(change)
        })
    }

    /// Appends the change that makes the fold equal the user's state, if it differs.
    fn end_at(&mut self, has: Validity) {
        let waiting = self.fold().waiting_days;
        if waiting == has.waiting_days && waiting == 0 {
            self.meet(has.expires_at);
        } else if waiting == has.waiting_days {
            self.push(ValidityChange::Expiry(has.expires_at), None);
        } else {
            // Which days wait is not known: all known days began, and those that wait come last.
            if waiting > 0 {
                let at = has.expires_at.unwrap_or_default();
                self.push(ValidityChange::Began { at, rule: Expiry::ResetFromNow }, None);
            }
            self.push(ValidityChange::Expiry(has.expires_at), None);
            let days = ValidityChange::Days { days: has.waiting_days, at: None, rule: Expiry::ResetFromNow };
            self.push(days, None);
        }
        if self.fold().unlimited != has.unlimited {
            self.push(ValidityChange::Plan(has.unlimited), None);
        }
    }
}

fn line(row: &Row) -> Result<PastLine, StoreError> {
    let bought = match row.get::<_, Option<String>>("lines")? {
        None => None,
        // An old order that cannot be read has no information on days, and must not prevent the upgrade.
        Some(_) => quote(row).ok().and_then(|quote| {
            quote.lines.into_iter().find_map(|line| match line.item {
                Item::Package { unlimited, days, .. } => Some((days, unlimited)),
                Item::Debt { .. } | Item::Overage => None,
            })
        }),
    };
    Ok(PastLine {
        kind: row.get("kind")?,
        at: Timestamp(row.get("at")?),
        order: row.get::<_, Option<String>>("order_id")?.map(OrderId),
        bought,
        expiry: match instant(row, "expiry_set")? {
            None => None,
            Some(set) => Some((instant(row, "expiry_before")?, set)),
        },
        is_undone: row.get::<_, Option<bool>>("is_undone")?.unwrap_or_default(),
        is_plan: row.get::<_, Option<bool>>("is_plan")?.unwrap_or_default(),
    })
}
