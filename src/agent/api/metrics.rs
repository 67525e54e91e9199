//! Metrics for Prometheus: counts and sums about the daemon and the site, without names.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::get;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::registry::Unit;

use super::status::LOOK_MAX;
use crate::agent::copies::{CopiesState, last_away};
use crate::agent::engine::Engine;
use crate::agent::health::CycleFigures;
use crate::agent::http::caller::Viewer;
use crate::agent::http::state::AppState;
use crate::agent::http::update::report;
use crate::agent::payments::{Link, LinkFigures};
use crate::clock::parse_rfc3339;
use crate::domain::access::Status;
use crate::domain::units::Bytes;
use crate::protocol::admin::update::UpdateOutcome;
use crate::store::{StoreStats, backup};
use crate::web::metrics::{self, Out};
use crate::web::{Peer, Problem};

/// Every state a link can have.
const STATES: [&str; 3] = ["ok", "degraded", "down"];
/// The state of a link that is not configured.
const OFF: &str = "off";

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/metrics", get(metrics))
}

/// A network that the configuration names for this needs no log-in, every other one does: how much a site sells is
/// nobody's business.
async fn metrics(State(app): State<Arc<AppState>>, _: Reader) -> Response {
    metrics::answer("kuota", sample(&app).await)
}

/// A caller that may read the figures.
struct Reader;

impl FromRequestParts<Arc<AppState>> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Self, Problem> {
        let is_named = match parts.extensions.get::<Peer>() {
            Some(Peer::Local) => true,
            Some(Peer::Network(address)) => app.site.config.may_read_metrics(*address),
            None => false,
        };
        if !is_named {
            Viewer::from_request_parts(parts, app).await?;
        }
        Ok(Self)
    }
}

/// Everything at one moment.
#[derive(Debug)]
struct Sample {
    cycle: CycleFigures,
    router: &'static str,
    relay: &'static str,
    link: LinkFigures,
    clock_ahead_ms: Option<i64>,
    commands: u64,
    dry_run: bool,
    last_backup_s: Option<i64>,
    copies: CopiesState,
    /// Whether this machine does not have the site.
    is_passive: bool,
    copy_away_s: Option<i64>,
    update_came_back: bool,
    answers: Vec<(&'static str, [(&'static str, u64); 5])>,
    /// What the engine says; nothing when it does not answer.
    books: Option<Books>,
}

#[derive(Debug)]
struct Books {
    store: StoreStats,
    users: BTreeMap<Status, u64>,
    debt: Bytes,
    overage: Bytes,
    entries: u64,
    access_changes: u64,
    clock_trusted: bool,
    online: Waiting,
}

/// What waits for customers, the relay or a person.
#[derive(Debug)]
struct Waiting {
    orders: u64,
    openings: u64,
    outbox: u64,
    reviews: u64,
}

async fn sample(app: &AppState) -> Sample {
    let site = &app.site;
    let books = tokio::time::timeout(LOOK_MAX, app.read(books)).await;
    let answers = &app.site.answers;
    let noted = backup::last(&app.site.config.data_dir);
    let now = app.site.clock.now();
    let link = site.payments.link().ok();
    let copies = site.copies_state();
    let copy_away_s = last_away(&site.config.data_dir, &copies.log).map(|at| at.0.div_euclid(1000));
    Sample {
        copies,
        is_passive: site.engine().unwritable().is_some_and(|why| why.is_passive()),
        copy_away_s,
        cycle: site.cycle.figures(),
        router: site.cycle.state().name(now),
        relay: link.map_or(OFF, |link| link.state().name(now)),
        link: link.map(Link::figures).unwrap_or_default(),
        clock_ahead_ms: link.and_then(Link::clock_ahead_ms),
        commands: site.cycle.router().health().commands,
        dry_run: site.cycle.is_dry_run(),
        last_backup_s: noted.and_then(|at| parse_rfc3339(&at)).map(|at| at.0.div_euclid(1000)),
        update_came_back: report(&app.site.config.data_dir)
            .and_then(|report| report.last)
            .is_some_and(|last| last.outcome != UpdateOutcome::Updated),
        answers: vec![("admin", answers.admin.classes()), ("portal", answers.portal.classes())],
        books: books.ok().and_then(Result::ok),
    }
}

fn books(engine: &mut Engine) -> Result<Books, Problem> {
    let reviews = engine.reader().orders_in_review()?;
    let look = engine.read_view();
    let mut users: BTreeMap<Status, u64> = Status::ALL.iter().map(|status| (*status, 0)).collect();
    let (mut debt, mut overage) = (Bytes::ZERO, Bytes::ZERO);
    for user in look.users_after(0) {
        *users.entry(user.account.access.status).or_default() += 1;
        debt = debt.plus(user.account.total_debt());
        overage = overage.plus(user.account.balance.overage());
    }
    let online = Waiting {
        orders: engine.open_orders().len() as u64,
        openings: engine.pending_orders().len() as u64,
        outbox: engine.outbox().len() as u64,
        reviews,
    };
    Ok(Books {
        store: engine.store_stats(),
        users,
        debt,
        overage,
        entries: look.entries(),
        access_changes: engine.access_changes(),
        clock_trusted: look.facts.clock_trusted,
        online,
    })
}

