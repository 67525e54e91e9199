//! Every form that is sent to the desk leads on by a redirect when it did its work, so that going back in a browser
//! never sends it again. The list of forms is made from the source.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use axum::http::Method;
use kuota::domain::id::Mac;
use kuota::domain::listing::{BindingKind, List};
use kuota::domain::orphans::Orphan;
use serde_json::{Value, json};

use crate::office::entrance::{code, second_factor};
use crate::support::api_client::PASSWORD;
use crate::support::console_client::{ConsoleClient, Fields, Page, REFUSED, text};
use crate::support::payment_site::PaymentSite;

const MAC: Mac = Mac([2, 0, 0, 0, 0, 9]);
/// Answers with a file, which is no page to go back to.
const FILE: &str = "/cadangan/unduh";

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn sources() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/agent/console");
    files(&root).iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// Segments of every table of deeds, by its name.
fn tables(sources: &[String]) -> BTreeMap<String, BTreeSet<String>> {
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources {
        let mut table = String::new();
        for line in source.lines().map(str::trim) {
            if let Some((before, _)) = line.split_once(": &[FormAction<") {
                before.rsplit(' ').next().unwrap().clone_into(&mut table);
            } else if let Some(segment) = line.strip_prefix("segment: ") {
                let segment = segment.trim_end_matches(',').trim_matches('"');
                tables.entry(table.clone()).or_default().insert(segment.to_owned());
            }
        }
    }
    tables
}

/// Addresses of all deeds, and of all other forms that are sent.
fn forms_of_the_source() -> (BTreeSet<String>, BTreeSet<String>) {
    let sources = sources();
    let tables = tables(&sources);
    let (mut deeds, mut others) = (BTreeSet::new(), BTreeSet::new());
    for source in &sources {
        for placed in source.split("routes(\"").skip(1) {
            let (place, rest) = placed.split_once("\", ").unwrap();
            let name = rest.split(')').next().unwrap().rsplit("::").next().unwrap();
            deeds.extend(tables[name].iter().map(|segment| format!("{place}/{segment}")));
        }
        for route in source.split(".route(").skip(1) {
            let (path, handler) = route.split_once(',').unwrap();
            if handler.split(".merge(").next().unwrap().contains("post(") && !path.contains("format!") {
                let path = path.trim().replace("backup::DOWNLOAD_PATH", FILE);
                others.insert(path.trim_matches('"').to_owned());
            }
        }
    }
    (deeds, others)
}

