//! One transaction, and how the gateway shows it: in answers to a charge, to a status call, and in notifications.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::domain::units::Timestamp;

use super::dice::signature;
use super::merchant::SimMerchant;
use super::method::{PayMethod, VaBank};
use super::time::jakarta;

/// The status of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransactionStatus {
    /// A Snap order without a method: the status API does not know it.
    Created,
    /// Shown to the customer, not paid.
    Pending,
    /// A card was charged.
    Capture,
    /// Paid.
    Settlement,
    /// Refused, or taken back by a bank.
    Deny,
    /// Called off by the merchant.
    Cancel,
    /// Not paid in time.
    Expire,
    /// Something went wrong at a bank.
    Failure,
    /// Partly given back.
    PartialRefund,
    /// Given back.
    Refund,
    /// Partly taken back by the payer's bank.
    PartialChargeback,
    /// Taken back by the payer's bank.
    Chargeback,
}

impl TransactionStatus {
    /// As in `transaction_status`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Pending => "pending",
            Self::Capture => "capture",
            Self::Settlement => "settlement",
            Self::Deny => "deny",
            Self::Cancel => "cancel",
            Self::Expire => "expire",
            Self::Failure => "failure",
            Self::PartialRefund => "partial_refund",
            Self::Refund => "refund",
            Self::PartialChargeback => "partial_chargeback",
            Self::Chargeback => "chargeback",
        }
    }

    /// Whether an order in this state can be charged again.
    pub(super) fn may_charge_again(self) -> bool {
        matches!(self, Self::Deny | Self::Cancel | Self::Expire | Self::Failure)
    }

    /// Whether money came in, even if it went back since.
    pub fn was_paid(self) -> bool {
        !self.may_charge_again() && !matches!(self, Self::Created | Self::Pending)
    }
}

impl fmt::Display for TransactionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What the gateway thinks of a card payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fraud {
    /// Nothing wrong.
    #[default]
    Accept,
    /// The merchant is to decide.
    Challenge,
    /// Refused.
    Deny,
}

impl Fraud {
    /// As in `fraud_status`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Challenge => "challenge",
            Self::Deny => "deny",
        }
    }
}

/// Money given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundEntry {
    /// The merchant's name for it, or one made up.
    pub key: String,
    /// Whole rupiah.
    pub amount_rp: u64,
    /// The merchant's words.
    pub reason: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When the bank confirmed it.
    pub confirmed_at: Option<Timestamp>,
    pub(super) number: u64,
}

/// A transaction.
#[derive(Clone, Debug)]
pub(super) struct Transaction {
    pub(super) merchant: usize,
    pub(super) id: String,
    pub(super) order_id: String,
    /// What the merchant asked for.
    pub(super) amount_rp: u64,
    /// What the gateway puts on top for the customer.
    pub(super) fee_rp: u64,
    pub(super) method: PayMethod,
    pub(super) acquirer: &'static str,
    pub(super) status: TransactionStatus,
    pub(super) fraud: Fraud,
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) settled_at: Option<Timestamp>,
    /// The status API knows it from here on.
    pub(super) visible_from: Timestamp,
    pub(super) qr_string: Option<String>,
    pub(super) va_number: Option<String>,
    pub(super) bill_key: Option<String>,
    /// Whose wallet paid a QRIS code.
    pub(super) issuer: Option<&'static str>,
    pub(super) reference: String,
    pub(super) refunds: Vec<RefundEntry>,
    pub(super) urls: Vec<String>,
    pub(super) custom_fields: [Option<String>; 3],
    pub(super) callback_url: Option<String>,
}

/// Code of a Mandiri bill's biller.
pub(super) const BILLER_CODE: &str = "70012";

fn money(amount_rp: u64) -> String {
    format!("{amount_rp}.00")
}

