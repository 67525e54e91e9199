//! Hotspot users, their sessions and cookies: one bulk reading, and the sending of edits.

use std::sync::atomic::Ordering;

use super::account_edits::AccountEdit;
use super::client::{PendingReply, RouterClient};
use super::edits::outcome;
use super::port::{EditOutcome, RouterError};
use super::print::print;
use super::session::IN_FLIGHT_MAX;
use super::wire::{BadRow, Row};
use super::words::{self, TimeSpan};
use crate::domain::adoption::{HotspotAccounts, HotspotCookie, HotspotSession, HotspotUser, UnreadAccount};
use crate::domain::id::Mac;

const USERS: &str = "/ip/hotspot/user/print";
const SESSIONS: &str = "/ip/hotspot/active/print";
const COOKIES: &str = "/ip/hotspot/cookie/print";
/// How many rows may be unreadable. Beyond it the reply is no table of this kind at all.
const UNREAD_MAX: usize = 1000;

/// Rows of one menu: those that could be read, and the others.
struct Rows<T> {
    read: Vec<T>,
    unread: Vec<UnreadAccount>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { read: Vec::new(), unread: Vec::new() }
    }
}

impl<T> Rows<T> {
    /// Takes a row. One without a name could be anybody's, so nothing is known then.
    fn take(&mut self, read: Result<T, BadRow>, user: &str) -> Result<(), BadRow> {
        match read {
            Ok(row) => self.read.push(row),
            Err(what) if user.is_empty() || self.unread.len() == UNREAD_MAX => return Err(what),
            Err(what) => self.unread.push(UnreadAccount { user: user.to_owned(), what }),
        }
        Ok(())
    }
}

impl RouterClient {
    /// Users, then sessions, then cookies, on one connection and at once: the router works on them in this order.
    pub(super) async fn accounts(&self) -> Result<HotspotAccounts, RouterError> {
        let columns = ".id,server,name,mac-address,limit-bytes-in,limit-bytes-out,limit-bytes-total,limit-uptime,\
                       uptime,bytes-in,bytes-out,default,dynamic,disabled,comment";
        let users = self.ask(USERS, columns, "name", user).await?;
        let columns = ".id,user,mac-address,address,bytes-in,bytes-out";
        let sessions = self.ask(SESSIONS, columns, "user", session).await?;
        let cookies = self.ask(COOKIES, ".id,user,mac-address", "user", cookie).await?;
        let (users, sessions) = (users.answer().await?, sessions.answer().await?);
        let cookies = self.unless_missing(COOKIES, cookies).await?;
        let on = users.ended.session;
        let others = [Some(sessions.ended.session), cookies.as_ref().map(|answer| answer.ended.session)];
        if others.into_iter().flatten().any(|session| session != on) {
            return Err(RouterError::Lost("the connection changed during the reading".to_owned()));
        }
        self.shared.accounts_session.store(on, Ordering::Relaxed);
        let cookies = cookies.map(|answer| answer.rows).unwrap_or_default();
        let unread = [users.rows.unread, sessions.rows.unread, cookies.unread].concat();
        Ok(HotspotAccounts {
            users: users.rows.read,
            sessions: sessions.rows.read,
            cookies: cookies.read,
            unread,
        })
    }

    async fn ask<T: Send + 'static>(
        &self,
        menu: &'static str,
        columns: &str,
        name: &'static str,
        read: fn(&Row<'_>) -> Result<T, BadRow>,
    ) -> Result<PendingReply<Rows<T>>, RouterError> {
        let command = print(menu, columns).build();
        self.submit::<Rows<T>, _>(menu, command, None, move |rows, row| {
            rows.take(read(row), &row.lossy(name))
        })
        .await
    }

