//! What nobody can do: look at somebody else's payment, send a form from another site, be led to a foreign place, or
//! come in from elsewhere.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use kuota::domain::id::Mac;
use kuota::settings::Network;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::console_client::ConsoleClient;
use crate::support::payment_site::{MAC, PaymentSite};
use crate::support::portal_client::PortalClient;
use crate::support::site::TestSite;

/// The neighbour's device, and the address that is its own.
const NEIGHBOUR: Mac = Mac([2, 0, 0, 0, 0, 66]);
const NEIGHBOURS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const HOSTS: &str = "/ip/hotspot/host";

/// Another customer with a device.
async fn neighbour(site: &PaymentSite) -> String {
    let other = site.user("Maling").await;
    site.post(&format!("{other}/devices"), json!({"mac": NEIGHBOUR.to_string()})).await.ok(201);
    other
}

async fn read(site: &PaymentSite) {
    site.agent().cycle.meter_once().await.unwrap();
}

/// The customer is at his address, and the neighbour's row, which stands first, claims the same one.
async fn claimed(site: &PaymentSite) {
    site.sim.host_disconnect(MAC);
    let row = site.sim.host_connect(NEIGHBOUR, NEIGHBOURS);
    site.sim.hand_set(HOSTS, &row, &[("address", "127.0.0.1")]).unwrap();
    site.sim.host_connect(MAC, Ipv4Addr::LOCALHOST);
    let rows = site.sim.rows(HOSTS);
    let addresses: Vec<_> =
        rows.iter().map(|row| (row["address"].as_str(), row["to-address"].as_str())).collect();
    assert_eq!(addresses, [("127.0.0.1", "127.0.0.2"), ("127.0.0.1", "127.0.0.1")]);
    read(site).await;
}

