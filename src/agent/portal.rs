//! What a customer sees on a page of the LAN: how much is left, until when, and what is owed. Who asks is told by
//! the router's host table, never by the query.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use jiff::civil::Date;

use super::engine::{Engine, Snapshot};
use super::run::Site;
use crate::domain::access::{Reason, Status};
use crate::domain::account::Account;
use crate::domain::units::{Bytes, Rupiah};
use crate::web::{Peer, Problem, html, limits, tally};

/// Months as customers read them.
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"];

/// The portal's pages. Requests carry a [`Peer`] as an extension.
pub fn router(site: Arc<Site>) -> Router {
    let answers = Arc::clone(&site.answers.portal);
    let pages = Router::new().route("/", get(home)).route("/style.css", get(html::style)).with_state(site);
    tally::counted(limits::surround(pages), answers)
}

async fn home(State(site): State<Arc<Site>>, Extension(peer): Extension<Peer>) -> Result<Response, Problem> {
    let look = move |engine: &mut Engine| match peer {
        Peer::Network(IpAddr::V4(address)) => engine.look().user_at(address).map(|user| shown(engine, &user)),
        Peer::Network(IpAddr::V6(_)) | Peer::Local => None,
    };
    let shown = site.service.engine().call(look).await.map_err(Problem::from)?;
    let body = shown.unwrap_or_else(|| unknown(&site.config.portal.contact));
    let headers =
        [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, html::CONTENT_POLICY)];
    Ok((headers, html::page("Internet saya", &body)).into_response())
}

fn unknown(contact: &str) -> String {
    let contact = if contact.is_empty() { "pengelola" } else { contact };
    format!(
        "<h1>Perangkat ini belum terdaftar</h1><p>Hubungi {} untuk memakai internet.</p>",
        html::escaped(contact)
    )
}

fn shown(engine: &Engine, snapshot: &Snapshot) -> String {
    let look = engine.look();
    let account = &snapshot.user.account;
    // Without a price the page says what is owed in gigabytes only: a failed price is never zero.
    let owed = look.with_context(|ctx| ctx.tariff().settle_all(account)).ok().map(|quote| quote.total());
    let until = account.expires_at.map(|at| look.zone.local(at).date);
    let debt = account.total_debt();
    let mut body = format!(
        "<h1>{}</h1><p>{}</p>",
        html::escaped(&snapshot.user.name),
        html::escaped(&sentence(account, until, owed))
    );
    if !debt.is_zero() {
        let price = owed.map(|rp| format!(" ({rp})")).unwrap_or_default();
        body.extend(["<h2>Tagihan</h2><p>", &gigabytes(debt), &price, "</p>"]);
    }
    body
}

/// What holds, in one polite sentence or two.
fn sentence(account: &Account, until: Option<Date>, owed: Option<Rupiah>) -> String {
    let left = gigabytes(account.balance.remaining());
    let until = until.map(|date| format!(", sampai {}", day(date))).unwrap_or_default();
    match (account.access.status, account.access.reason) {
        (Status::Active, _) => format!("Internet Anda aktif. Sisa {left}{until}."),
        (Status::Unlimited, _) => format!("Internet Anda aktif tanpa batas{until}."),
        (Status::Fup, Some(Reason::Paying)) => "Internet dibuka 10 menit untuk membayar.".to_owned(),
        (Status::Fup, _) => {
            format!("Kecepatan dikurangi. Sisa {left}. Tambah paket agar kencang lagi.")
        }
        (Status::Habis, _) => "Kuota Anda habis. Silakan beli paket untuk tersambung lagi.".to_owned(),
        (Status::Expired, _) => "Masa aktif berakhir. Silakan perpanjang.".to_owned(),
        (Status::Inactive, _) => "Akun belum aktif. Mohon tunggu persetujuan, atau hubungi kami.".to_owned(),
        (Status::Blocked, Some(Reason::Admin)) => "Internet dihentikan pengelola. Hubungi kami.".to_owned(),
        (Status::Blocked, _) => {
            let owed = owed.map(|rp| format!(" Ada tagihan {rp}.")).unwrap_or_default();
            format!("Internet dijeda sementara.{owed} Setelah dibayar, tersambung otomatis.")
        }
    }
}

/// Gigabytes with two digits and a comma.
fn gigabytes(bytes: Bytes) -> String {
    let hundredths =
        (u128::from(bytes.0) * 100 + u128::from(Bytes::gb(1).0 / 2)) / u128::from(Bytes::gb(1).0);
    format!("{},{:02} GB", hundredths / 100, hundredths % 100)
}

fn day(date: Date) -> String {
    let month = usize::try_from(date.month() - 1).ok().and_then(|n| MONTHS.get(n)).unwrap_or(&"");
    format!("{} {month} {}", date.day(), date.year())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::Access;
    use crate::domain::id::UserId;
    use crate::domain::ledger::Balance;

    #[test]
    fn customers_read_what_holds_in_their_words() {
        let account = |status, reason| Account {
            balance: Balance { credits: Bytes::mb(8704), debits: Bytes::ZERO },
            access: Access { status, reason, causes: Vec::new() },
            ..Account::fresh(UserId(uuid::Uuid::nil()), true)
        };
        let until = Some(jiff::civil::date(2026, 11, 22));
        let rows = [
            (Status::Active, None, "Internet Anda aktif. Sisa 8,50 GB, sampai 22 Nov 2026."),
            (
                Status::Fup,
                Some(Reason::Fup),
                "Kecepatan dikurangi. Sisa 8,50 GB. Tambah paket agar kencang lagi.",
            ),
            (
                Status::Blocked,
                Some(Reason::DebtLimit),
                "Internet dijeda sementara. Ada tagihan Rp 40.000. Setelah dibayar, tersambung otomatis.",
            ),
            (Status::Blocked, Some(Reason::Admin), "Internet dihentikan pengelola. Hubungi kami."),
        ];
        for (status, reason, text) in rows {
            assert_eq!(sentence(&account(status, reason), until, Some(Rupiah(40_000))), text);
        }
    }
}
