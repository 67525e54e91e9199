//! Demands about merchants and sites; see the module above.

use super::*;
use crate::midtrans::GatewayEnvironment;
use crate::relay::store::directory::{
    DISABLED_BEFORE_REMOVAL_MS, MerchantEntry, SiteEntry, SiteState, StoredMerchant, StoredSite,
};

fn merchant(id: &str) -> StoredMerchant {
    let entry = MerchantEntry {
        id: id.to_owned(),
        environment: GatewayEnvironment::Production,
        account: Some("G1".to_owned()),
        fee_imposition: true,
        core_url: Some("https://core.example".to_owned()),
        snap_url: None,
    };
    StoredMerchant { entry, keys: vec![vec![2], vec![1]], created_at: START }
}

fn site(id: &str, merchant: &str, token: u8) -> SiteEntry {
    SiteEntry {
        id: id.to_owned(),
        merchant: merchant.to_owned(),
        token_sha256: Some([token; 32]),
        state: SiteState::Enabled,
    }
}

fn set(site: &str, state: SiteState) -> DirectoryChange {
    DirectoryChange::SetState { site: site.to_owned(), state }
}

async fn change(
    store: &dyn RelayStore,
    change: DirectoryChange,
    at: Timestamp,
) -> Result<(), DirectoryRefusal> {
    let before = store.directory().await.unwrap();
    let changed = store.change_directory(&change, &LogAuthor::command(at)).await.unwrap();
    let now = store.directory().await.unwrap();
    match changed {
        Ok(()) => assert_ne!(before.version, now.version, "a change has a name of its own"),
        Err(_) => assert_eq!(before, now, "what is refused changes nothing"),
    }
    changed
}

pub async fn what_is_added_to_the_directory_comes_back(Fresh { store, other, keep: _keep }: Fresh) {
    assert_eq!(store.directory().await.unwrap(), StoredDirectory::default());
    for id in ["m-2", "m-1"] {
        change(&*store, DirectoryChange::AddMerchant(merchant(id)), START).await.unwrap();
    }
    for (id, token) in [("B", 2), ("a", 1)] {
        change(&*store, DirectoryChange::AddSite(site(id, "m-1", token)), after(5)).await.unwrap();
    }
    let read = other.directory().await.unwrap();
    assert_eq!(read.merchants, [merchant("m-1"), merchant("m-2")]);
    let stored = |entry| StoredSite { entry, created_at: after(5), changed_at: after(5) };
    assert_eq!(read.sites, [stored(site("B", "m-1", 2)), stored(site("a", "m-1", 1))]);
}

pub async fn ids_and_tokens_of_the_directory_are_taken_once(Fresh { store, other, keep: _keep }: Fresh) {
    change(&*store, DirectoryChange::AddMerchant(merchant("m")), START).await.unwrap();
    change(&*store, DirectoryChange::AddSite(site("s", "m", 1)), START).await.unwrap();
    let taken = [
        (DirectoryChange::AddMerchant(merchant("m")), DirectoryRefusal::Taken),
        (DirectoryChange::AddSite(site("s", "m", 9)), DirectoryRefusal::Taken),
        (DirectoryChange::AddSite(site("t", "m", 1)), DirectoryRefusal::TokenTaken),
    ];
    for (wanted, refusal) in taken {
        assert_eq!(change(&*other, wanted, after(1)).await, Err(refusal));
    }
    let of = |token: u8| DirectoryChange::SetToken { site: "s".to_owned(), token_sha256: [token; 32] };
    change(&*other, of(2), after(2)).await.unwrap();
    change(&*store, DirectoryChange::AddSite(site("t", "m", 1)), after(3)).await.unwrap();
    assert_eq!(change(&*store, of(1), after(4)).await, Err(DirectoryRefusal::TokenTaken));
    let unknown = DirectoryChange::SetToken { site: "u".to_owned(), token_sha256: [7; 32] };
    assert_eq!(change(&*store, unknown, after(4)).await, Err(DirectoryRefusal::Unknown));
}

pub async fn so_many_keys_of_a_merchant_are_kept(Fresh { store, other, keep: _keep }: Fresh) {
    let add = |key: u8| DirectoryChange::AddKey { merchant: "m".to_owned(), sealed: vec![key], kept_max: 3 };
    assert_eq!(change(&*store, add(3), START).await, Err(DirectoryRefusal::Unknown));
    change(&*store, DirectoryChange::AddMerchant(merchant("m")), START).await.unwrap();
    for key in 3..=5 {
        change(&*store, add(key), after(1)).await.unwrap();
    }
    let read = other.directory().await.unwrap();
    assert_eq!(read.merchants[0].keys, [vec![5], vec![4], vec![3]], "the newest first");
}

