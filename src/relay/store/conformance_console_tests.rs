//! Demands about operators and what their console shows; see the module above.

use super::*;
use crate::domain::role::Role;
use crate::relay::store::directory::{SiteEntry, SiteState};
use crate::relay::store::operators::{
    AcceptedCode, LOG_IN, OperatorChange, OperatorCodes, OperatorLogLine, OperatorRefusal, SessionOpening,
    SessionsEnd, StoredOperator, StoredSession,
};
use crate::relay::store::overview::{Income, OrderPlace, SiteFigures};
use crate::relay::store::presence::SiteSighting;

fn operator(name: &str) -> StoredOperator {
    StoredOperator {
        name: name.to_owned(),
        role: Role::Owner,
        password_hash: "hash-1".to_owned(),
        codes: OperatorCodes::default(),
        created_at: START,
    }
}

fn by(name: &str, ms: i64) -> LogAuthor {
    LogAuthor { name: name.to_owned(), source: "10.0.0.9".to_owned(), at: after(ms) }
}

async fn change(store: &dyn RelayStore, change: OperatorChange, ms: i64) -> Result<(), OperatorRefusal> {
    let before = store.operators().await.unwrap();
    let changed = store.change_operator(&change, &by("budi", ms)).await.unwrap();
    if changed.is_err() {
        assert_eq!(before, store.operators().await.unwrap(), "what is refused changes nothing");
    }
    changed
}

async fn added(store: &dyn RelayStore, names: &[&str]) {
    for name in names {
        change(store, OperatorChange::Add(operator(name)), 0).await.unwrap();
    }
}

async fn codes(store: &dyn RelayStore, name: &str) -> OperatorCodes {
    let all = store.operators().await.unwrap();
    all.into_iter().find(|operator| operator.name == name).unwrap().codes
}

fn session(no: u8, operator: &str, is_full: bool) -> StoredSession {
    let (created_at, expires_at) = (after(i64::from(no)), after(1000));
    StoredSession { sha256: [no; 32], operator: operator.to_owned(), is_full, created_at, expires_at }
}

/// A log-in without a code.
fn half(no: u8, operator: &str) -> SessionOpening {
    let session = session(no, operator, false);
    SessionOpening { session, password_hash: "hash-1".to_owned(), replaces: None, code: None }
}

fn code(secret: &str, step: i64, is_first: bool) -> AcceptedCode {
    AcceptedCode { secret: secret.to_owned(), step, is_first }
}

/// A log-in with a code.
fn full(no: u8, operator: &str, replaces: Option<u8>, code: AcceptedCode) -> SessionOpening {
    let replaces = replaces.map(|no| [no; 32]);
    SessionOpening { session: session(no, operator, true), replaces, code: Some(code), ..half(no, operator) }
}

async fn open(store: &dyn RelayStore, opening: &SessionOpening, ms: i64) -> bool {
    store.open_session(opening, &by(&opening.session.operator, ms)).await.unwrap()
}

async fn is_open(store: &dyn RelayStore, no: u8, ms: i64) -> bool {
    store.session(&[no; 32], after(ms)).await.unwrap().is_some()
}

/// Gives an operator the secret `S` by a first code of step 5, in session `no`.
async fn enrolled(store: &dyn RelayStore, name: &str, no: u8) {
    let begin = OperatorChange::BeginCodes { name: name.to_owned(), pending: "S".to_owned() };
    change(store, begin, 0).await.unwrap();
    assert!(open(store, &full(no, name, None, code("S", 5, true)), 1).await);
}

async fn actions(store: &dyn RelayStore) -> Vec<String> {
    let lines = store.operator_log(None, 100).await.unwrap();
    lines.into_iter().rev().map(|line| format!("{} {} {}", line.action, line.target, line.detail)).collect()
}

