//! What a person sees of the books.

use crate::domain::units::Timestamp;

use super::method::PayMethod;
use super::transaction::{Fraud, RefundEntry, TransactionStatus};
use super::world::{GatewayWorld, SnapOrder};

/// What a person sees of a payment in the dashboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimPayment {
    /// The merchant.
    pub merchant_id: String,
    /// Their name for the order.
    pub order_id: String,
    /// The gateway's name for it; `None` for a Snap order without a method.
    pub transaction_id: Option<String>,
    /// Its status.
    pub status: TransactionStatus,
    /// What the gateway thinks of a card payment.
    pub fraud: Fraud,
    /// What the customer pays, in whole rupiah.
    pub amount_rp: u64,
    /// How; `None` for a Snap order without a method.
    pub method: Option<PayMethod>,
    /// Given back so far.
    pub refunds: Vec<RefundEntry>,
    /// What a QR code says.
    pub qr_string: Option<String>,
    /// Number of a virtual account.
    pub va_number: Option<String>,
    /// Number of a Mandiri bill.
    pub bill_key: Option<String>,
    /// The page of a Snap order without a method.
    pub redirect_url: Option<String>,
    /// Where notifications go.
    pub notification_urls: Vec<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends unless paid; of a Snap order without a method, when its page does.
    pub expires_at: Timestamp,
    /// When it was paid.
    pub settled_at: Option<Timestamp>,
}

impl GatewayWorld {
    /// One transaction.
    pub(super) fn payment(&self, at: usize) -> SimPayment {
        let one = &self.transactions[at];
        SimPayment {
            merchant_id: self.merchants[one.merchant].merchant_id.clone(),
            order_id: one.order_id.clone(),
            transaction_id: Some(one.id.clone()),
            status: one.status,
            fraud: one.fraud,
            amount_rp: one.total_rp(),
            method: Some(one.method),
            refunds: one.refunds.clone(),
            qr_string: one.qr_string.clone(),
            va_number: one.va_number.clone(),
            bill_key: one.bill_key.clone(),
            redirect_url: None,
            notification_urls: one.urls.clone(),
            created_at: one.created_at,
            expires_at: one.expires_at,
            settled_at: one.settled_at,
        }
    }

    /// Snap orders whose customers picked no method, without tokens that were replaced.
    pub(super) fn unpicked(&self) -> Vec<SimPayment> {
        let waiting = self
            .snap
            .iter()
            .filter(|one| !one.replaced && self.position(one.merchant, &one.request.order.id).is_none());
        let show = |one: &SnapOrder| SimPayment {
            merchant_id: self.merchants[one.merchant].merchant_id.clone(),
            order_id: one.request.order.id.clone(),
            transaction_id: None,
            status: TransactionStatus::Created,
            fraud: Fraud::Accept,
            amount_rp: one.request.order.amount_rp.saturating_add(self.options.imposed_fee_rp),
            method: None,
            refunds: Vec::new(),
            qr_string: None,
            va_number: None,
            bill_key: None,
            redirect_url: Some(format!("{}/snap/v4/redirection/{}", self.base_url, one.token)),
            notification_urls: one.urls.clone(),
            created_at: one.created_at,
            expires_at: one.request.page_until,
            settled_at: None,
        };
        waiting.map(show).collect()
    }
}
