//! kuota: quota, debt and access for MikroTik hotspots.
//!
//! The layers, lowest first; imports go down only (`tests/tidy` enforces it).
//!
//! | layer | module | what it is |
//! |---|---|---|
//! | 0 | [`domain`] | the rules: pure functions from account and event to entries, successor and access |
//! | 1 | [`protocol`] | wire types: the admin contract, what agent and relay say to each other, a quote as JSON |
//! | 1 | [`tools`] | digests, rate limits, keyed locks, backoff: one small file each |
//! | 1 | [`sqlite`] | what both SQLite stores do alike |
//! | 2 | [`clock`] | the only "now", wall and monotonic, and the site's zone |
//! | 2 | [`settings`] | layered configuration: defaults, file, environment; secrets; findings that name their key |
//! | 2 | [`web`] | HTTP: problem+json, bodies, connections, limits |
//! | 2 | [`http_client`] | calls to other servers: TLS, time limits, no redirects |
//! | 2 | [`retry_log`] | errors of loops that retry, logged once |
//! | 3 | `identity` | passwords, second factor, login limits, signed tokens |
//! | 3 | `ui` | layout, forms, texts in two languages, charts, QR codes |
//! | 4 | [`store`] | SQLite: schema, the one commit, queries, verification |
//! | 4 | [`routeros`] | the only module that knows RouterOS words: client, meters, lists, bindings |
//! | 4 | [`midtrans`] | the only module that knows Midtrans words: charges, status, notifications, signatures |
//! | 5 | [`agent`] | the daemon: engine, router cycle, payments, admin API, console, portal |
//! | 5 | [`relay`] | the payment relay: orders, notifications, feed, reconciling, its store |
//! | 5 | `sim` | a simulated router and a simulated gateway, speaking the real protocols (feature `sim`) |
//! | 6 | [`cli`] | the operator's commands and the demo |

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
