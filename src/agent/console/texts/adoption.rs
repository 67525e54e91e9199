//! Texts of the page on which hotspot users of the router become customers.

use crate::domain::adoption::Obstacle;
use crate::ui::catalogue::{fill, words};

words! {
    /// The page's texts.
    AdoptionWords {
        title: "Ambil dari router", "Take over from the router";
        about: "Pengguna hotspot yang sudah ada di router menjadi pelanggan di sini, dengan perangkat, sisa kuota, dan masa berlakunya. Di router mereka dimatikan, tidak pernah dihapus, dan bisa dikembalikan.",
            "Hotspot users that are on the router already become customers here, with their devices, what is left of their quota, and their days. On the router they are switched off, never deleted, and can be given back.";
        summary: "{0} bisa diambil, {1} voucher belum dipakai, {2} tetap pengguna hotspot, {3} sudah menjadi pelanggan.",
            "{0} can be taken over, {1} are unused vouchers, {2} stay hotspot users, {3} are customers.";
        unreadable: "Router tidak dapat dibaca sekarang: {0}", "The router cannot be read now: {0}";
        too_slow: "tidak menjawab pada waktunya", "it did not answer in time";
        can_take: "Bisa diambil", "Can be taken over";
        adopted: "Sudah menjadi pelanggan", "Customers by now";
        stays: "Tetap di router", "Stays on the router";
        unfinished: "Belum selesai di router", "Not finished on the router";
        unfinished_text: "{0} pengguna hotspot belum selesai diubah di router. Penghitungan sudah benar; selesaikan supaya router ikut.",
            "{0} hotspot users are not changed on the router yet. The books are right; finish it so that the router follows.";
        voucher: "Voucher yang belum dipakai", "An unused voucher";
        unlimited: "tanpa batas", "unlimited";
        left: "sisa {0}", "{0} left";
        until: "sampai {0}", "until {0}";
        no_uptime: "batas waktunya di hotspot tidak ikut", "its limit of time on the hotspot is not taken over";
        more: "{0} lagi tidak ditampilkan.", "{0} more are not shown.";
        take_all: "Ambil semua yang bisa", "Take over all that can be";
        take_some: "Ambil yang dicentang", "Take over those with a tick";
        return_all: "Kembalikan semua", "Give all back";
        return_some: "Kembalikan yang dicentang", "Give back those with a tick";
        return_text: "Pelanggan menjadi pengguna hotspot lagi, dengan sisa kuotanya. Ditolak untuk semua bila salah satu membeli, membayar, atau berutang sejak diambil.",
            "The customers become hotspot users again, with what is left of their quota. Refused for all if one of them bought, paid or owes something since.";
        finish: "Selesaikan", "Finish it";
        has_left: "Hotspot ini sudah ditinggalkan (kuotad leave): pelanggan adalah pengguna hotspot biasa.", "This hotspot was left (kuotad leave): customers are plain hotspot users.";
        come_back: "Kembali memakai kuota", "Come back to kuota";
        own_password: "Kata sandi Anda", "Your password";
        own_code: "Kode dua langkah, bila dipakai", "One-time code, if you use one";
        wrong_password: "Kata sandi salah atau belum diisi. Tidak ada yang diubah.", "The password is wrong or missing. Nothing was changed.";
        wrong_code: "Kode dua langkah salah atau belum diisi. Tidak ada yang diubah.", "The one-time code is wrong or missing. Nothing was changed.";
        none_chosen: "Belum ada yang dicentang. Tidak ada yang diubah.", "None has a tick. Nothing was changed.";
        running: "Sedang dikerjakan sejak {0}. {1} dari {2} perubahan sudah dikirim ke router. Halaman ini boleh ditutup.",
            "Under way since {0}. {1} of {2} changes were sent to the router. This page may be closed.";
        busy: "Masih ada yang dikerjakan. Tidak ada yang diubah.", "Something is still under way. Nothing was changed.";
        taken: "{0}: {1} pengguna hotspot menjadi pelanggan.", "{0}: {1} hotspot users became customers.";
        returned: "{0}: {1} pelanggan menjadi pengguna hotspot lagi.", "{0}: {1} customers are hotspot users again.";
        finished: "{0}: selesai di router.", "{0}: finished on the router.";
        came_back: "{0}: {1} pelanggan diambil kembali.", "{0}: {1} customers were taken over again.";
        failed: "{0}: {1}", "{0}: {1}";
        missing: "Tidak ada lagi di router: {0}", "No longer on the router: {0}";
        link: "Ambil pengguna hotspot yang sudah ada di router", "Take over the hotspot users that are on the router";
        built_in: "dibuat oleh router; bukan milik siapa pun", "the router made it; it is nobody's";
        disabled: "dimatikan di router; aktifkan di sana untuk mengambilnya", "it is disabled on the router; enable it there to adopt it";
        unread: "salah satu barisnya tidak bisa dibaca: {0}", "a row of it cannot be read: {0}";
        name_twice: "dua pengguna hotspot memakai nama ini, untuk server berbeda; ganti salah satunya", "two hotspot users have this name, for different servers; rename one";
        bad_name: "nama pelanggan 1 sampai 100 huruf yang terlihat; ganti namanya di router", "a customer's name has 1 to 100 visible characters; rename it on the router";
        no_device: "perangkatnya tidak diketahui: tidak ada sesi dan tidak ada cookie; tunggu sampai dia masuk", "no device of it is known: it has neither a session nor a cookie; wait until it logs in";
        shared_device: "perangkatnya {0} juga milik {1}; hapus cookie yang bukan pemiliknya", "its device {0} is also {1}'s; remove the cookie of whose device it is not";
        too_many_devices: "punya {0} perangkat, sedangkan pelanggan boleh {1}; hapus cookie perangkat lama atau naikkan policy.max_devices_per_user",
            "it has {0} devices and a customer may have {1}; remove cookies of old devices or raise policy.max_devices_per_user";
        uptime_only: "batasnya hanya waktu di hotspot, yang bukan kuota di sini", "its only limit is time on the hotspot, which is not a quota here";
        direction_limit: "batasnya satu arah (limit-bytes-in atau limit-bytes-out); pakai limit-bytes-total", "it has a limit of one direction (limit-bytes-in or limit-bytes-out); use limit-bytes-total";
        limit_too_large: "batasnya lebih besar dari kuota mana pun", "its limit is larger than any quota may be";
        unclear_expiry: "komentarnya berisi tanggal yang tidak jelas; tulis seperti 2026-11-28 13:05:00, dengan jam", "its comment has a date that is no single expiry; write it like 2026-11-28 13:05:00, with the time";
        foreign_binding: "ip-binding yang bukan buatan kuota memegang perangkatnya {0}; hapus ikatan itu dulu", "an ip-binding that is not ours holds its device {0}; remove that binding first";
        no_hotspot_user: "tidak ada pengguna hotspot dengan nama ini (RADIUS atau percobaan); sesinya dibiarkan", "there is no hotspot user of this name (RADIUS or a trial); the session is left alone";
        on_file: "sudah tercatat di sini: {0}", "it is on file here: {0}";
    }
}

