//! Texts about devices on the hotspot.

use crate::ui::catalogue::words;

words! {
    /// The texts of the devices' pages.
    HostWords {
        title: "Perangkat di hotspot", "Devices on the hotspot";
        device: "Perangkat", "Device";
        ownerless: "belum punya pemilik", "nobody's";
        filter_ownerless: "Belum punya pemilik ({0})", "Nobody's ({0})";
        filter_all: "Semua ({0})", "All ({0})";
        search: "Cari perangkat", "Search devices";
        search_hint: "Kode di layar pelanggan, nama, MAC, atau IP", "The code on the customer's screen, name, MAC or IP address";
        unnamed: "Tanpa nama", "Without a name";
        random: "MAC acak", "random MAC";
        random_text: "MAC acak dibuat oleh HP sendiri. Bila HP diatur ulang atau jaringan dilupakan, MAC-nya bisa berganti dan perangkat harus dipasang lagi.",
            "A random MAC is made up by the phone. When the phone is reset or forgets the network it may change, and the device must be bound again.";
        since: "sejak {0}", "since {0}";
        code: "Kode", "Code";
        code_of: "kode {0}", "code {0}";
        name: "Nama dari DHCP", "Name from DHCP";
        mac: "MAC", "MAC";
        address: "IP", "IP address";
        seen_since: "Terlihat sejak", "Seen since";
        bytes: "Lalu lintas", "Traffic";
        owner: "Pemilik", "Owner";
        bind: "Pasang", "Bind";
        bind_to: "Pasang ke {0}", "Bind to {0}";
        move_to: "Pindahkan ke {0}", "Move to {0}";
        whose: "Milik siapa?", "Whose is it?";
        whose_else: "Pindahkan ke siapa?", "Move it to whom?";
        for_customer: "Pilih perangkat milik {0}. HP-nya harus tersambung ke Wi-Fi hotspot.",
            "Choose the device of {0}. It must be connected to the hotspot's Wi-Fi.";
        new_customer: "Pelanggan baru", "New customer";
        customer_search: "Nama, nomor, atau nama login pelanggan", "Name, number or log-in name of the customer";
        find: "Cari", "Search";
        recent: "Pelanggan terbaru", "Recent customers";
        nobody: "Tidak ada pelanggan yang cocok.", "No customer fits.";
        none: "Tidak ada perangkat yang cocok.", "No device fits.";
        none_ownerless: "Semua perangkat di hotspot sudah punya pemilik.", "Every device on the hotspot has an owner.";
        unread: "Router belum terbaca, jadi perangkat belum diketahui.", "The router has not been read yet, so the devices are not known.";
        not_here: "Perangkat ini tidak terlihat di hotspot sekarang.", "The device is not on the hotspot now.";
        more: "Berikutnya", "Next page";
        do_bind: "Pasang perangkat", "Bind the device";
        belongs_to: "Perangkat ini sekarang milik {0}.", "The device belongs to {0} now.";
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(super::HostWords::ALL);
    }
}
