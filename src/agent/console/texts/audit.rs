//! The lines of the audit as sentences.

use crate::ui::catalogue::words;

words! {
    /// Sentences about what was done: `{0}` is who did it, `{1}` to whom or what.
    AuditWords {
        user_add: "{0} memasukkan pelanggan {1}", "{0} entered the customer {1}";
        user_register: "{1} mendaftar sendiri di portal", "{1} registered on the portal";
        user_import: "{0} mengimpor pelanggan {1}", "{0} imported the customer {1}";
        user_change: "{0} mengubah data {1}", "{0} changed the data of {1}";
        user_delete: "{0} menghapus pelanggan {1}", "{0} deleted the customer {1}";
        user_undelete: "{0} mengembalikan pelanggan {1} yang terhapus", "{0} brought back the deleted customer {1}";
        user_rebuilt: "{0} menyusun ulang pelanggan {1} dari pembayarannya", "{0} rebuilt the customer {1} from a payment";
        user_shared_phone: "{1} memakai nomor telepon yang dipakai pelanggan lain", "{1} has a phone number that another customer has";
        user_pin: "{0} memberi PIN baru kepada {1}", "{0} gave {1} a new PIN";
        user_block: "{0} menghentikan internet {1}", "{0} blocked {1}";
        user_unblock: "{0} membuka lagi internet {1}", "{0} unblocked {1}";
        user_reset: "{0} memulai masa baru {1}", "{0} reset {1}";
        user_grant: "{0} memberi kuota kepada {1}", "{0} gave quota to {1}";
        user_debit: "{0} mengurangi kuota {1}", "{0} took quota from {1}";
        quota_import: "{0} mengimpor kuota {1}", "{0} imported the quota of {1}";
        debt_import: "{0} mengimpor tagihan {1}", "{0} imported a debt of {1}";
        debt_add: "{0} memberi tagihan kepada {1}", "{0} gave {1} a debt";
        debt_change: "{0} mengubah tagihan {1}", "{0} changed a debt of {1}";
        debt_write_off: "{0} menghapus tagihan {1}", "{0} wrote off a debt of {1}";
        debt_remind: "{0} mengingatkan {1} tentang tagihannya", "{0} reminded {1} of what is owed";
        device_bind: "{0} memasang perangkat pada {1}", "{0} bound a device to {1}";
        device_unbind: "{0} melepas perangkat dari {1}", "{0} removed a device from {1}";
        device_orphans: "{0} menemukan perangkat di router yang tidak ada di data yang dipulihkan ({1})", "{0} found devices on the router that the restored data does not have ({1})";
        device_orphan_bind: "{0} memasang perangkat dari sebelum pemulihan pada {1}", "{0} bound a device from before the restore to {1}";
        device_orphan_release: "{0} melepas perangkat {1} dari sebelum pemulihan", "{0} released the device {1} from before the restore";
        order_ask: "{0} meminta pembayaran online dari {1}", "{0} asked {1} for an online payment";
        order_open: "{0} membuka pembayaran online untuk {1}", "{0} opened an online payment for {1}";
        order_paid: "{0} menerima pembayaran dari {1}", "{0} took a payment from {1}";
        order_refunded: "{0} mengembalikan uang kepada {1}", "{0} gave money back to {1}";
        order_returned: "Gerbang pembayaran mengembalikan uang {1}", "The gateway gave back the money of {1}";
        order_review: "{1} menunggu keputusan pemilik", "{1} waits for the owner's decision";
        order_review_credit: "{0} membukukan {1}", "{0} booked {1}";
        order_review_dismiss: "{0} menutup {1} tanpa membukukan", "{0} dismissed {1}";
        order_refund: "{0} meminta pengembalian uang {1}", "{0} asked to refund {1}";
        order_cancel: "{0} membatalkan {1}", "{0} called off {1}";
        order_abandon: "{0} menghentikan permintaan {1}", "{0} gave up the request {1}";
        order_adopt: "{0} mengambil alih {1}", "{0} adopted {1}";
        drawer_close: "{0} menutup laci kas", "{0} closed the cash drawer";
        package_add: "{0} membuat paket {1}", "{0} made the package {1}";
        package_change: "{0} mengubah paket {1}", "{0} changed the package {1}";
        package_delete: "{0} menghapus paket {1}", "{0} deleted the package {1}";
        first_run_claim: "Mesin ini diambil oleh {0} dari alamat {1}", "This machine was claimed by {0} from the address {1}";
        admin_add: "{0} menambah pengelola {1}", "{0} added the admin {1}";
        admin_remove: "{0} menghapus pengelola {1}", "{0} removed the admin {1}";
        admin_role: "{0} mengubah peran {1}", "{0} changed the role of {1}";
        admin_password: "{0} mengganti kata sandi {1}", "{0} changed the password of {1}";
        admin_pin: "{0} mengatur PIN cepat", "{0} set a quick PIN";
        admin_token: "{0} membuat token untuk {1}", "{0} made a token for {1}";
        admin_token_remove: "{0} menghapus token {1}", "{0} removed a token of {1}";
        admin_end_sessions: "{0} mengakhiri sesi lain", "{0} ended other sessions";
        admin_login: "{0} masuk", "{0} logged in";
        admin_totp: "{0} mengatur verifikasi dua langkah {1}", "{0} changed the second factor of {1}";
        router_sync: "{0} menyamakan router", "{0} synced the router";
        clock_confirm: "{0} memastikan jam", "{0} confirmed the clock";
        clock_dated: "{0} membetulkan waktu catatan setelah jam dipastikan", "{0} dated records after the clock was confirmed";
        feed_restart: "{0} memulai ulang umpan pembayaran", "{0} began the payment feed again";
        feed_unreadable: "{0} menerima kabar pembayaran yang tidak terbaca: {1}", "{0} received unreadable news of a payment: {1}";
        help_ask: "{0} meminta bantuan", "{0} asked for help";
        help_answer: "{0} menyelesaikan permintaan bantuan", "{0} answered a request for help";
        update_request: "{0} meminta pembaruan program", "{0} asked for an update of the program";
        settings_change: "{0} mengubah pengaturan", "{0} changed the settings";
        settings_failed: "Pengaturan dari {0} tidak dapat ditulis", "The settings of {0} could not be written";
        user_adopt: "{0} mengambil alih {1} dari router", "{0} adopted {1} from the router";
        user_give_back: "{0} mengembalikan {1} ke router", "{0} gave {1} back to the router";
        site_leave: "{0} mengembalikan semua pelanggan ke router dan berhenti mengaturnya", "{0} gave all customers back to the router and stopped managing it";
        site_take_over: "{0} mengambil alih lokasi ini dengan mesin ini", "{0} took the site over with this machine";
        site_come_back: "{0} mengatur router lagi", "{0} manages the router again";
        export: "{0} mengunduh data {1}", "{0} exported {1}";
        other: "{0} melakukan sesuatu pada {1}", "{0} did something to {1}";
        paid_cash: "{0} menerima {2} {3} dari {1}, kuitansi {4}", "{0} took {2} ({3}) from {1}, receipt {4}";
        paid_online: "{1} membayar {2} secara online ({3}), kuitansi {4}", "{1} paid {2} online ({3}), receipt {4}";
        an_order: "pembayaran {0}", "the payment {0}";
        gone: "pelanggan yang sudah dihapus", "a deleted customer";
        daemon: "Sistem", "The system";
        portal: "Pelanggan di portal", "A customer on the portal";
        relay: "Relay pembayaran", "The payment relay";
        local: "Perintah di mesin", "A command on the machine";
        kind_all: "Semua", "All";
        kind_user: "Pelanggan", "Customers";
        kind_money: "Pembayaran", "Payments";
        kind_debt: "Tagihan", "Debts";
        kind_device: "Perangkat", "Devices";
        kind_package: "Paket", "Packages";
        kind_admin: "Pengelola dan masuk", "Admins and log-ins";
        kind_drawer: "Laci kas", "Cash drawer";
        kind_system: "Router dan sistem", "Router and system";
        kind: "Jenis", "Kind";
        customer: "Pelanggan (nama, nomor, MAC)", "Customer (name, number, MAC)";
    }
}

