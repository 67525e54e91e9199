//! Admins, API tokens and browser sessions. Secrets are stored as hashes only.

use std::fmt;

use rusqlite::{OptionalExtension, params};

use super::error::StoreError;
use super::held_logins::AHEAD_MAX_MS;
use super::lifecycle::Store;
use super::read::Reader;
use super::rows::{parsed, unsigned};
use crate::domain::role::Role;
use crate::domain::units::Timestamp;

/// The kind of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// An API token, valid until removed.
    Token,
    /// A browser session.
    Session,
}

/// A local admin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminRecord {
    /// Log-in name.
    pub name: String,
    /// The admin's role.
    pub role: Role,
    /// Argon2id in PHC form.
    pub password_hash: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// The admin's one-time codes.
    pub second_factor: SecondFactor,
}

/// One-time codes of an admin. The secrets are left out of `Debug` output.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecondFactor {
    /// Base32 of the active secret; `None` is off.
    pub secret: Option<String>,
    /// Base32 of a secret that no code has confirmed yet.
    pub pending: Option<String>,
}

impl SecondFactor {
    /// Whether a code is required.
    pub fn is_on(&self) -> bool {
        self.secret.is_some()
    }
}

impl fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(if self.is_on() { "SecondFactor(on)" } else { "SecondFactor(off)" })
    }
}

