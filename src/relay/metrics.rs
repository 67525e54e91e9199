//! Figures for Prometheus: counts and sums without names of sites, customers or orders.

use std::fmt;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::registry::Unit;

use super::figures::{Delay, GatewayOperation, Reception};
use super::presence::PresenceCounts;
use super::service::Relay;
use super::store::StoreCounts;
use crate::domain::units::Timestamp;
use crate::web::metrics::{self, Out};

/// No log-in: there is nothing secret in it.
pub(super) async fn metrics(State(relay): State<Arc<Relay>>) -> Response {
    metrics::answer("kuota_relay", sample(&relay).await)
}

/// For how many seconds the oldest notification has waited to be decided.
pub(super) fn lag_s(counts: &StoreCounts, now: Timestamp) -> u64 {
    let waited = counts.inbox_oldest_ms.map_or(0, |at| now.0.saturating_sub(at) / 1000);
    u64::try_from(waited).unwrap_or_default()
}

/// Everything at one moment.
#[derive(Debug)]
struct RelaySample {
    /// What the store says; nothing when it does not answer.
    counts: Option<StoreCounts>,
    outage_s: i64,
    inbox_lag_s: u64,
    calls: Vec<((GatewayOperation, &'static str), u64)>,
    held_back: u64,
    gateways_down: u64,
    received: Vec<(Reception, u64)>,
    delay: Delay,
    answers: [(&'static str, u64); 5],
    sites: u64,
    /// Of the last look at the database.
    presence: Option<PresenceCounts>,
}

async fn sample(relay: &Relay) -> RelaySample {
    let counts = relay.store.counts().await.ok();
    let figures = relay.figures();
    let receptions = figures.receptions();
    let count = |reception: &Reception| receptions.get(reception).copied().unwrap_or_default();
    RelaySample {
        inbox_lag_s: counts.as_ref().map_or(0, |counts| lag_s(counts, relay.now())),
        counts,
        outage_s: relay.store.outage().map_or(0, |o| i64::try_from(o.lasted.as_secs()).unwrap_or(i64::MAX)),
        calls: figures.calls().into_iter().collect(),
        held_back: figures.held_back_count(),
        gateways_down: relay
            .directory
            .merchants()
            .iter()
            .map(|merchant| u64::from(merchant.is_held_back()))
            .sum(),
        received: Reception::ALL.iter().map(|reception| (*reception, count(reception))).collect(),
        delay: figures.delay(),
        answers: figures.answers.classes(),
        sites: relay.directory.enabled_site_ids().len() as u64,
        presence: relay.presence.counts(),
    }
}

impl Collector for RelaySample {
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        let mut out = Out::new(encoder);
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        out.gauges("build_info", "The running version", [(version, 1)])?;
        let calls = self.calls.iter().map(|((operation, outcome), count)| {
            ([("operation", operation.name()), ("outcome", *outcome)], *count)
        });
        out.counters("gateway_calls", "Calls to the gateway by operation and outcome", calls)?;
        let slow = self.calls.iter().filter(|((_, outcome), _)| *outcome == "slow_down");
        let slow = slow.map(|(_, count)| count).sum();
        out.counter("gateway_slow_downs", "How often the gateway asked to slow down (429)", slow)?;
        out.counter("gateway_calls_held_back", "Calls not made while the gateway was down", self.held_back)?;
        out.gauge("gateways_down", "Accounts whose calls are held back", self.gateways_down)?;
        let received = self.received.iter().map(|(how, count)| ([("outcome", how.name())], *count));
        out.counters("notifications", "Notifications by what became of them at the door", received)?;
        out.counter("credits", "Payments told to the feed after a notification", self.delay.count)?;
        let sum = self.delay.sum.as_secs_f64();
        let help = "Time from a notification to its credit in the feed";
        out.unit("settle_to_feed_sum", help, &Unit::Seconds, sum)?;
        let max = self.delay.max.as_secs_f64();
        out.unit("settle_to_feed_max", "The longest such time", &Unit::Seconds, max)?;
        let answers = self.answers.map(|(class, count)| ([("class", class)], count));
        out.counters("http_answers", "Answers by class of status", answers)?;
        out.gauge("sites", "Sites that may call", self.sites)?;
        if let Some(PresenceCounts { silent, never_seen }) = self.presence {
            out.gauge("sites_silent", "Sites that have not called for minutes", silent)?;
            out.gauge("sites_never_seen", "Sites that never called", never_seen)?;
        }
        out.gauge("store_up", "Whether the store answers", u64::from(self.counts.is_some()))?;
        out.unit(
            "store_outage",
            "For how long the database has not answered",
            &Unit::Seconds,
            self.outage_s,
        )?;
        let lag = i64::try_from(self.inbox_lag_s).unwrap_or(i64::MAX);
        out.unit("inbox_lag", "How long the oldest notification has waited", &Unit::Seconds, lag)?;
        self.counts.as_ref().map_or(Ok(()), |counts| store(&mut out, counts))
    }
}

fn store(out: &mut Out, counts: &StoreCounts) -> fmt::Result {
    out.gauge("open_orders", "Orders that may still be paid", counts.open_orders)?;
    out.gauge("unknown_charges", "Charges whose outcome nobody knows", counts.unknown_charges)?;
    out.gauge("reviews", "Orders that wait for a person", counts.reviews)?;
    out.gauge("inbox", "Notifications that wait to be decided", counts.inbox)?;
    out.gauge("strays", "Notifications about orders that are not known", counts.strays)
}
