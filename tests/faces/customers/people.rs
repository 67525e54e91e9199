//! What people read: customers found and paged, one customer, statements, packages, debts and receipts.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::console_client::{ConsoleClient, text};
use crate::support::site::TestSite;

/// A site with so many customers, `Warga 00001` and on, entered as copies of one; every tenth waits for approval.
async fn crowd(users: u32) -> TestSite {
    let mut site = TestSite::serving().await;
    site.user("Warga 00000").await;
    site.restart_after(|folder| {
        let store = rusqlite::Connection::open(folder.join("kuota.db")).unwrap();
        let copies = format!("WITH RECURSIVE n(n) AS (VALUES (2) UNION ALL SELECT n + 1 FROM n WHERE n <= {users})");
        let sql = format!(
            "BEGIN;
             CREATE TEMP TABLE copies AS {copies} SELECT n, u.* FROM n, users u WHERE u.user_no = 1;
             UPDATE copies SET user_no = n, name = printf('Warga %05d', n - 1), phone = printf('0812%08d', n - 1),
               id = printf('00000000-0000-4000-8000-%012d', n), approved = (n % 10 <> 0);
             ALTER TABLE copies DROP COLUMN n;
             INSERT INTO users SELECT * FROM copies;
             INSERT INTO accounts_base SELECT user_no, 0, 0, 0, 0, 0 FROM copies;
             COMMIT;"
        );
        store.execute_batch(&sql).unwrap();
    })
    .await;
    site
}

/// Customers named in a list.
fn names(page: &crate::support::console_client::Page) -> Vec<String> {
    let cells = page.html.split("<a href=\"/pelanggan/").skip(1);
    let names = cells.filter_map(|cell| Some(cell.split_once('>')?.1.split_once("</a>")?.0.to_owned()));
    names.filter(|name| name.starts_with("Warga")).collect()
}

