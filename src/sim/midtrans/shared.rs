//! What the handle, the listener and the notifications of one gateway share.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::sim::connection_mode::ConnectionMode;

use super::world::GatewayWorld;

/// What the handle, the listener and the notifications share.
pub(super) struct GatewayShared {
    pub(super) world: Mutex<GatewayWorld>,
    /// Notified after every change.
    pub(super) changed: watch::Sender<u64>,
    pub(super) stop: watch::Sender<bool>,
    pub(super) stopped: watch::Sender<bool>,
    /// What becomes of connections, and how often that was said.
    pub(super) connections: watch::Sender<(ConnectionMode, u64)>,
    /// How often the listener has heard.
    pub(super) followed: watch::Sender<u64>,
    pub(super) address: SocketAddr,
    pub(super) notification_timeout: Duration,
}

impl GatewayShared {
    /// Changes the world, for a moment: nobody waits while holding it.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut GatewayWorld) -> T) -> T {
        let result = self.look(change);
        self.changed.send_modify(|revision| *revision += 1);
        result
    }

    /// Reads the world. Nobody is notified.
    pub(super) fn look<T>(&self, look: impl FnOnce(&mut GatewayWorld) -> T) -> T {
        look(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs something until it ends or the gateway stops.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut stop = self.stop.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                () = work => {}
            }
        });
    }
}
