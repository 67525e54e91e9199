//! The console's tabs, and the texts of its log-in.

use crate::ui::catalogue::words;

words! {
    /// Texts of every page.
    Words {
        dashboard: "Beranda", "Dashboard";
        users: "Pelanggan", "Customers";
        packages: "Paket", "Packages";
        debts: "Tagihan", "Debts";
        payments: "Pembayaran", "Payments";
        drawer: "Kasir", "Cash drawer";
        router: "Router", "Router";
        reports: "Laporan", "Reports";
        audit: "Catatan", "Audit";
        admins: "Pengelola", "Admins";
        settings: "Pengaturan", "Settings";
        backup: "Cadangan", "Backup";
        account: "Akun saya", "My account";
        log_in_title: "Masuk ke kuota", "Log in to kuota";
        no_admin: "Belum ada pengelola", "There is no admin yet";
        no_admin_text: "Buat pemilik pertama di Raspberry Pi dengan perintah ini, lalu muat ulang halaman ini:",
            "Make the first owner on the Raspberry Pi with this command, then reload this page:";
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(super::Words::ALL);
    }
}
