//! What every [`RelayStore`] must do, as tests: an implementation says how to make an empty store and has them all by
//! [`conforms`].

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::*;
use crate::clock::rfc3339;
use crate::domain::order::Flag;
use crate::protocol::relay::{VirtualAccount, credit_event, reverse_event};

#[path = "conformance_console_tests.rs"]
mod console_demands;
pub use console_demands::*;
#[path = "conformance_directory_tests.rs"]
mod directory_demands;
pub use directory_demands::*;
#[path = "conformance_instance_tests.rs"]
mod instance_demands;
pub use instance_demands::*;
#[path = "conformance_presence_tests.rs"]
mod presence_demands;
pub use presence_demands::*;
#[path = "conformance_vault_tests.rs"]
mod vault_demands;
pub use vault_demands::*;

/// Generous: the machine may be busy with other tests.
const DEADLINE: Duration = Duration::from_mins(1);
/// When the tests' orders are opened.
const START: Timestamp = Timestamp(1_790_000_000_000);
const DAY_MS: i64 = 24 * 3_600_000;

/// An empty store.
pub struct Fresh {
    /// The store as one relay has it.
    pub store: Arc<dyn RelayStore>,
    /// The same store as another relay has it; the first one where there can be only one.
    pub other: Arc<dyn RelayStore>,
    /// Whatever must live as long.
    pub keep: Box<dyn Any + Send>,
}

/// Makes one test of each demand. The argument is an `async fn() -> Fresh`.
macro_rules! conforms {
    ($fresh:path: $($demand:ident),+ $(,)?) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $demand() {
            $crate::relay::store::conformance::$demand($fresh().await).await;
        })+
    };
    ($fresh:path) => {
        $crate::relay::store::conformance::conforms!(
            $fresh:
            a_store_has_one_name,
            the_first_secret_of_a_merchant_stays,
            the_first_merchant_id_stays,
            what_is_opened_comes_back_to_the_byte,
            a_request_is_one_order_whatever_is_repeated,
            a_request_opened_by_many_at_once_is_one_order,
            sites_and_merchants_see_their_own_orders_only,
            a_request_given_up_before_it_came_is_never_opened,
            a_request_given_up_afterwards_is_due_to_be_called_off,
            a_change_from_an_older_version_changes_nothing,
            changes_of_many_at_once_all_count,
            numbers_of_a_feed_have_no_gaps_and_no_holes,
            a_name_is_told_once_for_good,
            an_item_says_what_was_so_when_it_was_told,
            a_page_of_the_feed_has_its_bounds,
            whoever_asked_before_something_was_told_is_woken,
            nobody_misses_what_is_told_between_reading_and_waiting,
            a_notification_is_kept_once_for_each_merchant,
            a_stray_may_have_any_name,
            a_stray_becomes_due_when_its_order_is_opened,
            a_notification_waits_until_it_is_due_and_ends_when_decided,
            orders_are_asked_about_in_the_order_they_are_due,
            everything_that_may_change_is_asked_about_after_a_restore,
            orders_of_a_state_come_newest_first,
            what_waits_is_counted,
            old_items_are_dropped_and_the_feed_goes_on,
            a_feed_is_dropped_from_its_beginning_only,
            the_newest_sighting_of_a_site_counts,
            the_newest_report_of_a_site_is_kept,
            a_time_that_a_wrong_clock_wrote_gives_way,
            a_site_becomes_silent_once_and_comes_back_once,
            of_many_that_mark_a_site_at_once_one_gets_it,
            sightings_of_many_sites_from_two_processes_are_all_kept,
            a_well_store_can_be_written,
            what_is_added_to_the_directory_comes_back,
            ids_and_tokens_of_the_directory_are_taken_once,
            so_many_keys_of_a_merchant_are_kept,
            a_site_is_removed_for_good_once_nothing_of_it_can_be_paid,
            a_name_with_orders_stays_with_its_merchant,
            a_change_of_the_directory_wakes_every_process,
            processes_share_a_merchants_pace,
            an_operator_is_added_once_however_the_name_is_written,
            what_is_changed_of_an_operator_is_kept_and_logged,
            a_code_opens_one_session_whatever_asks,
            a_first_code_puts_its_secret_in_force_once,
            a_session_rests_on_what_it_was_opened_with,
            a_code_is_taken_once_for_a_change_as_well,
            a_session_that_is_used_ends_later,
            sessions_end_with_time_with_the_password_and_with_the_operator,
            changes_of_the_directory_are_logged_and_refused_ones_are_not,
            the_log_comes_in_pages,
            figures_of_sites_are_those_of_their_orders,
            income_is_that_of_its_time,
            orders_of_a_site_come_in_pages_newest_first,
            the_last_place_asked_for_in_the_feed_is_kept,
            an_older_object_never_replaces_a_newer_one,
            a_site_sees_its_own_objects_only,
            a_vault_is_bounded_in_objects_and_bytes,
            segments_of_a_tail_are_counted_apart_from_copies,
            a_new_recovery_token_ends_the_one_before,
            a_site_goes_to_later_machines_only,
            of_many_machines_that_claim_one_number_one_gets_it,
        );
    };
}
pub(crate) use conforms;

