//! Pages for people: what Snap shows for a token, and what a wallet or a bank shows for a code.

use std::fmt::Write as _;

use crate::web::html::escaped;

use super::method::PayMethod;
use super::time::jakarta;
use super::transaction::{BILLER_CODE, Transaction, TransactionStatus};
use super::world::GatewayWorld;

/// The smallest picture: one white pixel. The code itself is in `qr_string`.
pub(super) const PIXEL_PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0,
    1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 10, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63, 0xf8,
    0x0f, 0, 0x01, 0x01, 0x01, 0, 0xb1, 0x38, 0xf6, 0x14, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42,
    0x60, 0x82,
];

/// Payments on the page of those that wait.
const ROWS_MAX: usize = 50;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:1rem auto;padding:0 1rem}\
    form{display:flex;gap:.5rem;margin:.5rem 0;align-items:center}span{flex:1}code{overflow-wrap:anywhere}";

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"id\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{}</title>\
         <style>{STYLE}</style></head><body><h1>{}</h1>{body}</body></html>",
        escaped(title),
        escaped(title)
    )
}

/// `text` with dots between thousands.
fn rupiah(amount_rp: u64) -> String {
    let digits = amount_rp.to_string();
    let mut text = String::from("Rp ");
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    text
}

/// What a browser is answered for something that is not there or not possible.
pub(super) fn problem(text: &str) -> String {
    page("Midtrans (simulasi)", &format!("<p>{}</p>", escaped(text)))
}

impl GatewayWorld {
    /// The page of a Snap token; `None` for an unknown one.
    pub(super) fn snap_page(&self, token: &str) -> Option<String> {
        let order = &self.snap[self.snap_position(token)?];
        let request = &order.request;
        let head = format!(
            "<p>{} <strong id=\"amount\">{}</strong></p>",
            escaped(&request.order.id),
            rupiah(request.order.amount_rp.saturating_add(self.options.imposed_fee_rp))
        );
        if order.replaced || request.page_until <= self.now() {
            return Some(page(
                "Midtrans Snap (simulasi)",
                &(head + "<p id=\"status\">Halaman ini sudah ditutup.</p>"),
            ));
        }
        let mut body = head;
        let latest = self.position(order.merchant, &request.order.id).map(|at| &self.transactions[at]);
        if let Some(transaction) = latest.filter(|one| one.created_at >= order.created_at) {
            body += &shown(transaction);
            if transaction.status.was_paid() {
                return Some(page("Midtrans Snap (simulasi)", &body));
            }
        }
        for method in PayMethod::ALL {
            let offered = request.methods.is_empty() || request.methods.contains(&method);
            if offered && !self.is_off(order.merchant, method) {
                body += &choice(&order.token, method);
            }
        }
        Some(page("Midtrans Snap (simulasi)", &body))
    }

    /// The page of a transaction; `None` for an unknown one.
    pub(super) fn pay_page(&self, id: &str) -> Option<String> {
        let transaction = &self.transactions[self.position_of_any(id)?];
        let head = format!(
            "<p>{} <strong id=\"amount\">{}</strong></p>",
            escaped(&transaction.order_id),
            rupiah(transaction.total_rp())
        );
        Some(page(transaction.method.title(), &(head + &shown(transaction))))
    }

    /// Everything that can be paid, the latest first, each with the way to its page.
    pub(super) fn payable_page(&self) -> String {
        let mut rows = Vec::new();
        for one in self.pending() {
            let means = one.va_number.as_deref().or(one.bill_key.as_deref()).unwrap_or(&one.order_id);
            let words = format!("{} {} · {means}", one.method.title(), rupiah(one.total_rp()));
            rows.push((one.created_at, format!("/simulator/{}", one.id), words));
        }
        for one in self.unpicked().into_iter().filter(|one| one.expires_at > self.now()) {
            let words = format!("Snap {} · {}", rupiah(one.amount_rp), one.order_id);
            rows.push((one.created_at, one.redirect_url.unwrap_or_default(), words));
        }
        rows.sort_by(|a, b| b.cmp(a));
        rows.truncate(ROWS_MAX);
        let mut body = String::new();
        for (_, url, words) in &rows {
            let _ = write!(body, "<p><a href=\"{}\">{}</a></p>", escaped(url), escaped(words));
        }
        if rows.is_empty() {
            body.push_str("<p>Tidak ada yang menunggu pembayaran.</p>");
        }
        page("Menunggu pembayaran (simulasi)", &body)
    }
}

/// What the customer can do with a method.
fn choice(token: &str, method: PayMethod) -> String {
    let button = |step: &str, words: &str| {
        let path = format!("/snap/v4/redirection/{token}/{step}/{method}");
        format!("<button id=\"{step}-{method}\" formaction=\"{path}\">{words}</button>")
    };
    let mut buttons = button("pick", "Tampilkan kode") + &button("pay", "Bayar");
    if method == PayMethod::Card {
        buttons += &button("challenge", "Bayar, lalu ditinjau");
    }
    format!("<form method=\"post\"><span>{}</span>{buttons}</form>", method.title())
}

/// What the customer sees of a transaction, with a button while it can be paid.
fn shown(transaction: &Transaction) -> String {
    let mut body = format!(
        "<p>{}: <strong id=\"status\">{}</strong></p>",
        transaction.method.title(),
        transaction.status.code()
    );
    let mut line = |name: &str, text: &str| {
        let _ = write!(body, "<p>{name}: <code>{}</code></p>", escaped(text));
    };
    if let Some(text) = &transaction.qr_string {
        line("QRIS", text);
    }
    if let Some(text) = &transaction.va_number {
        line("Nomor virtual account", text);
    }
    if let Some(text) = &transaction.bill_key {
        line("Kode perusahaan", BILLER_CODE);
        line("Kode pembayaran", text);
    }
    if transaction.status == TransactionStatus::Pending {
        line("Berlaku sampai", &jakarta(transaction.expires_at));
        let _ = write!(
            body,
            "<form method=\"post\" action=\"/simulator/{}/pay\"><button id=\"pay\">Bayar</button></form>",
            transaction.id
        );
    } else if let Some(url) = &transaction.callback_url {
        let joint = if url.contains('?') { '&' } else { '?' };
        let result = if transaction.status.was_paid() { "success" } else { "failure" };
        let url = format!(
            "{url}{joint}order_id={}&status_code={}&transaction_status={}&result={result}",
            transaction.order_id,
            transaction.notification_code(),
            transaction.status.code()
        );
        let _ = write!(body, "<p><a id=\"back\" href=\"{}\">Kembali ke toko</a></p>", escaped(&url));
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rupiah_have_dots() {
        let texts = [1, 999, 1000, 10_000, 1_234_567].map(rupiah);
        assert_eq!(texts, ["Rp 1", "Rp 999", "Rp 1.000", "Rp 10.000", "Rp 1.234.567"]);
    }
}
