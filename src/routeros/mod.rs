//! The only module that knows RouterOS words. The rest of the program sees [`Router`].
//!
//! | file | what it is |
//! |---|---|
//! | `port` | the port: what may be asked of a router, and how it can fail |
//! | [`client`], `config` | the handle that implements the port, and how it is set up |
//! | `shared` | what the handles and the task both know: health, warnings, former lists |
//! | `tables`, `edits` | the bulk reads, and the differences as commands |
//! | `accounts`, `account_edits` | hotspot users with their sessions and cookies, and what is changed there |
//! | `menus` | the menus that the checks judge |
//! | `traces` | every row of ours, and their removal |
//! | `owner`, `reconnect` | the task that owns the connection, and when it tries again |
//! | [`tls`] | how the connection is encrypted, and what a failed handshake means |
//! | `connection` | a TCP connection, and what a dialler is |
//! | `link`, `session` | one connection: the socket loop, and what it means, without I/O |
//! | [`wire`], [`words`], [`lists`] | sentences under caps, values, names |
//! | [`setup`], [`inspect`] | the rows that a router must hold, and what is wrong with those it holds |

pub mod client;
pub mod inspect;
pub mod lists;
pub mod setup;
pub mod tls;
pub mod wire;
pub mod words;

mod account_edits;
mod accounts;
mod config;
mod connection;
mod edits;
mod link;
mod marker;
mod menus;
mod owner;
mod port;
mod print;
mod reconnect;
mod session;
mod shared;
mod tables;
mod traces;

pub use account_edits::{AccountEdit, NewAccount, Trace};
pub use port::{EditOutcome, Router, RouterError, RouterFuture, RouterHealth, RouterIdentity};
pub use tables::HOST_COLUMNS;
