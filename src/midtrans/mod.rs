//! The only module that knows Midtrans words. The rest of the program sees [`Gateway`].
//!
//! | file | what it is |
//! |---|---|
//! | `gateway` | the port, what a charge is, and how a call can fail |
//! | `access` | a merchant's key and addresses |
//! | `client` | the gateway over HTTP |
//! | `charge` | bodies that open a charge |
//! | `outcome` | what an answer comes to: yes, or which error |
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

pub use access::{Environment, KeySource, MerchantAccess, ServerKey};
pub use client::Midtrans;
pub use gateway::{Charge, Charged, Gateway, GatewayError, Pending};
pub use notification::Notification;
