//! A gateway in memory that keeps transactions, and goes wrong as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kuota::domain::order::OnlineMethod;
use kuota::domain::payment::{Fraud, GatewayReport, GatewayStatus};
use kuota::domain::units::Rupiah;
use kuota::midtrans::{Charge, Charged, Gateway, GatewayError, GatewayFuture};
use kuota::protocol::relay::{PaymentMeans, VirtualAccount};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::test_relay::signature;

/// What becomes of one call.
pub enum Plan {
    /// Nothing is done.
    Fail(GatewayError),
    /// It is done, and the answer is lost.
    Lose(GatewayError),
    /// It is done once the semaphore has a permit, or it times out.
    Wait(Arc<Semaphore>),
    /// It is done, with another answer.
    Alter(fn(&mut GatewayReport)),
    /// It is done, and the answer does not say how to pay.
    WithoutMeans,
}

#[derive(Default)]
struct Books {
    /// Where each order stands; an order without an entry is unknown.
    reports: BTreeMap<String, GatewayReport>,
    keys: BTreeMap<String, Charged>,
    charges: VecDeque<Plan>,
    statuses: VecDeque<Plan>,
    cancels: VecDeque<Plan>,
    refunds: VecDeque<Plan>,
    log: Vec<String>,
    charge_seen: Vec<Charge>,
}

pub struct ScriptedGateway {
    account: String,
    books: Mutex<Books>,
    /// Whether a status answer still says how to pay.
    pub recalls: std::sync::atomic::AtomicBool,
}

pub fn unknown() -> GatewayError {
    GatewayError::Unknown("none came in time".into())
}

pub fn unreachable() -> GatewayError {
    GatewayError::Unreachable("no route".into())
}

pub fn rejected(code: u16) -> GatewayError {
    GatewayError::Rejected { code, message: "no thanks".into() }
}

impl ScriptedGateway {
    pub fn new(account: &str) -> Self {
        Self { account: account.into(), books: Mutex::default(), recalls: false.into() }
    }

    fn books<T>(&self, f: impl FnOnce(&mut Books) -> T) -> T {
        f(&mut self.books.lock().unwrap())
    }

    pub fn on_charge(&self, plans: impl IntoIterator<Item = Plan>) {
        self.books(|books| books.charges.extend(plans));
    }

    /// Charges go well from here on.
    pub fn on_charge_no_more(&self) {
        self.books(|books| books.charges.clear());
    }

    pub fn on_status(&self, plans: impl IntoIterator<Item = Plan>) {
        self.books(|books| books.statuses.extend(plans));
    }

    pub fn on_cancel(&self, plans: impl IntoIterator<Item = Plan>) {
        self.books(|books| books.cancels.extend(plans));
    }

    pub fn on_refund(&self, plans: impl IntoIterator<Item = Plan>) {
        self.books(|books| books.refunds.extend(plans));
    }

    /// Calls so far, such as `charge`, `status`.
    pub fn log(&self) -> Vec<String> {
        self.books(|books| books.log.clone())
    }

    pub fn count(&self, call: &str) -> usize {
        self.log().iter().filter(|one| *one == call).count()
    }

    pub fn charges_seen(&self) -> Vec<Charge> {
        self.books(|books| books.charge_seen.clone())
    }

    /// Orders that the gateway knows.
    pub fn orders(&self) -> Vec<String> {
        self.books(|books| books.reports.keys().cloned().collect())
    }

    pub fn status_of(&self, order: &str) -> Option<GatewayStatus> {
        self.books(|books| books.reports.get(order).map(|report| report.status))
    }

    /// Puts a transaction where it should be.
    pub fn put(&self, order: &str, report: GatewayReport) {
        self.books(|books| books.reports.insert(order.into(), report));
    }

    pub fn forget(&self, order: &str) {
        self.books(|books| books.reports.remove(order));
    }

    pub fn alter(&self, order: &str, change: impl FnOnce(&mut GatewayReport)) {
        self.books(|books| change(books.reports.get_mut(order).expect("the gateway knows the order")));
    }

