//! The simulated payment gateway from outside: over HTTP, with faults, and judged by the official client libraries.
#![cfg(feature = "sim")]

mod faults;
mod notices;
mod pages;
mod sdk;
mod support;
