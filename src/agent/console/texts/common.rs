//! What is on every page of the console, and the texts of logging in.

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
        menu: "Menu", "Menu";
        log_in: "Masuk", "Log in";
        log_out: "Keluar", "Log out";
        log_in_title: "Masuk ke kuota", "Log in to kuota";
        name: "Nama", "Name";
        password: "Kata sandi", "Password";
        log_in_again: "Masuk dengan nama lain", "Log in with another name";
        otp: "Kode 6 angka", "6-digit code";
        otp_title: "Kode verifikasi", "Verification code";
        otp_text: "Kata sandi benar. Masukkan kode dari aplikasi autentikator Anda.",
            "The password is right. Enter the code of your authenticator app.";
        wrong: "Nama, kata sandi atau kode salah.", "The name, the password or the code is wrong.";
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
