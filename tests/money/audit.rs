//! The judge of every test here: the gateway's dashboard against the ledger's file, read by SQL and by no code of the
//! product. Whatever was paid is credited once, whatever was not paid is not, and nothing is left hanging.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kuota::sim::midtrans::{SimPayment, TransactionStatus};
use rusqlite::{Connection, OpenFlags};

/// An online order as the ledger's file has it.
#[derive(Clone, Debug)]
pub struct Order {
    pub user_no: Option<i64>,
    pub method: String,
    pub amount_rp: u64,
    pub status: String,
    pub flags: BTreeSet<String>,
    pub receipt: Option<i64>,
}

/// What the ledger's file says of online money.
#[derive(Clone, Debug, Default)]
pub struct Books {
    pub orders: BTreeMap<String, Order>,
    /// Rupiah that lines of the ledger credit, by order.
    pub credited: BTreeMap<String, u64>,
    /// Rupiah that lines of the ledger take back, by order.
    pub returned: BTreeMap<String, u64>,
    pub openings: i64,
    pub outbox: i64,
}

/// What was looked at, for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Orders at the gateway.
    pub orders: u64,
    /// Of them paid, be it back again.
    pub paid: u64,
    /// Orders that the ledger credits.
    pub credited: u64,
    /// Paid orders that wait for a person, or did.
    pub held: u64,
}

impl Books {
    pub fn read(folder: &Path) -> rusqlite::Result<Self> {
        let file = folder.join("kuota.db");
        let conn = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut books = Self::default();
        let mut orders = conn.prepare(
            "SELECT id, user_no, method, amount_rp, status, flags, receipt_no FROM orders
             WHERE method NOT IN ('cash', 'transfer', 'qris_static')",
        )?;
        let mut rows = orders.query([])?;
        while let Some(row) = rows.next()? {
            let flags: String = row.get(5)?;
            let order = Order {
                user_no: row.get(1)?,
                method: row.get(2)?,
                amount_rp: row.get::<_, i64>(3)?.unsigned_abs(),
                status: row.get(4)?,
                flags: serde_json::from_str(&flags).unwrap(),
                receipt: row.get(6)?,
            };
            books.orders.insert(row.get(0)?, order);
        }
        books.credited = sums(&conn, "credit")?;
        books.returned = sums(&conn, "debit")?;
        books.openings = conn.query_row("SELECT count(*) FROM openings", [], |row| row.get(0))?;
        books.outbox = conn.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0))?;
        Ok(books)
    }

    /// Holds the books to the gateway's. `held` are the paid orders that are to wait for a person instead of being
    /// credited. The error names everything that is wrong.
    pub fn check(&self, gateway: &[SimPayment], held: &BTreeSet<String>) -> Result<Sums, String> {
        let mut attempts: BTreeMap<&str, Vec<&SimPayment>> = BTreeMap::new();
        for payment in gateway {
            attempts.entry(&payment.order_id).or_default().push(payment);
        }
        let mut wrong = Vec::new();
        let mut sums = Sums { orders: attempts.len() as u64, ..Sums::default() };
        for (id, payments) in &attempts {
            let is_held = held.contains(*id);
            sums.paid += u64::from(payments.iter().any(|one| was_paid(one)));
            sums.held += u64::from(is_held);
            wrong.extend(self.judge(id, payments, is_held).into_iter().map(|why| format!("{id}: {why}")));
        }
        wrong.extend(self.strangers(&attempts));
        wrong.extend(self.double_payables(&attempts));
        sums.credited = self.credited.keys().filter(|id| attempts.contains_key(id.as_str())).count() as u64;
        if wrong.is_empty() { Ok(sums) } else { Err(wrong.join("\n")) }
    }

    fn judge(&self, id: &str, payments: &[&SimPayment], is_held: bool) -> Vec<String> {
        let mut wrong = Vec::new();
        let credited = self.credited.get(id).copied().unwrap_or_default();
        let returned = self.returned.get(id).copied().unwrap_or_default();
        let order = self.orders.get(id);
        let is_page = order.is_some_and(|order| order.method == "snap");
        // A person books what no rule can undo.
        let by_hand = order.is_some_and(|order| order.flags.contains("reverse_by_hand"));
        if !is_page && payments.len() > 1 {
            wrong.push(format!("charged {} times", payments.len()));
        }
        let paid: Vec<_> = payments.iter().filter(|one| was_paid(one)).collect();
        let left: u64 = paid.iter().map(|one| left_rp(one)).sum();
        if is_held {
            if paid.is_empty() || credited > 0 {
                wrong.push(format!("is to be held: {paid:?} paid, {credited} credited"));
            }
            if order.is_none_or(|order| order.flags.is_empty()) {
                wrong.push("is held and nothing says why".to_owned());
            }
            return wrong;
        }
        if paid.is_empty() {
            if credited > 0 {
                wrong.push(format!("{credited} credited and nothing paid: {payments:?}"));
            }
        } else if left > 0 && credited == 0 {
            wrong.push(format!("{left} paid and nothing credited: {order:?}"));
        } else if credited > 0 && !by_hand && credited.saturating_sub(returned) != left {
            wrong.push(format!("{left} left of the payment, {credited} credited less {returned}"));
        }
        if credited > 0 && order.is_none_or(|order| order.amount_rp != credited || order.receipt.is_none()) {
            wrong.push(format!("{credited} credited for {order:?}"));
        }
        wrong.extend(hangs(order, payments));
        wrong
    }

    /// Credits and open orders that the gateway never heard of.
    fn strangers(&self, attempts: &BTreeMap<&str, Vec<&SimPayment>>) -> Vec<String> {
        let cash = |id: &str| !self.orders.contains_key(id);
        let is_known = |id: &&String| attempts.contains_key(id.as_str()) || cash(id);
        let credits = self.credited.keys().filter(|id| !is_known(id)).map(|id| format!("{id}: from nowhere"));
        let open =
            self.orders.iter().filter(|(id, order)| is_open(order) && !attempts.contains_key(id.as_str()));
        credits
            .chain(open.map(|(id, order)| format!("{id}: open and not at the gateway: {order:?}")))
            .collect()
    }

    /// Users who could pay two orders at once, and charges that nobody here knows of.
    fn double_payables(&self, attempts: &BTreeMap<&str, Vec<&SimPayment>>) -> Vec<String> {
        let (mut users, mut wrong) = (BTreeMap::<i64, Vec<&str>>::new(), Vec::new());
        for (id, payments) in attempts {
            if !payments.iter().any(|one| one.status == TransactionStatus::Pending) {
                continue;
            }
            match self.orders.get(*id).and_then(|order| order.user_no) {
                Some(user) => users.entry(user).or_default().push(id),
                None => wrong.push(format!("{id}: can be paid and nobody here knows it")),
            }
        }
        let double = users.iter().filter(|(_, orders)| orders.len() > 1);
        wrong.extend(double.map(|(user, orders)| format!("user {user} can pay {orders:?}")));
        wrong
    }
}

