//! What merchants do through the APIs, and what customers and banks do.

use serde_json::{Map, Value, json};

use super::answer::{ApiAnswer, CoreError};
use super::method::PayMethod;
use super::not_possible::NotPossible;
use super::request;
use super::time::between;
use super::transaction::{Fraud, TransactionStatus};
use super::world::{GatewayWorld, Mishap, NewTransaction, SnapOrder};

type Core = Result<Value, CoreError>;

impl GatewayWorld {
    /// `POST /v2/charge`.
    pub(super) fn charge(
        &mut self,
        merchant: usize,
        body: &Value,
        urls: Vec<String>,
        mishap: Mishap,
    ) -> Core {
        let charge = request::charge(body, self.now())?;
        if self.is_off(merchant, charge.method) {
            return Err(CoreError::new(402, "Payment channel is not activated."));
        }
        let order_id = &charge.order.id;
        let taken = self.position(merchant, order_id).map(|at| self.transactions[at].status);
        if self.is_paid(merchant, order_id) || taken.is_some_and(|status| !status.may_charge_again()) {
            let message = "The request could not be completed due to a conflict with the current state of the \
                           target resource: transaction_details.order_id has already been taken";
            return Err(CoreError::new(406, message));
        }
        let at = self.add(NewTransaction {
            merchant,
            order: charge.order,
            method: charge.method,
            acquirer: charge.acquirer,
            number: charge.number,
            callback_url: charge.callback_url,
            expires_at: charge.expires_at,
            urls,
            mishap,
        });
        Ok(self.transactions[at].charge_answer(&self.merchants[merchant], &self.base_url))
    }

    fn found(&self, merchant: usize, id: &str) -> Result<usize, CoreError> {
        let at = self.position(merchant, id).ok_or_else(CoreError::not_found)?;
        if self.transactions[at].visible_from > self.now() {
            return Err(CoreError::not_found());
        }
        Ok(at)
    }

    /// `GET /v2/{id}/status`.
    pub(super) fn status(&self, merchant: usize, id: &str) -> Core {
        let at = self.found(merchant, id)?;
        Ok(self.transactions[at].status_answer(&self.merchants[merchant], &self.base_url))
    }

    /// The transaction after a change of state.
    fn changed(&self, at: usize, code: &str, message: &str) -> Value {
        let transaction = &self.transactions[at];
        let mut body: Map<String, Value> = transaction.common(&self.merchants[transaction.merchant]);
        body.insert("status_code".to_owned(), json!(code));
        body.insert("status_message".to_owned(), json!(message));
        Value::Object(body)
    }

    /// `POST /v2/{id}/cancel`.
    pub(super) fn cancel(&mut self, merchant: usize, id: &str) -> Core {
        let at = self.found(merchant, id)?;
        if !matches!(self.transactions[at].status, TransactionStatus::Pending | TransactionStatus::Capture) {
            return Err(CoreError::unchangeable());
        }
        self.set_status(at, TransactionStatus::Cancel);
        Ok(self.changed(at, "200", "Success, transaction is canceled"))
    }

    /// `POST /v2/{id}/expire`.
    pub(super) fn expire(&mut self, merchant: usize, id: &str) -> Core {
        let at = self.found(merchant, id)?;
        if self.transactions[at].status != TransactionStatus::Pending {
            return Err(CoreError::unchangeable());
        }
        self.set_status(at, TransactionStatus::Expire);
        Ok(self.changed(at, "407", "Success, transaction has expired"))
    }

    /// `POST /v2/{id}/approve` and `/deny`.
    pub(super) fn decide(&mut self, merchant: usize, id: &str, approve: bool) -> Core {
        let at = self.found(merchant, id)?;
        let transaction = &mut self.transactions[at];
        if transaction.status != TransactionStatus::Capture || transaction.fraud != Fraud::Challenge {
            return Err(CoreError::unchangeable());
        }
        if approve {
            transaction.fraud = Fraud::Accept;
            self.set_status(at, TransactionStatus::Capture);
            Ok(self.changed(at, "200", "Success, transaction is approved"))
        } else {
            self.set_status(at, TransactionStatus::Deny);
            Ok(self.changed(at, "200", "Success, transaction is denied"))
        }
    }

    /// `POST /v2/{id}/refund`.
    pub(super) fn refund(&mut self, merchant: usize, id: &str, body: &Value) -> Core {
        let at = self.found(merchant, id)?;
        let key = &body["refund_key"];
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let well_formed = key.as_str().is_some_and(|key| !key.is_empty() && key.chars().all(allowed));
        if !key.is_null() && !well_formed {
            return Err(CoreError::invalid(vec!["refund_key contains characters not allowed".to_owned()]));
        }
        let amount_rp = match &body["amount"] {
            Value::Null => None,
            amount => match amount.as_u64().filter(|amount| *amount > 0) {
                Some(amount) => Some(amount),
                None => return Err(CoreError::new(414, "Refund amount is invalid.")),
            },
        };
        let amount_rp = self.refundable(at, key.as_str(), amount_rp)?;
        let reason = body["reason"].as_str().unwrap_or_default();
        let refund = self.add_refund(at, key.as_str(), amount_rp, reason);
        let transaction = &self.transactions[at];
        Ok(transaction.refund_answer(&self.merchants[merchant], &transaction.refunds[refund]))
    }

