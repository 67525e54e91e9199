//! An account at the gateway.

use std::fmt;

/// Somebody with an account at the gateway.
#[derive(Clone, PartialEq, Eq)]
pub struct SimMerchant {
    /// As in `merchant_id` of every answer.
    pub merchant_id: String,
    /// What authenticates calls and signs notifications.
    pub server_key: String,
    /// Methods that are not activated: a charge is answered with 402. Named as in `enabled_payments`, by payment
    /// type or by bank.
    pub methods_off: Vec<String>,
}

impl SimMerchant {
    /// A merchant with every method.
    pub fn new(merchant_id: impl Into<String>, server_key: impl Into<String>) -> Self {
        Self { merchant_id: merchant_id.into(), server_key: server_key.into(), methods_off: Vec::new() }
    }
}

impl fmt::Debug for SimMerchant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merchant").field("merchant_id", &self.merchant_id).finish_non_exhaustive()
    }
}
