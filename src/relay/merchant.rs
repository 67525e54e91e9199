//! One account at the gateway: its calls, held back while the gateway does not answer, and counted.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::breaker::Breaker;
use super::config::MerchantKeys;
use super::figures::{GatewayOperation, RelayFigures};
use super::store::StoredOrder;
use crate::clock::Clock;
use crate::domain::order::OnlineMethod;
use crate::domain::payment::{GatewayReport, PaymentTerms};
use crate::domain::units::Rupiah;
use crate::midtrans::{Charge, Charged, Gateway, GatewayError, GatewayFuture, KeySource, ServerKey};
use crate::tools::rate_limit::RateLimit;

/// Orders of one merchant decided at the same time: a gateway that is slow about one keeps no other waiting.
const PARALLEL_MAX: usize = 8;
/// How often the reconciler asks the gateway; it publishes no number, and this is a guess below any.
pub(super) const QUESTION_EVERY: Duration = Duration::from_millis(200);
/// Questions at once, after a pause.
pub(super) const QUESTIONS_BURST: u32 = 5;

/// The keys of a merchant as they are at this moment, or why there are none. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct MerchantKeyring(Arc<RwLock<Result<MerchantKeys, String>>>);

impl MerchantKeyring {
    pub fn new(keys: Result<MerchantKeys, String>) -> Self {
        Self(Arc::new(RwLock::new(keys)))
    }

    pub fn replace(&self, keys: Result<MerchantKeys, String>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    fn keys(&self) -> Result<MerchantKeys, String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The key for calls, as it is at each. Without one there are no calls: [`Merchant::call`] refuses them.
    pub fn source(&self) -> KeySource {
        let keyring = self.clone();
        KeySource::reloadable(move || {
            let key = keyring.keys().map(|keys| keys.server_key.expose().to_owned());
            ServerKey::new(key.unwrap_or_else(|_| "none".to_owned()))
        })
    }
}

/// A merchant's account.
pub struct Merchant {
    /// Its name in the configuration.
    pub id: String,
    pub(super) fee_imposition: bool,
    /// The unguessable part of its notification address.
    pub(super) secret: String,
    /// Where its notifications go, if anywhere.
    pub(super) notification_url: Option<String>,
    question_limit: Mutex<RateLimit>,
    /// What that limit is measured from. Calls take real time whatever the relay's clock shows.
    since: Instant,
    pub(super) gateway: Arc<dyn Gateway>,
    pub(super) account: OnceLock<String>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) figures: Arc<RelayFigures>,
    /// Orders of it whose notifications are decided at the same time.
    pub(super) deciding: Semaphore,
    keys: MerchantKeyring,
    breaker: Mutex<Breaker>,
}

impl Merchant {
    pub(super) fn new(
        id: String,
        secret: String,
        gateway: Arc<dyn Gateway>,
        keys: MerchantKeyring,
        clock: Arc<dyn Clock>,
        figures: Arc<RelayFigures>,
    ) -> Self {
        Self {
            id,
            secret,
            gateway,
            keys,
            clock,
            figures,
            fee_imposition: false,
            notification_url: None,
            account: OnceLock::new(),
            since: Instant::now(),
            deciding: Semaphore::new(PARALLEL_MAX),
            question_limit: Mutex::new(RateLimit::every(QUESTION_EVERY, QUESTIONS_BURST)),
            breaker: Mutex::default(),
        }
    }

    /// Whether notifications can come at all.
    pub fn is_notified(&self) -> bool {
        self.notification_url.is_some()
    }

    /// Whether calls are held back at this moment.
    pub fn is_held_back(&self) -> bool {
        self.breaker().is_open(self.clock.uptime())
    }

    /// Its keys; an error says, for people, why they cannot be used.
    pub(super) fn keys(&self) -> Result<MerchantKeys, String> {
        self.keys.keys()
    }

    /// The account's id at the gateway, when known.
    pub fn account(&self) -> Option<&str> {
        self.account.get().map(String::as_str)
    }

    /// Takes a question of this process; the time to wait where none is left.
    pub(super) fn wait_for_question(&self) -> Duration {
        let mut limit = self.question_limit.lock().unwrap_or_else(PoisonError::into_inner);
        limit.take(self.since.elapsed()).err().unwrap_or_default()
    }

    pub(super) fn is_secret(&self, secret: &str) -> bool {
        self.secret.as_bytes().ct_eq(secret.as_bytes()).into()
    }

    pub(super) fn terms(&self, row: &StoredOrder) -> PaymentTerms {
        PaymentTerms {
            order: row.id.clone(),
            amount: row.amount,
            merchant: self.account().map(str::to_owned),
            fee_imposition: self.fee_imposition,
        }
    }

    pub(super) fn repeats_safely(&self, method: OnlineMethod) -> bool {
        self.gateway.repeats_safely(method)
    }

    pub(super) async fn charge(
        &self,
        charge: &Charge,
        key: &str,
        limit: Duration,
    ) -> Result<Charged, GatewayError> {
        self.call(GatewayOperation::Charge, self.gateway.charge(charge, key, limit)).await
    }

    pub(super) async fn status(
        &self,
        id: &str,
        limit: Duration,
    ) -> Result<Option<GatewayReport>, GatewayError> {
        self.call(GatewayOperation::Status, self.gateway.status(id, limit)).await
    }

    pub(super) async fn recall(&self, id: &str, limit: Duration) -> Result<Option<Charged>, GatewayError> {
        self.call(GatewayOperation::Status, self.gateway.recall(id, limit)).await
    }

    pub(super) async fn cancel(
        &self,
        id: &str,
        limit: Duration,
    ) -> Result<Option<GatewayReport>, GatewayError> {
        self.call(GatewayOperation::Cancel, self.gateway.cancel(id, limit)).await
    }

    pub(super) async fn refund(
        &self,
        id: &str,
        amount: Rupiah,
        key: &str,
        reason: &str,
        limit: Duration,
    ) -> Result<(), GatewayError> {
        self.call(GatewayOperation::Refund, self.gateway.refund(id, amount, key, reason, limit)).await
    }

    async fn call<T>(
        &self,
        operation: GatewayOperation,
        call: GatewayFuture<'_, Result<T, GatewayError>>,
    ) -> Result<T, GatewayError> {
        if let Err(why) = self.keys() {
            return Err(GatewayError::Unreachable(format!("the server key cannot be used: {why}")));
        }
        if !self.breaker().admits(self.clock.uptime()) {
            self.figures.held_back();
            let why = "it did not answer several times in a row and is left alone for a few seconds";
            return Err(GatewayError::Unreachable(why.to_owned()));
        }
        let result = call.await;
        self.figures.count_call(operation, &result);
        let fault = result.as_ref().err().filter(|error| error.is_transport());
        match fault {
            Some(error) => self.note_failure(error),
            None if self.breaker().note_answer() => {
                tracing::info!(merchant.id = %self.id, "the gateway answers again");
            }
            None => {}
        }
        result
    }

    fn note_failure(&self, error: &GatewayError) {
        if self.breaker().note_failure(self.clock.uptime()) {
            tracing::warn!(merchant.id = %self.id, %error, "the gateway does not answer: calls are held back");
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
