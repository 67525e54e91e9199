//! Texts of the set-up.

use super::claim::Proof;
use crate::ui::catalogue::words;

words! {
    /// The first page: whose this machine is.
    ClaimWords {
        title: "Pasang kuota", "Set up kuota";
        welcome: "Mesin ini belum punya pemilik. Pelanggan hotspot juga bisa membuka halaman ini, jadi buktikan dulu bahwa mesinnya ada di tangan Anda.",
            "This machine has no owner yet. Customers of the hotspot can open this page, too, so prove first that you have the machine at hand.";
        left: "Masih terbuka {0} lagi sejak pertama kali dinyalakan.", "Still open for {0}, counted from the first start.";
        closed: "Waktu pemasangan sudah habis: 60 menit sejak pertama kali dinyalakan. Buat berkas bernama kuota-setup di partisi boot kartu SD, isi dengan kode pilihan Anda (paling sedikit 8 karakter), lalu nyalakan lagi dan buka halaman ini.",
            "The time for the set-up is over: 60 minutes from the first start. Make a file named kuota-setup on the boot partition of the SD card, write a code of your choice into it (at least 8 characters), start the machine again and open this page.";
        reopened: "Berkas kuota-setup di partisi boot membuka pemasangan ini lagi.", "The file kuota-setup on the boot partition opens the set-up again.";
        by_power: "Dengan mencabut listrik", "By a power cut";
        by_power_text: "Tekan tombol di bawah, lalu dalam 10 menit cabut listrik Raspberry Pi dan pasang lagi. Setelah itu hanya browser ini yang bisa melanjutkan.",
            "Press the button below, then unplug the Raspberry Pi within 10 minutes and plug it in again. After that only this browser can go on.";
        claim: "Ini mesin saya", "This machine is mine";
        pressed: "Sekarang cabut listrik Raspberry Pi dan pasang lagi, paling lambat 10 menit sejak Anda menekan tombol. Tunggu sekitar satu menit, lalu buka halaman ini lagi dengan browser ini.",
            "Now unplug the Raspberry Pi and plug it in again, no later than 10 minutes after you pressed the button. Wait about a minute, then open this page again in this browser.";
        reload: "Buka lagi", "Open again";
        others: "Perangkat lain juga menekan tombol: {0}. Bila listrik dicabut sekarang, tidak ada yang menang. Tunggu 10 menit, atau pakai kode di partisi boot.",
            "Another device pressed the button, too: {0}. If the power is cut now, nobody wins. Wait 10 minutes, or use a code on the boot partition.";
        contested: "Sebelum listrik dicabut, lebih dari satu perangkat menekan tombol: {0}. Tidak ada yang menang. Ulangi bila tidak ada yang mengganggu, atau pakai kode di partisi boot.",
            "Before the power cut more than one device pressed the button: {0}. Nobody won. Do it again when nobody interferes, or use a code on the boot partition.";
        by_code: "Dengan kode di kartu SD", "By a code on the SD card";
        by_code_text: "Tulis kode yang Anda simpan di berkas kuota-setup pada partisi boot.", "Type the code that you wrote into the file kuota-setup on the boot partition.";
        code: "Kode", "Code";
        use_code: "Lanjutkan dengan kode", "Go on with the code";
        code_missing: "Cara lain: matikan mesin, buka kartu SD di komputer, buat berkas bernama kuota-setup di partisi boot dengan kode pilihan Anda (paling sedikit 8 karakter), lalu nyalakan lagi.",
            "Another way: switch the machine off, open the SD card on a computer, make a file named kuota-setup on the boot partition with a code of your choice (at least 8 characters), and start again.";
        code_unfit: "Berkas kuota-setup ada, tetapi baris pertamanya bukan kode dengan 8 sampai 128 karakter.",
            "The file kuota-setup is there, but its first line is no code of 8 to 128 characters.";
        code_wrong: "Kode salah.", "The code is wrong.";
        code_slowed: "Terlalu banyak kode salah. Tunggu satu menit, lalu coba lagi.", "Too many wrong codes. Wait a minute and try again.";
        claimed: "Mesin ini sudah diambil pada {0} dari alamat {1}, {2}. Hanya browser itu yang bisa melanjutkan. Bukan Anda? Pakai kode di partisi boot: itu menggantikan yang lain.",
            "This machine was claimed at {0} from the address {1}, {2}. Only that browser can go on. Was it not you? Use a code on the boot partition: it replaces the other one.";
        claimed_mine: "Diambil pada {0} dari alamat {1}, {2}.", "Claimed at {0} from the address {1}, {2}.";
        with_code: "dengan kode", "by a code";
        with_power: "dengan mencabut listrik", "by a power cut";
    }
}