    /// Sends the edits in order; what must come first has its reply before the next is sent.
    pub(super) async fn edit_accounts(&self, edits: &[AccountEdit]) -> Result<Vec<EditOutcome>, RouterError> {
        let session = match self.shared.accounts_session.load(Ordering::Relaxed) {
            0 => return Err(RouterError::Lost("no hotspot users were read on this connection".to_owned())),
            session => Some(session),
        };
        let mut outcomes = Vec::with_capacity(edits.len());
        for step in edits.chunk_by(|a, b| std::mem::discriminant(a) == std::mem::discriminant(b)) {
            for part in step.chunks(IN_FLIGHT_MAX) {
                let mut in_flight = Vec::with_capacity(part.len());
                for edit in part {
                    let (name, command) = edit.command();
                    in_flight.push(self.submit(name, command, session, |(), _| Ok(())).await?);
                }
                for ticket in in_flight {
                    outcomes.push(outcome(ticket).await?);
                }
            }
        }
        Ok(outcomes)
    }
}

/// A device; the router prints zeros for none.
fn device(row: &Row<'_>) -> Result<Option<Mac>, BadRow> {
    Ok(row.optional("mac-address", words::mac)?.filter(|mac| mac.0 != [0; 6]))
}

/// A limit; 0 is none.
fn limit(row: &Row<'_>, field: &str) -> Result<Option<u64>, BadRow> {
    Ok(row.optional(field, words::counter)?.filter(|limit| *limit > 0))
}

fn bytes(row: &Row<'_>) -> Result<u64, BadRow> {
    let count = |field| row.optional(field, words::counter).map(Option::unwrap_or_default);
    let (bytes_in, bytes_out) = (count("bytes-in")?, count("bytes-out")?);
    words::total(bytes_in, bytes_out).ok_or_else(|| format!("bytes-in={bytes_in} and bytes-out={bytes_out}"))
}

fn flag(row: &Row<'_>, field: &str) -> Result<bool, BadRow> {
    Ok(row.optional(field, words::boolean)?.unwrap_or(false))
}

fn user(row: &Row<'_>) -> Result<HotspotUser, BadRow> {
    row.check()?;
    let uptime_limit = match row.optional("limit-uptime", words::span)? {
        None | Some(TimeSpan::Never | TimeSpan::Ms(0)) => false,
        Some(TimeSpan::Ms(_)) => true,
    };
    let uptime_s = match row.optional("uptime", words::span)? {
        None | Some(TimeSpan::Never) => 0,
        Some(TimeSpan::Ms(ms)) => ms.div_ceil(1000),
    };
    Ok(HotspotUser {
        row: row.required(".id", words::row_id)?,
        server: row.text("server")?.unwrap_or("all").to_owned(),
        name: row.text("name")?.ok_or("row without name")?.to_owned(),
        mac: device(row)?,
        limit: limit(row, "limit-bytes-total")?,
        has_direction_limit: limit(row, "limit-bytes-in")?.or(limit(row, "limit-bytes-out")?).is_some(),
        has_uptime_limit: uptime_limit,
        uptime_s,
        bytes: bytes(row)?,
        is_builtin: flag(row, "default")? || flag(row, "dynamic")?,
        disabled: flag(row, "disabled")?,
        comment: row.lossy("comment").into_owned(),
    })
}

fn session(row: &Row<'_>) -> Result<HotspotSession, BadRow> {
    row.check()?;
    let count = |field| row.required(field, words::counter);
    let (bytes_in, bytes_out) = (count("bytes-in")?, count("bytes-out")?);
    Ok(HotspotSession {
        row: row.required(".id", words::row_id)?,
        user: row.text("user")?.ok_or("row without user")?.to_owned(),
        mac: device(row)?,
        address: row.text("address")?.and_then(words::address),
        bytes: words::total(bytes_in, bytes_out)
            .ok_or_else(|| format!("bytes-in={bytes_in} and bytes-out={bytes_out}"))?,
    })
}

fn cookie(row: &Row<'_>) -> Result<HotspotCookie, BadRow> {
    row.check()?;
    Ok(HotspotCookie {
        row: row.required(".id", words::row_id)?,
        user: row.text("user")?.ok_or("row without user")?.to_owned(),
        mac: device(row)?,
    })
}
