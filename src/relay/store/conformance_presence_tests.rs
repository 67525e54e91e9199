//! What every store must do with the presence of sites.

use super::*;
use crate::protocol::health::{HealthReport, ReportNumber, ReportText};
use crate::relay::store::presence::{AHEAD_MAX_MS, PRESENCE_BATCH_MAX, SiteReport};

fn sighting(site: &str, seen_ms: i64) -> SiteSighting {
    SiteSighting { site: site.to_owned(), last_seen_at: after(seen_ms), report: None, feed_after: None }
}

fn reporting(site: &str, seen_ms: i64, version: &str, clock_ahead_ms: Option<i64>) -> SiteSighting {
    let report = HealthReport {
        version: Some(ReportText::cut(version)),
        outbox: Some(ReportNumber::capped(3)),
        ..HealthReport::default()
    };
    let report = Some(SiteReport { report, at: after(seen_ms), clock_ahead_ms });
    SiteSighting { report, ..sighting(site, seen_ms) }
}

/// What is kept of each of the sites, in their order.
async fn kept(store: &dyn RelayStore, sites: &[&str]) -> Vec<(String, i64, Option<SiteReport>, Option<i64>)> {
    let sites: Vec<String> = sites.iter().map(|site| (*site).to_owned()).collect();
    let found = store.presences(&sites).await.unwrap().into_iter();
    let since = |at: Timestamp| at.0 - START.0;
    found
        .map(|StoredPresence { seen, report, feed_after: _ }| {
            (seen.site, since(seen.last_seen_at), report, seen.silent_since.map(since))
        })
        .collect()
}

fn names(turns: &[SiteTurn]) -> Vec<(&str, i64)> {
    turns.iter().map(|turn| (turn.site.as_str(), turn.silent_since.0 - START.0)).collect()
}

pub async fn the_newest_sighting_of_a_site_counts(Fresh { store, other, keep: _keep }: Fresh) {
    let now = after(1000);
    assert!(store.sites_seen().await.unwrap().is_empty());
    store.note_sightings(&[], now).await.unwrap();
    store.note_sightings(&[sighting("b", 100), sighting("a", 200)], now).await.unwrap();
    other.note_sightings(&[sighting("a", 150), sighting("b", 300)], now).await.unwrap();
    let seen = store.sites_seen().await.unwrap();
    let seen: Vec<_> = seen.iter().map(|seen| (seen.site.as_str(), seen.last_seen_at)).collect();
    assert_eq!(seen, [("a", after(200)), ("b", after(300))]);
    let expected = [("b".to_owned(), 300, None, None), ("a".to_owned(), 200, None, None)];
    assert_eq!(kept(&*other, &["b", "never seen", "a"]).await, expected);
}

pub async fn the_newest_report_of_a_site_is_kept(Fresh { store, other, keep: _keep }: Fresh) {
    let now = after(1000);
    let newest = reporting("a", 200, "2", Some(-5));
    store.note_sightings(std::slice::from_ref(&newest), now).await.unwrap();
    let older = SiteSighting { last_seen_at: after(400), ..reporting("a", 100, "1", Some(7)) };
    other.note_sightings(&[older], now).await.unwrap();
    assert_eq!(kept(&*store, &["a"]).await, [("a".to_owned(), 400, newest.report.clone(), None)]);
    // A call that is no report leaves it.
    other.note_sightings(&[sighting("a", 500)], now).await.unwrap();
    assert_eq!(kept(&*store, &["a"]).await, [("a".to_owned(), 500, newest.report, None)]);
    let next = reporting("a", 600, "3", None);
    other.note_sightings(std::slice::from_ref(&next), now).await.unwrap();
    assert_eq!(kept(&*store, &["a"]).await, [("a".to_owned(), 600, next.report, None)]);
}

pub async fn a_time_that_a_wrong_clock_wrote_gives_way(Fresh { store, other, keep: _keep }: Fresh) {
    let wrong = reporting("a", 10 * AHEAD_MAX_MS, "1", Some(1));
    store.note_sightings(&[wrong], after(10 * AHEAD_MAX_MS)).await.unwrap();
    let right = reporting("a", 500, "2", Some(2));
    other.note_sightings(std::slice::from_ref(&right), after(1000)).await.unwrap();
    assert_eq!(kept(&*store, &["a"]).await, [("a".to_owned(), 500, right.report, None)]);
    // Clocks of two processes that differ a little are no reason to go back.
    let ahead = reporting("a", AHEAD_MAX_MS, "3", Some(3));
    store.note_sightings(std::slice::from_ref(&ahead), after(AHEAD_MAX_MS)).await.unwrap();
    other.note_sightings(&[reporting("a", 900, "4", Some(4))], after(1000)).await.unwrap();
    assert_eq!(kept(&*store, &["a"]).await, [("a".to_owned(), AHEAD_MAX_MS, ahead.report, None)]);
}

