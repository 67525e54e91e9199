//! Changes that operators make, for pages and API alike: who may, what is asked for once more, what is done, and what is logged.

use std::sync::Arc;

use super::caller::ConsoleCaller;
use super::sessions::{self, PasswordProof};
use super::state::ConsoleState;
use crate::domain::role::Role;
use crate::protocol::admin::values::{AdminName, Password};
use crate::relay::directory::edit::{DirectoryEditor, EditError, NewMerchant};
use crate::relay::directory::token::SiteToken;
use crate::relay::directory::{DirectoryEntries, KeyCipher};
use crate::relay::operators::edit::OperatorEditor;
use crate::relay::store::directory::SiteState;
use crate::relay::store::operators::{LogAuthor, SessionsEnd};
use crate::settings::Secret;
use crate::web::Problem;

/// Changes in the name of a caller. Each method says by itself who may.
pub(super) struct ConsoleChange<'a> {
    /// What it changes.
    pub state: &'a ConsoleState,
    /// Who changes it.
    pub caller: &'a ConsoleCaller,
}

/// The least role that may change sites.
pub(super) const SITE_ROLE: Role = Role::Operator;
/// The least role that may remove sites, and change merchants and operators.
pub(super) const OWNER_ROLE: Role = Role::Owner;

impl ConsoleChange<'_> {
    /// Adds a site with the token of this hash, or else with a new one, which is answered.
    pub async fn add_site(
        &self,
        id: &str,
        merchant: &str,
        token_sha256: Option<[u8; 32]>,
    ) -> Result<Option<SiteToken>, Problem> {
        self.caller.demand(SITE_ROLE)?;
        let (by, cipher, file) = self.tools().await;
        let editor = self.editor(&by, &cipher, &file);
        let token = editor.add_site(id, merchant, token_sha256).await?;
        self.log("site.add", id);
        Ok(token)
    }

    /// Replaces a site's token.
    pub async fn rotate_token(&self, id: &str) -> Result<SiteToken, Problem> {
        self.caller.demand(SITE_ROLE)?;
        let (by, cipher, file) = self.tools().await;
        let token = self.editor(&by, &cipher, &file).rotate_token(id).await?;
        self.log("site.rotate_token", id);
        Ok(token)
    }

    /// Enables, disables or removes a site.
    pub async fn set_site_state(&self, id: &str, wanted: SiteState) -> Result<(), Problem> {
        self.caller.demand(state_role(wanted))?;
        let (by, cipher, file) = self.tools().await;
        self.editor(&by, &cipher, &file).set_state(id, wanted).await?;
        let action = match wanted {
            SiteState::Enabled => "site.enable",
            SiteState::Disabled => "site.disable",
            SiteState::Removed => "site.remove",
        };
        self.log(action, id);
        Ok(())
    }

    /// Adds a merchant; whether the encryption key was made for it.
    pub async fn add_merchant(&self, merchant: NewMerchant, proof: PasswordProof) -> Result<bool, Problem> {
        self.caller.demand(OWNER_ROLE)?;
        sessions::prove(self.state, self.caller, proof, true).await?;
        let id = merchant.entry.id.clone();
        let (by, _, file) = self.tools().await;
        let (cipher, is_new) = self.sealing_cipher()?;
        self.editor(&by, &cipher, &file).add_merchant(merchant).await?;
        self.log("merchant.add", &id);
        Ok(is_new)
    }

    /// Gives a merchant a new server key; whether the encryption key was made for it.
    pub async fn rotate_key(&self, id: &str, key: &Secret, proof: PasswordProof) -> Result<bool, Problem> {
        self.caller.demand(OWNER_ROLE)?;
        sessions::prove(self.state, self.caller, proof, true).await?;
        let (by, _, file) = self.tools().await;
        let (cipher, is_new) = self.sealing_cipher()?;
        self.editor(&by, &cipher, &file).rotate_key(id, key).await?;
        self.log("merchant.rotate_key", id);
        Ok(is_new)
    }

    /// Adds an operator.
    pub async fn add_operator(
        &self,
        name: AdminName,
        role: Role,
        new_password: Password,
        own_password: String,
    ) -> Result<(), Problem> {
        self.caller.demand(OWNER_ROLE)?;
        self.prove(own_password).await?;
        let (by, target) = (self.author(), name.0.clone());
        self.operator_editor(&by).add(name, role, new_password).await?;
        self.log("operator.add", &target);
        Ok(())
    }

    /// Replaces another operator's password.
    pub async fn set_password(
        &self,
        name: &str,
        new_password: Password,
        own_password: String,
    ) -> Result<(), Problem> {
        self.caller.demand(OWNER_ROLE)?;
        self.demand_other(name)?;
        self.prove(own_password).await?;
        let by = self.author();
        self.operator_editor(&by).set_password(name, new_password, None).await?;
        self.log("operator.password", name);
        Ok(())
    }

    /// Replaces the caller's own password. Other log-ins end.
    pub async fn set_own_password(
        &self,
        new_password: Password,
        own_password: String,
    ) -> Result<(), Problem> {
        self.prove(own_password).await?;
        let (by, caller) = (self.author(), self.caller);
        let editor = self.operator_editor(&by);
        editor.set_password(&caller.name, new_password, Some(caller.sha256)).await?;
        self.log("operator.password", &caller.name);
        Ok(())
    }

    /// Drops an operator's one-time codes; the next log-in sets others up.
    pub async fn reset_codes(&self, name: &str, own_password: String) -> Result<(), Problem> {
        self.caller.demand(OWNER_ROLE)?;
        self.prove(own_password).await?;
        let by = self.author();
        self.operator_editor(&by).reset_codes(name).await?;
        self.log("operator.reset_otp", name);
        Ok(())
    }

    /// Removes another operator. The caller stays, so there is always an owner.
    pub async fn remove_operator(&self, name: &str) -> Result<(), Problem> {
        self.caller.demand(OWNER_ROLE)?;
        self.demand_other(name)?;
        let by = self.author();
        self.operator_editor(&by).remove(name).await?;
        self.log("operator.remove", name);
        Ok(())
    }

    /// Ends the caller's other log-ins.
    pub async fn end_other_sessions(&self) -> Result<(), Problem> {
        let ConsoleCaller { name, sha256, .. } = self.caller;
        let others = SessionsEnd::Others { operator: name.clone(), kept: *sha256 };
        self.state.relay.store.end_sessions(&others, &self.author()).await?;
        self.log("operator.end_sessions", name);
        Ok(())
    }

    fn author(&self) -> LogAuthor {
        self.caller.author(self.state.now())
    }

    /// One's own account has a page of its own, which keeps the log-in.
    fn demand_other(&self, name: &str) -> Result<(), Problem> {
        if self.caller.name.eq_ignore_ascii_case(name) {
            return Err(Problem::conflict("own_account", "this is your own account"));
        }
        Ok(())
    }

    async fn prove(&self, password: String) -> Result<(), Problem> {
        let proof = PasswordProof { password, otp: String::new() };
        sessions::prove(self.state, self.caller, proof, false).await
    }

    /// What an editor of the directory needs, without a key.
    async fn tools(&self) -> (LogAuthor, KeyCipher, Arc<DirectoryEntries>) {
        (self.author(), KeyCipher::none(), self.state.relay.directory.file().await)
    }

    fn editor<'e>(
        &'e self,
        by: &'e LogAuthor,
        cipher: &'e KeyCipher,
        file: &'e DirectoryEntries,
    ) -> DirectoryEditor<'e> {
        DirectoryEditor { store: &*self.state.relay.store, file, cipher, by }
    }

    fn operator_editor<'e>(&'e self, by: &'e LogAuthor) -> OperatorEditor<'e> {
        OperatorEditor { store: &*self.state.relay.store, by }
    }

    fn sealing_cipher(&self) -> Result<(KeyCipher, bool), Problem> {
        let sealing = (self.state.sealing)();
        let (cipher, is_new) = sealing.map_err(|why| {
            tracing::error!(why, "the encryption key cannot be used");
            Problem::from(EditError::Cipher(why))
        })?;
        if is_new {
            tracing::warn!(
                "the encryption key was made: keep a copy of it, and put it on every relay on this database"
            );
        }
        Ok((cipher, is_new))
    }

    fn log(&self, action: &str, target: &str) {
        let by = self.author();
        tracing::info!(operator.name = %by.name, source = %by.source, action, target, "an operator made a change");
    }
}

/// The least role that may give a site this state.
pub(super) const fn state_role(wanted: SiteState) -> Role {
    match wanted {
        SiteState::Enabled | SiteState::Disabled => SITE_ROLE,
        SiteState::Removed => OWNER_ROLE,
    }
}
