//! Reports of agents over real sockets, and sites that become silent and come back.
#![allow(clippy::unwrap_used, reason = "only tests come here")]

use std::time::Duration;

use axum::http::Method;
use kuota::clock::{Clock, ManualClock};
use kuota::domain::units::Timestamp;
use kuota::protocol::health::REPORT_BYTES_MAX;
use kuota::relay::health::{PRESENCE_EVERY, PresenceTurns, SitePresence, presences};
use kuota::relay::presence::SILENT_AFTER;
use kuota::relay::presence_once;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::support::http_client::Reply;
use crate::support::postgres::{self, Server};
use crate::support::relay_host::TOKEN;
use crate::support::test_relay::{RelayOptions, SISTER, START, TestRelay, server_store};

const REPORT: &str = "/v1/health";
/// A site without a call is silent within so long.
const NOTICED_WITHIN: Duration = Duration::from_mins(5);

impl TestRelay {
    async fn report(&self, token: &str, body: &Value) -> Reply {
        self.call(Method::POST, REPORT, Some(token), Some(body.to_string().into_bytes())).await
    }

    async fn look(&self) -> PresenceTurns {
        presence_once(&self.service, self.clock.now()).await.unwrap()
    }

    /// Time passes, and the relay looks as often as it does.
    async fn look_for(&self, span: Duration) -> PresenceTurns {
        let mut turns = PresenceTurns::default();
        let end = self.clock.uptime() + span;
        while self.clock.uptime() < end {
            self.clock.advance(PRESENCE_EVERY);
            let PresenceTurns { silent, back } = self.look().await;
            turns.silent.extend(silent);
            turns.back.extend(back);
        }
        turns
    }

    async fn presence(&self, site: &str) -> SitePresence {
        presences(&self.service, &[site.to_owned()]).await.unwrap().remove(0)
    }

    async fn metric(&self, name: &str) -> Option<u64> {
        let metrics = self.call(Method::GET, "/metrics", None, None).await.text;
        let line = metrics.lines().find_map(|line| line.strip_prefix(&format!("kuota_relay_{name} ")));
        line.map(|value| value.parse().unwrap())
    }
}

fn silent(turns: &PresenceTurns) -> Vec<&str> {
    turns.silent.iter().map(|turn| turn.site.as_str()).collect()
}

fn back(turns: &PresenceTurns) -> Vec<&str> {
    turns.back.iter().map(|turn| turn.site.as_str()).collect()
}

#[tokio::test]
async fn a_report_is_kept_and_the_agents_clock_is_measured() {
    let relay = TestRelay::start().await;
    let never = SitePresence {
        site: "site-1".into(),
        last_seen_at: None,
        silent_since: None,
        report: None,
        feed_after: None,
    };
    assert_eq!(relay.presence("site-1").await, never);
    let body = json!({
        "version": "0.1.0",
        "router": "degraded",
        "clock_ms": START.0 + 90_000,
        "users": {"active": 41, "habis": 2},
        "of_tomorrow": {"a": [1.5, null]},
    });
    let answer = relay.report(TOKEN, &body).await.ok(200);
    assert_eq!(answer, json!({"now_ms": START.0, "clock_ahead_ms": 90_000}));
    let seen = relay.presence("site-1").await;
    relay.look().await;
    assert_eq!(relay.presence("site-1").await, seen, "written down or not");
    let report = seen.report.unwrap();
    assert_eq!((seen.last_seen_at, report.at, report.clock_ahead_ms), (Some(START), START, Some(90_000)));
    let kept = serde_json::to_value(&report.report).unwrap();
    assert_eq!((&kept["router"], &kept["users"]["habis"]), (&json!("degraded"), &json!(2)));
    assert!(kept.get("of_tomorrow").is_none(), "only what is known is kept: {kept}");

    // A clock that is behind, and a report that says nothing.
    relay.pass(60);
    let answer = relay.report(TOKEN, &json!({"clock_ms": 0})).await.ok(200);
    let now = relay.clock.now().0;
    assert_eq!(answer, json!({"now_ms": now, "clock_ahead_ms": -now}));
    assert_eq!(relay.report(TOKEN, &json!({})).await.ok(200)["clock_ahead_ms"], Value::Null);
    assert_eq!(relay.presence("site-1").await.report.unwrap().clock_ahead_ms, None);
    assert_eq!(relay.presence("site-2").await.last_seen_at, None, "another site's report is its own");
}