    pub fn set(&self, order: &str, status: GatewayStatus) {
        self.alter(order, |report| {
            report.status = status;
            report.code = code(status);
        });
    }

    pub fn settle(&self, order: &str) {
        self.set(order, GatewayStatus::Settlement);
    }

    /// A report of an order as it is first.
    pub fn pending(&self, order: &str, amount: Rupiah) -> GatewayReport {
        GatewayReport {
            order: Some(order.into()),
            transaction: Some(format!("t-{order}")),
            status: GatewayStatus::Pending,
            code: 201,
            fraud: Some(Fraud::Accept),
            amount: Some(amount),
            original_amount: None,
            currency: Some("IDR".into()),
            merchant: Some(self.account.clone()),
            refunds: BTreeMap::new(),
            refunded: None,
            paid_at: None,
            expires_at: None,
        }
    }

    /// The notification that tells where the order stands.
    pub fn notification(&self, order: &str, key: &str) -> Value {
        let report =
            self.books(|books| books.reports.get(order).cloned()).expect("the gateway knows the order");
        let (code, amount) = (report.code.to_string(), format!("{}.00", report.amount.unwrap().0));
        json!({
            "transaction_status": report.status.name(),
            "transaction_id": report.transaction,
            "status_code": code,
            "order_id": order,
            "merchant_id": self.account,
            "gross_amount": amount,
            "currency": "IDR",
            "fraud_status": "accept",
            "signature_key": signature(order, &code, &amount, key),
        })
    }

    fn charged(&self, charge: &Charge) -> Charged {
        let means = means(charge.method, &charge.order);
        if charge.method == OnlineMethod::Snap {
            return Charged { report: None, means, expires_at: None };
        }
        let report = self.pending(&charge.order, charge.amount);
        self.put(&charge.order, report.clone());
        Charged { report: Some(report), means, expires_at: None }
    }

    /// What the call's plan makes of what it does.
    async fn follow<T>(
        &self,
        plan: Option<Plan>,
        limit: Duration,
        act: impl FnOnce() -> Result<T, GatewayError>,
        alter: impl FnOnce(&mut T, Plan),
    ) -> Result<T, GatewayError> {
        match plan {
            None => act(),
            Some(Plan::Fail(error)) => Err(error),
            Some(Plan::Lose(error)) => act().and(Err(error)),
            Some(Plan::Wait(permits)) => {
                let permit = tokio::time::timeout(limit, permits.acquire()).await;
                permit.map_err(|_| unknown())?.unwrap().forget();
                act()
            }
            Some(plan) => {
                let mut done = act()?;
                alter(&mut done, plan);
                Ok(done)
            }
        }
    }
}

fn code(status: GatewayStatus) -> u16 {
    match status {
        GatewayStatus::Pending | GatewayStatus::Authorize => 201,
        GatewayStatus::Deny | GatewayStatus::Cancel | GatewayStatus::Expire | GatewayStatus::Failure => 202,
        _ => 200,
    }
}

fn means(method: OnlineMethod, order: &str) -> PaymentMeans {
    let none = PaymentMeans::default();
    match method {
        OnlineMethod::Snap => {
            PaymentMeans { redirect_url: Some(format!("https://pay.example/{order}")), ..none }
        }
        OnlineMethod::Qris => PaymentMeans { qr_string: Some(format!("00020101{order}")), ..none },
        OnlineMethod::Gopay | OnlineMethod::Shopeepay => {
            PaymentMeans { deeplink_url: Some(format!("wallet://pay/{order}")), ..none }
        }
        _ => {
            let va = VirtualAccount { bank: "bank".into(), number: "8000".into(), biller_code: None };
            PaymentMeans { va: Some(va), ..none }
        }
    }
}