words! {
    /// The steps.
    StepWords {
        step: "Langkah {0} dari {1}", "Step {0} of {1}";
        next: "Lanjut", "Next";
        back: "Kembali", "Back";
        skip: "Lanjut tanpa kunci", "Go on without a key";
        name: "Nama hotspot", "Name of the hotspot";
        name_text: "Jawaban disimpan di setiap langkah. Anda boleh berhenti dan melanjutkan nanti dengan browser ini.",
            "Each step saves its answers. You can stop and go on later in this browser.";
        have_kit: "Saya punya kit pemulihan", "I have a recovery kit";
        site_name: "Nama yang dilihat pelanggan", "The name that customers see";
        language: "Bahasa", "Language";
        zone: "Zona waktu", "Time zone";
        contact: "Cara pelanggan menghubungi Anda, misalnya nomor WhatsApp", "How customers reach you, such as a WhatsApp number";
        name_empty: "Tulis nama hotspot.", "Write the hotspot's name.";
        owner: "Pemilik", "Owner";
        owner_text: "Dengan nama dan kata sandi ini Anda masuk nanti.", "You will log in with this name and this password.";
        owner_name: "Nama untuk masuk", "Name to log in with";
        owner_name_unfit: "Nama harus 1 sampai 64 karakter tanpa spasi di tepi, dan bukan local, kuotad, relay atau portal.",
            "The name must have 1 to 64 characters without spaces around it, and not be local, kuotad, relay or portal.";
        password: "Kata sandi", "Password";
        password_hint: "Paling sedikit 8 karakter.", "At least 8 characters.";
        password_unfit: "Kata sandi harus 8 sampai 1024 karakter.", "The password must have 8 to 1024 characters.";
        again: "Kata sandi sekali lagi", "The password once more";
        differs: "Kedua kata sandi berbeda.", "The two passwords differ.";
        router: "Router", "Router";
        router_text: "Tulis log-in router Anda, misalnya admin. Log-in ini hanya dipakai untuk melihat router selama pemasangan dan tidak disimpan: kuota mendapat pengguna sendiri di router.",
            "Type a log-in of your router, such as admin. It is used only to look at the router during the set-up and is not stored: kuota gets a user of its own on the router.";
        router_address: "Alamat API router", "Address of the router's API";
        router_address_hint: "Alamat dan port: biasanya 8728, dengan enkripsi 8729. Di router: /ip service enable api, dengan enkripsi api-ssl.",
            "Address and port: usually 8728, with encryption 8729. On the router: /ip service enable api, with encryption api-ssl.";
        router_tls: "Enkripsi ke router", "Encryption to the router";
        router_tls_hint: "Tanpa enkripsi, kata sandi router terbaca oleh siapa pun di kabel atau Wi-Fi antara Pi dan router.",
            "Without encryption the router's password can be read by anybody on the wire or the Wi-Fi between Pi and router.";
        router_tls_off: "Tanpa enkripsi (layanan api)", "None (service api)";
        router_tls_pinned: "Terenkripsi, satu sertifikat dengan sidik jari di bawah (api-ssl)", "Encrypted, the one certificate with the fingerprint below (api-ssl)";
        router_tls_verify: "Terenkripsi, sertifikat dari otoritas di berkas konfigurasi (api-ssl)", "Encrypted, a certificate of the authority in the configuration file (api-ssl)";
        router_pin: "Sidik jari sertifikat router", "Fingerprint of the router's certificate";
        router_pin_hint: "Hanya untuk sertifikat dengan sidik jari. Di router: /certificate print detail, baris fingerprint (64 angka dan huruf).",
            "Only for a certificate with a fingerprint. On the router: /certificate print detail, the line fingerprint (64 digits and letters).";
        router_pin_unfit: "Tulis sidik jari SHA-256 sertifikat router: 64 angka 0-9 dan huruf a-f.", "Write the SHA-256 fingerprint of the router's certificate: 64 digits 0-9 and letters a-f.";
        router_tls_unfit: "Pilih enkripsi dari daftar.", "Choose an encryption of the list.";
        router_no_tls: "Tidak ada sambungan terenkripsi dengan {0}: {1}", "No encrypted connection with {0}: {1}";
        credential_counts: "Sistem (systemd) sudah memberi kuota kata sandi router, sebagai kredensial router.password. Kata sandi itu yang berlaku, bukan yang disimpan di sini.",
            "The system (systemd) already gives kuota a password for the router, as the credential router.password. That one counts, not one stored here.";
        credential_differs: "Berbeda dengan kata sandi yang diberikan systemd kepada kuota (kredensial router.password), dan yang itu yang berlaku. Tulis kata sandi itu, atau ubah kredensialnya dan nyalakan lagi kuotad.",
            "Another password than the one systemd gives to kuota (the credential router.password), and that one counts. Type that one, or change the credential and start kuotad again.";
        router_user: "Nama pengguna router", "User name on the router";
        router_password: "Kata sandi router", "Password on the router";
        test: "Coba masuk", "Test the log-in";
        router_unfit: "Bukan alamat: tulis seperti 192.168.88.1:8728.", "No address: write it like 192.168.88.1:8728.";
        router_user_empty: "Tulis nama pengguna.", "Write the user name.";
        router_password_unfit: "Kata sandi router tidak boleh lebih panjang dari 200 karakter.", "A password of the router may not be longer than 200 characters.";
        router_password_empty: "Pengguna ini dipakai kuota sendiri, jadi harus punya kata sandi.", "kuota itself uses this user, so it must have a password.";
        login_refused: "Router menolak nama atau kata sandi. Periksa juga apakah pengguna itu boleh masuk lewat API dari alamat ini.",
            "The router refuses the name or the password. Check also whether that user may use the API from this address.";
        router_lost: "Tidak ada jawaban dari {0}. Periksa alamat, kabel, dan layanan api di /ip service.",
            "No answer from {0}. Check the address, the cable, and the service api in /ip service.";
        router_trap: "Router menjawab tetapi menolak perintah: {0}", "The router answers but refuses a command: {0}";
        router_nonsense: "Yang menjawab di {0} bukan API RouterOS yang dikenal.", "What answers at {0} is no RouterOS API that is known.";
        network: "Jaringan", "Network";
        network_text: "Ini yang terlihat di router. Periksa dua alamat di bawah.", "This is what the router shows. Check the two addresses below.";
        router_first: "Log-in router belum diketahui lagi. Kembali satu langkah dan coba masuk.", "The router's log-in is not known any more. Go back one step and test it.";
        router_unread: "Router tidak dapat dibaca: {0}", "The router cannot be read: {0}";
        no_hotspot: "belum ada server hotspot", "there is no hotspot server yet";
        fact_name: "Nama", "Name";
        fact_board: "Model", "Model";
        fact_version: "RouterOS", "RouterOS";
        fact_licence: "Lisensi", "Licence";
        fact_mode: "Mode perangkat", "Device mode";
        fact_hotspot: "Server hotspot", "Hotspot server";
        fact_clients: "Jaringan pelanggan", "Customers' network";
        portal: "Alamat halaman pelanggan", "Address of the customers' pages";
        portal_hint: "Alamat Raspberry Pi ini seperti dilihat pelanggan, dengan port 8081. Beri Pi alamat tetap di router.",
            "The address of this Raspberry Pi as customers see it, with port 8081. Give the Pi a fixed address on the router.";
        client_networks: "Jaringan pelanggan hotspot", "Network of the hotspot's customers";
        shut_out: "Alamat Anda sekarang, {0}, ada di jaringan pelanggan: dari sana meja pengelola tidak bisa dibuka. Sambungkan ponsel ini ke jaringan Anda sendiri dulu.",
            "Your own address, {0}, is in the customers' network, from which the desk cannot be opened. Connect this phone to your own network first.";
        script: "Skrip router", "Script of the router";
        script_text: "Skrip ini menyiapkan router: pengguna untuk kuota, daftar alamat, aturan, dan antrean. Baris milik orang lain tidak diubah. Jalankan satu baris di bawah di router; baris itu berlaku sekali, 15 menit, dan hanya untuk router ini.",
            "This script prepares the router: a user for kuota, address lists, rules and queues. Rows of others are not changed. Run the line below on the router; it is good once, for 15 minutes, and for this router only.";
        script_winbox: "WinBox: buka New Terminal, tempel baris itu, tekan Enter, tunggu tulisan kuota: done.", "WinBox: open New Terminal, paste the line, press Enter, wait for kuota: done.";
        script_app: "Aplikasi MikroTik di ponsel: pindai kode QR, salin teksnya, buka Terminal, tempel, jalankan.", "MikroTik's phone app: scan the QR code, copy its text, open Terminal, paste, run.";
        script_line: "Satu baris untuk terminal router", "One line for the router's terminal";
        script_whole: "Seluruh skrip, bila router tidak bisa mengambilnya sendiri", "The whole script, where the router cannot fetch it";
        script_download: "Unduh skrip", "Download the script";
        script_done: "Sudah dijalankan", "I ran it";
        copy: "Salin", "Copy";
        checks: "Pemeriksaan", "Checks";
        checks_text: "Pemeriksaan router dengan pengguna kuota. Yang merah harus dibereskan, yang kuning sebaiknya. Anda boleh lanjut dan memeriksa lagi nanti.",
            "Checks of the router by kuota's own user. Red ones must be mended, yellow ones should. You can go on and check again later.";
        check_again: "Periksa lagi", "Check again";
        policy: "Aturan", "Rules";
        policy_text: "Lima pertanyaan. Semua bisa diubah nanti di Pengaturan.", "Five questions. Everything can be changed later in the settings.";
        packages: "Paket", "Packages";
        packages_text: "Pilih paket yang Anda jual dan tulis harganya.", "Choose the packages that you sell and write their prices.";
        price: "Harga (Rp)", "Price (Rp)";
        price_unfit: "Tulis harga dalam rupiah, lebih dari nol.", "Write a price in rupiah, more than zero.";
        test_device: "Perangkat percobaan", "Test device";
        device_text: "Pilih satu perangkat di hotspot, misalnya ponsel Anda, untuk dicoba sebagai pelanggan pertama. Boleh dilewati.",
            "Choose one device on the hotspot, such as your phone, to try as the first customer. You can leave it out.";
        no_device: "Router belum menunjukkan perangkat. Sambungkan satu ke hotspot lalu periksa lagi, atau lanjutkan.",
            "The router shows no device. Connect one to the hotspot and check again, or go on.";
        device: "Perangkat", "Device";
        device_none: "Tidak sekarang", "Not now";
        device_name: "Nama pelanggan", "The customer's name";
        device_customer: "Percobaan", "Test";
        device_unfit: "Pilih perangkat dari daftar dan tulis nama pelanggannya.", "Choose a device of the list and write the customer's name.";
        kit: "Kunci pemulihan", "Recovery kit";
        kit_text: "Kalau kartu SD rusak, salinan data hanya bisa dibuka dengan kunci ini. Catat atau cetak, dan simpan jauh dari Raspberry Pi.",
            "If the SD card dies, copies of the data can be opened with this key only. Write it down or print it, and keep it away from the Raspberry Pi.";
        kit_make: "Buat kunci", "Make the key";
        kit_there: "Kunci sudah dibuat. Kunci baru menggantikannya.", "There is a key. Another one replaces it.";
        kit_again: "Buat kunci baru", "Make another key";
        kit_keep: "Kunci ini hanya ditampilkan sekali dan tidak disimpan di mana pun.", "This key is shown once and stored nowhere.";
        kit_key: "Kunci pemulihan", "Recovery key";
        kit_written: "Sudah saya catat", "I wrote it down";
        finish: "Selesai", "Finish";
        finish_text: "Setelah ini kuota mulai mencatat pemakaian. Selama uji coba router tidak diubah; Anda bisa mengaktifkannya kapan saja di Pengaturan.",
            "After this kuota begins to meter usage. On trial the router is not changed; you can enable it at any time in the settings.";
        missing: "Langkah ini belum diisi: {0}.", "These steps are still to be done: {0}.";
        trial: "Mulai dengan uji coba", "Begin on trial";
        activate: "Aktifkan: router diatur", "Enable: the router is managed";
        refused: "Jawaban tidak dapat dipakai: {0}", "The answers cannot be used: {0}";
        finished: "Pemasangan selesai", "The set-up is finished";
        finished_text: "kuota sedang dimulai. Halaman untuk masuk siap dalam beberapa detik.", "kuota is starting. The log-in page is ready in a few seconds.";
        to_login: "Masuk", "Log in";
    }
}

