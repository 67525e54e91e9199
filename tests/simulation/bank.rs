//! A gateway in memory behind the product's port: what customers paid, what the gateway says about it, and the
//! notifications that it sends - twice, late, in any order, or not at all.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kuota::clock::{Clock, ManualClock};
use kuota::domain::order::OnlineMethod;
use kuota::domain::payment::{Fraud, GatewayReport, GatewayStatus};
use kuota::domain::units::{Rupiah, Timestamp};
use kuota::midtrans::{Charge, Charged, Gateway, GatewayError, GatewayFuture};
use kuota::protocol::relay::PaymentMeans;
use serde_json::json;
use sha2::{Digest, Sha512};
use tokio::sync::Notify;

use crate::auditor::Paid;
use crate::dice::Dice;

/// The merchant's key, with which notifications are signed.
pub const KEY: &str = "SB-Mid-server-SIMULATIONaaaaaaaaaaaa";
const ACCOUNT: &str = "G000000001";
/// Of a thousand calls, this many have trouble while the gateway is well.
const TROUBLED: u64 = 30;

/// One charge as the gateway knows it.
#[derive(Clone, Debug)]
pub struct Deal {
    /// Its number, which does not depend on the name that it was given.
    pub number: u64,
    pub asked: u64,
    /// What was paid, which may not be what was asked for.
    pub amount: u64,
    pub status: GatewayStatus,
    pub expires_at: i64,
    pub paid_at: Option<i64>,
    pub refunds: BTreeMap<String, u64>,
    calls: u64,
}

impl Deal {
    pub fn returned(&self) -> u64 {
        match self.status {
            GatewayStatus::Chargeback => self.amount,
            _ => self.refunds.values().sum(),
        }
    }

    fn truth(&self) -> Paid {
        Paid {
            asked: self.asked,
            paid: self.paid_at.map(|_| self.amount),
            returned: self.returned(),
            is_open: self.status == GatewayStatus::Pending,
        }
    }

    fn code(&self) -> u16 {
        match self.status {
            GatewayStatus::Pending => 201,
            status if status.is_money() => 200,
            _ => 202,
        }
    }
}

/// A notification on its way.
#[derive(Clone, Debug)]
pub struct Letter {
    pub due: i64,
    pub body: Vec<u8>,
    pub tries: u32,
}

/// Everything there is.
pub struct Inside {
    pub deals: BTreeMap<String, Deal>,
    pub post: Vec<Letter>,
    /// Nothing reaches it.
    pub is_down: bool,
    /// Nothing goes wrong any more.
    pub is_calm: bool,
    /// The next charge is made, and whoever asked for it is gone before the answer.
    pub hangs: bool,
    clock: ManualClock,
    seed: u64,
    died: Arc<Notify>,
}

/// The gateway. Clones are the same one.
#[derive(Clone)]
pub struct Bank(Arc<Mutex<Inside>>);

impl Bank {
    /// `died` is told when the relay loses its power in the middle of a call.
    pub fn new(clock: ManualClock, seed: u64, died: Arc<Notify>) -> Self {
        let inside = Inside {
            deals: BTreeMap::new(),
            post: Vec::new(),
            is_down: false,
            is_calm: false,
            hangs: false,
            clock,
            seed,
            died,
        };
        Self(Arc::new(Mutex::new(inside)))
    }

    pub fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What befalls one call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Luck {
    Fine,
    NotSent,
    /// It is done, and the answer is lost.
    Unheard,
    /// It is lost before it is done.
    Lost,
    Busy,
}

impl Inside {
    fn now(&self) -> i64 {
        self.clock.now().0
    }

    /// The luck of a call about an order, the same whatever else is called at the same time.
    fn luck(&mut self, order: &str) -> Luck {
        if self.is_calm {
            return Luck::Fine;
        }
        if self.is_down {
            return Luck::NotSent;
        }
        let fresh = self.deals.len() as u64;
        let (number, calls) = match self.deals.get_mut(order) {
            Some(deal) => {
                deal.calls += 1;
                (deal.number, deal.calls)
            }
            None => (fresh, self.clock.uptime().as_secs()),
        };
        let mut dice = Dice(self.seed ^ (number << 32) ^ (calls << 8));
        match dice.below(1000) {
            roll if roll >= TROUBLED => Luck::Fine,
            roll if roll % 4 == 0 => Luck::NotSent,
            roll if roll % 4 == 1 => Luck::Unheard,
            roll if roll % 4 == 2 => Luck::Lost,
            _ => Luck::Busy,
        }
    }

