//! What surrounds every page: the menu, the search box, the site's name and colour; error pages have all of it.

use axum::http::Method;
use serde_json::json;

use crate::support::console_client::{ConsoleClient, Page, text};
use crate::support::site::TestSite;

/// Paths of the menu: all, and those in the bar of a phone.
fn menu(page: &Page) -> (Vec<&str>, Vec<&str>) {
    let (_, menu) = page.html.split_once("<nav class=\"menu\"").expect("there is a menu");
    let links = menu.split("</nav>").next().unwrap().split("<a href=\"").skip(1);
    let links: Vec<(&str, &str)> = links.map(|link| link.split_once('"').unwrap()).collect();
    let in_bar = links.iter().filter(|(_, rest)| rest.starts_with(" class=\"bar"));
    (links.iter().map(|(path, _)| *path).collect(), in_bar.map(|(path, _)| *path).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_the_menu_is_there_and_knows_its_place() {
    let site = TestSite::serving().await;
    let owner = ConsoleClient::owner(&site).await;
    let home = owner.open("/").await;
    let (all, in_bar) = menu(&home);
    assert_eq!(in_bar, ["/", "/pelanggan", "/jual", "/tagihan", "/lainnya"]);
    for path in &all {
        let page = owner.open(path).await;
        assert!(page.html.contains(&format!("href=\"{path}\"")), "{path}");
        let here =
            page.html.split(" aria-current=\"page\">").next().unwrap().rsplit("href=\"").next().unwrap();
        assert!(here.starts_with(&format!("{path}\"")), "{path}: {here}");
        // On a phone some tab of the bar is the page's.
        let bar = page
            .html
            .split("class=\"bar")
            .skip(1)
            .filter(|tab| tab.split('>').next().unwrap().contains("aria-current"));
        assert_eq!(bar.count(), 1, "{path}");
    }
    let more = owner.open("/lainnya").await;
    more.says("Masuk sebagai juragan (Pemilik)");
    let main = more.html.split("<main").nth(1).unwrap();
    for path in all.iter().filter(|path| !in_bar.contains(path)) {
        assert!(main.contains(&format!("href=\"{path}\"")), "{path}");
    }
    let viewer = ConsoleClient::of(&site, "tamu", "viewer").await;
    assert_eq!(menu(&viewer.open("/").await).1, ["/", "/pelanggan", "/tagihan", "/lainnya"]);
    assert_eq!(viewer.get("/jual").await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn error_pages_keep_the_menu_of_whoever_is_logged_in() {
    let site = TestSite::serving().await;
    let cashier = ConsoleClient::of(&site, "siti", "cashier").await;
    for (path, status, here) in [
        ("/tidak-ada", 404, "/lainnya"),
        ("/pelanggan/6f0b7a52-0000-4000-8000-000000000000", 404, "/pelanggan"),
        ("/pelanggan/x", 422, "/pelanggan"),
        ("/pengelola", 403, "/lainnya"),
    ] {
        let page = cashier.get(path).await;
        assert_eq!(page.status, status, "{path}");
        let (all, _) = menu(&page);
        assert!(all.contains(&"/kasir") && !all.contains(&"/pengelola"), "{path}: {all:?}");
        assert!(page.html.contains("id=\"cari\"") && page.html.contains("(siti)"), "{path}");
        assert!(page.html.contains(&format!("href=\"{here}\" class=\"bar")), "{path}");
    }
    // The form of a refused page is shown with the menu as well.
    let mut fields = crate::support::console_client::Fields::new();
    fields.insert("_token".into(), "0".repeat(32));
    let refused = cashier.post("/saya/sesi", &fields).await;
    assert_eq!(refused.status, 403);
    menu(&refused);
    // Nobody else sees a menu.
    let lost = site.call(Method::GET, "/tidak-ada").header("accept", "text/html").send().await;
    assert!(lost.status == 404 && !lost.text.contains("class=\"menu\""), "{}", lost.text);
    let ended = site.call(Method::GET, "/tidak-ada").header("accept", "text/html");
    let ended = ended.header("cookie", "kuota_session=ended").send().await;
    assert!(ended.status == 404 && !ended.text.contains("class=\"menu\""), "{}", ended.text);
    menu(&cashier.open("/tentang").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_leads_to_its_only_hit_and_else_shows_hits_by_kind() {
    let site = TestSite::serving().await;
    let [budi, _] = [site.user("Budi Santoso").await, site.user("Budi Wijaya").await];
    site.patch(&budi, json!({"phone": "0812-5555-0006"})).await.ok(200);
    site.post(&format!("{budi}/devices"), json!({"mac": "02:00:00:00:AB:01"})).await.ok(201);
    let package = site.package(10_240, 100_000).await;
    let sold = json!({"package_id": package, "method": "cash"});
    let order = site.post(&format!("{budi}/purchases"), sold).await.ok(201);
    let cashier = ConsoleClient::of(&site, "siti", "cashier").await;
    let home = budi.replace("/users/", "/pelanggan/");
    for q in [
        "santoso",
        "+62+812+5555+0006",
        "081255550006",
        "02000000AB01",
        "02-00-00-00-ab-01",
        "02%3A00%3A00%3A00%3AAB%3A01",
    ] {
        let sent = cashier.get(&format!("/cari?q={q}")).await;
        assert_eq!((sent.status, sent.to.as_str()), (303, home.as_str()), "{q}");
    }
    for q in ["1", "No.+1", "kuitansi+1", "%231"] {
        let sent = cashier.get(&format!("/cari?q={q}")).await;
        let is_alone = sent.status == 303;
        assert!(is_alone && sent.to == "/kuitansi/1" || q == "1", "{q}: {} {}", sent.status, sent.to);
    }
    let id = text(&order["id"]);
    for q in [id.as_str(), &id[..12], &id.to_uppercase()] {
        let sent = cashier.get(&format!("/cari?q={q}")).await;
        assert_eq!((sent.status, sent.to), (303, format!("/pembayaran/{id}")), "{q}");
    }
    let both = cashier.open("/cari?q=budi").await;
    both.says("Hasil untuk \u{201c}budi\u{201d}").says("Budi Santoso 0812-5555-0006").says("Budi Wijaya");
    assert!(both.html.contains("value=\"budi\""), "the box keeps what was searched for");
    // A receipt and a customer with the same digits: both are shown, the receipt first.
    site.user("Kamar 1").await;
    let kinds = cashier.open("/cari?q=1").await;
    let words = kinds.words();
    assert!(words.find("Kuitansi 1").unwrap() < words.find("Kamar 1").unwrap(), "{words}");
    cashier.open("/cari?q=tidak+ada").await.says("Tidak ada yang cocok");
    cashier.open("/cari").await.says("Cari nama, nomor telepon");
    cashier.open("/cari?q=%22%3E%3Cscript%3E").await.says("\"><script>").says("Tidak ada yang cocok");
    for n in 0..25 {
        site.user(&format!("Warga {n}")).await;
    }
    let many = cashier.open("/cari?q=warga").await;
    many.says("Lihat semua");
    assert!(many.html.contains("href=\"/pelanggan?q=warga\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_begins_in_the_menu() {
    let site = TestSite::serving().await;
    let user = site.user("Budi").await.replace("/users/", "/jual/");
    site.user("Sari").await;
    let cashier = ConsoleClient::of(&site, "siti", "cashier").await;
    let page = cashier.open("/jual?q=budi").await;
    page.says("Cari pelanggan").says("Budi").hides("Sari");
    assert!(page.html.contains(&format!("href=\"{user}\"")));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_has_the_sites_name_and_colour() {
    let site = TestSite::serving_with(|config| {
        config.name = "Warung <Net>".into();
        config.colour = "#1d4ed8".parse().unwrap();
    })
    .await;
    let owner = ConsoleClient::owner(&site).await;
    for path in ["/", "/pelanggan", "/tidak-ada", "/masuk", "/tentang"] {
        let page = owner.get(path).await;
        assert!(page.html.contains("Warung &#60;Net&#62;</title>"), "{path}");
        assert!(page.html.contains("<a class=\"brand\" href=\"/\">Warung &#60;Net&#62;</a>"), "{path}");
        let style = page.html.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
        let style = site.call(Method::GET, style).send().await;
        assert!(style.text.contains("--accent:#1d4ed8"), "{path}");
        assert_eq!(style.headers["cache-control"], "public, max-age=31536000, immutable");
    }
    let icon = site.call(Method::GET, "/favicon.ico").send().await;
    assert!(icon.text.contains("#1d4ed8"), "{}", icon.text);
}
