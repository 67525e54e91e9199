//! Orders, attempts to open one, the outbox to the relay and its feed.

use rusqlite::{OptionalExtension, Row, params};

use super::error::StoreError;
use super::lifecycle::Store;
use super::read::Page;
use super::read::Reader;
use super::record::{Online, OpeningRecord, OrderRecord, OutboxItem, PayWindow, UserRecord};
use super::rows::{debt, instant, parsed, quote, unsigned, unsigned_or_none, user};
use super::write::{Batch, Writer, int};
use crate::domain::id::{OrderId, UserId};
use crate::domain::order::{CashMethod, Method, OnlineMethod, OrderKind, OrderState, Quote};
use crate::domain::units::{Bytes, Rupiah, Timestamp};
use crate::protocol::LineWire;
use crate::protocol::relay::PaymentMeans;

/// A filter of orders; fields that are not given match every order.
#[derive(Clone, Debug, Default)]
pub struct OrderFilter {
    /// The user's key.
    pub user_no: Option<u32>,
    /// States; an empty list matches any state.
    pub states: Vec<OrderState>,
    /// The payment method.
    pub method: Option<Method>,
    /// The kind of order.
    pub kind: Option<OrderKind>,
}

impl OrderFilter {
    /// The condition on the status as text, in the form of the partial indexes of open orders and of orders in
    /// review.
    fn condition(&self) -> String {
        let names: Vec<String> = self.states.iter().map(|state| format!("'{}'", state.name())).collect();
        match names.as_slice() {
            [] => String::new(),
            [one] => format!("AND status = {one}"),
            several => format!("AND status IN ({})", several.join(", ")),
        }
    }

    /// The query for a page of them, newest first. A customer and a place to go on from are conditions only when they are
    /// asked for: with `?1 IS NULL OR` no index serves, and every order there ever was would be read.
    pub(super) fn sql(&self, goes_on: bool) -> String {
        let user = if self.user_no.is_some() { "user_no = ?1" } else { "?1 IS NULL" };
        let after = if goes_on {
            "(created_at, order_no) < (SELECT created_at, order_no FROM orders WHERE order_no = ?2)"
        } else {
            "?2 IS NULL"
        };
        format!(
            "SELECT * FROM orders WHERE {user} AND {after} AND (?4 IS NULL OR method = ?4) AND (?5 IS NULL OR kind = ?5) {}
             ORDER BY created_at DESC, order_no DESC LIMIT ?3",
            self.condition()
        )
    }
}

impl Writer<'_> {
    /// Writes orders, attempts and outbox items of a batch.
    pub(super) fn orders(&mut self, batch: &Batch) -> Result<(), StoreError> {
        for order in &batch.orders {
            self.order(order)?;
        }
        for (order, window) in &batch.windows {
            self.run(
                "UPDATE orders SET window_at = ?2, window_bytes = ?3 WHERE id = ?1",
                params![order.0, window.at.0, int(window.used.0)],
            )?;
        }
        // One commit may both create and end an attempt, or an outbox item.
        for opening in &batch.openings {
            self.opening(opening)?;
        }
        for request_id in &batch.openings_ended {
            self.run("DELETE FROM openings WHERE request_id = ?1", [request_id])?;
        }
        for outbox_item in &batch.outbox {
            self.outbox_item(outbox_item)?;
        }
        for no in &batch.outbox_done {
            self.run("DELETE FROM outbox WHERE errand_no = ?1", [int(*no)])?;
        }
        for event in &batch.applied {
            self.run("INSERT INTO applied (event_id, at) VALUES (?1, ?2)", params![event, batch.at.0])?;
        }
        Ok(())
    }

    fn order(&mut self, order: &OrderRecord) -> Result<(), StoreError> {
        let online = &order.online;
        let has_means = online.means != PaymentMeans::default();
        self.run(
            "INSERT INTO orders (id, user_no, kind, method, amount_rp, status, lines, flags, reference, receipt_no,
               cashier, plan, refunded_rp, created_at, paid_at, request_id, means, expires_at, window_at, window_bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
             ON CONFLICT (id) DO UPDATE SET status = ?6, flags = ?8, receipt_no = ?10, refunded_rp = ?12,
               paid_at = ?14, means = ?16, expires_at = ?17, window_at = ?18, window_bytes = ?19",
            params![
                order.id.0,
                order.user_no,
                order.kind.name(),
                order.method.name(),
                int(order.amount.0),
                order.status.name(),
                lines_text(&order.quote),
                serde_json::json!(order.flags).to_string(),
                order.reference,
                order.receipt_no.map(int),
                order.cashier,
                int(order.refunded.0),
                order.created_at.0,
                order.paid_at.map(|t| t.0),
                online.request_id,
                has_means.then(|| serde_json::json!(online.means).to_string()),
                online.expires_at.map(|t| t.0),
                online.window.map(|window| window.at.0),
                online.window.map_or(0, |window| int(window.used.0)),
            ],
        )
    }

    fn opening(&mut self, opening: &OpeningRecord) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO openings (request_id, user_no, kind, method, lines, memo, key_id, key_hash, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                opening.request_id,
                opening.user_no,
                opening.kind.name(),
                opening.method.name(),
                lines_text(&opening.quote),
                opening.memo,
                opening.key.as_ref().map(|(id, _)| id),
                opening.key.as_ref().map(|(_, hash)| hash),
                opening.created_at.0,
            ],
        )
    }

    fn outbox_item(&mut self, outbox_item: &OutboxItem) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO outbox (errand_no, work, attempts, next_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (errand_no) DO UPDATE SET attempts = ?3, next_at = ?4",
            params![
                int(outbox_item.no),
                serde_json::json!(outbox_item.work).to_string(),
                outbox_item.attempts,
                outbox_item.next_at.0
            ],
        )
    }
}

