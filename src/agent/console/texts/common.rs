//! The console's tabs, and the texts of its log-in.

use crate::ui::catalogue::words;

words! {
    /// Texts of every page.
    Words {
        daily: "Harian", "Daily";
        money: "Uang", "Money";
        system: "Sistem", "System";
        search_hint: "Nama, nomor, MAC, IP, kode, kuitansi", "Name, number, MAC, IP, code, receipt";
        search: "Cari", "Search";
        found: "Hasil untuk \u{201c}{0}\u{201d}", "Found for \u{201c}{0}\u{201d}";
        found_nothing: "Tidak ada yang cocok. Coba sebagian nama, nomor telepon, MAC, IP, nomor kuitansi, atau nomor pembayaran.",
            "Nothing fits. Try a part of a name, a phone number, a MAC or IP address, or the number of a receipt or payment.";
        found_how: "Cari nama, nomor telepon, nama login, MAC, IP, nomor kuitansi, atau nomor pembayaran. Tombol / membawa ke kotak pencarian.",
            "Search a name, phone number, log-in name, MAC or IP address, or the number of a receipt or payment. The key / leads to the search box.";
        found_receipts: "Kuitansi", "Receipt";
        found_all: "Lihat semua", "Show all";
        logged_in: "Masuk sebagai", "Logged in as";
        sell: "Jual", "Sell";
        dashboard: "Beranda", "Dashboard";
        users: "Pelanggan", "Customers";
        packages: "Paket", "Packages";
        debts: "Tagihan", "Debts";
        devices: "Perangkat", "Devices";
        payments: "Pembayaran", "Payments";
        drawer: "Kasir", "Cash drawer";
        router: "Router", "Router";
        reports: "Laporan", "Reports";
        audit: "Catatan", "Audit";
        admins: "Pengelola", "Admins";
        settings: "Pengaturan", "Settings";
        version: "Versi", "Version";
        backup: "Cadangan", "Backup";
        doctor: "Dokter", "Doctor";
        account: "Akun saya", "My account";
        by_pin: "Masuk dengan PIN", "Log in with the PIN";
        by_password: "Masuk dengan kata sandi", "Log in with the password";
        pin: "PIN cepat", "Quick PIN";
        pin_who: "Siapa?", "Who?";
        pin_wrong: "PIN salah. Setelah lima kali salah, kata sandi diminta lagi.", "The PIN is wrong. After five wrong tries the password is needed again.";
        pin_nobody: "Di sini belum ada yang masuk dengan kata sandi dalam 12 jam terakhir.", "Nobody logged in with the password here within the last 12 hours.";
        log_in_title: "Masuk ke kuota", "Log in to kuota";
        session_ended: "Sesi Anda sudah berakhir. Yang tadi diisi belum diproses: belum ada yang berubah. Masuk lagi untuk melanjutkan.", "Your session has ended. What was filled in was not processed: nothing has changed. Log in to go on.";
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
