//! Every page for every role, in both languages, and what browsers see where something is wrong.

use axum::http::Method;
use serde_json::json;

use crate::support::console_client::ConsoleClient;
use crate::support::http_client::Reply;
use crate::support::site::TestSite;

/// Pages of the office and the least role that may see them.
const PAGES: [(&str, &str); 30] = [
    ("/", "viewer"),
    ("/lainnya", "viewer"),
    ("/cari", "viewer"),
    ("/jual", "cashier"),
    ("/tagihan/ingatkan", "cashier"),
    ("/pembayaran", "viewer"),
    ("/pembayaran?status=review", "viewer"),
    ("/pembayaran?status=open", "viewer"),
    ("/laporan", "viewer"),
    ("/laporan/tagihan", "viewer"),
    ("/laporan/pemakaian?from=2026-01-01&to=2026-12-31", "viewer"),
    ("/laporan/penagihan", "viewer"),
    ("/laporan/bulan", "viewer"),
    ("/laporan/bulan?bulan=2026-02", "viewer"),
    ("/bantuan", "viewer"),
    ("/perangkat", "viewer"),
    ("/perangkat?pemilik=semua&q=x", "viewer"),
    ("/perangkat/02:00:00:00:00:09", "viewer"),
    ("/perangkat/sebelum-pemulihan", "viewer"),
    ("/router", "viewer"),
    ("/saya", "viewer"),
    ("/kasir", "cashier"),
    ("/catatan", "operator"),
    ("/cadangan", "operator"),
    ("/versi", "operator"),
    ("/dokter", "operator"),
    ("/adopsi", "owner"),
    ("/pengelola", "owner"),
    ("/pengelola/baru", "owner"),
    ("/pengaturan", "owner"),
];
const ROLES: [&str; 4] = ["viewer", "cashier", "operator", "owner"];

fn rank(role: &str) -> usize {
    ROLES.iter().position(|known| *known == role).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_sees_its_pages_in_both_languages_and_no_more() {
    let site = TestSite::serving().await;
    let user = site.user("Budi <b>Gila</b>").await;
    let package = site.package(1024, 10_000).await;
    let purchase = json!({"package_id": package, "method": "cash"});
    site.post(&format!("{user}/purchases"), purchase).await.ok(201);
    for role in ROLES {
        let browser = ConsoleClient::of(&site, &format!("si-{role}"), role).await;
        for (path, least) in PAGES {
            let page = browser.get(path).await;
            if rank(role) < rank(least) {
                assert_eq!(page.status, 403, "{role} {path}");
                page.says("Tidak diizinkan").says("Peran Anda tidak mengizinkan ini");
                continue;
            }
            assert_eq!(page.status, 200, "{role} {path}: {}", page.html);
            assert_eq!(page.html.matches("<h1").count(), 1, "{path}");
            assert!(page.html.contains("lang=\"id\"") && !page.html.contains("<b>Gila"), "{path}");
            assert!(!page.html.contains(" style=\"") && !page.html.contains("<script>"), "{path}");
            let english = browser.in_english().open(path).await;
            assert!(english.html.contains("lang=\"en\""), "{path}");
            assert_ne!(english.words(), page.words(), "{path}");
        }
        let tabs = browser.open("/").await;
        for (path, tab, least) in [
            ("/jual", "Jual", "cashier"),
            ("/kasir", "Kasir", "cashier"),
            ("/catatan", "Catatan", "operator"),
            ("/pengelola", "Pengelola", "owner"),
        ] {
            let mut links =
                tabs.html.split("<a href=\"").filter(|link| link.starts_with(&format!("{path}\"")));
            let is_there = links.any(|link| link.split("</a>").next().unwrap().ends_with(&format!(">{tab}")));
            assert_eq!(is_there, rank(role) >= rank(least), "{role} {path}");
        }
    }
}

async fn move_to_this_machine(site: &TestSite, path: &str, accept: &str) -> Reply {
    site.call(Method::GET, path).header("accept", accept).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_see_pages_where_programs_see_problems() {
    let site = TestSite::serving().await;
    let lost = move_to_this_machine(&site, "/tidak-ada", "text/html,*/*").await;
    assert_eq!((lost.status, lost.kind.as_str()), (404, "text/html; charset=utf-8"));
    assert!(lost.text.contains("Halaman tidak ditemukan"), "{}", lost.text);
    assert_eq!(lost.headers["cache-control"], "no-store");
    assert!(lost.headers.contains_key("content-security-policy"));
    move_to_this_machine(&site, "/tidak-ada", "*/*").await.problem(404, "not_found");
    move_to_this_machine(&site, "/api/v1/tidak-ada", "text/html").await.problem(404, "not_found");
    move_to_this_machine(&site, "/api/v1/users", "text/html").await.problem(401, "unauthorized");
    for path in ["/", "/kasir", "/pengelola", "/pembayaran/x", "/catatan"] {
        let sent = move_to_this_machine(&site, path, "text/html").await;
        let to = if path == "/" { "/masuk".to_owned() } else { format!("/masuk?ke={path}") };
        assert_eq!((sent.status, sent.headers["location"].to_str().unwrap()), (303, to.as_str()), "{path}");
    }
    let owner = ConsoleClient::owner(&site).await;
    for path in ["/pembayaran/tidak-ada", "/kasir/99", "/keluar", "/pengelola/x/hapus"] {
        let page = owner.get(path).await;
        assert!(matches!(page.status, 404 | 405), "{path} {}", page.status);
        page.says("Halaman tidak ditemukan");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_that_no_page_of_ours_made_are_refused() {
    let site = TestSite::serving().await;
    let owner = ConsoleClient::owner(&site).await;
    let forms = [
        "/cadangan/unduh",
        "/cadangan/periksa",
        "/cadangan/kit",
        "/cadangan/ambil-alih",
        "/saya/dua-langkah",
        "/saya/sesi",
        "/kasir/tutup",
        "/router/samakan",
        "/pengelola/baru",
    ];
    for path in forms {
        let mut fields = crate::support::console_client::Fields::from([
            ("_token".into(), "0".repeat(32)),
            ("_sure".into(), "ya".into()),
        ]);
        let page = owner.post(path, &fields).await;
        assert_eq!(page.status, 403, "{path}");
        page.says("kedaluwarsa atau tidak dibuat oleh halaman ini");
        fields.clear();
        assert_eq!(owner.post(path, &fields).await.status, 403, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_be_shown_says_so_in_the_readers_language() {
    let site = TestSite::serving().await;
    let owner = ConsoleClient::owner(&site).await;
    for path in [
        "/catatan?dari=kemarin",
        "/laporan/bulan?bulan=November",
        "/pelanggan?status=kaya",
        "/pelanggan?urut=warna",
        "/unduh/pelanggan?bentuk=xls",
    ] {
        let page = owner.get(path).await;
        assert_eq!(page.status, 422, "{path}");
        page.says("Ada isian yang tidak dapat diterima. Tidak ada yang berubah.");
        for english in ["is no", "must be", "unknown", "expected", "invalid"] {
            page.hides(english);
        }
    }
    let page = owner.get("/pelanggan/00000000-0000-4000-8000-000000000009").await;
    assert_eq!(page.status, 404);
    page.says("Halaman tidak ditemukan").hides("not found").hides("there is no");
}