fn lines_text(quote: &Quote) -> String {
    let lines: Vec<LineWire> = quote.lines.iter().map(LineWire::from).collect();
    serde_json::json!(lines).to_string()
}

impl Store {
    /// Orders that can still be paid.
    pub(super) fn open_orders(&self) -> Result<Vec<OrderRecord>, StoreError> {
        let mut out = Vec::new();
        self.each("SELECT * FROM orders WHERE status IN ('created', 'pending', 'challenge')", |row| {
            out.push(order(row)?);
            Ok(())
        })?;
        Ok(out)
    }

    /// Attempts whose outcome is not known.
    pub(super) fn pending_orders(&self) -> Result<Vec<OpeningRecord>, StoreError> {
        let mut out = Vec::new();
        self.each("SELECT * FROM openings", |row| {
            out.push(opening(row)?);
            Ok(())
        })?;
        Ok(out)
    }

    /// Outbox items that are not delivered.
    pub(super) fn outbox(&self) -> Result<Vec<OutboxItem>, StoreError> {
        let mut out = Vec::new();
        self.each("SELECT * FROM outbox ORDER BY errand_no", |row| {
            out.push(OutboxItem {
                no: unsigned(row, "errand_no")?,
                work: parsed(row, "work", |text| serde_json::from_str(text).ok())?,
                attempts: row.get("attempts")?,
                next_at: Timestamp(row.get("next_at")?),
            });
            Ok(())
        })?;
        Ok(out)
    }

    /// Every pay window since `from`: the user's key, and when it was opened.
    pub fn windows_since(&self, from: Timestamp) -> Result<Vec<(u32, Timestamp)>, StoreError> {
        let mut out = Vec::new();
        let sql = format!(
            "SELECT user_no, window_at FROM orders WHERE window_at >= {} AND user_no IS NOT NULL",
            from.0
        );
        self.each(&sql, |row| {
            out.push((row.get("user_no")?, Timestamp(row.get("window_at")?)));
            Ok(())
        })?;
        Ok(out)
    }
}

impl Reader {
    /// Orders of all users or of one, newest first, each with its number, the cursor of a page.
    pub fn orders(&self, user_no: Option<u32>, page: Page) -> Result<Vec<(i64, OrderRecord)>, StoreError> {
        self.find_orders(&OrderFilter { user_no, ..OrderFilter::default() }, page)
    }

    /// The last paid online order of a user.
    pub fn last_paid_online(&self, user_no: u32) -> Result<Option<OrderRecord>, StoreError> {
        let cash: Vec<String> = CashMethod::ALL.iter().map(|method| format!("'{}'", method.name())).collect();
        let sql = format!(
            "SELECT * FROM orders WHERE user_no = ?1 AND paid_at IS NOT NULL AND method NOT IN ({})
             ORDER BY paid_at DESC, order_no DESC LIMIT 1",
            cash.join(", ")
        );
        Ok(self.all(&sql, [user_no], order)?.into_iter().next())
    }

    /// The same for orders that match the filter.
    pub fn find_orders(
        &self,
        which: &OrderFilter,
        page: Page,
    ) -> Result<Vec<(i64, OrderRecord)>, StoreError> {
        let sql = which.sql(page.after.is_some());
        let OrderFilter { user_no, method, kind, .. } = *which;
        let (method, kind) = (method.map(Method::name), kind.map(OrderKind::name));
        self.all(&sql, params![user_no, page.after, page.limit, method, kind], |row| {
            Ok((row.get("order_no")?, order(row)?))
        })
    }

    /// At most `limit` orders: those whose id begins with the text, and the one with that receipt number.
    pub fn orders_called(&self, text: &str, limit: u32) -> Result<Vec<OrderRecord>, StoreError> {
        self.all(
            "SELECT * FROM orders WHERE (id >= ?1 AND id < ?1 || char(1114111)) OR receipt_no = ?2
             ORDER BY created_at DESC, order_no DESC LIMIT ?3",
            params![text, text.parse::<i64>().ok(), limit],
            order,
        )
    }