/// A valid API token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    /// SHA-256 of the token, by which it is removed.
    pub hash: Vec<u8>,
    /// The admin who owns it.
    pub admin: String,
    /// The token's role.
    pub role: Role,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Store {
    /// One statement as a commit of its own; returns how many rows it changed.
    fn execute(&mut self, sql: &str, values: impl rusqlite::Params) -> Result<usize, StoreError> {
        self.write(|writer| writer.change(sql, values))
    }

    /// Adds an admin. `false` when the name is taken, ignoring case.
    pub fn add_admin(&mut self, admin: &AdminRecord) -> Result<bool, StoreError> {
        let added = self.execute(
            "INSERT INTO admins (name, role, password_hash, created_at)
             SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM admins WHERE lower(name) = lower(?1))",
            params![admin.name, admin.role.name(), admin.password_hash, admin.created_at.0],
        )?;
        Ok(added == 1)
    }

    /// Removes an admin with every token and session. `false` when there is none.
    pub fn remove_admin(&mut self, name: &str) -> Result<bool, StoreError> {
        let removed = self.execute("DELETE FROM admins WHERE name = ?1", [name])? == 1;
        self.drop_held(name);
        Ok(removed)
    }

    /// Replaces an admin's password and ends every session but the one with that hash; the quick PIN ends, too. `false`
    /// when there is no such admin.
    pub fn set_password(&mut self, admin: &str, hash: &str, but: &[u8]) -> Result<bool, StoreError> {
        let changed = self.write(|writer| {
            let sql = "UPDATE admins SET password_hash = ?2, quick_pin_hash = NULL WHERE name = ?1";
            let changed = writer.change(sql, params![admin, hash])? == 1;
            let sql = "DELETE FROM tokens WHERE admin = ?1 AND hash <> ?2 AND kind = 'session'";
            writer.run(sql, params![admin, but])?;
            Ok(changed)
        })?;
        self.drop_held_sessions(admin, but);
        Ok(changed)
    }

    /// Changes an admin's role and ends every session; tokens may do no more than the role from here on. `false` when
    /// there is no such admin.
    pub fn set_role(&mut self, admin: &str, role: Role) -> Result<bool, StoreError> {
        let changed = self.write(|writer| {
            let sql = "UPDATE admins SET role = ?2, quick_pin_hash = NULL WHERE name = ?1";
            let changed = writer.change(sql, params![admin, role.name()])? == 1;
            writer.run("DELETE FROM tokens WHERE admin = ?1 AND kind = 'session'", [admin])?;
            for higher in Role::ALL.into_iter().filter(|other| *other > role) {
                let sql = "UPDATE tokens SET role = ?2 WHERE admin = ?1 AND role = ?3";
                writer.run(sql, params![admin, role.name(), higher.name()])?;
            }
            Ok(changed)
        })?;
        self.drop_held_sessions(admin, &[]);
        Ok(changed)
    }

    /// Stores the hash of an admin's quick PIN; `None` removes it.
    pub fn set_quick_pin(&mut self, admin: &str, hash: Option<&str>) -> Result<bool, StoreError> {
        let sql = "UPDATE admins SET quick_pin_hash = ?2 WHERE name = ?1";
        Ok(self.execute(sql, params![admin, hash])? == 1)
    }

    /// Stores the secret of a second factor that is being set up, replacing an earlier one. `false` when there is no
    /// such admin.
    pub fn begin_second_factor(&mut self, admin: &str, secret: &str) -> Result<bool, StoreError> {
        let sql = "UPDATE admins SET totp_pending = ?2 WHERE name = ?1";
        Ok(self.execute(sql, params![admin, secret])? == 1)
    }

    /// Activates the pending secret, confirmed by the code of `step`. `false` when none is pending.
    pub fn confirm_second_factor(&mut self, admin: &str, step: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE admins SET totp_secret = totp_pending, totp_pending = NULL, totp_step = ?2
                   WHERE name = ?1 AND totp_pending IS NOT NULL";
        Ok(self.execute(sql, params![admin, step])? == 1)
    }

    /// Stores that a code of `step` was accepted. `false` when this step, or a later one, was accepted before.
    pub(super) fn write_step(&mut self, admin: &str, step: i64) -> Result<bool, StoreError> {
        self.write(|writer| Ok(writer.step(admin, step)? == 1))
    }

    /// Removes an admin's second factor, pending or active. `false` when none was active.
    pub fn end_second_factor(&mut self, admin: &str) -> Result<bool, StoreError> {
        self.write(|writer| {
            let sql = "UPDATE admins SET totp_pending = NULL WHERE name = ?1 AND totp_pending IS NOT NULL";
            writer.run(sql, [admin])?;
            // The step is kept, so that a used code is never accepted again.
            let sql = "UPDATE admins SET totp_secret = NULL WHERE name = ?1 AND totp_secret IS NOT NULL";
            Ok(writer.change(sql, [admin])? == 1)
        })
    }

    /// Stores the hash of a secret for an admin.
    pub fn add_secret(
        &mut self,
        hash: &[u8; 32],
        admin: &str,
        role: Role,
        kind: SecretKind,
        now: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let kind = if kind == SecretKind::Token { "token" } else { "session" };
        self.write(|writer| {
            // Sessions that are over are deleted here: log-ins are rare, and no other place needs to check.
            let sql = "DELETE FROM tokens WHERE expires_at < ?1 OR (kind = 'session' AND created_at > ?1 + ?2)";
            writer.run(sql, [now.0, AHEAD_MAX_MS])?;
            writer.run(
                "INSERT INTO tokens (hash, admin, role, kind, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![hash, admin, role.name(), kind, now.0, expires_at.map(|t| t.0)],
            )
        })
    }

    /// Removes a token of an admin. `false` when there is none.
    pub fn remove_token(&mut self, admin: &str, hash: &[u8]) -> Result<bool, StoreError> {
        let sql = "DELETE FROM tokens WHERE admin = ?1 AND hash = ?2 AND kind = 'token'";
        Ok(self.execute(sql, params![admin, hash])? == 1)
    }

    /// Ends every session of an admin except the one with that hash.
    pub fn end_sessions(&mut self, admin: &str, but: &[u8]) -> Result<usize, StoreError> {
        let sql = "DELETE FROM tokens WHERE admin = ?1 AND hash <> ?2 AND kind = 'session'";
        let ended = self.execute(sql, params![admin, but])?;
        self.drop_held_sessions(admin, but);
        Ok(ended)
    }

    /// Deletes a secret, as logging out does.
    pub(super) fn remove_secret(&mut self, hash: &[u8; 32]) -> Result<(), StoreError> {
        self.execute("DELETE FROM tokens WHERE hash = ?1", [hash])?;
        Ok(())
    }
}