/// `fields` of an object, all of them.
fn object(fields: Value) -> Map<String, Value> {
    match fields {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

impl Transaction {
    /// What the customer pays.
    pub(super) fn total_rp(&self) -> u64 {
        self.amount_rp.saturating_add(self.fee_rp)
    }

    pub(super) fn refunded_rp(&self) -> u64 {
        self.refunds.iter().map(|refund| refund.amount_rp).sum()
    }

    /// Payer and acquirer of a QRIS code are the same wallet.
    pub(super) fn on_us(&self) -> bool {
        self.issuer == Some(self.acquirer)
    }

    /// `status_code` of a notification, and of a status call where that has none of its own.
    pub(super) fn notification_code(&self) -> &'static str {
        match self.status {
            TransactionStatus::Created | TransactionStatus::Pending => "201",
            TransactionStatus::Capture if self.fraud == Fraud::Challenge => "201",
            TransactionStatus::Deny
            | TransactionStatus::Cancel
            | TransactionStatus::Expire
            | TransactionStatus::Failure => "202",
            _ => "200",
        }
    }

    /// `status_code` of a status call.
    pub(super) fn status_code(&self) -> &'static str {
        match self.status {
            TransactionStatus::Expire => "407",
            TransactionStatus::Cancel => "200",
            _ => self.notification_code(),
        }
    }

    /// What every answer about it holds.
    pub(super) fn common(&self, merchant: &SimMerchant) -> Map<String, Value> {
        let mut fields = object(json!({
            "transaction_id": self.id,
            "order_id": self.order_id,
            "merchant_id": merchant.merchant_id,
            "gross_amount": money(self.total_rp()),
            "currency": "IDR",
            "payment_type": self.method.payment_type(),
            "transaction_time": jakarta(self.created_at),
            "transaction_status": self.status.code(),
            "fraud_status": self.fraud.code(),
        }));
        if self.fee_rp > 0 {
            let info = json!({
                "original_amount": money(self.amount_rp),
                "gross_amount": money(self.total_rp()),
                "customer_imposed_payment_fee": money(self.fee_rp),
            });
            fields.insert("metadata".to_owned(), json!({"extra_info": {"gross_amount_info": info}}));
        }
        fields
    }

    /// Number of the account or the bill.
    fn number_fields(&self) -> Map<String, Value> {
        object(match (self.method, &self.va_number, &self.bill_key) {
            (PayMethod::Va(VaBank::Permata), Some(number), _) => json!({"permata_va_number": number}),
            (PayMethod::Va(bank), Some(number), _) => {
                json!({"va_numbers": [{"bank": bank.code(), "va_number": number}]})
            }
            (PayMethod::Echannel, _, Some(key)) => json!({"bill_key": key, "biller_code": BILLER_CODE}),
            _ => json!({}),
        })
    }

    /// The answer to its charge. `base_url` is where codes and wallets are shown.
    pub(super) fn charge_answer(&self, merchant: &SimMerchant, base_url: &str) -> Value {
        let message = match self.method {
            _ if self.status == TransactionStatus::Deny => "Deny by the provider, transaction is denied",
            PayMethod::Qris => "QRIS transaction is created",
            PayMethod::Gopay => "GoPay transaction is created",
            PayMethod::Shopeepay => "ShopeePay transaction is created",
            PayMethod::Va(VaBank::Permata) => "Success, PERMATA VA transaction is successful",
            PayMethod::Va(_) => "Success, Bank Transfer transaction is created",
            PayMethod::Echannel => "OK, Mandiri Bill transaction is successful",
            PayMethod::Card => "Success, Credit Card transaction is successful",
        };
        let mut body = self.common(merchant);
        body.extend(object(json!({
            "status_code": self.notification_code(),
            "status_message": message,
            "expiry_time": jakarta(self.expires_at),
        })));
        body.extend(self.number_fields());
        let actions = self.actions(base_url);
        if !actions.is_empty() {
            body.insert("actions".to_owned(), json!(actions));
        }
        if self.method == PayMethod::Qris {
            body.insert("acquirer".to_owned(), json!(self.acquirer));
        }
        if let Some(qr_string) = &self.qr_string {
            body.insert("qr_string".to_owned(), json!(qr_string));
        }
        if self.method == PayMethod::Gopay {
            body.insert("channel_response_code".to_owned(), json!("200"));
            body.insert("channel_response_message".to_owned(), json!("Success"));
        }
        Value::Object(body)
    }

    fn actions(&self, base_url: &str) -> Vec<Value> {
        let id = &self.id;
        let action = |name: &str, method: &str, path: String| json!({"name": name, "method": method, "url": format!("{base_url}{path}")});
        let code = |name: &str, version: &str| {
            let kind = if self.method == PayMethod::Qris { "qris" } else { "gopay" };
            action(name, "GET", format!("/{version}/{kind}/{id}/qr-code"))
        };
        let link = || action("deeplink-redirect", "GET", format!("/simulator/{id}"));
        match self.method {
            PayMethod::Qris => vec![code("generate-qr-code", "v2"), code("generate-qr-code-v2", "v4")],
            PayMethod::Gopay => vec![
                code("generate-qr-code", "v2"),
                code("generate-qr-code-v2", "v4"),
                link(),
                action("get-status", "GET", format!("/v2/{id}/status")),
                action("cancel", "POST", format!("/v2/{id}/cancel")),
            ],
            PayMethod::Shopeepay => vec![link()],
            PayMethod::Va(_) | PayMethod::Echannel | PayMethod::Card => Vec::new(),
        }
    }

    /// The answer to a status call.
    pub(super) fn status_answer(&self, merchant: &SimMerchant, base_url: &str) -> Value {
        let message = "Success, transaction is found";
        let mut body = self.full(merchant, self.status_code(), message);
        if self.method == PayMethod::Shopeepay && self.status == TransactionStatus::Pending {
            body.insert("actions".to_owned(), json!(self.actions(base_url)));
        }
        Value::Object(body)
    }

    /// The body of a notification.
    pub(super) fn notification(&self, merchant: &SimMerchant) -> Map<String, Value> {
        self.full(merchant, self.notification_code(), "midtrans payment notification")
    }

    fn full(&self, merchant: &SimMerchant, status_code: &str, message: &str) -> Map<String, Value> {
        let mut body = self.common(merchant);
        let signature_key =
            signature(&self.order_id, status_code, &money(self.total_rp()), &merchant.server_key);
        body.extend(object(json!({
            "status_code": status_code,
            "status_message": message,
            "signature_key": signature_key,
            "expiry_time": jakarta(self.expires_at),
        })));
        body.extend(self.number_fields());
        if let Some(at) = self.settled_at {
            body.insert("settlement_time".to_owned(), json!(jakarta(at)));
        }
        for (i, text) in self.custom_fields.iter().enumerate() {
            if let Some(text) = text {
                body.insert(format!("custom_field{}", i + 1), json!(text));
            }
        }
        body.extend(self.method_fields());
        if !self.refunds.is_empty() {
            body.insert("refund_amount".to_owned(), json!(money(self.refunded_rp())));
            let refunds: Vec<Value> = self.refunds.iter().map(|refund| self.refund_entry(refund)).collect();
            body.insert("refunds".to_owned(), json!(refunds));
        }
        body
    }

    /// What only this method's notifications hold.
    fn method_fields(&self) -> Map<String, Value> {
        let paid = self.status.was_paid();
        object(match self.method {
            PayMethod::Qris => {
                let mut fields = object(json!({"acquirer": self.acquirer}));
                if let Some(issuer) = self.issuer {
                    fields.extend(object(json!({
                        "issuer": issuer,
                        "transaction_type": if self.on_us() { "on-us" } else { "off-us" },
                        "merchant_cross_reference_id": self.reference,
                    })));
                }
                if self.acquirer == "airpay shopee" && paid {
                    fields.extend(self.shopee_fields());
                }
                return fields;
            }
            PayMethod::Gopay if paid => json!({"payment_option_type": "GOPAY_WALLET"}),
            PayMethod::Shopeepay if paid => return self.shopee_fields(),
            PayMethod::Va(VaBank::Permata) => json!({}),
            PayMethod::Va(VaBank::Bni) if paid => {
                let at = self.settled_at.map(jakarta);
                json!({"payment_amounts": [{"amount": money(self.total_rp()), "paid_at": at}]})
            }
            PayMethod::Va(_) => json!({"payment_amounts": []}),
            PayMethod::Card => json!({"masked_card": "48111111-1114", "bank": "cimb", "card_type": "credit"}),
            _ => json!({}),
        })
    }

    fn shopee_fields(&self) -> Map<String, Value> {
        object(json!({"shopeepay_reference_number": self.reference, "reference_id": self.reference}))
    }

    fn refund_entry(&self, refund: &RefundEntry) -> Value {
        let mut entry = json!({
            "refund_chargeback_id": refund.number.to_string(),
            "refund_amount": money(refund.amount_rp),
            "created_at": jakarta(refund.created_at),
            "reason": refund.reason,
            "refund_key": refund.key,
            "refund_method": self.method.payment_type(),
        });
        if let Some(at) = refund.confirmed_at {
            entry["bank_confirmed_at"] = json!(jakarta(at));
        }
        entry
    }

    /// The answer to a refund.
    pub(super) fn refund_answer(&self, merchant: &SimMerchant, refund: &RefundEntry) -> Value {
        let mut body = self.common(merchant);
        body.extend(object(json!({
            "status_code": "200",
            "status_message": "Success, refund request is approved",
            "refund_chargeback_id": refund.number.to_string(),
            "refund_chargeback_uuid": self.reference,
            "refund_amount": money(refund.amount_rp),
            "refund_key": refund.key,
        })));
        if let Some(at) = self.settled_at {
            body.insert("settlement_time".to_owned(), json!(jakarta(at)));
        }
        Value::Object(body)
    }
}
