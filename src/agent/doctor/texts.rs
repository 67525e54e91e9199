//! What the checks of router, relay and machine find and what to do about it, in both languages.

use crate::ui::message::messages;

messages! {
    ALL;
    // The router's link
    logged_in(version): "masuk ke router, RouterOS {version}", "logged in, RouterOS {version}";
    not_reached(address, error): "{address}: {error}", "{address}: {error}";
    router_too_slow(address, seconds): "router di {address} tidak selesai menjawab dalam {seconds} detik", "the router at {address} did not finish answering within {seconds} seconds";
    check_login(): "cocokkan router.username dan berkas kata sandinya dengan /user di router, dan batas alamatnya",
        "check router.username and the password file against /user on the router, and its address restriction";
    give_policies(): "beri pengguna agen hak api, read, dan write", "give the agent's user the policies api, read and write";
    try_later(): "periksa lagi sebentar lagi; bila tetap begitu, lihat log router", "run it again in a minute; if it stays, look at the router's log";
    check_wire(): "periksa router.address, kabelnya, dan bahwa /ip service membuka API untuk alamat mesin ini",
        "check router.address, the cable, and that /ip service has the API enabled for this machine's address";
    check_again(): "periksa lagi", "run it again";
    zones(router, router_offset, site, site_offset): "zona waktu router {router} ({router_offset}), zona waktu hotspot {site} ({site_offset})",
        "the router's zone is {router} ({router_offset}), the site's is {site} ({site_offset})";
    set_zone(site): "/system clock set time-zone-name={site}, atau timezone lain di konfigurasi", "/system clock set time-zone-name={site}, or another timezone in the configuration";
    rows_unread(count, first, what): "{count} baris tabel perangkat tidak bisa dibaca, yang pertama {first}: {what}", "{count} rows of the host table cannot be read, the first of them {first}: {what}";
    remove_rows(): "hapus baris itu di /ip/hotspot/host; router membuatnya lagi sendiri", "remove those rows in /ip/hotspot/host; they come back by themselves";
    addresses_shared(count, address, devices): "{count} alamat di tabel perangkat dipakai lebih dari satu perangkat, yang pertama {address} oleh {devices}: di sana tidak ada yang bisa masuk atau membayar",
        "{count} addresses of the host table are used by more than one device, the first of them {address} by {devices}: nobody can log in or pay there";
    return_to_dhcp(): "cari perangkat yang alamatnya diatur dengan tangan, kembalikan ke DHCP, dan hapus barisnya di /ip/hotspot/host",
        "find the device with an address set by hand, return it to DHCP, and remove its row in /ip/hotspot/host";
    more_refused(count): "{count} perubahan lagi ditolak", "{count} more changes are refused";
    see_router(): "lihat halaman Router di meja kerja, atau status", "see the page Router of the desk, or the status";
    changes_taken(): "router menerima perubahan dari agen", "the router takes the daemon's changes";
    hosts(count, counting): "{count} perangkat di tabel, {counting} di antaranya punya akses", "{count} devices in the host table, {counting} of them with access";
    hosts_move(count, counting): "{count} perangkat di tabel, {counting} di antaranya punya akses; penghitung berjalan", "{count} devices in the host table, {counting} of them with access; counters move";
    hosts_stand_still(count, counting): "{count} perangkat di tabel, {counting} di antaranya punya akses, dan tidak ada penghitung yang berjalan",
        "{count} devices in the host table, {counting} of them with access, and no counter moved";
    hosts_unread(count, counting, error): "{count} perangkat di tabel, {counting} di antaranya punya akses; pembacaan kedua gagal: {error}",
        "{count} devices in the host table, {counting} of them with access; the second reading failed: {error}";
    find_offload(): "cari aturan fasttrack dan hardware offload yang menyembunyikan lalu lintas dari hotspot",
        "look for a fasttrack rule and for hardware offload that hide traffic from the hotspot";
    // This machine
    machine_too_slow(seconds): "disk mesin ini tidak menjawab dalam {seconds} detik", "this machine's disk did not answer within {seconds} seconds";
    look_at_card(): "lihat log kernel (dmesg): kartu atau disk yang rusak membuat semuanya menunggu", "look at the kernel's log (dmesg): a card or disk that fails keeps everything waiting";
    portal_at_proxy(): "portal memakai port 8080, yang dialihkan hotspot ke proxy-nya sendiri sebelum masuk", "the portal uses port 8080, which the hotspot redirects to its own proxy before log-in";
    take_other_port(): "pakai port lain di portal.listen dan portal.public_url, misalnya 8081", "take another port in portal.listen and portal.public_url, such as 8081";
    portal_port(port): "pelanggan menjangkau portal di port {port}", "customers reach the portal at port {port}";
    writable(folder): "{folder} bisa ditulis", "{folder} can be written";
    not_writable(folder, error): "{folder} tidak bisa ditulis: {error}", "{folder} cannot be written: {error}";
    mend_folder(): "buat foldernya dan berikan kepada pengguna layanan, jalankan sebagai pengguna itu, atau cari di log kernel kartu yang menjadi hanya-baca",
        "make the folder and give it to the service's user, run this as that user, or look for a card that went read-only in the kernel's log";
    rescued_whole(file): "{file} berisi seluruh data ketika berkas datanya hilang saat daemon berjalan; daemon tidak mulai sebelum ini diurus",
        "{file} holds what the store held when its file went away under the daemon; nothing starts until it is dealt with";
    restore_rescued(file, store): "kuotad restore {file}; atau, untuk mempertahankan {store}, pindahkan salinan itu ke tempat lain", "kuotad restore {file}; or, to keep {store}, move the copy elsewhere";
    rescued_part(file): "{file} berisi yang masih bisa dibaca dari data yang rusak saat daemon berjalan, dan tidak utuh", "{file} holds what could be read of a store that was damaged under the daemon, and is not whole";
    restore_latest(): "pulihkan cadangan terakhir: kuotad restore BERKAS", "restore the latest backup: kuotad restore FILE";
    space_unknown(): "ruang kosong tidak diketahui", "free space cannot be told";
    run_df(): "lihat dengan df", "look with df";
    space_low(mb, folder): "hanya {mb} MB kosong di {folder}", "only {mb} MB free at {folder}";
    free_space(): "kosongkan sedikitnya 200 MB: log, paket, dan cadangan lama dulu", "free at least 200 MB: old logs, packages and backups first";
    space(mb): "{mb} MB kosong", "{mb} MB free";
    clock_distrusted(): "daemon tidak memercayai jam mesin ini: blokir baru tidak dimulai", "the daemon does not trust this machine's clock: no new block begins";
    set_machine_clock(): "atur jam mesin ini lewat NTP (timedatectl), pasang jam berbaterai, atau tulis clock.trust = \"always\" bila sudah ada",
        "let NTP set this machine's clock (timedatectl), fit a clock with a battery, or write clock.trust = \"always\" where there is one";
    clock_always(): "jam selalu dipercaya, sesuai konfigurasi", "the clock is always trusted, as configured";
    clock_behind(): "jam mesin ini tertinggal dari yang terakhir ditulis", "this machine's clock is behind what was written last";
    clock_trusted(): "jam mesin ini dipercaya", "this machine's clock is trusted";
    shared_phone(user, user_id, value, kept_by, kept_by_id): "{user} ({user_id}) memakai nomor {value} milik {kept_by} ({kept_by_id})", "{user} ({user_id}) has the phone {value} of {kept_by} ({kept_by_id})";
    shared_login(user, user_id, value, kept_by, kept_by_id): "{user} ({user_id}) memakai nama login {value} milik {kept_by} ({kept_by_id})", "{user} ({user_id}) has the login {value} of {kept_by} ({kept_by_id})";
    give_another(user, kept_by): "beri {user} atau {kept_by} yang lain di halaman pelanggannya", "give {user} or {kept_by} another one on the customer's page";
    // Power and card
    voltage_low(): "mesin ini kekurangan tegangan saat ini", "this machine gets too little voltage at this moment";
    voltage_was_low(): "mesin ini pernah kekurangan tegangan sejak menyala", "this machine got too little voltage since its start";
    change_supply(): "pakai adaptor yang dibuat untuk Pi ini dan kabel pendek yang tebal; adaptor lemah merusak kartu memori",
        "use the power supply made for this Pi and a short thick cable; a weak one corrupts memory cards";
    slowed(): "mesin ini melambat, biasanya karena panas", "this machine is slowed down, mostly for heat";
    was_slowed(): "mesin ini pernah melambat, biasanya karena panas", "this machine was slowed down, mostly for heat";
    cool_down(): "beri udara atau pendingin, dan jauhkan dari matahari", "give it air or a heat sink, and keep it out of the sun";
    power_fine(): "mesin ini cukup daya dan tidak melambat", "this machine has enough power and is not slowed down";
    card_used(name, percent): "kartu {name} sudah memakai sekitar {percent} % umurnya", "the card {name} has used about {percent} % of its life";
    card_worn(name, percent): "kartu {name} sudah memakai sekitar {percent} % umurnya; bisa rusak kapan saja", "the card {name} has used about {percent} % of its life; it may fail at any time";
    replace_card(): "buat cadangan di perangkat lain dan ganti kartunya", "make a backup to another device and replace the card";
    // Copies
    copies_off(): "daemon tidak membuat salinan sendiri: backup.every adalah \"0s\"", "the daemon makes no copies by itself: backup.every is \"0s\"";
    set_every(): "nyalakan di halaman Pengaturan, Salinan data (backup.every = \"6h\")", "switch them on at the page Settings, Copies (set backup.every = \"6h\")";
    no_copy(): "daemon belum membuat salinan", "the daemon has made no copy yet";
    read_copy_log(): "jalankan daemon; halaman Cadangan dan log-nya mengatakan mengapa salinan gagal (journalctl -u kuotad)", "run the daemon; the page Backups and its log say why a copy fails (journalctl -u kuotad)";
    card_copy(at, bytes): "salinan di kartu dari {at}, {bytes} byte", "the copy on the card is of {at}, {bytes} bytes";
    card_copy_ahead(at, bytes): "salinan di kartu dari {at}, {bytes} byte, lebih maju dari jam mesin ini", "the copy on the card is of {at}, {bytes} bytes, ahead of this machine's clock";
    card_copy_late(at, bytes, every): "salinan di kartu dari {at}, {bytes} byte, padahal seharusnya ada setiap {every}", "the copy on the card is of {at}, {bytes} bytes, although one is due every {every}";
    check_clock(): "sambungkan ke internet agar jamnya benar sendiri, atau pastikan jamnya di Beranda (timedatectl)", "connect it to the internet so that the clock is set by itself, or vouch for it on the dashboard (timedatectl)";
    no_away_copy(): "tidak ada salinan di luar kartu: kartu yang rusak menghilangkan semuanya", "there is no copy off the card: a dead card takes everything with it";
    set_target(): "atur backup.target ke folder di disk lain atau \"usb:LABEL\", atau salin sendiri setiap hari: kuotad backup BERKAS di disk lain, atau halaman Cadangan di meja kerja",
        "set backup.target to a folder of another disk or \"usb:LABEL\", or copy by hand every day: kuotad backup FILE on another disk, or the desk's page of backups";
    bring_disk(): "pasang lagi disk dari backup.target; daemon menyalin ke sana dalam semenit", "bring back the disk of backup.target; the daemon copies to it within a minute";
    away_copy_ahead(at): "salinan terakhir di luar kartu bertanggal {at}, lebih maju dari jam mesin ini", "the last copy off the card is dated {at}, ahead of this machine's clock";
    check_clock_and_copy(): "periksa jam mesin ini (timedatectl), lalu buat cadangan lagi", "check this machine's clock (timedatectl), then make another backup";
    away_copy(hours): "salinan terakhir di luar kartu berumur {hours} jam", "the last copy off the card is {hours} hours old";
    copy_failed(why): "salinan terakhir gagal: {why}", "the last copy failed: {why}";
    do_as_it_says(): "lakukan yang dikatakannya; daemon mencoba lagi", "do what it says; the daemon retries";
    passive(): "data ini dipulihkan dan pasif: router dibaca dan tidak ada yang diubah", "this store was restored and is passive: the router is read and nothing is changed";
    take_over(): "ambil alih situs ini, yang menghentikan mesin lama: halaman Cadangan, atau kuotad take-over",
        "take the site over, which stops the old machine: page Backups, or kuotad take-over";
    fenced(number): "mesin lain (nomor {number}) sudah mengambil alih situs ini: mesin ini tidak mengubah apa pun",
        "another machine (instance {number}) took this site over: this one changes nothing";
    take_back(): "matikan mesin ini; atau ambil alih kembali, yang menghentikan mesin lain: halaman Cadangan, atau kuotad take-over",
        "switch this machine off; or have it take the site back, which stops the other one: page Backups, or kuotad take-over";
    copies_in_clear(target): "salinan di {target} tidak dienkripsi", "copies at {target} are not encrypted";
    set_recipient(): "buat kit pemulihan di halaman Cadangan, atau atur backup.recipient_file ke kunci publik sebuah kunci pemulihan",
        "make a recovery kit (kuotad recovery-kit), or set backup.recipient_file to the public key of a recovery key";
    // Relay
    relay_off(): "mati: tidak ada relay di konfigurasi, jadi tidak ada pembayaran online", "off: no relay is configured, so there is no online payment";
    relay_answers(url): "{url} menjawab", "{url} answers";
    token_taken(): "relay menerima token hotspot ini", "the relay takes this site's token";
    token_refused(error): "{error}", "{error}";
    set_token(): "taruh token hotspot (kuota-relay site-token) di relay.token_file, SHA-256-nya di token_sha256_file milik relay, dan periksa relay.site",
        "put the site's token (kuota-relay site-token) into relay.token_file, its SHA-256 into the relay's token_sha256_file, and check relay.site";
    relay_away(url, error): "{url}: {error}", "{url}: {error}";
    check_uplink(): "periksa relay.url, internet, dan bahwa kuota-relay berjalan di sana; tunai tetap jalan", "check relay.url, the uplink, and that kuota-relay runs there; cash goes on meanwhile";
    relay_ill(url, error): "{url} menjawab dengan kesalahan: {error}", "{url} answers with an error: {error}";
    see_relay_log(): "lihat log relay sendiri: kuota-relay, atau tanya yang menjalankannya", "look at the relay's own log: kuota-relay, or ask who runs it";
    relay_by_daemon(state, why): "daemon menyebut relay {state}: {why}", "the daemon calls the relay {state}: {why}";
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(super::ALL);
    }
}
