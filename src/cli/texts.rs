//! Texts of the command line that an owner reads at a terminal, and the language they are in.

use std::io::IsTerminal;

use crate::ui::catalogue::words;
use crate::ui::language::Language;

/// Reads `--lang`.
pub(super) fn language(text: &str) -> Result<Language, String> {
    match text {
        "id" => Ok(Language::Indonesian),
        "en" => Ok(Language::English),
        _ => Err("write id or en".to_owned()),
    }
}

/// The language to write in: the one asked for; else the site's where a person reads, and English where a program does.
pub(super) fn spoken(asked: Option<Language>, site: Option<Language>) -> Language {
    let is_read_by_people = std::io::stderr().is_terminal();
    asked.unwrap_or(if is_read_by_people { site.unwrap_or(Language::Indonesian) } else { Language::English })
}

words! {
    /// Texts of `setup`.
    SetupWords {
        name: "Nama hotspot, seperti yang dibaca pelanggan", "Name of the hotspot, as customers read it";
        zone: "Zona waktu: WIB, WITA, WIT, atau nama seperti Asia/Jakarta", "Time zone: WIB, WITA, WIT, or a name like Asia/Jakarta";
        router: "Alamat router dan port API-nya", "Router's address and API port";
        router_user: "Pengguna di router", "User on the router";
        router_password: "Kata sandi pengguna itu", "Password of that user";
        portal: "Alamat portal untuk pelanggan", "How customers reach the portal";
        networks: "Jaringan perangkat pelanggan", "Networks of customers' devices";
        contact: "Telepon yang dilihat pelanggan", "Phone that customers see";
        owner: "Nama masuk pemilik", "Log-in name of the owner";
        owner_password: "Kata sandi pemilik", "Password of the owner";
        again: "{0}, sekali lagi", "{0}, once more";
        differs: "Keduanya tidak sama. Ketik lagi.", "The two are not the same. Type it again.";
        written: "{0} sudah ditulis", "{0} is written";
        may_log_in: "{0} dapat masuk sebagai pemilik", "{0} may log in as owner";
        as_before: "{0} dapat masuk seperti sebelumnya, dengan kata sandi yang lama", "{0} may log in as before, with the password of before";
        next: "langkah berikutnya:\n  1. salin {0} ke router dan jalankan /import {1}\n  2. /user set [find where name={2}] password=\"...\" disabled=no\n  3. kuotad doctor\n  4. jalankan daemon: kuotad run, atau layanannya\nsetelah itu meja kerja ada di port {3} mesin ini, untuk jaringan Anda sendiri dan bukan untuk hotspot: tulis alamat HP Anda di admin.allowed_networks untuk memakainya dari sana",
            "next:\n  1. copy {0} to the router and run /import {1}\n  2. /user set [find where name={2}] password=\"...\" disabled=no\n  3. kuotad doctor\n  4. start the daemon: kuotad run, or its service\nthe desk is then at port {3} of this machine, for your own network and not for the hotspot: name your phone's address in admin.allowed_networks to use it from there";
        router_answers: "router menjawab: RouterOS {0}, {1} perangkat", "the router answers: RouterOS {0}, {1} devices";
        router_refuses: "router belum mengizinkan agen masuk: {0}", "the router does not let the agent in yet: {0}";
    }
}

words! {
    /// What is wrong with arguments.
    ArgumentWords {
        wrong: "kesalahan: {0}", "error: {0}";
        usage: "Pemakaian:", "Usage:";
        more_help: "Untuk keterangan lebih lanjut, tulis '--help'.", "For more, try '--help'.";
        no_value: "{0} perlu nilai", "{0} needs a value";
        bad_choice: "nilai \u{201c}{0}\u{201d} untuk {1} tidak dikenal; pilih salah satu: {2}", "\u{201c}{0}\u{201d} is no value of {1}; choose one of {2}";
        bad_value: "nilai \u{201c}{0}\u{201d} untuk {1} tidak dapat diterima. {2}", "\u{201c}{0}\u{201d} cannot be taken for {1}. {2}";
        unknown: "{0} tidak dikenal", "{0} is not known";
        unknown_command: "perintah \u{201c}{0}\u{201d} tidak dikenal", "there is no command \u{201c}{0}\u{201d}";
        suggested: "; maksud Anda {0}?", "; did you mean {0}?";
        conflict: "{0} tidak dapat dipakai bersama {1}", "{0} cannot be used with {1}";
        missing: "masih kurang: {0}", "missing: {0}";
        missing_command: "perintahnya belum ditulis", "the command is missing";
        number_of_values: "jumlah nilai untuk {0} tidak cocok", "{0} has too many values or too few";
        not_utf8: "ada isian yang bukan UTF-8", "an argument is not UTF-8";
    }
}

