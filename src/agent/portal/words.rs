//! What customers read. They read *tagihan*, never *hutang*.

use crate::agent::pages::words::words;

words! {
    /// The portal's texts.
    Words {
        title: "Internet saya", "My internet";
        unknown: "Perangkat ini belum terdaftar", "This device is not registered";
        unknown_text: "Hubungi {0} untuk memakai internet.", "Contact {0} to use the internet.";
        owner: "pengelola", "the owner";
        bill: "Tagihan", "Amount due";
        active: "Internet Anda aktif. Sisa {0}{1}.", "Your internet is active. {0} left{1}.";
        unlimited: "Internet Anda aktif tanpa batas{0}.", "Your internet is active without limit{0}.";
        until: ", sampai {0}", ", until {0}";
        fup: "Kecepatan dikurangi. Sisa {0}. Tambah paket agar kencang lagi.",
            "Your speed is reduced. {0} left. Add a package to be fast again.";
        paying: "Internet dibuka 10 menit untuk membayar.", "Internet is open for 10 minutes so that you can pay.";
        habis: "Kuota Anda habis. Silakan beli paket untuk tersambung lagi.",
            "Your quota is used up. Please buy a package to be online again.";
        expired: "Masa aktif berakhir. Silakan perpanjang.", "Your days are over. Please renew.";
        inactive: "Akun belum aktif. Mohon tunggu persetujuan, atau hubungi kami.",
            "Your account is not active yet. Please wait for approval, or contact us.";
        blocked_admin: "Internet dihentikan pengelola. Hubungi kami.",
            "The owner has stopped your internet. Please contact us.";
        blocked: "Internet dijeda sementara.{0} Setelah dibayar, tersambung otomatis.",
            "Your internet is paused.{0} Once paid, you are online by itself.";
        owed: " Ada tagihan {0}.", " {0} is due.";
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_say_the_same() {
        crate::agent::pages::words::check(super::Words::ALL);
    }
}