words! {
    /// A store that comes back from a copy.
    RecoveryWords {
        title: "Pulihkan dari salinan", "Restore from a copy";
        choose_text: "Di mana salinan data Anda? Selain salinannya, Anda memerlukan kunci dari kit pemulihan.",
            "Where is the copy of your data? Besides the copy you need the key of the recovery kit.";
        at_relay: "Di relay", "At the relay";
        on_disk: "Di diska USB", "On a USB disk";
        in_file: "Berkas dari ponsel ini", "A file of this phone";
        back: "Kembali", "Back";
        copy: "Salinan", "Copy";
        look_again: "Periksa lagi", "Look again";
        relay_text: "Alamat relay dan token baca tercetak di kit pemulihan. Mesin ini perlu sambungan internet.",
            "The relay's address and the token that reads are printed on the recovery kit. This machine needs the internet.";
        relay_url: "Alamat relay", "Address of the relay";
        url_hint: "Dimulai dengan https://", "It begins with https://";
        url_unfit: "Bukan alamat: tulis seperti https://relay.example. Tanpa https tidak ada token yang dikirim.",
            "No address: write it like https://relay.example. Without https no token is sent.";
        relay_token: "Token baca dari kit", "The kit's token that reads";
        relay_token_unfit: "Tulis token yang tercetak di kit: huruf dan angka saja.", "Type the token that is printed on the kit: letters and digits only.";
        server_empty: "Di sana tidak ada salinan situs ini. Periksa alamatnya, atau pakai diska USB atau berkas.", "There is no copy of this site there. Check the address, or use a USB disk or a file.";
        several_sites: "Di sana ada salinan dari beberapa situs. Tulis tag situs Anda: {0}.", "There are copies of several sites. Type the tag of yours: {0}.";
        fetch_failed: "Salinan tidak dapat diambil dari {0}. Periksa alamat, token atau kunci, dan sambungan internet, lalu coba lagi.",
            "The copy could not be fetched from {0}. Check the address, the token or key and the internet, then try again.";
        in_bucket: "Di penyimpanan objek (S3)", "In an object store (S3)";
        bucket_text: "Tulis penyimpanan objek tempat salinan dikirim, dan kunci yang boleh membaca isinya. Kunci itu tidak disimpan. Mesin ini perlu sambungan internet.",
            "Type the object store to which copies were sent, and a key that may read it. The key is not stored. This machine needs the internet.";
        bucket_url: "Alamat penyimpanan", "Address of the store";
        bucket: "Bucket", "Bucket";
        bucket_unfit: "Tulis seperti s3://bucket/awalan.", "Write it like s3://bucket/prefix.";
        region: "Wilayah", "Region";
        key_id: "Nama kunci akses", "Name of the access key";
        key_secret: "Rahasia kunci akses", "Secret of the access key";
        key_part_unfit: "Isi tanpa spasi, paling banyak 200 karakter.", "Fill this in without spaces, at most 200 characters.";
        tag: "Tag situs", "Tag of the site";
        tag_hint: "Hanya bila ada salinan dari beberapa situs.", "Only where there are copies of several sites.";
        fetch: "Ambil salinan", "Fetch the copy";
        disk_text: "Pasang diska USB yang berisi salinan di Raspberry Pi.", "Plug the USB disk with the copies into the Raspberry Pi.";
        disk_copy: "{0}, diska {1}, situs {2}", "{0}, disk {1}, site {2}";
        disk_empty: "Tidak ada salinan di diska yang terpasang. Pasang diskanya, tunggu sebentar, lalu periksa lagi.",
            "There is no copy on a disk that is plugged in. Plug it in, wait a moment, and look again.";
        disk_gone: "Salinan itu tidak ada lagi di diska. Pasang diskanya dan pilih lagi.", "That copy is no longer on the disk. Plug the disk in and choose again.";
        upload_text: "Pilih berkas salinan, yang namanya berakhir dengan .db.zst.age. Tunggu sampai halaman berikutnya muncul.",
            "Choose the file of the copy, whose name ends with .db.zst.age. Wait until the next page appears.";
        send: "Kirim berkas", "Send the file";
        too_long: "Berkas itu terlalu besar untuk kartu ini. Pakai kartu yang lebih besar atau salinan lain.",
            "The file is too large for this card. Use a larger card or another copy.";
        upload_broken: "Berkas tidak sampai dengan utuh. Pilih berkasnya dan kirim lagi.", "The file did not arrive whole. Choose it and send it again.";
        key: "Kunci kit pemulihan", "Key of the recovery kit";
        key_text: "Ketik kunci rahasia dari kit. Kunci dipakai sekali untuk membuka salinan dan tidak disimpan.",
            "Type the secret key of the kit. It is used once to open the copy and is not stored.";
        key_field: "Kunci rahasia", "Secret key";
        key_hint: "Dimulai dengan AGE-SECRET-KEY-1. Spasi dan huruf besar atau kecil tidak masalah.", "It begins with AGE-SECRET-KEY-1. Spaces and upper or lower case do not matter.";
        key_unfit: "Ini bukan kunci kit pemulihan, atau ada yang salah ketik. Periksa setiap kelompok empat huruf.",
            "This is no key of a recovery kit, or it is mistyped. Check each group of four characters.";
        key_not_needed: "Salinan ini tidak dienkripsi, jadi tidak perlu kunci.", "This copy is not encrypted, so no key is needed.";
        wrong_key: "Kunci ini benar tetapi bukan untuk salinan itu. Pakai kunci dari kit yang berlaku saat salinan dibuat.",
            "The key is a good one but not that of this copy. Use the key of the kit that counted when the copy was made.";
        not_chosen: "Belum ada salinan yang dipilih, atau mesin dinyalakan ulang, atau salinan masih dibaca. Pilih lagi di mana salinannya.",
            "No copy is chosen, or the machine was started again, or a copy is still being read. Choose again where the copy is.";
        open: "Buka salinan", "Open the copy";
        busy: "Salinan masih dikerjakan. Tunggu sebentar, lalu buka halaman ini lagi.", "A copy is still being worked on. Wait a moment and open this page again.";
        has_store: "Kartu ini sudah punya data kuota. Agar tidak ada yang tertimpa, pulihkan di terminal dengan kuotad restore, atau pakai kartu baru.",
            "This card has data of kuota already. So that nothing is overwritten, restore in a terminal with kuotad restore, or use a new card.";
        damaged: "Salinan ini rusak atau tidak lengkap. Tidak ada yang berubah. Ambil salinan lain.", "This copy is damaged or not whole. Nothing was changed. Take another copy.";
        later: "Salinan ini dari versi kuota yang lebih baru. Tidak ada yang berubah. Perbarui kuota di mesin ini, lalu ulangi.",
            "This copy is of a later version of kuota. Nothing was changed. Update kuota on this machine, then do it again.";
        no_owner: "Di salinan ini tidak ada pemilik yang bisa masuk. Pulihkan di terminal dengan kuotad restore.", "In this copy there is no owner who could log in. Restore in a terminal with kuotad restore.";
        card: "Kartu tidak bisa ditulis atau penuh, atau salinan tidak bisa dibaca. Tidak ada yang berubah. Periksa kartu dan diska, lalu coba lagi.",
            "The card cannot be written or is full, or the copy cannot be read. Nothing was changed. Check card and disk, then try again.";
        confirm: "Isi salinan", "What is in the copy";
        confirm_text: "Salinan terbuka dan semua catatannya cocok. Periksa apakah ini situs Anda.", "The copy is open and all of its records agree. Check that this is your site.";
        site: "Nama situs", "Name of the site";
        up_to: "Lengkap sampai", "Complete up to";
        customers: "Pelanggan", "Customers";
        debts: "Tagihan", "Debts";
        entries: "Catatan buku", "Entries of the ledger";
        receipts: "Kuitansi", "Receipts";
        with_settings: "Pengaturan, log-in router, dan token relay ikut dipulihkan.", "Settings, the router's log-in and the relay's token are restored, too.";
        without_settings: "Salinan ini tanpa pengaturan: router dan relay harus diatur lagi setelahnya.", "This copy has no settings: router and relay have to be set again afterwards.";
        restore: "Pulihkan", "Restore";
        restored: "Data sudah dipulihkan", "The data are restored";
        restored_text: "kuota sedang dimulai. Dalam beberapa detik Anda bisa masuk dengan nama dan kata sandi Anda yang dulu.",
            "kuota is starting. In a few seconds you can log in with your name and password of before.";
        passive_text: "Mesin ini hanya melihat dulu, karena mesin lama mungkin masih bekerja. Tekan Ambil alih situs ini di halaman Cadangan bila mesin ini yang akan bekerja.",
            "This machine only looks on at first, because the old one may still be at work. Press Take over this site on the page Copies when this machine is to work.";
        to_login: "Masuk", "Log in";
    }
}

