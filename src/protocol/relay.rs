//! What agent and relay say to each other: JSON over HTTP, every call with the site's token as Bearer.
//!
//! | call | body | answer |
//! |---|---|---|
//! | `POST /v1/orders` | [`OpenOrder`] | 201 [`RelayOrder`]: the charge is open, or what became of it is known |
//! | `GET /v1/orders/{id}`, `POST …/cancel`, `POST …/refresh` | | 200 [`RelayOrder`] |
//! | `POST /v1/orders/{id}/refund` | [`RefundOrder`] | 200 [`RelayOrder`]; the return itself comes by the feed |
//! | `POST /v1/orders/{id}/adopt` | [`AdoptOrder`] | 200 [`RelayOrder`]: the relay lost it to an older backup |
//! | `POST /v1/requests/{request_id}/abandon` | | 200 [`Abandoned`]: never charged, or being called off |
//! | `GET /v1/feed?after=&wait=&limit=` | | 200 [`FeedPage`] |
//!
//! Unknown fields of an answer are ignored, so that either side may be updated first.

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
    /// The site's own name for the attempt. The same id with the same content is one order, for good.
    pub request_id: String,
    /// How the customer wants to pay.
    pub method: OnlineMethod,
    /// What must be paid, in whole rupiah.
    pub amount_rp: u64,
    /// What the gateway shows the customer; their sum is `amount_rp`.
    pub items: Vec<OrderItem>,
    /// How long the customer has, in seconds.
    pub expires_in_s: u32,
    /// Opaque to the relay; comes back, to the byte, with every item of the feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memo: Option<Box<RawValue>>,
    /// Where the gateway's page or wallet sends the customer's browser afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
}

/// One line that the gateway shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderItem {
    /// For people.
    pub name: String,
    /// For one.
    pub price_rp: u64,
    /// How many.
    pub quantity: u32,
}

/// An order as the relay knows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RelayOrder {
    /// The gateway's order id.
    pub order_id: String,
    /// The site's name for the attempt.
    pub request_id: String,
    /// How it is paid.
    pub method: OnlineMethod,
    /// What must be paid.
    pub amount_rp: u64,
    /// Where it stands.
    pub status: OrderState,
    /// Marks for people; unknown ones are left out.
    #[serde(deserialize_with = "known_flags")]
    pub flags: Vec<Flag>,
    /// What went back so far.
    pub refunded_rp: u64,
    /// What the customer needs to pay.
    #[serde(flatten)]
    pub means: PaymentMeans,
    /// When the customer's time is over, RFC 3339.
    pub expires_at: Option<String>,
    /// When it was paid, RFC 3339.
    pub paid_at: Option<String>,
    /// When it was opened, RFC 3339.
    pub created_at: String,
    /// The site's memo, as it was sent.
    #[serde(default)]
    pub memo: Option<Box<RawValue>>,
}

/// What a customer needs to pay: whatever the gateway gave for the method.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentMeans {
    /// The gateway's page.
    pub redirect_url: Option<String>,
    /// Opens the wallet.
    pub deeplink_url: Option<String>,
    /// The content of a QR code.
    pub qr_string: Option<String>,
    /// A picture of the QR code at the gateway, for want of its content.
    pub qr_url: Option<String>,
    /// A bank account number, or a bill.
    pub va: Option<VirtualAccount>,
}

/// An account number made for one order, or Mandiri's bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualAccount {
    /// Which bank, in lower case.
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
    /// Names the refund: the same key is one refund.
    pub refund_key: String,
    /// How much.
    pub amount_rp: u64,
    /// Why; the gateway keeps it.
    pub reason: String,
}

/// `POST /v1/orders/{id}/adopt`: what the site remembers of an order that the relay does not know any more.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdoptOrder {
    /// As it was opened.
    pub request_id: String,
    /// As it was opened.
    pub method: OnlineMethod,
    /// As it was opened.
    pub amount_rp: u64,
    /// As it was opened.
    #[serde(default)]
    pub memo: Option<Box<RawValue>>,
    /// When the customer's time is over, RFC 3339.
    pub expires_at: Option<String>,
}

/// What became of a request that its site gave up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Abandoned {
    /// The order, when there was one. It is being called off; money that comes all the same is credited.
    pub order: Option<RelayOrder>,
}

/// What an item of the feed asks the site to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedEffect {
    /// Apply the quote, once for each order.
    Credit,
    /// Undo `amount_rp` of it, once for each `event_id`.
    Reverse,
    /// Show the state.
    Status,
    /// A person decides.
    Review,
}

/// One thing that happened to one order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FeedItem {
    /// Its place in the site's feed, from 1, without gaps in order.
    pub seq: u64,
    /// Names it for good, whatever its place: `order/{order_id}/credit`, `order/{order_id}/reverse/{refund key}`, ...
    pub event_id: String,
    /// The gateway's order id.
    pub order_id: String,
    /// The site's name for the attempt.
    pub request_id: String,
    /// The site's memo, as it was sent.
    #[serde(default)]
    pub memo: Option<Box<RawValue>>,
    /// What to do.
    pub effect: FeedEffect,
    /// Where the order stood then.
    pub status: OrderState,
    /// Marks for people.
    pub flags: Vec<Flag>,
    /// Of a reversal what goes back, else what the order costs.
    pub amount_rp: u64,
    /// What went back of the order so far, this item's amount included.
    #[serde(default)]
    pub refunded_rp: u64,
    /// How the order is paid.
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
    /// Names the relay's store. Another one than before means that the feed begins anew from 0.
    pub epoch: String,
    /// In order of `seq`.
    pub items: Vec<T>,
    /// The cursor for the next call. Below the one sent when the relay's store went back in time.
    pub next: u64,
    /// Whether more are there already.
    #[serde(default)]
    pub has_more: bool,
}

impl From<FeedPage> for FeedPage<FeedEntry> {
    fn from(page: FeedPage) -> Self {
        let FeedPage { epoch, items, next, has_more } = page;
        Self { epoch, items: items.into_iter().map(FeedEntry::Known).collect(), next, has_more }
    }
}

/// An item as an agent reads it: one that it cannot read does not keep it from the others.
#[derive(Clone, Debug)]
pub enum FeedEntry {
    /// Every word of it is known here.
    Known(FeedItem),
    /// A newer relay's words, or nonsense.
    Odd {
        /// As it came.
        raw: String,
        /// What is not known of it, for people.
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

/// The marks of an order that are known here. What a newer relay adds is for its own people.
fn known_flags<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Flag>, D::Error> {
    let names = Vec::<String>::deserialize(d)?;
    Ok(names.iter().filter_map(|name| Flag::from_name(name)).collect())
}

/// The memo that an agent sends with an order: enough to credit it in a store that knows neither order nor user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memo {
    /// Version of this form.
    pub v: u32,
    /// Whose order.
    pub user: UserId,
    /// The user's name.
    pub name: String,
    /// The user's phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The user's log-in name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// What the order is for.
    pub kind: OrderKind,
    /// The frozen quote.
    pub lines: Vec<LineWire>,
    /// When it was opened, RFC 3339.
    pub at: String,
    /// The site's name for the attempt. Absent in memos of before there were signatures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The site's signature over all of the above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sig: Option<String>,
}

/// The name of the event that credits an order.
pub fn credit_event(order: &str) -> String {
    format!("order/{order}/credit")
}

/// The name of the event that undoes part of an order.
pub fn reverse_event(order: &str, key: &str) -> String {
    format!("order/{order}/reverse/{key}")
}
