//! Devices on the hotspot: listed with their owners, found by the code that their own page shows, bound with one press,
//! and moved from somebody else by a decision of its own.

use std::net::Ipv4Addr;

use axum::http::Method;
use kuota::domain::id::Mac;
use serde_json::{Value, json};

use crate::support::console_client::{ConsoleClient, text};
use crate::support::payment_site::{MAC, PaymentSite};
use crate::support::portal_client::PortalClient;

const NEW: Mac = Mac([2, 0, 0, 0, 0, 9]);
/// From its maker.
const FIXED: Mac = Mac([0x48, 0, 0, 0, 0, 4]);
const LEASES: &str = "/ip/dhcp-server/lease/print";

/// A site that shows two devices of nobody; one of them is this machine.
async fn site() -> PaymentSite {
    let site = PaymentSite::start().await;
    site.sim.host_connect(NEW, Ipv4Addr::LOCALHOST);
    site.sim.host_connect(FIXED, Ipv4Addr::new(10, 5, 50, 44));
    site.agent().cycle.meter_once().await.unwrap();
    site
}

fn desk(site: &PaymentSite) -> String {
    site.user.replace("/users/", "/pelanggan/")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_of_nobody_is_found_by_the_code_on_its_own_page_and_bound_with_one_press() {
    let site = site().await;
    let unknown = PortalClient::at(&site).get("/").await;
    unknown.ok().says("Kode perangkat ini");
    let code = unknown.text.split("class=\"number\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(code.len(), 5, "{code}");

    let owner = ConsoleClient::owner(&site).await;
    for typed in [code.clone(), code.to_lowercase(), format!("{}-{}", &code[..2], &code[2..])] {
        let found = owner.get(&format!("/cari?q={typed}")).await;
        assert_eq!((found.status, found.to), (303, format!("/perangkat/{NEW}")), "{typed}");
    }
    owner.open(&format!("/perangkat/{NEW}")).await.says("belum punya pemilik").says(&code).says("MAC acak");
    assert_eq!(owner.get("/cari?q=10.5.50.44").await.to, format!("/perangkat/{FIXED}"));
    let list = owner.open("/perangkat").await;
    list.says(&NEW.to_string()).says("Belum punya pemilik (2)").says("Semua (3)").hides(&MAC.to_string());
    owner.open("/perangkat?pemilik=semua").await.says("Budi").says(&MAC.to_string());
    owner.open(&format!("/perangkat?q={code}")).await.says(&NEW.to_string()).hides(&FIXED.to_string());

    let id = desk(&site).rsplit('/').next().unwrap().to_owned();
    let chosen = owner.open(&format!("/perangkat?untuk={id}&hal=0")).await;
    chosen.says("Pilih perangkat milik Budi.").says("Pasang ke Budi");
    assert!(chosen.html.contains(&format!("{}/perangkat/{NEW}/pasang", desk(&site))));
    owner.open(&format!("/perangkat?untuk={id}&hal=1")).await.hides(&NEW.to_string());
    owner.open("/perangkat?hal=x").await.says(&NEW.to_string());

    let hosts = site.get("/hosts?owner=none").await.ok(200);
    let items: Vec<&Value> = hosts["items"].as_array().unwrap().iter().collect();
    let [new, fixed] = items[..] else { panic!("{hosts}") };
    assert_eq!(
        (&new["mac"], &new["code"], &new["random_mac"]),
        (&json!(NEW.to_string()), &json!(code), &json!(true))
    );
    assert_eq!((&fixed["random_mac"], &fixed["user_id"]), (&json!(false), &Value::Null));
    let all = site.get("/hosts?limit=2").await.ok(200);
    let rest = site.get(&format!("/hosts?limit=2&after={}", text(&all["next"]))).await.ok(200);
    assert_eq!((all["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (2, 1));
    site.get("/hosts?owner=x").await.problem(422, "invalid");

    let done = owner.does(&format!("{}/perangkat/{NEW}/pasang", desk(&site)), &[]).await;
    done.says("Sudah dilakukan: Pasang perangkat");
    PortalClient::at(&site).get("/").await.ok().says("Budi");
    owner.open("/perangkat").await.says("Belum punya pemilik (1)").hides(&NEW.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_of_somebody_else_moves_by_a_decision_that_both_histories_have() {
    let site = site().await;
    let siti = site.user("Siti").await.replace("/users/", "/pelanggan/");
    let owner = ConsoleClient::owner(&site).await;
    let path = format!("{siti}/perangkat/{MAC}/pasang");
    owner.open(&path).await.says("Perangkat ini sekarang milik Budi.");
    let refused = owner.fill(&path, &[("move", "no")]).await;
    assert_eq!(refused.status, 409);
    refused.says("Perangkat ini milik Budi.");
    assert_eq!(site.customer().await["devices"].as_array().unwrap().len(), 1);
    let shown = owner.fill(&path, &[("move", "yes")]).await;
    shown.says("Pelanggan lain yang ikut berubah: Budi").says("Siti").says("diambil dari Budi");
    let done = owner.sure(&shown).await;
    owner.open(&done.to).await.says("Dipindahkan dari Budi.");
    owner.open(&siti).await.says("dipindahkan dari Budi");
    owner.open(&desk(&site)).await.says("dipindahkan ke Siti");
    let audit = site.get("/audit?limit=500").await.ok(200);
    let about = |action: &str, place: &str| {
        let id = place.rsplit('/').next().unwrap();
        let lines = audit["items"].as_array().unwrap().iter();
        lines.filter(|line| line["action"] == action && line["target"] == id).count()
    };
    assert_eq!((about("device.bind", &siti), about("device.unbind", &site.user)), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_read_in_one_go_and_shared_for_a_minute() {
    let site = site().await;
    let owner = ConsoleClient::owner(&site).await;
    let asked = || site.sim.stats().commands.get(LEASES).copied().unwrap_or_default();
    let before = asked();
    for path in ["/perangkat", "/perangkat?pemilik=semua", &format!("/perangkat/{NEW}"), "/perangkat"] {
        owner.open(path).await;
    }
    site.get("/hosts").await.ok(200);
    assert_eq!(asked() - before, 1);
    site.clock.advance(std::time::Duration::from_secs(61));
    let named = site.get("/hosts?owner=none").await.ok(200);
    assert_eq!(asked() - before, 2);
    assert!(named["items"].as_array().unwrap().iter().any(|host| host["name"].is_string()), "{named}");
    // Whoever only looks is shown no way to bind.
    let viewer = ConsoleClient::of(&site, "tamu", "viewer").await;
    assert!(!viewer.open("/perangkat").await.html.contains("/pasang"));
    let path = format!("{}/perangkat/{NEW}/pasang", desk(&site));
    assert_eq!(viewer.get(&path).await.status, 403);
    let cashier = site.as_cashier(Method::GET, "/hosts").send().await;
    cashier.ok(200);
}