pub async fn a_site_is_removed_for_good_once_nothing_of_it_can_be_paid(
    Fresh { store, other, keep: _keep }: Fresh,
) {
    let own = |n| StoredOrder { merchant: "m".to_owned(), ..order_of("s", n) };
    let mut waiting = opened(&*store, own(1)).await;
    change(&*store, DirectoryChange::AddSite(site("s", "m", 1)), START).await.unwrap();
    let remove = || set("s", SiteState::Removed);
    assert_eq!(change(&*store, remove(), after(1)).await, Err(DirectoryRefusal::NotDisabled));
    change(&*store, set("s", SiteState::Disabled), after(2)).await.unwrap();
    let much_later = after(DISABLED_BEFORE_REMOVAL_MS + 2);
    assert_eq!(change(&*other, remove(), much_later).await, Err(DirectoryRefusal::OpenOrders(1)));
    waiting.standing.state = OrderState::Expired;
    assert_eq!(store.update(&waiting, &[], &[], after(3)).await.unwrap(), Updated::Done);
    let early = after(DISABLED_BEFORE_REMOVAL_MS + 1);
    assert_eq!(change(&*store, remove(), early).await, Err(DirectoryRefusal::JustDisabled));
    change(&*store, set("s", SiteState::Enabled), after(4)).await.unwrap();
    change(&*store, set("s", SiteState::Disabled), after(2)).await.unwrap();
    change(&*store, remove(), much_later).await.unwrap();
    let gone = [
        set("s", SiteState::Enabled),
        DirectoryChange::AddSite(site("s", "m", 1)),
        DirectoryChange::SetToken { site: "s".to_owned(), token_sha256: [2; 32] },
    ];
    for wanted in gone {
        assert_eq!(change(&*store, wanted, much_later).await, Err(DirectoryRefusal::Removed));
    }
    change(&*store, DirectoryChange::AddSite(site("t", "m", 1)), START).await.unwrap();
    assert_eq!(change(&*store, set("u", SiteState::Enabled), START).await, Err(DirectoryRefusal::Unknown));
}

pub async fn a_name_with_orders_stays_with_its_merchant(Fresh { store, other, keep: _keep }: Fresh) {
    let known = opened(&*store, order_of("s", 1)).await;
    let foreign = DirectoryChange::AddSite(site("s", "another", 1));
    assert_eq!(change(&*other, foreign, START).await, Err(DirectoryRefusal::OtherMerchant));
    change(&*other, DirectoryChange::AddSite(site("s", &known.merchant, 1)), START).await.unwrap();
}

pub async fn a_change_of_the_directory_wakes_every_process(Fresh { store, other, keep: _keep }: Fresh) {
    let change = DirectoryChange::AddMerchant(merchant("m"));
    assert!(is_pending(&mut store.directory_changed("")).await, "nothing changed");
    store.change_directory(&change, &LogAuthor::command(START)).await.unwrap().unwrap();
    for one in [&store, &other] {
        timeout(DEADLINE, one.directory_changed("")).await.expect("it is seen");
    }
    let version = store.directory().await.unwrap().version;
    assert!(is_pending(&mut other.directory_changed(&version)).await, "this change is known");
}

pub async fn processes_share_a_merchants_pace(Fresh { store, other, keep: _keep }: Fresh) {
    let each = Duration::from_hours(1);
    let mut waits = Vec::new();
    for one in [&store, &other, &store, &other] {
        waits.push(one.pace("m", each, 3).await.unwrap());
    }
    if waits == [None; 4] {
        // One process has the store: it limits itself.
        return;
    }
    assert_eq!(waits[..3], [Some(Duration::ZERO); 3], "a burst");
    let last = waits[3].unwrap();
    assert!(last > each / 2 && last <= each, "{last:?}");
    assert_eq!(store.pace("n", each, 1).await.unwrap(), Some(Duration::ZERO), "each merchant has its own");
    assert!(store.pace("n", each, 1).await.unwrap().is_some_and(|wait| !wait.is_zero()));
    assert_eq!(
        store.pace("n", Duration::from_nanos(1), 9).await.unwrap(),
        Some(Duration::ZERO),
        "what a clock that was set back left behind is forgotten"
    );
}
