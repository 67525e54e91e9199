//! What the handle, the listener and the sessions of one router share.

use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::net::TcpSocket;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::connection_mode::ConnectionMode;
use super::fault::{Fault, Faults};
use super::world::World;

/// What the listener and the sessions obey.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Control {
    pub(super) connections: ConnectionMode,
    /// Sessions opened under a lower number are cut.
    pub(super) cuts: u64,
    pub(super) stopped: bool,
    pub(super) revision: u64,
}

/// What the handle, the listener and the sessions share.
pub(super) struct RouterShared {
    pub(super) world: Mutex<World>,
    pub(super) faults: Mutex<Faults>,
    pub(super) control: watch::Sender<Control>,
    /// The revision of control that the listener follows.
    pub(super) followed: watch::Sender<u64>,
    /// Notified after every command.
    pub(super) progress: watch::Sender<()>,
    pub(super) bytes_sent: AtomicU64,
    pub(super) sessions_open: AtomicU64,
    pub(super) sessions_total: AtomicU64,
    pub(super) address: SocketAddr,
    /// Takes connections in where the port speaks TLS.
    pub(super) acceptor: Option<TlsAcceptor>,
    /// Bound and not listening: the port stays ours while connections are refused.
    pub(super) _port: TcpSocket,
}

impl RouterShared {
    /// The world, for a moment: nobody waits while holding it.
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fault that strikes this command.
    pub(super) fn take_fault(&self, path: &str) -> Option<Fault> {
        self.faults().take(path)
    }

    /// Counts a command that was taken, after its effect.
    pub(super) fn note_progress(&self) {
        self.progress.send_replace(());
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
