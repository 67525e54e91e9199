//! The counter: everything a customer can pay has a button with its price and what comes of it; a press sells once, at the
//! price that was shown, or nothing at all.

use kuota::domain::id::Mac;
use serde_json::{Value, json};

use crate::support::console_client::{ConsoleClient, Fields, Page, text};
use crate::support::payment_site::{PRICE_RP, PaymentSite};

const NEW: Mac = Mac([2, 0, 0, 0, 0, 9]);

fn place(site: &PaymentSite) -> String {
    site.user.replace("/users/", "/jual/")
}

/// Values of the buttons that sell.
fn offers(page: &Page) -> Vec<String> {
    let values =
        page.html.split("name=\"untuk\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    values.filter(|value| !value.is_empty()).map(str::to_owned).collect()
}

fn pressed(page: &Page, what: &str, method: &str) -> Fields {
    let mut fields = page.fields();
    fields.extend([("untuk".to_owned(), what.to_owned()), ("method".to_owned(), method.to_owned())]);
    fields
}

async fn orders(site: &PaymentSite) -> Vec<Value> {
    site.get("/orders?limit=50").await.ok(200)["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_is_sold_by_one_press_and_once() {
    let site = PaymentSite::start().await;
    let cashier = ConsoleClient::of(&site, "kasir", "cashier").await;
    let who = cashier.open("/jual").await;
    who.says("Budi");
    assert!(who.html.contains(&format!("href=\"{}\" data-dialog", place(&site))));
    let page = cashier.open(&place(&site)).await;
    page.says("Terima Rp 100.000").says("Sesudahnya: Aktif, sisa 10,00 GB");
    let [offer] = &offers(&page)[..] else { panic!("{}", page.html) };
    let fields = pressed(&page, offer, "transfer");
    let sold = cashier.post(&page.action(), &fields).await;
    assert_eq!(sold.status, 303, "{}", sold.words());
    let again = cashier.post(&page.action(), &fields).await;
    assert_eq!((again.status, &again.to), (303, &sold.to));
    let [order] = &orders(&site).await[..] else { panic!("sold twice") };
    assert_eq!((&order["method"], &order["amount_rp"]), (&json!("transfer"), &json!(PRICE_RP)));
    let receipt = cashier.open(&sold.to).await;
    receipt.says("Diterima Rp 100.000 dari Budi.").says("Penjualan baru").says("Kirim lewat WhatsApp");
    assert!(receipt.html.contains("https://wa.me/?text=Kuitansi%20No.%201"), "{}", receipt.html);

    // Enter, another page's press and another price sell nothing.
    let page = cashier.open(&place(&site)).await;
    let nothing = cashier.post(&page.action(), &pressed(&page, "", "cash")).await;
    assert_eq!(nothing.status, 422);
    nothing.says("Pilih paket atau tagihan yang dibayar.");
    let mut used = fields.clone();
    used.insert("method".into(), "cash".into());
    used.insert("untuk".into(), format!("{}0", offers(&page)[0]));
    let used = cashier.post(&page.action(), &used).await;
    assert_eq!(used.status, 409);
    used.says("Halaman ini sudah dipakai untuk penjualan lain.");
    site.patch(&format!("/packages/{}", text(&site.package)), json!({"price_rp": 120_000})).await.ok(200);
    let changed = cashier.post(&page.action(), &pressed(&page, &offers(&page)[0], "cash")).await;
    assert_eq!(changed.status, 409);
    changed.says("Terima Rp 120.000");
    assert_eq!(orders(&site).await.len(), 1);
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_debt_is_paid_alone_or_with_a_package_in_one_go() {
    let site = PaymentSite::start().await;
    let debt = json!({"amount": "2 GB", "price_rp": 20_000, "note": "rahasia pemilik"});
    site.post(&format!("{}/debts", site.user), debt).await.ok(201);
    let owner = ConsoleClient::owner(&site).await;
    let page = owner.open(&place(&site)).await;
    page.says("Bayar tagihan").says("Terima Rp 20.000").says("Tagihan dan paket: terima Rp 120.000");
    let both = offers(&page).into_iter().find(|value| value.starts_with("lunas ") && !value.contains(" - "));
    let both = both.unwrap();
    let online = owner.post(&page.action(), &pressed(&page, &both, "qris")).await;
    assert_eq!(online.status, 409);
    online.says("Bayar online untuk satu hal saja");
    let sold = owner.post(&page.action(), &pressed(&page, &both, "cash")).await;
    assert_eq!(sold.status, 303, "{}", sold.words());
    let receipt = owner.open(&sold.to).await;
    receipt.says("Diterima Rp 120.000 dari Budi.").says("Aktif, sisa 12,00 GB, sampai").hides("Pemakaian:");
    // Both receipts are one paper, whichever is opened, and the message says the same.
    for path in [sold.to.as_str(), "/kuitansi/1", "/kuitansi/2"] {
        let paper = owner.open(path).await;
        paper
            .says("No. 1 + 2")
            .says("Rp 20.000")
            .says("Rp 100.000")
            .says("Jumlah Rp 120.000")
            .says("Berlaku sampai");
        assert!(paper.html.contains("Jumlah%3A%20Rp%20120.000"), "{}", paper.html);
    }
    let mut amounts: Vec<u64> =
        orders(&site).await.iter().map(|order| order["amount_rp"].as_u64().unwrap()).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [20_000, PRICE_RP]);
    let customer = site.customer().await;
    assert_eq!((&customer["debt_items_bytes"], &customer["remaining_mb"]), (&json!(0), &json!("12288.00")));
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_blocked_is_opened_first_and_days_that_are_not_added_are_told_before_the_sale() {
    let site = PaymentSite::start().await;
    let owner = ConsoleClient::owner(&site).await;
    let sell = place(&site);
    let page = owner.open(&sell).await;
    let sold = owner.post(&page.action(), &pressed(&page, &offers(&page)[0], "cash")).await;
    assert_eq!(sold.status, 303, "{}", sold.words());
    owner.open(&sell).await.says("sisa hari yang ada tidak ditambahkan");
    site.post(&format!("{}/block", site.user), json!({"reason": "berbagi akun"})).await.ok(200);
    let blocked = owner.open(&sell).await;
    let open = format!("/buka?ke={sell}");
    assert!(blocked.html.contains(&open) && offers(&blocked).is_empty(), "{}", blocked.html);
    let customer = owner.open(&sell.replace("/jual/", "/pelanggan/")).await;
    customer.says("Alasan: berbagi akun");
    assert!(
        customer.html.contains("<a class=\"button primary wide\" href=\"/pelanggan/"),
        "{}",
        customer.html
    );
    let cashier = ConsoleClient::of(&site, "yuni", "cashier").await;
    assert!(!cashier.open(&sell).await.html.contains("/buka?"), "a cashier may not open");
}

#[tokio::test(flavor = "multi_thread")]
async fn money_asked_for_online_leads_to_its_code() {
    let site = PaymentSite::start().await;
    let owner = ConsoleClient::owner(&site).await;
    let page = owner.open(&place(&site)).await;
    let asked = owner.post(&page.action(), &pressed(&page, &offers(&page)[0], "qris")).await;
    assert!(asked.to.starts_with("/pembayaran/"), "{} {}", asked.to, asked.words());
    let code = owner.open(&asked.to).await;
    code.says("Perlihatkan kodenya.");
    assert!(code.html.contains("class=\"qr\"") && code.html.contains("data-live"), "{}", code.html);
    assert_eq!(site.customer().await["remaining_mb"], "0.00");
    // Cash instead calls it off, and the page says so before.
    owner.open(&place(&site)).await.says("akan dibatalkan");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_is_entered_with_device_and_package_in_one_go() {
    let site = PaymentSite::start().await;
    site.sim.host_connect(NEW, std::net::Ipv4Addr::new(10, 5, 50, 77));
    site.agent().cycle.meter_once().await.unwrap();
    let owner = ConsoleClient::owner(&site).await;
    let path = format!("/jual/perangkat/{NEW}/baru");
    let who = owner.open("/jual").await;
    assert!(who.html.contains(&format!("href=\"{path}\" data-dialog")), "{}", who.html);
    let shown = owner.fill(&path, &[("name", "Sari"), ("phone", "0812-3456-789")]).await;
    shown
        .says("Nama Sari")
        .says("Telepon")
        .says("Terima Rp 100.000")
        .says("Uang diterima")
        .hides("Belum ada perangkat")
        .says("Router dibaca dulu");
    let done = owner.sure(&shown).await;
    assert_eq!(done.status, 303, "{}", done.words());
    let again = owner.sure(&shown).await;
    assert_eq!(again.to, done.to);
    let receipt = owner.open(&done.to).await;
    receipt.says("Sudah dilakukan: Pelanggan baru").says("Sari");
    assert!(receipt.html.contains("https://wa.me/628123456789?text="), "{}", receipt.html);
    let found = site.get("/users?q=sari").await.ok(200);
    let [sari] = &found["items"].as_array().unwrap()[..] else { panic!("{found}") };
    assert_eq!(
        (&sari["devices"][0]["mac"], &sari["remaining_mb"]),
        (&json!(NEW.to_string()), &json!("10240.00"))
    );

    // A phone that somebody has refuses all of it.
    let refused = owner.fill("/jual/baru", &[("name", "Tini"), ("phone", "+62 812 3456 789")]).await;
    assert_eq!(refused.status, 409, "{}", refused.words());
    assert_eq!(site.get("/users?q=tini").await.ok(200)["items"], json!([]));
    assert_eq!(orders(&site).await.len(), 1);
    // Online comes next, when the customer is there to be asked.
    let next = owner.does("/jual/baru", &[("name", "Tini"), ("method", "nanti")]).await;
    assert!(next.path.starts_with("/jual/"), "{}", next.path);
    next.says("Tini").says("Terima Rp 100.000");
    assert_eq!(orders(&site).await.len(), 1);
    let cashier = ConsoleClient::of(&site, "kasir", "cashier").await;
    assert_eq!(cashier.get("/jual/baru").await.status, 403);
    site.verify_ledger().await;
}