impl Reader {
    /// API tokens of all admins, the oldest first.
    pub fn tokens(&self) -> Result<Vec<TokenRecord>, StoreError> {
        let sql = "SELECT * FROM tokens WHERE kind = 'token' ORDER BY admin, created_at";
        self.all(sql, [], |row| {
            Ok(TokenRecord {
                hash: row.get("hash")?,
                admin: row.get("admin")?,
                role: parsed(row, "role", Role::from_name)?,
                created_at: Timestamp(row.get("created_at")?),
            })
        })
    }

    /// The number of an admin's sessions valid at `now`.
    pub fn sessions(&self, admin: &str, now: Timestamp) -> Result<u64, StoreError> {
        let sql =
            "SELECT count(*) AS n FROM tokens WHERE admin = ?1 AND kind = 'session' AND expires_at >= ?2
                   AND created_at <= ?2 + ?3";
        let found = self.all(sql, params![admin, now.0, AHEAD_MAX_MS], |row| unsigned(row, "n"))?;
        Ok(found.first().copied().unwrap_or_default())
    }

    /// Every admin, by name.
    pub fn admins(&self) -> Result<Vec<AdminRecord>, StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT * FROM admins ORDER BY name")?;
        let mut rows = statement.query([])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push(admin(row)?);
        }
        Ok(out)
    }

    /// The admin with that name.
    pub fn admin(&self, name: &str) -> Result<Option<AdminRecord>, StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT * FROM admins WHERE name = ?1")?;
        let mut rows = statement.query([name])?;
        rows.next()?.map(admin).transpose()
    }

    /// The hash of an admin's quick PIN.
    pub fn quick_pin(&self, admin: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT quick_pin_hash FROM admins WHERE name = ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([admin], |row| row.get(0)).optional()?.flatten())
    }

    /// The stored name for user input, ignoring case, because phones capitalize the first letter. An exact match is
    /// preferred; of two names that differ only in case, neither matches.
    pub fn admin_named(&self, typed: &str) -> Result<Option<String>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT name FROM admins WHERE lower(name) = lower(?1) ORDER BY name = ?1 DESC LIMIT 2",
        )?;
        let names = statement.query_map([typed.trim()], |row| row.get::<_, String>(0))?;
        let names = names.collect::<Result<Vec<_>, _>>()?;
        let is_meant = names.len() == 1 || names.first().is_some_and(|name| name == typed.trim());
        Ok(names.into_iter().next().filter(|_| is_meant))
    }

    /// The owner and role of a secret that is valid at `now`.
    pub fn secret(
        &self,
        hash: &[u8; 32],
        kind: SecretKind,
        now: Timestamp,
    ) -> Result<Option<(String, Role)>, StoreError> {
        let kind = if kind == SecretKind::Token { "token" } else { "session" };
        let mut statement = self.conn.prepare_cached(
            "SELECT admin, role FROM tokens WHERE hash = ?1 AND kind = ?2
             AND (expires_at IS NULL OR (expires_at >= ?3 AND created_at <= ?3 + ?4))",
        )?;
        let found = statement
            .query_row(params![hash, kind, now.0, AHEAD_MAX_MS], |row| {
                Ok((row.get(0)?, row.get::<_, String>(1)?))
            })
            .optional()?;
        Ok(found.and_then(|(admin, role)| Some((admin, Role::from_name(&role)?))))
    }
}

fn admin(row: &rusqlite::Row) -> Result<AdminRecord, StoreError> {
    Ok(AdminRecord {
        name: row.get("name")?,
        role: parsed(row, "role", Role::from_name)?,
        password_hash: row.get("password_hash")?,
        created_at: Timestamp(row.get("created_at")?),
        second_factor: SecondFactor { secret: row.get("totp_secret")?, pending: row.get("totp_pending")? },
    })
}