pub async fn an_operator_is_added_once_however_the_name_is_written(
    Fresh { store, other, keep: _keep }: Fresh,
) {
    assert!(store.operators().await.unwrap().is_empty());
    added(&*store, &["budi", "Ani"]).await;
    for name in ["budi", "BUDI", "ani"] {
        let again = change(&*other, OperatorChange::Add(operator(name)), 1).await;
        assert_eq!(again, Err(OperatorRefusal::Taken), "{name}");
    }
    let codes = OperatorCodes { secret: Some("S".into()), pending: Some("P".into()), step: Some(7) };
    let whole = StoredOperator { role: Role::Viewer, codes, ..operator("siti") };
    change(&*store, OperatorChange::Add(whole.clone()), 2).await.unwrap();
    assert_eq!(other.operators().await.unwrap(), [operator("Ani"), operator("budi"), whole]);
}

pub async fn what_is_changed_of_an_operator_is_kept_and_logged(Fresh { store, other, keep: _keep }: Fresh) {
    added(&*store, &["budi", "siti"]).await;
    let name = || "siti".to_owned();
    let of = |name: String| {
        let pending = "P".to_owned();
        [
            OperatorChange::SetPassword {
                name: name.clone(),
                password_hash: "hash-2".into(),
                kept_session: None,
            },
            OperatorChange::BeginCodes { name: name.clone(), pending },
            OperatorChange::ResetCodes { name: name.clone() },
            OperatorChange::Remove { name },
        ]
    };
    for wanted in of("nobody".to_owned()) {
        assert_eq!(change(&*store, wanted, 1).await, Err(OperatorRefusal::Unknown));
    }
    let [password, begin, reset, remove] = of(name());
    change(&*store, password, 2).await.unwrap();
    change(&*store, begin, 3).await.unwrap();
    let stored = other.operators().await.unwrap();
    assert_eq!((stored[1].password_hash.as_str(), stored[1].codes.pending.as_deref()), ("hash-2", Some("P")));
    assert_eq!(stored[0], operator("budi"), "nobody else is changed");
    change(&*other, reset, 4).await.unwrap();
    assert_eq!(codes(&*store, "siti").await, OperatorCodes::default());
    change(&*store, remove, 5).await.unwrap();
    assert_eq!(store.operators().await.unwrap(), [operator("budi")]);
    let expected = [
        "operator.add budi owner",
        "operator.add siti owner",
        "operator.password siti ",
        "operator.reset_otp siti ",
        "operator.remove siti ",
    ];
    assert_eq!(actions(&*other).await, expected);
    let last = &other.operator_log(None, 1).await.unwrap()[0];
    assert_eq!(last.by, by("budi", 5));
}

pub async fn a_code_opens_one_session_whatever_asks(Fresh { store, other, keep: _keep }: Fresh) {
    added(&*store, &["budi"]).await;
    enrolled(&*store, "budi", 1).await;
    let mut turns = JoinSet::new();
    for no in 10..30 {
        let store = Arc::clone(if no % 2 == 0 { &store } else { &other });
        turns.spawn(async move { open(&*store, &full(no, "budi", None, code("S", 6, false)), 2).await });
    }
    let opened = turns.join_all().await.into_iter().filter(|is_open| *is_open).count();
    assert_eq!(opened, 1, "of one code");
    for (step, is_good) in [(6, false), (5, false), (7, true)] {
        let opening = full(50 + u8::try_from(step).unwrap(), "budi", None, code("S", step, false));
        assert_eq!(open(&*other, &opening, 3).await, is_good, "{step}");
    }
    assert_eq!(store.sessions("budi", after(4)).await.unwrap().len(), 3);
    let log_ins = actions(&*store).await.into_iter().filter(|action| action.starts_with(LOG_IN));
    assert_eq!(log_ins.collect::<Vec<_>>(), ["log_in budi first code", "log_in budi ", "log_in budi "]);
}

pub async fn a_first_code_puts_its_secret_in_force_once(Fresh { store, other, keep: _keep }: Fresh) {
    added(&*store, &["budi"]).await;
    let begin = |secret: &str| OperatorChange::BeginCodes { name: "budi".into(), pending: secret.into() };
    change(&*store, begin("OLD"), 0).await.unwrap();
    change(&*other, begin("S"), 0).await.unwrap();
    let refused = [
        full(1, "budi", None, code("OLD", 9, true)),
        full(1, "budi", None, code("S", 9, false)),
        full(1, "nobody", None, code("S", 9, true)),
    ];
    for opening in refused {
        assert!(!open(&*store, &opening, 1).await);
    }
    let (a, b) = (full(2, "budi", None, code("S", 9, true)), full(3, "budi", None, code("S", 9, true)));
    let (a, b) = tokio::join!(open(&*store, &a, 1), open(&*other, &b, 1));
    assert!(a != b, "one of two has it");
    let kept = OperatorCodes { secret: Some("S".into()), pending: None, step: Some(9) };
    assert_eq!(codes(&*store, "budi").await, kept);
    assert_eq!(change(&*store, begin("NEW"), 2).await, Err(OperatorRefusal::HasCodes));
    assert!(!open(&*store, &full(4, "budi", None, code("S", 9, false)), 2).await, "the first code is used");
}

