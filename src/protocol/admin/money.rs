//! Money for packages and debts.

use serde::{Deserialize, Serialize};

use super::values::{MethodName, Money, Note, Price};
use crate::domain::id::PackageId;
use crate::domain::order::Quote;
use crate::protocol::LineWire;

/// The value of `last_paid` if no online order was ever paid.
pub const NONE_PAID: &str = "none";

/// `POST /users/{id}/purchases`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BuyPackage {
    /// Which package.
    pub package_id: PackageId,
    /// How it is paid.
    pub method: MethodName,
    /// A reference of the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Note>,
    /// The price that was shown. Another price by now is 409 `quote_changed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect_rp: Option<Price>,
    /// The user's last paid online order as the caller was shown it, or `none`; another by now is 409 `order_paid`. For money over the counter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_paid: Option<Note>,
}

/// `POST /users/{id}/settlements` and `POST /users/{id}/debts/{debt}/settlements`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SettleDebts {
    /// How it is paid.
    pub method: MethodName,
    /// A reference of the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Note>,
    /// The price that was shown. Another price by now is 409 `quote_changed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect_rp: Option<Price>,
    /// The user's last paid online order as the caller was shown it, or `none`; another by now is 409 `order_paid`. For money over the counter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_paid: Option<Note>,
}

/// `POST /users/{id}/payments`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PayPart {
    /// What is paid.
    pub amount_rp: Money,
    /// How it is paid.
    pub method: MethodName,
    /// A reference of the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Note>,
    /// The user's last paid online order as the caller was shown it, or `none`; another by now is 409 `order_paid`. For money over the counter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_paid: Option<Note>,
}

/// What something costs, line by line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Quote"))]
pub struct QuoteView {
    /// The sum.
    pub amount_rp: u64,
    /// The lines.
    pub lines: Vec<LineWire>,
}

impl From<&Quote> for QuoteView {
    fn from(quote: &Quote) -> Self {
        Self { amount_rp: quote.total().0, lines: quote.lines.iter().map(LineWire::from).collect() }
    }
}
