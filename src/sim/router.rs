//! The handle: the world's side of the simulated router, and its listener.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use crate::domain::id::Mac;

use super::command::Trap;
use super::config::{Rights, SimConfig};
use super::connection_mode::ConnectionMode;
use super::fault::{Fault, FaultId, When};
use super::listener::{BACKLOG, listen, reusable_socket};
use super::menus::ROUTERBOARD;
use super::shared::{Control, RouterShared};
use super::table::{Row, show_id};
use super::tls;
use super::world::{Author, World, field_name};

/// What the router counted since its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Commands taken, by path; those that a fault left unanswered too.
    pub commands: BTreeMap<String, u64>,
    /// Rows added, changed or removed through the API.
    pub writes: u64,
    /// Log-ins refused.
    pub logins_refused: u64,
    /// Sessions open at this moment.
    pub sessions_open: u64,
    /// Sessions opened in all.
    pub sessions_total: u64,
    /// Bytes of replies.
    pub bytes_sent: u64,
}

/// A running simulated router. Clones are handles to the same one; it runs until [`SimRouter::stop`] or the end
/// of the runtime.
#[derive(Clone)]
pub struct SimRouter {
    shared: Arc<RouterShared>,
}

impl fmt::Debug for SimRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimRouter").field("address", &self.shared.address).finish_non_exhaustive()
    }
}

