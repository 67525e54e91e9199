//! The gateway's books: merchants, transactions, Snap orders, and what happens to them as time passes.
//!
//! Nothing here waits or does I/O: the caller that owns the world sends its notifications.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::units::Timestamp;

use super::call::LoggedCall;
use super::dice::{Dice, signature};
use super::fault::{GatewayFaults, Meddling};
use super::idempotency::Idempotency;
use super::merchant::SimMerchant;
use super::method::{PayMethod, VaBank};
use super::not_possible::NotPossible;
use super::options::Options;
use super::outbox::NotificationQueue;
use super::qris;
use super::request::{OrderDetails, SnapRequest};
use super::time::{SimTime, after};
use super::transaction::{Fraud, RefundEntry, Transaction, TransactionStatus};

/// How long after a refund the bank confirms it.
const CONFIRMED_AFTER: Duration = Duration::from_secs(30);
/// A challenge that nobody decides is denied after this.
const CHALLENGE_MAX: Duration = Duration::from_hours(24);
/// Who pays QRIS codes.
const ISSUERS: [&str; 5] = ["gopay", "airpay shopee", "dana", "ovo", "bca"];

/// A Snap order.
pub(super) struct SnapOrder {
    pub(super) merchant: usize,
    pub(super) token: String,
    /// Another token of the same order took its place.
    pub(super) replaced: bool,
    pub(super) created_at: Timestamp,
    pub(super) request: SnapRequest,
    pub(super) urls: Vec<String>,
}

/// What makes a transaction.
pub(super) struct NewTransaction {
    pub(super) merchant: usize,
    pub(super) order: OrderDetails,
    pub(super) method: PayMethod,
    pub(super) acquirer: &'static str,
    pub(super) number: Option<String>,
    pub(super) callback_url: Option<String>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) urls: Vec<String>,
    pub(super) mishap: Mishap,
}

/// What goes wrong with a charge inside the gateway.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mishap {
    /// How long the status API does not know it.
    pub(super) lag: Duration,
    /// It is refused by the bank or the wallet at once.
    pub(super) denied: bool,
}

/// A refund that the bank has not confirmed.
struct Unconfirmed {
    due: Timestamp,
    transaction: usize,
    refund: usize,
}

/// All of it.
pub(super) struct GatewayWorld {
    pub(super) options: Options,
    pub(super) base_url: String,
    pub(super) time: SimTime,
    pub(super) dice: Dice,
    pub(super) merchants: Vec<SimMerchant>,
    /// Notification URL of a merchant's dashboard.
    pub(super) dashboard_urls: BTreeMap<usize, String>,
    pub(super) transactions: Vec<Transaction>,
    /// Their places, by order and by transaction id.
    places: HashMap<String, Vec<usize>>,
    /// Those that time alone may move on.
    open: BTreeSet<usize>,
    pub(super) snap: Vec<SnapOrder>,
    /// Their places, by order id and by token.
    pub(super) snap_places: HashMap<String, Vec<usize>>,
    pub(super) idempotency: Idempotency,
    pub(super) outbox: NotificationQueue,
    pub(super) faults: GatewayFaults,
    pub(super) calls: Vec<LoggedCall>,
    unconfirmed: Vec<Unconfirmed>,
    refunds: u64,
}

