//! Connections that read, lent to one reader after the other: opening one reads the whole schema, which takes longer than
//! most pages.

use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::connect::open_beside;
use super::error::StoreError;

/// Connections that are kept while nobody reads. Few pages are made at the same moment, and each connection takes memory.
const IDLE_MAX: usize = 2;

/// The connections to a store that nobody uses now.
#[derive(Debug, Default)]
pub(super) struct IdleConnections(Mutex<Vec<Connection>>);

/// A connection that goes back when it is dropped, without its transaction.
#[derive(Debug)]
pub(super) struct Lent {
    /// There until it is dropped.
    conn: Option<Connection>,
    /// Where it goes; `None` for one that is closed.
    home: Option<Arc<IdleConnections>>,
}

impl IdleConnections {
    /// An idle connection to the store at `path`, else a new one.
    pub fn lend(home: &Arc<Self>, path: &Path) -> Result<Lent, StoreError> {
        let idle = home.idle(Vec::pop);
        let conn = idle.map_or_else(|| open_beside(path), Ok)?;
        Ok(Lent { conn: Some(conn), home: Some(Arc::clone(home)) })
    }

    /// Closes those that nobody uses.
    pub fn close(&self) {
        self.idle(Vec::clear);
    }

    fn take_back(&self, conn: Connection) {
        let is_clean = conn.is_autocommit() || conn.execute_batch("ROLLBACK").is_ok();
        // Its pages go: the system keeps them as well.
        if is_clean && conn.release_memory().is_ok() {
            let one_too_many = self.idle(|idle| {
                if idle.len() < IDLE_MAX {
                    idle.push(conn);
                    return None;
                }
                Some(conn)
            });
            drop(one_too_many);
        }
    }

    fn idle<T>(&self, with: impl FnOnce(&mut Vec<Connection>) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl From<Connection> for Lent {
    fn from(conn: Connection) -> Self {
        Self { conn: Some(conn), home: None }
    }
}

impl Deref for Lent {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.conn.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(conn), Some(home)) = (self.conn.take(), &self.home) {
            home.take_back(conn);
        }
    }
}
