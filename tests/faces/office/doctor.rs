//! The page with the checks: what fails stands first, with what to do, in the reader's language, and waits on the dashboard.

use std::time::Duration;

use crate::support::console_client::{ConsoleClient, Fields};
use crate::support::site::{SiteBuilder, TestSite};

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_shown_with_what_to_do_until_somebody_checks_again() {
    let site = TestSite::serving().await;
    let owner = ConsoleClient::owner(&site).await;
    let page = owner.open("/dokter").await;
    page.says("Belum diperiksa sejak daemon mulai").says("Periksa sekarang").hides("Gagal");
    owner.open("/").await.hides("Pemeriksaan menemukan");

    // Looking examines nothing; the button does.
    owner.open("/dokter").await.says("Belum diperiksa");
    let token = |page: &crate::support::console_client::Page| {
        Fields::from([("_token".to_owned(), page.fields()["_token"].clone())])
    };
    assert_eq!(owner.post_only("/dokter", &token(&page)).await.to, "/dokter");
    let page = owner.open("/dokter").await;
    page.says("Periksa lagi").says("Perlu perhatian").says("Yang harus dilakukan:");
    page.says("tidak ada salinan di luar kartu")
        .says("jalankan skrip dari \"kuotad router-setup\" di router");
    page.says("perangkat yang diblokir tidak menjangkau situs pembayaran");
    let fails = page.html.rfind("Gagal</span>").unwrap();
    assert!(fails < page.html.find("Yang sudah baik").unwrap(), "the worst stands first");
    for badge in ["badge bad", "badge warn", "badge good"] {
        assert!(page.html.contains(badge), "{badge}: {}", page.html);
    }
    let english = owner.in_english().open("/dokter").await;
    english.says("there is no copy off the card").says("run the script of \"kuotad router-setup\"");

    // What is kept does not change by itself, and waits for those who may look at it.
    site.sim.stop().await;
    owner.open("/dokter").await.says("masuk ke router, RouterOS");
    owner.open("/").await.says("Pemeriksaan menemukan");
    let cashier = ConsoleClient::of(&site, "kasir", "cashier").await;
    cashier.open("/").await.hides("Pemeriksaan menemukan");
    assert_eq!(cashier.get("/dokter").await.status, 403);
    let own = token(&cashier.open("/saya").await);
    assert_eq!(cashier.post("/dokter", &own).await.status, 403);

    // A router that is away is a finding like others.
    owner.post("/dokter", &token(&page)).await;
    owner.open("/dokter").await.says("periksa router.address, kabelnya").hides("masuk ke router, RouterOS");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_waits_on_the_dashboard_without_anybody_asking() {
    let site = SiteBuilder::new().looping().start().await.with_owner().await;
    let owner = ConsoleClient::owner(&site).await;
    owner.open("/dokter").await.says("Belum diperiksa sejak daemon mulai");
    site.pass(Duration::from_mins(5));
    while !owner.open("/").await.html.contains("Pemeriksaan menemukan") {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    owner.open("/dokter").await.says("Perlu perhatian");
}