pub async fn a_session_rests_on_what_it_was_opened_with(Fresh { store, other, keep: _keep }: Fresh) {
    added(&*store, &["budi", "siti"]).await;
    enrolled(&*store, "budi", 1).await;
    assert!(open(&*store, &half(2, "budi"), 1).await && open(&*store, &half(3, "siti"), 1).await);
    let found = other.session(&[2; 32], after(2)).await.unwrap().unwrap();
    assert_eq!((found.0, found.1.name.as_str()), (session(2, "budi", false), "budi"));
    assert_eq!(store.sessions("budi", after(2)).await.unwrap(), [session(1, "budi", true)], "full ones");

    for replaces in [1, 3, 9] {
        let opening = full(20, "budi", Some(replaces), code("S", 6, false));
        assert!(!open(&*store, &opening, 2).await, "{replaces} is not a half one of that operator");
    }
    let of_old = SessionOpening { password_hash: "hash-0".into(), ..half(21, "budi") };
    assert!(!open(&*store, &of_old, 2).await, "the password was changed");
    assert!(
        open(&*other, &full(22, "budi", Some(2), code("S", 6, false)), 2).await,
        "the code is still good"
    );
    assert!(!is_open(&*store, 2, 2).await && is_open(&*store, 22, 2).await);
    assert!(!open(&*store, &full(23, "budi", Some(2), code("S", 7, false)), 3).await, "it was replaced");
    assert!(open(&*store, &full(24, "budi", None, code("S", 7, false)), 3).await);
}

pub async fn a_code_is_taken_once_for_a_change_as_well(Fresh { store, other, keep: _keep }: Fresh) {
    added(&*store, &["budi"]).await;
    enrolled(&*store, "budi", 1).await;
    let take = async |store: &dyn RelayStore, hash: &str, step: i64| {
        store.accept_code("budi", hash, &code("S", step, false)).await.unwrap()
    };
    assert!(!take(&*store, "hash-1", 5).await, "the code of the log-in");
    assert!(!take(&*store, "hash-2", 6).await, "another password");
    let taken = tokio::join!(take(&*store, "hash-1", 6), take(&*other, "hash-1", 6));
    assert!(taken.0 != taken.1, "one of two gets it");
    assert!(!open(&*other, &full(2, "budi", None, code("S", 6, false)), 2).await, "no log-in by it either");
    assert!(take(&*other, "hash-1", 7).await);
    assert!(!store.accept_code("nobody", "hash-1", &code("S", 9, false)).await.unwrap());
}

pub async fn a_session_that_is_used_ends_later(Fresh { store, other, keep: _keep }: Fresh) {
    added(&*store, &["budi"]).await;
    enrolled(&*store, "budi", 1).await;
    store.extend_session(&[1; 32], after(500), after(2000)).await.unwrap();
    assert!(is_open(&*other, 1, 1999).await && !is_open(&*other, 1, 2000).await);
    store.extend_session(&[1; 32], after(600), after(700)).await.unwrap();
    assert!(is_open(&*other, 1, 1999).await, "no earlier end");
    store.extend_session(&[1; 32], after(2000), after(9000)).await.unwrap();
    assert!(!is_open(&*other, 1, 2001).await, "what is over stays over");
    store.extend_session(&[9; 32], after(1), after(9000)).await.unwrap();
}

