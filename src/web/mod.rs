//! HTTP glue that every server of the product shares: errors as `application/problem+json`, bodies, paths, queries
//! and pages that answer with them, limits around a router, and the loop that serves one.
//!
//! | file | what it is |
//! |---|---|
//! | [`problem`] | the one error type of handlers |
//! | [`body`] | JSON bodies with their idempotency key |
//! | [`params`] | paths and queries |
//! | [`limits`] | what surrounds every router: panics, time, size, headers |
//! | [`host_names`] | under which names a server answers |
//! | [`same_site`] | whether a request comes from a page of ours |
//! | [`stream`] | answers too long for memory |
//! | [`finish`] | work that goes on when its caller went away |
//! | [`csv`] | tables for spreadsheets |
//! | [`html`] | text into markup |
//! | [`metrics`] | figures for Prometheus |
//! | [`status_counts`] | how many answers of which class |
//! | [`serve`] | serving one listener |
//! | [`connections`] | who may connect, how many at once, and who makes room |
//! | `patient_io` | connections whose callers take nothing of an answer |
//! | [`descriptors`] | how many files and connections the system lets a process open |

pub mod body;
pub mod connections;
pub mod csv;
pub mod descriptors;
pub mod finish;
pub mod host_names;
pub mod html;
pub mod limits;
pub mod metrics;
pub mod params;
mod patient_io;
pub mod problem;
pub mod same_site;
pub mod serve;
pub mod status_counts;
pub mod stream;

pub use body::Body;
pub use connections::{Admission, ConnectionLimits};
pub use host_names::HostNames;

pub use params::{Path, Paths, Query};
pub use problem::{FieldError, Problem};
pub use serve::Peer;
