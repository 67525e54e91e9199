//! The protocol of agent and relay: JSON over HTTP, every call with the site's token as Bearer.
//!
//! | call | body | answer |
//! |---|---|---|
//! | `POST /v1/orders` | [`OpenOrder`] | 201 [`RelayOrder`]: the charge is open, or its outcome is known |
//! | `GET /v1/orders/{id}`, `POST …/cancel`, `POST …/refresh` | | 200 [`RelayOrder`] |
//! | `POST /v1/orders/{id}/refund` | [`RefundOrder`] | 200 [`RelayOrder`]; the feed reports the refund itself |
//! | `POST /v1/orders/{id}/adopt` | [`AdoptOrder`] | 200 [`RelayOrder`]: for an order that the relay lost to an older
//! backup |
//! | `POST /v1/requests/{request_id}/abandon` | | 200 [`Abandoned`]: never charged, or being cancelled |
//! | `GET /v1/feed?after=&wait=&limit=` | | 200 [`FeedPage`] |
//! | `POST /v1/health` | [`HealthReport`](super::health::HealthReport) | 200 [`HealthAnswer`](super::health::HealthAnswer) |
//!
//! Unknown fields of an answer are ignored, so that either side can be updated first.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::LineWire;
use crate::domain::id::UserId;
use crate::domain::order::{Flag, OnlineMethod, OrderKind, OrderState};

/// The longest memo, in bytes of JSON.
pub const MEMO_BYTES_MAX: usize = 4096;
/// The longest a feed call waits, in seconds.
pub const FEED_WAIT_S_MAX: u64 = 55;
/// The most items of one page of the feed.
pub const FEED_LIMIT_MAX: u32 = 500;

/// `POST /v1/orders`: open a charge.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenOrder {
    /// The site's id of the attempt. The same id with the same content is one order, for good.
    pub request_id: String,
    /// The payment method.
    pub method: OnlineMethod,
    /// The amount to pay, in whole rupiah.
    pub amount_rp: u64,
    /// The lines that the gateway shows to the customer; their sum is `amount_rp`.
    pub items: Vec<OrderItem>,
    /// Time until the order expires, in seconds.
    pub expires_in_s: u32,
    /// Opaque to the relay, which returns it byte for byte with every item of the feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memo: Option<Box<RawValue>>,
    /// The address to which the gateway's page or wallet sends the customer's browser afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
}

/// One line shown by the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderItem {
    /// Text for people.
    pub name: String,
    /// Price of one.
    pub price_rp: u64,
    /// Quantity.
    pub quantity: u32,
}

/// An order in the relay's store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RelayOrder {
    /// The gateway's order id.
    pub order_id: String,
    /// The site's id of the attempt.
    pub request_id: String,
    /// The payment method.
    pub method: OnlineMethod,
    /// The amount to pay.
    pub amount_rp: u64,
    /// The order's state.
    pub status: OrderState,
    /// Flags; unknown ones are dropped.
    #[serde(deserialize_with = "known_flags")]
    pub flags: Vec<Flag>,
    /// The amount refunded so far.
    pub refunded_rp: u64,
    /// What the customer needs to pay.
    #[serde(flatten)]
    pub means: PaymentMeans,
    /// When the order expires, RFC 3339.
    pub expires_at: Option<String>,
    /// When it was paid, RFC 3339.
    pub paid_at: Option<String>,
    /// When it was opened, RFC 3339.
    pub created_at: String,
    /// The site's memo, as sent.
    #[serde(default)]
    pub memo: Option<Box<RawValue>>,
}

/// What a customer needs to pay: the data that the gateway returned for the method.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct PaymentMeans {
    /// The gateway's page.
    pub redirect_url: Option<String>,
    /// Opens the wallet.
    pub deeplink_url: Option<String>,
    /// The content of a QR code.
    pub qr_string: Option<String>,
    /// A picture of the QR code at the gateway, if its content is not known.
    pub qr_url: Option<String>,
    /// A bank account number, or a bill.
    pub va: Option<VirtualAccount>,
}

/// An account number made for one order, or Mandiri's bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct VirtualAccount {
    /// The bank, in lower case.
    pub bank: String,
    /// The account number, or the bill key.
    pub number: String,
    /// Mandiri's biller code.
    pub biller_code: Option<String>,
}

/// `POST /v1/orders/{id}/refund`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundOrder {
    /// The id of the refund: a repeated key is the same refund.
    pub refund_key: String,
    /// The amount.
    pub amount_rp: u64,
    /// The reason, stored by the gateway.
    pub reason: String,
}