impl Collector for Sample {
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        let mut out = Out::new(encoder);
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        out.gauges("build_info", "The running version", [(version, 1)])?;
        let read = Duration::from_millis(self.cycle.read_ms).as_secs_f64();
        out.counter("cycles", "Readings of the router that succeeded", self.cycle.metered)?;
        out.counter("cycle_failures", "Readings of the router that failed", self.cycle.failed)?;
        out.unit("router_read", "How long the last reading took", &Unit::Seconds, read)?;
        out.gauge("router_hosts", "Rows of the last reading", self.cycle.hosts)?;
        out.counter("router_edits", "Edits sent to the router", self.cycle.edits)?;
        out.counter("router_commands", "Commands sent to the router", self.commands)?;
        let states = STATES.map(|state| ([("state", state)], u64::from(state == self.router)));
        out.gauges("router_state", "Which state the router's link is in", states)?;
        self.link(&mut out)?;
        out.gauge("dry_run", "Whether the router is only looked at", u64::from(self.dry_run))?;
        if let Some(at) = self.last_backup_s {
            out.unit("last_backup_timestamp", "When the last backup was made", &Unit::Seconds, at)?;
        }
        self.copies(&mut out)?;
        let passive = u64::from(self.is_passive);
        out.gauge(
            "site_passive",
            "Whether another machine may have the site, so that this one changes nothing",
            passive,
        )?;
        let failed = u64::from(self.update_came_back);
        out.gauge("update_failed", "Whether the last update did not work", failed)?;
        let answers = self.answers.iter().flat_map(|(server, classes)| {
            classes.map(|(class, count)| ([("server", *server), ("class", class)], count))
        });
        out.counters("http_answers", "Answers by server and class of status", answers)?;
        out.gauge("store_up", "Whether the books answer", u64::from(self.books.is_some()))?;
        self.books.as_ref().map_or(Ok(()), |books| books.encode(&mut out))
    }
}

impl Sample {
    fn link(&self, out: &mut Out) -> fmt::Result {
        let states = STATES.into_iter().chain([OFF]);
        let states = states.map(|state| ([("state", state)], u64::from(state == self.relay)));
        out.gauges("relay_state", "Which state the relay's link is in", states)?;
        if self.relay != OFF {
            let up = u64::from(self.relay == "ok");
            out.gauge("relay_up", "Whether the last call to the relay was answered", up)?;
        }
        if let Some(ahead_ms) = self.clock_ahead_ms {
            let help = "By how much the wall clock is ahead of the relay's";
            out.unit("clock_ahead", help, &Unit::Seconds, ahead_ms / 1000)?;
        }
        out.counter("relay_pages", "Pages of the relay's feed that were taken", self.link.pulled)?;
        out.counter("relay_failures", "Calls to the relay that failed", self.link.failed)?;
        out.counter("relay_items", "Items of the relay's feed that were news", self.link.items)?;
        out.counter("relay_credits", "Payments credited from the relay's feed", self.link.credited)
    }
}

impl Sample {
    fn copies(&self, out: &mut Out) -> fmt::Result {
        if let Some(card) = &self.copies.log.card {
            let help = "Up to when nothing is missing in the last copy on the card";
            out.unit("copy_card_timestamp", help, &Unit::Seconds, card.at_ms.div_euclid(1000))?;
            let help = "Length of the last copy on the card";
            out.unit("copy_card", help, &Unit::Bytes, i64::try_from(card.bytes).unwrap_or(i64::MAX))?;
        }
        if let Some(at) = self.copy_away_s {
            let help = "When the last copy was made that is not on the card";
            out.unit("copy_away_timestamp", help, &Unit::Seconds, at)?;
        }
        if let Some(at) = self.copies.tail_at.and_then(|at| u64::try_from(at.0.div_euclid(1000)).ok()) {
            let what = "When what changed since the copy was sent last";
            out.unit("copy_tail_timestamp", what, &Unit::Seconds, at)?;
        }
        out.counter("copy_failures", "Turns of the copies that failed", self.copies.failures)
    }
}

impl Waiting {
    fn encode(&self, out: &mut Out) -> fmt::Result {
        out.gauge("online_orders_open", "Online orders that may still be paid", self.orders)?;
        out.gauge("online_openings", "Online orders whose outcome is not known yet", self.openings)?;
        out.gauge("relay_errands", "What the relay must still be told", self.outbox)?;
        out.gauge("orders_in_review", "Orders that wait for the owner", self.reviews)
    }
}

impl Books {
    fn encode(&self, out: &mut Out) -> fmt::Result {
        out.counter("store_commits", "Transactions committed", self.store.commits)?;
        out.counter("store_statements", "Statements executed in them", self.store.statements)?;
        let users = self.users.iter().map(|(status, count)| ([("status", status.name())], *count));
        out.gauges("users", "Users by access", users)?;
        out.unit("debt", "Overage and unpaid debt items of everybody", &Unit::Bytes, int(self.debt))?;
        out.unit("overage", "Overage of everybody", &Unit::Bytes, int(self.overage))?;
        out.counter("ledger_entries", "Lines of the ledger", self.entries)?;
        out.counter("access_changes", "Turns of anybody's access since the start", self.access_changes)?;
        out.gauge("clock_trusted", "Whether the wall clock is trusted", u64::from(self.clock_trusted))?;
        self.online.encode(out)
    }
}

fn int(bytes: Bytes) -> i64 {
    i64::try_from(bytes.0).unwrap_or(i64::MAX)
}