fn next(page: &crate::support::console_client::Page) -> Option<String> {
    let (before, _) = page.html.split_once("\" rel=\"next\"")?;
    Some(before.rsplit('"').next()?.replace("&#38;", "&"))
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_are_searched_filtered_and_paged() {
    let site = crowd(119).await;
    let sari = site.post("/users", json!({"name": "Sari & Tono", "login": "sari"})).await.ok(201);
    let devices = format!("/users/{}/devices", text(&sari["id"]));
    site.post(&devices, json!({"mac": "02:00:00:00:AB:01"})).await.ok(201);
    let browser = ConsoleClient::owner(&site).await;

    let mut page = browser.open("/pelanggan").await;
    let mut seen = names(&page);
    // Sorted by name, one of another name is the first.
    assert_eq!(seen.len(), 49);
    page.says("121 pelanggan seluruhnya");
    while let Some(path) = next(&page) {
        page = browser.open(&path).await;
        seen.extend(names(&page));
    }
    assert_eq!(seen.len(), 120);
    seen.dedup();
    assert_eq!(seen.len(), 120);
    assert_eq!(seen[0], "Warga 00000");
    page.says("101\u{2013}121 dari 121");
    browser.open("/pelanggan").await.says("1\u{2013}50 dari 121").says("Sari & Tono");

    for q in ["sari", "SARI+%26", "00:ab", "02-00-00-00-AB-01"] {
        browser.open(&format!("/pelanggan?q={q}")).await.says("Sari & Tono").hides("Warga");
    }
    assert_eq!(names(&browser.open("/pelanggan?q=081200000007").await), ["Warga 00007"]);
    browser.open("/pelanggan?q=tidak+ada").await.says("Tidak ada yang cocok.");
    browser.open("/pelanggan?q=%22%3E%3Cscript%3E").await.says("Tidak ada yang cocok.");
    let waiting = browser.open("/pelanggan?status=menunggu").await;
    assert_eq!(names(&waiting).len(), 12);
    let page = browser.open("/pelanggan?status=habis").await;
    assert!(next(&page).unwrap().contains("status=habis&hal=2"), "{:?}", next(&page));
    browser.in_english().open("/pelanggan").await.says("Customers").says("Waiting for approval");
    waiting.says("Semua 121").says("Menunggu persetujuan 12");
    // What is no status, order or page is refused, not taken for all.
    for query in ["status=gone", "urut=umur", "arah=x", "hal=0", "hal=x"] {
        assert_eq!(browser.get(&format!("/pelanggan?{query}")).await.status, 422, "{query}");
    }
    let far = browser.open("/pelanggan?hal=99").await;
    assert!(names(&far).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_are_sorted_by_what_matters() {
    let site = TestSite::serving().await;
    let browser = ConsoleClient::owner(&site).await;
    // Name, quota, debt, expiry.
    for (name, gb, price_rp, day) in [
        ("Warga A", 3, 30_000, "2026-12-03"),
        ("warga b", 1, 10_000, "2026-12-02"),
        ("Warga C", 2, 20_000, "2026-12-01"),
    ] {
        let expires_at = format!("{day}T16:59:59Z");
        let user = site.post("/users", json!({"name": name, "expires_at": expires_at})).await.ok(201);
        let path = format!("/users/{}", text(&user["id"]));
        let credit = json!({"amount": format!("{gb} GB"), "reason": "uji"});
        site.post(&format!("{path}/credits"), credit).await.ok(201);
        let debt =
            json!({"amount": "1 GB", "price_rp": price_rp, "advance": false, "due_date": "2026-12-24"});
        site.post(&format!("{path}/debts"), debt).await.ok(201);
    }
    let order = |page: &crate::support::console_client::Page| {
        let cells = page.html.split("<th scope=\"row\">").skip(1);
        let name = |cell: &str| cell.split("</a>").next().unwrap().rsplit(' ').next().unwrap().to_uppercase();
        cells.map(name).collect::<String>()
    };
    for (query, wanted) in [
        ("", "ABC"),
        ("?urut=nama&arah=turun", "CBA"),
        ("?urut=sisa", "BCA"),
        ("?urut=tagihan", "ACB"),
        ("?urut=berlaku", "CBA"),
        ("?urut=berlaku&arah=turun", "ABC"),
    ] {
        let page = browser.open(&format!("/pelanggan{query}")).await;
        assert_eq!(order(&page), wanted, "{query}");
        assert_eq!(page.html.matches("aria-sort=").count(), 1, "{query}");
    }
    for (query, wanted) in
        [("?urut=jumlah", "ACB"), ("?urut=nama", "ABC"), ("?urut=tempo", "ABC"), ("", "ABC")]
    {
        assert_eq!(order(&browser.open(&format!("/tagihan{query}")).await), wanted, "{query}");
    }
    assert_eq!(browser.get("/tagihan?umur=x").await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn reminders_are_shown_before_they_are_noted_and_then_on_the_list() {
    let site = TestSite::serving().await;
    let mut ids = Vec::new();
    for name in ["Ani", "Budi", "Citra"] {
        let user = site.user(name).await;
        site.patch(&user, json!({"phone": format!("+6281100000{}", ids.len())})).await.ok(200);
        site.post(&format!("{user}/debts"), json!({"amount": "1 GB", "price_rp": 20_000})).await.ok(201);
        ids.push(user.rsplit('/').next().unwrap().to_owned());
    }
    let cashier = ConsoleClient::of(&site, "siti", "cashier").await;
    cashier.open("/tagihan").await.says("Ani").says("Budi").says("Citra").hides("10 Nov 2026 12");
    let path = format!("/tagihan/ingatkan?siapa={}&siapa={}", ids[0], ids[1]);
    let shown = cashier.open(&path).await;
    shown.says("Ani Rp 20.000 Belum pernah diingatkan").says("Budi").hides("Citra");
    assert!(shown.html.contains("https://wa.me/6281100000"), "{}", shown.html);
    let done = cashier.post(&shown.action(), &shown.fields()).await;
    assert_eq!(done.status, 303, "{}", done.words());
    let list = cashier.open(&done.to).await;
    list.says("Dicatat: 2 pelanggan sudah diingatkan.");
    assert_eq!(list.html.matches("<td data-reminded data-label=\"Diingatkan\">10 Nov 2026").count(), 2);
    let audit = site.get("/audit").await.ok(200).to_string();
    assert_eq!(audit.matches("debt.remind").count(), 2, "{audit}");
    cashier.open("/tagihan/ingatkan").await.says("Belum ada yang dipilih.");
    assert_eq!(cashier.get("/tagihan/ingatkan?siapa=x").await.status, 422);
    let viewer = ConsoleClient::of(&site, "tamu", "viewer").await;
    let page = viewer.open("/tagihan").await;
    page.says("Ani").hides("Bayar");
    assert!(!page.html.contains("type=\"checkbox\""));
    assert_eq!(viewer.get(&path).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_stay_small_and_fast_with_ten_thousand_customers() {
    let site = crowd(10_000).await;
    let user = site.user("Budi").await.replace("/users/", "/pelanggan/");
    let browser = ConsoleClient::owner(&site).await;
    // Builds without optimization are several times slower.
    let slack = if cfg!(debug_assertions) { 8 } else { 1 };
    for (path, most_ms) in [
        ("/pelanggan", 100),
        ("/pelanggan?q=Budi", 50),
        ("/pelanggan?q=ab:cd", 50),
        ("/tagihan", 100),
        ("/tagihan?umur=31", 100),
        ("/tagihan?urut=jumlah&hal=2", 100),
        ("/pelanggan?urut=tagihan&hal=9", 100),
        ("/pelanggan?urut=terlihat", 100),
        ("/paket", 100),
        (&user, 100),
    ] {
        browser.open(path).await;
        let begun = Instant::now();
        browser.open(path).await;
        let took = begun.elapsed();
        assert!(took < Duration::from_millis(most_ms * slack), "{path} took {took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_page_says_why_and_offers_what_to_do() {
    let site = TestSite::serving().await;
    let user = site.user("Budi <i>").await;
    let place = user.replace("/users/", "/pelanggan/");
    let browser = ConsoleClient::owner(&site).await;
    let page = browser.open(&place).await;
    page.says("Kuota habis").says("Mengapa aksesnya begini").says("Kuota habis, atau belum pernah ada?");
    page.says("diberikan 0 MB, sisa 0 MB; saat habis: Berhenti").hides("tagihan bertanggal");
    page.says("Jual paket atau beri kuota agar tersambung lagi.");
    page.hides("Lunasi semua").hides("Setujui").hides("Buka lagi").says("Hentikan internet");
    assert!(!page.html.contains("<i>"));

    site.patch(&user, json!({"phone": "0812345678"})).await.ok(200);
    site.post(
        &format!("{user}/debts"),
        json!({"amount": "1 GB", "price_rp": 40_000, "due_date": "2026-11-12"}),
    )
    .await
    .ok(201);
    let page = browser.open(&place).await;
    page.says("Lunasi semua").says("Bayar ini saja").says("12 Nov 2026").says("Rp 40.000");
    assert!(page.html.contains("https://wa.me/62812345678?text=Halo%20Budi"), "{}", page.html);

    site.clock.advance(Duration::from_hours(24 * 4));
    site.agent().engine().call(kuota::agent::engine::Engine::pass_time).await.unwrap().unwrap();
    // The session has ended by then.
    let browser = ConsoleClient::owner(&site).await;
    let page = browser.open(&place).await;
    page.says("Diblokir: tagihan lewat jatuh tempo").says("12 Nov 2026 (lewat)");
    let english = browser.in_english().open(&place).await;
    english.says("Why this access").says("a debt is overdue").says("12 Nov 2026 (late)");

    let statement = browser.open(&format!("{place}/rekening")).await;
    statement.says("Rekening pelanggan: Budi <i>").says("Tagihan baru").says("Kuota hutang");
    assert_eq!(browser.get("/pelanggan/6f0b7a52-0000-4000-8000-000000000000").await.status, 404);
    assert_eq!(browser.get("/pelanggan/x").await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_is_shown_by_age_with_messages_ready_to_send() {
    let site = TestSite::serving().await;
    let browser = ConsoleClient::owner(&site).await;
    browser.open("/tagihan").await.says("Tidak ada tagihan.");
    let rows =
        [("Ani", "2026-10-01"), ("Budi", "2026-10-20"), ("Citra", "2026-11-05"), ("Dedi", "2026-11-15")];
    for (n, (name, due)) in rows.iter().enumerate() {
        let user = site.user(name).await;
        site.patch(&user, json!({"phone": format!("+62811000{n}")})).await.ok(200);
        let debt = json!({"amount": "1 GB", "price_rp": 20_000, "debt_date": "2026-09-01", "due_date": due});
        site.post(&format!("{user}/debts"), debt).await.ok(201);
    }
    let page = browser.open("/tagihan").await;
    page.says("Rp 80.000").says("dari 4 pelanggan").says("Dihentikan").says("Segera jatuh tempo");
    page.says("Semua 4 Belum jatuh tempo 1 Lewat 1–7 hari 1 Lewat 8–30 hari 1 Lewat 31 hari atau lebih 1");
    assert!(page.html.contains("https://wa.me/62811000"), "{}", page.html);
    assert!(page.html.contains("20.000") && page.html.contains("15%20Nov%202026"), "{}", page.html);
    for (age, name) in [("31", "Ani"), ("8-30", "Budi"), ("1-7", "Citra"), ("belum", "Dedi")] {
        let page = browser.open(&format!("/tagihan?umur={age}")).await;
        page.says(name).says("Bayar");
        for (other, _) in rows.iter().filter(|(other, _)| *other != name) {
            page.hides(other);
        }
    }
    // Whoever comes from the list goes back to it.
    let path = next_deed(&browser.open("/tagihan?umur=31").await.html);
    let done = browser.does(&path, &[]).await;
    assert!(done.path.starts_with("/tagihan?kabar="), "{}", done.path);
    done.says("Sudah dilakukan: Lunasi semua");
    // Nobody is led to another host.
    let place = path.split('?').next().unwrap();
    let page = browser.get(&format!("{place}?ke=//evil.example")).await;
    assert!(!page.html.contains("evil.example\""), "{}", page.html);
}

/// The first deed of a list.
fn next_deed(html: &str) -> String {
    let (before, _) = html.split_once("?ke=/tagihan\"").unwrap();
    format!("{}?ke=/tagihan", before.rsplit('"').next().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_are_found_by_number_and_by_order_and_tell_what_went_back() {
    let site = TestSite::serving_with(|config| config.name = "Warung Net".into()).await;
    let user = site.user("Budi").await;
    let package = site.package(10_240, 100_000).await;
    let cashier = ConsoleClient::of(&site, "siti", "cashier").await;
    let place = user.replace("/users/", "/pelanggan/");
    cashier.sells(&place, &[("method", "transfer"), ("reference", "BCA 123")]).await;
    assert!(package.is_string());
    let order = site.get("/orders").await.ok(200)["items"][0].clone();
    for path in ["/kuitansi/1".to_owned(), format!("/kuitansi/{}", text(&order["id"]))] {
        let page = cashier.open(&path).await;
        page.says("Warung Net").says("Budi").says("siti").says("BCA 123").says("Transfer");
        page.says("Paket (10,00 GB) Rp 100.000")
            .says("Jumlah Rp 100.000")
            .says("Berlaku sampai")
            .hides("dikembalikan");
        assert!(page.html.contains("class=\"receipt\"") && page.html.contains("data-print"));
    }
    let refund = json!({"reason": "salah"});
    site.post(&format!("/orders/{}/refund", text(&order["id"])), refund).await.ok(200);
    let void = cashier.open("/kuitansi/1").await;
    void.says("DIBATALKAN - uang dikembalikan").says("Uang dikembalikan Rp 100.000").hides("Berlaku sampai");
    assert!(void.html.contains("DIBATALKAN%20-%20uang%20dikembalikan%3A%20Rp%20100.000"), "{}", void.html);
    assert_eq!(cashier.get("/kuitansi/2").await.status, 404);
    assert_eq!(cashier.get("/kuitansi/99999999999999999999999").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_are_listed_for_everybody_and_changed_by_owners_only() {
    let site = TestSite::serving().await;
    site.package(10_240, 100_000).await;
    let owner = ConsoleClient::owner(&site).await;
    owner.open("/paket").await.says("10,00 GB").says("Rp 100.000").says("Ubah paket").says("Berhenti jual");
    let viewer = ConsoleClient::of(&site, "tamu", "viewer").await;
    viewer.open("/paket").await.says("10,00 GB").hides("Ubah paket").hides("Paket baru");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_printed_with_every_line_of_its_days() {
    let site = TestSite::serving().await;
    let user = site.user("Budi <i>W</i>").await;
    for n in 1..=100 {
        let credit = json!({"amount": "1 MB", "reason": format!("hadiah <b>{n}</b>")});
        site.post(&format!("{user}/credits"), credit).await.ok(201);
    }
    let viewer = ConsoleClient::of(&site, "tamu", "viewer").await;
    let place = user.replace("/users/", "/pelanggan/");
    let print = viewer.open(&format!("{place}/rekening")).await;
    let path = format!("{place}/rekening/cetak");
    assert!(print.html.contains(&format!("href=\"{path}\"")), "{}", print.html);
    let page = viewer.open(&path).await;
    assert_eq!(page.html.matches("<tr id=\"b").count(), 100);
    let at = |n: u32| page.html.find(&format!("hadiah &#60;b&#62;{n}&#60;/b&#62;")).unwrap();
    assert!(at(1) < at(2) && at(2) < at(100), "the oldest first");
    assert!(page.html.trim_end().ends_with("</html>") && !page.html.contains("<!--rows-->"));
    assert!(page.html.contains("no-print"), "the owner's reasons are not on the paper");
    let empty = viewer.open(&format!("{path}?from=2026-01-01&to=2026-01-31")).await;
    assert_eq!(empty.html.matches("<tr id=\"b").count(), 0);
    assert_eq!(viewer.get(&format!("{path}?from=kapan")).await.status, 422);
    assert_eq!(
        viewer.get("/pelanggan/00000000-0000-4000-8000-000000000009/rekening/cetak").await.status,
        404
    );
}