pub async fn sessions_end_with_time_with_the_password_and_with_the_operator(
    Fresh { store, other, keep: _keep }: Fresh,
) {
    added(&*store, &["budi", "siti"]).await;
    enrolled(&*store, "budi", 1).await;
    enrolled(&*store, "siti", 2).await;
    for no in 3..=5 {
        assert!(open(&*store, &full(no, "budi", None, code("S", i64::from(no) + 10, false)), 2).await);
    }
    let newest: Vec<_> =
        store.sessions("budi", after(9)).await.unwrap().iter().map(|one| one.sha256[0]).collect();
    assert_eq!(newest, [5, 4, 3, 1]);
    assert!(is_open(&*other, 1, 999).await && !is_open(&*other, 1, 1000).await, "its time is over");
    assert!(store.sessions("budi", after(1000)).await.unwrap().is_empty());

    store.end_sessions(&SessionsEnd::One([3; 32]), &by("budi", 3)).await.unwrap();
    let others = SessionsEnd::Others { operator: "budi".into(), kept: [4; 32] };
    other.end_sessions(&others, &by("budi", 4)).await.unwrap();
    let mut left = Vec::new();
    for no in 1..=5 {
        left.push(is_open(&*store, no, 5).await);
    }
    assert_eq!(left, [false, true, false, true, false]);
    assert_eq!(actions(&*store).await.last().unwrap(), "operator.end_sessions budi ");

    assert!(open(&*store, &full(6, "budi", None, code("S", 30, false)), 6).await);
    let kept_session = Some([6; 32]);
    let password =
        OperatorChange::SetPassword { name: "budi".into(), password_hash: "hash-1".into(), kept_session };
    change(&*store, password, 7).await.unwrap();
    assert!(!is_open(&*other, 4, 8).await && is_open(&*other, 6, 8).await);
    change(&*store, OperatorChange::ResetCodes { name: "budi".into() }, 8).await.unwrap();
    assert!(!is_open(&*other, 6, 9).await && is_open(&*other, 2, 9).await);
    change(&*store, OperatorChange::Remove { name: "siti".into() }, 9).await.unwrap();
    assert!(!is_open(&*other, 2, 9).await);
}

pub async fn changes_of_the_directory_are_logged_and_refused_ones_are_not(
    Fresh { store, other, keep: _keep }: Fresh,
) {
    let site = |id: &str| SiteEntry {
        id: id.to_owned(),
        merchant: "m".to_owned(),
        token_sha256: Some([7; 32]),
        state: SiteState::Enabled,
    };
    let set = |state| DirectoryChange::SetState { site: "s".to_owned(), state };
    let add = DirectoryChange::AddSite(site("s"));
    store.change_directory(&add, &by("siti", 3)).await.unwrap().unwrap();
    for refused in [add, set(SiteState::Removed)] {
        store.change_directory(&refused, &by("siti", 4)).await.unwrap().unwrap_err();
    }
    other.change_directory(&set(SiteState::Disabled), &by("budi", 5)).await.unwrap().unwrap();
    let lines = store.operator_log(None, 9).await.unwrap();
    let line = |no, by, action: &str, detail: &str| {
        let (action, target, detail) = (action.to_owned(), "s".to_owned(), detail.to_owned());
        OperatorLogLine { no, by, action, target, detail }
    };
    let expected = [
        line(lines[0].no, by("budi", 5), "site.disable", ""),
        line(lines[1].no, by("siti", 3), "site.add", "m"),
    ];
    assert_eq!(lines, expected);
}

pub async fn the_log_comes_in_pages(Fresh { store, other, keep: _keep }: Fresh) {
    let names: Vec<String> = (0..7).map(|n| format!("n{n}")).collect();
    for name in &names {
        added(&*store, &[name]).await;
    }
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = other.operator_log(before, 3).await.unwrap();
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        before = Some(last.no);
        seen.extend(page.into_iter().map(|line| line.target));
    }
    seen.reverse();
    assert_eq!(seen, names);
}

/// Opens an order and credits it at `ms`, if it is paid.
async fn sold(store: &dyn RelayStore, site: &str, n: u32, paid_ms: Option<i64>) -> StoredOrder {
    let order = opened(store, order_of(site, n)).await;
    let Some(ms) = paid_ms else { return order };
    let mut paid = order.clone();
    paid.standing.state = OrderState::Paid;
    told(store, &paid, &[event(&credit_event(&order.id), FeedEffect::Credit, 50_000)], after(ms)).await
}

