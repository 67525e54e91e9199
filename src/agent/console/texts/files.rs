//! Headings and names of the tables that people open in a spreadsheet.

use crate::ui::catalogue::words;

words! {
    /// Texts of tables that are opened in a spreadsheet.
    FileWords {
        customers: "pelanggan", "customers";
        sales: "penjualan", "sales";
        debts: "tagihan", "debts";
        usage: "pemakaian", "usage";
        collection: "penagihan", "collection";
        audit: "catatan", "audit";
        name: "Nama", "Name";
        phone: "Telepon", "Phone";
        login: "Nama login", "Log-in name";
        status: "Status", "Status";
        left_gb: "Sisa (GB)", "Left (GB)";
        used_gb: "Terpakai (GB)", "Used (GB)";
        usage_gb: "Pemakaian (GB)", "Usage (GB)";
        owed_gb: "Tagihan (GB)", "Debt (GB)";
        owed_rp: "Harus dibayar (Rp)", "To pay (Rp)";
        amount_rp: "Jumlah (Rp)", "Amount (Rp)";
        refunded_rp: "Dikembalikan (Rp)", "Refunded (Rp)";
        expires: "Berlaku sampai", "Valid until";
        seen: "Terakhir terlihat", "Last seen";
        entered: "Terdaftar", "Entered";
        day: "Tanggal", "Date";
        at: "Waktu", "Time";
        receipt: "Kuitansi", "Receipt";
        customer: "Pelanggan", "Customer";
        method: "Cara bayar", "Method";
        cashier: "Kasir", "Cashier";
        debt_date: "Tanggal tagihan", "Debt date";
        due_date: "Jatuh tempo", "Due date";
        late_days: "Terlambat (hari)", "Late (days)";
        note: "Catatan", "Note";
        customer_note: "Catatan untuk pelanggan", "Note for the customer";
        why: "Keadaan", "State";
        what: "Kejadian", "What";
        code: "Kode", "Code";
        detail: "Rincian", "Detail";
        source: "Dari", "From";
        overage: "Pemakaian di luar kuota", "Usage beyond the quota";
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(super::FileWords::ALL);
    }
}