pub async fn a_site_becomes_silent_once_and_comes_back_once(Fresh { store, other, keep: _keep }: Fresh) {
    let all = ["a", "b", "c", "unknown"].map(str::to_owned);
    let sightings = [sighting("a", 100), sighting("b", 200), sighting("c", 100)];
    store.note_sightings(&sightings, after(200)).await.unwrap();
    assert!(store.mark_silent(&all, after(99)).await.unwrap().is_empty());
    assert_eq!(names(&store.mark_silent(&all[..2], after(100)).await.unwrap()), [("a", 100)]);
    for store in [&store, &other] {
        assert!(store.mark_silent(&all[..2], after(100)).await.unwrap().is_empty(), "once");
        assert!(store.mark_back(&all, after(100)).await.unwrap().is_empty(), "it was not seen since");
    }
    let seen = other.sites_seen().await.unwrap();
    let silent: Vec<_> = seen.iter().filter(|seen| seen.silent_since.is_some()).collect();
    assert_eq!(silent, [&SiteSeen { silent_since: Some(after(100)), ..seen[0].clone() }]);

    other.note_sightings(&[reporting("a", 900, "1", None)], after(900)).await.unwrap();
    assert_eq!(kept(&*store, &["a"]).await[0].3, Some(100), "it is unmarked by whoever says so");
    assert!(store.mark_back(&all[1..], after(800)).await.unwrap().is_empty(), "only sites that are named");
    assert_eq!(names(&store.mark_back(&all, after(800)).await.unwrap()), [("a", 100)]);
    for store in [&store, &other] {
        assert!(store.mark_back(&all, after(800)).await.unwrap().is_empty(), "once");
    }
    assert_eq!(kept(&*store, &["a"]).await[0].3, None);
    let mut turned = other.mark_silent(&all, after(900)).await.unwrap();
    turned.sort_by(|a, b| a.site.cmp(&b.site));
    assert_eq!(names(&turned), [("a", 900), ("b", 200), ("c", 100)]);
}

pub async fn of_many_that_mark_a_site_at_once_one_gets_it(Fresh { store, other, keep: _keep }: Fresh) {
    const SITES: usize = 20;
    let sites: Vec<String> = (0..SITES).map(|n| format!("site-{n}")).collect();
    for round in 0..5 {
        let seen: Vec<SiteSighting> = sites.iter().map(|site| sighting(site, round * 1000)).collect();
        store.note_sightings(&seen, after(round * 1000)).await.unwrap();
        let (mut silent, mut back) = (Vec::new(), Vec::new());
        for (turned, is_back) in [(&mut silent, false), (&mut back, true)] {
            let mut marking = JoinSet::new();
            for n in 0..6 {
                let (store, sites) = (Arc::clone(if n % 2 == 0 { &store } else { &other }), sites.clone());
                let at = after(round * 1000);
                marking.spawn(async move {
                    if is_back {
                        store.mark_back(&sites, Timestamp(at.0 - 1)).await.unwrap()
                    } else {
                        store.mark_silent(&sites, at).await.unwrap()
                    }
                });
            }
            turned.extend(marking.join_all().await.into_iter().flatten().map(|turn| turn.site));
        }
        for turned in [silent, back] {
            assert_eq!(turned.len(), SITES, "each once: {turned:?}");
            assert_eq!(turned.iter().collect::<BTreeSet<_>>().len(), SITES);
        }
    }
}

pub async fn sightings_of_many_sites_from_two_processes_are_all_kept(
    Fresh { store, other, keep: _keep }: Fresh,
) {
    let mut noting = JoinSet::new();
    for n in 0_usize..6 {
        let store = Arc::clone(if n.is_multiple_of(2) { &store } else { &other });
        noting.spawn(async move {
            let sites =
                (0..PRESENCE_BATCH_MAX).map(|site| if n < 3 { site } else { PRESENCE_BATCH_MAX - 1 - site });
            let seen_ms = i64::try_from(n).unwrap();
            let seen: Vec<SiteSighting> =
                sites.map(|site| reporting(&format!("site-{site}"), seen_ms, &n.to_string(), None)).collect();
            store.note_sightings(&seen, after(10)).await.unwrap();
        });
    }
    noting.join_all().await;
    let seen = other.sites_seen().await.unwrap();
    assert_eq!(seen.len(), PRESENCE_BATCH_MAX);
    assert!(seen.iter().all(|seen| seen.last_seen_at == after(5) && seen.silent_since.is_none()));
    let report = kept(&*store, &["site-7"]).await[0].2.clone().unwrap().report;
    assert_eq!(report.version.unwrap().as_str(), "5");
}
