//! What a person sees of the books.

use super::world::World;
use super::{Fraud, Payment, Status};

impl World {
    /// One transaction.
    pub(super) fn payment(&self, at: usize) -> Payment {
        let one = &self.transactions[at];
        Payment {
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
    pub(super) fn unpicked(&self) -> Vec<Payment> {
        let waiting = self
            .snap
            .iter()
            .filter(|one| !one.replaced && self.position(one.merchant, &one.request.order.id).is_none());
        let show = |one: &super::world::SnapOrder| Payment {
            merchant_id: self.merchants[one.merchant].merchant_id.clone(),
            order_id: one.request.order.id.clone(),
            transaction_id: None,
            status: Status::Created,
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
