//! Notes and reasons of the owner are on no page of the portal; the note for the customer is.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::payment_site::{MAC, PaymentSite};
use crate::support::portal_client::PortalClient;

/// Every address of the portal that can be opened, from the source.
fn pages_of_the_source() -> BTreeSet<String> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/agent/portal/mod.rs");
    let source = std::fs::read_to_string(file).unwrap();
    let routes = source.split(".route(").skip(1);
    let pages = routes.filter_map(|route| {
        let (path, handler) = route.split_once(',').unwrap();
        let handler = handler.split(".merge(").next().unwrap();
        handler.contains("get(").then(|| path.trim().trim_matches('"').to_owned())
    });
    pages.collect()
}

/// A text of the owner that no customer may read.
fn private(what: &str) -> String {
    format!("rahasia {what}")
}

/// Enters every text that an owner or a cashier can write about a customer; returns an open debt and a paid order.
async fn write_everything(site: &PaymentSite) -> (String, String) {
    let of_user = |call: &str| format!("{}/{call}", site.user);
    let credit = json!({"amount": "5 GB", "days": 30, "reason": private("hadiah")});
    site.post(&of_user("credits"), credit).await.ok(201);
    let debit = json!({"amount": "1 MB", "reason": private("koreksi")});
    site.post(&of_user("debits"), debit).await.ok(201);
    let debt = json!({"amount": "1 GB", "price_rp": 20_000, "note": private("bon"),
        "customer_note": "Pinjam <b>untuk</b> sekolah"});
    let open = site.post(&of_user("debts"), debt.clone()).await.ok(201)["id"].as_str().unwrap().to_owned();
    let written_off = site.post(&of_user("debts"), debt).await.ok(201)["id"].as_str().unwrap().to_owned();
    let reason = json!({"reason": private("ikhlas")});
    site.post(&of_user(&format!("debts/{written_off}/write-off")), reason).await.ok(200);
    let part = json!({"amount_rp": 5_000, "method": "cash", "reference": private("laci")});
    site.post(&of_user("payments"), part).await.ok(201);
    let sale = json!({"package_id": site.package, "method": "transfer", "reference": private("transfer")});
    let order = site.post(&of_user("purchases"), sale).await.ok(201)["id"].as_str().unwrap().to_owned();
    let refund = json!({"reason": private("uang kembali"), "amount_rp": 1_000});
    site.post(&format!("/orders/{order}/refund"), refund).await.ok(200);
    site.post(&of_user("unblock"), json!({"reason": private("buka")})).await.ok(200);
    site.patch(&site.user, json!({"customer_note": "Wi-Fi mati <i>Minggu</i>"})).await.ok(200);
    (open, order)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_the_portal_shows_a_private_note_and_the_customers_note_is_shown() {
    let site = PaymentSite::start().await;
    let (debt, order) = write_everything(&site).await;
    let phone = PortalClient::of(&site).await;
    let history = phone.get("/riwayat").await;
    let status = history.text.split("href=\"").find(|link| link.contains(&order)).unwrap().split('"').next();
    let status = status.unwrap().replace("&amp;", "&");
    for is_blocked in [false, true] {
        if is_blocked {
            site.post(&format!("{}/block", site.user), json!({"reason": private("blokir")})).await.ok(200);
        }
        for page in pages_of_the_source() {
            let addresses = match page.as_str() {
                "/beli/{package}" => vec![format!("/beli/{}", site.package.as_str().unwrap())],
                "/lunasi/{debt}" => vec![format!("/lunasi/{debt}")],
                "/lunasi/sebagian" => vec!["/lunasi/sebagian?rp=5.000".to_owned()],
                "/payment/status/{order}" => vec![status.clone()],
                "/b/{code}" => vec!["/b/abcde".to_owned()],
                "/policy/{status}" => ["blocked", "inactive", "expired", "habis", "fup"]
                    .map(|status| format!("/policy/{status}"))
                    .to_vec(),
                "/riwayat" => {
                    ["bayar", "mutasi", "pemakaian"].map(|v| format!("/riwayat?lihat={v}")).to_vec()
                }
                plain => vec![plain.to_owned()],
            };
            for address in addresses {
                assert!(!address.contains('{'), "{address} has no case here");
                let shown = phone.get(&address).await;
                assert!(shown.status < 500, "{address}: {}", shown.status);
                assert!(!shown.text.contains("rahasia"), "{address}: {}", shown.read());
            }
        }
    }
    phone
        .get("/")
        .await
        .says("Pesan dari pengelola: Wi-Fi mati &#60;i&#62;Minggu&#60;/i&#62;")
        .says("untuk&#60;/b&#62; sekolah");
    for page in ["/lunasi", "/riwayat"] {
        phone.get(page).await.ok().says("Pinjam &#60;b&#62;untuk&#60;/b&#62; sekolah");
    }
    let listed = site.get(&format!("{}/debts", site.user)).await.ok(200);
    let item = listed["items"].as_array().unwrap().iter().find(|item| item["id"] == json!(debt)).unwrap();
    assert_eq!(item["note"], json!(private("bon")));
    assert_eq!(item["customer_note"], "Pinjam <b>untuk</b> sekolah");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_for_the_customer_is_changed_and_removed_and_audited() {
    let site = PaymentSite::start().await;
    let debt = json!({"amount": "1 GB", "price_rp": 20_000, "note": "bon", "customer_note": "lama"});
    let debt = site.post(&format!("{}/debts", site.user), debt).await.ok(201)["id"].clone();
    let of_debt = format!("{}/debts/{}", site.user, debt.as_str().unwrap());
    let changed = site.patch(&of_debt, json!({"customer_note": "baru"})).await.ok(200);
    assert_eq!((&changed["note"], &changed["customer_note"]), (&json!("bon"), &json!("baru")));
    let removed = site.patch(&of_debt, json!({"customer_note": ""})).await.ok(200);
    assert_eq!((&removed["note"], &removed["customer_note"]), (&json!("bon"), &Value::Null));
    site.patch(&of_debt, json!({})).await.problem(422, "invalid");

    let of_customer = async |note: serde_json::Value| {
        site.patch(&site.user, json!({"customer_note": note})).await.ok(200)["customer_note"].clone()
    };
    assert_eq!(of_customer(json!("Selamat datang")).await, "Selamat datang");
    assert_eq!(
        site.patch(&site.user, json!({"name": "Budi W"})).await.ok(200)["customer_note"],
        "Selamat datang"
    );
    assert_eq!(of_customer(json!("")).await, json!(null));
    assert_eq!(of_customer(json!("x")).await, "x");
    assert_eq!(of_customer(json!(null)).await, json!(null));
    site.patch(&site.user, json!({"customer_note": "x".repeat(100_000)})).await.problem(422, "invalid");
    PortalClient::of(&site)
        .await
        .get("/")
        .await
        .ok()
        .says_nothing_of("Pesan dari pengelola")
        .says(&MAC.to_string());
    let audit = site.get("/audit?limit=20").await.ok(200).to_string();
    assert!(audit.contains("customer note: \\\"lama\\\" -> \\\"baru\\\""), "{audit}");
}