impl Gateway for ScriptedGateway {
    fn charge<'a>(
        &'a self,
        charge: &'a Charge,
        key: &'a str,
        limit: Duration,
    ) -> GatewayFuture<'a, Result<Charged, GatewayError>> {
        Box::pin(async move {
            assert!(key.len() <= 46, "the gateway would ignore the key {key}");
            let plan = self.books(|books| {
                books.log.push("charge".into());
                books.charge_seen.push(charge.clone());
                books.charges.pop_front()
            });
            let act = || {
                let known = self.books(|books| books.keys.get(key).cloned());
                if let Some(charged) = known.filter(|_| self.repeats_safely(charge.method)) {
                    return Ok(charged);
                }
                if self.books(|books| books.reports.contains_key(&charge.order)) {
                    return Err(GatewayError::Duplicate("order_id is taken".into()));
                }
                let charged = self.charged(charge);
                self.books(|books| books.keys.insert(key.into(), charged.clone()));
                Ok(charged)
            };
            self.follow(plan, limit, act, |charged, plan| match plan {
                Plan::Alter(change) => {
                    let report = charged.report.as_mut().expect("a charge of one method");
                    change(report);
                    self.put(&charge.order, report.clone());
                }
                _ => charged.means = PaymentMeans::default(),
            })
            .await
        })
    }

    fn status<'a>(
        &'a self,
        id: &'a str,
        limit: Duration,
    ) -> GatewayFuture<'a, Result<Option<GatewayReport>, GatewayError>> {
        Box::pin(async move {
            let plan = self.books(|books| {
                books.log.push("status".into());
                books.statuses.pop_front()
            });
            let act = || Ok(self.books(|books| books.reports.get(id).cloned()));
            self.follow(plan, limit, act, |found, plan| {
                if let (Some(report), Plan::Alter(change)) = (found, plan) {
                    change(report);
                }
            })
            .await
        })
    }

    fn recall<'a>(
        &'a self,
        id: &'a str,
        limit: Duration,
    ) -> GatewayFuture<'a, Result<Option<Charged>, GatewayError>> {
        Box::pin(async move {
            let report = self.status(id, limit).await?;
            let recalls = self.recalls.load(std::sync::atomic::Ordering::Relaxed);
            let means = if recalls { means(OnlineMethod::VaBca, id) } else { PaymentMeans::default() };
            Ok(report.map(|report| Charged { report: Some(report), means, expires_at: None }))
        })
    }

    fn cancel<'a>(
        &'a self,
        id: &'a str,
        limit: Duration,
    ) -> GatewayFuture<'a, Result<Option<GatewayReport>, GatewayError>> {
        Box::pin(async move {
            let plan = self.books(|books| {
                books.log.push("cancel".into());
                books.cancels.pop_front()
            });
            let order = id.strip_prefix("t-").unwrap_or(id);
            let act = || {
                let Some(mut report) = self.books(|books| books.reports.get(order).cloned()) else {
                    return Ok(None);
                };
                if report.status != GatewayStatus::Pending {
                    return Err(GatewayError::Settled("it is past that".into()));
                }
                report.status = GatewayStatus::Cancel;
                report.code = 200;
                self.put(order, report.clone());
                Ok(Some(report))
            };
            self.follow(plan, limit, act, |found, plan| {
                if let (Some(report), Plan::Alter(change)) = (found, plan) {
                    change(report);
                }
            })
            .await
        })
    }

    fn refund<'a>(
        &'a self,
        id: &'a str,
        amount: Rupiah,
        key: &'a str,
        _: &'a str,
        limit: Duration,
    ) -> GatewayFuture<'a, Result<(), GatewayError>> {
        Box::pin(async move {
            let plan = self.books(|books| {
                books.log.push("refund".into());
                books.refunds.pop_front()
            });
            let act = || {
                self.alter(id, |report| {
                    report.refunds.insert(key.into(), amount);
                    let sum: u64 = report.refunds.values().map(|amount| amount.0).sum();
                    report.refunded = Some(Rupiah(sum));
                    let whole = report.amount == Some(Rupiah(sum));
                    report.status = if whole { GatewayStatus::Refund } else { GatewayStatus::PartialRefund };
                });
                Ok(())
            };
            self.follow(plan, limit, act, |(), _| ()).await
        })
    }

    fn repeats_safely(&self, method: OnlineMethod) -> bool {
        method != OnlineMethod::VaPermata
    }
}
