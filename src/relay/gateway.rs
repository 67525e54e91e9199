//! The gateway's client with the key that is in force: a replaced key takes effect at the next call.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::config::{GatewayEnvironment, Merchant, Secrets};
use crate::domain::order::OnlineMethod;
use crate::domain::payment::Report;
use crate::domain::units::Rupiah;
use crate::midtrans::{
    Charge, Charged, Environment, Gateway, GatewayError, MerchantAccess, Midtrans, Pending, ServerKey,
};
use crate::settings::Secret;

/// One merchant's client, made anew when its key changes.
pub(super) struct LiveGateway {
    merchant: Merchant,
    secrets: Secrets,
    current: RwLock<(Secret, Arc<Midtrans>)>,
}

impl LiveGateway {
    /// A client for the merchant as configured. The error, for people, says what cannot be used.
    pub fn new(merchant: Merchant, secrets: Secrets) -> Result<Self, String> {
        let key = secrets.merchant(&merchant.id).map(|keys| keys.server_key);
        let key = key.ok_or_else(|| "there is no server key".to_owned())?;
        let client = Arc::new(client(&merchant, &key)?);
        Ok(Self { merchant, secrets, current: RwLock::new((key, client)) })
    }

    fn client(&self) -> Arc<Midtrans> {
        let key = self.secrets.merchant(&self.merchant.id).map(|keys| keys.server_key);
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(key) = key.filter(|key| *key != current.0) else { return current.1 };
        match client(&self.merchant, &key) {
            Ok(client) => {
                let client = Arc::new(client);
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                *current = (key, Arc::clone(&client));
                client
            }
            Err(why) => {
                tracing::error!(merchant.id = %self.merchant.id, why, "the replaced server key cannot be used");
                current.1
            }
        }
    }
}

fn client(merchant: &Merchant, key: &Secret) -> Result<Midtrans, String> {
    Midtrans::new(MerchantAccess {
        environment: match merchant.environment {
            GatewayEnvironment::Sandbox => Environment::Sandbox,
            GatewayEnvironment::Production => Environment::Production,
        },
        server_key: ServerKey::new(key.expose()),
        core_url: merchant.core_url.as_ref().map(ToString::to_string),
        snap_url: merchant.snap_url.as_ref().map(ToString::to_string),
    })
}

impl Gateway for LiveGateway {
    fn charge<'a>(
        &'a self,
        charge: &'a Charge,
        key: &'a str,
        limit: Duration,
    ) -> Pending<'a, Result<Charged, GatewayError>> {
        let client = self.client();
        Box::pin(async move { client.charge(charge, key, limit).await })
    }

    fn status<'a>(
        &'a self,
        id: &'a str,
        limit: Duration,
    ) -> Pending<'a, Result<Option<Report>, GatewayError>> {
        let client = self.client();
        Box::pin(async move { client.status(id, limit).await })
    }

    fn recall<'a>(
        &'a self,
        id: &'a str,
        limit: Duration,
    ) -> Pending<'a, Result<Option<Charged>, GatewayError>> {
        let client = self.client();
        Box::pin(async move { client.recall(id, limit).await })
    }

    fn cancel<'a>(
        &'a self,
        id: &'a str,
        limit: Duration,
    ) -> Pending<'a, Result<Option<Report>, GatewayError>> {
        let client = self.client();
        Box::pin(async move { client.cancel(id, limit).await })
    }

    fn refund<'a>(
        &'a self,
        id: &'a str,
        amount: Rupiah,
        key: &'a str,
        reason: &'a str,
        limit: Duration,
    ) -> Pending<'a, Result<(), GatewayError>> {
        let client = self.client();
        Box::pin(async move { client.refund(id, amount, key, reason, limit).await })
    }

    fn repeats_safely(&self, method: OnlineMethod) -> bool {
        self.client().repeats_safely(method)
    }
}
