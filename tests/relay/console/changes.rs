//! What operators change by the pages: tokens shown once, confirmations, the password asked again, and the log of it all.

use axum::http::Method;
use kuota::domain::role::Role;
use kuota::relay::store::directory::{DISABLED_BEFORE_REMOVAL_MS, SiteState};

use super::browser::{PASSWORD, Page, TestConsole};
use crate::support::relay_host::{TOKEN, test_cipher};
use crate::support::test_relay::TestRelay;
use kuota::relay::config::ConsoleConfig;

const KEY: &str = "SB-Mid-server-TESTKEYcccccccccccccccc";
const NEXT_KEY: &str = "SB-Mid-server-TESTKEYdddddddddddddddd";

/// The token that a page shows.
fn token(page: &Page) -> String {
    let text = page.words();
    let from = text.find("kuota_site_").unwrap_or_else(|| panic!("no token: {text}"));
    text[from..].split(' ').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_added_with_a_token_that_is_shown_once_and_works() {
    let console = TestConsole::of(TestRelay::start_looping().await, ConsoleConfig::default()).await;
    let mut siti = console.logged_in("siti", Role::Operator).await;
    siti.open("/").await.says("Tambah lokasi");
    let page = siti.fill("/tambah-lokasi", &[("id", "warung-1"), ("merchant", "m1")]).await;
    assert!(page.path.starts_with("/lokasi/warung-1?kabar="), "{}", page.path);
    let secret = token(&page);
    siti.open(&page.path).await.hides("kuota_site_");
    siti.open("/lokasi/warung-1").await.hides("kuota_site_").says("basis data").says("Belum pernah");
    let answers = async |secret: &str, status: u16| {
        let mut last = 0;
        for _ in 0..600 {
            last = console.relay.call(Method::GET, "/v1/feed?after=0", Some(secret), None).await.status;
            if last == status {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("answered {last} instead of {status}");
    };
    answers(&secret, 200).await;

    // Another token: a form asks first, and pressing it twice makes one.
    let form = siti.open("/lokasi/warung-1/ganti-token").await;
    form.says("langsung ditolak");
    let shown = siti.post(&form.action(), &form.fields()).await;
    let next = token(&shown);
    assert_ne!(next, secret);
    let again = siti.post(&form.action(), &form.fields()).await;
    assert_eq!(again.path, shown.path);
    again.hides("kuota_site_");
    answers(&next, 200).await;
    answers(&secret, 401).await;

    // Disabled, enabled, and removed by an owner alone.
    let page = siti.fill("/lokasi/warung-1/nonaktifkan", &[]).await;
    page.says("dinonaktifkan").says("Aktifkan").hides("Hapus");
    answers(&next, 403).await;
    siti.open("/?tampil=nonaktif").await.says("warung-1");
    assert_eq!(siti.get("/lokasi/warung-1/hapus").await.status, 403);
    siti.fill("/lokasi/warung-1/aktifkan", &[]).await.says("aktif lagi");
    answers(&next, 200).await;
    let mut owner = console.logged_in("budi", Role::Owner).await;
    owner.fill("/lokasi/warung-1/hapus", &[]).await.says("masih aktif");
    owner.fill("/lokasi/warung-1/nonaktifkan", &[]).await;
    owner.fill("/lokasi/warung-1/hapus", &[]).await.says("baru saja dinonaktifkan");
    console.relay.clock.advance(std::time::Duration::from_millis(DISABLED_BEFORE_REMOVAL_MS.unsigned_abs()));
    let page = owner.fill("/lokasi/warung-1/hapus", &[]).await;
    page.says("Lokasi warung-1 dihapus");
    assert!(page.path.starts_with("/?kabar="), "{}", page.path);
    let page = owner.open("/lokasi/warung-1").await;
    page.says("Dihapus").hides("Aktifkan");
    owner.fill("/tambah-lokasi", &[("id", "warung-1")]).await.says("pernah dihapus");
    let stored = console.relay.store.directory().await.unwrap();
    assert_eq!(stored.sites[0].entry.state, SiteState::Removed);
    let log = console.log().await;
    for line in [
        "siti site.add warung-1",
        "siti site.rotate_token warung-1",
        "siti site.disable warung-1",
        "siti site.enable warung-1",
        "budi site.remove warung-1",
    ] {
        assert_eq!(log.iter().filter(|known| *known == line).count(), 1, "{line} in {log:?}");
    }
    owner.open("/catatan").await.says("site.rotate_token").says("127.0.0.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_said_at_its_field_and_what_was_typed_stays() {
    let console = TestConsole::start().await;
    let mut siti = console.logged_in("siti", Role::Operator).await;
    let page = siti.fill("/tambah-lokasi", &[("id", "warung 1"), ("merchant", "m2")]).await;
    assert_eq!(page.status, 422);
    page.says("Tulis 1 sampai 64 huruf");
    let fields = page.fields();
    assert_eq!((fields["id"].as_str(), fields["merchant"].as_str()), ("warung 1", "m2"));
    siti.fill("/tambah-lokasi", &[("id", "a"), ("token_sha256", "xyz")]).await.says("64 angka heksadesimal");
    siti.fill("/tambah-lokasi", &[("id", "site-1")]).await.says("Ada di berkas konfigurasi");
    siti.fill("/lokasi/site-1/nonaktifkan", &[]).await.says("Ada di berkas konfigurasi");
    siti.open("/lokasi/site-1").await.says("ubah di sana").hides("Nonaktifkan");
    let known = "5a".repeat(32);
    let page = siti.fill("/tambah-lokasi", &[("id", "warung-1"), ("token_sha256", &known)]).await;
    page.says("Lokasi warung-1 ditambahkan.").hides("kuota_site_");
    siti.fill("/tambah-lokasi", &[("id", "warung-2"), ("token_sha256", &known)])
        .await
        .says("sudah memakai token ini");
    siti.fill("/tambah-lokasi", &[("id", "warung-1")]).await.says("Nama ini sudah dipakai");
    assert_eq!(siti.get("/lokasi/nowhere/nonaktifkan").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn merchants_and_their_keys_ask_for_password_and_a_fresh_code_and_show_no_key() {
    let console = TestConsole::start().await;
    let mut budi = console.logged_in("budi", Role::Owner).await;
    let add = async |budi: &mut super::browser::Browser<'_>, password: &str, otp: &str, key: &str| {
        let typed = [
            ("id", "m9"),
            ("environment", "sandbox"),
            ("server_key", key),
            ("password", password),
            ("otp", otp),
        ];
        budi.fill("/merchant/tambah", &typed).await
    };
    let fresh = console.code();
    let page = add(&mut budi, "wrong", &fresh, KEY).await;
    page.says("Kata sandi Anda salah");
    assert!(!page.html.contains(KEY), "no key comes back");
    add(&mut budi, PASSWORD, "000000", KEY).await.says("Kode salah atau sudah dipakai");
    assert!(console.relay.store.directory().await.unwrap().merchants.is_empty());
    for wrong in ["Mid-server-TESTKEYcccccccccccccccc", ""] {
        add(&mut budi, PASSWORD, &console.code(), wrong).await.says("Kunci server ini tidak bisa dipakai");
    }
    let used = console.code();
    let page = add(&mut budi, PASSWORD, &used, KEY).await;
    page.says("Merchant m9 ditambahkan").says("bisa dipakai");
    assert!(!page.html.contains(KEY) && page.path.starts_with("/merchant?kabar="));
    console.relay.clock.advance(std::time::Duration::from_mins(2));
    let rotate = async |budi: &mut super::browser::Browser<'_>, otp: &str, key: &str| {
        let typed = [("server_key", key), ("password", PASSWORD), ("otp", otp)];
        budi.fill("/merchant/m9/ganti-kunci", &typed).await
    };
    rotate(&mut budi, &used, NEXT_KEY).await.says("Kode salah atau sudah dipakai");
    rotate(&mut budi, &console.code(), KEY).await.says("Kunci server ini tidak bisa dipakai");
    rotate(&mut budi, &console.code(), NEXT_KEY).await.says("punya kunci server baru");
    let stored = console.relay.store.directory().await.unwrap().merchants;
    let keys: Vec<String> = stored[0]
        .keys
        .iter()
        .map(|sealed| test_cipher().open("m9", sealed).unwrap().expose().to_owned())
        .collect();
    assert_eq!(keys, [NEXT_KEY, KEY]);
    for path in ["/merchant", "/merchant/m9/ganti-kunci", "/catatan"] {
        let page = budi.open(path).await;
        assert!(!page.html.contains(KEY) && !page.html.contains(NEXT_KEY), "{path}");
    }
    // A merchant of the file is changed there.
    let page = budi
        .fill(
            "/merchant/m1/ganti-kunci",
            &[("server_key", KEY), ("password", PASSWORD), ("otp", &console.code())],
        )
        .await;
    page.says("Ada di berkas konfigurasi");
    let log = console.log().await;
    assert_eq!(log[log.len() - 2..], ["budi merchant.add m9", "budi merchant.rotate_key m9"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_at_a_change_are_counted() {
    let console = TestConsole::start().await;
    let mut budi = console.logged_in("budi", Role::Owner).await;
    let typed = [("new_password", "sandi yang baru"), ("password", "wrong")];
    let mut last = budi.fill("/saya/kata-sandi", &typed).await;
    last.says("Kata sandi Anda salah");
    for _ in 0..6 {
        last = budi.fill("/saya/kata-sandi", &typed).await;
    }
    assert_eq!(last.status, 429, "{}", last.words());
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_add_and_change_other_operators() {
    let console = TestConsole::start().await;
    let mut budi = console.logged_in("budi", Role::Owner).await;
    let add =
        [("name", "siti"), ("role", "operator"), ("new_password", "sandi  siti "), ("password", PASSWORD)];
    let page = budi.fill("/akun/tambah", &add).await;
    page.says("Operator siti ditambahkan").says("saat masuk berikutnya");
    budi.fill("/akun/tambah", &add).await.says("Nama ini sudah dipakai");
    let role = [("name", "x"), ("role", "cashier"), ("new_password", "sandi siti"), ("password", PASSWORD)];
    assert_eq!(budi.fill("/akun/tambah", &role).await.status, 422);
    let mut siti = console.browser();
    assert_eq!(siti.log_in("siti", "sandi  siti ").await.path, "/masuk/pasang", "spaces count");

    budi.fill("/akun/siti/kata-sandi", &[("new_password", "x"), ("password", PASSWORD)])
        .await
        .says("8 sampai 1024");
    let typed = [("new_password", "sandi yang lain"), ("password", PASSWORD)];
    budi.fill("/akun/siti/kata-sandi", &typed).await.says("Kata sandi siti diganti");
    assert_eq!(siti.get("/masuk/pasang").await.to, "/masuk", "the log-in ended");
    assert_eq!(siti.log_in("siti", "sandi yang lain").await.path, "/masuk/pasang");
    budi.fill("/akun/siti/kode", &[("password", "wrong")]).await.says("Kata sandi Anda salah");
    budi.fill("/akun/siti/kode", &[("password", PASSWORD)]).await.says("siti memasang kode baru");
    budi.fill("/akun/budi/kata-sandi", &typed).await.says("buka halaman Saya");
    budi.fill("/akun/budi/hapus", &[]).await.says("buka halaman Saya");
    budi.fill("/akun/siti/hapus", &[]).await.says("Operator siti dihapus");
    assert_eq!(budi.fill("/akun/siti/hapus", &[]).await.status, 404);

    let log = console.log().await;
    for line in [
        "budi operator.add siti",
        "budi operator.password siti",
        "budi operator.reset_otp siti",
        "budi operator.remove siti",
    ] {
        assert!(log.iter().any(|known| known == line), "{line} in {log:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_password_and_other_log_ins_are_ones_own_business() {
    let console = TestConsole::start().await;
    let mut budi = console.logged_in("budi", Role::Viewer).await;
    let elsewhere = console.token("budi").await;
    budi.open("/saya").await.says("sesi ini").says("Pengamat");
    let page = budi.open("/saya").await;
    let token = page.fields()["_token"].clone();
    let fields = [("_token".to_owned(), token)].into();
    budi.post("/saya/sesi", &fields).await.says("Sesi lain berakhir");
    console.ask(&elsewhere, Method::GET, "/me", None).await.problem(401, "unauthorized");
    let elsewhere = console.token("budi").await;
    let typed = [("password", PASSWORD), ("new_password", "sandi yang baru")];
    budi.fill("/saya/kata-sandi", &typed).await.says("Kata sandi Anda diganti");
    budi.open("/saya").await;
    console.ask(&elsewhere, Method::GET, "/me", None).await.problem(401, "unauthorized");
    let mut again = console.browser();
    assert!(again.log_in("budi", PASSWORD).await.is_refused());
    assert_eq!(again.log_in("budi", "sandi yang baru").await.path, "/masuk/kode");
    assert_eq!(console.relay.call(Method::GET, "/v1/feed?after=0", Some(TOKEN), None).await.status, 200);
}
