//! Texts about customers, packages, debts and receipts, and of every form action.

use crate::ui::catalogue::words;

words! {
    /// The texts of people's pages and of deeds.
    People {
        // Around a deed.
        yes: "Ya, lakukan", "Yes, do it";
        cancel: "Batal", "Cancel";
        next: "Lanjut", "Continue";
        edit: "Ubah isian", "Change what was typed";
        will: "Ini yang akan terjadi. Belum ada yang berubah.", "This is what will happen. Nothing has changed yet.";
        did: "Sudah dilakukan: {0}.", "Done: {0}.";
        did_waiting: "Dicatat: {0}. Selesai setelah router terbaca.", "Noted: {0}. It is complete once the router was read.";
        what: "Apa", "What";
        before: "Sebelum", "Before";
        after: "Sesudah", "After";
        will_write: "Baris buku yang akan ditulis", "Ledger lines that will be written";
        no_lines: "Tidak ada baris buku.", "No ledger lines.";
        will_debts: "Tagihan", "Debts";
        just_paid: "Pelanggan ini baru saja membayar {0} secara online ({1}, {2}). Pastikan ia memang ingin membayar lagi.",
            "This customer has just paid {0} online ({1}, {2}). Make sure that they want to pay again.";
        other_customer: "Pelanggan lain yang ikut berubah", "Another customer who changes too";
        takes_device: "Perangkat {0} diambil dari {1}. Dengan perangkat ini {1} tidak lagi tersambung sebagai dirinya.",
            "Device {0} is taken from {1}. With this device {1} is no longer online as themself.";
        move_device: "Pindahkan dari pelanggan yang memilikinya", "Move it from the customer who has it";
        move_device_hint: "Periksa dulu alamatnya: salah ketik satu angka memutus pelanggan lain.",
            "Check the address first: one wrong digit takes another customer offline.";
        device_taken: "Perangkat ini milik {0}. Bila memang harus pindah, centang \"Pindahkan\" lalu lanjutkan.",
            "This device belongs to {0}. If it really shall move, tick \"Move it\" and go on.";
        device_moved: "Dipindahkan dari {0}.", "Moved from {0}.";
        by_router: "Router dibaca dulu saat tombol ditekan; pemakaian sampai saat itu ikut dihitung.",
            "The router is read first when the button is pressed; usage until then is counted.";
        by_gateway: "Gerbang pembayaran diminta mengembalikan uangnya. Kuota ditarik dan buku ditulis setelah gerbang menjawab.",
            "The gateway is asked to give the money back. Quota is taken and the books are written once it has answered.";
        removed: "dihapus", "deleted";
        // Mistakes in fields.
        missing: "Wajib diisi.", "This must be filled in.";
        bad_text: "Terlalu panjang, atau berisi huruf yang tidak dapat dipakai.", "Too long, or with characters that cannot be used.";
        bad_phone: "\u{201c}{0}\u{201d} bukan nomor telepon. Tulis seperti 081234567890 atau +6281234567890.", "\u{201c}{0}\u{201d} is not a phone number. Write one like 081234567890 or +6281234567890.";
        bad_login: "\u{201c}{0}\u{201d} tidak dapat menjadi nama login. Tulis huruf a-z, angka dan tanda seperti . _ - tanpa spasi, misalnya budi.s.", "\u{201c}{0}\u{201d} cannot be a log-in name. Write letters a-z, digits and signs like . _ - without spaces, such as budi.s.";
        bad_mac: "\u{201c}{0}\u{201d} bukan alamat MAC satu perangkat. Tulis seperti 02:00:00:AB:CD:EF.", "\u{201c}{0}\u{201d} is not the MAC address of a single device. Write one like 02:00:00:AB:CD:EF.";
        bad_amount: "\u{201c}{0}\u{201d} bukan jumlah kuota. Tulis jumlah di atas nol dengan satuannya, seperti 10 GB atau 500 MB.", "\u{201c}{0}\u{201d} is not an amount of quota. Write more than zero with its unit, like 10 GB or 500 MB.";
        amount_zero: "\u{201c}{0}\u{201d} sama dengan nol. Tulis jumlah di atas nol, seperti 10 GB atau 500 MB.", "\u{201c}{0}\u{201d} is nothing. Write more than zero, like 10 GB or 500 MB.";
        amount_unit: "\u{201c}{0}\u{201d} tanpa satuan. Tulis {1} atau {2}.", "\u{201c}{0}\u{201d} has no unit. Write {1} or {2}.";
        amount_two: "\u{201c}{0}\u{201d} dapat dibaca dengan dua cara. Tulis {1} atau {2}.", "\u{201c}{0}\u{201d} can be read in two ways. Write {1} or {2}.";
        bad_rupiah: "\u{201c}{0}\u{201d} bukan rupiah bulat. Tulis seperti 10000 atau 10.000.", "\u{201c}{0}\u{201d} is not whole rupiah. Write it like 10000 or 10.000.";
        bad_number: "Tulis angka bulat yang masuk akal.", "Write a whole number within reason.";
        bad_date: "Pilih tanggal yang benar.", "Choose a date that fits.";
        bad_choice: "Pilih salah satu.", "Choose one of these.";
        bad_password: "Tulis sedikitnya 8 karakter.", "Write at least 8 characters.";
        // What a customer has.
        customer: "Pelanggan", "Customer";
        name: "Nama", "Name";
        phone: "Telepon", "Phone";
        login: "Nama login", "Log-in name";
        access: "Akses", "Access";
        remaining: "Sisa kuota", "Quota left";
        used: "Terpakai", "Used";
        overage: "Pemakaian di luar kuota", "Usage beyond the quota";
        debts: "Tagihan bertanggal", "Debt items";
        owed: "Harus dibayar", "To pay";
        expires: "Berlaku sampai", "Valid until";
        devices: "Perangkat", "Devices";
        approved: "Disetujui", "Approved";
        active: "Aktif", "Active";
        exempt: "Bebas tagihan", "Exempt";
        exempt_hint: "Tidak pernah diblokir karena tagihan, dan tidak diberi tagihan.", "Never blocked for debt, and given none.";
        mode: "Saat kuota habis", "When the quota is used up";
        mode_site: "Seperti aturan umum ({0})", "As everywhere here ({0})";
        mode_stop: "Berhenti", "Stop";
        mode_debt: "Jalan terus jadi tagihan", "Go on into debt";
        debt_limit: "Batas tagihan", "Debt limit";
        debt_limit_hint: "Kosong: seperti aturan umum ({0}). 0: tanpa batas.", "Empty: as everywhere here ({0}). 0: no limit.";
        unlimited: "Tanpa batas", "Unlimited";
        forever: "Tanpa batas waktu", "Without end";
        yes_word: "ya", "yes";
        no_word: "tidak", "no";
        none: "tidak ada", "none";
        online: "Online", "Online";
        // Access in words.
        is_active: "Aktif", "Active";
        is_fup: "Kecepatan dikurangi", "Reduced speed";
        is_habis: "Kuota habis", "Quota used up";
        is_expired: "Masa aktif berakhir", "Days are over";
        is_inactive: "Belum aktif", "Not active";
        is_blocked: "Diblokir", "Blocked";
        is_unlimited: "Tanpa batas", "Unlimited";
        by_admin: "dihentikan pengelola", "by an admin";
        by_paying: "dibuka untuk membayar", "open in order to pay";
        by_limit: "batas tagihan tercapai", "the debt limit is reached";
        by_overdue: "tagihan lewat jatuh tempo", "a debt is overdue";
        remedy_admin: "Buka lagi bila urusannya sudah selesai.", "Unblock once the matter is settled.";
        remedy_inactive: "Dinonaktifkan. Ubah data dan centang Aktif agar dapat dipakai lagi.", "Deactivated. Change the data and tick Active to use it again.";
        remedy_approve: "Menunggu persetujuan. Setujui agar dapat dipakai.", "Waiting for approval. Approve to let it be used.";
        remedy_paying: "Terbuka sementara sampai pembayaran online selesai.", "Open for the moment, until the online payment is done.";
        remedy_debt: "Terima pembayaran, atau ubah jatuh temponya, agar tersambung lagi.", "Take the payment, or change the due date, to connect again.";
        remedy_limit: "Terima pembayaran agar tersambung lagi.", "Take the payment to connect again.";
        remedy_expired: "Jual paket agar tersambung lagi.", "Sell a package to connect again.";
        remedy_habis: "Jual paket atau beri kuota agar tersambung lagi.", "Sell a package or give quota to connect again.";
        remedy_fup: "Sisa kuota tinggal sedikit. Jual paket agar kembali cepat.", "Little quota is left. Sell a package to be fast again.";
        no_device_yet: "Belum ada perangkat: internet pelanggan ini baru jalan setelah HP-nya dipasang.", "No device yet: this customer's internet works once their phone is bound.";
        last_device: "Ini perangkat terakhirnya: setelah ini pelanggan tidak punya perangkat yang tersambung.", "This is their last device: afterwards no device of this customer is online.";
        becomes_unlimited: "Paket ini menjadi TANPA BATAS: pembelinya tidak pernah kehabisan kuota. Bila bukan itu maksudnya, isi Kuota.", "This package becomes UNLIMITED: its buyers never run out of quota. If that is not meant, fill in the quota.";
        cash_short: "Kurang {0}", "{0} short";
        cash_over: "Lebih {0}", "{0} over";
        cash_why: "Hitung lagi. Bila memang begitu, tulis sebabnya di Catatan (tekan Ubah isian) sebelum menutup laci.", "Count again. If it is so, write the reason in the note (press Change what was typed) before the drawer is closed.";
        cash_noted: "Sebab yang ditulis: {0}", "The reason given: {0}";
        session_ended: "Sesi sebelumnya berakhir, jadi belum ada yang berubah. Periksa isian di bawah, lalu lanjutkan.", "The session had ended, so nothing has changed. Check what is filled in below and go on.";
        grace: "Pemblokiran ditahan karena pembayaran sedang tidak dapat diperiksa.", "A block is held off because a payment cannot be checked now.";
        // Lines of the ledger.
        line_usage: "Pemakaian", "Usage";
        line_purchase: "Beli paket", "Package bought";
        line_grant: "Kuota diberikan", "Quota given";
        line_advance: "Kuota hutang", "Quota on credit";
        line_overage_paid: "Kelebihan pemakaian dibayar", "Usage beyond the quota paid";
        line_surplus: "Lebih bayar jadi kuota", "Overpaid, became quota";
        line_correction: "Koreksi", "Correction";
        line_closing: "Tutup masa", "Period closed";
        line_debt_granted: "Tagihan baru", "New debt";
        line_debt_paid: "Tagihan dibayar", "Debt paid";
        line_written_off: "Tagihan dihapus", "Debt written off";
        line_reversal: "Uang dikembalikan, kuota ditarik", "Refund, quota taken";
        line_debt_reopened: "Tagihan terbuka lagi", "Debt owed again";
        at: "Waktu", "When";
        line: "Keterangan", "Line";
        quota: "Kuota", "Quota";
        debt_book: "Tagihan", "Debt";
        money: "Rupiah", "Rupiah";
        private_note: "Catatan sendiri", "Note of your own";
        private_note_hint: "Pelanggan tidak melihatnya.", "The customer does not see it.";
        customer_note: "Catatan untuk pelanggan", "Note for the customer";
        customer_note_hint: "Pelanggan membacanya di portal.", "The customer reads it on the portal.";
        who: "Oleh", "By";
        // Money.
        method: "Cara bayar", "Method of payment";
        cash: "Tunai", "Cash";
        transfer: "Transfer", "Transfer";
        qris_static: "QRIS cetak", "Printed QRIS";
        online_method: "{0} (online)", "{0} (online)";
        snap: "Halaman pembayaran", "Payment page";
        reference: "Catatan pembayaran", "Note of the payment";
        money_taken: "Uang diterima", "Money taken";
        money_asked: "Diminta online", "Asked for online";
        money_back: "Uang dikembalikan", "Refunded";
        receipt: "Kuitansi", "Receipt";
        receipt_no: "Kuitansi No. {0}", "Receipt No. {0}";
        when_paid: "Pesanan online dibuka. Yang di bawah ini terjadi setelah dibayar.", "An online order is opened. What is below happens once it is paid.";
        forfeits: "Sisa kuota {0} hangus.", "{0} of quota are forfeited.";
        forgives: "Pemakaian di luar kuota sebanyak {0} dianggap selesai tanpa dibayar.", "Usage of {0} beyond the quota is forgiven.";
        forgives_debt: "Tagihan {0} dihapus tanpa dibayar.", "A debt of {0} is forgiven.";
        same_name: "Sudah ada paket lain yang dijual dengan nama {0}. Kasir dan pelanggan tidak dapat membedakannya.", "Another package on sale has the name {0}. Cashiers and customers cannot tell them apart.";
        stays_stopped: "Setelah ini internet pelanggan: {0}.", "After this the customer's internet is: {0}.";
        cancels_order: "Pembayaran online yang masih terbuka ({0}) akan dibatalkan.", "The online payment that is open ({0}) will be called off.";
        expected: "Seharusnya di laci", "Expected in the drawer";
        counted: "Dihitung", "Counted";
        difference: "Selisih", "Difference";
        // Debts.
        debt: "Tagihan", "Debt";
        amount: "Jumlah", "Amount";
        price: "Harga", "Price";
        price_own_hint: "Kosong: dihitung dari harga paket.", "Empty: by the price of the packages.";
        debt_date: "Tanggal", "Date";
        due_date: "Jatuh tempo", "Due";
        due_hint: "Kosong: menurut aturan umum.", "Empty: by the rule of the house.";
        open: "Belum lunas", "Open";
        paid: "Lunas", "Paid";
        written_off: "Dihapus", "Written off";
        no_price: "belum ada harga", "no price";
        // Fields of deeds.
        reason: "Alasan", "Reason";
        days: "Masa aktif (hari)", "Days";
        days_hint: "Kosong: masa aktif tidak berubah.", "Empty: the days stay as they are.";
        reset_days_hint: "Kosong: 30 hari bila masa aktif sudah berakhir.", "Empty: 30 days where they are over.";
        amount_hint: "Seperti 10 GB atau 500 MB.", "Like 10 GB or 500 MB.";
        quota_hint: "Seperti 10 GB. Kosong: tanpa batas.", "Like 10 GB. Empty: unlimited.";
        advance: "Kuotanya diberikan sekarang", "Give the quota now";
        reset_debt: "Kuota baru sebagai tagihan", "New quota as a debt";
        reset_credit: "Kuota baru tanpa tagihan", "New quota without debt";
        unblock_too: "Buka juga penghentian oleh pengelola", "Also end an admin's block";
        mac: "Alamat MAC", "MAC address";
        label: "Nama perangkat", "Name of the device";
        package: "Paket", "Package";
        pay_rp: "Dibayar (rupiah)", "Paid (rupiah)";
        on_sale: "Dijual", "On sale";
        expires_hint: "Sampai akhir hari itu. Kosong: tanpa batas waktu.", "Until the end of that day. Empty: without end.";
        // Lists.
        download_excel: "Unduh untuk Excel", "Download for Excel";
        audit_of: "Catatan tentang pelanggan ini", "The audit of this customer";
        sort_by: "Urutkan", "Sort by";
        urgency: "Mendesak", "Urgency";
        page_of: "{0}\u{2013}{1} dari {2}", "{0}\u{2013}{1} of {2}";
        before_page: "Sebelumnya", "Page before";
        pay: "Bayar", "Pay";
        choose: "Pilih", "Choose";
        remind: "Catat pengingat", "Note reminders";
        remind_chosen: "Catat yang dipilih sudah diingatkan", "Note that the chosen were reminded";
        remind_text: "Kirim pesannya, lalu catat bahwa mereka sudah diingatkan.", "Send the messages, then note that they were reminded.";
        note_reminded: "Ya, sudah diingatkan", "Yes, they were reminded";
        nobody_chosen: "Belum ada yang dipilih.", "Nobody was chosen.";
        reminded: "Diingatkan", "Reminded";
        reminded_now: "baru saja", "just now";
        never_reminded: "Belum pernah diingatkan", "Never reminded";
        reminders_noted: "Dicatat: {0} pelanggan sudah diingatkan.", "Noted: {0} customers were reminded.";
        search: "Cari", "Search";
        search_hint: "Nama, telepon, nama login atau MAC", "Name, phone, log-in name or MAC";
        status: "Status", "Status";
        every_status: "Semua", "All";
        waiting: "Menunggu persetujuan", "Waiting for approval";
        of_total: "{0} pelanggan seluruhnya", "{0} customers in all";
        more: "Berikutnya", "Next page";
        nobody: "Tidak ada yang cocok.", "Nobody fits.";
        nothing: "Belum ada.", "Nothing yet.";
        not_on_sale: "Tidak dijual", "Not on sale";
        // One customer.
        more_actions: "Lainnya", "More";
        actions: "Yang dapat dilakukan", "What can be done";
        status_since: "Status sejak", "Status since";
        entered: "Terdaftar", "Entered";
        why: "Mengapa aksesnya begini", "Why this access";
        why_text: "Aturan diperiksa dari atas; yang pertama berlaku menentukan.", "Rules are looked at from above; the first that holds decides.";
        holds: "berlaku", "holds";
        decides: "menentukan", "decides";
        holds_not: "tidak", "no";
        rule: "Aturan", "Rule";
        numbers: "Angka", "Numbers";
        result: "Akibat", "Result";
        late: "lewat", "late";
        why_admin: "Dihentikan pengelola?", "Blocked by an admin?";
        why_inactive: "Belum disetujui atau dinonaktifkan?", "Not approved, or not active?";
        why_paying: "Sedang membayar online?", "Paying online just now?";
        why_limit: "Pemakaian di luar kuota mencapai batas?", "Has usage beyond the quota reached the limit?";
        why_overdue: "Ada tagihan lewat jatuh tempo?", "Is a debt overdue?";
        why_expired: "Masa aktif berakhir?", "Are the days over?";
        why_unlimited: "Paket tanpa batas?", "On an unlimited plan?";
        why_habis: "Kuota habis, atau belum pernah ada?", "Is the quota used up, or was there never any?";
        why_fup: "Sisa kuota di bawah batas FUP?", "Is what is left below the FUP threshold?";
        why_active: "Selain itu", "Otherwise";
        numbers_inactive: "disetujui: {0}; aktif: {1}", "approved: {0}; active: {1}";
        numbers_limit: "di luar kuota {0}, batas {1}", "beyond the quota {0}, limit {1}";
        numbers_habis: "diberikan {0}, sisa {1}; saat habis: {2}", "given {0}, left {1}; when used up: {2}";
        numbers_fup: "kuota penuh {0}, sisa {1}, batas {2}", "full {0}, left {1}, threshold {2}";
        numbers_window: "dibuka {0}, terpakai {1} dari {2}", "open since {0}, used {1} of {2}";
        usage: "Pemakaian", "Usage";
        last_days: "14 hari terakhir", "The last 14 days";
        total: "Jumlah", "Total";
        by_device: "Menurut perangkat", "By device";
        one_day: "Satu hari, per jam", "One day, by the hour";
        all_devices: "Semua perangkat", "All devices";
        show: "Tampilkan", "Show";
        restarts: "Penghitung router yang mulai lagi", "Counters of the router that began anew";
        old_count: "Sebelumnya", "Before";
        new_count: "Sesudahnya", "After";
        uptime: "Sudah tersambung", "Connected for";
        closed_debts: "Tagihan yang sudah selesai", "Debts that are closed";
        no_debts: "Tidak ada tagihan.", "No debts.";
        no_devices: "Belum ada perangkat.", "No devices yet.";
        seen: "Terakhir terlihat", "Last seen";
        waits_router_for: "pindah ke {0}, menunggu router", "moves to {0}, waits for the router";
        device_history: "Riwayat perangkat", "History of devices";
        bound_since: "sejak {0}", "since {0}";
        bound_from_to: "{0} sampai {1}", "{0} to {1}";
        moved_from: "dipindahkan dari {0}", "moved from {0}";
        moved_to: "dipindahkan ke {0}", "moved to {0}";
        waits_router: "menunggu router", "waits for the router";
        payments: "Pembayaran", "Payments";
        statement: "Rekening pelanggan", "Statement";
        whole_statement: "Rekening lengkap", "The whole statement";
        unsealed: "Terpakai, belum dibukukan", "Used, without a line yet";
        printed: "Dicetak {0}", "Printed {0}";
        print: "Cetak", "Print";
        print_period: "Cetak satu masa", "Print a span";
        back: "Kembali", "Back";
        whatsapp: "Kirim WhatsApp", "Write on WhatsApp";
        // Debts.
        total_owed: "Total tagihan", "Everything owed";
        by_users: "dari {0} pelanggan", "by {0} customers";
        no_price_users: "{0} pelanggan belum ada harganya dan tidak ikut dijumlahkan.", "{0} customers have no price and are not in the sum.";
        age_not_due: "Belum jatuh tempo", "Not due yet";
        age_week: "Lewat 1–7 hari", "Late by 1–7 days";
        age_month: "Lewat 8–30 hari", "Late by 8–30 days";
        age_more: "Lewat 31 hari atau lebih", "Late by 31 days or more";
        stopped: "Dihentikan", "Stopped";
        overdue: "Lewat jatuh tempo", "Overdue";
        due_soon: "Segera jatuh tempo", "Due soon";
        late_days: "lewat {0} hari", "late by {0} days";
        wa_due_soon: "Halo {0}, ini pengingat dari {1}. Tagihan internet Anda {2}{3}. Mohon dibayar sebelum tanggal itu, ya. Terima kasih.",
            "Hello {0}, this is a reminder from {1}. You owe {2} for internet{3}. Please pay before that day. Thank you.";
        wa_overdue: "Halo {0}, ini dari {1}. Tagihan internet Anda {2}{3} sudah lewat jatuh tempo. Mohon segera dibayar agar internet tetap lancar. Terima kasih.",
            "Hello {0}, this is {1}. You owe {2} for internet{3}, which is overdue. Please pay soon. Thank you.";
        wa_stopped: "Halo {0}, ini dari {1}. Internet Anda dijeda sementara karena ada tagihan {2}{3}. Setelah dibayar, tersambung otomatis. Terima kasih.",
            "Hello {0}, this is {1}. Your internet is paused because you owe {2}{3}. Once you pay, it comes back by itself. Thank you.";
        wa_due: " (jatuh tempo {0})", " (due {0})";
        // Receipts.
        receipt_short: "No.", "No.";
        cashier: "Kasir", "Cashier";
        // Deeds.
        do_add: "Pelanggan baru", "New customer";
        do_change: "Ubah data", "Change";
        do_approve: "Setujui", "Approve";
        do_pin: "PIN baru", "New PIN";
        pin_will: "PIN lama tidak berlaku lagi. PIN baru hanya ditampilkan sekali.", "The old PIN ends. The new one is shown only once.";
        pin: "PIN portal", "Portal PIN";
        pin_once: "Catat sekarang: PIN ini tidak dapat ditampilkan lagi.", "Write it down now: it cannot be shown again.";
        do_bind: "Tambah perangkat", "Add a device";
        do_unbind: "Lepaskan perangkat", "Remove the device";
        do_grant: "Beri kuota", "Give quota";
        do_debit: "Kurangi kuota (koreksi)", "Take quota (correction)";
        sell: "Jual", "Sell";
        do_sell: "Jual paket", "Sell a package";
        do_debt_package: "Paket hutang (bayar nanti)", "Package on credit (pay later)";
        do_debt_amount: "Kuota hutang (bayar nanti)", "Quota on credit (pay later)";
        do_settle_all: "Lunasi semua", "Settle everything";
        do_settle: "Bayar ini saja", "Settle this one";
        do_pay_part: "Bayar sebagian", "Pay a part";
        do_promise: "Ubah jatuh tempo", "Change the due date";
        do_write_off: "Hapus tagihan", "Write off";
        do_reset: "Mulai masa baru (reset)", "Reset";
        do_block: "Hentikan internet", "Block";
        do_unblock: "Buka lagi", "Unblock";
        do_delete: "Hapus pelanggan", "Delete the customer";
        do_package_add: "Paket baru", "New package";
        do_package_change: "Ubah paket", "Change the package";
        do_package_stop: "Berhenti jual", "Take off sale";
        do_package_sell: "Jual lagi", "Put on sale";
        do_package_delete: "Hapus paket", "Delete the package";
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(super::People::ALL);
    }
}