#[tokio::test]
async fn a_report_beyond_its_bounds_changes_nothing() {
    let relay = TestRelay::start().await;
    relay.report(TOKEN, &json!({"version": "good"})).await.ok(200);
    let before = relay.presence("site-1").await;
    for (field, body) in [
        ("version", json!({"version": "x".repeat(65)})),
        ("version", json!({"version": "a\u{0}"})),
        ("entries", json!({"entries": 1_u64 << 53})),
        ("outbox", json!({"outbox": -1})),
        ("clock_ms", json!({"clock_ms": 1.5})),
        ("users.habis", json!({"users": {"habis": "many"}})),
    ] {
        let reply = relay.report(TOKEN, &body).await;
        reply.problem(422, "invalid");
        assert_eq!(reply.json()["errors"][0]["field"], field, "{body}");
    }
    relay.report(TOKEN, &json!([1])).await.problem(422, "invalid");
    relay.report(TOKEN, &json!({"more": "x".repeat(REPORT_BYTES_MAX)})).await.problem(413, "too_large");
    let room = REPORT_BYTES_MAX - json!({"more": ""}).to_string().len();
    let raw = async |body: &[u8]| relay.call(Method::POST, REPORT, Some(TOKEN), Some(body.to_vec())).await;
    raw(b"{\"version\": \"a\"").await.problem(400, "malformed");
    raw(b"{\"version\": \"\xff\"}").await.problem(422, "invalid");
    for token in ["", "token-of-site-9"] {
        relay.report(token, &json!({"version": "bad"})).await.problem(401, "unauthorized");
    }
    assert_eq!(relay.presence("site-1").await, before);
    relay.report(TOKEN, &json!({"more": "x".repeat(room)})).await.ok(200);

    let mut refused = None;
    for _ in 0..1100 {
        let reply = relay.report(SISTER, &json!({})).await;
        if reply.status != 200 {
            refused = Some(reply);
            break;
        }
    }
    refused.expect("so many at once are not let in").problem(429, "too_many_attempts");
}

#[tokio::test]
async fn a_site_without_a_call_is_silent_once_and_back_once() {
    let relay = TestRelay::start().await;
    assert_eq!(relay.metric("sites").await, Some(3));
    assert_eq!(relay.metric("sites_silent").await, None, "nobody has looked yet");
    // Any call counts, a refused one too.
    relay.report(TOKEN, &json!({"version": "1"})).await.ok(200);
    relay.call(Method::GET, "/v1/orders/unknown", Some(SISTER), None).await.problem(404, "not_found");
    relay.look().await;
    assert_eq!(
        (relay.metric("sites_silent").await, relay.metric("sites_never_seen").await),
        (Some(0), Some(1))
    );

    let turns = relay.look_for(SILENT_AFTER).await;
    assert!(silent(&turns).is_empty(), "{turns:?}");
    relay.call(Method::GET, "/v1/feed", Some(SISTER), None).await.ok(200);
    let turns = relay.look_for(NOTICED_WITHIN.saturating_sub(SILENT_AFTER)).await;
    assert_eq!((silent(&turns), back(&turns)), (vec!["site-1"], vec![]));
    assert_eq!(turns.silent[0].silent_since, START, "since its last call");
    assert_eq!(relay.presence("site-1").await.silent_since, Some(START));
    assert_eq!(
        (relay.metric("sites_silent").await, relay.metric("sites_never_seen").await),
        (Some(1), Some(1))
    );

    let turns = relay.look_for(SILENT_AFTER / 2).await;
    assert!(silent(&turns).is_empty() && back(&turns).is_empty(), "{turns:?}");
    relay.call(Method::GET, "/v1/feed", Some(TOKEN), None).await.ok(200);
    let seen = relay.presence("site-1").await;
    assert_eq!((seen.silent_since, seen.last_seen_at), (None, Some(relay.clock.now())));
    assert_eq!(seen.report.unwrap().report.version.unwrap().as_str(), "1", "what it said last is kept");
    let turns = relay.look_for(PRESENCE_EVERY).await;
    assert_eq!((silent(&turns), back(&turns)), (vec![], vec!["site-1"]));
    assert_eq!(turns.back[0].silent_since, START);
    assert_eq!(relay.metric("sites_silent").await, Some(0));
    let turns = relay.look_for(NOTICED_WITHIN).await;
    assert_eq!(silent(&turns), ["site-2", "site-1"], "each in its time");
}