/// `POST /v1/orders/{id}/adopt`: the site's data of an order that the relay lost.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdoptOrder {
    /// As in [`OpenOrder`].
    pub request_id: String,
    /// As in [`OpenOrder`].
    pub method: OnlineMethod,
    /// As in [`OpenOrder`].
    pub amount_rp: u64,
    /// As in [`OpenOrder`].
    #[serde(default)]
    pub memo: Option<Box<RawValue>>,
    /// When the order expires, RFC 3339.
    pub expires_at: Option<String>,
}

/// The outcome of a request that its site discarded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Abandoned {
    /// The order, if there was one. It is being cancelled; money that arrives nevertheless is credited.
    pub order: Option<RelayOrder>,
}

/// The action that an item of the feed requires of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedEffect {
    /// Apply the quote, once for each order.
    Credit,
    /// Undo `amount_rp` of it, once for each `event_id`.
    Reverse,
    /// Update the state.
    Status,
    /// Put the order into review.
    Review,
}

/// One event of one order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FeedItem {
    /// Its position in the site's feed, from 1, increasing without gaps.
    pub seq: u64,
    /// Its permanent id, at any position: `order/{order_id}/credit`, `order/{order_id}/reverse/{refund key}`, ...
    pub event_id: String,
    /// The gateway's order id.
    pub order_id: String,
    /// The site's id of the attempt.
    pub request_id: String,
    /// The site's memo, as sent.
    #[serde(default)]
    pub memo: Option<Box<RawValue>>,
    /// The action.
    pub effect: FeedEffect,
    /// The order's state at that time.
    pub status: OrderState,
    /// Flags.
    pub flags: Vec<Flag>,
    /// The refunded amount of a reversal, else the order's amount.
    pub amount_rp: u64,
    /// The amount of the order refunded so far, this item included.
    #[serde(default)]
    pub refunded_rp: u64,
    /// The payment method.
    #[serde(default)]
    pub method: Option<OnlineMethod>,
    /// When it happened, RFC 3339.
    pub at: String,
    /// When the order was paid, RFC 3339.
    #[serde(default)]
    pub paid_at: Option<String>,
}

/// `GET /v1/feed`. A relay writes items, an agent reads entries.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FeedPage<T = FeedItem> {
    /// The id of the relay's store. A changed one means that the feed restarts from 0.
    pub epoch: String,
    /// In order of `seq`.
    pub items: Vec<T>,
    /// The cursor for the next call. It is below the one sent when the relay's store went back in time.
    pub next: u64,
    /// Whether more items are available.
    #[serde(default)]
    pub has_more: bool,
}

impl From<FeedPage> for FeedPage<FeedEntry> {
    fn from(page: FeedPage) -> Self {
        let FeedPage { epoch, items, next, has_more } = page;
        Self { epoch, items: items.into_iter().map(FeedEntry::Known).collect(), next, has_more }
    }
}

/// An item as an agent reads it: an unreadable item does not block the others.
#[derive(Clone, Debug)]
pub enum FeedEntry {
    /// All of it is readable.
    Known(FeedItem),
    /// From a newer relay, or malformed.
    Odd {
        /// The raw text.
        raw: String,
        /// The reason why it is unreadable, for people.
        why: String,
    },
}

impl<'de> Deserialize<'de> for FeedEntry {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(d)?;
        Ok(match serde_json::from_str(raw.get()) {
            Ok(item) => Self::Known(item),
            Err(error) => Self::Odd { raw: raw.get().to_owned(), why: error.to_string() },
        })
    }
}

/// The known flags of an order; flags of a newer relay are dropped.
fn known_flags<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Flag>, D::Error> {
    let names = Vec::<String>::deserialize(d)?;
    Ok(names.iter().filter_map(|name| Flag::from_name(name)).collect())
}

/// The memo that an agent sends with an order: enough to credit it in a store that has neither order nor user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memo {
    /// Version of this format.
    pub v: u32,
    /// The user of the order.
    pub user: UserId,
    /// The user's name.
    pub name: String,
    /// The user's phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The user's log-in name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// The kind of order.
    pub kind: OrderKind,
    /// The frozen quote.
    pub lines: Vec<LineWire>,
    /// When it was opened, RFC 3339.
    pub at: String,
    /// The site's id of the attempt. Absent in memos from before signatures were added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The site's signature over all other fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sig: Option<String>,
}

/// The id of the event that credits an order.
pub fn credit_event(order: &str) -> String {
    format!("order/{order}/credit")
}

/// The id of the event that undoes part of an order.
pub fn reverse_event(order: &str, key: &str) -> String {
    format!("order/{order}/reverse/{key}")
}