fn after(ms: i64) -> Timestamp {
    Timestamp(START.0 + ms)
}

/// Order `n` of a site, as the relay writes it down first.
fn order_of(site: &str, n: u32) -> StoredOrder {
    StoredOrder {
        id: format!("K1-{site}-{n}-x"),
        merchant: "m1".to_owned(),
        site: site.to_owned(),
        request_id: format!("request-{n}"),
        request_hash: [7; 32],
        method: OnlineMethod::Qris,
        amount: Rupiah(50_000),
        items: vec![OrderItem { name: "10 GB".to_owned(), price_rp: 25_000, quantity: 2 }],
        memo: Some(RawValue::from_string(format!("{{\"v\": 1,\"n\":{n}}}")).unwrap()),
        return_url: None,
        standing: Standing::created(),
        means: PaymentMeans::default(),
        abandoned: false,
        created_at: after(i64::from(n)),
        expires_at: after(900_000),
        paid_at: None,
        asked: 0,
        ask_at: Some(after(30_000)),
        version: 0,
    }
}

fn order(n: u32) -> StoredOrder {
    order_of("site-1", n)
}

fn event(id: &str, effect: FeedEffect, amount_rp: u64) -> FeedEvent {
    FeedEvent { event_id: id.to_owned(), effect, amount: Rupiah(amount_rp) }
}

fn notification(merchant: &str, order: &str, body: &str) -> NewNotification {
    NewNotification {
        merchant: merchant.to_owned(),
        order: order.to_owned(),
        body: body.as_bytes().to_vec(),
        at: START,
    }
}

/// Everything that is stored of an order.
fn shown(order: &StoredOrder) -> String {
    format!("{order:?}")
}

async fn opened(store: &dyn RelayStore, order: StoredOrder) -> StoredOrder {
    assert!(matches!(store.open(&order).await.unwrap(), OpenedOrder::New));
    order
}

async fn read(store: &dyn RelayStore, order: &StoredOrder) -> StoredOrder {
    store.order(&order.merchant, &order.id).await.unwrap().unwrap()
}

/// Stores `order` with an event, and reads it again.
async fn told(
    store: &dyn RelayStore,
    order: &StoredOrder,
    events: &[FeedEvent],
    at: Timestamp,
) -> StoredOrder {
    assert_eq!(store.update(order, events, &[], at).await.unwrap(), Updated::Done);
    read(store, order).await
}

async fn seqs(store: &dyn RelayStore, site: &str) -> Vec<u64> {
    store.feed(site, 0, 1000).await.unwrap().0.iter().map(|item| item.seq).collect()
}