#[tokio::test]
async fn nobody_is_called_silent_after_a_start_a_gap_or_a_clock_that_was_set() {
    let relay = TestRelay::start().await;
    relay.report(TOKEN, &json!({})).await.ok(200);
    relay.look_for(Duration::from_secs(30)).await;
    // The process was stopped, or the database was away.
    relay.pass(3600);
    let turns = relay.look_for(SILENT_AFTER.saturating_sub(PRESENCE_EVERY)).await;
    assert!(silent(&turns).is_empty(), "sites had no time to come back: {turns:?}");
    assert_eq!(silent(&relay.look_for(PRESENCE_EVERY * 2).await), ["site-1"]);

    relay.report(TOKEN, &json!({})).await.ok(200);
    assert_eq!(back(&relay.look().await), ["site-1"]);
    relay.look_for(SILENT_AFTER / 2).await;
    relay.clock.set_wall(Timestamp(relay.clock.now().0 + 86_400_000));
    let turns = relay.look_for(SILENT_AFTER / 2).await;
    assert!(silent(&turns).is_empty(), "{turns:?}");
    // The wall clock was wrong and is set back: what was written by it does not hold for a day.
    relay.report(TOKEN, &json!({"version": "tomorrow"})).await.ok(200);
    relay.look().await;
    relay.clock.set_wall(Timestamp(relay.clock.now().0 - 86_400_000));
    relay.report(TOKEN, &json!({"version": "today"})).await.ok(200);
    relay.look().await;
    let seen = relay.presence("site-1").await;
    assert_eq!(seen.last_seen_at, Some(relay.clock.now()));
    assert_eq!(seen.report.unwrap().report.version.unwrap().as_str(), "today");
    assert_eq!(silent(&relay.look_for(NOTICED_WITHIN).await), ["site-1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_database_was_away_nothing_that_was_seen_is_lost_and_nobody_is_called_silent_at_once() {
    let mut server = spawn_blocking(Server::start).await.unwrap();
    let (store, clock) = (server_store(&server.database()).await, ManualClock::new(START));
    let folder = tempfile::tempdir().unwrap();
    let relay = TestRelay::start_on(store, clock, RelayOptions::default(), folder).await;
    for token in [TOKEN, SISTER] {
        relay.report(token, &json!({"version": "before"})).await.ok(200);
    }
    relay.look_for(SILENT_AFTER / 2).await;
    server.crash();
    relay.report(SISTER, &json!({"version": "meanwhile"})).await.ok(200);
    let seen_at = relay.clock.now();
    for _ in 0..20 {
        relay.clock.advance(PRESENCE_EVERY);
        presence_once(&relay.service, relay.clock.now()).await.unwrap_err();
    }
    let server = spawn_blocking(move || {
        server.run();
        server
    });
    let _server = server.await.unwrap();
    let end = Instant::now() + Duration::from_mins(2);
    while presence_once(&relay.service, relay.clock.now()).await.is_err() {
        assert!(Instant::now() < end, "the database is back");
    }
    let seen = relay.presence("site-2").await;
    assert_eq!((seen.last_seen_at, seen.silent_since), (Some(seen_at), None));
    assert_eq!(seen.report.unwrap().report.version.unwrap().as_str(), "meanwhile");
    let turns = relay.look_for(SILENT_AFTER.saturating_sub(PRESENCE_EVERY)).await;
    assert!(silent(&turns).is_empty(), "{turns:?}");
    assert_eq!(silent(&relay.look_for(PRESENCE_EVERY * 2).await), ["site-1", "site-2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_processes_on_one_database_one_says_that_a_site_is_silent() {
    let clock = ManualClock::new(START);
    let database = spawn_blocking(postgres::database).await.unwrap();
    let mut relays = Vec::new();
    for _ in 0..2 {
        let store = server_store(&database).await;
        let folder = tempfile::tempdir().unwrap();
        relays.push(TestRelay::start_on(store, clock.clone(), RelayOptions::default(), folder).await);
    }
    let [one, other] = &relays[..] else { panic!("two were started") };
    let both = async |span: Duration| {
        let (mut quiet, mut came) = (Vec::new(), Vec::new());
        let end = clock.uptime() + span;
        while clock.uptime() < end {
            clock.advance(PRESENCE_EVERY);
            let (a, b) = tokio::join!(one.look(), other.look());
            for turns in [a, b] {
                quiet.extend(turns.silent.into_iter().map(|turn| turn.site));
                came.extend(turns.back.into_iter().map(|turn| turn.site));
            }
        }
        (quiet, came)
    };
    // The sites call one process or the other, as a proxy sends them.
    for round in 0..4 {
        for (n, relay) in [one, other].into_iter().enumerate() {
            let token = if (round + n) % 2 == 0 { TOKEN } else { SISTER };
            relay.report(token, &json!({"outbox": round})).await.ok(200);
        }
        assert_eq!(both(SILENT_AFTER / 2).await, (vec![], vec![]), "round {round}");
    }
    one.report(SISTER, &json!({"outbox": 9})).await.ok(200);
    let last_seen_at = Some(clock.now());
    assert_eq!(both(SILENT_AFTER).await.0, ["site-1"], "once, whoever says it");
    for relay in [one, other] {
        let seen = relay.presence("site-2").await;
        assert_eq!((seen.last_seen_at, seen.silent_since), (last_seen_at, None));
        assert_eq!(seen.report.unwrap().report.outbox.unwrap().get(), 9, "the newest of both");
        assert!(relay.presence("site-1").await.silent_since.is_some());
        assert_eq!(relay.metric("sites_silent").await, Some(1));
    }
    other.call(Method::GET, "/v1/feed", Some(TOKEN), None).await.ok(200);
    assert_eq!(both(PRESENCE_EVERY * 2).await.1, ["site-1"], "once");
    for relay in [one, other] {
        assert_eq!(relay.presence("site-1").await.silent_since, None);
    }
}
