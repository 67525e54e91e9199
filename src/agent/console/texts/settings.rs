//! Texts of the settings.

use crate::ui::catalogue::words;

words! {
    /// The texts of the settings.
    SettingsWords {
        group_name: "Nama dan kontak", "Name and contact";
        group_registration: "Pendaftaran pelanggan", "Registration";
        group_quota: "Aturan kuota", "Rules of quota";
        group_debts: "Aturan tagihan", "Rules of debts";
        group_payment: "Cara bayar online", "Online payment methods";
        group_intervals: "Jarak waktu", "Intervals";
        group_enforcement: "Terapkan ke router", "Enforcement on the router";
        group_backup: "Salinan data", "Copies";
        group_s3: "Penyimpanan objek (S3)", "Object store (S3)";
        group_router: "Masuk ke router", "Router log-in";
        group_relay: "Relay pembayaran", "Payment relay";
        change: "Ubah pengaturan", "Change settings";
        change_text: "Setiap perubahan ditunjukkan dulu, lengkap dengan pelanggan yang terkena. Kata sandi tidak pernah ditampilkan.",
            "Every change is shown first, with the customers it concerns. Passwords are never shown.";
        restart: "Mulai ulang program", "Restart the program";
        restart_will: "Program berhenti dan hidup lagi dalam setengah menit. Internet pelanggan tidak terputus, dan pemakaian selama itu tetap dihitung.",
            "The program ends and starts again within half a minute. Customers stay online, and what they use meanwhile is counted.";
        restarting: "Program sedang dimulai ulang. Muat lagi halaman ini sebentar lagi.", "The program restarts. Load this page again in a moment.";
        waits: "Menunggu mulai ulang: {0}", "Waiting for a restart: {0}";
        fault: "Pengaturan dari meja ini tidak dapat dipakai sepenuhnya. Simpan satu pengaturan untuk memperbaikinya.",
            "The settings of this desk cannot be used as they are. Save any setting to repair them.";
        origin_default: "bawaan", "default";
        origin_file: "berkas", "file";
        origin_desk: "meja ini", "desk";
        origin_environment: "layanan", "environment";
        bounds: "Dari {0} sampai {1}.", "From {0} to {1}.";
        at_start: "Berlaku setelah mulai ulang.", "Takes effect after a restart.";
        fixed_by_environment: "{0} ditentukan oleh lingkungan layanan di Pi.", "{0} is set by the environment of the service.";
        router_password: "Kata sandi di router", "Password on the router";
        relay_token: "Token di relay", "Token at the relay";
        s3_secret: "Rahasia kunci akses S3", "Secret of the S3 access key";
        secret_hint: "Selalu ketik lagi: alamat ini menentukan ke mana rahasia dikirim.", "Always typed again: this address decides where the secret is sent.";
        own_password: "Kata sandi Anda", "Your password";
        own_password_hint: "Untuk memastikan bahwa ini Anda.", "To make sure that it is you.";
        own_code: "Kode dua langkah", "One-time code";
        own_code_hint: "Hanya bila Anda memakai verifikasi dua langkah.", "Only if you use a second factor.";
        will_block: "{0} pelanggan akan berhenti internetnya: {1}", "{0} customers lose their internet: {1}";
        will_free: "{0} pelanggan mendapat internet lagi: {1}", "{0} customers get their internet back: {1}";
        nothing_changes: "Tidak ada yang berbeda.", "Nothing differs.";
        secret_replaced: "{0} diganti", "{0} is replaced";
        fixed: "Di sini tidak ada yang dapat diubah: kuotad berjalan tanpa berkas pengaturan, seperti pada demo. Pada pemasangan yang sebenarnya, nama, warna dan aturan diubah dengan tombol di halaman ini.",
            "Nothing can be changed here: kuotad runs without a settings file, as in the demo. On a real installation name, colour and rules are changed by buttons on this page.";
        off: "tidak", "no";
        approval: "ya, disetujui pengelola", "yes, approved by you";
        payment: "ya, setelah bayar pertama", "yes, after the first payment";
        on: "ya, router diubah", "yes, the router is changed";
        dry_run: "belum, hanya dilihat", "not yet, only looked at";
        stop: "internet berhenti", "the internet stops";
        debt: "lanjut jadi tagihan", "it goes on as debt";
        reset_from_now: "dihitung dari hari ini", "counted from today";
        extend: "ditambahkan ke sisa hari", "added to what is left";
        tls_off: "tanpa enkripsi", "no encryption";
        tls_verify: "sertifikat dari otoritas", "a certificate of an authority";
        tls_pinned: "sertifikat ini saja", "this certificate only";
        core: "halaman sendiri", "our own pages";
        snap: "halaman Midtrans", "Midtrans' page";
        indonesian: "Bahasa Indonesia", "Indonesian";
        english: "Inggris", "English";
    }
}

impl SettingsWords {
    /// A word that a key takes, for people, with the word itself.
    pub fn choice(&self, key: &str, word: &str) -> String {
        let text = match (key, word) {
            ("language", "id") => self.indonesian,
            ("language", "en") => self.english,
            ("portal.registration", "off") => self.off,
            ("router.tls", "off") => self.tls_off,
            (_, "verify") => self.tls_verify,
            (_, "pinned") => self.tls_pinned,
            (_, "approval") => self.approval,
            (_, "payment") => self.payment,
            (_, "on") => self.on,
            (_, "dry-run") => self.dry_run,
            (_, "stop") => self.stop,
            (_, "debt") => self.debt,
            (_, "reset_from_now") => self.reset_from_now,
            (_, "extend") => self.extend,
            (_, "core") => self.core,
            (_, "snap") => self.snap,
            _ => return word.to_owned(),
        };
        format!("{text} ({word})")
    }

    /// The layer that sets a key.
    pub fn origin(&self, name: &str) -> &'static str {
        match name {
            "file" => self.origin_file,
            "desk" => self.origin_desk,
            "environment" => self.origin_environment,
            _ => self.origin_default,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::config;
    use crate::ui::language::Language;

    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(SettingsWords::ALL);
    }

    #[test]
    fn every_word_of_a_key_that_the_desk_changes_is_named() {
        let keys = config::sections().into_iter().flat_map(|section| section.keys);
        for key in keys.filter(|key| key.desk != config::DeskChange::FileOnly) {
            for word in config::choices(key.path) {
                for language in [Language::Indonesian, Language::English] {
                    assert_ne!(SettingsWords::of(language).choice(key.path, word), *word, "{}", key.path);
                }
            }
        }
    }
}
