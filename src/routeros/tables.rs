//! The bulk reads: host table, address lists, bindings, leases.

use std::collections::{BTreeMap, HashSet};
use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mikrotik_rs::QueryOperator;

use super::client::{PendingReply, RouterClient};
use super::lists::{ListNames, MARKER_LIST};
use super::marker::marker;
use super::port::RouterError;
use super::print::print;
use super::session::CommandAnswer;
use super::wire::{BadRow, Row};
use super::words;
use crate::domain::id::Mac;
use crate::domain::instance::MarkerRow;
use crate::domain::listing::{AccessRows, BindingKind, BindingRow, Lease, ListRow, TAG, UnreadAccess};
use crate::domain::text::visible;
use crate::domain::usage::{HostRow, HostTable, RowId, UnreadRow};

const RESOURCE: &str = "/system/resource/print";
const HOSTS: &str = "/ip/hotspot/host/print";
/// The columns of the host table that metering needs.
pub const HOST_COLUMNS: &str =
    ".id,mac-address,address,to-address,uptime,bytes-in,bytes-out,authorized,bypassed";
const LISTINGS: &str = "/ip/firewall/address-list/print";
const BINDINGS: &str = "/ip/hotspot/ip-binding/print";
const LEASES: &str = "/ip/dhcp-server/lease/print";
/// How many rows of one reply may be unreadable. Beyond it the reply is no table of this kind at all.
const UNREAD_MAX: usize = 1000;
/// Characters kept of a name that a device gave itself.
const NAME_CHARS_MAX: usize = 40;

/// The rows of a reply: those that could be read, and the others.
struct Rows<T> {
    read: T,
    unread: Vec<UnreadRow>,
}

impl<T: Default> Default for Rows<T> {
    fn default() -> Self {
        Self { read: T::default(), unread: Vec::new() }
    }
}

impl<T> Rows<T> {
    /// Notes a row that made no sense.
    fn note(&mut self, row: &Row<'_>, what: BadRow) -> Result<(), BadRow> {
        if self.unread.len() == UNREAD_MAX {
            return Err(format!("more than {UNREAD_MAX} rows that cannot be read, this one for {what}"));
        }
        let address = match &*row.lossy("to-address") {
            "" => words::address(&row.lossy("address")),
            // Garbled, it is not the other address either.
            text => words::address(text),
        };
        let (id, mac) = (words::row_id(&row.lossy(".id")), words::mac(&row.lossy("mac-address")));
        self.unread.push(UnreadRow { row: id, mac, address, what });
        Ok(())
    }
}

impl RouterClient {
    /// Uptime, then the host table: in this order, so that a row's computed start errs to the early side only.
    pub(super) async fn hosts(&self) -> Result<HostTable, RouterError> {
        let command = print(RESOURCE, "uptime").build();
        let ticket = self
            .submit::<Option<u64>, _>(RESOURCE, command, None, |uptime_s, row| {
                *uptime_s = Some(row.required("uptime", words::seconds)?);
                Ok(())
            })
            .await?;
        let resource = ticket.answer().await?;
        let uptime_s = resource.rows.ok_or_else(|| RouterError::Malformed {
            command: RESOURCE.to_owned(),
            what: "no row".to_owned(),
        })?;
        let session = Some(resource.ended.session);
        let ticket = self
            .submit::<Rows<Vec<HostRow>>, _>(
                HOSTS,
                print(HOSTS, HOST_COLUMNS).build(),
                session,
                |rows, row| {
                    match host(row) {
                        Ok(host) => rows.read.push(host),
                        Err(what) => rows.note(row, what)?,
                    }
                    Ok(())
                },
            )
            .await?;
        let hosts = self.unless_missing(HOSTS, ticket).await?;
        // Of the same session: another router may answer at the address later.
        let Some(router) = self.shared.identity_on(resource.ended.session) else {
            return Err(RouterError::Lost(
                "the connection is another one since the rows were read".to_owned(),
            ));
        };
        let identity = router.unique();
        let Some(hosts) = hosts else {
            return Ok(HostTable { uptime_s, identity, ..HostTable::default() });
        };
        let span = hosts.ended.done.saturating_duration_since(resource.ended.sent);
        let Rows { read: rows, unread } = hosts.rows;
        Ok(HostTable { uptime_s, span_s: ceil_s(span), rows, unread, identity })
    }