words! {
    /// Why commands fail.
    FailureWords {
        no_user: "tidak ada pelanggan dengan nama, telepon, nama login atau id {0}{1}", "no user has the name, phone, log-in name or id {0}{1}";
        many_users: "{0} bisa berarti {1} pelanggan; sebut satu dengan id{2}", "{0} may be any of {1}; name one by id{2}";
        no_package: "tidak ada paket dengan nama atau id {0}; lihat package list", "no package has the name or id {0}; see package list";
        many_packages: "{0} paket bernama {1}; sebut satu dengan id", "{0} packages are named {1}; name one by id";
        say_what: "sebutkan yang dibayar: sebuah tagihan, --all atau --amount-rp", "say what is paid for: an item, --all or --amount-rp";
        exists: "{0} sudah ada; --force menggantikannya", "{0} is there already; --force replaces it";
        stdin_failed: "kata sandi tidak dapat dibaca dari stdin: {0}", "the password cannot be read from stdin: {0}";
        stdin_empty: "kata sandi di stdin kosong: tulis dalam satu baris", "the password on stdin is empty: write it on one line";
        ledger_broken: "ledger_broken: {0}; pulihkan cadangan", "ledger_broken: {0}; restore a backup";
        not_restored: "{0}; tidak ada yang berubah", "{0}; nothing was changed";
        is_folder: "{0} adalah folder; sebut sebuah berkas", "{0} is a folder; name a file";
        of_the_store: "{0} milik penyimpanan sendiri; sebut berkas lain", "{0} belongs to the store itself; name another file";
        not_allowed: "{0}: {1}; jalankan sebagai root atau anggota grup daemon", "{0}: {1}; run this as root or as a member of the daemon's group";
        no_answer: "{0}: tidak dijawab pada waktunya", "{0}: no answer in time";
        broken_off: "daemon memutus sambungan: {0}; lihat log-nya, lalu periksa apa yang berubah", "the daemon broke off: {0}; look at its log, then at what was changed";
        no_rows: "{0}: tidak ada pelanggan di bawah judul kolomnya", "{0}: holds no users below its headings";
        checks_fail: "{0} dari {1} pemeriksaan gagal", "{0} of {1} checks fail";
        no_terminal: "tidak ada terminal untuk bertanya: beri {0} dan tulis di sana", "there is no terminal to ask on: give {0} and write it there";
        too_long: "jawaban itu terlalu panjang", "that answer is too long";
        owner_differs: "{0} sudah mengenal {1}, dengan kata sandi atau peran lain: beri kata sandi itu, pakai nama lain, atau teruskan dengan --force, yang membiarkan {1} apa adanya",
            "{0} knows {1} already, with another password or role: give that password, take another name, or go on with --force, which leaves {1} as is";
    }
}

#[cfg(feature = "sim")]
words! {
    /// Texts of `demo`.
    DemoWords {
        you_are: "Di portal Anda adalah {0}, diblokir karena tagihan; bayar di bank.", "On the portal you are {0}, blocked for a debt; pay it at the bank.";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(SetupWords::ALL);
        crate::ui::catalogue::check(ArgumentWords::ALL);
        crate::ui::catalogue::check(FailureWords::ALL);
        #[cfg(feature = "sim")]
        crate::ui::catalogue::check(DemoWords::ALL);
    }

    #[test]
    fn a_language_is_named_by_its_tag() {
        assert_eq!(language("en"), Ok(Language::English));
        assert_eq!(spoken(language("id").ok(), Some(Language::English)), Language::Indonesian);
        assert!(language("fr").is_err());
    }
}