fn sums(conn: &Connection, side: &str) -> rusqlite::Result<BTreeMap<String, u64>> {
    let mut lines = conn.prepare(
        "SELECT order_id, ifnull(sum(amount_rp), 0) FROM entries WHERE side = ?1 AND order_id IS NOT NULL
         GROUP BY order_id",
    )?;
    let sum = |row: &rusqlite::Row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()));
    lines.query_map([side], sum)?.collect()
}

/// Whether money came, even if it went back since.
fn was_paid(payment: &SimPayment) -> bool {
    use TransactionStatus::{Capture, Chargeback, PartialChargeback, PartialRefund, Refund, Settlement};
    let card = payment.status == Capture && payment.fraud == kuota::sim::midtrans::Fraud::Accept;
    let settled =
        matches!(payment.status, Settlement | Refund | PartialRefund | Chargeback | PartialChargeback);
    card || settled || payment.settled_at.is_some()
}

/// What is left of a payment.
fn left_rp(payment: &SimPayment) -> u64 {
    match payment.status {
        TransactionStatus::Settlement | TransactionStatus::Capture | TransactionStatus::PartialRefund => {
            payment.amount_rp - payment.refunds.iter().map(|refund| refund.amount_rp).sum::<u64>()
        }
        _ => 0,
    }
}

fn is_open(order: &Order) -> bool {
    matches!(order.status.as_str(), "created" | "pending" | "challenge")
}

/// An order that waits here for something that is over there.
fn hangs(order: Option<&Order>, payments: &[&SimPayment]) -> Option<String> {
    let order = order.filter(|order| is_open(order) && order.flags.is_empty())?;
    let waits = |one: &&SimPayment| {
        matches!(
            one.status,
            TransactionStatus::Created | TransactionStatus::Pending | TransactionStatus::Capture
        )
    };
    (!payments.iter().any(waits)).then(|| format!("hangs: {order:?}, {payments:?}"))
}