async fn is_pending(future: &mut Pin<Box<dyn Future<Output = ()> + Send + '_>>) -> bool {
    std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

pub async fn a_store_has_one_name(Fresh { store, other, keep: _keep }: Fresh) {
    let epoch = store.epoch().await.unwrap();
    assert!(epoch.len() >= 16, "{epoch}");
    assert_eq!(store.epoch().await.unwrap(), epoch);
    assert_eq!(other.epoch().await.unwrap(), epoch);
}

pub async fn the_first_secret_of_a_merchant_stays(Fresh { store, other, keep: _keep }: Fresh) {
    store.learn_merchant_id("m1", "G1").await.unwrap();
    let (a, b) = tokio::join!(store.merchant_secret("m1", "aaa"), other.merchant_secret("m1", "bbb"));
    let first = a.unwrap();
    assert_eq!(b.unwrap(), first);
    assert_eq!(store.merchant_secret("m1", "ccc").await.unwrap(), first);
    assert_eq!(store.merchant_secret("m2", "ddd").await.unwrap(), "ddd");
}

pub async fn the_first_merchant_id_stays(Fresh { store, other, keep: _keep }: Fresh) {
    assert_eq!(store.merchant_id("m1").await.unwrap(), None);
    store.merchant_secret("m1", "aaa").await.unwrap();
    assert_eq!(store.merchant_id("m1").await.unwrap(), None);
    store.learn_merchant_id("m1", "G1").await.unwrap();
    other.learn_merchant_id("m1", "G2").await.unwrap();
    assert_eq!(other.merchant_id("m1").await.unwrap().as_deref(), Some("G1"));
    assert_eq!(store.merchant_secret("m1", "zzz").await.unwrap(), "aaa");
    assert_eq!(store.merchant_id("m2").await.unwrap(), None);
}

pub async fn what_is_opened_comes_back_to_the_byte(Fresh { store, other, keep: _keep }: Fresh) {
    let mut full = order(1);
    full.memo = Some(RawValue::from_string("{ \"b\":1,  \"a\" : \"\\u00e9é😀\"}".to_owned()).unwrap());
    full.return_url = Some("http://192.168.88.2:8081/payment/status/1?t=x".to_owned());
    full.standing.state = OrderState::Paid;
    full.standing.credited = true;
    full.standing.flags = BTreeSet::from([Flag::LateSettlement, Flag::PaidTwice]);
    full.standing.transaction = Some("t-1".to_owned());
    full.standing.refunds.insert("r\"1".to_owned(), Rupiah(1000));
    full.standing.ends.insert((OrderState::Denied, Some("t-0".to_owned())));
    full.standing.claimed_end = Some((OrderState::Denied, None));
    full.means = PaymentMeans {
        qr_string: Some("000201…".to_owned()),
        va: Some(VirtualAccount {
            bank: "mandiri".to_owned(),
            number: "1".to_owned(),
            biller_code: Some("2".to_owned()),
        }),
        ..PaymentMeans::default()
    };
    (full.abandoned, full.asked, full.ask_at, full.paid_at) = (true, 3, None, Some(after(5)));
    full.version = 4;
    opened(&*store, full.clone()).await;
    assert_eq!(shown(&read(&*other, &full).await), shown(&full));

    let plain = StoredOrder { memo: None, items: Vec::new(), ..order(2) };
    opened(&*store, plain.clone()).await;
    assert_eq!(shown(&read(&*other, &plain).await), shown(&plain));
}

pub async fn a_request_is_one_order_whatever_is_repeated(Fresh { store, other, keep: _keep }: Fresh) {
    let first = opened(&*store, order(1)).await;
    let repeated = StoredOrder { id: "K1-another-x".to_owned(), ..first.clone() };
    match other.open(&repeated).await.unwrap() {
        OpenedOrder::Known(known) => assert_eq!(shown(&known), shown(&first)),
        answer => panic!("{answer:?}"),
    }
    let differs = StoredOrder { request_hash: [8; 32], ..repeated.clone() };
    assert!(matches!(store.open(&differs).await.unwrap(), OpenedOrder::Conflict));
    let same_id = StoredOrder { request_id: "request-2".to_owned(), ..first.clone() };
    assert!(matches!(store.open(&same_id).await.unwrap(), OpenedOrder::Conflict));
    assert!(store.order("m1", &repeated.id).await.unwrap().is_none());
    let elsewhere = order_of("site-2", 1);
    assert_eq!(elsewhere.request_id, first.request_id);
    opened(&*store, elsewhere).await;
}

pub async fn a_request_opened_by_many_at_once_is_one_order(Fresh { store, other, keep: _keep }: Fresh) {
    let mut opening = JoinSet::new();
    for n in 0..8 {
        let store = Arc::clone(if n % 2 == 0 { &store } else { &other });
        let order = StoredOrder { id: format!("K1-{n}-x"), ..order(1) };
        opening.spawn(async move { (order.id.clone(), store.open(&order).await.unwrap()) });
    }
    let (mut new, mut known) = (Vec::new(), Vec::new());
    for (id, answer) in opening.join_all().await {
        match answer {
            OpenedOrder::New => new.push(id),
            OpenedOrder::Known(order) => known.push(order.id),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((new.len(), known.len()), (1, 7));
    assert!(known.iter().all(|id| *id == new[0]), "{new:?} {known:?}");
}

pub async fn sites_and_merchants_see_their_own_orders_only(Fresh { store, other: _, keep: _keep }: Fresh) {
    let order = opened(&*store, order(1)).await;
    assert!(store.site_order("site-1", &order.id).await.unwrap().is_some());
    assert!(store.site_order("site-2", &order.id).await.unwrap().is_none());
    assert!(store.order("m1", &order.id).await.unwrap().is_some());
    assert!(store.order("m2", &order.id).await.unwrap().is_none());
    assert!(store.site_order("site-1", "unknown").await.unwrap().is_none());
    assert!(store.abandon("site-2", &order.request_id, START).await.unwrap().is_none());
    assert!(!read(&*store, &order).await.abandoned);

    for foreign in [
        StoredOrder { merchant: "m2".to_owned(), ..order.clone() },
        StoredOrder { site: "site-2".to_owned(), ..order.clone() },
    ] {
        let events = [event("a", FeedEffect::Status, 1)];
        assert_eq!(store.update(&foreign, &events, &[], START).await.unwrap(), Updated::Stale);
    }
    told(&*store, &order, &[event("b", FeedEffect::Status, 1)], START).await;
    assert_eq!(store.feed("site-1", 0, 10).await.unwrap().1, 1);
    let (items, last) = store.feed("site-2", 0, 10).await.unwrap();
    assert!(items.is_empty() && last == 0);
}

pub async fn a_request_given_up_before_it_came_is_never_opened(Fresh { store, other, keep: _keep }: Fresh) {
    for _ in 0..2 {
        assert!(store.abandon("site-1", "request-1", START).await.unwrap().is_none());
    }
    for _ in 0..2 {
        assert!(matches!(other.open(&order(1)).await.unwrap(), OpenedOrder::Abandoned));
    }
    assert!(store.order("m1", &order(1).id).await.unwrap().is_none());
    opened(&*store, order_of("site-2", 1)).await;
    opened(&*store, order(2)).await;
}

pub async fn a_request_given_up_afterwards_is_due_to_be_called_off(
    Fresh { store, other, keep: _keep }: Fresh,
) {
    let first = opened(&*store, order(1)).await;
    let at = after(1000);
    let marked = store.abandon("site-1", "request-1", at).await.unwrap().unwrap();
    assert!(marked.abandoned && marked.ask_at == Some(at) && marked.version > first.version);
    assert_eq!(shown(&read(&*other, &first).await), shown(&marked));
    assert_eq!(store.due(at, 10).await.unwrap().len(), 1);
    let again = other.abandon("site-1", "request-1", after(2000)).await.unwrap().unwrap();
    assert_eq!(shown(&again), shown(&marked), "the second time changes nothing");
    assert_eq!(store.update(&first, &[], &[], at).await.unwrap(), Updated::Stale, "the mark is not lost");
    assert!(matches!(store.open(&first).await.unwrap(), OpenedOrder::Known(known) if known.abandoned));

    let mut paid = StoredOrder { ask_at: None, ..order(2) };
    paid.standing.state = OrderState::Paid;
    opened(&*store, paid).await;
    let marked = store.abandon("site-1", "request-2", at).await.unwrap().unwrap();
    assert!(marked.abandoned && marked.ask_at.is_none(), "what is over is not called off");
}

pub async fn a_change_from_an_older_version_changes_nothing(Fresh { store, other, keep: _keep }: Fresh) {
    let old = opened(&*store, order(1)).await;
    assert!(store.receive(&notification("m1", &old.id, "body")).await.unwrap());
    let no = store.inbox(START, 10).await.unwrap()[0].no;
    let mut pending = old.clone();
    pending.standing.state = OrderState::Pending;
    let stored = told(&*store, &pending, &[], START).await;
    assert_eq!(stored.version, old.version + 1);

    let mut late = old.clone();
    late.standing.state = OrderState::Paid;
    let events = [event("order/1/credit", FeedEffect::Credit, 50_000)];
    assert_eq!(other.update(&late, &events, &[no], START).await.unwrap(), Updated::Stale);
    assert_eq!(shown(&read(&*store, &old).await), shown(&stored));
    assert_eq!(store.feed("site-1", 0, 10).await.unwrap().1, 0);
    assert_eq!(store.inbox(START, 10).await.unwrap().len(), 1);
    let unknown = order(9);
    assert_eq!(store.update(&unknown, &[], &[], START).await.unwrap(), Updated::Stale);
}

pub async fn changes_of_many_at_once_all_count(Fresh { store, other, keep: _keep }: Fresh) {
    const TASKS: u32 = 6;
    const CHANGES: u32 = 8;
    let first = opened(&*store, order(1)).await;
    let mut changing = JoinSet::new();
    for task in 0..TASKS {
        let (store, first) = (Arc::clone(if task % 2 == 0 { &store } else { &other }), first.clone());
        changing.spawn(async move {
            for change in 0..CHANGES {
                let events = [event(&format!("{task}/{change}"), FeedEffect::Status, 1)];
                loop {
                    let mut order = read(&*store, &first).await;
                    order.asked += 1;
                    if store.update(&order, &events, &[], START).await.unwrap() == Updated::Done {
                        break;
                    }
                }
            }
        });
    }
    changing.join_all().await;
    let last = read(&*store, &first).await;
    assert_eq!((last.asked, last.version), (TASKS * CHANGES, u64::from(TASKS * CHANGES)));
    let expected: Vec<u64> = (1..=u64::from(TASKS * CHANGES)).collect();
    assert_eq!(seqs(&*store, "site-1").await, expected);
}

pub async fn numbers_of_a_feed_have_no_gaps_and_no_holes(Fresh { store, other, keep: _keep }: Fresh) {
    const ORDERS: u32 = 6;
    const EVENTS: u64 = 6;
    let mut telling = JoinSet::new();
    for n in 0..ORDERS {
        let store = Arc::clone(if n % 2 == 0 { &store } else { &other });
        let site = if n % 3 == 0 { "site-2" } else { "site-1" };
        telling.spawn(async move {
            let mut order = opened(&*store, order_of(site, n)).await;
            for k in 0..EVENTS {
                let events = [event(&format!("{n}/{k}"), FeedEffect::Status, k)];
                order = told(&*store, &order, &events, START).await;
            }
        });
    }
    let reader = Arc::clone(&other);
    let reading = tokio::spawn(async move {
        let mut cursor = 0;
        while cursor < u64::from(ORDERS) * 2 / 3 * EVENTS {
            let fed = reader.fed("site-1");
            let (items, last) = reader.feed("site-1", cursor, 5).await.unwrap();
            if items.is_empty() {
                fed.await;
            }
            for item in items {
                assert_eq!(item.seq, cursor + 1, "a number came after a higher one, or never");
                cursor = item.seq;
            }
            assert!(last >= cursor);
        }
    });
    telling.join_all().await;
    timeout(DEADLINE, reading).await.unwrap().unwrap();
    assert_eq!(seqs(&*store, "site-2").await, (1..=2 * EVENTS).collect::<Vec<_>>());
}

pub async fn a_name_is_told_once_for_good(Fresh { store, other, keep: _keep }: Fresh) {
    let order = opened(&*store, order(1)).await;
    let name = credit_event(&order.id);
    let once = told(&*store, &order, &[event(&name, FeedEffect::Credit, 50_000)], START).await;
    let before = format!("{:?}", store.feed("site-1", 0, 10).await.unwrap());
    let twice = [event(&name, FeedEffect::Credit, 1), event(&name, FeedEffect::Review, 1)];
    let again = told(&*other, &once, &twice, after(5)).await;
    assert_eq!(again.version, once.version + 1, "the change itself counts");
    assert_eq!(format!("{:?}", store.feed("site-1", 0, 10).await.unwrap()), before);
    told(&*store, &again, &[event("new", FeedEffect::Status, 1)], START).await;
    assert_eq!(seqs(&*store, "site-1").await, [1, 2], "no number was lost to it");
}

pub async fn an_item_says_what_was_so_when_it_was_told(Fresh { store, other, keep: _keep }: Fresh) {
    let mut order = opened(&*store, order(1)).await;
    order.standing.state = OrderState::Paid;
    order.paid_at = Some(after(100));
    let order = told(&*store, &order, &[event("c", FeedEffect::Credit, 50_000)], after(200)).await;
    let mut back = order.clone();
    back.standing.state = OrderState::PartiallyRefunded;
    back.standing.flags.insert(Flag::PartialRefund);
    back.standing.refunds = [("a".to_owned(), Rupiah(1000)), ("b".to_owned(), Rupiah(500))].into();
    let [a, b] = ["a", "b"].map(|key| reverse_event(&order.id, key));
    let events = [event(&a, FeedEffect::Reverse, 1000), event(&b, FeedEffect::Reverse, 500)];
    told(&*store, &back, &events, after(300)).await;

    let (items, _) = other.feed("site-1", 0, 10).await.unwrap();
    let facts: Vec<_> = items
        .iter()
        .map(|i| (i.seq, i.event_id.as_str(), i.effect, i.status, i.flags.len(), i.amount_rp, i.refunded_rp))
        .collect();
    let refunded = OrderState::PartiallyRefunded;
    assert_eq!(
        facts,
        [
            (1, "c", FeedEffect::Credit, OrderState::Paid, 0, 50_000, 0),
            (2, a.as_str(), FeedEffect::Reverse, refunded, 1, 1000, 1000),
            (3, b.as_str(), FeedEffect::Reverse, refunded, 1, 500, 1500),
        ]
    );
    for item in &items {
        assert_eq!((&item.order_id, &item.request_id), (&order.id, &order.request_id));
        assert_eq!(item.memo.as_ref().unwrap().get(), "{\"v\": 1,\"n\":1}");
        assert_eq!(item.method, Some(OnlineMethod::Qris));
        assert_eq!(item.paid_at, Some(rfc3339(after(100))));
    }
    assert_eq!([0, 2].map(|i: usize| items[i].at.clone()), [200, 300].map(|ms| rfc3339(after(ms))));
}

pub async fn a_page_of_the_feed_has_its_bounds(Fresh { store, other: _, keep: _keep }: Fresh) {
    let mut order = opened(&*store, order(1)).await;
    for n in 0..5 {
        order = told(&*store, &order, &[event(&format!("e{n}"), FeedEffect::Status, n)], START).await;
    }
    for (after, limit, expected) in
        [(0, 2, vec![1, 2]), (2, 2, vec![3, 4]), (4, 2, vec![5]), (5, 2, vec![]), (99, 2, vec![])]
    {
        let (items, last) = store.feed("site-1", after, limit).await.unwrap();
        assert_eq!(items.iter().map(|item| item.seq).collect::<Vec<_>>(), expected, "after {after}");
        assert_eq!(last, 5);
    }
    let (items, last) = store.feed("site-1", u64::MAX, 2).await.unwrap();
    assert!(items.is_empty() && last == 5);
}

pub async fn whoever_asked_before_something_was_told_is_woken(Fresh { store, other, keep: _keep }: Fresh) {
    let order = opened(&*store, order(1)).await;
    let mut early = other.fed("site-1");
    assert!(is_pending(&mut early).await);
    let order = told(&*store, &order, &[], START).await;
    assert!(is_pending(&mut early).await, "a change that tells nothing wakes nobody");
    let never_polled = other.fed("site-1");
    let order = told(&*store, &order, &[event("a", FeedEffect::Status, 1)], START).await;
    timeout(DEADLINE, early).await.unwrap();
    timeout(DEADLINE, never_polled).await.unwrap();
    let mut late = store.fed("site-1");
    assert!(is_pending(&mut late).await, "what was told before does not wake");
    told(&*other, &order, &[event("b", FeedEffect::Status, 1)], START).await;
    timeout(DEADLINE, late).await.unwrap();
}

pub async fn nobody_misses_what_is_told_between_reading_and_waiting(
    Fresh { store, other, keep: _keep }: Fresh,
) {
    const EVENTS: u64 = 40;
    let mut order = opened(&*store, order(1)).await;
    let mut readers = JoinSet::new();
    for _ in 0..4 {
        let reader = Arc::clone(&other);
        readers.spawn(async move {
            let mut seen = 0;
            while seen < EVENTS {
                let fed = reader.fed("site-1");
                let (items, _) = reader.feed("site-1", seen, 1).await.unwrap();
                match items.last() {
                    Some(item) => seen = item.seq,
                    None => fed.await,
                }
            }
        });
    }
    for n in 0..EVENTS {
        order = told(&*store, &order, &[event(&format!("e{n}"), FeedEffect::Status, n)], START).await;
    }
    timeout(DEADLINE, readers.join_all()).await.unwrap();
}

pub async fn a_notification_is_kept_once_for_each_merchant(Fresh { store, other, keep: _keep }: Fresh) {
    let id = opened(&*store, order(1)).await.id;
    assert!(store.receive(&notification("m1", &id, "{\"a\": 1}")).await.unwrap());
    let later = NewNotification { at: after(9), ..notification("m1", &id, "{\"a\": 1}") };
    assert!(!other.receive(&later).await.unwrap());
    assert!(store.receive(&notification("m1", &id, "{\"a\":1}")).await.unwrap(), "another body");
    assert!(store.receive(&notification("m2", &id, "{\"a\": 1}")).await.unwrap(), "another merchant");
    // The name of one merchant may be the beginning of another's.
    assert!(store.receive(&notification("m", &id, "1{\"a\": 1}")).await.unwrap());

    // What one process took in is left to it for a while.
    let inbox = other.inbox(after(10_000), 10).await.unwrap();
    let bodies: Vec<&[u8]> = inbox.iter().map(|row| row.body.as_slice()).collect();
    assert_eq!(bodies, [&b"{\"a\": 1}"[..], b"{\"a\":1}"], "only the merchant's own order is known");
    assert!(inbox.iter().all(|row| row.merchant == "m1" && row.order == id && row.at == START));
    assert_eq!(store.inbox(START, 1).await.unwrap().len(), 1);
    let order = read(&*store, &order(1)).await;
    let nos: Vec<u64> = inbox.iter().map(|row| row.no).collect();
    assert_eq!(store.update(&order, &[], &nos, START).await.unwrap(), Updated::Done);
    assert!(!store.receive(&later).await.unwrap(), "a decided one is known too");
    assert!(store.inbox(after(DAY_MS), 10).await.unwrap().is_empty());
}

pub async fn a_stray_may_have_any_name(Fresh { store, other, keep: _keep }: Fresh) {
    // Nothing that a database could shorten to less than it takes in a key.
    let long: String = (0..4000_u32).filter_map(|n| char::from_u32(33 + n * 7919 % 5000)).collect();
    let names = ["", "\0", "a\0b", "'; --", "\u{fffd}", &long];
    for (n, name) in names.iter().enumerate() {
        assert!(store.receive(&notification("m1", name, &n.to_string())).await.unwrap(), "{name}");
        assert!(!other.receive(&notification("m1", name, &n.to_string())).await.unwrap(), "{name}");
    }
    assert_eq!(other.counts().await.unwrap().strays, names.len() as u64);
    assert!(store.inbox(after(DAY_MS), 10).await.unwrap().is_empty());
}

pub async fn a_stray_becomes_due_when_its_order_is_opened(Fresh { store, other, keep: _keep }: Fresh) {
    let id = order(1).id;
    for merchant in ["m1", "m2"] {
        assert!(store.receive(&notification(merchant, &id, "early")).await.unwrap());
    }
    assert!(store.inbox(after(DAY_MS), 10).await.unwrap().is_empty());
    assert_eq!(store.counts().await.unwrap().strays, 2);
    opened(&*other, order(1)).await;
    let inbox = store.inbox(START, 10).await.unwrap();
    assert_eq!(inbox.iter().map(|row| row.merchant.as_str()).collect::<Vec<_>>(), ["m1"]);
    assert_eq!(store.counts().await.unwrap().strays, 1);

    let mut racing = JoinSet::new();
    for n in 10..20 {
        let (store, other) = (Arc::clone(&store), Arc::clone(&other));
        racing.spawn(async move {
            let (order, body) = (order(n), notification("m1", &order(n).id, &n.to_string()));
            let (opened, kept) = tokio::join!(store.open(&order), other.receive(&body));
            assert!(matches!(opened.unwrap(), OpenedOrder::New) && kept.unwrap());
        });
    }
    racing.join_all().await;
    assert_eq!(store.inbox(after(10_000), 100).await.unwrap().len(), 11, "whichever came first, it is due");
}

pub async fn a_notification_waits_until_it_is_due_and_ends_when_decided(
    Fresh { store, other, keep: _keep }: Fresh,
) {
    let order = opened(&*store, order(1)).await;
    for body in ["a", "b"] {
        store.receive(&notification("m1", &order.id, body)).await.unwrap();
    }
    assert!(store.inbox(after(-1), 10).await.unwrap().is_empty());
    let [a, b] = &store.inbox(START, 10).await.unwrap()[..] else { panic!("two are due") };
    assert_eq!((a.attempts, a.body.as_slice()), (0, &b"a"[..]));
    store.postpone(a.no, after(60_000)).await.unwrap();
    let due = other.inbox(after(59_999), 10).await.unwrap();
    assert_eq!(due.iter().map(|row| row.no).collect::<Vec<_>>(), [b.no]);
    let due = store.inbox(after(60_000), 10).await.unwrap();
    assert_eq!(due.iter().map(|row| (row.no, row.attempts)).collect::<Vec<_>>(), [(a.no, 1), (b.no, 0)]);

    assert_eq!(store.update(&order, &[], &[a.no, b.no], START).await.unwrap(), Updated::Done);
    store.postpone(a.no, START).await.unwrap();
    assert!(store.inbox(after(DAY_MS), 10).await.unwrap().is_empty(), "decided is over");
}

pub async fn orders_are_asked_about_in_the_order_they_are_due(Fresh { store, other, keep: _keep }: Fresh) {
    for (n, ask_at) in [(1, Some(300)), (2, Some(100)), (3, None), (4, Some(200)), (5, Some(400))] {
        opened(&*store, StoredOrder { ask_at: ask_at.map(after), ..order(n) }).await;
    }
    let due = async |now, limit| {
        let due = other.due(after(now), limit).await.unwrap();
        due.iter().map(|order| order.request_id.clone()).collect::<Vec<_>>()
    };
    assert!(due(99, 10).await.is_empty());
    assert_eq!(due(300, 10).await, ["request-2", "request-4", "request-1"]);
    assert_eq!(due(300, 2).await, ["request-2", "request-4"]);
    let mut asked = read(&*store, &order(2)).await;
    (asked.ask_at, asked.asked) = (None, 1);
    let asked = told(&*store, &asked, &[], START).await;
    assert_eq!((asked.ask_at, asked.asked), (None, 1));
    assert_eq!(due(300, 10).await, ["request-4", "request-1"]);
}

pub async fn everything_that_may_change_is_asked_about_after_a_restore(
    Fresh { store, other, keep: _keep }: Fresh,
) {
    let now = after(100 * DAY_MS);
    let rows = [
        (1, OrderState::Pending, 0, None, true),
        (2, OrderState::Paid, 99, None, true),
        (3, OrderState::Expired, 99, None, true),
        (4, OrderState::Review, 99, None, true),
        (5, OrderState::Paid, 1, None, false),
        (6, OrderState::Paid, 1, Some(200), true),
        (7, OrderState::Refunded, 99, None, false),
        (8, OrderState::Created, 0, Some(200), true),
    ];
    for (n, state, day, ask_day, _) in rows {
        let at = |day: i64| after(day * DAY_MS);
        let mut order = StoredOrder { created_at: at(day), ask_at: ask_day.map(at), asked: 7, ..order(n) };
        order.standing.state = state;
        opened(&*store, order).await;
    }
    let expected: Vec<String> =
        rows.iter().filter(|row| row.4).map(|row| format!("request-{}", row.0)).collect();
    assert_eq!(store.ask_all(now).await.unwrap(), expected.len() as u64);
    let due = other.due(now, 100).await.unwrap();
    assert_eq!(due.iter().map(|order| order.request_id.clone()).collect::<Vec<_>>(), expected);
    assert!(due.iter().all(|order| order.asked == 0 && order.ask_at == Some(now) && order.version == 1));
}

pub async fn orders_of_a_state_come_newest_first(Fresh { store, other, keep: _keep }: Fresh) {
    for (n, state) in [(1, OrderState::Review), (2, OrderState::Paid), (3, OrderState::Review)] {
        let mut order = order(n);
        order.standing.state = state;
        opened(&*store, order).await;
    }
    let ids = |rows: Vec<StoredOrder>| rows.into_iter().map(|order| order.request_id).collect::<Vec<_>>();
    assert_eq!(ids(other.in_state(OrderState::Review, 10).await.unwrap()), ["request-3", "request-1"]);
    assert_eq!(ids(other.in_state(OrderState::Review, 1).await.unwrap()), ["request-3"]);
    assert!(store.in_state(OrderState::Failed, 10).await.unwrap().is_empty());
}

pub async fn what_waits_is_counted(Fresh { store, other, keep: _keep }: Fresh) {
    assert_eq!(store.counts().await.unwrap(), StoreCounts::default());
    let states = [OrderState::Created, OrderState::Pending, OrderState::Challenge, OrderState::Review];
    for (n, state) in (1..).zip(states.into_iter().chain([OrderState::Paid, OrderState::Review])) {
        let mut order = order(n);
        order.standing.state = state;
        if n == 2 {
            order.standing.flags.insert(Flag::ChargeUnknown);
        }
        opened(&*store, order).await;
    }
    for (n, order_no) in [(3, 1), (2, 1), (1, 99)] {
        let one = notification("m1", &order(order_no).id, &n.to_string());
        store.receive(&NewNotification { at: after(n), ..one }).await.unwrap();
    }
    let expected = StoreCounts {
        open_orders: 3,
        unknown_charges: 1,
        reviews: 2,
        inbox: 2,
        inbox_oldest_ms: Some(after(2).0),
        strays: 1,
    };
    assert_eq!(other.counts().await.unwrap(), expected);
}

/// An order that is over, with one event reported at `at`.
async fn over(store: &dyn RelayStore, n: u32, at: Timestamp) -> StoredOrder {
    let mut order = opened(store, StoredOrder { ask_at: None, ..order(n) }).await;
    order.standing.state = OrderState::Paid;
    told(store, &order, &[event(&credit_event(&order.id), FeedEffect::Credit, 50_000)], at).await
}

pub async fn old_items_are_dropped_and_the_feed_goes_on(Fresh { store, other, keep: _keep }: Fresh) {
    let (old, young) = (after(0), after(10 * DAY_MS));
    let order = over(&*store, 1, old).await;
    over(&*store, 2, young).await;
    for (id, body, at) in
        [(&order.id, "old", old), (&order.id, "young", young), (&"nobody".to_owned(), "stray", old)]
    {
        store.receive(&NewNotification { at, ..notification("m1", id, body) }).await.unwrap();
    }
    let waiting = store.inbox(young, 10).await.unwrap();
    assert_eq!(store.prune(after(5 * DAY_MS)).await.unwrap(), 2, "one item, one stray");
    assert_eq!(store.inbox(young, 10).await.unwrap(), waiting, "what is not decided stays");
    let nos: Vec<u64> = waiting.iter().map(|row| row.no).collect();
    assert_eq!(store.update(&order, &[], &nos, young).await.unwrap(), Updated::Done);
    assert_eq!(other.prune(after(5 * DAY_MS)).await.unwrap(), 1, "the old decided notification");

    let (items, last) = other.feed("site-1", 0, 10).await.unwrap();
    assert_eq!((items.len(), items[0].seq, last), (1, 2, 2));
    let order = read(&*store, &order).await;
    let again = [event(&credit_event(&order.id), FeedEffect::Credit, 50_000)];
    told(&*store, &order, &again, young).await;
    assert_eq!(store.feed("site-1", 0, 10).await.unwrap().1, 2, "a dropped name is still used");
    over(&*store, 3, young).await;
    assert_eq!(seqs(&*store, "site-1").await, [2, 3]);
    assert_eq!(store.prune(after(20 * DAY_MS)).await.unwrap(), 3, "two items, one notification");
    assert_eq!(store.feed("site-1", 0, 10).await.unwrap().1, 3, "numbers do not begin anew");
    over(&*store, 4, young).await;
    assert_eq!(seqs(&*store, "site-1").await, [4]);
}

pub async fn a_feed_is_dropped_from_its_beginning_only(Fresh { store, other, keep: _keep }: Fresh) {
    let before = after(5 * DAY_MS);
    over(&*store, 1, START).await;
    let waiting = opened(&*store, order(2)).await;
    let waiting = told(&*store, &waiting, &[event("waiting", FeedEffect::Status, 1)], START).await;
    over(&*store, 3, START).await;
    assert_eq!(store.prune(before).await.unwrap(), 1);
    assert_eq!(seqs(&*other, "site-1").await, [2, 3], "an order that is not over holds what follows it");
    let mut ended = waiting;
    (ended.standing.state, ended.ask_at) = (OrderState::Expired, None);
    told(&*store, &ended, &[], START).await;
    assert_eq!(other.prune(before).await.unwrap(), 2);
    assert!(seqs(&*store, "site-1").await.is_empty());
    assert!(store.order("m1", &order(1).id).await.unwrap().is_some(), "orders stay");
}

pub async fn a_well_store_can_be_written(Fresh { store, other, keep: _keep }: Fresh) {
    store.check().await.unwrap();
    other.check().await.unwrap();
    assert_eq!(store.failed(), None);
}
