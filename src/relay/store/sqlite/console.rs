//! What the operator's console asks of the file.

use super::{SqliteStore, operators, overview};
use crate::domain::units::Timestamp;
use crate::relay::store::StoreFuture;
use crate::relay::store::console::ConsoleStore;
use crate::relay::store::operators::{
    AcceptedCode, LogAuthor, OperatorChange, OperatorLogLine, OperatorRefusal, SessionOpening, SessionsEnd,
    StoredOperator, StoredSession,
};
use crate::relay::store::overview::{Income, OrderPlace, PlacedOrder, SiteFigures};

impl ConsoleStore for SqliteStore {
    fn operators(&self) -> StoreFuture<'_, Vec<StoredOperator>> {
        Box::pin(self.readers.read(operators::list))
    }

    fn change_operator<'a>(
        &'a self,
        change: &'a OperatorChange,
        by: &'a LogAuthor,
    ) -> StoreFuture<'a, Result<(), OperatorRefusal>> {
        let (change, by) = (change.clone(), by.clone());
        Box::pin(self.writer.change(move |desk| operators::change(desk, &change, &by)))
    }

    fn open_session<'a>(&'a self, opening: &'a SessionOpening, by: &'a LogAuthor) -> StoreFuture<'a, bool> {
        let (opening, by) = (opening.clone(), by.clone());
        Box::pin(self.writer.change(move |desk| operators::open_session(desk, &opening, &by)))
    }

    fn session<'a>(
        &'a self,
        sha256: &'a [u8; 32],
        now: Timestamp,
    ) -> StoreFuture<'a, Option<(StoredSession, StoredOperator)>> {
        let sha256 = *sha256;
        Box::pin(self.readers.read(move |conn| operators::session(conn, &sha256, now)))
    }

    fn extend_session<'a>(
        &'a self,
        sha256: &'a [u8; 32],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> StoreFuture<'a, ()> {
        let sha256 = *sha256;
        Box::pin(self.writer.change(move |desk| operators::extend_session(desk, &sha256, now, expires_at)))
    }

    fn accept_code<'a>(
        &'a self,
        operator: &'a str,
        password_hash: &'a str,
        code: &'a AcceptedCode,
    ) -> StoreFuture<'a, bool> {
        let (operator, password_hash, code) = (operator.to_owned(), password_hash.to_owned(), code.clone());
        Box::pin(
            self.writer.change(move |desk| operators::accept_code(desk, &operator, &password_hash, &code)),
        )
    }

    fn sessions<'a>(&'a self, operator: &'a str, now: Timestamp) -> StoreFuture<'a, Vec<StoredSession>> {
        let operator = operator.to_owned();
        Box::pin(self.readers.read(move |conn| operators::sessions(conn, &operator, now)))
    }

    fn end_sessions<'a>(&'a self, which: &'a SessionsEnd, by: &'a LogAuthor) -> StoreFuture<'a, ()> {
        let (which, by) = (which.clone(), by.clone());
        Box::pin(self.writer.change(move |desk| operators::end_sessions(desk, &which, &by)))
    }

    fn operator_log(&self, before: Option<u64>, limit: u32) -> StoreFuture<'_, Vec<OperatorLogLine>> {
        Box::pin(self.readers.read(move |conn| operators::log(conn, before, limit)))
    }

    fn site_figures<'a>(
        &'a self,
        sites: &'a [String],
        since: Timestamp,
    ) -> StoreFuture<'a, Vec<SiteFigures>> {
        let sites = sites.to_vec();
        Box::pin(self.readers.read(move |conn| overview::site_figures(conn, &sites, since)))
    }

    fn income(&self, from: Timestamp, until: Timestamp) -> StoreFuture<'_, Income> {
        Box::pin(self.readers.read(move |conn| overview::income(conn, from, until)))
    }

    fn orders_of_site<'a>(
        &'a self,
        site: &'a str,
        before: Option<OrderPlace>,
        limit: u32,
    ) -> StoreFuture<'a, Vec<PlacedOrder>> {
        let site = site.to_owned();
        Box::pin(self.readers.read(move |conn| overview::orders_of_site(conn, &site, before, limit)))
    }
}