impl AdoptionWords {
    /// Why a hotspot user stays one, and what to do.
    pub fn obstacle(&self, obstacle: &Obstacle) -> String {
        match obstacle {
            Obstacle::BuiltIn => self.built_in.to_owned(),
            Obstacle::Disabled => self.disabled.to_owned(),
            Obstacle::Unread(what) => fill(self.unread, &[what]),
            Obstacle::NameTwice => self.name_twice.to_owned(),
            Obstacle::BadName => self.bad_name.to_owned(),
            Obstacle::NoDevice => self.no_device.to_owned(),
            Obstacle::SharedDevice(mac, other) => fill(self.shared_device, &[&mac.to_string(), other]),
            Obstacle::TooManyDevices { devices, max } => {
                fill(self.too_many_devices, &[&devices.to_string(), &max.to_string()])
            }
            Obstacle::UptimeOnly => self.uptime_only.to_owned(),
            Obstacle::DirectionLimit => self.direction_limit.to_owned(),
            Obstacle::LimitTooLarge => self.limit_too_large.to_owned(),
            Obstacle::UnclearExpiry => self.unclear_expiry.to_owned(),
            Obstacle::ForeignBinding(mac) => fill(self.foreign_binding, &[&mac.to_string()]),
            Obstacle::NoHotspotUser => self.no_hotspot_user.to_owned(),
            Obstacle::OnFile(why) => fill(self.on_file, &[why]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::language::Language;

    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(AdoptionWords::ALL);
        let device = "02:00:00:00:00:01".parse().unwrap();
        let text = AdoptionWords::of(Language::Indonesian)
            .obstacle(&Obstacle::SharedDevice(device, "Siti".to_owned()));
        assert!(text.contains("02:00:00:00:00:01") && text.contains("Siti"), "{text}");
    }
}
