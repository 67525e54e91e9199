//! Logging a device in and registering: by number or name and PIN, up to the limit or in the place of the device seen
//! longest ago, and nothing that tells a guesser anything.

use std::net::Ipv4Addr;
use std::time::Duration;

use kuota::agent::config::Registration;
use kuota::domain::id::Mac;
use serde_json::{Value, json};

use crate::support::console_client::without_keys;
use crate::support::payment_site::{MAC, PaymentSite};
use crate::support::portal_client::PortalClient;

const NEW: Mac = Mac([2, 0, 0, 0, 0, 9]);

/// A phone that the router sees and that is nobody's.
async fn stranger(site: &PaymentSite) -> PortalClient {
    site.sim.host_connect(NEW, Ipv4Addr::LOCALHOST);
    site.agent().cycle.meter_once().await.unwrap();
    PortalClient::at(site)
}

/// The customer's PIN, of a customer with this number and name.
async fn pin(site: &PaymentSite) -> String {
    site.patch(&site.user, json!({"phone": "081234567890", "login": "budi"})).await.ok(200);
    let pin = site.post(&format!("{}/pin", site.user), json!({})).await.ok(201);
    pin["pin"].as_str().unwrap().to_owned()
}

async fn devices(site: &PaymentSite) -> Vec<Value> {
    site.customer().await["devices"].as_array().unwrap().iter().map(|device| device["mac"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_knows_number_or_name_and_pin_has_the_device_bound() {
    let site = PaymentSite::start().await;
    let pin = pin(&site).await;
    let phone = stranger(&site).await;
    let spellings = [
        "+62 812-3456-7890",
        "81234567890",
        "(0812) 3456.7890",
        "0062 812 3456 7890",
        "\u{202a}+62 812\u{2011}3456\u{2011}7890\u{202c}",
        "budi",
        "Budi",
    ];
    for who in spellings {
        phone.get("/").await.says("Perangkat ini belum terdaftar");
        let led = phone.fill("/masuk", "/masuk", &[("siapa", who), ("pin", &pin)]).await;
        assert_eq!(led.leads_to(), "/");
        phone.get("/").await.ok().says("Budi");
        assert_eq!(phone.get("/masuk").await.leads_to(), "/", "a known device needs no log-in");
        assert_eq!(devices(&site).await, [json!(MAC.to_string()), json!(NEW.to_string())]);
        site.delete(&format!("{}/devices/{NEW}", site.user)).await;
        site.agent().cycle.meter_once().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_too_many_takes_the_place_of_the_one_seen_longest_ago() {
    let site = PaymentSite::with(|config| config.policy.max_devices_per_user = 2).await;
    let pin = pin(&site).await;
    let old = Mac([2, 0, 0, 0, 0, 5]);
    site.post(&format!("{}/devices", site.user), json!({"mac": old.to_string(), "label": "Tablet <i>"}))
        .await
        .ok(201);
    let phone = stranger(&site).await;
    let led = phone.fill("/masuk", "/masuk", &[("siapa", "budi"), ("pin", &pin)]).await;
    let asked = phone.get(&led.leads_to()).await;
    asked.ok().says("Akun ini sudah memakai 2 perangkat. Ganti Tablet").says("Ganti perangkat");
    assert!(!asked.text.contains("<i>"));
    assert_eq!(devices(&site).await.len(), 2);

    // Only the log-in's own ticket opens the second door.
    let mut fields = asked.form("/masuk/ganti");
    let ticket = fields["tiket"].clone();
    for wrong in ["", "x", &ticket[1..]] {
        fields.insert("tiket".into(), wrong.into());
        let page = phone.post("/masuk/ganti", &fields).await;
        assert_eq!(page.status, 401);
        page.says("Silakan masuk lagi.");
    }
    fields.insert("tiket".into(), ticket.clone());
    site.pass(Duration::from_mins(6));
    assert_eq!(phone.post("/masuk/ganti", &fields).await.status, 401, "it ended");
    assert_eq!(phone.get(&led.leads_to()).await.leads_to(), "/masuk", "it ended");
    let led = phone.fill("/masuk", "/masuk", &[("siapa", "budi"), ("pin", &pin)]).await;
    let asked = phone.get(&led.leads_to()).await;
    assert_eq!(phone.post("/masuk/ganti", &asked.form("/masuk/ganti")).await.leads_to(), "/");
    assert_eq!(devices(&site).await, [json!(MAC.to_string()), json!(NEW.to_string())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_names_missing_pins_and_wrong_pins_answer_alike() {
    let site = PaymentSite::start().await;
    pin(&site).await;
    site.post("/users", json!({"name": "Tanpa PIN", "login": "tanpa"})).await.ok(201);
    let phone = stranger(&site).await;
    let mut answers = Vec::new();
    for who in ["budi", "081234567890", "tanpa", "tidak-ada", "089999999999"] {
        let page = phone.fill("/masuk", "/masuk", &[("siapa", who), ("pin", "000000")]).await;
        page.says("Nomor, nama atau PIN salah. Lupa PIN? Hubungi pengelola.");
        let text = without_keys(&page.text).replace(who, "WHO");
        answers.push((page.status, text));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0].0, 401);
    let page = phone.fill("/masuk", "/masuk", &[("siapa", "budi"), ("pin", "000000")]).await;
    assert_eq!(page.status, 429, "guessing is slow");
    page.says("Terlalu sering dicoba. Coba lagi dalam ").says("detik.");
    assert!(page.headers.contains_key("retry-after"));
    site.pass(Duration::from_secs(11));
    assert_eq!(phone.fill("/masuk", "/masuk", &[("siapa", "budi"), ("pin", "000000")]).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_of_others_lock_no_customer_out_and_are_few_for_the_whole_portal() {
    let site = PaymentSite::start().await;
    let pin = pin(&site).await;
    let device = |n: u8| (Mac([2, 0, 0, 0, 9, n]), Ipv4Addr::new(127, 0, 0, n));
    let guessers = 10..20_u8;
    for (mac, address) in guessers.clone().chain([40, 41]).map(device) {
        site.sim.host_connect(mac, address);
    }
    site.agent().cycle.meter_once().await.unwrap();
    let wrong =
        |n: u8| [("siapa", if n.is_multiple_of(2) { "budi" } else { "081234567890" }), ("pin", "000000")];
    let mut heard = 0;
    for _ in 0..8 {
        for n in guessers.clone() {
            let guesser = PortalClient::at(&site).from(device(n).1);
            heard += u32::from(guesser.fill("/masuk", "/masuk", &wrong(n)).await.status == 401);
        }
        site.pass(Duration::from_secs(2));
    }
    assert!(heard <= 32, "{heard} guesses were heard");
    let refused = PortalClient::at(&site).from(device(10).1);
    assert_eq!(refused.fill("/masuk", "/masuk", &[("siapa", "budi"), ("pin", &pin)]).await.status, 429);
    // Customers who did not guess are heard.
    for n in [40, 41] {
        let customer = PortalClient::at(&site).from(device(n).1);
        let entered = customer.fill("/masuk", "/masuk", &[("siapa", "budi"), ("pin", &pin)]).await;
        assert_eq!(entered.leads_to(), "/");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_the_router_does_not_show_is_told_to_connect() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::at(&site);
    phone.get("/masuk").await.ok().says("Sambungkan dulu ke Wi-Fi hotspot");
    assert_eq!(phone.get("/daftar").await.status, 404, "nobody may register here");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_cannot_be_read_is_told_politely() {
    let site = PaymentSite::with(|config| config.policy.max_devices_per_user = 1).await;
    let pin = pin(&site).await;
    let phone = stranger(&site).await;
    let led = phone.fill("/masuk", "/masuk", &[("siapa", "budi"), ("pin", &pin)]).await;
    let asked = phone.get(&led.leads_to()).await;
    site.sim.change_password("lain");
    site.sim.cut_sessions();
    let page = phone.post("/masuk/ganti", &asked.form("/masuk/ganti")).await;
    assert_eq!(page.status, 503);
    page.says("Router sedang tidak dapat dihubungi.").says_nothing_of("the router");
    assert_eq!(devices(&site).await, [json!(MAC.to_string())]);
}

const FORM: [(&str, &str); 4] =
    [("nama", "Siti <b>"), ("hp", "0857-1111-2222"), ("pin", "135790"), ("pin_lagi", "135790")];

#[tokio::test(flavor = "multi_thread")]
async fn who_registers_waits_for_approval() {
    let site = PaymentSite::with(|config| config.portal.registration = Registration::Approval).await;
    let phone = stranger(&site).await;
    phone.get("/").await.says("Daftar");
    for (field, value, text) in [
        ("nama", "", "Tulis nama Anda."),
        ("hp", "budi", "Tulis nomor HP seperti 081234567890."),
        ("pin", "12345", "PIN terdiri dari 6 angka."),
        ("pin", "12345x", "PIN terdiri dari 6 angka."),
        ("pin_lagi", "135791", "Kedua PIN tidak sama."),
    ] {
        let mut form: Vec<(&str, &str)> = FORM.to_vec();
        form.retain(|(name, _)| *name != field);
        form.push((field, value));
        let page = phone.fill("/daftar", "/daftar", &form).await;
        assert_eq!(page.status, 422, "{field}");
        page.says(text);
    }
    assert_eq!(phone.fill("/daftar", "/daftar", &FORM).await.leads_to(), "/");
    let home = phone.get("/").await;
    home.ok().says("Akun belum aktif. Mohon tunggu persetujuan, atau hubungi kami.").says("Siti");
    assert!(!home.text.contains("<b>"));
    let found = site.get("/users?q=Siti").await.ok(200)["items"][0].clone();
    assert_eq!((&found["approved"], &found["devices"][0]["mac"]), (&json!(false), &json!(NEW.to_string())));
    let wares = phone.get("/beli").await;
    wares.says("Akun belum aktif.");

    // Another phone, with the same number: nothing is told of whose it is.
    site.delete(&format!("/users/{}/devices/{NEW}", found["id"].as_str().unwrap())).await;
    site.agent().cycle.meter_once().await.unwrap();
    let page = phone.fill("/daftar", "/daftar", &FORM).await;
    assert_eq!(page.status, 409);
    page.says("Pendaftaran dengan data ini tidak dapat diterima.");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_registers_and_pays_is_approved_by_it() {
    let site = PaymentSite::with(|config| config.portal.registration = Registration::Payment).await;
    let phone = stranger(&site).await;
    phone.get("/").await.ok().says("Baru di sini? Tekan Daftar.");
    assert_eq!(phone.fill("/daftar", "/daftar", &FORM).await.leads_to(), "/beli");
    let begins = "Anda sudah terdaftar. Beli paket pertama Anda; akun aktif begitu dibayar.";
    phone.get("/beli").await.ok().says(begins);
    phone
        .get("/")
        .await
        .ok()
        .says(begins)
        .says_nothing_of("tunggu persetujuan")
        .says_nothing_of("Tanpa batas waktu");
    phone.get("/perangkat").await.ok().says("Untuk masuk di perangkat lain: 0857-1111-2222");
    phone.get("/pin").await.ok().says("Untuk masuk di perangkat lain: 0857-1111-2222");
    let path = format!("/beli/{}", site.package.as_str().unwrap());
    let status = phone.pay(&path, "qris").await.leads_to();
    let id = status.trim_start_matches("/payment/status/").split('?').next().unwrap().to_owned();
    site.relay.pay(&id);
    site.pull().await;
    phone.get(&status).await.says("Pembayaran diterima. Internet Anda aktif. Sisa 10,00 GB");
    let found = site.get("/users?q=Siti").await.ok(200)["items"][0].clone();
    assert_eq!(found["approved"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn registering_is_slowed_down() {
    let site = PaymentSite::with(|config| config.portal.registration = Registration::Approval).await;
    site.post("/users", json!({"name": "Ada", "phone": "085711112222"})).await.ok(201);
    let phone = stranger(&site).await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(phone.fill("/daftar", "/daftar", &FORM).await.status);
    }
    assert_eq!(statuses, [409, 409, 409, 409, 409, 429]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_logged_in_is_still_in_after_a_restart_and_told_to_wait_until_the_router_was_read() {
    let mut site = PaymentSite::start().await;
    let pin = pin(&site).await;
    let phone = stranger(&site).await;
    assert_eq!(phone.fill("/masuk", "/masuk", &[("siapa", "budi"), ("pin", &pin)]).await.leads_to(), "/");
    phone.get("/").await.ok().says("Budi");
    site.restart().await;
    let phone = PortalClient::at(&site);
    for path in ["/", "/masuk"] {
        let page = phone.get(path).await;
        page.ok().says("sistem baru menyala").says_nothing_of("belum terdaftar").says_nothing_of("PIN");
        assert!(page.text.contains("http-equiv=\"refresh\""), "{}", page.text);
    }
    site.agent().cycle.meter_once().await.unwrap();
    phone.get("/").await.ok().says("Budi");
    // A device that the owner unbinds is out.
    site.delete(&format!("{}/devices/{NEW}", site.user)).await;
    site.agent().cycle.meter_once().await.unwrap();
    phone.get("/").await.says("Perangkat ini belum terdaftar");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_logged_in_before_a_restart_is_not_locked_out_by_the_guesses_after_it() {
    let mut site = PaymentSite::start().await;
    let pin = pin(&site).await;
    let phone = stranger(&site).await;
    let right = [("siapa", "budi"), ("pin", pin.as_str())];
    assert_eq!(phone.fill("/masuk", "/masuk", &right).await.leads_to(), "/");
    site.delete(&format!("{}/devices/{NEW}", site.user)).await;
    site.restart().await;
    let device = |n: u8| (Mac([2, 0, 0, 0, 9, n]), Ipv4Addr::new(127, 0, 0, n));
    for (mac, address) in (10..40).map(device) {
        site.sim.host_connect(mac, address);
    }
    site.agent().cycle.meter_once().await.unwrap();
    // Its own address guesses, too: a stranger there would have nothing left.
    let phone = PortalClient::at(&site);
    for n in 10..40 {
        let guesser = PortalClient::at(&site).from(device(n).1);
        for _ in 0..4 {
            guesser.fill("/masuk", "/masuk", &[("siapa", "lain"), ("pin", "000000")]).await;
        }
    }
    for n in 0..5 {
        phone.fill("/masuk", "/masuk", &[("siapa", &format!("orang-{n}")), ("pin", "000000")]).await;
    }
    assert_eq!(phone.fill("/masuk", "/masuk", &[("siapa", "orang"), ("pin", "000000")]).await.status, 429);
    assert_eq!(phone.fill("/masuk", "/masuk", &right).await.leads_to(), "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_that_waits_for_a_free_place_survives_a_restart_and_ends_with_its_pin() {
    let mut site = PaymentSite::with(|config| config.policy.max_devices_per_user = 1).await;
    let pin = pin(&site).await;
    let phone = stranger(&site).await;
    let asked = phone.fill("/masuk", "/masuk", &[("siapa", "budi"), ("pin", &pin)]).await.leads_to();
    assert!(asked.starts_with("/masuk/ganti?tiket="), "{asked}");
    site.restart().await;
    site.agent().cycle.meter_once().await.unwrap();
    let phone = PortalClient::at(&site);
    let form = phone.get(&asked).await.ok().form("/masuk/ganti");
    site.post(&format!("{}/pin", site.user), json!({})).await.ok(201);
    assert_eq!(phone.get(&asked).await.leads_to(), "/masuk", "another PIN ends it");
    let refused = phone.post("/masuk/ganti", &form).await;
    assert_eq!(refused.status, 401);
    refused.says("Silakan masuk lagi.");
    assert_eq!(devices(&site).await, [json!(MAC.to_string())]);
}