/// What is typed.
type Typed = Vec<(&'static str, String)>;

/// A customer of its own, as a place of the desk.
async fn customer(site: &PaymentSite) -> String {
    site.user("Warga").await.replace("/users/", "/pelanggan/")
}

fn api(place: &str) -> String {
    place.replace("/pelanggan/", "/users/")
}

async fn debt(site: &PaymentSite, place: &str) -> String {
    let debt = json!({"amount": "1 GB", "price_rp": 20_000});
    text(&site.post(&format!("{}/debts", api(place)), debt).await.ok(201)["id"])
}

/// Where a customer's deed is, and what is typed for it.
async fn to_customer(site: &PaymentSite, deed: &str) -> (String, Typed) {
    let place = customer(site).await;
    let reason = || ("reason", "uji".to_owned());
    let amount = || ("amount", "1 GB".to_owned());
    let typed = match deed {
        "tagihan-paket" => vec![("package_id", text(&site.package))],
        "lunasi" => {
            debt(site, &place).await;
            Vec::new()
        }
        "bayar" => {
            debt(site, &place).await;
            vec![("amount_rp", "5.000".to_owned())]
        }
        "tagihan-kuota" => vec![amount()],
        "kuota" | "koreksi" => vec![amount(), reason()],
        "reset" | "blokir" => vec![reason()],
        "ubah" => vec![("name", "Warga Lain".to_owned())],
        "perangkat" => vec![("mac", MAC.to_string())],
        "setujui" => {
            site.patch(&api(&place), json!({"approved": false})).await.ok(200);
            Vec::new()
        }
        "buka" => {
            site.post(&format!("{}/block", api(&place)), json!({"reason": "uji"})).await.ok(200);
            Vec::new()
        }
        "pin" | "hapus" => Vec::new(),
        other => panic!("no case for the deed {other} to a customer"),
    };
    (format!("{place}/{deed}"), typed)
}

async fn to_debt(site: &PaymentSite, deed: &str) -> (String, Typed) {
    let place = customer(site).await;
    let debt = debt(site, &place).await;
    let typed = match deed {
        "lunas" => Vec::new(),
        "jatuh-tempo" => vec![("due_date", "2026-12-24".to_owned())],
        "hapus" => vec![("reason", "uji".to_owned())],
        other => panic!("no case for the deed {other} to a debt"),
    };
    (format!("{place}/tagihan/{debt}/{deed}"), typed)
}

async fn to_package(site: &PaymentSite, deed: &str) -> (String, Typed) {
    let package = text(&site.package(1024, 10_000).await);
    let typed = match deed {
        "ubah" => vec![("price_rp", "12.000".to_owned())],
        "jual" => {
            site.patch(&format!("/packages/{package}"), json!({"active": false})).await.ok(200);
            Vec::new()
        }
        "henti" | "hapus" => Vec::new(),
        other => panic!("no case for the deed {other} to a package"),
    };
    (format!("/paket/{package}/{deed}"), typed)
}

async fn to_order(site: &PaymentSite, deed: &str) -> (String, Typed) {
    let order = site.order().await;
    let typed = match deed {
        "bukukan" | "tutup" => {
            site.relay.pay_wrongly(&order);
            site.pull().await;
            vec![("reason", "uji".to_owned())]
        }
        "kembalikan" => {
            site.relay.pay(&order);
            site.pull().await;
            vec![("reason", "uji".to_owned())]
        }
        "tanya" | "batalkan" => Vec::new(),
        other => panic!("no case for the deed {other} to an order"),
    };
    (format!("/pembayaran/{order}/{deed}"), typed)
}

/// A name that no admin has.
fn name(n: &mut u32) -> String {
    *n += 1;
    format!("kelola-{n}")
}

async fn prepared(site: &PaymentSite, owner: &ConsoleClient<'_>, deed: &str, n: &mut u32) -> (String, Typed) {
    let last = deed.rsplit('/').next().unwrap();
    match deed.strip_suffix(last).unwrap() {
        "/jual/" if last == "{id}" => (customer(site).await.replace("/pelanggan/", "/jual/"), Vec::new()),
        "/pelanggan/" | "/jual/" => (deed.to_owned(), vec![("name", "Baru".to_owned())]),
        "/pelanggan/{id}/" => to_customer(site, last).await,
        "/pelanggan/{id}/tagihan/{debt}/" => to_debt(site, last).await,
        "/bantuan/{mac}/" => (format!("/bantuan/{MAC}/{last}"), Vec::new()),
        "/perangkat/sebelum-pemulihan/{mac}/" => {
            *n += 1;
            let mac = Mac([2, 0, 0, 0, 2, u8::try_from(*n).unwrap()]);
            let (owner, list, binding) = (String::new(), List::Active, BindingKind::Bypassed);
            let found = vec![Orphan { mac, owner, list, binding }];
            site.engine(|engine| engine.record_orphans(found, true).unwrap()).await;
            (format!("/perangkat/sebelum-pemulihan/{mac}/{last}"), Vec::new())
        }
        "/jual/perangkat/{mac}/" => {
            *n += 1;
            let mac = Mac([2, 0, 0, 0, 1, u8::try_from(*n).unwrap()]);
            (format!("/jual/perangkat/{mac}/{last}"), vec![("name", "Baru".to_owned())])
        }
        "/pelanggan/{id}/perangkat/{mac}/" => {
            let place = customer(site).await;
            let mac = Mac([2, 0, 0, 0, 0, 77]);
            if last == "pasang" {
                return (format!("{place}/perangkat/{mac}/{last}"), Vec::new());
            }
            site.post(&format!("{}/devices", api(&place)), json!({"mac": mac.to_string()})).await.ok(201);
            (format!("{place}/perangkat/{mac}/{last}"), Vec::new())
        }
        "/paket/" => {
            let typed = [("name", "P"), ("quota", "1 GB"), ("days", "1"), ("price_rp", "5.000")];
            (deed.to_owned(), typed.map(|(name, value)| (name, value.to_owned())).into())
        }
        "/paket/{id}/" => to_package(site, last).await,
        "/pembayaran/{id}/" => to_order(site, last).await,
        "/kasir/" => (deed.to_owned(), vec![("counted_rp", "0".to_owned())]),
        "/router/" | "/jam/" | "/tagihan/" => (deed.to_owned(), Vec::new()),
        "/pengaturan/" => {
            let typed = if last == "nama" { vec![("name", "Hotspot Lain".to_owned())] } else { Vec::new() };
            (deed.to_owned(), typed)
        }
        "/pengelola/" => {
            (deed.to_owned(), vec![("name", name(n)), ("password", "rahasia sekali".to_owned())])
        }
        "/pengelola/{name}/" => {
            let name = name(n);
            let token = site.admin(&name, "viewer").await;
            if last == "dua-langkah" {
                second_factor(site, &token).await;
            }
            let typed = match last {
                "peran" => vec![("role", "cashier".to_owned())],
                "kata-sandi" => vec![("password", "rahasia yang lain".to_owned())],
                _ => Vec::new(),
            };
            (format!("/pengelola/{name}/{last}"), typed)
        }
        "/pengelola/{name}/token/{hash}/" => {
            let name = name(n);
            site.admin(&name, "viewer").await;
            let page = owner.open("/pengelola").await;
            let place = format!("/pengelola/{name}/token/");
            let rest = page.html.split(&place).nth(1).unwrap().split('"').next().unwrap();
            (format!("{place}{rest}"), Vec::new())
        }
        other => panic!("no case for the deeds at {other}"),
    }
}

/// Fills in and says yes. Both forms lead on, and what they lead to are pages that can be loaded again.
async fn leads_on(owner: &ConsoleClient<'_>, path: &str, typed: Typed) {
    let form = owner.open(path).await;
    let mut fields = form.fields();
    fields.extend(typed.into_iter().map(|(name, value)| (name.to_owned(), value)));
    fields.remove("_key");
    let sent = owner.post(&form.action(), &fields).await;
    assert_eq!(sent.status, 303, "{path}: {}", sent.words());
    let shown = owner.open(&sent.to).await;
    shown.says("Belum ada yang berubah");
    assert_eq!(
        owner.open(&sent.to).await.fields(),
        shown.fields(),
        "{path} is another page when it is loaded again"
    );
    let done = owner.sure(&shown).await;
    assert_eq!(done.status, 303, "{path}: {}", done.words());
    owner.open(&done.to).await.says("Sudah dilakukan");
    // Going back to what was shown leads to where it was told, and does nothing.
    assert_eq!(owner.get(&sent.to).await.to, done.to, "{path}");
}

/// Sends a form of a page as it stands.
async fn sends(browser: &ConsoleClient<'_>, page: &Page, path: &str, otp: Option<String>) -> Page {
    assert!(page.html.contains(&format!("action=\"{path}\"")), "{path}: {}", page.html);
    let token = page.html.split("name=\"_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut fields = Fields::from([("_token".to_owned(), token.to_owned())]);
    fields.extend(otp.map(|otp| ("otp".to_owned(), otp)));
    browser.post(path, &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_deed_of_the_desk_leads_on_whenever_it_is_sent() {
    let (deeds, _) = forms_of_the_source();
    assert!(deeds.len() > 35, "{deeds:?}");
    let site = PaymentSite::with_files().await;
    let owner = ConsoleClient::owner(&site).await;
    let mut n = 0;
    for deed in deeds {
        let (path, typed) = prepared(&site, &owner, &deed, &mut n).await;
        leads_on(&owner, &path, typed).await;
    }
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_form_of_the_desk_leads_on_when_it_is_sent() {
    let (_, others) = forms_of_the_source();
    assert!(others.len() >= 8, "{others:?}");
    let site = PaymentSite::start().await;
    let site = &site;
    for path in others {
        let role = if path.contains("pin") { "cashier" } else { "owner" };
        let browser =
            ConsoleClient::of(site, &format!("kelola{}", path.replace(['/', '{', '}'], "-")), role).await;
        let at = match path.as_str() {
            "/tagihan/ingatkan" => {
                let place = customer(site).await;
                debt(site, &place).await;
                format!("{path}?siapa={}", place.rsplit('/').next().unwrap())
            }
            path if path.starts_with("/cadangan") => "/cadangan".to_owned(),
            "/versi/cari" => "/versi".to_owned(),
            "/dokter" => path.clone(),
            _ => "/saya".to_owned(),
        };
        let page = browser.open(&at).await;
        let sent = match path.as_str() {
            FILE => {
                let copy = site.call(Method::POST, FILE).header("cookie", browser.cookie());
                let copy = copy.header("origin", &site.base);
                let copy = copy.header("content-type", "application/x-www-form-urlencoded");
                let body = format!("_token={}", page.fields()["_token"]);
                assert!(copy.body(body).bytes().await.starts_with(b"SQLite format 3"));
                continue;
            }
            "/masuk" => {
                let form = [("username", "juragan"), ("password", PASSWORD)];
                let fields = form.map(|(name, value)| (name.to_owned(), value.to_owned()));
                browser.post(&path, &fields.into()).await
            }
            "/adopsi/ambil" | "/adopsi/kembalikan" | "/adopsi/selesaikan" | "/adopsi/kembali" => {
                let token = page.fields()["_token"].clone();
                let typed = [("_token", token.as_str()), ("cakupan", "semua"), ("password", PASSWORD)];
                let fields = typed.map(|(name, value)| (name.to_owned(), value.to_owned()));
                browser.post(&path, &fields.into()).await
            }
            "/cadangan/kit" | "/cadangan/ambil-alih" => {
                let mut fields = page.fields();
                fields.insert("password".to_owned(), PASSWORD.to_owned());
                browser.post(&path, &fields).await
            }
            "/saya/kata-sandi" => {
                let mut fields = page.fields();
                let typed = [("old", PASSWORD), ("new", "rahasia yang baru"), ("again", "rahasia yang baru")];
                fields.extend(typed.map(|(name, value)| (name.to_owned(), value.to_owned())));
                browser.post(&path, &fields).await
            }
            "/saya/pin" | "/saya/pin/hapus" | "/masuk/pin" => {
                let mut fields = Fields::from([("_token".to_owned(), page.fields()["_token"].clone())]);
                for name in ["pin", "pin_lagi"] {
                    fields.insert(name.to_owned(), "482915".to_owned());
                }
                let set = browser.post("/saya/pin", &fields).await;
                match path.as_str() {
                    "/saya/pin" => set,
                    "/saya/pin/hapus" => {
                        let page = browser.open("/saya").await;
                        sends(&browser, &page, &path, None).await
                    }
                    _ => {
                        fields.insert("username".to_owned(), "kelola-masuk-pin".to_owned());
                        browser.post(&path, &fields).await
                    }
                }
            }
            "/saya/dua-langkah/pastikan" | "/saya/dua-langkah/matikan" => {
                let begun = sends(&browser, &page, "/saya/dua-langkah", None).await;
                let shown = browser.open(&begun.to).await;
                let secret =
                    shown.html.split("<code class=\"wrap\">").nth(1).unwrap().split('<').next().unwrap();
                let confirm = "/saya/dua-langkah/pastikan";
                let on = sends(&browser, &shown, confirm, Some(code(site, secret))).await;
                if path == confirm {
                    on
                } else {
                    assert_eq!(on.status, 303);
                    // A code is good once.
                    site.clock.advance(std::time::Duration::from_mins(1));
                    let page = browser.open("/saya").await;
                    sends(&browser, &page, &path, Some(code(site, secret))).await
                }
            }
            "/jual/{id}" => {
                let place = customer(site).await.replace("/pelanggan/", "/jual/");
                let page = browser.open(&place).await;
                let mut fields = page.fields();
                let offer = page.html.split("name=\"untuk\" value=\"- ").nth(1).unwrap();
                let offer = format!("- {}", offer.split('"').next().unwrap());
                fields.extend([("untuk".to_owned(), offer), ("method".to_owned(), "cash".to_owned())]);
                browser.post(&page.action(), &fields).await
            }
            _ => sends(&browser, &page, &path, None).await,
        };
        assert_eq!(sent.status, 303, "{path}: {}", sent.words());
    }
}

/// What nobody types, in every field that a form of the desk may have.
fn nonsense() -> Fields {
    let names = [
        "amount",
        "amount_rp",
        "counted_rp",
        "due_date",
        "mac",
        "method",
        "name",
        "otp",
        "package_id",
        "password",
        "phone",
        "price_rp",
        "quota",
        "reason",
        "role",
        "username",
    ];
    names.map(|name| (name.to_owned(), format!("?{}", "\u{1}".repeat(300)))).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_the_desk_leads_on_when_it_is_refused_and_its_page_can_be_loaded_again() {
    let (deeds, others) = forms_of_the_source();
    let site = PaymentSite::with_files().await;
    let site = &site;
    let (mut n, mut refused) = (0, 0);
    for path in deeds.into_iter().chain(others) {
        // Logging out and ending sessions end those of nobody else.
        let browser = if path.starts_with("/pengaturan/") {
            ConsoleClient::owner(site).await
        } else {
            ConsoleClient::of(site, &format!("kelola{}", path.replace(['/', '{', '}'], "-")), "owner").await
        };
        let path = if path.matches('/').count() > 1
            && !path.starts_with("/saya")
            && !path.starts_with("/cadangan")
            && path != "/versi/cari"
            && !path.starts_with("/adopsi")
            && !path.starts_with("/masuk")
        {
            prepared(site, &browser, &path, &mut n).await.0
        } else {
            path
        };
        let token = browser.open("/saya").await.fields()["_token"].clone();
        let stale = Fields::from([("_token".to_owned(), "x".to_owned())]);
        let mut wrong = nonsense();
        wrong.insert("_token".to_owned(), token);
        let forms = if path == FILE { vec![stale] } else { vec![stale, wrong] };
        for fields in forms {
            let sent = browser.post_only(&path, &fields).await;
            assert_eq!(sent.status, 303, "{path}: {}", sent.words());
            if !sent.to.contains(REFUSED) {
                continue;
            }
            refused += 1;
            let shown = browser.get(&sent.to).await;
            assert!((400..500).contains(&shown.status), "{path}: {} {}", shown.status, shown.words());
            assert_eq!(
                browser.get(&sent.to).await.words(),
                shown.words(),
                "{path} is another page when loaded again"
            );
            assert!(!shown.html.contains("class=\"problem\"") && !shown.html.contains("rahasia"), "{path}");
            // What was forgotten is asked again, or leads to a page.
            let lost = sent.to.split(REFUSED).next().unwrap().to_owned() + REFUSED + "x";
            let empty = browser.get(&lost).await;
            assert!(
                [200, 303].contains(&empty.status) || empty.status == 409,
                "{lost}: {} {}",
                empty.status,
                empty.words()
            );
        }
    }
    assert!(refused > 60, "{refused} were refused");
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_form_is_filled_in_again_and_belongs_to_its_session() {
    let site = PaymentSite::start().await;
    let owner = ConsoleClient::owner(&site).await;
    let typed = [("name", "siti"), ("role", "cashier"), ("password", "x")];
    let form = owner.open("/pengelola/baru").await;
    let mut fields = form.fields();
    fields.extend(typed.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let sent = owner.post_only(&form.action(), &fields).await;
    let shown = owner.get(&sent.to).await;
    assert_eq!(shown.status, 422);
    assert_eq!((shown.fields()["name"].as_str(), shown.fields()["password"].as_str()), ("siti", ""));
    shown.says("Kata sandi: Tulis sedikitnya 8 karakter.").hides("Wajib diisi");
    owner.in_english().get(&sent.to).await.hides("Kata sandi");
    let other = ConsoleClient::of(&site, "rini", "owner").await;
    assert_eq!(other.open(&sent.to).await.fields()["name"], "");
    // A program that sends the form is answered at once.
    let body = format!("_token={}&name=siti", fields["_token"]);
    let call = site.call(Method::POST, "/pengelola/baru").header("cookie", owner.cookie());
    let call = call.header("origin", &site.base).header("content-type", "application/x-www-form-urlencoded");
    let reply = call.body(body).send().await;
    assert!(reply.status == 422 && reply.text.contains("value=\"siti\""), "{} {}", reply.status, reply.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_is_there_again_to_be_changed_and_belongs_to_its_session() {
    let site = PaymentSite::start().await;
    let owner = ConsoleClient::owner(&site).await;
    let place = customer(&site).await;
    let path = format!("{place}/kuota");
    let shown = owner.fill(&path, &[("amount", "1,5 GB"), ("reason", "hadiah")]).await;
    shown.says("1,50 GB");
    let edit = shown.html.split("class=\"button link\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let form = owner.open(edit).await;
    assert_eq!((form.fields()["amount"].as_str(), form.fields()["reason"].as_str()), ("1,5 GB", "hadiah"));
    // Nobody else sees it, and what was forgotten is asked again.
    let other = ConsoleClient::of(&site, "rini", "owner").await;
    assert_eq!(other.get(&shown.path).await.to, path);
    assert_eq!(other.open(edit).await.fields()["amount"], "");
    assert_eq!(owner.get(&format!("{path}?lihat=x")).await.to, path);
    // Where a person wants to go afterwards is not forgotten on the way.
    let shown = owner.fill(&format!("{path}?ke=/tagihan"), &[("amount", "1 GB"), ("reason", "x")]).await;
    let done = owner.sure(&shown).await;
    assert!(done.to.starts_with("/tagihan?kabar="), "{}", done.to);
    let credited = site.get(&api(&place)).await.ok(200)["credited_bytes"].clone();
    assert_eq!(credited, Value::from(1_u64 << 30));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_was_typed_is_in_no_address_and_in_no_form_again() {
    let site = PaymentSite::start().await;
    let owner = ConsoleClient::owner(&site).await;
    let typed = [("name", "siti"), ("role", "cashier"), ("password", "sangat rahasia ini")];
    let shown = owner.fill("/pengelola/baru", &typed).await;
    assert!(!shown.path.contains("rahasia"));
    shown.says("siti: Kasir").hides("cashier");
    let edit = shown.html.split("class=\"button link\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let form = owner.open(edit).await;
    assert!(!form.html.contains("rahasia ini") && form.fields()["name"] == "siti", "{}", form.html);
}

#[tokio::test(flavor = "multi_thread")]
async fn money_asked_for_online_leads_to_what_it_is_paid_with_and_the_page_follows_it() {
    let site = PaymentSite::start().await;
    site.sim.host_connect(MAC, Ipv4Addr::new(10, 5, 50, 19));
    let owner = ConsoleClient::owner(&site).await;
    let place = site.user.replace("/users/", "/pelanggan/");
    let told = owner.sells(&place, &[("method", "qris")]).await;
    let order = site.orders("").await.remove(0);
    assert!(told.path.starts_with(&format!("/pembayaran/{order}?kabar=")), "{}", told.path);
    let json = site.get(&format!("/orders/{order}")).await.ok(200);
    let qr = json["qr_string"].as_str().unwrap();
    assert!(told.html.contains("<div class=\"qr\"><svg"), "{}", told.html);
    assert!(!told.html.contains(qr), "a code is for cameras, not for people");
    assert!(
        told.html.contains("data-live=\"3\"") && told.html.contains("<noscript><meta http-equiv=\"refresh\"")
    );
    told.says("Menunggu pembayaran.");

    site.relay.pay(&order);
    site.pull().await;
    let paid = owner.open(&told.path).await;
    paid.says("Pembayaran diterima.").says("Lunas").hides("Menunggu pembayaran.");
    assert!(
        !paid.html.contains("class=\"qr\"")
            && !paid.html.contains("data-live")
            && !paid.html.contains("http-equiv")
    );
}
