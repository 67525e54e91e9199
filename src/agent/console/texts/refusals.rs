//! Refusals by the stable codes of the API. A code without a text here is shown with the API's own detail.

use crate::ui::catalogue::words;

/// Declares the catalogue with the code of each text as its name.
macro_rules! refusals {
    ($($code:ident: $id:literal, $en:literal;)*) => {
        words! {
            /// A sentence for each code.
            Refusals { $($code: $id, $en;)* }
        }

        impl Refusals {
            /// The sentence for a code.
            pub fn named(&self, code: &str) -> Option<&'static str> {
                match code {
                    $(stringify!($code) => Some(self.$code),)*
                    _ => None,
                }
            }
        }
    };
}

refusals! {
    settle_first: "Pemakaian di luar kuota sebesar isi paket ini atau lebih. Lunasi tagihannya dulu.",
        "Usage beyond the quota is as much as this package gives, or more. Settle it first.";
    blocked: "Pelanggan ini dihentikan pengelola. Buka dulu penghentiannya.",
        "This customer is blocked by an admin. Unblock first.";
    inactive: "Pelanggan ini belum disetujui atau dinonaktifkan.", "This customer is not approved, or not active.";
    debt_overdue: "Ada tagihan yang lewat jatuh tempo. Lunasi dulu.", "A debt is overdue. Settle it first.";
    not_on_sale: "Paket ini sedang tidak dijual.", "This package is not on sale.";
    owes_while_unlimited: "Paket tanpa batas tidak dapat mulai selama masih ada tagihan. Lunasi dulu.",
        "An unlimited plan cannot start while something is owed. Settle it first.";
    exempt: "Pelanggan ini bebas tagihan, jadi tidak dapat diberi tagihan. Beri kuota saja, atau akhiri bebas tagihannya.",
        "This customer is exempt and gets no debts. Give quota instead, or end the exemption.";
    nothing_owed: "Tidak ada yang perlu dibayar.", "Nothing is owed.";
    already_paid: "Tagihan ini sudah lunas atau sudah dihapus.", "This debt is paid already, or written off.";
    pays_too_much: "Lebih dari tagihan bertanggal yang ada. Paket tanpa batas hanya dapat dibayar penuh; kelebihan pemakaian dibayar lewat lunasi semua.",
        "More than the debt items owe. An unlimited plan is paid whole, and usage beyond the quota by settling all.";
    refund_whole_only: "Pembayaran ini hanya dapat dikembalikan seluruhnya.", "Only the whole of this payment can go back.";
    refunds_too_much: "Lebih dari sisa uang pembayaran ini.", "More than what is left of this payment.";
    no_price: "Belum ada harganya: tidak ada paket berkuota yang dijual. Tambah paket, atau beri tagihan ini harga sendiri.",
        "There is no price: no package with a quota is on sale. Add a package, or give the debt its own price.";
    debt_needs_limit: "Bila pemakaian boleh jadi tagihan, batas tagihan harus lebih dari 0.",
        "Where usage may become debt, the debt limit must be above 0.";
    cashier_credit: "Melebihi kuota tagihan yang boleh Anda berikan sebagai kasir. Mintalah kepada pemilik.",
        "More than you may give on credit as a cashier. Ask the owner.";
    quote_changed: "Harganya sudah berubah. Periksa lagi sebelum melanjutkan.", "The price has changed. Look again before you go on.";
    phone_taken: "Nomor telepon ini sudah dipakai pelanggan lain.", "Another customer has this phone number.";
    login_taken: "Nama login ini sudah dipakai pelanggan lain.", "Another customer has this log-in name.";
    user_owes: "Pelanggan ini masih punya tagihan. Lunasi atau hapus dulu tagihannya.",
        "This customer still owes. Settle or write off first.";
    user_has_devices: "Pelanggan ini masih punya perangkat. Lepaskan dulu.", "This customer still has devices. Unbind them first.";
    user_pays: "Masih ada pembayaran online yang terbuka. Batalkan dulu.", "An online payment is open. Cancel it first.";
    user_deleted: "Pelanggan dari pembayaran ini sudah dihapus.", "The customer of this payment is deleted.";
    user_unknown: "Pelanggan dari pembayaran ini tidak diketahui.", "Nobody knows whose payment this is.";
    too_many_devices: "Jumlah perangkat sudah penuh. Lepaskan satu dulu.", "There are as many devices as allowed. Unbind one first.";
    too_many_lines: "Terlalu banyak tagihan untuk satu pembayaran online. Lunasi satu per satu.",
        "Too many debts for one online payment. Settle them one by one.";
    idempotency_conflict: "Tombol ini sudah dipakai untuk hal lain. Muat ulang halaman.", "This button was used for something else. Load the page again.";
    deed_running: "Perintah ini sedang dikerjakan. Tunggu sebentar, lalu lihat hasilnya.", "This is being done. Wait a moment, then look at what came of it.";
    amount_mismatch: "Jumlah dari gerbang pembayaran tidak sama. Pesanan dibatalkan.", "The gateway named another amount. The order was called off.";
    nothing_to_pay: "Tidak ada biayanya, jadi tidak dapat dibayar online. Catat sebagai tunai.",
        "This costs nothing and cannot be paid online. Book it as cash.";
    not_in_review: "Pembayaran ini tidak sedang diperiksa.", "This payment is not in review.";
    already_credited: "Pembayaran ini sudah dikreditkan.", "This payment was credited already.";
    partly_returned: "Sebagian uangnya sudah kembali, jadi tidak dapat dikreditkan penuh.", "Part of the money went back, so it cannot be credited whole.";
    not_paid: "Hanya uang yang sudah dibayar yang dapat dikembalikan.", "Only money that was paid can go back.";
    not_open: "Pembayaran ini sudah tidak terbuka.", "This payment is no longer open.";
    not_online: "Pembayaran ini diterima di kasir.", "This payment was taken over the counter.";
    order_paid: "Pembayaran online sebelumnya ternyata sudah dibayar dan sudah diterapkan. Periksa lagi tagihannya.",
        "The online payment before was paid already and is applied. Look again at what is owed.";
    order_superseded: "Pembayaran ini sudah digantikan yang lain.", "Another payment took the place of this one.";
    order_open: "Pembayaran online sebelumnya masih terbuka di gerbang pembayaran. Coba lagi sebentar lagi.",
        "The online payment before is still open at the gateway. Try again in a moment.";
    name_taken: "Nama ini sudah dipakai.", "This name is taken.";
    settings_unavailable: "Pengaturan hanya dapat diubah lewat program yang berjalan.", "Only the running program changes settings.";
    bad_configuration: "Berkas konfigurasi di Pi salah, jadi tidak ada yang diubah. Lihat kuotad check-config.",
        "The configuration file on the Pi is bad, so nothing was changed. See kuotad check-config.";
    set_by_environment: "Kunci ini ditentukan oleh lingkungan layanan di Pi, dan itu yang berlaku. Ubah di sana.",
        "The environment of the service sets this key, and it wins. Change it there.";
    is_credential: "Rahasia ini diberikan oleh systemd, dan itu yang berlaku. Ubah di sana.",
        "systemd hands over this secret, and it wins. Change it there.";
    changed_meanwhile: "Pengaturan sudah diubah orang lain. Periksa lagi.", "Somebody else changed the settings. Look again.";
    settings_unwritable: "Pengaturan tidak dapat ditulis ke kartu. Tidak ada yang berubah.",
        "The settings could not be written to the card. Nothing was changed.";
    session_needed: "Ini hanya dapat diubah pemilik di peramban, dengan kata sandi.",
        "Only an owner changes this in a browser, with the password.";
    last_owner: "Ini pemilik terakhir. Tambah pemilik lain dulu.", "This is the last owner. Add another first.";
    router_unreachable: "Router tidak dapat dihubungi, dan ini perlu pembacaan router. Tidak ada yang berubah.",
        "The router cannot be reached, and this needs a reading of it. Nothing was changed.";
    router_login_refused: "Router menolak nama atau kata sandi agen ini. Tidak ada yang berubah.",
        "The router refuses this agent's name or password. Nothing was changed.";
    router_failed: "Router menolak perintahnya.", "The router refused the command.";
    relay_unreachable: "Pembayaran online sedang tidak tersedia. Terima tunai atau transfer saja.",
        "Online payment is not available now. Take cash or a transfer.";
    relay_refused: "Relay pembayaran menolak permintaan ini.", "The payment relay refused this.";
    gateway_busy: "Gerbang pembayaran sibuk. Coba lagi sebentar lagi.", "The payment gateway is busy. Try again in a moment.";
    gateway_mismatch: "Jawaban gerbang pembayaran tidak cocok. Pesanan dibatalkan.", "The gateway's answer does not agree. The order was called off.";
    gateway_misconfigured: "Gerbang pembayaran belum diatur dengan benar.", "The payment gateway is not set up correctly.";
    gateway_refused: "Gerbang pembayaran menolak.", "The payment gateway refused.";
    gateway_unknown: "Gerbang pembayaran belum memberi kepastian. Periksa lagi sebentar lagi.", "The payment gateway did not say what became of it. Look again in a moment.";
    gateway_unreachable: "Gerbang pembayaran tidak dapat dihubungi.", "The payment gateway cannot be reached.";
    method_unavailable: "Cara bayar ini sedang tidak tersedia.", "This method of payment is not available now.";
    refund_refused: "Gerbang pembayaran menolak pengembalian.", "The payment gateway refused the refund.";
    request_abandoned: "Permintaan bayar ini sudah ditutup. Ulangi dari awal.", "This request to pay was given up. Begin again.";
    foreign_host: "Halaman ini tidak dapat dibuka dengan nama ini. Buka dengan alamat IP-nya, atau tambahkan namanya di admin.hosts.",
        "These pages do not open under this name. Open them by their IP address, or add the name to admin.hosts.";
    store_full: "Kartu penyimpanan penuh, jadi ini belum dicatat. Tidak ada yang berubah; kosongkan ruang, lalu ulangi.",
        "The card is full, so this was not recorded. Nothing was changed; free some space, then try again.";
    store_read_only: "Kartu penyimpanan hanya dapat dibaca, jadi ini belum dicatat. Tidak ada yang berubah; unduh cadangan, lalu ganti kartunya.",
        "The card can only be read, so this was not recorded. Nothing was changed; download a backup, then replace the card.";
    store_busy: "Program lain sedang memegang berkas data, jadi ini belum dicatat. Tidak ada yang berubah; tutup program itu, lalu ulangi.",
        "Another program holds the data file, so this was not recorded. Nothing was changed; close that program, then try again.";
    site_fenced: "Mesin lain sudah mengambil alih lokasi ini. Tidak ada yang berubah di sini.",
        "Another machine took this site over. Nothing was changed here.";
    site_passive: "Data ini hasil pemulihan dan masih pasif. Tidak ada yang berubah; ambil alih lokasi ini dulu (kuotad take-over).",
        "This data was restored and is still passive. Nothing was changed; take the site over first (kuotad take-over).";
    store_damaged: "Sebagian data rusak, jadi perubahan ditolak. Tidak ada yang berubah; pulihkan cadangan.",
        "Some data is damaged, so changes are refused. Nothing was changed; restore a backup.";
    update_failed: "Pembaruan tidak dapat diminta. Tidak ada yang berubah; sebabnya ada di catatan sistem.",
        "The update could not be asked for. Nothing was changed; the log says why.";
    answers: "Jawaban-jawaban pemasangan ini tidak cocok satu sama lain. Periksa langkah-langkahnya lagi.",
        "The answers of the set-up do not fit together. Look at its steps again.";
    claimed: "Mesin ini sudah diambil oleh perangkat lain. Buka halaman pertama.",
        "Another device claimed this machine already. Open the first page.";
    closed: "Waktu pemasangan sudah habis. Buka halaman pertama; caranya ada di sana.",
        "The time for the set-up is over. Open the first page; it says what to do.";
    code: "Kodenya salah.",
        "The code is wrong.";
    instance_taken: "Mesin lain mengambil alih lokasi ini pada saat yang sama. Periksa mesin mana yang bekerja.",
        "Another machine took this site over at the same moment. See which one is at work.";
    no_code: "Tidak ada kode di partisi boot kartu.",
        "There is no code on the card's boot partition.";
    no_random: "Sistem tidak memberi angka acak. Tidak ada yang berubah; ulangi sebentar lagi.",
        "The system gives no random numbers. Nothing was changed; try again in a moment.";
    not_saved: "Jawaban ini tidak dapat disimpan di kartu. Periksa kartunya, lalu ulangi.",
        "The answer could not be saved on the card. Look at the card, then try again.";
    not_the_router: "Skrip ini hanya dapat diambil oleh router.",
        "Only the router may fetch this script.";
    old_machine_unknown: "Router dan relay tidak menjawab, jadi mesin lama tidak dapat dihentikan dari sini. Matikan mesin itu, lalu nyatakan begitu.",
        "Neither router nor relay answers, so the old machine cannot be stopped from here. Switch it off, then say so.";
    unclaimed: "Mesin ini belum ada pemiliknya. Buka halaman pertama.",
        "This machine has no owner yet. Open the first page.";
    updating: "Versi baru sedang dicoba, jadi ini belum dicatat. Tidak ada yang berubah; ulangi beberapa menit lagi.",
        "A new version is on trial, so this was not recorded. Nothing was changed; try again in some minutes.";
    busy: "Terlalu banyak permintaan sekaligus. Tidak ada yang berubah; ulangi sebentar lagi.",
        "Too many requests at once. Nothing was changed; try again in a moment.";
    body_timeout: "Isian datang terlalu lambat dan tidak dikerjakan. Periksa sambungan, lalu ulangi.",
        "What was sent came too slowly and was not done. Check the connection, then send it again.";
    timeout: "Jawabannya terlalu lama. Lihat dulu apakah sudah berhasil sebelum mengulang.",
        "It took too long. Look whether it was done before you repeat it.";
    not_ready: "Layanan ini belum menjawab. Tunggu sebentar, lalu muat ulang.", "The service does not answer yet. Wait a moment, then load the page again.";
    backup_failed: "Salinan tidak dapat dibuat. Tidak ada yang berubah; sebabnya ada di catatan sistem.",
        "The copy could not be made. Nothing was changed; the log says why.";
    malformed: "Yang dikirim tidak dapat dibaca. Tidak ada yang berubah.",
        "What was sent cannot be read. Nothing was changed.";
    invalid: "Ada isian yang tidak dapat diterima. Tidak ada yang berubah.",
        "A value cannot be taken. Nothing was changed.";
    unsupported_media_type: "Yang dikirim bukan bentuk yang dikenal. Tidak ada yang berubah.",
        "What was sent has a form that is not known. Nothing was changed.";
    too_large: "Yang dikirim terlalu besar. Tidak ada yang berubah.",
        "What was sent is too large. Nothing was changed.";
    unauthorized: "Nama, kata sandi atau kode salah, atau Anda belum masuk.",
        "The name, the password or the code is wrong, or you are not logged in.";
    otp_required: "Masukkan kode dari aplikasi autentikator Anda.", "Enter the code of your authenticator.";
    too_many_attempts: "Terlalu banyak percobaan. Tunggu sebentar, lalu ulangi.",
        "Too many attempts. Wait a moment, then try again.";
    role: "Peran Anda tidak boleh melakukan ini.", "Your role may not do this.";
    network: "Alamat Anda tidak boleh memakai halaman ini (admin.allowed_networks).",
        "Your address may not use this page (admin.allowed_networks).";
    cross_site: "Formulir ini tidak berasal dari halaman kami. Muat ulang, lalu kirim lagi.",
        "This form does not come from a page of ours. Load the page again, then send it.";
    form_token: "Formulir ini sudah terlalu lama. Muat ulang, lalu kirim lagi.",
        "This form is too old. Load the page again, then send it.";
    no_admin: "Hanya pengelola sendiri yang dapat melakukan ini, dari sesi atau tokennya.",
        "Only an admin can do this, with a session or token of its own.";
    not_found: "Tidak ditemukan. Mungkin sudah dihapus.", "It was not found. It may have been deleted.";
    method_not_allowed: "Alamat ini tidak menerima permintaan seperti itu.",
        "This address does not take such a request.";
    internal: "Terjadi kesalahan di dalam. Sebabnya ada di catatan sistem.",
        "Something failed inside. The log says what.";
    device_taken: "Perangkat ini milik pelanggan lain. Pindahkan dari sana bila memang maksudnya.",
        "The device belongs to another customer. Move it from there if that is meant.";
    address_shared: "Router melihat lebih dari satu perangkat di alamat ini.",
        "The router sees more than one device at this address.";
    device_gone: "Perangkat ini sudah tidak ada di alamat itu.", "The device is no longer at that address.";
    open_payment: "Masih ada pembayaran online yang terbuka. Batalkan dulu, atau setujui pembatalannya.",
        "An online payment is open. Cancel it first, or agree to that.";
    import_refused: "Ada baris yang bentrok dengan data yang ada. Tidak ada yang diimpor.",
        "Rows collide with what is on file. Nothing was imported.";
    package_differs: "Ada paket dengan nama yang sama tetapi kuota, masa, atau harganya lain. Tidak ada yang diimpor.",
        "There is a package of the same name with another quota, other days or another price. Nothing was imported.";
    ledger_broken: "Buku besar tidak cocok. Jangan terima uang; pulihkan cadangan.",
        "The ledger does not add up. Take no money; restore a backup.";
    totp_on: "Kode dua langkah sudah aktif. Matikan dulu.", "The second factor is on. Turn it off first.";
    totp_not_begun: "Mintalah kuncinya dulu.", "Ask for a secret first.";
    totp_off: "Kode dua langkah tidak aktif.", "There is no second factor to turn off.";
    not_taken: "Nama atau nomor ini tidak dapat didaftarkan.", "This name or number cannot be registered.";
    store_row: "Satu baris data tidak dapat dibaca. Tidak ada yang berubah; sebabnya ada di catatan sistem. Pulihkan cadangan.",
        "A row of the data cannot be read. Nothing was changed; the log says which. Restore a backup.";
    not_adoptable: "Pengguna hotspot ini tidak dapat diambil alih. Sebabnya ada di daftar (kuotad adopt observe).",
        "This hotspot user cannot be adopted. The list says why (kuotad adopt observe).";
    unknown_account: "Tidak ada pengguna hotspot dengan nama itu. Lihat daftarnya (kuotad adopt observe).",
        "There is no hotspot user of that name. See the list (kuotad adopt observe).";
    money_moved: "Ada pelanggan yang sudah membeli, diberi, membayar, atau masih berutang, jadi tidak ada yang dikembalikan ke router.",
        "Some customer bought, was given, paid or owes something since, so nobody was given back to the router.";
    dry_run: "Router hanya dilihat (policy.enforcement = \"dry-run\"), jadi tidak ada yang diubah.",
        "The router is only looked at (policy.enforcement = \"dry-run\"), so nothing was changed.";
    left: "Pemilik sudah melepas tempat ini (kuotad leave). Kembali dulu: kuotad leave --undo.",
        "The owner left this site (kuotad leave). Come back first: kuotad leave --undo.";
    router_refused: "Router menolak perubahan ini. Lihat sebabnya, lalu ulangi.", "The router refuses this change. See why, then repeat it.";
    adoption_unfinished: "Router belum selesai diubah. Ulangi perintah yang sama untuk menyelesaikannya.",
        "The router is not changed completely. Run the same command again to finish it.";
    store_failed: "Penyimpanan bermasalah. Tidak ada yang berubah; lihat catatan sistem.", "The store failed. Nothing was changed; see the log.";
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::ui::language::Language;

    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(Refusals::ALL);
    }

    /// Codes between quotes that follow `mark` in the sources below `folder`.
    fn codes(folder: &Path, mark: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                codes(&path, mark, found);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("refusals.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let after = text.split(mark).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
                found.extend(after.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
            }
        }
    }

    fn source(path: &str) -> String {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
    }

    /// Codes in the `match` of a function that returns them.
    fn codes_of(path: &str, function: &str) -> Vec<String> {
        let text = source(path);
        let body = text.split(function).nth(1).unwrap().split("\n    }").next().unwrap();
        body.split('"').skip(1).step_by(2).map(str::to_owned).collect()
    }

    /// Codes of what does not answer: 408, 503 and 504.
    fn codes_of_silence() -> Vec<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = vec![crate::agent::site::STORE_FAILED.to_owned()];
        for folder in ["src/agent", "src/web"] {
            for mark in ["unavailable(", "SERVICE_UNAVAILABLE,", "REQUEST_TIMEOUT,", "GATEWAY_TIMEOUT,"] {
                codes(&root.join(folder), mark, &mut found);
            }
        }
        found.extend(codes_of("src/store/unwritable.rs", "fn code(&self)"));
        found
    }

    /// Every code that an answer of the agent can have: literals where problems are made, and constants for codes.
    fn all_codes() -> std::collections::BTreeSet<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = codes_of_silence();
        let statuses =
            ["BAD_REQUEST", "UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "METHOD_NOT_ALLOWED", "CONFLICT"];
        let more =
            ["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "UNPROCESSABLE_ENTITY", "MISDIRECTED_REQUEST"];
        let last = ["TOO_MANY_REQUESTS", "INTERNAL_SERVER_ERROR", "BAD_GATEWAY"];
        let statuses = statuses.iter().chain(&more).chain(&last).map(|name| format!("StatusCode::{name},"));
        let marks = ["forbidden(", "conflict(", "code: "].map(str::to_owned).into_iter().chain(statuses);
        for mark in marks {
            for folder in ["src/agent", "src/web"] {
                codes(&root.join(folder), &mark, &mut found);
            }
        }
        let constants = [
            crate::agent::engine::ADDRESS_SHARED,
            crate::agent::engine::DEVICE_GONE,
            crate::agent::engine::OPEN_PAYMENT,
            crate::agent::http::errors::DEVICE_TAKEN,
            crate::web::host_names::FOREIGN_HOST,
        ];
        found.extend(constants.map(str::to_owned));
        found.extend(codes_of("src/domain/policy.rs", "pub fn code(&self)"));
        let errors = source("src/agent/http/errors.rs");
        let relay = errors.split("const RELAY_CODES").nth(1).unwrap().split("];").next().unwrap();
        found.extend(relay.split('"').skip(1).step_by(2).map(str::to_owned));
        let arms = errors.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next());
        found.extend(arms.map(str::to_owned));
        found.push("relay_refused".to_owned());
        let is_code = |code: &String| code.bytes().all(|c| c.is_ascii_lowercase() || c == b'_');
        // What tests make up.
        found.into_iter().filter(is_code).filter(|code| !code.is_empty()).collect()
    }

    #[test]
    fn every_code_has_a_sentence_in_both_languages_and_is_in_the_description_of_the_api() {
        let found = all_codes();
        for code in
            ["busy", "store_row", "not_found", "device_taken", "debt_overdue", "totp_on", "gateway_busy"]
        {
            assert!(found.contains(code), "{code}: {found:?}");
        }
        let silent: Vec<&String> = found
            .iter()
            .filter(|code| {
                let languages = [Language::Indonesian, Language::English];
                languages.iter().any(|language| Refusals::of(*language).named(code).is_none())
            })
            .collect();
        assert!(silent.is_empty(), "without a sentence: {silent:?}");
        let document: serde_json::Value =
            serde_json::from_str(&source("src/agent/api/openapi.json")).unwrap();
        let listed = &document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"];
        let listed: Vec<&str> =
            listed.as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(listed, found, "the codes of Problem in src/agent/api/openapi.json");
    }

    #[test]
    fn every_code_of_something_that_does_not_answer_has_a_row_in_the_manual() {
        let found = codes_of_silence();
        for code in ["busy", "body_timeout", "timeout", "store_full", "store_busy", "relay_unreachable"] {
            assert!(found.iter().any(|known| known == code), "{code}: {found:?}");
        }
        let manual = source("docs/OPERATIONS.md");
        for code in found {
            assert!(manual.contains(&format!("| `{code}` |")), "{code} is not in docs/OPERATIONS.md");
        }
    }
}
