//! Devices that the router has and the restored data has not: at the dashboard, on their page, in the API, and both ways out.

use std::net::Ipv4Addr;

use axum::http::Method;
use kuota::agent::engine::Actor;
use kuota::domain::id::Mac;
use serde_json::json;

use crate::support::console_client::ConsoleClient;
use crate::support::payment_site::PaymentSite;
use crate::support::site::{BINDINGS, LISTS};

/// The place of the page.
const PLACE: &str = "/perangkat/sebelum-pemulihan";
/// Of a customer whom the data knows, and of one whom it does not.
const KNOWN: Mac = Mac([2, 0, 0, 0, 0, 31]);
const STRANGER: Mac = Mac([2, 0, 0, 0, 0, 32]);
const GONE: &str = "00000000-0000-4000-8000-0000000000aa";

fn desk(site: &PaymentSite) -> String {
    site.user.replace("/users/", "/pelanggan/")
}

/// A device with its rows, as the machine before left them.
fn left_on_router(site: &PaymentSite, device: Mac, owner: &str, list: &str) {
    let mac = device.to_string();
    let address = Ipv4Addr::new(10, 5, 50, device.0[5]);
    site.sim.host_connect(device, address);
    let comment = format!("kuota:{owner}");
    let binding = [("mac-address", mac.as_str()), ("type", "bypassed"), ("comment", &comment)];
    site.sim.hand_add(BINDINGS, &binding).unwrap();
    let listing = [("list", list), ("address", &address.to_string()), ("comment", &comment)];
    site.sim.hand_add(LISTS, &listing).unwrap();
}

/// A site that was taken over, with two devices of after the copy.
async fn taken_over() -> PaymentSite {
    let site = PaymentSite::start().await;
    site.cycle().await.unwrap();
    left_on_router(&site, KNOWN, site.user.rsplit('/').next().unwrap(), "klient_aktif");
    left_on_router(&site, STRANGER, GONE, "klient_fup");
    site.engine(|engine| {
        let next = engine.instance().next(7);
        engine.take_site_over(&Actor::daemon(), next).unwrap();
    })
    .await;
    site.cycle().await.unwrap();
    site
}

fn is_on_router(site: &PaymentSite, device: Mac) -> bool {
    site.bindings().iter().any(|(mac, _)| *mac == device.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_of_before_the_restore_wait_at_the_desk_and_are_bound_or_released_there() {
    let site = taken_over().await;
    let owner = ConsoleClient::owner(&site).await;
    let home = owner.open("/").await;
    home.says("2 perangkat di router tidak ada di data yang dipulihkan");
    assert!(home.html.contains(&format!("href=\"{PLACE}\"")), "{}", home.html);
    let page = owner.open(PLACE).await;
    page.says("tidak dihitung").says(&KNOWN.to_string()).says("10.5.50.32").says("Pasang ke Budi");
    page.says(&format!("{GONE} (tidak ada di data)"));
    owner.open("/perangkat").await.says("dari sebelum pemulihan");
    owner.open(&format!("/perangkat/{STRANGER}")).await.says("pemakaiannya tidak dihitung");
    owner.in_english().open(PLACE).await.says("Devices from before the restore");

    // Whoever only looks sees them and no way to change them.
    let viewer = ConsoleClient::of(&site, "tamu", "viewer").await;
    let seen = viewer.open(PLACE).await;
    assert!(!seen.html.contains("/lepas") && !seen.html.contains("/pasang"), "{}", seen.html);
    assert_eq!(viewer.get(&format!("{PLACE}/{STRANGER}/lepas")).await.status, 403);

    let bind = format!("{}/perangkat/{KNOWN}/pasang?ke={PLACE}", desk(&site));
    assert!(page.html.contains(&bind), "{}", page.html);
    owner.does(&bind, &[]).await.says("Sudah dilakukan: Pasang perangkat").hides("Pasang ke Budi");
    let shown = owner.open(&format!("{PLACE}/{STRANGER}/lepas")).await;
    shown.says("Aksesnya berakhir").says(GONE);
    let done = owner.sure(&shown).await;
    assert_eq!((done.status, done.to.split('?').next()), (303, Some(PLACE)));
    owner.open(&done.to).await.says("Sudah dilakukan: Lepas perangkat").says("ada di data");
    site.cycle().await.unwrap();
    assert!(is_on_router(&site, KNOWN) && !is_on_router(&site, STRANGER));
    owner.open("/").await.hides("data yang dipulihkan");
    assert_eq!(owner.get(&format!("{PLACE}/{STRANGER}/lepas")).await.status, 404);
    let audit = owner.open("/catatan").await;
    audit.says("menemukan perangkat di router").says("memasang perangkat dari sebelum pemulihan pada");
    audit.says("melepas perangkat").says(&STRANGER.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_lists_orphans_and_releases_them() {
    let site = taken_over().await;
    let all = site.get("/orphans").await.ok(200);
    let items = all["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{all}");
    assert_eq!(items[0]["user_id"].as_str(), site.user.rsplit('/').next());
    let stranger = &items[1];
    assert_eq!((&stranger["owner"], &stranger["user_id"]), (&json!(GONE), &json!(null)));
    assert_eq!((&stranger["list"], &stranger["binding"]), (&json!("fup"), &json!("bypassed")));
    let first = site.get("/orphans?limit=1").await.ok(200);
    let after = first["next"].as_str().unwrap();
    let rest = site.get(&format!("/orphans?limit=1&after={after}")).await.ok(200);
    assert_eq!((rest["items"][0]["mac"].clone(), &rest["next"]), (json!(STRANGER.to_string()), &json!(null)));
    site.as_cashier(Method::GET, "/orphans").send().await.ok(200);
    site.as_cashier(Method::DELETE, &format!("/orphans/{STRANGER}")).send().await.problem(403, "role");
    site.delete(&format!("/orphans/{STRANGER}")).await.ok(204);
    site.delete(&format!("/orphans/{STRANGER}")).await.problem(404, "not_found");
    site.cycle().await.unwrap();
    assert!(is_on_router(&site, KNOWN) && !is_on_router(&site, STRANGER));
    assert_eq!(site.get("/orphans").await.ok(200)["items"].as_array().unwrap().len(), 1);
}