    /// The number of orders in review.
    pub fn orders_in_review(&self) -> Result<u64, StoreError> {
        let mut statement =
            self.conn.prepare_cached("SELECT count(*) FROM orders WHERE status = 'review'")?;
        let count: i64 = statement.query_row([], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// One order.
    pub fn order(&self, id: &OrderId) -> Result<Option<OrderRecord>, StoreError> {
        let found = self.all("SELECT * FROM orders WHERE id = ?1", [&id.0], order)?;
        Ok(found.into_iter().next())
    }

    /// The order with that receipt.
    pub fn order_of_receipt(&self, receipt_no: u64) -> Result<Option<OrderRecord>, StoreError> {
        let Ok(no) = i64::try_from(receipt_no) else { return Ok(None) };
        let found = self.all("SELECT * FROM orders WHERE receipt_no = ?1", [no], order)?;
        Ok(found.into_iter().next())
    }

    /// The order that an attempt created.
    pub fn order_of_request(&self, request_id: &str) -> Result<Option<OrderId>, StoreError> {
        let found = self.all("SELECT id FROM orders WHERE request_id = ?1", [request_id], |row| {
            Ok(OrderId(row.get("id")?))
        })?;
        Ok(found.into_iter().next())
    }

    /// Online orders opened since `from`, oldest first, that another relay could adopt.
    pub fn online_since(&self, from: Timestamp) -> Result<Vec<OrderId>, StoreError> {
        let sql = "SELECT id FROM orders WHERE created_at >= ?1 AND request_id IS NOT NULL
                   ORDER BY created_at, order_no";
        self.all(sql, [from.0], |row| Ok(OrderId(row.get("id")?)))
    }

    /// Whether an event of the feed was processed before.
    pub fn is_applied(&self, event: &str) -> Result<bool, StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT 1 FROM applied WHERE event_id = ?1")?;
        Ok(statement.query_row([event], |_| Ok(())).optional()?.is_some())
    }

    /// A user, deleted ones too, with the open debt items.
    pub fn user(&self, id: UserId) -> Result<Option<UserRecord>, StoreError> {
        let sql = "SELECT * FROM users JOIN accounts USING (user_no) WHERE id = ?1";
        let found = self.all(sql, [id.to_string()], user)?;
        let Some(mut found) = found.into_iter().next() else { return Ok(None) };
        let open = "SELECT * FROM debts WHERE user_no = ?1 AND status = 'open' ORDER BY debt_no";
        found.account.items = self.all(open, [found.no], debt)?;
        Ok(Some(found))
    }
}

fn order(row: &Row) -> Result<OrderRecord, StoreError> {
    Ok(OrderRecord {
        id: OrderId(row.get("id")?),
        user_no: row.get("user_no")?,
        kind: parsed(row, "kind", OrderKind::from_name)?,
        method: parsed(row, "method", Method::from_name)?,
        amount: Rupiah(unsigned(row, "amount_rp")?),
        status: parsed(row, "status", OrderState::from_name)?,
        quote: quote(row)?,
        flags: parsed(row, "flags", |text| serde_json::from_str(text).ok())?,
        reference: row.get("reference")?,
        receipt_no: unsigned_or_none(row, "receipt_no")?,
        cashier: row.get("cashier")?,
        refunded: Rupiah(unsigned(row, "refunded_rp")?),
        created_at: Timestamp(row.get("created_at")?),
        paid_at: instant(row, "paid_at")?,
        online: online(row)?,
    })
}

fn online(row: &Row) -> Result<Online, StoreError> {
    let used = Bytes(unsigned(row, "window_bytes")?);
    Ok(Online {
        request_id: row.get("request_id")?,
        means: match row.get::<_, Option<String>>("means")? {
            None => PaymentMeans::default(),
            Some(_) => parsed(row, "means", |text| serde_json::from_str(text).ok())?,
        },
        expires_at: instant(row, "expires_at")?,
        window: instant(row, "window_at")?.map(|at| PayWindow { at, used }),
    })
}

fn opening(row: &Row) -> Result<OpeningRecord, StoreError> {
    let key: Option<String> = row.get("key_id")?;
    Ok(OpeningRecord {
        request_id: row.get("request_id")?,
        user_no: row.get("user_no")?,
        kind: parsed(row, "kind", OrderKind::from_name)?,
        method: parsed(row, "method", OnlineMethod::from_name)?,
        quote: quote(row)?,
        memo: row.get("memo")?,
        key: key.map(|id| Ok::<_, StoreError>((id, row.get("key_hash")?))).transpose()?,
        created_at: Timestamp(row.get("created_at")?),
    })
}