/// Both devices are at the customer's address.
async fn shared(site: &PaymentSite) {
    site.sim.host_disconnect(MAC);
    site.sim.host_connect(NEIGHBOUR, Ipv4Addr::LOCALHOST);
    site.sim.host_connect(MAC, Ipv4Addr::LOCALHOST);
    read(site).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_a_row_only_claims_shows_nobody_anothers_page() {
    let site = PaymentSite::start().await;
    neighbour(&site).await;
    claimed(&site).await;
    let customer = PortalClient::at(&site);
    for path in ["/", &package_path(&site)] {
        customer.get(path).await.ok().says("Budi").says_nothing_of("Maling");
    }
    let status = customer.pay(&package_path(&site), "qris").await.leads_to();
    let order = status.trim_start_matches("/payment/status/").split('?').next().unwrap();
    site.relay.pay(order);
    site.pull().await;
    assert!(site.credited().await > 0, "who pays is credited");
    let neighbour = PortalClient::at(&site).from(NEIGHBOURS);
    neighbour.get("/").await.ok().says("Maling").says_nothing_of("Budi");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_logs_in_binds_the_device_that_is_seen_and_not_one_that_claims_the_address() {
    let site = PaymentSite::start().await;
    let (own, thief) = (Mac([2, 0, 0, 0, 0, 9]), Mac([2, 0, 0, 0, 0, 67]));
    let pin = site.post(&format!("{}/pin", site.user), json!({})).await.ok(201);
    site.patch(&site.user, json!({"login": "budi"})).await.ok(200);
    let row = site.sim.host_connect(thief, NEIGHBOURS);
    site.sim.hand_set(HOSTS, &row, &[("address", "127.0.0.1")]).unwrap();
    site.sim.host_connect(own, Ipv4Addr::LOCALHOST);
    read(&site).await;
    let phone = PortalClient::at(&site);
    let typed = [("siapa", "budi"), ("pin", pin["pin"].as_str().unwrap())];
    assert_eq!(phone.fill("/masuk", "/masuk", &typed).await.leads_to(), "/");
    let devices = site.customer().await["devices"].clone();
    assert!(devices.to_string().contains(&own.to_string()), "{devices}");
    assert!(!devices.to_string().contains(&thief.to_string()), "{devices}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_two_devices_is_nobodys_and_every_page_says_so() {
    let site =
        PaymentSite::with(|config| config.portal.registration = kuota::agent::config::Registration::Approval)
            .await;
    neighbour(&site).await;
    let pin = site.post(&format!("{}/pin", site.user), json!({})).await.ok(201);
    site.patch(&site.user, json!({"login": "budi"})).await.ok(200);
    let phone = PortalClient::of(&site).await;
    let path = package_path(&site);
    let mut fields = phone.get(&path).await.form(&path);
    fields.insert("method".into(), "qris".into());
    let status = phone.pay(&path, "qris").await.leads_to();
    shared(&site).await;

    let says_so = |page: &crate::support::portal_client::Page| {
        assert_eq!(page.status, 409);
        page.says("dipakai lebih dari satu perangkat").says_nothing_of("Budi").says_nothing_of("Maling");
    };
    let part = "/lunasi/sebagian?rp=1.000";
    for page in [
        "/",
        "/beli",
        &path,
        "/lunasi",
        "/lunasi/semua",
        part,
        "/riwayat",
        "/policy/habis",
        "/masuk",
        "/daftar",
    ] {
        says_so(&phone.get(page).await);
    }
    let opened = site.relay.count("open");
    fields.insert("siapa".into(), "budi".into());
    fields.insert("pin".into(), pin["pin"].as_str().unwrap().into());
    for action in [path.as_str(), "/lunasi/semua", "/masuk", "/masuk/ganti", "/daftar"] {
        says_so(&phone.post(action, &fields).await);
    }
    assert_eq!(site.relay.count("open"), opened, "nothing was paid for");
    assert_eq!(site.customer().await["devices"].as_array().unwrap().len(), 1, "nothing was bound");
    // The owner is told which devices these are, and what to do.
    site.cycle_now().await.unwrap();
    let warnings = |status: Value| status["router"]["warnings"].to_string();
    let told = warnings(site.get("/status").await.ok(200));
    let owner = ConsoleClient::owner(&site).await;
    let dashboard = owner.open("/").await;
    for text in ["127.0.0.1", &format!("Budi ({MAC})"), &format!("Maling ({NEIGHBOUR})"), "DHCP"] {
        assert!(told.contains(text), "{text}: {told}");
        dashboard.says(text);
    }
    // A payment's link needs no device.
    phone.get(&status).await.ok().says("Menunggu pembayaran").says_nothing_of("Batalkan pembayaran");
    says_so(&phone.get(status.split('?').next().unwrap()).await);

    site.sim.host_disconnect(NEIGHBOUR);
    read(&site).await;
    phone.get("/").await.ok().says("Budi");
    site.cycle_now().await.unwrap();
    let told = warnings(site.get("/status").await.ok(200));
    assert!(!told.contains("127.0.0.1"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_took_the_address_since_the_last_reading_is_not_bound() {
    let site = PaymentSite::start().await;
    let pin = site.post(&format!("{}/pin", site.user), json!({})).await.ok(201);
    site.patch(&site.user, json!({"login": "budi"})).await.ok(200);
    let (first, second) = (Mac([2, 0, 0, 0, 0, 9]), Mac([2, 0, 0, 0, 0, 10]));
    site.sim.host_connect(first, Ipv4Addr::LOCALHOST);
    read(&site).await;
    let phone = PortalClient::at(&site);
    let typed = [("siapa", "budi"), ("pin", pin["pin"].as_str().unwrap())];
    site.sim.host_disconnect(first);
    site.sim.host_connect(second, Ipv4Addr::LOCALHOST);
    let refused = phone.fill("/masuk", "/masuk", &typed).await;
    assert_eq!(refused.status, 409);
    refused.says("baru saja berganti alamat");
    assert_eq!(site.customer().await["devices"].as_array().unwrap().len(), 1, "nothing was bound");
    assert_eq!(phone.fill("/masuk", "/masuk", &typed).await.leads_to(), "/");
    assert!(site.customer().await["devices"].to_string().contains(&second.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_made_for_one_customer_pays_for_no_other() {
    let site = PaymentSite::start().await;
    neighbour(&site).await;
    let phone = PortalClient::of(&site).await;
    let path = package_path(&site);
    let page = phone.get(&path).await;
    page.ok().says("Untuk: Budi");
    let mut fields: BTreeMap<String, String> = page.form(&path);
    fields.insert("method".into(), "qris".into());
    site.sim.host_disconnect(MAC);
    site.sim.host_connect(NEIGHBOUR, Ipv4Addr::LOCALHOST);
    read(&site).await;
    let asked = phone.post(&path, &fields).await;
    assert_eq!(asked.status, 409);
    asked.says("Perangkat ini sekarang memakai akun lain.").says("Untuk: Maling").says_nothing_of("Budi");
    assert_eq!(site.relay.count("open"), 0);
}

fn package_path(site: &PaymentSite) -> String {
    format!("/beli/{}", site.package.as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_link_or_its_customers_device_opens_a_payment() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    let status = phone.pay(&package_path(&site), "qris").await.leads_to();
    let (path, token) = status.split_once("?t=").unwrap();
    phone.get(path).await.ok().says("Ganti cara bayar");

    // Another device, without cookies.
    site.sim.host_disconnect(MAC);
    site.agent().cycle.meter_once().await.unwrap();
    let page = phone.get(&status).await;
    page.ok().says("Menunggu pembayaran").says("Saya sudah bayar").says_nothing_of("Ganti cara bayar");
    let unknown = phone.get("/payment/status/K1-9999?t=x").await;
    assert_eq!(unknown.status, 404);
    for wrong in [path.to_owned(), format!("{path}?t="), format!("{path}?t={}", &token[1..])] {
        let page = phone.get(&wrong).await;
        assert_eq!((page.status, page.read()), (404, unknown.read()), "{wrong}");
    }
    // The link asks the gateway, and calls nothing off.
    let order = path.trim_start_matches("/payment/status/");
    let mut fields = page.form(&format!("{path}/cek"));
    phone.post(&format!("{path}/cek"), &fields).await.leads_to();
    phone.post(&format!("{path}/batal"), &fields).await.says("Halaman tidak ditemukan");
    fields.insert("t".into(), "x".into());
    assert_eq!(phone.post(&format!("{path}/cek"), &fields).await.status, 404);
    assert_eq!(site.status(order).await, "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_are_taken_from_our_own_pages_only() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    let path = package_path(&site);
    let mut fields = phone.get(&path).await.form(&path);
    fields.insert("method".into(), "qris".into());
    for (name, value) in
        [("origin", "http://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
    {
        let page = PortalClient::at(&site).with_header(name, value).post(&path, &fields).await;
        assert_eq!(page.status, 403, "{name}: {value}");
        page.says("Silakan buka lagi, lalu coba lagi.");
    }
    let own = site.portal.clone();
    let mut wrong = fields.clone();
    for token in ["", "x"] {
        wrong.insert("_token".into(), token.into());
        for path in [path.as_str(), "/lunasi/semua", "/masuk", "/masuk/ganti", "/payment/status/x/cek"] {
            assert_eq!(phone.post(path, &wrong).await.status, 403, "{path}");
        }
    }
    assert_eq!(site.relay.count("open"), 0);
    site.pass(Duration::from_hours(49));
    assert_eq!(phone.post(&path, &fields).await.status, 403, "a form of the day before yesterday");
    let mut fields = phone.get(&path).await.form(&path);
    fields.insert("method".into(), "qris".into());
    PortalClient::at(&site).with_header("origin", &own).post(&path, &fields).await.leads_to();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_led_to_a_foreign_place() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    for link in [
        "https://evil.example/pay",
        "https://app.midtrans.com.evil.example/",
        "https://app.midtrans.com@evil.example/",
        "javascript:alert(1)",
        "intent://pay#Intent;end",
        "http://app.midtrans.com/",
    ] {
        site.relay.link_to(link);
        for method in ["gopay", "shopeepay"] {
            let status = phone.pay(&package_path(&site), method).await.leads_to();
            assert!(status.starts_with("/payment/status/"), "{link}: {status}");
            let page = phone.get(&status).await;
            page.ok().says("Tautan pembayaran tidak dikenali.");
            assert!(!page.text.contains("evil.example") && !page.text.contains("javascript:"), "{link}");
        }
    }
    // The relay of this test is on loopback, and so may a simulated gateway be.
    site.relay.link_to("http://127.0.0.1:9/simulator");
    assert_eq!(phone.pay(&package_path(&site), "gopay").await.leads_to(), "http://127.0.0.1:9/simulator");
    for path in
        ["//evil.example/?bahasa=en", "/%2f%2fevil.example/?bahasa=en", "/masuk?ke=https://evil.example"]
    {
        let page = phone.get(path).await;
        if let Some(to) = page.headers.get("location") {
            let to = to.to_str().unwrap();
            assert!(to.starts_with('/') && !to.starts_with("//"), "{path}: {to}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_and_questions_are_slowed_down() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    let statuses = async |path: &str, times: usize| {
        let mut all = Vec::new();
        for _ in 0..times {
            all.push(phone.get(path).await.status);
        }
        all
    };
    assert_eq!(statuses("/b/00000000", 6).await, [404, 404, 404, 404, 404, 429]);
    assert_eq!(phone.get("/b/x").await.status, 429);
    let status = phone.pay(&package_path(&site), "qris").await.leads_to();
    let path = status.split('?').next().unwrap();
    for n in 0..6 {
        let led = phone.fill(&status, &format!("{path}/cek"), &[]).await.leads_to();
        assert_eq!(led.ends_with("dicek=sering"), n == 5, "{led}");
    }
    assert_eq!(site.relay.count("refresh"), 5, "the sixth was not asked");
    phone.get(&format!("{status}&dicek=sering")).await.says("Baru saja ditanyakan.");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_networks_of_the_hotspot_and_the_owner_are_let_in() {
    let network = |text: &str| vec![text.parse::<Network>().unwrap()];
    for (clients, owners, status) in [
        ("10.5.50.0/24", "10.0.0.0/8", 403),
        ("127.0.0.0/8", "10.0.0.0/8", 200),
        ("10.5.50.0/24", "127.0.0.0/8", 200),
    ] {
        let site = TestSite::serving_with(|config| {
            config.portal.client_networks = network(clients);
            config.admin.allowed_networks = network(owners);
        })
        .await;
        let page = PortalClient::at(&site).get("/").await;
        assert_eq!(page.status, status, "{clients} {owners}");
        if status == 403 {
            page.says("Halaman ini hanya bisa dibuka dari jaringan hotspot.");
            assert_eq!(PortalClient::at(&site).get("/nothing-here").await.status, 403);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_customers_debt_is_not_found() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    let other = site.user("Lain").await;
    let debt = json!({"amount": 1 << 30, "price_rp": 5000});
    let debt = site.post(&format!("{other}/debts"), debt).await.ok(201);
    let page = phone.get(&format!("/lunasi/{}", debt["id"].as_str().unwrap())).await;
    assert_eq!(page.status, 404);
    assert_eq!(phone.get("/lunasi/not-an-id").await.status, 422);
    // A device that takes the customer's address is not the customer.
    let thief = Mac([2, 0, 0, 0, 0, 66]);
    site.sim.host_disconnect(MAC);
    site.sim.host_connect(thief, Ipv4Addr::LOCALHOST);
    site.agent().cycle.meter_once().await.unwrap();
    phone.get("/").await.says("Perangkat ini belum terdaftar");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_captive_window_is_led_to_the_portals_own_address() {
    let site =
        PaymentSite::with(|config| config.portal.public_url = "http://portal.lan:8081".parse().unwrap())
            .await;
    let phone = PortalClient::of(&site).await;
    let paths = [
        "/",
        "/beli",
        "/generate_204",
        "/hotspot-detect.html",
        "/ncsi.txt",
        "/connecttest.txt?a=b",
        "/b/x/y",
    ];
    for host in
        ["connectivitycheck.gstatic.com", "captive.apple.com", "evil.example:8081", "portal.lan.evil.example"]
    {
        for path in paths {
            let page = PortalClient::at(&site).with_header("host", host).get(path).await;
            let to = page.headers["location"].to_str().unwrap();
            assert_eq!((page.status, to), (302, "http://portal.lan:8081/"), "{host} {path}");
            assert!(page.text.is_empty() && page.headers["cache-control"] == "no-store", "{host} {path}");
        }
    }
    for host in ["portal.lan", "PORTAL.lan:8081", "localhost", "192.168.88.2:8081"] {
        let asked = PortalClient::at(&site).with_header("host", host);
        asked.get("/").await.ok().says("Budi");
        assert_eq!(asked.get("/generate_204").await.status, 302, "{host}");
    }
    phone.get("/").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_foreign_name_nothing_is_shown_or_done() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    let path = package_path(&site);
    let mut fields = phone.get(&path).await.form(&path);
    fields.insert("method".into(), "qris".into());
    let rebound = |origin: Option<&str>| {
        let visitor = PortalClient::at(&site).with_header("host", "evil.example:8081");
        origin.into_iter().fold(visitor, |visitor, origin| visitor.with_header("origin", origin))
    };
    for origin in [None, Some("http://evil.example:8081"), Some("null"), Some(site.portal.as_str())] {
        for path in [path.as_str(), "/lunasi/semua", "/masuk", "/payment/status/x/cek", "/", "/nothing"] {
            let page = rebound(origin).post(path, &fields).await;
            assert_eq!(page.status, 421, "{origin:?} {path}: {}", page.read());
            page.says_nothing_of("Budi");
        }
        assert_eq!(rebound(origin).get("/").await.status, 302);
    }
    assert_eq!(site.relay.count("open"), 0);
    // A script of a foreign page that names our own host is told nothing either.
    let page = PortalClient::at(&site).with_header("origin", "http://evil.example").get("/").await;
    assert_eq!(page.status, 403);
    page.says_nothing_of("Budi");
}

/// Half a request from an address of this machine, held open.
async fn half_request(base: &str, from: Ipv4Addr) -> tokio::net::TcpStream {
    let to = base.trim_start_matches("http://").parse().unwrap();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    let mut stream = socket.connect(to).await.unwrap();
    let _ = stream.write_all(b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n").await;
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn half_requests_of_one_phone_or_of_strangers_take_nothing_away() {
    let (phone, stranger, other) = (2, 3, 4);
    let at = |n: u8| Ipv4Addr::new(127, 0, 0, n);
    let site = TestSite::serving_with(|config| {
        config.portal.client_networks = ["127.0.0.2", "127.0.0.4"].map(|text| text.parse().unwrap()).to_vec();
        config.admin.allowed_networks = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let mut told = 0;
    for (base, from) in
        [(&site.base, stranger), (&site.portal, phone), (&site.portal, stranger), (&site.base, phone)]
    {
        let mut halves = Vec::new();
        for _ in 0..280 {
            halves.push(half_request(base, at(from)).await);
        }
        PortalClient::at(&site).from(at(other)).get("/").await.ok();
        site.get("/status").await.ok(200);
        // Whoever is refused is told so while there is a place for it, and closed in any case.
        let mut said = String::new();
        let _ = halves[0].read_to_string(&mut said).await;
        let is_told = said.starts_with("HTTP/1.1 403 ");
        assert!(is_told || (said.is_empty() && told > 0), "{from}: {said}");
        told += u32::from(is_told);
    }
    PortalClient::at(&site).from(at(phone)).get("/").await.ok();
}