words! {
    /// The rules in questions.
    PolicyWords {
        overage: "Kuota habis, lalu?", "The quota is used up: what then?";
        overage_example: "Contoh: Budi membeli 10 GB dan sudah memakai semuanya.", "Example: Budi bought 10 GB and used all of it.";
        overage_stop: "Internet berhenti sampai ia membeli lagi", "The internet stops until he buys again";
        overage_debt: "Lanjut sebagai tagihan sampai batas di bawah", "It goes on as debt, up to the limit below";
        debt_limit: "Berapa banyak boleh terpakai sebagai tagihan?", "How much may be used as debt?";
        debt_limit_example: "Contoh: dengan 1 GB, Budi diblokir setelah 11 GB dari paket 10 GB.", "Example: with 1 GB, Budi is blocked after 11 GB of a package of 10 GB.";
        fup: "Kapan kecepatan diturunkan?", "When is the speed reduced?";
        fup_example: "Contoh: saat sisa kuota tinggal 3 GB, kecepatan menjadi 1 Mbit/s.", "Example: when 3 GB are left, the speed becomes 1 Mbit/s.";
        fup_never: "Tidak pernah", "Never";
        due: "Kapan tagihan jatuh tempo?", "When is a debt due?";
        due_example: "Contoh: utang 10 Maret dengan 7 hari jatuh tempo 17 Maret; lewat itu internet diblokir.", "Example: a debt of 10 March with 7 days is due on 17 March; after that the internet is blocked.";
        due_month: "Akhir bulan", "At the end of the month";
        due_7: "7 hari", "7 days";
        due_14: "14 hari", "14 days";
        due_30: "30 hari", "30 days";
        expiry: "Membeli lagi sebelum masa aktif habis?", "Buying again before the days are over?";
        expiry_example: "Contoh: masih ada 5 hari, membeli 30 hari.", "Example: 5 days are left, and 30 are bought.";
        expiry_reset: "Menjadi 30 hari dari sekarang", "30 days from now";
        expiry_extend: "Menjadi 35 hari", "35 days";
    }
}

impl Proof {
    /// How presence was proved, in words.
    pub(super) fn text(self, words: &ClaimWords) -> &'static str {
        match self {
            Self::Code => words.with_code,
            Self::PowerCut => words.with_power,
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(super::ClaimWords::ALL);
        crate::ui::catalogue::check(super::StepWords::ALL);
        crate::ui::catalogue::check(super::RecoveryWords::ALL);
        crate::ui::catalogue::check(super::PolicyWords::ALL);
    }
}
