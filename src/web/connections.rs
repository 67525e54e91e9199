//! The open connections of one listener: who may have one, how many an address has, and which one is closed to make
//! room for the next.
//!
//! A connection is idle until the head of a request is complete, and again after its answer. Idle connections cost
//! nobody anything when they are closed, so a listener that is full closes the one that has been idle longest. Only
//! requests in work hold their place, and a share of the places is reserved for requests that must always be heard.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use hyper::Request;
use hyper::body::Incoming;
use tokio::sync::Notify;

use super::serve::Peer;
use crate::tools::client_network::client_network;

/// Connections at the same time, unless a listener says otherwise.
const CONNECTIONS_MAX: usize = 256;
/// How long a head may take, the time between two requests of a connection included.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a caller may take none of an answer.
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);

/// What becomes of a connection before anything is read from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is closed at once.
    Refused,
    /// It is taken and counts for its address.
    Counted,
    /// It is taken and counts for no address, such as those of a proxy for many callers.
    Uncounted,
}

impl Admission {
    /// The admission of a peer that may connect or not. This machine may connect for many callers, so its connections
    /// are not counted.
    pub fn of(peer: Peer, may: impl Fn(IpAddr) -> bool) -> Self {
        match peer {
            Peer::Local => Self::Uncounted,
            Peer::Network(address) if !may(address) => Self::Refused,
            Peer::Network(address) if is_this_machine(address) => Self::Uncounted,
            Peer::Network(_) => Self::Counted,
        }
    }
}

/// Whether the address is this machine, such as a web server in front of the pages.
pub fn is_this_machine(address: IpAddr) -> bool {
    address == Ipv4Addr::LOCALHOST || address == Ipv6Addr::LOCALHOST
}

type Admit = dyn Fn(&Peer) -> Admission + Send + Sync;
type IsReserved = dyn Fn(&Request<Incoming>) -> bool + Send + Sync;

/// What a listener takes.
#[derive(Clone)]
pub struct ConnectionLimits {
    /// Connections at the same time.
    pub connections_max: usize,
    /// Of those, from one IPv4 address or one IPv6 /64 network.
    pub per_address_max: usize,
    /// Places that only requests chosen by [`is_reserved`](Self::is_reserved) may take.
    pub reserved: usize,
    /// How long a head may take, the time between two requests of a connection included.
    pub head_timeout: Duration,
    /// How long a caller may take none of an answer.
    pub write_timeout: Duration,
    /// Who may connect, judged before anything is read.
    pub admit: Arc<Admit>,
    /// Whether a request may take a reserved place, judged by its head.
    pub is_reserved: Arc<IsReserved>,
    /// The whole answer to a refused connection before it is closed, whatever was asked; empty for none.
    pub refusal: Bytes,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections_max: CONNECTIONS_MAX,
            per_address_max: CONNECTIONS_MAX,
            reserved: 0,
            head_timeout: HEAD_TIMEOUT,
            write_timeout: WRITE_TIMEOUT,
            admit: Arc::new(|_| Admission::Counted),
            is_reserved: Arc::new(|_| false),
            refusal: Bytes::new(),
        }
    }
}

impl fmt::Debug for ConnectionLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionLimits")
            .field("connections_max", &self.connections_max)
            .field("per_address_max", &self.per_address_max)
            .field("reserved", &self.reserved)
            .finish_non_exhaustive()
    }
}

/// Why a connection has no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turned {
    /// Nobody from there is admitted.
    Refused,
    /// Every place that it could take is in work.
    Full,
}

/// The open connections of one listener.
pub(super) struct Connections {
    limits: ConnectionLimits,
    table: Mutex<ConnectionTable>,
}

#[derive(Default)]
struct ConnectionTable {
    /// Numbers connections and the moments at which they became idle.
    next: u64,
    open: HashMap<u64, OpenConnection>,
    /// Connections by the moment at which they became idle.
    idle: BTreeMap<u64, u64>,
    by_address: HashMap<IpAddr, OfAddress>,
    /// Requests in work on places that are not reserved.
    ordinary: usize,
}

struct OpenConnection {
    address: Option<IpAddr>,
    idle_since: Option<u64>,
    cut: Arc<Notify>,
}

#[derive(Default)]
struct OfAddress {
    open: usize,
    /// The moments at which its idle connections became so.
    idle: BTreeSet<u64>,
}

