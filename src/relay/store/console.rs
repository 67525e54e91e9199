//! What the operator's console asks of the relay's store.

use super::error::StoreFuture;
use super::operators::{
    AcceptedCode, LogAuthor, OperatorChange, OperatorLogLine, OperatorRefusal, SessionOpening, SessionsEnd,
    StoredOperator, StoredSession,
};
use super::overview::{Income, OrderPlace, PlacedOrder, SiteFigures};
use crate::domain::units::Timestamp;

/// Operators, their log-ins and their log, and figures of sites. Part of every [`super::RelayStore`], whose contract
/// holds here too: a method is one transaction.
pub trait ConsoleStore: Send + Sync {
    /// Every operator, by name.
    fn operators(&self) -> StoreFuture<'_, Vec<StoredOperator>>;

    /// Changes an operator and logs it, or says why not.
    fn change_operator<'a>(
        &'a self,
        change: &'a OperatorChange,
        by: &'a LogAuthor,
    ) -> StoreFuture<'a, Result<(), OperatorRefusal>>;

    /// Puts a log-in in force: `false` where the password was changed meanwhile, the log-in without a code that it replaces
    /// ended, or the code was used before. Of several callers with one code, in whatever process, one gets `true`. A full
    /// log-in is logged. Log-ins that are over are dropped.
    fn open_session<'a>(&'a self, opening: &'a SessionOpening, by: &'a LogAuthor) -> StoreFuture<'a, bool>;

    /// A log-in by the SHA-256 of its secret, with its operator, unless it is over.
    fn session<'a>(
        &'a self,
        sha256: &'a [u8; 32],
        now: Timestamp,
    ) -> StoreFuture<'a, Option<(StoredSession, StoredOperator)>>;

    /// Moves the end of a log-in that is not over at `now` further away.
    fn extend_session<'a>(
        &'a self,
        sha256: &'a [u8; 32],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> StoreFuture<'a, ()>;

    /// Takes a code of an operator who shows password and code again for one change: `false` where the code was used before,
    /// or the password was changed meanwhile. Of several callers with one code, in whatever process, one gets `true`.
    fn accept_code<'a>(
        &'a self,
        operator: &'a str,
        password_hash: &'a str,
        code: &'a AcceptedCode,
    ) -> StoreFuture<'a, bool>;

    /// The full log-ins of an operator that are not over, newest first.
    fn sessions<'a>(&'a self, operator: &'a str, now: Timestamp) -> StoreFuture<'a, Vec<StoredSession>>;

    /// Ends log-ins. Those of others are logged.
    fn end_sessions<'a>(&'a self, which: &'a SessionsEnd, by: &'a LogAuthor) -> StoreFuture<'a, ()>;

    /// Lines of the log before `before`, newest first.
    fn operator_log(&self, before: Option<u64>, limit: u32) -> StoreFuture<'_, Vec<OperatorLogLine>>;

    /// Figures of these sites, in their order; income since `since`. At most [`super::overview::FIGURES_SITES_MAX`].
    fn site_figures<'a>(&'a self, sites: &'a [String], since: Timestamp)
    -> StoreFuture<'a, Vec<SiteFigures>>;

    /// Money of all sites from `from` until before `until`.
    fn income(&self, from: Timestamp, until: Timestamp) -> StoreFuture<'_, Income>;

    /// A site's orders that were opened before `before`, newest first.
    fn orders_of_site<'a>(
        &'a self,
        site: &'a str,
        before: Option<OrderPlace>,
        limit: u32,
    ) -> StoreFuture<'a, Vec<PlacedOrder>>;
}
