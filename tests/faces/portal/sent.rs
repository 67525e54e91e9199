//! Every form that is sent to the portal leads on by a redirect when it did its work. The list is made from the source.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use kuota::agent::config::Registration;
use kuota::domain::id::Mac;
use serde_json::json;

use crate::support::payment_site::PaymentSite;
use crate::support::portal_client::{Page, PortalClient};

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

async fn site() -> PaymentSite {
    PaymentSite::with(|config| {
        config.portal.registration = Registration::Payment;
        config.policy.max_devices_per_user = 1;
    })
    .await
}

async fn debt(site: &PaymentSite) -> String {
    let debt = json!({"amount": "1 GB", "price_rp": 20_000});
    let debt = site.post(&format!("{}/debts", site.user), debt).await.ok(201);
    debt["id"].as_str().unwrap().to_owned()
}

/// Sends a form of an open order's page.
async fn of_order(site: &PaymentSite, form: &str) -> Page {
    let phone = PortalClient::of(site).await;
    let status = phone.pay(&format!("/beli/{}", site.package.as_str().unwrap()), "va_bni").await.leads_to();
    let action = format!("{}/{form}", status.split('?').next().unwrap());
    phone.fill(&status, &action, &[]).await
}

/// A phone that is nobody's, and the customer's PIN; the customer has a device already where `is_full`.
async fn stranger(site: &PaymentSite, is_full: bool) -> (PortalClient, String) {
    site.patch(&site.user, json!({"login": "budi"})).await.ok(200);
    let pin = site.post(&format!("{}/pin", site.user), json!({})).await.ok(201);
    if !is_full {
        site.delete(&format!("{}/devices/{}", site.user, crate::support::payment_site::MAC)).await;
    }
    site.sim.host_connect(STRANGER, Ipv4Addr::LOCALHOST);
    site.agent().cycle.meter_once().await.unwrap();
    (PortalClient::at(site), pin["pin"].as_str().unwrap().to_owned())
}