    /// Our lists, the bindings and the leases, all three on one connection and at once.
    pub(super) async fn access(&self) -> Result<AccessRows, RouterError> {
        let listings = self.ask_listings().await?;
        let bindings = self.ask_bindings().await?;
        let leases = self.ask_leases().await?;
        let listings = self.unless_missing(LISTINGS, listings).await?;
        let bindings = self.unless_missing(BINDINGS, bindings).await?;
        let leases = self.unless_missing(LEASES, leases).await?;
        self.remember_session(&[
            listings.as_ref().map(|a| a.ended.session),
            bindings.as_ref().map(|a| a.ended.session),
            leases.as_ref().map(|a| a.ended.session),
        ])?;
        let listings = listings.map(|answer| answer.rows).unwrap_or_default();
        let bindings = bindings.map(|answer| answer.rows).unwrap_or_default();
        let leases = leases.map(|answer| answer.rows).unwrap_or_default();
        for mac in bindings.read.odd {
            self.shared.warn(&format!("ip-binding of {mac} has an unknown type; it is taken for regular"));
        }
        Ok(AccessRows {
            listings: each_once(listings.read.rows, |row| &row.row),
            bindings: each_once(bindings.read.rows, |row| &row.row),
            leases: leases.read.in_order(),
            markers: each_once(listings.read.markers, |row| &row.row),
            unread: UnreadAccess {
                listings: listings.unread,
                bindings: bindings.unread,
                leases: leases.unread,
            },
        })
    }

    /// What devices called themselves when they asked for an address.
    pub(super) async fn device_names(&self) -> Result<BTreeMap<Mac, String>, RouterError> {
        let command = print(LEASES, "mac-address,active-mac-address,host-name").build();
        let asked = self
            .submit::<BTreeMap<Mac, String>, _>(LEASES, command, None, |names, row| {
                let mac = words::mac(&row.lossy("active-mac-address"));
                let mac = mac.or_else(|| words::mac(&row.lossy("mac-address")));
                let name = visible(&row.lossy("host-name"));
                let name: String = name.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
                if let Some(mac) = mac.filter(|_| !name.is_empty()) {
                    names.insert(mac, name);
                }
                Ok(())
            })
            .await?;
        Ok(self.unless_missing(LEASES, asked).await?.map(|answer| answer.rows).unwrap_or_default())
    }

    /// The marker comes with our lists, so that it costs no round trip of its own.
    async fn ask_listings(&self) -> Result<PendingReply<Rows<Listings>>, RouterError> {
        let names = self.names();
        let mut command = print(LISTINGS, ".id,list,address,comment,dynamic,disabled");
        let has_marker = names.list(MARKER_LIST).is_none();
        let asked: Vec<&str> = names.all().chain(has_marker.then_some(MARKER_LIST)).collect();
        for name in &asked {
            command = command.query_equal("list", name);
        }
        let command = command.query_operations(&vec![QueryOperator::Or; asked.len() - 1]).build();
        self.submit::<Rows<Listings>, _>(LISTINGS, command, None, move |rows, row| {
            if has_marker && row.lossy("list") == MARKER_LIST {
                rows.read.markers.extend(marker(row));
                return Ok(());
            }
            match listing(row, &names) {
                Ok(listing) => rows.read.rows.extend(listing),
                Err(what) => rows.note(row, what)?,
            }
            Ok(())
        })
        .await
    }

    async fn ask_bindings(&self) -> Result<PendingReply<Rows<Bindings>>, RouterError> {
        let command = print(BINDINGS, ".id,mac-address,address,to-address,type,comment,disabled").build();
        self.submit::<Rows<Bindings>, _>(BINDINGS, command, None, |rows, row| {
            match binding(row, &mut rows.read.odd) {
                Ok(binding) => rows.read.rows.push(binding),
                Err(what) => rows.note(row, what)?,
            }
            Ok(())
        })
        .await
    }

    async fn ask_leases(&self) -> Result<PendingReply<Rows<Leases>>, RouterError> {
        let columns = "mac-address,address,active-address,active-mac-address,disabled,status";
        let command = print(LEASES, columns).build();
        self.submit::<Rows<Leases>, _>(LEASES, command, None, |rows, row| match rows.read.take(row) {
            Ok(()) => Ok(()),
            Err(what) => rows.note(row, what),
        })
        .await
    }