impl SimRouter {
    /// Starts a router on a free port of the loopback interface.
    ///
    /// # Errors
    /// No port could be had, or certificate and key of [`SimConfig::tls`] are not fit.
    pub async fn start(config: SimConfig) -> io::Result<Self> {
        let acceptor = config.tls.as_ref().map(tls::acceptor).transpose()?;
        let port = reusable_socket(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let address = port.local_addr()?;
        let listener = reusable_socket(address)?.listen(BACKLOG)?;
        let shared = Arc::new(RouterShared {
            world: Mutex::new(World::new(config)),
            faults: Mutex::default(),
            control: watch::Sender::new(Control::default()),
            followed: watch::Sender::new(0),
            progress: watch::Sender::new(()),
            bytes_sent: AtomicU64::new(0),
            sessions_open: AtomicU64::new(0),
            sessions_total: AtomicU64::new(0),
            address,
            acceptor,
            _port: port,
        });
        tokio::spawn(listen(Arc::clone(&shared), listener));
        let router = Self { shared };
        router.steer(|_| {}).await;
        Ok(router)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// Stops listening and cuts every session. The world stays readable.
    pub async fn stop(&self) {
        self.steer(|control| {
            control.stopped = true;
            control.cuts += 1;
        })
        .await;
    }

    /// What becomes of connections from here on. Open sessions go on.
    pub async fn connections(&self, connections: ConnectionMode) {
        self.steer(|control| control.connections = connections).await;
    }

    /// Cuts every open session.
    pub fn cut_sessions(&self) {
        self.shared.control.send_modify(|control| control.cuts += 1);
    }

    /// Power off and on: sessions are cut, uptime is zero, hosts, log-ins and rows with a timeout are gone; static
    /// rows stay. Devices come back by [`SimRouter::host_connect`], or by themselves when the setup says so.
    pub fn reboot(&self) {
        self.shared.world().reboot();
        self.cut_sessions();
    }

    /// Another board answers at the same address, with rows, counters and clock that look the same, as after
    /// restoring a backup of the whole machine. Sessions are cut.
    ///
    /// # Panics
    /// The router was set up without a serial number.
    pub fn replace_board(&self, serial: &str) {
        let serial = ("serial-number", serial);
        self.hand_set(ROUTERBOARD, "*1", &[serial]).expect("the menu is there and takes any text");
        self.cut_sessions();
    }

    /// Moves the router's clock on.
    pub fn advance(&self, by: Duration) {
        self.shared.world().advance(by);
    }

    /// A device connects at an address, with a host row and a lease of its own. The row's `.id`. A device that is
    /// there already stays when the address is the same, else it moves: another row, logged out.
    pub fn host_connect(&self, mac: Mac, address: Ipv4Addr) -> String {
        self.shared.world().connect(mac, address)
    }

    /// A device leaves: its rows and its log-in are gone, its lease stays.
    pub fn host_disconnect(&self, mac: Mac) {
        self.shared.world().disconnect(mac);
    }

    /// The device's row is replaced by another one of age zero that counts `bytes` already; they flowed. The
    /// `.id`, or `None` for a device that is away.
    pub fn host_replace(&self, mac: Mac, bytes: u64) -> Option<String> {
        self.shared.world().replace(mac, bytes)
    }

    /// A further row of a device that is there, at another address; its `bytes` flowed. Traffic goes on in the
    /// first row.
    pub fn host_second_row(&self, mac: Mac, address: Ipv4Addr, bytes: u64) -> Option<String> {
        self.shared.world().second_row(mac, address, bytes)
    }

    /// Bytes flow to and from a device, and what did is returned: nothing when it is away or its binding blocks
    /// it. A device without access moves bytes too: retries and portal pages.
    pub fn traffic(&self, mac: Mac, down_bytes: u64, up_bytes: u64) -> u64 {
        self.shared.world().traffic(mac, down_bytes, up_bytes)
    }

    /// The device logs in through the portal, or out.
    pub fn set_authorized(&self, mac: Mac, authorized: bool) {
        self.shared.world().authorize(mac, authorized);
    }

    /// The device logs in by a hotspot user's name and password, which leaves a cookie that logs it in again with its next
    /// byte. Whether the router lets it: not one that is switched off, or has used up its limit.
    pub fn log_in(&self, mac: Mac, user: &str) -> bool {
        self.shared.world().log_in(mac, user)
    }

    /// Counters of the device's rows go back to zero, their age goes on.
    pub fn reset_counters(&self, mac: Mac) {
        self.shared.world().reset_counters(mac);
    }

    /// Every byte the device really moved.
    pub fn moved(&self, mac: Mac) -> u64 {
        self.shared.world().clients.get(&mac).map_or(0, |client| client.moved)
    }

    /// Bytes the device moved while it was authorized or bypassed.
    pub fn moved_countable(&self, mac: Mac) -> u64 {
        self.shared.world().clients.get(&mac).map_or(0, |client| client.countable)
    }

    /// Whether the device is there, and authorized or bypassed. Address lists are not asked.
    pub fn has_access(&self, mac: Mac) -> bool {
        self.shared.world().has_access(mac)
    }

    /// Where a device is that is there.
    pub fn host_address(&self, mac: Mac) -> Option<Ipv4Addr> {
        self.shared.world().clients.get(&mac).filter(|client| client.connected).map(|client| client.address)
    }

    /// Names of the address lists that hold exactly this address in an enabled row, in alphabetical order.
    pub fn lists_of(&self, address: Ipv4Addr) -> Vec<String> {
        let mut world = self.shared.world();
        world.expire();
        world.lists_of(address)
    }

    /// Every row of a menu, as printed.
    ///
    /// # Panics
    /// There is no such menu.
    pub fn rows(&self, menu: &str) -> Vec<BTreeMap<String, String>> {
        let mut world = self.shared.world();
        world.expire();
        let (table, times) = (&world.tables[world.at(menu)], world.times());
        let fields = table.fields();
        let show = |(id, row): (u64, &Row)| {
            let cells = fields.iter().filter_map(|field| {
                let text = row.show(id, *field, times)?;
                Some((field_name(table.menu, *field).to_owned(), text.into_owned()))
            });
            cells.collect()
        };
        table.rows().map(show).collect()
    }

    /// A person adds a row in front of the router: read-only columns can be written too. The `.id`.
    ///
    /// # Errors
    /// The router's words.
    ///
    /// # Panics
    /// There is no such menu.
    pub fn hand_add(&self, menu: &str, cells: &[(&str, &str)]) -> Result<String, String> {
        let mut world = self.shared.world();
        let at = world.at(menu);
        world.add(at, &owned(cells), Author::Router).map(show_id).map_err(words)
    }

    /// A person changes a row.
    ///
    /// # Errors
    /// The router's words.
    ///
    /// # Panics
    /// There is no such menu.
    pub fn hand_set(&self, menu: &str, id: &str, cells: &[(&str, &str)]) -> Result<(), String> {
        let mut world = self.shared.world();
        let at = world.at(menu);
        let id = world.tables[at].resolve(id).ok_or("no such item")?;
        world.set(at, id, &owned(cells), Author::Router).map_err(words)
    }

    /// A person removes a row.
    ///
    /// # Errors
    /// The router's words.
    ///
    /// # Panics
    /// There is no such menu.
    pub fn hand_remove(&self, menu: &str, id: &str) -> Result<(), String> {
        let mut world = self.shared.world();
        let at = world.at(menu);
        let id = world.tables[at].resolve(id).ok_or("no such item")?;
        world.remove(at, id);
        Ok(())
    }

    /// Clients read other texts in these cells of a row, or none, until [`Self::mend`]; the row itself is as it was.
    ///
    /// # Panics
    /// There is no such menu or row.
    pub fn spoil(&self, menu: &str, id: &str, cells: &[(&str, Option<&str>)]) {
        let mut world = self.shared.world();
        let at = world.at(menu);
        let id = world.tables[at].resolve(id).expect("the row is there");
        let cells = cells.iter().map(|(name, text)| ((*name).to_owned(), text.map(str::to_owned)));
        world.spoiled.insert((at, id), cells.collect());
    }

    /// Undoes [`Self::spoil`] for every row.
    pub fn mend(&self) {
        self.shared.world().spoiled.clear();
    }

    /// What the API's user may do from the next command on.
    pub fn change_rights(&self, rights: Rights) {
        self.shared.world().config.rights = rights;
    }

    /// Another password from the next log-in on.
    pub fn change_password(&self, password: &str) {
        password.clone_into(&mut self.shared.world().config.password);
    }

    /// Sets a fault; the earliest set one that matches a command strikes it.
    pub fn fault(&self, fault: Fault, when: When) -> FaultId {
        self.shared.faults().set(fault, when)
    }

    /// Lifts one fault. A command it struck already stays struck.
    pub fn clear_fault(&self, id: FaultId) {
        self.shared.faults().clear(id);
    }

    /// Lifts every fault.
    pub fn clear_faults(&self) {
        self.shared.faults().clear_all();
    }

    /// What was counted so far.
    pub fn stats(&self) -> Stats {
        let world = self.shared.world();
        Stats {
            commands: world.commands.clone(),
            writes: world.writes,
            logins_refused: world.logins_refused,
            sessions_open: self.shared.sessions_open.load(Ordering::SeqCst),
            sessions_total: self.shared.sessions_total.load(Ordering::SeqCst),
            bytes_sent: self.shared.bytes_sent.load(Ordering::SeqCst),
        }
    }

    /// Waits until so many commands of a path were taken since the start. Give it a time-out.
    pub async fn served(&self, path: &str, at_least: u64) {
        let mut progress = self.shared.progress.subscribe();
        loop {
            if self.shared.world().commands.get(path).is_some_and(|count| *count >= at_least) {
                return;
            }
            if progress.changed().await.is_err() {
                return;
            }
        }
    }

    /// Changes what the listener obeys and waits until it does.
    async fn steer(&self, change: impl FnOnce(&mut Control)) {
        let mut followed = self.shared.followed.subscribe();
        let mut revision = 0;
        self.shared.control.send_modify(|control| {
            change(control);
            control.revision += 1;
            revision = control.revision;
        });
        // The listener outlives every handle unless the runtime ends.
        let _ = followed.wait_for(|followed| *followed >= revision).await;
    }
}

fn owned(cells: &[(&str, &str)]) -> Vec<(String, String)> {
    cells.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn words(trap: Trap) -> String {
    trap.message.unwrap_or_default()
}