/// Sends the form as a customer does.
async fn sent(site: &PaymentSite, path: &str) -> Page {
    match path {
        "/beli/{package}" => {
            let phone = PortalClient::of(site).await;
            phone.pay(&format!("/beli/{}", site.package.as_str().unwrap()), "qris").await
        }
        "/lunasi/semua" | "/lunasi/sebagian" | "/lunasi/{debt}" => {
            let debt = debt(site).await;
            let phone = PortalClient::of(site).await;
            let path = path.replace("{debt}", &debt).replace("sebagian", "sebagian?rp=5.000");
            phone.pay(&path, "qris").await
        }
        "/payment/status/{order}/cek" | "/payment/status/{order}/ganti" | "/payment/status/{order}/batal" => {
            of_order(site, path.rsplit('/').next().unwrap()).await
        }
        "/masuk" => {
            let (phone, pin) = stranger(site, false).await;
            phone.fill("/masuk", "/masuk", &[("siapa", "budi"), ("pin", &pin)]).await
        }
        "/masuk/ganti" => {
            let (phone, pin) = stranger(site, true).await;
            let asked = phone.fill("/masuk", "/masuk", &[("siapa", "budi"), ("pin", &pin)]).await.leads_to();
            phone.fill(&asked, "/masuk/ganti", &[]).await
        }
        "/daftar" => {
            let (phone, _) = stranger(site, true).await;
            let form = [("nama", "Siti"), ("hp", "081234567890"), ("pin", "135790"), ("pin_lagi", "135790")];
            phone.fill("/daftar", "/daftar", &form).await
        }
        "/bantuan" => PortalClient::of(site).await.fill(path, path, &[("pesan", "tolong")]).await,
        "/pin" => {
            PortalClient::of(site).await.fill(path, path, &[("pin", "135790"), ("pin_lagi", "135790")]).await
        }
        "/perangkat/{mac}/nama" | "/perangkat/{mac}/lepas" => {
            let own = crate::support::payment_site::MAC.to_string();
            let phone = PortalClient::of(site).await;
            phone.fill("/perangkat", &path.replace("{mac}", &own), &[]).await
        }
        other => panic!("no case for the form at {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_the_portal_leads_on_when_it_is_sent() {
    let forms = forms_of_the_source();
    assert!(forms.len() >= 10, "{forms:?}");
    for path in forms {
        let site = site().await;
        let page = sent(&site, &path).await;
        assert_eq!(page.status, 303, "{path}: {}", page.read());
    }
}

/// An address of the form, and the page whose token it carries.
async fn addressed(site: &PaymentSite, path: &str) -> (PortalClient, String, &'static str) {
    match path {
        "/masuk" | "/masuk/ganti" | "/daftar" => (stranger(site, true).await.0, path.to_owned(), "/masuk"),
        _ => {
            let debt = debt(site).await;
            let package = site.package.as_str().unwrap();
            let path = path.replace("{package}", package).replace("{debt}", &debt).replace("{order}", "x");
            let path = path.replace("{mac}", &STRANGER.to_string());
            (PortalClient::of(site).await, path, "/lunasi/semua")
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_the_portal_leads_on_when_it_is_refused_and_its_page_can_be_loaded_again() {
    for path in forms_of_the_source() {
        let site = site().await;
        let (phone, path, page) = addressed(&site, &path).await;
        let mut wrong = phone.get(page).await.form(page);
        let typed = [
            ("siapa", "Siti <b>"),
            ("nama", "Siti <b>"),
            ("pin", "13579"),
            ("method", "?"),
            ("untuk", "?"),
            ("pesan", "\u{1}"),
        ];
        wrong.extend(typed.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let stale = [("_token".to_owned(), "x".to_owned())].into();
        for fields in [stale, wrong] {
            let to = phone.post_only(&path, &fields).await.leads_to();
            assert!(to.contains("salah="), "{path} was not refused: {to}");
            let shown = phone.get(&to).await;
            assert!((400..500).contains(&shown.status), "{path}: {} {}", shown.status, shown.read());
            assert_eq!(phone.get(&to).await.read(), shown.read(), "{path} is another page when loaded again");
            assert!(!shown.text.contains("13579") && !shown.text.contains("<b>"), "{path}: {}", shown.text);
            // Another phone is shown nothing of it, and what was forgotten is asked again.
            let lost = to.split("salah=").next().unwrap().to_owned() + "salah=x";
            let other = PortalClient::at(&site).from(Ipv4Addr::new(127, 0, 0, 9)).get(&to).await;
            for (who, page) in [("another phone", other), ("lost", phone.get(&lost).await)] {
                assert!(
                    [200, 303, 422].contains(&page.status),
                    "{who} {path}: {} {}",
                    page.status,
                    page.read()
                );
                page.says_nothing_of("Siti");
            }
            // A program is answered at once.
            let program = PortalClient::at(&site).by_program().post_only(&path, &fields).await;
            assert_eq!(program.status, shown.status, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_registers_or_logs_in_wrongly_types_no_more_than_the_pin_again() {
    let site = site().await;
    let (phone, _) = stranger(&site, true).await;
    let typed = [("nama", "Siti"), ("hp", "081234567890"), ("pin", "13579"), ("pin_lagi", "13579")];
    let page = phone.fill("/daftar", "/daftar", &typed).await;
    assert_eq!(page.status, 422);
    page.says("PIN terdiri dari 6 angka.");
    for kept in ["value=\"Siti\"", "value=\"081234567890\""] {
        assert!(page.text.contains(kept), "{kept}: {}", page.text);
    }
    let page = phone.fill("/masuk", "/masuk", &[("siapa", "budi"), ("pin", "000000")]).await;
    assert!(page.status == 401 && page.text.contains("value=\"budi\"") && !page.text.contains("000000"));
}