pub async fn figures_of_sites_are_those_of_their_orders(Fresh { store, other, keep: _keep }: Fresh) {
    sold(&*store, "a", 1, Some(100)).await;
    let paid = sold(&*store, "a", 2, Some(200)).await;
    let back = event(&reverse_event(&paid.id, "k1"), FeedEffect::Reverse, 20_000);
    told(&*store, &paid, &[back], after(300)).await;
    sold(&*store, "a", 3, None).await;
    let mut unclear = sold(&*store, "a", 4, None).await;
    unclear.standing.state = OrderState::Review;
    told(&*store, &unclear, &[], after(300)).await;
    sold(&*store, "b", 1, Some(200)).await;
    sold(&*store, "c", 1, None).await;

    let sites = ["c", "nowhere", "a"].map(str::to_owned);
    let found = other.site_figures(&sites, after(200)).await.unwrap();
    let income = Income { paid: 1, paid_rp: Rupiah(50_000), returned_rp: Rupiah(20_000) };
    let of = |site: &str| SiteFigures { site: site.to_owned(), ..SiteFigures::default() };
    let expected = [
        SiteFigures { open_orders: 1, ..of("c") },
        of("nowhere"),
        SiteFigures { open_orders: 1, reviews: 1, income, last_seq: 3, ..of("a") },
    ];
    assert_eq!(found, expected);
    assert!(store.site_figures(&[], START).await.unwrap().is_empty());
}

pub async fn income_is_that_of_its_time(Fresh { store, other, keep: _keep }: Fresh) {
    for (n, ms) in [(1, 100), (2, 200), (3, 299), (4, 300)] {
        sold(&*store, if n % 2 == 0 { "a" } else { "b" }, n, Some(ms)).await;
    }
    let paid = sold(&*store, "c", 5, Some(250)).await;
    let back = event(&reverse_event(&paid.id, "k1"), FeedEffect::Reverse, 50_000);
    told(&*store, &paid, &[back], after(260)).await;
    let income = other.income(after(200), after(300)).await.unwrap();
    assert_eq!(income, Income { paid: 3, paid_rp: Rupiah(150_000), returned_rp: Rupiah(50_000) });
    assert_eq!(other.income(after(300), after(300)).await.unwrap(), Income::default());
}

pub async fn orders_of_a_site_come_in_pages_newest_first(Fresh { store, other, keep: _keep }: Fresh) {
    let mut expected = Vec::new();
    for n in 0..7 {
        // Three at one moment.
        let created_at = after(if n < 3 { 1 } else { i64::from(n) });
        let one = StoredOrder { created_at, ..order_of("a", n) };
        expected.push(opened(&*store, one).await.id);
        sold(&*store, "b", n, None).await;
    }
    expected.reverse();
    let (mut seen, mut before): (Vec<String>, Option<OrderPlace>) = (Vec::new(), None);
    loop {
        let page = other.orders_of_site("a", before, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 2 && page.iter().all(|placed| placed.order.site == "a"));
        before = Some(last.place);
        seen.extend(page.into_iter().map(|placed| placed.order.id));
    }
    assert_eq!(seen, expected);
    assert!(store.orders_of_site("nowhere", None, 9).await.unwrap().is_empty());
}

pub async fn the_last_place_asked_for_in_the_feed_is_kept(Fresh { store, other, keep: _keep }: Fresh) {
    let asked = |seen_ms, feed_after| SiteSighting {
        site: "a".to_owned(),
        last_seen_at: after(seen_ms),
        report: None,
        feed_after,
    };
    let rows = [
        (asked(100, Some(7)), 7, "the first"),
        (asked(200, None), 7, "a call that asks for none leaves it"),
        (asked(300, Some(3)), 3, "the last one counts, not the largest"),
        (asked(250, Some(9)), 3, "one from before does not"),
    ];
    for (sighting, expected, why) in rows {
        other.note_sightings(&[sighting], after(1000)).await.unwrap();
        let found = store.presences(&["a".to_owned()]).await.unwrap();
        assert_eq!(found[0].feed_after, Some(expected), "{why}");
    }
}
