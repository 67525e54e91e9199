//! Texts of the counter: who, what, how.

use crate::ui::catalogue::words;

words! {
    /// The texts of the counter's pages.
    CounterWords {
        title: "Jual", "Sell";
        who: "Cari pelanggan", "Find the customer";
        who_hint: "Nama, nomor, MAC, atau kode di layar HP", "Name, number, MAC address, or the code on the phone's screen";
        find: "Cari", "Search";
        recent: "Pelanggan terbaru", "Recent customers";
        found: "Pelanggan", "Customers";
        nobody: "Tidak ada pelanggan yang cocok.", "No customer fits.";
        serve: "Layani", "Serve";
        left: "sisa {0}", "{0} left";
        owes: "tagihan {0}", "owes {0}";
        unowned: "Perangkat di hotspot yang belum punya pemilik", "Devices on the hotspot that are nobody's";
        new_customer: "Pelanggan baru", "New customer";
        known_customer: "Pelanggan lama", "Known customer";
        all_devices: "Semua perangkat", "All devices";
        more: "Berikutnya", "Next page";

        pay_debt: "Bayar tagihan", "Pay what is owed";
        no_packages: "Belum ada paket yang dijual.", "No package is on sale.";
        online: "Bayar online (kode QR, dompet, bank)", "Pay online (QR code, wallet, bank)";
        how: "Cara bayar", "Method of payment";
        take: "Terima {0}", "Take {0}";
        ask: "Minta {0}", "Ask for {0}";
        take_both: "Tagihan dan paket: terima {0}", "Debt and package: take {0}";
        after: "Sesudahnya: {0}", "Afterwards: {0}";
        after_left: "{0}, sisa {1}, sampai {2}", "{0}, {1} left, until {2}";
        after_endless: "{0}, sisa {1}, tanpa batas waktu", "{0}, {1} left, without end";
        days_from_now: "Masa aktif sekarang sampai {0}. Hari paket baru dihitung dari hari ini; sisa hari yang ada tidak ditambahkan.", "Valid until {0} now. The days of a package count from today; days that are left are not added.";
        cannot: "Belum bisa: {0}", "Not now: {0}";
        choose: "Pilih paket atau tagihan yang dibayar.", "Choose the package or the debt that is paid.";
        one_online: "Bayar online untuk satu hal saja: tagihan dulu, lalu paket.", "Online, pay for one thing at a time: the debt first, then the package.";
        kept: "Sesi sebelumnya sudah berakhir, jadi belum ada uang yang diterima. Cara bayar dan catatan masih seperti yang diisi; tekan lagi yang dibayar.",
            "The session had ended, so no money was taken. Method and note are as they were filled in; press what is paid for again.";
        key_used: "Halaman ini sudah dipakai untuk penjualan lain. Mulai lagi dari Jual.", "This page was used for another sale already. Begin again at Sell.";
        sold: "Diterima {0} dari {1}.", "{0} taken from {1}.";
        asked: "Pembayaran {0} dari {1} dibuka. Perlihatkan kodenya.", "A payment of {0} from {1} is open. Show the code.";
        customer_page: "Halaman pelanggan", "The customer's page";
        another: "Pelanggan lain", "Another customer";

        do_enter: "Pelanggan baru", "New customer";
        device_fact: "Perangkat {0} langsung dipasang ke pelanggan ini.", "Device {0} is bound to this customer at once.";
        no_package: "Tanpa paket dulu", "No package yet";
        pay_online_next: "Online (langkah berikutnya)", "Online (next step)";
        next_sale: "Penjualan baru", "New sale";
        undo: "Batalkan penjualan", "Undo the sale";
        undo_who: "Salah jual? Pemilik dapat membatalkannya dari Pembayaran.", "Sold by mistake? The owner can undo it from Payments.";
        void: "DIBATALKAN - uang dikembalikan", "CANCELLED - money returned";
        partly_void: "SEBAGIAN DIKEMBALIKAN", "PARTLY REFUNDED";
        share_until: "Paket berlaku sampai {0}", "Valid until {0}";
        share: "Kirim lewat WhatsApp", "Send by WhatsApp";
        share_text: "Kuitansi No. {0}, {1}\n{2}\nJumlah: {3} ({4})\n{5}", "Receipt No. {0}, {1}\n{2}\nTotal: {3} ({4})\n{5}";
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(super::CounterWords::ALL);
    }
}