    fn report(&self, order: &str) -> Option<GatewayReport> {
        let deal = self.deals.get(order)?;
        let refunds: BTreeMap<String, Rupiah> =
            deal.refunds.iter().map(|(key, rp)| (key.clone(), Rupiah(*rp))).collect();
        Some(GatewayReport {
            order: Some(order.to_owned()),
            transaction: Some(format!("t-{}", deal.number)),
            status: deal.status,
            code: deal.code(),
            fraud: Some(Fraud::Accept),
            amount: Some(Rupiah(deal.amount)),
            original_amount: None,
            currency: Some("IDR".to_owned()),
            merchant: Some(ACCOUNT.to_owned()),
            refunded: (!refunds.is_empty()).then(|| Rupiah(deal.refunds.values().sum())),
            refunds,
            paid_at: deal.paid_at.map(Timestamp),
            expires_at: Some(Timestamp(deal.expires_at)),
        })
    }

    /// Customers' time runs out.
    pub fn expire(&mut self) {
        let now = self.now();
        let over: Vec<String> = self
            .deals
            .iter()
            .filter(|(_, deal)| deal.status == GatewayStatus::Pending && deal.expires_at <= now)
            .map(|(id, _)| id.clone())
            .collect();
        for id in over {
            self.turn(&id, GatewayStatus::Expire);
        }
    }

    /// A charge turns, and the gateway writes about it.
    pub fn turn(&mut self, id: &str, to: GatewayStatus) {
        let now = self.now();
        let Some(deal) = self.deals.get_mut(id) else { return };
        deal.status = to;
        if to == GatewayStatus::Settlement {
            deal.paid_at = Some(now);
        }
        let (number, at) = (deal.number, now);
        let mut dice = Dice(self.seed ^ (number << 16) ^ (to as u64));
        let copies = if self.is_calm { 1 } else { [0, 1, 1, 1, 1, 2, 3][dice.pick(7)] };
        for _ in 0..copies {
            let late = [0, 0, 0, 2, 30, 600, 20_000][dice.pick(7)];
            self.write(id, to, at + late * 1000);
        }
    }

    /// A notification that says so, signed as the gateway would.
    pub fn write(&mut self, id: &str, says: GatewayStatus, due: i64) {
        let Some(deal) = self.deals.get(id) else { return };
        let as_if = Deal { status: says, ..deal.clone() };
        let (code, amount) = (as_if.code().to_string(), format!("{}.00", deal.amount));
        let mut signature = String::new();
        for byte in Sha512::digest(format!("{id}{code}{amount}{KEY}")) {
            write!(signature, "{byte:02x}").expect("a text takes every text");
        }
        let body = json!({
            "order_id": id,
            "status_code": code,
            "gross_amount": amount,
            "transaction_id": format!("t-{}", deal.number),
            "transaction_status": says.name(),
            "merchant_id": ACCOUNT,
            "currency": "IDR",
            "fraud_status": "accept",
            "signature_key": signature,
        });
        self.post.push(Letter { due, body: body.to_string().into_bytes(), tries: 0 });
    }

    /// Letters whose time has come.
    pub fn due_letters(&mut self) -> Vec<Letter> {
        let now = self.now();
        let (due, later) = std::mem::take(&mut self.post).into_iter().partition(|letter| letter.due <= now);
        self.post = later;
        due
    }

    /// What truly became of every order.
    pub fn truths(&self) -> BTreeMap<String, Paid> {
        self.deals.iter().map(|(id, deal)| (id.clone(), deal.truth())).collect()
    }

    fn open(&mut self, charge: &Charge) -> Charged {
        let expires = i64::try_from(charge.expires_in.as_millis()).expect("a short time");
        let (number, expires_at) = (self.deals.len() as u64 + 1, self.now() + expires);
        self.deals.entry(charge.order.clone()).or_insert_with(|| Deal {
            number,
            asked: charge.amount.0,
            amount: charge.amount.0,
            status: GatewayStatus::Pending,
            expires_at,
            paid_at: None,
            refunds: BTreeMap::new(),
            calls: 0,
        });
        self.charged(&charge.order).expect("it was put there")
    }

