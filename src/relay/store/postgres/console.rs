//! What the operator's console asks of the server.

use std::sync::Arc;

use super::clients::Loan;
use super::{PostgresStore, operators, overview};
use crate::domain::units::Timestamp;
use crate::relay::store::StoreFuture;
use crate::relay::store::console::ConsoleStore;
use crate::relay::store::operators::{
    AcceptedCode, LogAuthor, OperatorChange, OperatorLogLine, OperatorRefusal, SessionOpening, SessionsEnd,
    StoredOperator, StoredSession,
};
use crate::relay::store::overview::{Income, OrderPlace, PlacedOrder, SiteFigures};

impl ConsoleStore for PostgresStore {
    fn operators(&self) -> StoreFuture<'_, Vec<StoredOperator>> {
        Box::pin(self.clients.read(|db| async move { operators::list(&db).await }))
    }

    fn change_operator<'a>(
        &'a self,
        change: &'a OperatorChange,
        by: &'a LogAuthor,
    ) -> StoreFuture<'a, Result<(), OperatorRefusal>> {
        let work = move |db: Arc<Loan>| async move { operators::change(&db, change, by).await };
        Box::pin(self.clients.change(work))
    }

    fn open_session<'a>(&'a self, opening: &'a SessionOpening, by: &'a LogAuthor) -> StoreFuture<'a, bool> {
        let work = move |db: Arc<Loan>| async move { operators::open_session(&db, opening, by).await };
        Box::pin(self.clients.change(work))
    }

    fn session<'a>(
        &'a self,
        sha256: &'a [u8; 32],
        now: Timestamp,
    ) -> StoreFuture<'a, Option<(StoredSession, StoredOperator)>> {
        Box::pin(self.clients.read(move |db| async move { operators::session(&db, sha256, now).await }))
    }

    fn extend_session<'a>(
        &'a self,
        sha256: &'a [u8; 32],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> StoreFuture<'a, ()> {
        let work =
            move |db: Arc<Loan>| async move { operators::extend_session(&db, sha256, now, expires_at).await };
        Box::pin(self.clients.change(work))
    }

    fn accept_code<'a>(
        &'a self,
        operator: &'a str,
        password_hash: &'a str,
        code: &'a AcceptedCode,
    ) -> StoreFuture<'a, bool> {
        let work = move |db: Arc<Loan>| async move {
            operators::accept_code(&db, operator, password_hash, code).await
        };
        Box::pin(self.clients.change(work))
    }

    fn sessions<'a>(&'a self, operator: &'a str, now: Timestamp) -> StoreFuture<'a, Vec<StoredSession>> {
        Box::pin(self.clients.read(move |db| async move { operators::sessions(&db, operator, now).await }))
    }

    fn end_sessions<'a>(&'a self, which: &'a SessionsEnd, by: &'a LogAuthor) -> StoreFuture<'a, ()> {
        let work = move |db: Arc<Loan>| async move { operators::end_sessions(&db, which, by).await };
        Box::pin(self.clients.change(work))
    }

    fn operator_log(&self, before: Option<u64>, limit: u32) -> StoreFuture<'_, Vec<OperatorLogLine>> {
        Box::pin(self.clients.read(move |db| async move { operators::log(&db, before, limit).await }))
    }

    fn site_figures<'a>(
        &'a self,
        sites: &'a [String],
        since: Timestamp,
    ) -> StoreFuture<'a, Vec<SiteFigures>> {
        Box::pin(self.clients.read(move |db| async move { overview::site_figures(&db, sites, since).await }))
    }

    fn income(&self, from: Timestamp, until: Timestamp) -> StoreFuture<'_, Income> {
        Box::pin(self.clients.read(move |db| async move { overview::income(&db, from, until).await }))
    }

    fn orders_of_site<'a>(
        &'a self,
        site: &'a str,
        before: Option<OrderPlace>,
        limit: u32,
    ) -> StoreFuture<'a, Vec<PlacedOrder>> {
        let work =
            move |db: Arc<Loan>| async move { overview::orders_of_site(&db, site, before, limit).await };
        Box::pin(self.clients.read(work))
    }
}
