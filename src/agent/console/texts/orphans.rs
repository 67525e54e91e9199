//! Texts about devices that the router has and the restored data has not.

use crate::ui::catalogue::{fill, words};

words! {
    /// The texts of the page of orphans.
    OrphanWords {
        title: "Perangkat dari sebelum pemulihan", "Devices from before the restore";
        text: "Perangkat ini terpasang di router, tetapi tidak ada di data yang dipulihkan: dipasang setelah cadangannya dibuat. Aksesnya tetap seperti semula. Pemakaiannya tidak dihitung dan tidak ada yang ditagih, sampai perangkat dipasang ke pelanggan atau dilepas.",
            "The router has these devices and the restored data does not: they were bound after the copy was made. Their access stays what it was. What they use is not counted and nobody is charged, until they are bound to a customer or released.";
        how: "Tanyakan kepada pemiliknya, cocokkan dengan buku atau kuitansi, lalu masukkan lagi yang sudah dibayar.",
            "Ask who owns them, compare with notes or receipts, and enter again what was paid.";
        none: "Semua perangkat yang terpasang di router ada di data.", "The data has every device that is bound on the router.";
        waiting: "{0} perangkat di router tidak ada di data yang dipulihkan", "{0} devices on the router are not in the restored data";
        badge: "dari sebelum pemulihan", "from before the restore";
        notice: "Perangkat ini dari sebelum pemulihan: aksesnya tetap seperti semula dan pemakaiannya tidak dihitung, sampai dipasang ke pelanggan atau dilepas.",
            "This device is from before the restore: its access stays what it was and what it uses is not counted, until it is bound to a customer or released.";
        on_router: "Pemilik menurut router", "Owner by the router";
        unknown_customer: "{0} (tidak ada di data)", "{0} (not in the data)";
        access: "Akses di router", "Access on the router";
        cut_off: "diputus total", "cut off altogether";
        found_at: "Ditemukan", "Found";
        not_here: "sedang tidak tersambung", "not connected now";
        bind: "Pasang ke pelanggan", "Bind to a customer";
        bind_to: "Pasang ke {0}", "Bind to {0}";
        release: "Lepas", "Release";
        do_release: "Lepas perangkat", "Release the device";
        release_will: "Aksesnya berakhir: baris perangkat ini dihapus dari router, dan perangkatnya menjadi perangkat baru tanpa pemilik. Tidak ada data pelanggan yang berubah.",
            "Its access ends: the rows of this device are removed from the router, and it is a new device of nobody. No customer's data changes.";
    }
}

impl OrphanWords {
    /// Whose device it was by its binding: the customer's name, or what the router says of one whom the data has not.
    pub fn owner(&self, name: Option<&str>, on_router: &str) -> String {
        name.map_or_else(|| fill(self.unknown_customer, &[on_router]), str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(super::OrphanWords::ALL);
    }
}