impl GatewayWorld {
    pub(super) fn new(options: Options, base_url: String) -> Self {
        Self {
            base_url,
            time: SimTime::new(options.clock, options.start),
            dice: Dice::new(options.seed),
            merchants: options.merchants.clone(),
            dashboard_urls: BTreeMap::new(),
            transactions: Vec::new(),
            places: HashMap::new(),
            open: BTreeSet::new(),
            snap: Vec::new(),
            snap_places: HashMap::new(),
            idempotency: Idempotency::default(),
            outbox: NotificationQueue::new(options.retry_scale),
            faults: GatewayFaults::default(),
            calls: Vec::new(),
            unconfirmed: Vec::new(),
            refunds: 0,
            options,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// What time alone brings about.
    pub(super) fn tick(&mut self) {
        let now = self.now();
        for at in self.open.iter().copied().collect::<Vec<_>>() {
            let transaction = &self.transactions[at];
            let challenged =
                transaction.status == TransactionStatus::Capture && transaction.fraud == Fraud::Challenge;
            if transaction.status == TransactionStatus::Pending
                && self.expiry_job(transaction.expires_at) <= now
            {
                self.set_status(at, TransactionStatus::Expire);
            } else if challenged && after(transaction.created_at, CHALLENGE_MAX) <= now {
                self.set_status(at, TransactionStatus::Deny);
            }
        }
        let (due, rest) = std::mem::take(&mut self.unconfirmed).into_iter().partition(|one| one.due <= now);
        self.unconfirmed = rest;
        let due: Vec<Unconfirmed> = due;
        for one in due {
            self.transactions[one.transaction].refunds[one.refund].confirmed_at = Some(now);
            self.notify(one.transaction);
        }
    }

    /// When [`World::tick`] or the outbox has something to do next.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let pending = self.pending();
        let expiries = pending.map(|one| self.expiry_job(one.expires_at));
        let refunds = self.unconfirmed.iter().map(|one| one.due);
        expiries.chain(refunds).chain(self.outbox.next_due()).min()
    }

    /// When the job runs that ends what expires at this time: it looks only now and then.
    fn expiry_job(&self, expires_at: Timestamp) -> Timestamp {
        let every = i64::try_from(self.options.expiry_job.as_millis()).unwrap_or(i64::MAX).max(1);
        let late = expires_at.0.rem_euclid(every);
        if late == 0 { expires_at } else { Timestamp(expires_at.0.saturating_add(every - late)) }
    }

    /// What can be paid.
    pub(super) fn pending(&self) -> impl Iterator<Item = &Transaction> {
        let open = self.open.iter().map(|at| &self.transactions[*at]);
        open.filter(|one| one.status == TransactionStatus::Pending)
    }

    /// Places of what goes by this order or transaction id, the oldest first.
    fn places(&self, id: &str) -> &[usize] {
        self.places.get(id).map_or(&[], Vec::as_slice)
    }

    /// The latest transaction of a merchant under this order or transaction id.
    pub(super) fn position(&self, merchant: usize, id: &str) -> Option<usize> {
        let own = |at: &&usize| self.transactions[**at].merchant == merchant;
        self.places(id).iter().rfind(own).copied()
    }

    /// The latest transaction of anybody under this order or transaction id.
    pub(super) fn position_of_any(&self, id: &str) -> Option<usize> {
        self.places(id).last().copied()
    }

    /// The latest transaction of an order, whichever of its ids is given, must be in one of these states.
    pub(super) fn in_state(&self, id: &str, allowed: &[TransactionStatus]) -> Result<usize, NotPossible> {
        let at = self.position_of_any(id).ok_or(NotPossible::NoTransaction)?;
        let status = self.transactions[at].status;
        if allowed.contains(&status) { Ok(at) } else { Err(NotPossible::Status(status)) }
    }

    pub(super) fn is_off(&self, merchant: usize, method: PayMethod) -> bool {
        let names = &self.merchants[merchant].methods_off;
        names.iter().any(|name| name.parse() == Ok(method))
    }

    /// Whether money came in for an order.
    pub(super) fn is_paid(&self, merchant: usize, order_id: &str) -> bool {
        let mut own = self.places(order_id).iter().map(|at| &self.transactions[*at]);
        own.any(|one| one.merchant == merchant && one.status.was_paid())
    }

    /// Shows the customer something to pay, and says so.
    pub(super) fn add(&mut self, new: NewTransaction) -> usize {
        let now = self.now();
        let id = self.dice.uuid();
        let mut transaction = Transaction {
            merchant: new.merchant,
            order_id: new.order.id,
            amount_rp: new.order.amount_rp,
            fee_rp: self.options.imposed_fee_rp,
            method: new.method,
            acquirer: new.acquirer,
            status: if new.mishap.denied { TransactionStatus::Deny } else { TransactionStatus::Pending },
            fraud: Fraud::Accept,
            created_at: now,
            expires_at: new.expires_at.unwrap_or_else(|| after(now, new.method.expiry_default())),
            settled_at: None,
            visible_from: after(now, new.mishap.lag),
            qr_string: None,
            va_number: None,
            bill_key: None,
            issuer: None,
            reference: self.dice.uuid(),
            refunds: Vec::new(),
            urls: new.urls,
            custom_fields: new.order.custom_fields,
            callback_url: new.callback_url,
            id,
        };
        match new.method {
            PayMethod::Qris | PayMethod::Gopay if !self.options.without_qr_string => {
                transaction.qr_string = Some(self.qr_string(&transaction));
            }
            PayMethod::Va(bank) => transaction.va_number = Some(self.va_number(bank, new.number)),
            PayMethod::Echannel => transaction.bill_key = Some(self.bill_key(new.number)),
            _ => {}
        }
        let at = self.transactions.len();
        self.places.entry(transaction.order_id.clone()).or_default().push(at);
        self.places.entry(transaction.id.clone()).or_default().push(at);
        if !new.mishap.denied {
            self.open.insert(at);
        }
        self.transactions.push(transaction);
        self.notify(at);
        at
    }

    fn qr_string(&self, transaction: &Transaction) -> String {
        let merchant = &self.merchants[transaction.merchant].merchant_id;
        let reference = &transaction.reference[..8];
        qris::payload(merchant, merchant, reference, transaction.total_rp(), transaction.acquirer)
    }

    /// The number asked for, or another one when it is taken.
    fn va_number(&mut self, bank: VaBank, wanted: Option<String>) -> String {
        let prefix = match bank {
            VaBank::Bca => "81278",
            VaBank::Bni => "988",
            VaBank::Bri => "77777",
            VaBank::Cimb => "5919",
            VaBank::Permata => "850",
        };
        let mut number = format!("{prefix}{}", wanted.unwrap_or_else(|| self.dice.digits(11)));
        let bank = PayMethod::Va(bank);
        while self.pending().any(|one| one.method == bank && one.va_number.as_ref() == Some(&number)) {
            number = format!("{prefix}{}", self.dice.digits(11));
        }
        number
    }

    fn bill_key(&mut self, wanted: Option<String>) -> String {
        let mut key = wanted.unwrap_or_else(|| self.dice.digits(12));
        while self.pending().any(|one| one.bill_key.as_ref() == Some(&key)) {
            key = self.dice.digits(12);
        }
        key
    }

    /// Moves a transaction on, and says so.
    pub(super) fn set_status(&mut self, at: usize, status: TransactionStatus) {
        let now = self.now();
        let transaction = &mut self.transactions[at];
        transaction.status = status;
        match status {
            TransactionStatus::Settlement => {
                transaction.settled_at = Some(now);
                transaction.fraud = Fraud::Accept;
                if transaction.method == PayMethod::Qris && transaction.issuer.is_none() {
                    let one = usize::try_from(self.dice.below(5)).expect("below five");
                    transaction.issuer = Some(ISSUERS[one]);
                }
            }
            TransactionStatus::Deny if transaction.method == PayMethod::Card => {
                transaction.fraud = Fraud::Deny;
            }
            _ => {}
        }
        let challenged = status == TransactionStatus::Capture && transaction.fraud == Fraud::Challenge;
        if challenged || status == TransactionStatus::Pending {
            self.open.insert(at);
        } else {
            self.open.remove(&at);
        }
        self.notify(at);
    }

    /// Enters a refund that was found right, says so, and says so again when the bank has confirmed it. The refund's
    /// place among those of the transaction.
    pub(super) fn add_refund(&mut self, at: usize, key: Option<&str>, amount_rp: u64, reason: &str) -> usize {
        let now = self.now();
        self.refunds += 1;
        let key = key.map_or_else(|| format!("refund-{}", self.refunds), str::to_owned);
        let transaction = &mut self.transactions[at];
        transaction.refunds.push(RefundEntry {
            key,
            amount_rp,
            reason: reason.to_owned(),
            created_at: now,
            confirmed_at: None,
            number: self.refunds,
        });
        let whole = transaction.refunded_rp() >= transaction.total_rp();
        let refund = transaction.refunds.len() - 1;
        let due = after(now, CONFIRMED_AFTER / self.options.retry_scale.max(1));
        self.unconfirmed.push(Unconfirmed { due, transaction: at, refund });
        self.set_status(at, if whole { TransactionStatus::Refund } else { TransactionStatus::PartialRefund });
        refund
    }

    /// Queues a notification with the status of a transaction.
    pub(super) fn notify(&mut self, at: usize) {
        let transaction = &self.transactions[at];
        let merchant = &self.merchants[transaction.merchant];
        let mut body = Value::Object(transaction.notification(merchant));
        let (urls, order_id) = (transaction.urls.clone(), transaction.order_id.clone());
        let (mut copies, mut due, mut held) = (1, self.now(), false);
        for meddling in self.faults.of_notification(&order_id, &mut self.dice) {
            match meddling {
                Meddling::Drop => copies = 0,
                Meddling::Duplicate(more) => copies += more,
                Meddling::Delay(by) => due = after(due, by),
                Meddling::Reorder => held = true,
                Meddling::Field(name, value) => body[name.as_str()] = value,
                Meddling::WithoutField(name) => {
                    body.as_object_mut().and_then(|fields| fields.remove(&name));
                }
                Meddling::WrongKey => {
                    let text = |name: &str| body[name].as_str().unwrap_or_default();
                    let forged = signature(&order_id, text("status_code"), text("gross_amount"), "stranger");
                    body["signature_key"] = json!(forged);
                }
                Meddling::Numbers => numbers(&mut body),
            }
        }
        for url in urls {
            for _ in 0..copies {
                self.outbox.push(&url, &order_id, body.to_string(), due, held);
            }
        }
    }

    /// Where notifications of a call go, by its headers.
    pub(super) fn urls(&self, merchant: usize, replace: Option<&str>, append: Option<&str>) -> Vec<String> {
        const MAX: usize = 2;
        let list = |text: &str| -> Vec<String> {
            let urls = text.split(',').map(str::trim).filter(|url| !url.is_empty());
            urls.take(MAX).map(str::to_owned).collect()
        };
        match (replace.map(list), append.map(list)) {
            (Some(urls), _) => urls,
            (None, more) => {
                let own = self.dashboard_urls.get(&merchant).cloned();
                own.into_iter().chain(more.into_iter().flatten()).collect()
            }
        }
    }
}

/// Texts that look like numbers become numbers.
fn numbers(body: &mut Value) {
    for name in ["status_code", "gross_amount"] {
        let number = body[name].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let Some(number) = number {
            body[name] = number;
        }
    }
}
