//! What each key of the configuration is for, in both languages.

use crate::agent::config::Language;

/// Key, Indonesian, English.
const KEYS: &[(&str, &str, &str)] = &[
    ("data_dir", "Folder buku besar, soket, dan cadangan.", "Folder of the ledger, the socket and backups."),
    ("timezone", "Zona waktu; tengah malamnya menentukan hari.", "The zone whose midnights count."),
    ("name", "Nama hotspot di kuitansi dan pesan.", "The hotspot's name on receipts and in messages."),
    ("language", "Bahasa halaman dan pesan.", "Language of pages and messages."),
    (
        "source_url",
        "Alamat kode sumber di kaki halaman.",
        "Where the source can be had, in the foot of pages.",
    ),
    ("admin.listen", "Alamat halaman pengelola.", "Where the desk listens."),
    ("admin.allowed_networks", "Jaringan yang boleh membukanya.", "Networks that may reach it."),
    (
        "admin.hosts",
        "Nama lain untuk membuka halaman ini, selain alamatnya.",
        "Names that open these pages, besides addresses.",
    ),
    (
        "admin.metrics_networks",
        "Jaringan yang boleh membaca /metrics tanpa token.",
        "Networks that may read /metrics without a token.",
    ),
    ("portal.listen", "Alamat halaman pelanggan.", "Where the portal listens."),
    ("portal.public_url", "Alamat yang dibuka pelanggan.", "How customers reach it."),
    ("portal.client_networks", "Alamat perangkat pelanggan.", "Addresses of customers' devices."),
    (
        "portal.registration",
        "Apakah pelanggan boleh mendaftar sendiri.",
        "Whether customers may register themselves.",
    ),
    ("portal.contact", "Cara menghubungi pengelola.", "How customers reach the owner."),
    ("router.address", "Alamat API router.", "The router's API."),
    ("router.tls", "Enkripsi ke router.", "Encryption to the router."),
    (
        "router.tls_fingerprint",
        "Sidik jari sertifikat yang diterima.",
        "The one certificate that is accepted.",
    ),
    ("router.tls_ca_file", "Sertifikat otoritas yang diterima.", "Authorities that are accepted."),
    ("router.username", "Nama pengguna di router.", "The user on the router."),
    (
        "router.password_file",
        "Berkas kata sandinya; isinya rahasia.",
        "File with its password, which is secret.",
    ),
    ("router.usage_source", "Tabel yang menghitung pemakaian.", "Which table tells usage."),
    ("router.poll_interval", "Jarak antara dua pembacaan.", "Time from one reading to the next."),
    ("router.timeout", "Paling lama menunggu satu jawaban.", "Longest wait for one reply."),
    ("router.lists.active", "Daftar untuk akses penuh.", "List of full access."),
    ("router.lists.fup", "Daftar untuk kecepatan dikurangi.", "List of reduced speed."),
    ("router.lists.habis", "Daftar untuk kuota habis.", "List of quota used up."),
    ("router.lists.expired", "Daftar untuk masa aktif berakhir.", "List of days that are over."),
    ("router.lists.inactive", "Daftar untuk yang belum aktif.", "List of those not active."),
    ("router.lists.blocked", "Daftar untuk yang dijeda.", "List of those stopped."),
    (
        "store.commit_interval",
        "Paling lama pembacaan dikumpulkan sebelum ditulis.",
        "Longest time that readings are gathered before they are written.",
    ),
    (
        "store.usage_hours_kept",
        "Berapa lama pemakaian per jam disimpan.",
        "How long usage by the hour is kept.",
    ),
    (
        "policy.enforcement",
        "Apakah router diubah (on), atau hanya dilihat (dry-run).",
        "Whether the router is changed (on) or only looked at (dry-run).",
    ),
    (
        "policy.overage",
        "Saat kuota habis: berhenti (stop) atau lanjut jadi tagihan (debt).",
        "When quota is used up: stop, or go on into debt.",
    ),
    (
        "policy.debt_limit",
        "Pemakaian lebih yang menjeda pelanggan.",
        "Overage at which a customer is stopped.",
    ),
    (
        "policy.fup_threshold",
        "Sisa kuota yang mengurangi kecepatan.",
        "Remaining quota at which speed drops.",
    ),
    ("policy.fup_rate", "Kecepatan yang dikurangi.", "The reduced speed."),
    ("policy.block_overdue", "Apakah tagihan lewat tempo menjeda.", "Whether overdue debt stops a customer."),
    ("policy.overdue_grace_days", "Hari antara jatuh tempo dan jeda.", "Days between due date and stop."),
    ("policy.block_hour", "Jam mulai jeda karena tagihan.", "Time of day from which overdue debt stops."),
    ("policy.debt_due", "Jatuh tempo tagihan baru.", "Due date of debt that is given none."),
    (
        "policy.expiry",
        "Cara hari baru bertemu hari yang tersisa.",
        "How bought days meet days that are left.",
    ),
    (
        "policy.price_rounding_rp",
        "Harga tagihan dibulatkan ke atas, kelipatan rupiah ini.",
        "Prices of debt are rounded up to a multiple of this.",
    ),
    ("policy.max_devices_per_user", "Perangkat terbanyak per pelanggan.", "Devices one customer may bind."),
    (
        "policy.cashier_credit_rp",
        "Tagihan terbanyak yang boleh diberikan satu kasir; 0: tidak boleh.",
        "Credit one cashier may have open; 0: none.",
    ),
    (
        "policy.pay_window",
        "Lama internet dibuka untuk membayar.",
        "How long a stopped customer is let online to pay.",
    ),
    (
        "policy.offline_grace",
        "Lama jeda ditahan bila pembayaran tidak bisa diperiksa.",
        "How long a payment that cannot be checked holds off a stop.",
    ),
    ("clock.trust", "Kapan jam dipercaya.", "When the wall clock is believed."),
    ("relay.url", "Alamat relay pembayaran.", "Where the payment relay is."),
    ("relay.site", "Nama lokasi ini di relay.", "The name of this site there."),
    (
        "relay.token_file",
        "Berkas token lokasi ini; isinya rahasia.",
        "File with the site's token, which is secret.",
    ),
    (
        "payment.mode",
        "Halaman bayar milik kita (core) atau gerbang (snap).",
        "Our own payment pages (core) or the gateway's (snap).",
    ),
    ("payment.methods", "Cara bayar yang ditawarkan, berurutan.", "Methods on offer, in order."),
];

/// What a key is for; empty for one that is not known.
pub(super) fn meaning(language: Language, key: &str) -> &'static str {
    let found = KEYS.iter().find(|(known, _, _)| *known == key);
    found.map_or("", |(_, id, en)| if language == Language::Indonesian { id } else { en })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::config::Config;
    use crate::settings::Environment;

    #[test]
    fn every_key_says_what_it_is_for() {
        let text = "[router]\ntls = \"pinned\"\ntls_fingerprint = \"00\"\n[relay]\nurl = \"http://127.0.0.1:1\"\nsite = \"s\"";
        let text = text.replace("\"00\"", &format!("\"{}\"", "ab".repeat(32)));
        let config = Config::parse(&text, "test", &Environment::default()).unwrap();
        for (section, rows) in super::super::settings::sections(&config, Language::English) {
            for row in rows {
                assert!(!row.meaning.is_empty(), "{section} {}", row.key);
            }
        }
    }
}
