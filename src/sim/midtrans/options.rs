//! How a simulated gateway is set up.

use std::time::Duration;

use crate::domain::units::Timestamp;
use crate::sim::clock::SimClock;

use super::merchant::SimMerchant;

/// How the gateway is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who has an account.
    pub merchants: Vec<SimMerchant>,
    /// What its clock follows.
    pub clock: SimClock,
    /// What a virtual clock shows at the start.
    pub start: Timestamp,
    /// Gaps between attempts at a notification, and between a refund and its confirmation, are this many times
    /// shorter than documented; 1: as documented.
    pub retry_scale: u32,
    /// How long an attempt at a notification waits for its reply, in real time.
    pub notification_timeout: Duration,
    /// How often the job runs that ends what was not paid in time.
    pub expiry_job: Duration,
    /// What everything made up comes from: ids, numbers, chances.
    pub seed: u64,
    /// Charges answer without `qr_string`, as the reference page has it.
    pub without_qr_string: bool,
    /// Errors of the Core API go out as HTTP 200 with the code in the body only.
    pub errors_in_ok: bool,
    /// What the gateway puts on top of every amount for the customer to pay, in rupiah; 0: the feature is off.
    pub imposed_fee_rp: u64,
}

impl Default for Options {
    /// Nobody has an account; real time; gaps a thousand times shorter, so that the first retry comes after 120 ms.
    fn default() -> Self {
        Self {
            merchants: Vec::new(),
            clock: SimClock::Real,
            // 2026-11-22 14:05:00 in Jakarta.
            start: Timestamp(1_795_331_100_000),
            retry_scale: 1000,
            notification_timeout: Duration::from_secs(15),
            expiry_job: Duration::from_mins(1),
            seed: 1,
            without_qr_string: false,
            errors_in_ok: false,
            imposed_fee_rp: 0,
        }
    }
}