/// A connection's place. Dropping it gives the place back.
pub(super) struct Place {
    connections: Arc<Connections>,
    id: u64,
    cut: Arc<Notify>,
}

/// A request in work. Dropping it makes its connection idle again.
pub(super) struct WorkGuard {
    place: Arc<Place>,
    is_ordinary: bool,
}

impl Connections {
    pub fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Self { limits, table: Mutex::default() })
    }

    fn table(&self) -> MutexGuard<'_, ConnectionTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection that was just made; an error says why it is to be closed.
    pub fn admit(self: &Arc<Self>, peer: Peer) -> Result<Place, Turned> {
        let address = match ((self.limits.admit)(&peer), peer) {
            (Admission::Refused, _) => return Err(Turned::Refused),
            (Admission::Counted, Peer::Network(address)) => Some(client_network(address)),
            (Admission::Counted, Peer::Local) | (Admission::Uncounted, _) => None,
        };
        let mut table = self.table();
        if let Some(of) = address.and_then(|address| table.by_address.get(&address))
            && of.open >= self.limits.per_address_max
        {
            let oldest = of.idle.first().copied().ok_or(Turned::Full)?;
            table.cut(oldest);
        }
        if table.open.len() >= self.limits.connections_max {
            let oldest = table.idle.first_key_value().map(|(since, _)| *since).ok_or(Turned::Full)?;
            table.cut(oldest);
        }
        let cut = Arc::new(Notify::new());
        let id = table.enter(address, Arc::clone(&cut));
        Ok(Place { connections: Arc::clone(self), id, cut })
    }

    /// The limits of the listener.
    pub fn limits(&self) -> &ConnectionLimits {
        &self.limits
    }

    /// How many connections are open.
    #[cfg(test)]
    fn open(&self) -> usize {
        self.table().open.len()
    }
}

impl ConnectionTable {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn enter(&mut self, address: Option<IpAddr>, cut: Arc<Notify>) -> u64 {
        let id = self.number();
        if let Some(address) = address {
            self.by_address.entry(address).or_default().open += 1;
        }
        self.open.insert(id, OpenConnection { address, idle_since: None, cut });
        self.rest(id);
        id
    }

    /// A connection becomes idle.
    fn rest(&mut self, id: u64) {
        let since = self.number();
        let Some(open) = self.open.get_mut(&id) else { return };
        open.idle_since = Some(since);
        self.idle.insert(since, id);
        if let Some(of) = open.address.and_then(|address| self.by_address.get_mut(&address)) {
            of.idle.insert(since);
        }
    }

    /// A connection is idle no more. `false` for one that was closed.
    fn wake(&mut self, id: u64) -> bool {
        let Some(open) = self.open.get_mut(&id) else { return false };
        if let Some(since) = open.idle_since.take() {
            self.idle.remove(&since);
            if let Some(of) = open.address.and_then(|address| self.by_address.get_mut(&address)) {
                of.idle.remove(&since);
            }
        }
        true
    }

    /// Closes the connection that is idle since then.
    fn cut(&mut self, since: u64) {
        if let Some(id) = self.idle.get(&since).copied()
            && let Some(open) = self.leave(id)
        {
            open.cut.notify_one();
        }
    }

    fn leave(&mut self, id: u64) -> Option<OpenConnection> {
        self.wake(id);
        let open = self.open.remove(&id)?;
        if let Some(address) = open.address
            && let Some(of) = self.by_address.get_mut(&address)
        {
            of.open -= 1;
            if of.open == 0 {
                self.by_address.remove(&address);
            }
        }
        Some(open)
    }
}

impl Place {
    pub fn limits(&self) -> &ConnectionLimits {
        &self.connections.limits
    }

    /// Ends when the connection is to make room for another.
    pub async fn cut(&self) {
        self.cut.notified().await;
    }

    /// Begins a request. `None` when every place that it may take is taken.
    pub fn begin(self: &Arc<Self>, is_reserved: bool) -> Option<WorkGuard> {
        let limits = self.limits();
        let mut table = self.connections.table();
        if !is_reserved && table.ordinary >= limits.connections_max.saturating_sub(limits.reserved) {
            return None;
        }
        if !table.wake(self.id) {
            return None;
        }
        table.ordinary += usize::from(!is_reserved);
        drop(table);
        Some(WorkGuard { place: Arc::clone(self), is_ordinary: !is_reserved })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.table().leave(self.id);
    }
}

