//! The page on which hotspot users of the router become customers, and hotspot users again.

use crate::support::api_client::PASSWORD;
use crate::support::console_client::{ConsoleClient, Fields, Page};
use crate::support::site::{TestSite, address, mac};

const USERS: &str = "/ip/hotspot/user";

/// A router with two hotspot users who are online, a voucher and one without a device.
async fn site() -> TestSite {
    let site = TestSite::serving().await;
    let rows: [&[(&str, &str)]; 4] = [
        &[("name", "budi"), ("limit-bytes-total", "10737418240")],
        &[("name", "citra & co"), ("comment", "2026-12-01 00:00:00")],
        &[("name", "dewi"), ("limit-bytes-total", "1048576")],
        &[("name", "xk3f9"), ("limit-bytes-total", "1073741824"), ("comment", "vc-123-11.28.26-")],
    ];
    for row in rows {
        site.sim.hand_add(USERS, row).unwrap();
    }
    for (n, name) in [(1, "budi"), (2, "citra & co")] {
        site.sim.host_connect(mac(n), address(n));
        assert!(site.sim.log_in(mac(n), name));
    }
    site
}

fn is_off(site: &TestSite, name: &str) -> bool {
    site.sim.rows(USERS).iter().any(|row| row["name"] == name && row["disabled"] == "true")
}

fn fields(page: &Page, typed: &[(&str, &str)]) -> Fields {
    let token = page.html.split("name=\"_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let typed = typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    [("_token".to_owned(), token.to_owned())].into_iter().chain(typed).collect()
}

/// Sends a form and waits until what it began has ended.
async fn sends(owner: &ConsoleClient<'_>, path: &str, typed: &[(&str, &str)]) -> Page {
    let page = owner.open("/adopsi").await;
    let sent = owner.post(path, &fields(&page, typed)).await;
    assert_eq!(sent.status, 303, "{path}: {}", sent.words());
    loop {
        let page = owner.open(&sent.to).await;
        if !page.html.contains("data-live=\"3\"") {
            return page;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hotspot_users_are_shown_with_what_becomes_of_them_taken_by_tick_and_given_back() {
    let site = site().await;
    let owner = ConsoleClient::owner(&site).await;
    let writes = site.sim.stats().writes;
    let page = owner.open("/adopsi").await;
    page.says("2 bisa diambil, 1 voucher belum dipakai, 1 tetap pengguna hotspot, 0 sudah menjadi pelanggan");
    page.says("sisa 10,00 GB")
        .says("tanpa batas")
        .says("perangkatnya tidak diketahui")
        .says("Voucher yang belum");
    owner.in_english().open("/adopsi").await.says("no device of it is known");
    assert_eq!(site.sim.stats().writes, writes, "looking changes nothing");

    // Without the password, and without a tick, nothing happens.
    let all = [("cakupan", "semua"), ("password", "tebakan salah")];
    sends(&owner, "/adopsi/ambil", &all).await.says("Kata sandi salah");
    sends(&owner, "/adopsi/ambil", &[("cakupan", "semua")]).await.says("Kata sandi salah");
    let none = [("cakupan", "pilihan"), ("password", PASSWORD)];
    sends(&owner, "/adopsi/ambil", &none).await.says("Belum ada yang dicentang");
    assert_eq!((site.sim.stats().writes, site.engine(|e| e.read_view().users_len()).await), (writes, 0));

    let one = [("akun.citra & co", "ya"), ("cakupan", "pilihan"), ("password", PASSWORD)];
    let page = sends(&owner, "/adopsi/ambil", &one).await;
    page.says("1 pengguna hotspot menjadi pelanggan")
        .says("1 bisa diambil")
        .says("1 sudah menjadi pelanggan");
    assert!(is_off(&site, "citra & co") && !is_off(&site, "budi"));

    let strange = [("akun.siapa", "ya"), ("cakupan", "pilihan"), ("password", PASSWORD)];
    let page = sends(&owner, "/adopsi/ambil", &strange).await;
    assert!(page.html.contains("notice bad"), "{}", page.html);

    sends(&owner, "/adopsi/ambil", &[("cakupan", "semua"), ("password", PASSWORD)])
        .await
        .says("2 sudah menjadi pelanggan");
    let page = sends(&owner, "/adopsi/kembalikan", &[("cakupan", "semua"), ("password", PASSWORD)]).await;
    page.says("2 pelanggan menjadi pengguna hotspot lagi").says("0 sudah menjadi pelanggan");
    assert!(!is_off(&site, "budi") && !is_off(&site, "citra & co"));
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_owners_see_adoption_and_a_router_that_is_away_is_said_so() {
    let site = site().await;
    let operator = ConsoleClient::of(&site, "siti", "operator").await;
    assert_eq!(operator.get("/adopsi").await.status, 403);
    operator.open("/router").await.hides("Ambil pengguna hotspot");
    let page = operator.open("/saya").await;
    let typed = fields(&page, &[("cakupan", "semua"), ("password", PASSWORD)]);
    for path in ["/adopsi/ambil", "/adopsi/kembalikan", "/adopsi/selesaikan", "/adopsi/kembali"] {
        assert_eq!(operator.post(path, &typed).await.status, 403, "{path}");
    }
    let owner = ConsoleClient::owner(&site).await;
    owner.open("/router").await.says("Ambil pengguna hotspot yang sudah ada di router");
    site.sim.stop().await;
    owner.open("/adopsi").await.says("Router tidak dapat dibaca sekarang").hides("bisa diambil,");
}
