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
