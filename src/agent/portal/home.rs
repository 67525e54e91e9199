//! The first page: what a customer needs to know at a glance.

use std::net::IpAddr;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use jiff::civil::Date;

use super::Answer;
use super::words::Words;
use crate::agent::engine::{Engine, Snapshot};
use crate::agent::pages::words::fill;
use crate::agent::pages::{Frame, Locale, Visit, html};
use crate::agent::run::Site;
use crate::domain::access::{Reason, Status};
use crate::domain::account::Account;
use crate::domain::units::Rupiah;
use crate::web::{Peer, Problem};

#[derive(Template)]
#[template(path = "portal/home.html")]
struct Home {
    frame: Frame,
    words: &'static Words,
    name: String,
    sentence: String,
    bill: Option<String>,
}

#[derive(Template)]
#[template(path = "portal/unknown.html")]
struct Unknown {
    frame: Frame,
    words: &'static Words,
    text: String,
}

/// `GET /`.
pub(super) async fn show(State(site): State<Arc<Site>>, visit: Visit) -> Answer {
    let peer = visit.peer;
    let look = move |engine: &mut Engine| match peer {
        Peer::Network(IpAddr::V4(address)) => {
            engine.look().user_at(address).map(|user| (owed(engine, &user), user))
        }
        Peer::Network(IpAddr::V6(_)) | Peer::Local => None,
    };
    let found = site.service.engine().call(look).await.map_err(Problem::from)?;
    let words = Words::of(visit.locale.language);
    let frame = visit.frame(words.title);
    let Some((owed, snapshot)) = found else {
        let contact = Some(site.config.portal.contact.as_str()).filter(|contact| !contact.is_empty());
        let text = fill(words.unknown_text, &[contact.unwrap_or(words.owner)]);
        return html(&Unknown { frame, words, text });
    };
    let account = &snapshot.user.account;
    let until = account.expires_at.map(|at| visit.locale.zone.local(at).date);
    let sentence = sentence(account, until, owed, words, &visit.locale);
    let debt = account.total_debt();
    let bill = (!debt.is_zero()).then(|| {
        // Without a price the page says what is owed in gigabytes only: a failed price is never zero.
        let price = owed.map(|rp| format!(" ({rp})")).unwrap_or_default();
        format!("{}{price}", visit.locale.quota(debt))
    });
    html(&Home { frame, words, name: snapshot.user.name.clone(), sentence, bill })
}

fn owed(engine: &Engine, snapshot: &Snapshot) -> Option<Rupiah> {
    let account = &snapshot.user.account;
    engine.look().with_context(|ctx| ctx.tariff().settle_all(account)).ok().map(|quote| quote.total())
}

/// What holds, in one polite sentence or two.
fn sentence(
    account: &Account,
    until: Option<Date>,
    owed: Option<Rupiah>,
    words: &Words,
    locale: &Locale,
) -> String {
    let left = locale.quota(account.balance.remaining());
    let until = until.map(|date| fill(words.until, &[&locale.day(date)])).unwrap_or_default();
    match (account.access.status, account.access.reason) {
        (Status::Active, _) => fill(words.active, &[&left, &until]),
        (Status::Unlimited, _) => fill(words.unlimited, &[&until]),
        (Status::Fup, Some(Reason::Paying)) => words.paying.to_owned(),
        (Status::Fup, _) => fill(words.fup, &[&left]),
        (Status::Habis, _) => words.habis.to_owned(),
        (Status::Expired, _) => words.expired.to_owned(),
        (Status::Inactive, _) => words.inactive.to_owned(),
        (Status::Blocked, Some(Reason::Admin)) => words.blocked_admin.to_owned(),
        (Status::Blocked, _) => {
            let owed = owed.map(|rp| fill(words.owed, &[&rp.to_string()])).unwrap_or_default();
            fill(words.blocked, &[&owed])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::config::Language;
    use crate::clock::Zone;
    use crate::domain::access::Access;
    use crate::domain::id::UserId;
    use crate::domain::ledger::Balance;
    use crate::domain::units::Bytes;

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
        let locale = Locale { language: Language::Indonesian, zone: Zone::named("Asia/Jakarta").unwrap() };
        let words = Words::of(locale.language);
        for (status, reason, text) in rows {
            let said = sentence(&account(status, reason), until, Some(Rupiah(40_000)), words, &locale);
            assert_eq!(said, text);
        }
    }
}
