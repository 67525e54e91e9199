//! What the checks of a router find and what to do about it, in both languages.

use crate::ui::message::messages;

messages! {
    ALL;
    // Menus
    menu_unreadable(menu, why): "menu {menu} tidak bisa dibaca: {why}", "{menu} cannot be read: {why}";
    menu_left_out(): "pemeriksaannya dilewati; tidak perlu apa-apa bila router memang tidak punya menu itu, selain itu beri pengguna agen hak read",
        "its checks were left out; nothing to do where the router has no such menu, else give the agent's user the policy read";
    run_script(): "jalankan skrip dari \"kuotad router-setup\" di router; bila baris buatan kuota pernah diubah dengan tangan, jalankan dulu skrip \"kuotad router-setup --remove\"",
        "run the script of \"kuotad router-setup\" on the router; where rows of ours were changed by hand, run that of \"kuotad router-setup --remove\" first";
    // Who may log in
    policy_lacking(group, policy): "grup {group} tidak punya hak {policy}: agen tidak bisa mengubah akses",
        "group {group} lacks the policy {policy}: the agent cannot change access";
    set_policies(group): "/user group set [find where name={group}] policy=api,read,write", "/user group set [find where name={group}] policy=api,read,write";
    policies_fit(user): "pengguna {user} boleh membaca dan menulis, tidak lebih", "user {user} may read and write, and nothing else";
    policies_too_many(group, policies): "grup {group} punya hak lebih dari yang diperlukan agen: {policies}",
        "group {group} may more than the agent needs: {policies}";
    own_group(): "beri agen grup sendiri dengan policy=api,read,write; ada di \"kuotad router-setup\"",
        "give the agent a group of its own with policy=api,read,write; \"kuotad router-setup\" has one";
    user_bound(user, address): "pengguna {user} hanya bisa masuk dari {address}", "user {user} logs in from {address} only";
    user_from_anywhere(user): "pengguna {user} bisa masuk dari mana saja", "user {user} may log in from anywhere";
    bind_user(user, address): "/user set [find where name={user}] address={address}", "/user set [find where name={user}] address={address}";
    service_bound(): "API hanya menjawab alamat tertentu", "the API answers chosen addresses only";
    service_for_anybody(service): "layanan {service} menjawab alamat mana saja", "service {service} answers any address";
    bind_service(service, address): "/ip service set {service} address={address}", "/ip service set {service} address={address}";
    password_in_clear(): "kata sandi API lewat kabel tanpa enkripsi (router.tls mati)", "the API's password crosses the wire in clear (router.tls is off)";
    use_tls(): "tidak apa-apa pada kabel yang tidak terjangkau pelanggan, misalnya VLAN manajemen; selain itu pakai router.tls",
        "fine on a wire that customers cannot reach, such as a management VLAN; else use router.tls";
    no_certificate(): "api-ssl mati atau tidak punya sertifikat, jadi TLS tidak bisa dipakai", "api-ssl is disabled or has no certificate, so no TLS can be spoken";
    make_certificate(): "buat sertifikat di /certificate, lalu /ip service set api-ssl certificate=NAMA tls-version=only-1.2 disabled=no",
        "make a certificate under /certificate, then /ip service set api-ssl certificate=NAME tls-version=only-1.2 disabled=no";
    certificate(name): "api-ssl punya sertifikat {name}", "api-ssl has the certificate {name}";
    // Hotspot
    hotspot_runs(name, interface): "hotspot {name} di {interface}", "hotspot {name} on {interface}";
    hotspot_invalid(name): "hotspot {name} tidak sah (invalid)", "hotspot {name} is invalid";
    hotspot_missing(): "tidak ada hotspot yang aktif: tidak ada yang dihitung atau dihentikan", "no hotspot is enabled: nobody is counted or stopped";
    set_up_hotspot(): "buat hotspot dengan /ip hotspot setup, atau aktifkan", "set the hotspot up with /ip hotspot setup, or enable it";
    portal_not_in_garden(host): "portal {host} tidak terjangkau sebelum masuk", "the portal {host} cannot be reached before log-in";
    gateway_not_in_garden(hosts): "situs pembayaran tidak terjangkau sebelum masuk: {hosts}", "payment hosts cannot be reached before log-in: {hosts}";
    hosts_not_in_garden(hosts): "tidak terjangkau sebelum masuk: {hosts}", "cannot be reached before log-in: {hosts}";
    garden_fits(): "portal dan situs pembayaran terjangkau sebelum masuk", "portal and payment hosts can be reached before log-in";
    agent_unknown(): "alamat IPv4 agen tidak diketahui; agen tidak boleh berada di balik hotspot", "the agent's IPv4 address is not known; it must not be behind the hotspot";
    agent_apart(agent): "agen {agent} tidak berada di antara pelanggan", "the agent {agent} is not among the customers";
    agent_bypassed(agent): "agen {agent} dibebaskan (bypassed)", "the agent {agent} is bypassed";
    agent_among_customers(agent): "agen {agent} berada di antara pelanggan dan harus masuk seperti mereka", "the agent {agent} sits among the customers and needs a log-in like them";
    bypass_agent(agent): "/ip hotspot ip-binding add address={agent} type=bypassed", "/ip hotspot ip-binding add address={agent} type=bypassed";
    ipv6_missing(): "router tidak punya firewall IPv6", "the router has no IPv6 firewall";
    ipv6_closed(): "hotspot tidak punya jalan lain lewat IPv6", "the hotspot has no way around the lists by IPv6";
    ipv6_open(interface): "IPv6 di {interface} tidak dibuang, dan daftar akses tidak bisa melihatnya", "IPv6 of {interface} is not dropped, and the lists cannot see it";
    close_ipv6(interface): "matikan IPv6 di {interface}, atau jalankan skrip dari \"kuotad router-setup\" di router",
        "switch IPv6 off on {interface}, or run the script of \"kuotad router-setup\" on the router";
    // Lists
    lists_ours(): "daftar akses hanya berisi baris buatan kuota", "our lists hold our rows only";
    lists_foreign(rows): "daftar akses berisi baris milik orang lain, yang dibiarkan: {rows}", "our lists hold rows of others, which stay as they are: {rows}";
    remove_foreign(): "hapus baris itu, atau pilih nama lain di [router.lists]", "remove those rows, or choose other names in [router.lists]";
    lists_static(): "daftar akses tidak berisi baris yang habis sendiri", "our lists hold no rows that run out";
    lists_dynamic(rows): "daftar akses berisi baris yang habis sendiri atau dibuat oleh hal lain: {rows}", "our lists hold rows that run out or that something else makes: {rows}";
    find_adder(): "cari aturan, profil, atau skrip yang mengisi daftar itu dan beri daftar lain", "find the rule, profile or script that adds to our list and give it another one";
    // Clock
    clock_unreadable(shown): "jam router tidak bisa dibaca: {shown}", "the router's clock cannot be read: {shown}";
    clock_apart(minutes): "jam router berbeda {minutes} menit dari jam mesin ini", "the router's clock is {minutes} minutes from this machine's";
    clock_agrees(): "jam router sama dengan jam mesin ini", "the router's clock agrees with this machine's";
    set_clock(): "atur jam router lewat NTP: /system ntp client set enabled=yes, dengan server", "set the router's clock by NTP: /system ntp client set enabled=yes, with servers";
    // The router as a machine
    mode_forbids(model, mode): "device-mode {model} adalah {mode}, yang tidak mengizinkan hotspot (hotspot=no)", "the device mode of {model} is {mode}, which allows no hotspot (hotspot=no)";
    press_button(): "di terminal router: /system/device-mode/update hotspot=yes; lalu dalam lima menit tekan tombolnya (reset atau mode) sekali, atau cabut listriknya dan pasang lagi: tanpa itu tidak ada yang berubah. Setelah tiga kali gagal, tekan tombol atau cabut listrik dulu",
        "in a terminal of the router: /system/device-mode/update hotspot=yes; then, within five minutes, press its button (reset or mode) once or pull its power plug and put it back: without that nothing changes. After three tries in vain it wants a press or a power cut first";
    mode_allows(model, mode): "device-mode {model} adalah {mode} dan mengizinkan hotspot", "the device mode of {model} is {mode} and allows a hotspot";
    mode_silent(model, mode): "device-mode {model} adalah {mode} dan tidak menyebut hotspot", "the device mode of {model} is {mode} and says nothing about hotspots";
    licence_free(): "lisensi tidak membatasi jumlah yang masuk, sejauh diketahui", "the licence limits no log-ins that we know of";
    licence(level, max, logged_in, bypassed): "lisensi tingkat {level} mengizinkan {max} hotspot masuk bersamaan; {logged_in} sedang masuk dan {bypassed} lewat ikatan",
        "the licence of level {level} allows {max} hotspot log-ins at a time; {logged_in} are logged in and {bypassed} come in by a binding";
    licence_full(level, max, logged_in, bypassed): "lisensi tingkat {level} mengizinkan {max} hotspot masuk bersamaan; {logged_in} sedang masuk dan {bypassed} lewat ikatan: orang lain tidak bisa masuk",
        "the licence of level {level} allows {max} hotspot log-ins at a time; {logged_in} are logged in and {bypassed} come in by a binding: nobody else can log in";
    raise_licence(): "beli tingkat yang lebih tinggi (/system/license), atau bagi pelanggan ke dua router; apakah yang lewat ikatan ikut dihitung tidak tertulis di mana pun, jadi perhatikan apa yang terjadi di batasnya",
        "buy a higher level (/system/license), or spread the customers over two routers; whether those who come in by a binding count is not documented, so watch what happens at the limit";
    flash_silent(): "router tidak mengatakan seberapa aus flash-nya", "the router does not say how worn its flash is";
    flash_bad(bad, total, recent): "ada blok rusak di flash: {bad}; {total} sektor pernah ditulis, {recent} sejak menyala", "bad blocks in the flash: {bad}; {total} sectors of the flash were written in all, {recent} of them since the last start";
    flash_fine(total, recent): "tidak ada blok rusak di flash; {total} sektor pernah ditulis, {recent} sejak menyala", "no bad blocks in the flash; {total} sectors of the flash were written in all, {recent} of them since the last start";
    replace_router(): "buat cadangan router (/export) dan ganti sebelum rusak; cari skrip dan log yang menulis ke disknya",
        "make a backup of the router (/export) and replace it before it fails; look for scripts and logs that write to its disk";
    // Firewall
    no_networks(): "tidak ada jaringan IPv4 pelanggan di konfigurasi", "no IPv4 network of customers is configured";
    write_networks(): "tulis jaringan perangkat pelanggan di portal.client_networks", "write the networks of customers' devices in portal.client_networks";
    reject_missing(side, list): "tidak ada aturan aktif yang menolak {side}={list}: pelanggan yang dihentikan tetap online", "no enabled rule rejects {side}={list}: stopped customers stay online";
    passes_before_reject(list, side, state, rule): "paket dari {list} ({side}, {state}) lewat sebelum ditolak: {rule}", "packets of {list} ({side}, {state}) pass before they are rejected: {rule}";
    move_rule(): "pindahkan aturan itu ke bawah aturan kuota, atau jalankan skrip dari \"kuotad router-setup\" di router",
        "move that rule below ours, or run the script of \"kuotad router-setup\" on the router";
    stopped_are_rejected(): "pelanggan yang dihentikan ditolak, ke dan dari mereka, sebelum ada yang meloloskan", "stopped customers are rejected, to and from them, before anything lets them through";
    payment_closed(client, list, rule): "pelanggan di {client} tidak bisa menjangkau situs pembayaran di {list}, atau tidak mendapat jawaban: {rule}",
        "customers of {client} cannot reach the payment hosts of {list}, or get no answer: {rule}";
    payment_open(): "situs pembayaran terjangkau oleh pelanggan yang dihentikan", "payment hosts can be reached by stopped customers";
    hosts_reached(count, hosts): "perangkat yang diblokir menjangkau {count} situs pembayaran: {hosts}", "a blocked device reaches {count} payment hosts: {hosts}";
    hosts_unlisted(list, hosts): "perangkat yang diblokir tidak menjangkau situs pembayaran yang tidak ada di daftar {list}: {hosts}",
        "a blocked device does not reach payment hosts that are not on the list {list}: {hosts}";
    hosts_unresolved(hosts): "perangkat yang diblokir tidak menjangkau situs pembayaran yang alamatnya belum ditemukan router: {hosts}",
        "a blocked device does not reach payment hosts whose address the router did not find: {hosts}";
    mend_dns(): "periksa DNS router (/ip dns) dan internetnya; namanya dicari lagi sendiri", "check the router's DNS (/ip dns) and its uplink; the names are looked up again by themselves";
    hosts_stopped(rule, hosts): "perangkat yang diblokir tidak menjangkau situs pembayaran, atau tidak mendapat jawaban ({rule}): {hosts}",
        "a blocked device does not reach payment hosts, or gets no answer ({rule}): {hosts}";
    portal_closed(client, rule): "pelanggan di {client} tidak bisa menjangkau portal: {rule}", "customers of {client} cannot reach the portal: {rule}";
    portal_open(): "portal terjangkau oleh pelanggan yang dihentikan", "the portal can be reached by stopped customers";
    desk_named(): "admin.allowed_networks menyebut jaringan pelanggan, jadi setiap pelanggan menjangkau halaman masuk pemilik",
        "admin.allowed_networks names the customers' network, so every customer reaches the owner's log-in";
    name_devices(): "sebut perangkat satu per satu di sana, misalnya \"10.5.50.7\", lalu jalankan lagi skrip router-setup",
        "name single devices there instead, such as \"10.5.50.7\", and run router-setup's script again";
    desk_closed(port): "pelanggan tidak menjangkau halaman pemilik di port {port}", "customers do not reach the owner's pages at port {port}";
    desk_open(port, rule): "router membiarkan pelanggan menjangkau port {port} halaman pemilik: {rule}; agen sendiri menolak mereka",
        "the router lets customers reach port {port} of the owner's pages: {rule}; the agent refuses them by itself";
    not_fasttracked(): "pelanggan tidak di-fasttrack", "customers are not fasttracked";
    fasttracked(rule): "pelanggan di-fasttrack, jadi pemakaiannya terhitung terlalu sedikit: {rule}", "customers are fasttracked, so their usage is counted too low: {rule}";
    slowed_not_fasttracked(): "pelanggan yang dilambatkan tidak di-fasttrack", "slowed customers are not fasttracked";
    slowed_fasttracked(rule): "pelanggan yang dilambatkan di-fasttrack melewati antreannya: {rule}", "slowed customers are fasttracked past their queue: {rule}";
    except_clients(): "taruh aturan \"sambungan\" dari \"kuotad router-setup\" di atasnya, atau beri src-address-list dan dst-address-list \"!kuota_klien\"",
        "put the rules \"sambungan\" of \"kuotad router-setup\" above it, or give it src-address-list and dst-address-list \"!kuota_klien\"";
    portal_masqueraded(rule): "portal melihat alamat router untuk setiap pelanggan: {rule}", "the portal sees the router's address for every customer: {rule}";
    bind_masquerade(): "beri aturan itu out-interface ke internet, atau jalankan skrip dari \"kuotad router-setup\" di router",
        "give that rule the out-interface of the uplink, or run the script of \"kuotad router-setup\" on the router";
    portal_sees_clients(list): "pelanggan di {list} menjangkau portal dengan alamatnya sendiri", "customers of {list} reach the portal with their own address";
    fup_unmarked(side, list): "tidak ada aturan mangle aktif yang menandai {side} dari {list}: kecepatan turun tetap penuh", "no enabled mangle rule marks {side} of {list}: reduced speed is full speed";
    fup_unqueued(mark, side): "tidak ada antrean aktif untuk tanda {mark}: {side} tetap penuh", "no enabled queue takes the mark {mark}: {side} at reduced speed is full speed";
    fup_without_rate(side, wanted): "{side} yang dilambatkan tidak punya batas, seharusnya {wanted} untuk setiap alamat", "{side} at reduced speed has no rate and not {wanted} for each address";
    fup_rate_differs(side, found, wanted): "{side} yang dilambatkan punya {found}, seharusnya {wanted} untuk setiap alamat", "{side} at reduced speed has {found} and not {wanted} for each address";
    fup_fits(up, down): "kecepatan turun: {up} naik dan {down} turun untuk setiap alamat", "reduced speed is {up} up and {down} down for each address";
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(super::ALL);
    }
}
