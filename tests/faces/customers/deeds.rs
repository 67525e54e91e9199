//! Everything that can be done: asked, shown, done once, told; and refused with a reason.

use std::net::Ipv4Addr;

use kuota::domain::id::Mac;
use serde_json::{Value, json};

use crate::support::console_client::{ConsoleClient, Page, text};
use crate::support::site::TestSite;

const MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);

/// A site with one customer, whose page is the second answer.
async fn site() -> (TestSite, String) {
    let site = TestSite::serving().await;
    let user = site.user("Budi").await;
    (site, user.replace("/users/", "/pelanggan/"))
}

/// The same customer's path in the API.
fn api(place: &str) -> String {
    place.replace("/pelanggan/", "/users/")
}

async fn user(site: &TestSite, place: &str) -> Value {
    site.get(&api(place)).await.ok(200)
}

async fn first_debt(site: &TestSite, place: &str) -> String {
    text(&site.get(&format!("{}/debts", api(place))).await.ok(200)["items"][0]["id"])
}

/// Does a deed as a person does, and holds that nothing happened before the yes, and that what was shown is what was
/// written and told.
async fn done(site: &TestSite, browser: &ConsoleClient<'_>, path: &str, typed: &[(&str, &str)]) -> Page {
    let lines = site.lines().await;
    let shown = browser.fill(path, typed).await;
    assert_eq!(shown.status, 200, "{path}: {}", shown.words());
    shown.says("Belum ada yang berubah");
    assert_eq!(site.lines().await, lines, "{path} did something before it was sure");
    let done = browser.sure(&shown).await;
    assert_eq!(done.status, 303, "{path}: {}", done.words());
    let after = site.lines().await;
    assert_eq!(after.0 - lines.0, shown.lines().len() as u64, "{path}: {:?}", shown.lines());
    assert!(after.1 > lines.1, "{path} left no line in the audit");
    // The same press again is the same deed.
    let again = browser.sure(&shown).await;
    assert_eq!((again.status, &again.to), (303, &done.to), "{path}");
    assert_eq!(site.lines().await, after, "{path} was done twice");
    let told = browser.open(&done.to).await;
    told.says("Sudah dilakukan:");
    let shown_lines = shown.lines();
    assert_eq!(told.told()[..shown_lines.len()], shown_lines, "{path}");
    assert!(browser.open(&done.to).await.told().is_empty(), "{path} is told twice");
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn quota_and_debts_are_given_changed_and_paid() {
    let (site, place) = site().await;
    let browser = ConsoleClient::owner(&site).await;
    let package = text(&site.package(10_240, 100_000).await);
    let at = |deed: &str| format!("{place}/{deed}");

    done(&site, &browser, &at("kuota"), &[("amount", "2 GB"), ("days", "3"), ("reason", "hadiah")]).await;
    assert_eq!(user(&site, &place).await["remaining_mb"], "2048.00");
    done(&site, &browser, &at("koreksi"), &[("amount", "512 MB"), ("reason", "salah")]).await;
    assert_eq!(user(&site, &place).await["remaining_mb"], "1536.00");

    browser.sells(&place, &[]).await.says("Kuitansi No. 1").says("Aktif, sisa 11,50 GB, sampai 10 Des 2026");
    assert_eq!(user(&site, &place).await["remaining_mb"], "11776.00");

    done(&site, &browser, &at("tagihan-paket"), &[("package_id", &package), ("note", "janji")]).await;
    let amount = [("amount", "1 GB"), ("due_date", "2026-11-20"), ("price_rp", "15.000"), ("note", "x")];
    done(&site, &browser, &at("tagihan-kuota"), &amount).await;
    assert_eq!(user(&site, &place).await["debt_items_mb"], "11264.00");

    let debt = format!("{place}/tagihan/{}", first_debt(&site, &place).await);
    done(&site, &browser, &format!("{debt}/jatuh-tempo"), &[("due_date", "2026-12-24"), ("note", "gajian")])
        .await
        .says("Ubah jatuh tempo \u{2013} Budi")
        .says("Jatuh tempo 24 Des 2026.");
    browser.open(&place).await.says("24 Des 2026").says("gajian");
    done(&site, &browser, &at("bayar"), &[("amount_rp", "40.000"), ("method", "transfer")]).await;
    done(&site, &browser, &format!("{debt}/lunas"), &[]).await.says("Kuitansi No. 3");
    done(&site, &browser, &at("lunasi"), &[("method", "qris_static")]).await;
    assert_eq!(user(&site, &place).await["debt_items_mb"], "0.00");

    done(&site, &browser, &at("tagihan-kuota"), &[("amount", "1 GB")]).await;
    let debts = site.get(&format!("{}/debts", api(&place))).await.ok(200);
    let open = debts["items"].as_array().unwrap().iter().find(|debt| debt["status"] == "open").unwrap();
    let path = format!("{place}/tagihan/{}/hapus", text(&open["id"]));
    done(&site, &browser, &path, &[("reason", "pindah")]).await.says("Tagihan dihapus");
    site.get("/ledger/verify").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_are_entered_changed_stopped_and_deleted() {
    let (site, _) = site().await;
    let browser = ConsoleClient::owner(&site).await;
    let typed = [("name", "Sari <b>&"), ("phone", "0812-3456 789"), ("expires_at", "2026-12-31")];
    let told = done(&site, &browser, "/pelanggan/baru", &typed).await;
    let place = told.path.split('?').next().unwrap().to_owned();
    told.says("Sari <b>&");
    assert!(!told.html.contains("<b>"), "names are never markup");
    let sari = user(&site, &place).await;
    assert_eq!(
        (&sari["phone"], &sari["expires_at"]),
        (&json!("0812-3456 789"), &json!("2026-12-31T16:59:59Z"))
    );
    let at = |deed: &str| format!("{place}/{deed}");

    // What stands as it was is not said again, an emptied field removes, and boxes can be unticked.
    let changes = [("phone", ""), ("approved", "no"), ("overage", "debt"), ("debt_limit", "1,5 GB")];
    done(&site, &browser, &at("ubah"), &changes).await;
    let sari = user(&site, &place).await;
    assert_eq!(
        (&sari["phone"], &sari["approved"], &sari["overage"]),
        (&Value::Null, &json!(false), &json!("debt"))
    );
    assert_eq!(sari["expires_at"], "2026-12-31T16:59:59Z");
    browser.open("/pelanggan?status=menunggu").await.says("Sari");
    done(&site, &browser, &at("setujui"), &[]).await;
    assert_eq!(user(&site, &place).await["approved"], true);

    done(&site, &browser, &at("blokir"), &[("reason", "mengganggu")])
        .await
        .says("Diblokir: dihentikan pengelola");
    done(&site, &browser, &at("buka"), &[]).await;
    let told = done(&site, &browser, &at("hapus"), &[]).await;
    assert!(told.path.starts_with("/pelanggan?kabar="), "{}", told.path);
    site.get(&api(&place)).await.problem(404, "not_found");
    assert_eq!(browser.get(&place).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_come_and_go_and_a_reset_shows_what_is_lost() {
    let (site, place) = site().await;
    let browser = ConsoleClient::owner(&site).await;
    site.sim.host_connect(MAC, Ipv4Addr::new(10, 5, 50, 11));
    let mac = [("mac", "02-00-00-00-00-01"), ("label", "HP")];
    done(&site, &browser, &format!("{place}/perangkat"), &mac).await.says("02:00:00:00:00:01");
    site.agent().cycle.enforce_once().await.unwrap();
    done(&site, &browser, &format!("{place}/kuota"), &[("amount", "1 GB"), ("reason", "x")]).await;
    site.agent().cycle.enforce_once().await.unwrap();
    site.agent().cycle.meter_once().await.unwrap();
    site.use_mb(MAC, 100).await;
    browser.open(&place).await.says("Online").says("100 MB");
    browser.open(&format!("{place}?hari=2026-11-10&perangkat=02:00:00:00:00:01")).await.says("10 Nov 2026");

    let reset = format!("{place}/reset");
    let shown = browser.fill(&reset, &[("debt", "10 GB"), ("reason", "bulan baru")]).await;
    shown.says("Sisa kuota 924 MB hangus.").says("Router dibaca dulu");
    done(&site, &browser, &reset, &[("debt", "10 GB"), ("reason", "bulan baru")]).await;
    let budi = user(&site, &place).await;
    assert_eq!((&budi["used_bytes"], &budi["debt_items_mb"]), (&json!(0), &json!("10240.00")));
    assert_eq!((&budi["remaining_mb"], &budi["access"]["status"]), (&json!("10240.00"), &json!("active")));

    done(&site, &browser, &format!("{place}/perangkat/02:00:00:00:00:01/lepas"), &[]).await;
    assert_eq!(user(&site, &place).await["devices"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_router_a_reset_is_refused_in_words() {
    let (site, place) = site().await;
    let browser = ConsoleClient::owner(&site).await;
    let shown = browser.fill(&format!("{place}/reset"), &[("reason", "x")]).await;
    site.sim.connections(kuota::sim::ConnectionMode::Refuse).await;
    let lines = site.lines().await;
    let refused = browser.sure(&shown).await;
    assert_eq!(refused.status, 503);
    refused.says("Router tidak dapat dihubungi");
    assert_eq!(refused.fields()["reason"], "x", "what was typed is still there");
    assert_eq!(site.lines().await, lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_are_made_changed_and_taken_off() {
    let (site, _) = site().await;
    let browser = ConsoleClient::owner(&site).await;
    let typed = [("name", "Bulanan"), ("quota", "10 GB"), ("days", "30"), ("price_rp", "100.000")];
    done(&site, &browser, "/paket/baru", &typed).await.says("Bulanan").says("Rp 100.000");
    let packages = site.get("/packages").await.ok(200);
    let place = format!("/paket/{}", text(&packages["items"][0]["id"]));
    done(&site, &browser, &format!("{place}/ubah"), &[("price_rp", "120000"), ("quota", "")]).await;
    let package = site.get("/packages").await.ok(200)["items"][0].clone();
    assert_eq!((&package["price_rp"], &package["quota_bytes"]), (&json!(120_000), &Value::Null));
    let shown = browser.open(&format!("{place}/henti")).await;
    shown.says("Dijual ya tidak");
    done(&site, &browser, &format!("{place}/henti"), &[]).await.says("Tidak dijual");
    done(&site, &browser, &format!("{place}/jual"), &[]).await;
    done(&site, &browser, &format!("{place}/hapus"), &[]).await.says("Belum ada.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_is_shown_once_and_pressing_twice_gives_no_other() {
    let (site, place) = site().await;
    let browser = ConsoleClient::owner(&site).await;
    let shown = browser.fill(&format!("{place}/pin"), &[]).await;
    let done = browser.sure(&shown).await;
    assert_eq!(browser.sure(&shown).await.to, done.to);
    let told = browser.open(&done.to).await;
    let words = told.words();
    let pin = words.split("PIN portal: ").nth(1).unwrap().split(' ').next().unwrap();
    assert!(pin.len() == 6 && pin.bytes().all(|b| b.is_ascii_digit()), "{pin}");
    browser.open(&done.to).await.hides(pin);
    let audit = site.get("/audit").await.ok(200).to_string();
    assert_eq!(audit.matches("user.pin").count(), 1, "{audit}");
    // Nobody else is told.
    let other = ConsoleClient::of(&site, "rini", "owner").await;
    other.open(&done.to).await.hides("PIN portal:");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_and_mistakes_are_told_in_the_readers_language_beside_the_field() {
    let (site, place) = site().await;
    let browser = ConsoleClient::owner(&site).await;
    let refused = |deed: &'static str, typed: &'static [(&'static str, &'static str)]| {
        let (browser, path) = (&browser, format!("{place}/{deed}"));
        async move { browser.fill(&path, typed).await }
    };
    let page = refused("lunasi", &[]).await;
    assert_eq!(page.status, 409);
    page.says("Tidak ada yang perlu dibayar.");
    let page = refused("kuota", &[("amount", "banyak"), ("reason", "x")]).await;
    assert_eq!(page.status, 422);
    page.says("“banyak” bukan jumlah kuota. Tulis jumlah di atas nol dengan satuannya");
    assert!(
        page.html.contains("aria-invalid=\"true\" aria-describedby=\"amount-hint amount-error\""),
        "{}",
        page.html
    );
    assert_eq!(page.fields()["amount"], "banyak");
    refused("kuota", &[("amount", "500"), ("reason", "x")])
        .await
        .says("“500” tanpa satuan. Tulis 500 MB atau 500 GB.");
    refused("kuota", &[("amount", "1 GB"), ("reason", "")]).await.says("Alasan: Wajib diisi.");
    refused("bayar", &[("amount_rp", "1.5")]).await.says("“1.5” bukan rupiah bulat. Tulis");
    refused("perangkat", &[("mac", "x")]).await.says("“x” bukan alamat MAC satu perangkat. Tulis");
    let english = browser.in_english();
    english.fill(&format!("{place}/lunasi"), &[]).await.says("Nothing is owed.");
    english.open(&format!("{place}/kuota")).await.says("Give quota");

    site.post(&format!("{}/debts", api(&place)), json!({"amount": "1 GB", "price_rp": 10_000})).await.ok(201);
    refused("bayar", &[("amount_rp", "50.000")]).await.says("Lebih dari tagihan bertanggal");
    browser.get(&format!("{place}/hapus")).await.says("masih punya tagihan");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_price_than_was_shown_is_not_taken() {
    let (site, place) = site().await;
    let browser = ConsoleClient::owner(&site).await;
    let package = text(&site.package(10_240, 100_000).await);
    site.post(&format!("{}/debts", api(&place)), json!({"amount": "10 GB"})).await.ok(201);
    let shown = browser.fill(&format!("{place}/lunasi"), &[]).await;
    shown.says("Uang diterima Rp 100.000 (Tunai)").says("Kuitansi 1");
    assert_eq!(shown.fields()["expect_rp"], "100000");
    site.patch(&format!("/packages/{package}"), json!({"price_rp": 110_000})).await.ok(200);
    let lines = site.lines().await;
    let refused = browser.sure(&shown).await;
    assert_eq!(refused.status, 409);
    refused.says("Harganya sudah berubah");
    assert_eq!(site.lines().await, lines);
    assert!(!refused.fields().contains_key("expect_rp"), "the next look has the new price");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_no_page_of_ours_made_does_nothing() {
    let (site, place) = site().await;
    let browser = ConsoleClient::owner(&site).await;
    let shown = browser.fill(&format!("{place}/kuota"), &[("amount", "1 GB"), ("reason", "x")]).await;
    let lines = site.lines().await;
    for token in ["", "0123456789abcdef0123456789abcdef"] {
        let mut fields = shown.fields();
        fields.insert("_sure".into(), "ya".into());
        fields.insert("_token".into(), token.into());
        let refused = browser.post(&shown.action(), &fields).await;
        assert_eq!(refused.status, 403);
        refused.says("Formulir ini sudah kedaluwarsa");
    }
    // Without a key of ours nothing is done either: it is only shown again.
    let mut fields = shown.fields();
    fields.insert("_sure".into(), "ya".into());
    fields.insert("_key".into(), "a b".into());
    let shown = browser.post(&shown.action(), &fields).await;
    browser.led_on(shown).await.says("Belum ada yang berubah");
    assert_eq!(site.lines().await, lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_and_may_do_what_the_role_allows() {
    let (site, place) = site().await;
    site.post(&format!("{}/debts", api(&place)), json!({"amount": "1 GB", "price_rp": 10_000})).await.ok(201);
    let debt = format!("{place}/tagihan/{}", first_debt(&site, &place).await);
    let viewer = ConsoleClient::of(&site, "tamu", "viewer").await;
    let cashier = ConsoleClient::of(&site, "kasir", "cashier").await;
    let operator = ConsoleClient::of(&site, "andi", "operator").await;
    let page = viewer.open(&place).await;
    page.hides("Jual paket").hides("Ubah data").hides("Hapus tagihan");
    cashier
        .open(&place)
        .await
        .says("Jual paket")
        .says("Lunasi semua")
        .hides("Ubah data")
        .hides("Hapus tagihan");
    operator
        .open(&place)
        .await
        .says("Ubah data")
        .says("Ubah jatuh tempo")
        .hides("Koreksi")
        .hides("Hapus tagihan");
    let rows = [
        (&viewer, format!("{place}/lunasi"), 403),
        (&viewer, "/pelanggan/baru".to_owned(), 403),
        (&cashier, format!("{place}/lunasi"), 200),
        (&cashier, format!("{place}/kuota"), 403),
        (&cashier, format!("{debt}/hapus"), 403),
        (&operator, format!("{place}/koreksi"), 403),
        (&operator, "/paket/baru".to_owned(), 403),
        (&operator, format!("{debt}/jatuh-tempo"), 200),
    ];
    for (browser, path, status) in rows {
        let page = browser.get(&path).await;
        assert_eq!(page.status, status, "{path}");
        if status == 403 {
            page.says("Peran Anda tidak mengizinkan ini.");
        }
    }
    // Asking without the page is no way around.
    let mut fields = cashier.open(&format!("{place}/lunasi")).await.fields();
    fields.extend(
        [("amount", "1 GB"), ("reason", "x"), ("_sure", "ya"), ("_key", "k")]
            .map(|(n, v)| (n.into(), v.into())),
    );
    let lines = site.lines().await;
    assert_eq!(cashier.post(&format!("{place}/kuota"), &fields).await.status, 403);
    assert_eq!(site.lines().await, lines);
    // Credit that a cashier may not give is refused in words.
    site.package(10_240, 100_000).await;
    cashier
        .fill(&format!("{place}/tagihan-kuota"), &[("amount", "1 GB")])
        .await
        .says("Melebihi kuota tagihan");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_of_another_customer_moves_only_by_a_decision_of_its_own() {
    let (site, place) = site().await;
    let other = site.user("Siti").await;
    site.post(&format!("{other}/devices"), json!({"mac": MAC.to_string(), "label": "HP"})).await.ok(201);
    let browser = ConsoleClient::owner(&site).await;
    let path = format!("{place}/perangkat");
    browser.open(&path).await.hides("Pindahkan dari pelanggan");

    let refused = browser.fill(&path, &[("mac", &MAC.to_string())]).await;
    assert_eq!(refused.status, 409);
    refused.says("Perangkat ini milik Siti.").says("Pindahkan dari pelanggan yang memilikinya");
    let mut fields = refused.fields();
    fields.insert("move".into(), "yes".into());
    let sent = browser.post(&refused.action(), &fields).await;
    let shown = browser.led_on(sent).await;
    shown
        .says("Belum ada yang berubah")
        .says("diambil dari Siti")
        .says("Pelanggan lain yang ikut berubah: Siti");
    shown.says("Budi");
    assert_eq!(
        shown.words().matches(&MAC.to_string()).count(),
        3,
        "in the warning and of both: {}",
        shown.words()
    );
    assert_eq!(site.get(&other).await.ok(200)["devices"][0]["mac"], MAC.to_string(), "nothing happened yet");

    let done = browser.sure(&shown).await;
    browser.open(&done.to).await.says("Dipindahkan dari Siti.");
    assert_eq!(user(&site, &place).await["devices"][0]["mac"], MAC.to_string());
    assert_eq!(site.get(&other).await.ok(200)["devices"], json!([]));
    browser.open(&place).await.says("dipindahkan dari Siti");
    browser.open(&other.replace("/users/", "/pelanggan/")).await.says("HP").says("dipindahkan ke Budi");

    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let audit = site.get("/audit").await.ok(200);
    let line = |action: &str, target: &str| {
        let lines = audit["items"].as_array().unwrap();
        let found = lines.iter().find(|line| line["action"] == action && line["target"] == target);
        found.unwrap_or_else(|| panic!("no {action} of {target}: {audit}"))["detail"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(line("device.bind", &id(&place)).contains(&format!("moved from {}", id(&other))));
    assert!(line("device.unbind", &id(&other)).contains(&format!("moved to {}", id(&place))));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_is_marked_at_once_and_a_rules_refusal_at_its_field() {
    let (site, place) = site().await;
    site.post("/users", json!({"name": "Sari", "phone": "081234567890"})).await.ok(201);
    let owner = ConsoleClient::owner(&site).await;
    let at = |page: &Page, field: &str| page.html.contains(&format!("id=\"{field}-error\""));
    let wrong = [("amount", "10"), ("due_date", "besok"), ("price_rp", "lima ribu")];
    let page = owner.fill(&format!("{place}/tagihan-kuota"), &wrong).await;
    assert_eq!(page.status, 422);
    for (field, typed) in wrong {
        assert!(at(&page, field) && page.fields()[field] == typed, "{field}: {}", page.html);
    }
    let taken = owner.fill(&format!("{place}/ubah"), &[("phone", "+62 812-3456-7890")]).await;
    assert_eq!(taken.status, 409);
    assert!(at(&taken, "phone") && !at(&taken, "name"), "{}", taken.html);
    taken.says("Nomor telepon ini sudah dipakai pelanggan lain.");
    owner.fill(&format!("{place}/kuota"), &[("amount", "0"), ("reason", "x")]).await.says("sama dengan nol");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_for_the_customer_is_written_and_emptied_on_the_forms() {
    let (site, place) = site().await;
    let owner = ConsoleClient::owner(&site).await;
    owner.does(&format!("{place}/ubah"), &[("customer_note", "Libur hari Minggu")]).await;
    owner.open(&place).await.says("Catatan untuk pelanggan Libur hari Minggu");
    assert_eq!(user(&site, &place).await["customer_note"], "Libur hari Minggu");
    owner.does(&format!("{place}/ubah"), &[("customer_note", "")]).await;
    assert_eq!(user(&site, &place).await["customer_note"], Value::Null);
    let typed =
        [("amount", "1 GB"), ("price_rp", "5.000"), ("note", "bon"), ("customer_note", "Bayar sabtu")];
    owner.does(&format!("{place}/tagihan-kuota"), &typed).await;
    let debt = format!("{place}/tagihan/{}/jatuh-tempo", first_debt(&site, &place).await);
    let form = owner.open(&debt).await;
    assert_eq!(
        (form.fields()["note"].as_str(), form.fields()["customer_note"].as_str()),
        ("bon", "Bayar sabtu")
    );
    owner.does(&debt, &[("note", ""), ("customer_note", "")]).await;
    let item = site.get(&format!("{}/debts", api(&place))).await.ok(200)["items"][0].clone();
    assert_eq!((&item["note"], &item["customer_note"]), (&json!(""), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_with_the_name_of_another_on_sale_is_warned_of() {
    let site = TestSite::serving().await;
    let owner = ConsoleClient::owner(&site).await;
    let typed = |name| [("name", name), ("quota", "1 GB"), ("days", "7"), ("price_rp", "5.000")];
    owner.fill("/paket/baru", &typed("Mingguan")).await.hides("Sudah ada paket lain");
    owner.does("/paket/baru", &typed("Mingguan")).await;
    owner
        .fill("/paket/baru", &typed(" mingguan "))
        .await
        .says("Sudah ada paket lain yang dijual dengan nama");
    let package = text(&site.get("/packages").await.ok(200)["items"][0]["id"]);
    owner
        .fill(&format!("/paket/{package}/ubah"), &[("price_rp", "6.000")])
        .await
        .hides("Sudah ada paket lain")
        .hides("TANPA BATAS");
    owner.fill(&format!("/paket/{package}/ubah"), &[("quota", "")]).await.says("menjadi TANPA BATAS");
}