impl AuditWords {
    /// The sentence of an action; a log-in is the same by every way.
    pub fn named(&self, action: &str) -> &'static str {
        match action {
            "user.add" => self.user_add,
            "user.register" => self.user_register,
            "user.import" => self.user_import,
            "user.change" => self.user_change,
            "user.delete" => self.user_delete,
            "user.undelete" => self.user_undelete,
            "user.rebuilt" => self.user_rebuilt,
            "user.shared_phone" => self.user_shared_phone,
            "user.pin" => self.user_pin,
            "user.block" => self.user_block,
            "user.unblock" => self.user_unblock,
            "user.reset" => self.user_reset,
            "user.grant" => self.user_grant,
            "user.debit" => self.user_debit,
            "quota.import" => self.quota_import,
            "debt.import" => self.debt_import,
            "debt.add" => self.debt_add,
            "debt.change" => self.debt_change,
            "debt.write_off" => self.debt_write_off,
            "debt.remind" => self.debt_remind,
            "device.bind" => self.device_bind,
            "device.unbind" => self.device_unbind,
            "order.ask" => self.order_ask,
            "order.open" => self.order_open,
            "order.paid" => self.order_paid,
            "order.refunded" => self.order_refunded,
            "order.returned" => self.order_returned,
            "order.review" => self.order_review,
            "order.review_credit" => self.order_review_credit,
            "order.review_dismiss" => self.order_review_dismiss,
            "order.refund" => self.order_refund,
            "order.cancel" => self.order_cancel,
            "order.abandon" => self.order_abandon,
            "order.adopt" => self.order_adopt,
            "drawer.close" => self.drawer_close,
            "package.add" => self.package_add,
            "package.change" => self.package_change,
            "package.delete" => self.package_delete,
            "first_run.claim" => self.first_run_claim,
            "admin.add" => self.admin_add,
            "admin.remove" => self.admin_remove,
            "admin.role" => self.admin_role,
            "admin.password" => self.admin_password,
            "admin.pin" => self.admin_pin,
            "admin.token" => self.admin_token,
            "admin.token_remove" => self.admin_token_remove,
            "admin.end_sessions" => self.admin_end_sessions,
            "admin.login" => self.admin_login,
            "admin.totp" => self.admin_totp,
            "router.sync" => self.router_sync,
            "clock.confirm" => self.clock_confirm,
            "clock.dated" => self.clock_dated,
            "feed.restart" => self.feed_restart,
            "feed.unreadable" => self.feed_unreadable,
            other => self.named_of_few(other),
        }
    }

    /// The sentences of the last few actions.
    fn named_of_few(&self, action: &str) -> &'static str {
        match action {
            "device.orphans" => self.device_orphans,
            "device.orphan_bind" => self.device_orphan_bind,
            "device.orphan_release" => self.device_orphan_release,
            "help.ask" => self.help_ask,
            "help.answer" => self.help_answer,
            "update.request" => self.update_request,
            "user.adopt" => self.user_adopt,
            "user.give_back" => self.user_give_back,
            "site.leave" => self.site_leave,
            "site.take_over" => self.site_take_over,
            "site.come_back" => self.site_come_back,
            "export" => self.export,
            "settings.change" => self.settings_change,
            "settings.change_failed" => self.settings_failed,
            other if other.starts_with("admin.totp") => self.admin_totp,
            _ => self.other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::ui::language::Language;

    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(AuditWords::ALL);
    }

    /// Actions that the source writes to the audit.
    fn written(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                written(&entry, found);
                continue;
            }
            let text = std::fs::read_to_string(&entry).unwrap();
            for call in ["draft.audit(", ".note(&actor, ", ".note(actor, ", "note_when_possible(&actor, "] {
                for rest in text.split(call).skip(1) {
                    let action = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                    found.extend(action.filter(|action| action.contains('.')).map(str::to_owned));
                }
            }
        }
    }

    #[test]
    fn every_action_that_is_written_has_its_sentence() {
        let mut actions = Vec::new();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/agent");
        for folder in ["engine", "http", "payments"] {
            written(&source.join(folder), &mut actions);
        }
        actions.extend(["settings.change", "settings.change_failed"].map(str::to_owned));
        assert!(actions.len() > 30, "{actions:?}");
        let words = AuditWords::of(Language::Indonesian);
        let without = actions.iter().filter(|action| words.named(action) == words.other);
        assert_eq!(without.collect::<Vec<_>>(), Vec::<&String>::new());
    }
}
