//! Orders.

use serde::de::{Deserializer, Error};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::page::{Cursor, PageLimit, given};
use super::values::{Instant, MethodName, Money, Reason};
use crate::domain::id::{OrderId, UserId};
use crate::domain::order::{Flag, Method, OrderKind, OrderState};
use crate::protocol::LineWire;
use crate::protocol::relay::PaymentMeans;

/// `GET /orders`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FindOrders {
    /// The user.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The state.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub status: Option<OrderState>,
    /// The payment method.
    #[serde(
        serialize_with = "by_name",
        deserialize_with = "of_name",
        skip_serializing_if = "Option::is_none"
    )]
    pub method: Option<Method>,
    /// The kind of order.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub kind: Option<OrderKind>,
    /// Rows of the page.
    pub limit: PageLimit,
    /// The end of the page before.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
}

/// `POST /orders/{id}/review`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReviewOrder {
    /// How it ends.
    pub decision: Decision,
    /// Why.
    pub reason: Reason,
}

/// How a review ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// The order is credited.
    Credit,
    /// It is not.
    Dismiss,
}

/// `POST /orders/{id}/refund`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundOrder {
    /// How much; everything that is left if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_rp: Option<Money>,
    /// Why.
    pub reason: Reason,
}

/// A method by its stable name, over the counter or online.
fn of_name<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Method>, D::Error> {
    let name = String::deserialize(d)?;
    let unknown = || D::Error::custom(format!("{name:?} is no method, such as cash or qris"));
    Method::from_name(&name).map(Some).ok_or_else(unknown)
}

#[allow(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn by_name<S: Serializer>(method: &Option<Method>, s: S) -> Result<S::Ok, S::Error> {
    method.map(Method::name).serialize(s)
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Order"))]
#[allow(missing_docs, reason = "the fields are the contract's own names")]
pub struct OrderView {
    pub id: OrderId,
    /// Null when money came and nobody can tell whose: such an order is in review.
    pub user_id: Option<UserId>,
    pub kind: OrderKind,
    pub method: MethodName,
    pub amount_rp: u64,
    pub status: OrderState,
    pub flags: Vec<Flag>,
    pub lines: Vec<LineWire>,
    pub reference: Option<String>,
    /// What went back of it.
    pub refunded_rp: u64,
    pub receipt: Option<u64>,
    pub cashier: Option<String>,
    pub created_at: Instant,
    pub paid_at: Option<Instant>,
    /// What the customer needs to pay online.
    #[serde(flatten)]
    pub means: PaymentMeans,
    /// When the order expires; null for a cash order.
    pub expires_at: Option<Instant>,
    /// With a cash payment: an online order that the user paid minutes before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_just_before: Option<OrderId>,
}
