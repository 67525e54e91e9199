//! One account at the gateway: its calls, held back while the gateway does not answer, and counted.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::breaker::Breaker;
use super::figures::{GatewayOperation, RelayFigures};
use super::store::StoredOrder;
use crate::clock::Clock;
use crate::domain::order::OnlineMethod;
use crate::domain::payment::{GatewayReport, PaymentTerms};
use crate::domain::units::Rupiah;
use crate::midtrans::{Charge, Charged, Gateway, GatewayError, GatewayFuture};
use crate::tools::rate_limit::RateLimit;

/// Orders of one merchant decided at the same time: a gateway that is slow about one keeps no other waiting.
const PARALLEL_MAX: usize = 8;
/// Questions a second to the gateway from the reconciler; it publishes no number, and this is a guess below any.
const QUESTIONS_PER_SECOND: u32 = 5;

/// A merchant's account.
pub struct Merchant {
    /// Its name in the configuration.
    pub id: String,
    pub(super) fee_imposition: bool,
    /// The unguessable part of its notification address.
    pub(super) secret: String,
    /// Where its notifications go, if anywhere.
    pub(super) notification_url: Option<String>,
    pub(super) pace: Mutex<RateLimit>,
    /// What the pace is measured from. Calls take real time whatever the relay's clock shows.
    pub(super) since: Instant,
    pub(super) gateway: Arc<dyn Gateway>,
    pub(super) account: OnceLock<String>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) figures: Arc<RelayFigures>,
    /// Orders of it whose notifications are decided at the same time.
    pub(super) deciding: Semaphore,
    breaker: Mutex<Breaker>,
}

impl Merchant {
    pub(super) fn new(
        id: String,
        secret: String,
        gateway: Arc<dyn Gateway>,
        clock: Arc<dyn Clock>,
        figures: Arc<RelayFigures>,
    ) -> Self {
        Self {
            id,
            secret,
            gateway,
            clock,
            figures,
            fee_imposition: false,
            notification_url: None,
            account: OnceLock::new(),
            since: Instant::now(),
            deciding: Semaphore::new(PARALLEL_MAX),
            pace: Mutex::new(RateLimit::new(QUESTIONS_PER_SECOND, QUESTIONS_PER_SECOND)),
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

    /// The account's id at the gateway, when known.
    pub fn account(&self) -> Option<&str> {
        self.account.get().map(String::as_str)
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
