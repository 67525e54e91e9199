//! The only module that knows Midtrans words. The rest of the program sees [`Gateway`].
//!
//! | file | what it is |
//! |---|---|
//! | `gateway` | the port, what a charge is, and how a call can fail |
//! | `access` | a merchant's key and addresses |
//! | `client` | the gateway over HTTP |
//! | `charge` | bodies that open a charge |
//! | `outcome` | answers as a success or an error |
//! | `answer` | answers as reports and means to pay |
//! | [`notification`], [`signature`] | the gateway's messages and what proves them |
//! | `fields` | its JSON, leniently |

mod access;
mod answer;
mod charge;
mod client;
mod fields;
mod gateway;
pub mod notification;
mod outcome;
pub mod signature;

pub use access::{GatewayEnvironment, KeySource, MerchantAccess, ServerKey};
pub use client::Midtrans;
pub use gateway::{Charge, Charged, Gateway, GatewayError, GatewayFuture};
pub use notification::Notification;