    /// How much goes back when so much is asked for, or everything.
    fn refundable(&self, at: usize, key: Option<&str>, asked_rp: Option<u64>) -> Result<u64, CoreError> {
        let transaction = &self.transactions[at];
        if key.is_some_and(|key| transaction.refunds.iter().any(|refund| refund.key == key)) {
            return Err(CoreError::new(406, "Duplicate refund_key. The refund has already been processed."));
        }
        let window = transaction.method.refund_window(transaction.on_us());
        let age = transaction.settled_at.map(|at| between(at, self.now()));
        let open =
            matches!(transaction.status, TransactionStatus::Settlement | TransactionStatus::PartialRefund)
                && window.zip(age).is_some_and(|(window, age)| age <= window);
        if !open {
            return Err(CoreError::unchangeable());
        }
        let left_rp = transaction.total_rp().saturating_sub(transaction.refunded_rp());
        let amount_rp = asked_rp.unwrap_or(left_rp);
        if amount_rp > left_rp {
            return Err(CoreError::new(414, "Refund amount is larger than what is left of the payment."));
        }
        if transaction.method == PayMethod::Shopeepay && amount_rp != transaction.total_rp() {
            return Err(CoreError::new(412, "Partial refund is not supported by this payment channel."));
        }
        Ok(amount_rp)
    }

    /// Snap's `POST /transactions`.
    pub(super) fn snap_create(&mut self, merchant: usize, body: &Value, urls: Vec<String>) -> ApiAnswer {
        let now = self.now();
        let request = match request::snap(body, now) {
            Ok(request) => request,
            Err(messages) => return ApiAnswer::snap_error(400, &messages),
        };
        let order_id = &request.order.id;
        if self.is_paid(merchant, order_id) {
            let message = "transaction_details.order_id has already been taken".to_owned();
            return ApiAnswer::snap_error(400, &[message]);
        }
        let token = self.dice.uuid();
        let places = self.snap_places.entry(order_id.clone()).or_default();
        for older in places.iter() {
            self.snap[*older].replaced |= self.snap[*older].merchant == merchant;
        }
        places.push(self.snap.len());
        self.snap_places.entry(token.clone()).or_default().push(self.snap.len());
        let redirect_url = format!("{}/snap/v4/redirection/{token}", self.base_url);
        let body = json!({"token": token, "redirect_url": redirect_url});
        self.snap.push(SnapOrder { merchant, token, replaced: false, created_at: now, request, urls });
        ApiAnswer { http: 201, body }
    }

    /// Place of the Snap order that a customer would see for an order id or a token.
    pub(super) fn snap_position(&self, id: &str) -> Option<usize> {
        self.snap_places.get(id)?.last().copied()
    }

    /// The customer picks a method on the Snap page: the transaction that is shown then. Another one that was
    /// shown before is called off.
    pub(super) fn pick(&mut self, id: &str, method: PayMethod) -> Result<usize, NotPossible> {
        let order = &self.snap[self.snap_position(id).ok_or(NotPossible::NoTransaction)?];
        let merchant = order.merchant;
        let ends =
            order.request.expires_at.map_or(order.request.page_until, |at| at.min(order.request.page_until));
        if order.replaced || ends <= self.now() {
            return Err(NotPossible::PageClosed);
        }
        let methods = &order.request.methods;
        if self.is_off(merchant, method) || !(methods.is_empty() || methods.contains(&method)) {
            return Err(NotPossible::MethodOff(method));
        }
        let (request, urls) = (order.request.clone(), order.urls.clone());
        if let Some(at) = self.position(merchant, &request.order.id) {
            let shown = &self.transactions[at];
            match shown.status {
                TransactionStatus::Pending if shown.method == method => return Ok(at),
                TransactionStatus::Pending => self.set_status(at, TransactionStatus::Cancel),
                status if !status.may_charge_again() => return Err(NotPossible::Status(status)),
                _ => {}
            }
        }
        Ok(self.add(NewTransaction {
            merchant,
            order: request.order,
            method,
            acquirer: "gopay",
            number: None,
            callback_url: request.finish_url,
            expires_at: request.expires_at,
            urls,
            mishap: Mishap::default(),
        }))
    }

    /// The customer pays what a transaction shows.
    pub(super) fn pay(&mut self, at: usize) -> Result<(), NotPossible> {
        let transaction = &self.transactions[at];
        if transaction.status != TransactionStatus::Pending {
            return Err(NotPossible::Status(transaction.status));
        }
        let paid = if transaction.method == PayMethod::Card {
            TransactionStatus::Capture
        } else {
            TransactionStatus::Settlement
        };
        self.set_status(at, paid);
        Ok(())
    }

    /// The customer pays by card and the gateway wants the merchant to decide.
    pub(super) fn challenge(&mut self, id: &str) -> Result<(), NotPossible> {
        let at = self.pick(id, PayMethod::Card)?;
        self.transactions[at].fraud = Fraud::Challenge;
        self.set_status(at, TransactionStatus::Capture);
        Ok(())
    }
}