    fn charged(&self, order: &str) -> Option<Charged> {
        let report = self.report(order)?;
        let expires_at = report.expires_at;
        let means = PaymentMeans { qr_string: Some(format!("qr {order}")), ..PaymentMeans::default() };
        Some(Charged { report: Some(report), means, expires_at })
    }

    fn cancel(&mut self, order: &str) -> Result<Option<GatewayReport>, GatewayError> {
        match self.deals.get(order).map(|deal| deal.status) {
            None => Ok(None),
            Some(GatewayStatus::Pending) => {
                self.turn(order, GatewayStatus::Cancel);
                Ok(self.report(order))
            }
            Some(GatewayStatus::Cancel) => Ok(self.report(order)),
            Some(_) => Err(GatewayError::Settled("past that".to_owned())),
        }
    }

    /// Money of a paid order goes back under a key, once.
    pub fn give_back(&mut self, order: &str, key: &str, amount: u64) -> Result<(), GatewayError> {
        let deal = self.deals.get_mut(order).filter(|deal| deal.paid_at.is_some());
        let Some(deal) = deal else { return Err(GatewayError::Settled("not paid".to_owned())) };
        if deal.refunds.contains_key(key) {
            return Err(GatewayError::Duplicate(key.to_owned()));
        }
        if deal.returned() + amount > deal.amount {
            return Err(GatewayError::Settled("more than was paid".to_owned()));
        }
        deal.refunds.insert(key.to_owned(), amount);
        let is_whole = deal.returned() == deal.amount;
        self.turn(order, if is_whole { GatewayStatus::Refund } else { GatewayStatus::PartialRefund });
        Ok(())
    }
}

/// A call with its luck: nothing is done, or done and unheard, or both.
fn lucky<T>(
    inside: &mut Inside,
    order: &str,
    work: impl FnOnce(&mut Inside) -> Result<T, GatewayError>,
) -> Result<T, GatewayError> {
    match inside.luck(order) {
        Luck::Fine => work(inside),
        Luck::NotSent => Err(GatewayError::Unreachable("no connection".to_owned())),
        Luck::Lost => Err(GatewayError::Unknown("reset".to_owned())),
        Luck::Busy => Err(GatewayError::SlowDown),
        Luck::Unheard => {
            let _ = work(inside);
            Err(GatewayError::Unknown("no answer".to_owned()))
        }
    }
}

impl Gateway for Bank {
    fn charge<'a>(
        &'a self,
        charge: &'a Charge,
        _key: &'a str,
        _limit: Duration,
    ) -> GatewayFuture<'a, Result<Charged, GatewayError>> {
        Box::pin(async move {
            let hangs = {
                let mut inside = self.inside();
                let hangs = std::mem::take(&mut inside.hangs);
                if hangs {
                    inside.open(charge);
                    inside.died.notify_one();
                }
                hangs
            };
            if hangs {
                std::future::pending::<()>().await;
            }
            let mut inside = self.inside();
            lucky(&mut inside, &charge.order, |inside| Ok(inside.open(charge)))
        })
    }

    fn status<'a>(
        &'a self,
        id: &'a str,
        _limit: Duration,
    ) -> GatewayFuture<'a, Result<Option<GatewayReport>, GatewayError>> {
        Box::pin(async move { lucky(&mut self.inside(), id, |inside| Ok(inside.report(id))) })
    }

    fn recall<'a>(
        &'a self,
        id: &'a str,
        _limit: Duration,
    ) -> GatewayFuture<'a, Result<Option<Charged>, GatewayError>> {
        Box::pin(async move { lucky(&mut self.inside(), id, |inside| Ok(inside.charged(id))) })
    }

    fn cancel<'a>(
        &'a self,
        id: &'a str,
        _limit: Duration,
    ) -> GatewayFuture<'a, Result<Option<GatewayReport>, GatewayError>> {
        Box::pin(async move { lucky(&mut self.inside(), id, |inside| inside.cancel(id)) })
    }

    fn refund<'a>(
        &'a self,
        id: &'a str,
        amount: Rupiah,
        key: &'a str,
        _reason: &'a str,
        _limit: Duration,
    ) -> GatewayFuture<'a, Result<(), GatewayError>> {
        Box::pin(async move { lucky(&mut self.inside(), id, |inside| inside.give_back(id, key, amount.0)) })
    }

    fn repeats_safely(&self, _method: OnlineMethod) -> bool {
        true
    }
}
