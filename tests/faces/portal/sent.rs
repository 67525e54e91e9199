//! Every form that is sent to the portal leads on by a redirect when it did its work. The list is made from the source.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use kuota::agent::config::Registration;
use kuota::domain::id::Mac;
use serde_json::json;

use crate::shop::Shop;
use crate::visitor::{Page, Visitor};

const STRANGER: Mac = Mac([2, 0, 0, 0, 0, 9]);

/// Addresses that take forms.
fn forms_of_the_source() -> BTreeSet<String> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/agent/portal/mod.rs");
    let source = std::fs::read_to_string(file).unwrap();
    let routes = source.split(".route(").skip(1);
    let forms = routes.filter_map(|route| {
        let (path, handler) = route.split_once(',').unwrap();
        let handler = handler.split(".merge(").next().unwrap();
        handler.contains("post(").then(|| path.trim().trim_matches('"').to_owned())
    });
    forms.collect()
}

async fn shop() -> Shop {
    Shop::with(|config| {
        config.portal.registration = Registration::Payment;
        config.policy.max_devices_per_user = 1;
    })
    .await
}

async fn debt(shop: &Shop) -> String {
    let debt = json!({"amount": "1 GB", "price_rp": 20_000});
    let debt = shop.desk.post(&format!("{}/debts", shop.user), debt).await.ok(201);
    debt["id"].as_str().unwrap().to_owned()
}

/// Sends a form of an open order's page.
async fn of_order(shop: &Shop, form: &str) -> Page {
    let phone = Visitor::of(shop).await;
    let status = phone.pay(&format!("/beli/{}", shop.package.as_str().unwrap()), "va_bni").await.leads_to();
    let action = format!("{}/{form}", status.split('?').next().unwrap());
    phone.fill(&status, &action, &[]).await
}

/// A phone that is nobody's, and the customer's PIN; the customer has a device already where `is_full`.
async fn stranger(shop: &Shop, is_full: bool) -> (Visitor, String) {
    shop.desk.patch(&shop.user, json!({"login": "budi"})).await.ok(200);
    let pin = shop.desk.post(&format!("{}/pin", shop.user), json!({})).await.ok(201);
    if !is_full {
        shop.desk.delete(&format!("{}/devices/{}", shop.user, crate::shop::MAC)).await;
    }
    shop.desk.sim.host_connect(STRANGER, Ipv4Addr::LOCALHOST);
    shop.desk.site().cycle.meter_once().await.unwrap();
    (Visitor::at(&shop.desk), pin["pin"].as_str().unwrap().to_owned())
}

/// Sends the form as a customer does.
async fn sent(shop: &Shop, path: &str) -> Page {
    match path {
        "/beli/{package}" => {
            let phone = Visitor::of(shop).await;
            phone.pay(&format!("/beli/{}", shop.package.as_str().unwrap()), "qris").await
        }
        "/lunasi/semua" | "/lunasi/sebagian" | "/lunasi/{debt}" => {
            let debt = debt(shop).await;
            let phone = Visitor::of(shop).await;
            let path = path.replace("{debt}", &debt).replace("sebagian", "sebagian?rp=5.000");
            phone.pay(&path, "qris").await
        }
        "/payment/status/{order}/cek" | "/payment/status/{order}/ganti" | "/payment/status/{order}/batal" => {
            of_order(shop, path.rsplit('/').next().unwrap()).await
        }
        "/masuk" => {
            let (phone, pin) = stranger(shop, false).await;
            phone.fill("/masuk", "/masuk", &[("siapa", "budi"), ("pin", &pin)]).await
        }
        "/masuk/ganti" => {
            let (phone, pin) = stranger(shop, true).await;
            let asked = phone.fill("/masuk", "/masuk", &[("siapa", "budi"), ("pin", &pin)]).await.leads_to();
            phone.fill(&asked, "/masuk/ganti", &[]).await
        }
        "/daftar" => {
            let (phone, _) = stranger(shop, true).await;
            let form = [("nama", "Siti"), ("hp", "081234567890"), ("pin", "135790"), ("pin_lagi", "135790")];
            phone.fill("/daftar", "/daftar", &form).await
        }
        other => panic!("no case for the form at {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_the_portal_leads_on_when_it_is_sent() {
    let forms = forms_of_the_source();
    assert!(forms.len() >= 10, "{forms:?}");
    for path in forms {
        let shop = shop().await;
        let page = sent(&shop, &path).await;
        assert_eq!(page.status, 303, "{path}: {}", page.read());
    }
}
