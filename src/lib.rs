//! kuota: quota, debt and access for MikroTik hotspots.
//!
//! The layers, lowest first; imports go down only (`tests/tidy` enforces it).
//!
//! | layer | module | what it is |
//! |---|---|---|
//! | 0 | [`domain`] | the rules: pure functions from account and event to entries, successor and access |
//! | 1 | [`protocol`] | wire and stored forms: requests of the admin API, a quote as JSON, what agent and relay say to each other |
//! | 1 | [`http_client`] | how other servers are called: TLS, time-outs, no redirects |
//! | 1 | [`sqlite`] | what both SQLite stores do alike: bring a schema up, tell apart why a write failed |
//! | 1 | [`retry_log`] | the log of loops that retry: first failure and recovery |
//! | 1 | [`tools`] | small tools: digest, rate limit, keyed locks, back-off, percent-encoding |
//! | 2 | [`clock`] | the only "now", wall and monotonic, and the site's zone |
//! | 2 | [`settings`] | layered configuration: defaults, file, environment; secrets; findings that name their key |
//! | 2 | [`store`] | SQLite: schema, the one commit, queries, verification |
//! | 2 | [`routeros`] | the only module that knows RouterOS words: client, meters, lists, bindings |
//! | 2 | [`midtrans`] | the only module that knows Midtrans words: charges, status, notifications, signatures |
//! | 2 | [`web`] | HTTP glue: problem+json, paging, limits |
//! | 3 | [`agent`] | the daemon: engine, meter, enforcer, admin API, control socket |
//! | 3 | [`relay`] | the payment relay: orders, inbox, reconciler, feed, its store |
//! | 3 | `sim` | a simulated router and a simulated gateway, speaking the real protocols (feature `sim`) |
//! | 4 | [`cli`] | the operator's commands and the demo |

pub mod agent;
pub mod cli;
pub mod clock;
pub mod domain;
pub mod http_client;
pub(crate) mod identity;
pub mod midtrans;
pub mod protocol;
pub mod relay;
pub mod retry_log;
pub mod routeros;
pub mod settings;
#[cfg(feature = "sim")]
pub mod sim;
pub mod sqlite;
pub mod store;
pub mod tools;
pub(crate) mod ui;
pub mod web;