impl Drop for WorkGuard {
    fn drop(&mut self) {
        let mut table = self.place.connections.table();
        table.ordinary -= usize::from(self.is_ordinary);
        table.rest(self.place.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(connections_max: usize, per_address_max: usize, reserved: usize) -> ConnectionLimits {
        ConnectionLimits { connections_max, per_address_max, reserved, ..ConnectionLimits::default() }
    }

    fn peer(address: &str) -> Peer {
        Peer::Network(address.parse().unwrap())
    }

    fn is_cut(place: &Place) -> bool {
        !place.connections.table().open.contains_key(&place.id)
    }

    #[test]
    fn a_full_listener_closes_the_longest_idle_and_never_one_in_work() {
        let connections = Connections::new(limits(3, 3, 1));
        let places: Vec<_> =
            (1..=3).map(|n| Arc::new(connections.admit(peer(&format!("10.0.0.{n}"))).unwrap())).collect();
        let first = places[0].begin(false).unwrap();
        let fourth = Arc::new(connections.admit(peer("10.0.0.4")).unwrap());
        assert_eq!([0, 1, 2].map(|i| is_cut(&places[i])), [false, true, false]);
        // The first is idle again, but for a shorter time than the third.
        drop(first);
        let fifth = Arc::new(connections.admit(peer("10.0.0.5")).unwrap());
        assert_eq!([0, 2].map(|i| is_cut(&places[i])), [false, true]);
        assert_eq!((connections.open(), is_cut(&fourth), is_cut(&fifth)), (3, false, false));
        assert!(places[1].begin(false).is_none(), "one that was closed begins nothing");
    }

    #[test]
    fn only_reserved_requests_take_the_last_places() {
        let connections = Connections::new(limits(3, 3, 1));
        let places: Vec<_> = (0..3).map(|_| Arc::new(connections.admit(peer("10.0.0.1")).unwrap())).collect();
        let work = [places[0].begin(false), places[1].begin(false)].map(Option::unwrap);
        assert!(places[2].begin(false).is_none());
        let reserved = places[2].begin(true).unwrap();
        assert!(connections.admit(peer("10.0.0.2")).is_err(), "all are in work");
        drop((work, reserved));
        assert!(places[2].begin(false).is_some());
    }

    #[test]
    fn an_address_has_so_many_and_makes_room_among_its_own() {
        let connections = Connections::new(limits(10, 2, 0));
        let other = connections.admit(peer("10.0.0.9")).unwrap();
        let first = connections.admit(peer("10.0.0.1")).unwrap();
        let second = Arc::new(connections.admit(peer("10.0.0.1")).unwrap());
        let third = Arc::new(connections.admit(peer("10.0.0.1")).unwrap());
        assert_eq!((is_cut(&other), is_cut(&first), is_cut(&second)), (false, true, false));
        let _work = (second.begin(false).unwrap(), third.begin(false).unwrap());
        assert!(connections.admit(peer("10.0.0.1")).is_err());
        assert!(connections.admit(peer("10.0.0.2")).is_ok());
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_some_count_for_none() {
        let mut limits = limits(10, 1, 0);
        limits.admit = Arc::new(|peer| match peer {
            Peer::Network(address) if address.is_loopback() => Admission::Uncounted,
            Peer::Network(address) if address.is_ipv6() || address.is_ipv4() => Admission::Counted,
            Peer::Network(_) | Peer::Local => Admission::Refused,
        });
        let connections = Connections::new(limits);
        let v6 = connections.admit(peer("2001:db8::1")).unwrap();
        let same = connections.admit(peer("2001:db8::2")).unwrap();
        assert!(is_cut(&v6) && !is_cut(&same));
        assert!(connections.admit(peer("2001:db8:0:1::1")).is_ok());
        let proxies = ["127.0.0.1", "127.0.0.1"].map(|address| connections.admit(peer(address)).unwrap());
        assert!(proxies.iter().all(|place| !is_cut(place)));
        assert!(matches!(connections.admit(Peer::Local), Err(Turned::Refused)));
    }

    #[test]
    fn whoever_left_leaves_nothing_behind() {
        let connections = Connections::new(limits(2, 2, 0));
        for _ in 0..5 {
            let place = Arc::new(connections.admit(peer("10.0.0.1")).unwrap());
            drop(place.begin(false));
        }
        let table = connections.table();
        assert!(table.open.is_empty() && table.idle.is_empty() && table.by_address.is_empty());
        assert_eq!(table.ordinary, 0);
    }
}
