//! Sessions and one-time codes, also while nothing can be written: then they are held in memory.

use rusqlite::{OptionalExtension, TransactionBehavior, params};

use super::admins::SecretKind;
use super::error::StoreError;
use super::held_logins::{HeldLogins, HeldSession};
use super::lifecycle::Store;
use crate::domain::role::Role;
use crate::domain::units::Timestamp;

/// Sessions that are held at most; the oldest makes room.
const SESSIONS_MAX: usize = 64;
/// Ended sessions that are held at most; further ones cannot be ended until the store can be written.
const ENDED_MAX: usize = 256;

impl Store {
    /// Opens a session. Where nothing can be written it is held in memory.
    pub fn open_session(
        &mut self,
        hash: &[u8; 32],
        admin: &str,
        role: Role,
        created_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let added = self.add_secret(hash, admin, role, SecretKind::Session, created_at, Some(expires_at));
        let Err(StoreError::Unwritable(_)) = added else { return added };
        let held = &mut self.held.sessions;
        held.retain(|session| session.expires_at >= created_at);
        if held.len() >= SESSIONS_MAX {
            held.remove(0);
        }
        held.push(HeldSession { hash: *hash, admin: admin.to_owned(), role, created_at, expires_at });
        Ok(())
    }

    /// Whose session in memory this is, if it is good at `now`.
    pub fn held_session(&self, hash: &[u8; 32], now: Timestamp) -> Option<(String, Role)> {
        let is_it = |session: &&HeldSession| session.hash == *hash && session.expires_at >= now;
        self.held.sessions.iter().find(is_it).map(|session| (session.admin.clone(), session.role))
    }

    /// How many sessions in memory an admin has.
    pub fn held_sessions(&self, admin: &str) -> u64 {
        self.held.sessions.iter().filter(|session| session.admin == admin).count() as u64
    }

    /// Whether a stored session was ended while that could not be written.
    pub fn is_ended(&self, hash: &[u8; 32]) -> bool {
        self.held.ended.contains(hash)
    }

    /// Ends a session. Where nothing can be written that is held in memory.
    pub fn end_session(&mut self, hash: &[u8; 32]) -> Result<(), StoreError> {
        let held = self.held.sessions.len();
        self.held.sessions.retain(|session| session.hash != *hash);
        if self.held.sessions.len() < held {
            return Ok(());
        }
        match self.remove_secret(hash) {
            Err(StoreError::Unwritable(_)) if self.held.ended.len() < ENDED_MAX => {
                self.held.ended.insert(*hash);
                Ok(())
            }
            other => other,
        }
    }

    /// Remembers that a code of `step` was accepted, in memory where nothing can be written. `false` when it, or a later
    /// one, was before.
    pub fn accept_step(&mut self, admin: &str, step: i64) -> Result<bool, StoreError> {
        if self.held.steps.get(admin).is_some_and(|held| *held >= step) {
            return Ok(false);
        }
        match self.write_step(admin, step) {
            Err(StoreError::Unwritable(_)) => {
                let is_later = self.is_later_step(admin, step)?;
                if is_later {
                    self.held.steps.insert(admin.to_owned(), step);
                }
                Ok(is_later)
            }
            other => other,
        }
    }

    /// Whether no code of `step` or a later one is stored of an admin. `false` without such an admin.
    fn is_later_step(&self, admin: &str, step: i64) -> Result<bool, StoreError> {
        let sql = "SELECT ifnull(totp_step < ?2, TRUE) FROM admins WHERE name = ?1";
        let found = self.conn.query_row(sql, params![admin, step], |row| row.get(0)).optional()?;
        Ok(found.unwrap_or(false))
    }

    /// Forgets the sessions in memory of an admin, but the one with that hash.
    pub(super) fn drop_held_sessions(&mut self, admin: &str, but: &[u8]) {
        self.held.sessions.retain(|session| session.admin != admin || session.hash == but);
    }

    /// Forgets everything that is held of an admin who was removed.
    pub(super) fn drop_held(&mut self, admin: &str) {
        self.drop_held_sessions(admin, &[]);
        self.held.steps.remove(admin);
    }

    /// Writes what is held, where something is.
    pub fn write_held_logins(&mut self) -> Result<(), StoreError> {
        if self.held.is_empty() {
            return Ok(());
        }
        self.check_writable()?;
        let written = self.write_held();
        self.judged(written)?;
        self.held = HeldLogins::default();
        Ok(())
    }

    fn write_held(&mut self) -> Result<(), StoreError> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for session in &self.held.sessions {
            let HeldSession { hash, admin, role, created_at, expires_at } = session;
            tx.execute(
                "INSERT INTO tokens (hash, admin, role, kind, created_at, expires_at)
                 SELECT ?1, ?2, ?3, 'session', ?4, ?5 WHERE EXISTS (SELECT 1 FROM admins WHERE name = ?2)",
                params![hash, admin, role.name(), created_at.0, expires_at.0],
            )?;
        }
        for (admin, step) in &self.held.steps {
            tx.execute(
                "UPDATE admins SET totp_step = ?2 WHERE name = ?1 AND ifnull(totp_step < ?2, TRUE)",
                params![admin, step],
            )?;
        }
        for hash in &self.held.ended {
            tx.execute("DELETE FROM tokens WHERE hash = ?1", [hash])?;
        }
        Ok(tx.commit()?)
    }
}
