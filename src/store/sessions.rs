//! Sessions and one-time codes. While the store cannot be written, they are kept in memory.

use rusqlite::{OptionalExtension, params};

use super::admins::SecretKind;
use super::error::StoreError;
use super::held_logins::{HeldLogins, HeldSession, STEPS_AHEAD_MAX};
use super::lifecycle::Store;
use super::write::Writer;
use crate::domain::role::Role;
use crate::domain::units::Timestamp;

/// The most sessions in memory; the oldest is dropped for a new one.
const SESSIONS_MAX: usize = 64;
/// The most ended sessions in memory; further ones cannot be ended until the store can be written.
const ENDED_MAX: usize = 256;

impl Store {
    /// Opens a session, in memory if the store cannot be written.
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
        held.retain(|session| session.is_valid(created_at));
        if held.len() >= SESSIONS_MAX {
            held.remove(0);
        }
        held.push(HeldSession { hash: *hash, admin: admin.to_owned(), role, created_at, expires_at });
        Ok(())
    }

    /// The owner and role of a session in memory that is valid at `now`.
    pub fn held_session(&self, hash: &[u8; 32], now: Timestamp) -> Option<(String, Role)> {
        let is_it = |session: &&HeldSession| session.hash == *hash && session.is_valid(now);
        self.held.sessions.iter().find(is_it).map(|session| (session.admin.clone(), session.role))
    }

    /// The number of an admin's sessions in memory.
    pub fn held_sessions(&self, admin: &str) -> u64 {
        self.held.sessions.iter().filter(|session| session.admin == admin).count() as u64
    }

    /// Whether a stored session was ended while the store could not be written.
    pub fn is_ended(&self, hash: &[u8; 32]) -> bool {
        self.held.ended.contains(hash)
    }

    /// Ends a session, in memory if the store cannot be written.
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

    /// Moves the times of every session, when another clock counts from here on.
    pub fn move_sessions(&mut self, by_ms: i64) -> Result<(), StoreError> {
        for session in &mut self.held.sessions {
            session.created_at = Timestamp(session.created_at.0.saturating_add(by_ms));
            session.expires_at = Timestamp(session.expires_at.0.saturating_add(by_ms));
        }
        self.write(|writer| {
            let sql = "UPDATE tokens SET created_at = created_at + ?1, expires_at = expires_at + ?1
                       WHERE kind = 'session' AND expires_at < ?2";
            writer.run(sql, [by_ms, i64::MAX / 2])
        })
    }

    /// Records that a code of `step` was accepted, in memory if the store cannot be written. `false` when this step,
    /// or a later one, was accepted before.
    pub fn accept_step(&mut self, admin: &str, step: i64) -> Result<bool, StoreError> {
        let is_used = |held: &i64| (step..=step.saturating_add(STEPS_AHEAD_MAX)).contains(held);
        if self.held.steps.get(admin).is_some_and(is_used) {
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

    /// Whether no code of `step` or a later one is stored for an admin. `false` without such an admin.
    fn is_later_step(&self, admin: &str, step: i64) -> Result<bool, StoreError> {
        let sql = "SELECT ifnull(totp_step < ?2 OR totp_step > ?2 + ?3, TRUE) FROM admins WHERE name = ?1";
        let values = params![admin, step, STEPS_AHEAD_MAX];
        let found = self.conn.query_row(sql, values, |row| row.get(0)).optional()?;
        Ok(found.unwrap_or(false))
    }

    /// Drops an admin's sessions in memory except the one with that hash.
    pub(super) fn drop_held_sessions(&mut self, admin: &str, but: &[u8]) {
        self.held.sessions.retain(|session| session.admin != admin || session.hash == but);
    }

    /// Drops everything in memory of a removed admin.
    pub(super) fn drop_held(&mut self, admin: &str) {
        self.drop_held_sessions(admin, &[]);
        self.held.steps.remove(admin);
    }

    /// Writes the changes in memory, if there are any.
    pub fn write_held_logins(&mut self) -> Result<(), StoreError> {
        if self.held.is_empty() {
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        let written = self.write(|writer| writer.held_logins(&held));
        if written.is_err() {
            self.held = held;
        }
        written
    }
}

impl Writer<'_> {
    /// Stores that a code of `step` was accepted; returns 0 when this step or a later one was before. A step of days
    /// ahead was accepted by a clock that was set back since, and refuses nothing.
    pub(super) fn step(&mut self, admin: &str, step: i64) -> Result<usize, StoreError> {
        let sql = "UPDATE admins SET totp_step = ?2
                   WHERE name = ?1 AND ifnull(totp_step < ?2 OR totp_step > ?2 + ?3, TRUE)";
        self.change(sql, params![admin, step, STEPS_AHEAD_MAX])
    }

    fn held_logins(&mut self, held: &HeldLogins) -> Result<(), StoreError> {
        for session in &held.sessions {
            let HeldSession { hash, admin, role, created_at, expires_at } = session;
            self.run(
                "INSERT INTO tokens (hash, admin, role, kind, created_at, expires_at)
                 SELECT ?1, ?2, ?3, 'session', ?4, ?5 WHERE EXISTS (SELECT 1 FROM admins WHERE name = ?2)",
                params![hash, admin, role.name(), created_at.0, expires_at.0],
            )?;
        }
        for (admin, step) in &held.steps {
            self.step(admin, *step)?;
        }
        for hash in &held.ended {
            self.run("DELETE FROM tokens WHERE hash = ?1", [hash])?;
        }
        Ok(())
    }
}