    /// The reply, or `None` and a warning where the router has no such menu.
    pub(super) async fn unless_missing<T>(
        &self,
        name: &'static str,
        ticket: PendingReply<T>,
    ) -> Result<Option<CommandAnswer<T>>, RouterError> {
        match ticket.answer().await {
            Err(RouterError::Trap { message, .. }) if is_missing_menu(&message) => {
                let menu = name.trim_end_matches("/print");
                self.shared.warn(&format!("the router has no {menu}"));
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    /// Row ids are good for the session they were read on, so it must be a single one.
    fn remember_session(&self, sessions: &[Option<u64>]) -> Result<(), RouterError> {
        let mut known = sessions.iter().flatten();
        let Some(first) = known.next() else { return Ok(()) };
        if known.any(|session| session != first) {
            return Err(RouterError::Lost("the connection changed during the reading".to_owned()));
        }
        self.shared.rows_session.store(*first, Ordering::Relaxed);
        Ok(())
    }
}

/// A row that moves while it is printed may come twice: two of one id are one row, and no duplicate to remove.
fn each_once<T>(mut rows: Vec<T>, id: impl Fn(&T) -> &RowId) -> Vec<T> {
    let mut seen = HashSet::new();
    rows.retain(|row| seen.insert(id(row).clone()));
    rows
}

fn is_missing_menu(message: &str) -> bool {
    message.to_ascii_lowercase().contains("no such command")
}

fn ceil_s(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

fn flag(row: &Row<'_>, field: &str) -> Result<bool, BadRow> {
    Ok(row.optional(field, words::boolean)?.unwrap_or(false))
}

fn some_address(row: &Row<'_>, field: &str) -> Result<Option<Ipv4Addr>, BadRow> {
    Ok(row.text(field)?.and_then(words::address))
}

fn host(row: &Row<'_>) -> Result<HostRow, BadRow> {
    row.check()?;
    let bytes_in = row.required("bytes-in", words::counter)?;
    let bytes_out = row.required("bytes-out", words::counter)?;
    let bytes = words::total(bytes_in, bytes_out);
    let (authorized, bypassed) = (flag(row, "authorized")?, flag(row, "bypassed")?);
    Ok(HostRow {
        mac: row.required("mac-address", words::mac)?,
        row: row.required(".id", words::row_id)?,
        address: some_address(row, "address")?,
        to_address: some_address(row, "to-address")?,
        uptime_s: row.required("uptime", words::seconds)?,
        bytes: bytes.ok_or_else(|| format!("bytes-in={bytes_in} and bytes-out={bytes_out}"))?,
        counts: authorized || bypassed,
    })
}

/// `None` for a row of a list that is not ours: an old router may not know the query.
fn listing(row: &Row<'_>, names: &ListNames) -> Result<Option<ListRow>, BadRow> {
    // Which list it is must be certain: a row of ours that is passed over would be added again.
    let name = row.text("list")?.ok_or("row without list")?;
    let list = names.list(name);
    if list.is_none() && !names.is_former(name) {
        return Ok(None);
    }
    let comment = row.lossy("comment");
    let owner = comment.strip_prefix(TAG);
    if list.is_none() && owner.is_none() {
        return Ok(None);
    }
    row.check()?;
    Ok(Some(ListRow {
        row: row.required(".id", words::row_id)?,
        list,
        address: some_address(row, "address")?,
        ours: owner.is_some(),
        owner: owner.unwrap_or_default().to_owned(),
        dynamic: flag(row, "dynamic")?,
        disabled: flag(row, "disabled")?,
    }))
}

#[derive(Default)]
struct Listings {
    rows: Vec<ListRow>,
    markers: Vec<MarkerRow>,
}

#[derive(Default)]
struct Bindings {
    rows: Vec<BindingRow>,
    /// Devices of our rows with a type that we do not know.
    odd: Vec<Mac>,
}

fn binding(row: &Row<'_>, odd: &mut Vec<Mac>) -> Result<BindingRow, BadRow> {
    row.check()?;
    let comment = row.lossy("comment");
    let owner = comment.strip_prefix(TAG);
    let ours = owner.is_some();
    let real = |mac: &Mac| mac.0 != [0; 6];
    // What a row of others says is theirs to judge; ours must make sense before it is changed.
    let mac = if ours {
        row.optional("mac-address", words::mac)?.filter(real)
    } else {
        words::mac(&row.lossy("mac-address")).filter(real)
    };
    let kind = match &*row.lossy("type") {
        "bypassed" => BindingKind::Bypassed,
        "blocked" => BindingKind::Blocked,
        other => {
            if ours && !matches!(other, "regular" | "") {
                odd.extend(mac);
            }
            BindingKind::Regular
        }
    };
    let address = words::address(&row.lossy("to-address"));
    Ok(BindingRow {
        row: row.required(".id", words::row_id)?,
        mac,
        address: address.or_else(|| words::address(&row.lossy("address"))),
        kind,
        ours,
        owner: owner.unwrap_or_default().to_owned(),
        disabled: flag(row, "disabled")?,
    })
}

/// Leases as they come: those a device holds, and those that wait for theirs.
#[derive(Default)]
struct Leases {
    held: Vec<Lease>,
    reserved: Vec<Lease>,
}

impl Leases {
    /// A lease without a device or a single address, such as one of a pool, puts nobody anywhere.
    fn take(&mut self, row: &Row<'_>) -> Result<(), BadRow> {
        row.check()?;
        if flag(row, "disabled")? {
            return Ok(());
        }
        let active = words::address(&row.lossy("active-address"));
        let reserved = words::address(&row.lossy("address"));
        let mac = words::mac(&row.lossy("active-mac-address"));
        let Some(mac) = mac.or_else(|| words::mac(&row.lossy("mac-address"))) else { return Ok(()) };
        match (active, reserved) {
            (Some(address), _) => self.held.push(Lease { mac, address }),
            (None, Some(address)) if row.lossy("status") == "bound" => self.held.push(Lease { mac, address }),
            (None, Some(address)) => self.reserved.push(Lease { mac, address }),
            (None, None) => {}
        }
        Ok(())
    }

    /// Held ones first: where a device has several, the first one counts.
    fn in_order(mut self) -> Vec<Lease> {
        self.held.append(&mut self.reserved);
        self.held
    }
}
