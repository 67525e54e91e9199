//! What customers do for themselves: name and remove their devices, change their PIN, ask for help; and what they read while
//! the router is away.

use std::net::Ipv4Addr;
use std::time::Duration;

use kuota::domain::id::Mac;
use serde_json::{Value, json};

use crate::support::console_client::ConsoleClient;
use crate::support::payment_site::{MAC, PaymentSite};
use crate::support::portal_client::PortalClient;

const TABLET: Mac = Mac([2, 0, 0, 0, 0, 5]);

async fn devices(site: &PaymentSite) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let customer = site.customer().await;
    customer["devices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(&one["mac"]), text(&one["label"])))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_names_and_removes_their_own_devices_and_no_others() {
    let site = PaymentSite::start().await;
    let tablet = json!({"mac": TABLET.to_string(), "label": "Tablet"});
    site.post(&format!("{}/devices", site.user), tablet).await.ok(201);
    let other = site.user("Siti").await;
    let foreign = Mac([2, 0, 0, 0, 0, 6]);
    site.post(&format!("{other}/devices"), json!({"mac": foreign.to_string()})).await.ok(201);
    let phone = PortalClient::of(&site).await;
    phone.get("/").await.ok().says("Atur perangkat");
    let page = phone.get("/perangkat").await;
    page.ok().says("Tablet").says("perangkat ini").says_nothing_of(&foreign.to_string());
    let named = phone.fill("/perangkat", &format!("/perangkat/{MAC}/nama"), &[("nama", "HP <b>Ibu")]).await;
    assert_eq!(named.leads_to(), "/perangkat");
    let page = phone.get("/perangkat").await;
    page.says("HP &#60;b&#62;Ibu");
    assert!(!page.text.contains("<b>Ibu"));
    let long = "x".repeat(41);
    let refused = phone.fill("/perangkat", &format!("/perangkat/{MAC}/nama"), &[("nama", &long)]).await;
    assert_eq!(refused.status, 422);
    refused.says("paling banyak 40 huruf");
    let mut fields = phone.get("/perangkat").await.form(&format!("/perangkat/{TABLET}/lepas"));
    let of_another = phone.post(&format!("/perangkat/{foreign}/lepas"), &fields).await;
    assert_eq!(of_another.status, 404);
    fields.insert("nama".into(), "milik saya".into());
    assert_eq!(phone.post(&format!("/perangkat/{foreign}/nama"), &fields).await.status, 404);
    let removed = phone.fill("/perangkat", &format!("/perangkat/{TABLET}/lepas"), &[]).await;
    assert_eq!(removed.leads_to(), "/perangkat");
    assert_eq!(devices(&site).await, [(MAC.to_string(), "HP <b>Ibu".to_owned())]);
    let audit = site.get("/audit?limit=5").await.ok(200).to_string();
    assert!(audit.contains("device.unbind") && audit.contains("127.0.0.1"), "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_is_changed_by_whoever_knows_the_old_one() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    let change = async |old: &str, new: &str, again: &str| {
        let mut fields = phone.get("/pin").await.form("/pin");
        let typed = [("password", old), ("pin", new), ("pin_lagi", again)];
        fields.extend(typed.map(|(name, value)| (name.to_owned(), value.to_owned())));
        phone.post("/pin", &fields).await
    };
    assert_eq!(change("", "275310", "275310").await.leads_to(), "/pin?ganti=ya");
    phone.get("/pin?ganti=ya").await.ok().says("PIN sudah diganti.").says("PIN sekarang");
    for (old, new, again, status, says) in [
        ("275310", "12345", "12345", 422, "PIN terdiri dari 6 angka."),
        ("275310", "123456", "123456", 422, "PIN ini mudah ditebak."),
        ("275310", "170895", "170895", 422, "PIN ini mudah ditebak."),
        ("275310", "864209", "864208", 422, "Kedua PIN tidak sama."),
        ("000000", "864209", "864209", 401, "PIN sekarang salah."),
    ] {
        let refused = change(old, new, again).await;
        assert_eq!(refused.status, status, "{says}");
        refused.says(says);
        assert!(!refused.text.contains(new) && !refused.text.contains(old));
    }
    assert_eq!(change("275310", "864209", "864209").await.leads_to(), "/pin?ganti=ya");
    for _ in 0..5 {
        change("000000", "831746", "831746").await;
    }
    assert_eq!(change("864209", "831746", "831746").await.status, 429, "guessing is slow");
}

#[tokio::test(flavor = "multi_thread")]
async fn help_that_is_asked_for_waits_at_the_desk_until_somebody_answers() {
    let mut site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    phone.get("/").await.ok().says("Minta bantuan");
    assert_eq!(
        phone.fill("/bantuan", "/bantuan", &[("pesan", "Internet <b>mati")]).await.leads_to(),
        "/bantuan"
    );
    let page = phone.get("/bantuan").await;
    page.ok().says("menunggu pengelola.").says("Pesan Anda: Internet &#60;b&#62;mati");
    page.says_nothing_of("Minta bantuan Minta bantuan");
    let owner = ConsoleClient::owner(&site).await;
    owner.open("/bantuan").await.says("Budi").says("Internet <b>mati").says("Selesai");
    // What waits is known again after a start.
    site.restart().await;
    site.agent().cycle.meter_once().await.unwrap();
    let phone = PortalClient::at(&site);
    let long = "x".repeat(201);
    let refused = phone.fill("/bantuan", "/bantuan", &[("pesan", &long)]).await;
    assert_eq!(refused.status, 422);
    for _ in 0..4 {
        phone.fill("/bantuan", "/bantuan", &[("pesan", "lagi")]).await;
    }
    let owner = ConsoleClient::owner(&site).await;
    let page = owner.open("/bantuan").await;
    page.says("lagi").hides("Internet <b>mati");
    assert_eq!(page.html.matches("/selesai").count(), 1, "one for each device");
    // A device that is nobody's any more shows neither a customer's words nor a customer's menu.
    let removed = phone.fill("/perangkat", &format!("/perangkat/{MAC}/lepas"), &[]).await;
    assert_eq!(removed.leads_to(), "/perangkat");
    site.agent().cycle.meter_once().await.unwrap();
    let page = phone.get("/bantuan").await;
    page.ok().says("menunggu pengelola").says_nothing_of("Pesan Anda");
    assert!(!page.text.contains("href=\"/lunasi\""), "{}", page.text);
    for _ in 0..3 {
        phone.fill("/bantuan", "/bantuan", &[("pesan", "lagi")]).await;
    }
    assert_eq!(phone.fill("/bantuan", "/bantuan", &[("pesan", "lagi")]).await.status, 429);
    owner.does(&format!("/bantuan/{MAC}/selesai"), &[]).await.says("Tidak ada yang menunggu.");
    phone.get("/bantuan").await.ok().says_nothing_of("menunggu pengelola");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_is_away_is_named_and_no_phone_is_blamed() {
    let site = PaymentSite::start().await;
    let stranger = PortalClient::at(&site).from(Ipv4Addr::new(127, 0, 0, 7));
    stranger.get("/masuk").await.ok().says("Perangkat ini belum terlihat di hotspot");
    site.sim.stop().await;
    site.pass(Duration::from_mins(2));
    let _ = site.agent().cycle.meter_once().await;
    for path in ["/", "/masuk", "/bantuan"] {
        let page = stranger.get(path).await;
        page.ok().says("Router tidak terlihat").says("Ini bukan karena HP Anda");
        page.says_nothing_of("belum terdaftar").says_nothing_of("Sambungkan dulu");
    }
}
