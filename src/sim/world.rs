//! The router itself: its tables, its clock and what commands do to them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::id::Mac;

use super::client::Client;
use super::clock::SimClock;
use super::command::{ApiCommand, CommandReply, Listing, Trap};
use super::config::{Rights, SimConfig};
use super::menus::{
    ACTIVE, BINDING, CLOCK, DEVICE_MODE, HOST, HOTSPOT, IDENTITY, LICENSE, MENUS, RESOURCE, ROUTERBOARD,
    SERVICE, SimMenu, USER, USER_GROUP, Verb,
};
use super::query::RowQuery;
use super::table::{MenuTable, Row, TableField, show_id};
use super::value::{Invalid, RouterMoment, Times, Value, ValueKind, parse};
use super::wire::{put_attribute, put_word};

/// Wall time at the start of a simulation whose clock is virtual: 2026-01-01, 00:00 UTC.
const EPOCH_MS: i64 = 1_767_225_600_000;

/// Whose hand writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Author {
    /// A client of the API.
    Client,
    /// The router itself, or the person in front of it: read-only columns too.
    Router,
}

/// The router's state.
#[derive(Debug)]
pub(super) struct World {
    /// One table for each menu, in the order of [`MENUS`].
    pub(super) tables: Vec<MenuTable>,
    /// Devices that ever connected, by MAC.
    pub(super) clients: BTreeMap<Mac, Client>,
    /// How the router was set up.
    pub(super) config: SimConfig,
    /// Counts the boots: a session belongs to one.
    pub(super) boot: u64,
    /// Commands taken, by path.
    pub(super) commands: BTreeMap<String, u64>,
    /// Rows added, changed or removed by clients.
    pub(super) writes: u64,
    /// Log-ins refused.
    pub(super) logins_refused: u64,
    /// Cells that clients see otherwise than they are, by table and row; `None` where they do not see one.
    pub(super) spoiled: BTreeMap<(usize, u64), BTreeMap<String, Option<String>>>,
    positions: BTreeMap<&'static str, usize>,
    /// Rows in memory that run out: when, table, row.
    expiring: BTreeSet<(RouterMoment, usize, u64)>,
    offset: Duration,
    started: Option<Instant>,
    booted: RouterMoment,
}

impl SimConfig {
    /// Whether the router has a menu at all.
    fn has(&self, path: &str) -> bool {
        match path {
            ROUTERBOARD => self.serial.is_some(),
            LICENSE => self.software_id.is_some(),
            _ => true,
        }
    }
}

impl World {
    /// A router that has been up for a while, with nobody connected.
    pub(super) fn new(config: SimConfig) -> Self {
        let started = match config.clock {
            SimClock::Virtual => None,
            SimClock::Real => Some(Instant::now()),
        };
        let mut world = Self {
            tables: MENUS.iter().map(MenuTable::new).collect(),
            clients: BTreeMap::new(),
            boot: 1,
            commands: BTreeMap::new(),
            writes: 0,
            logins_refused: 0,
            spoiled: BTreeMap::new(),
            positions: MENUS
                .iter()
                .enumerate()
                .filter(|(_, menu)| config.has(menu.path))
                .map(|(at, menu)| (menu.path, at))
                .collect(),
            expiring: BTreeSet::new(),
            offset: config.uptime,
            started,
            booted: 0,
            config,
        };
        world.furnish();
        world
    }

    /// The rows that a router comes with.
    fn furnish(&mut self) {
        let (version, user, server) =
            (self.config.version.clone(), self.config.username.clone(), self.config.server.clone());
        let policy = match self.config.rights {
            Rights::ReadWrite => "api,read,write",
            Rights::ReadOnly => "api,read",
        };
        let off = if self.config.tls.is_some() { "no" } else { "yes" };
        let rows: &[(&str, &[(&str, &str)])] = &[
            (RESOURCE, &[("version", &version), ("uptime", &format!("{}s", self.config.uptime.as_secs()))]),
            (IDENTITY, &[("name", "MikroTik")]),
            (CLOCK, &[]),
            (DEVICE_MODE, &[("mode", "advanced")]),
            (USER_GROUP, &[("name", "agent"), ("policy", policy)]),
            (USER, &[("name", &user), ("group", "agent")]),
            (SERVICE, &[("name", "api"), ("port", "8728")]),
            (SERVICE, &[("name", "api-ssl"), ("port", "8729"), ("disabled", off)]),
            (HOTSPOT, &[("name", &server), ("interface", "bridge-hotspot")]),
            ("/interface", &[("name", "ether1")]),
            ("/interface", &[("name", "bridge-hotspot"), ("type", "bridge")]),
        ];
        for (path, cells) in rows {
            let cells: Vec<_> = cells.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            self.add(self.at(path), &cells, Author::Router).expect("the router's own rows are sound");
        }
        self.furnish_one(ROUTERBOARD, "serial-number", self.config.serial.clone());
        self.furnish_one(LICENSE, "software-id", self.config.software_id.clone());
        let clock = self.at(CLOCK);
        for (name, value) in [("time", Value::WallTime), ("date", Value::WallDate)] {
            self.put(clock, 1, name, value);
        }
    }

    /// The one row of a menu that not every router has.
    fn furnish_one(&mut self, path: &str, column: &str, value: Option<String>) {
        if let Some(value) = value {
            let cells = [(column.to_owned(), value)];
            self.add(self.at(path), &cells, Author::Router).expect("these columns take any text");
        }
    }

    /// Position of a menu that this program knows to exist.
    pub(super) fn at(&self, path: &str) -> usize {
        self.position(path).unwrap_or_else(|| panic!("the simulated router has no menu {path}"))
    }

    /// Position of a menu.
    pub(super) fn position(&self, path: &str) -> Option<usize> {
        self.positions.get(path).copied()
    }

    /// Time since the simulation began.
    pub(super) fn now(&self) -> RouterMoment {
        let elapsed = self.offset + self.started.map_or(Duration::ZERO, |started| started.elapsed());
        RouterMoment::try_from(elapsed.as_millis()).unwrap_or(RouterMoment::MAX)
    }

    /// What printing needs to know about time.
    pub(super) fn times(&self) -> Times {
        let old_dates = version(&self.config.version) < (7, 10);
        Times { now: self.now(), epoch_ms: EPOCH_MS, old_dates }
    }

    /// Whether an empty reply says so before it ends.
    pub(super) fn says_empty(&self) -> bool {
        version(&self.config.version) >= (7, 18)
    }

    /// Whether the router is so old that it answers a plain log-in with a challenge.
    pub(super) fn challenges(&self) -> bool {
        version(&self.config.version) < (6, 43)
    }

    /// Moves the clock on; rows run out on the way.
    pub(super) fn advance(&mut self, by: Duration) {
        self.offset += by;
        self.expire();
    }

    /// Takes out the rows whose time is over.
    pub(super) fn expire(&mut self) {
        if self.expiring.is_empty() {
            return;
        }
        let now = self.now();
        while let Some(&(moment, at, id)) = self.expiring.first().filter(|(moment, ..)| *moment <= now) {
            self.expiring.pop_first();
            let due = |cell: &Option<Value>| *cell == Some(Value::Until(moment));
            if self.tables[at].get(id).is_some_and(|row| row.cells.iter().any(due)) {
                self.remove(at, id);
            }
        }
    }

    /// Reboots: rows in memory are gone, the clock of the router begins, sessions of before are void.
    pub(super) fn reboot(&mut self) {
        self.boot += 1;
        self.booted = self.now();
        let restart_ids = self.config.ids_restart;
        for table in &mut self.tables {
            table.reboot(restart_ids);
        }
        self.expiring.clear();
        let resource = self.at(RESOURCE);
        self.put(resource, 1, "uptime", Value::Since(self.booted));
        self.clients_after_reboot();
    }

    /// Executes a command of a client that is logged in.
    pub(super) fn execute(&mut self, command: &ApiCommand) -> CommandReply {
        self.expire();
        let (path, verb) = command.path.rsplit_once('/').unwrap_or(("", &command.path));
        let Some(at) = self.position(path) else {
            let name = path.rsplit('/').next().unwrap_or_default();
            let directory = Trap::missing(format!("no such command or directory ({name})"));
            return CommandReply::Traps(vec![directory, Trap::missing("no such command prefix")]);
        };
        let menu = self.tables[at].menu;
        let allowed = |verb| menu.verbs.contains(&verb);
        let answer = match verb {
            "print" | "getall" => return self.print(at, command).unwrap_or_else(CommandReply::from),
            "add" if allowed(Verb::Add) => self.command_add(at, command),
            "set" if allowed(Verb::Set) => self.command_set(at, command),
            "remove" if allowed(Verb::Remove) => self.command_remove(at, command),
            "enable" if allowed(Verb::Switch) => self.command_switch(at, command, "false"),
            "disable" if allowed(Verb::Switch) => self.command_switch(at, command, "true"),
            "reset-counters" if allowed(Verb::Reset) => self.command_reset(at, command),
            _ => Err(Trap::missing("no such command prefix")),
        };
        answer.unwrap_or_else(CommandReply::from)
    }

    fn print(&self, at: usize, command: &ApiCommand) -> Result<CommandReply, Trap> {
        const TAKEN: [&str; 8] =
            [".proplist", ".id", "numbers", "count-only", "detail", "stats", "terse", "without-paging"];
        if let Some((name, _)) = command.attributes.iter().find(|(name, _)| !TAKEN.contains(&name.as_str())) {
            return Err(self.unknown_parameter(name));
        }
        let table = &self.tables[at];
        let query = RowQuery::parse(command.queries.iter().map(String::as_str), table)
            .ok_or_else(|| Trap::argument("invalid query"))?;
        let times = self.times();
        let accepted = |(id, row): &(u64, &Row)| query.accepts(*id, row, times);
        let ids: Vec<u64> = if command.attribute(".id").or(command.attribute("numbers")).is_some() {
            let ids = self.named_rows(at, command)?.into_iter();
            ids.filter_map(|id| Some((id, table.get(id)?))).filter(accepted).map(|(id, _)| id).collect()
        } else {
            table.rows().filter(accepted).map(|(id, _)| id).collect()
        };
        if command.attribute("count-only").is_some_and(|value| value != "no" && value != "false") {
            return Ok(CommandReply::Ret(ids.len().to_string()));
        }
        let fields = if let Some(names) = command.attribute(".proplist") {
            names.split(',').map(|name| table.field(name.trim())).collect()
        } else {
            table.fields()
        };
        Ok(CommandReply::Rows(Listing { at, ids, fields }))
    }

    /// Appends rows of a listing as sentences. A row that is gone by then is left out.
    pub(super) fn render(&self, listing: &Listing, ids: &[u64], tag: Option<&str>, out: &mut Vec<u8>) {
        let (table, times) = (&self.tables[listing.at], self.times());
        for (id, row) in ids.iter().filter_map(|id| Some((*id, table.get(*id)?))) {
            put_word(out, "!re");
            if let Some(tag) = tag {
                put_word(out, &format!(".tag={tag}"));
            }
            let spoiled = self.spoiled.get(&(listing.at, id));
            for field in &listing.fields {
                let name = field_name(table.menu, *field);
                match spoiled.and_then(|cells| cells.get(name)) {
                    Some(Some(text)) => put_attribute(out, name, text),
                    Some(None) => {}
                    None => {
                        let Some(text) = row.show(id, *field, times) else { continue };
                        put_attribute(out, name, &text);
                    }
                }
            }
            out.push(0);
        }
    }

    fn command_add(&mut self, at: usize, command: &ApiCommand) -> Result<CommandReply, Trap> {
        self.may_write()?;
        let id = self.add(at, &command.attributes, Author::Client)?;
        self.writes += 1;
        Ok(CommandReply::Ret(show_id(id)))
    }

    fn command_set(&mut self, at: usize, command: &ApiCommand) -> Result<CommandReply, Trap> {
        self.may_write()?;
        let ids = if self.tables[at].menu.settings { vec![1] } else { self.named_rows(at, command)? };
        let attributes: Vec<_> = command
            .attributes
            .iter()
            .filter(|(name, _)| name != ".id" && name != "numbers")
            .cloned()
            .collect();
        for id in ids {
            self.set(at, id, &attributes, Author::Client)?;
            self.writes += 1;
        }
        Ok(CommandReply::Done)
    }

    fn command_switch(
        &mut self,
        at: usize,
        command: &ApiCommand,
        disabled: &str,
    ) -> Result<CommandReply, Trap> {
        self.may_write()?;
        for id in self.named_rows(at, command)? {
            self.set(at, id, &[("disabled".to_owned(), disabled.to_owned())], Author::Client)?;
            self.writes += 1;
        }
        Ok(CommandReply::Done)
    }

    fn command_remove(&mut self, at: usize, command: &ApiCommand) -> Result<CommandReply, Trap> {
        self.may_write()?;
        for id in self.named_rows(at, command)? {
            self.remove(at, id);
            self.writes += 1;
        }
        Ok(CommandReply::Done)
    }

    fn command_reset(&mut self, at: usize, command: &ApiCommand) -> Result<CommandReply, Trap> {
        self.may_write()?;
        for id in self.named_rows(at, command)? {
            for name in ["bytes-in", "bytes-out", "packets-in", "packets-out"] {
                self.put(at, id, name, Value::Number(0));
            }
            self.writes += 1;
        }
        Ok(CommandReply::Done)
    }

    fn may_write(&self) -> Result<(), Trap> {
        match self.config.rights {
            Rights::ReadWrite => Ok(()),
            Rights::ReadOnly => Err(Trap::failure("not enough permissions (9)")),
        }
    }

    /// The rows that a command names; all must be there.
    fn named_rows(&self, at: usize, command: &ApiCommand) -> Result<Vec<u64>, Trap> {
        let names = command.attribute(".id").or(command.attribute("numbers"));
        let names = names.ok_or_else(|| Trap::argument("missing =.id="))?;
        let found = |name| self.tables[at].resolve(name).ok_or_else(|| Trap::missing("no such item"));
        names.split(',').map(found).collect()
    }

    /// Adds a row.
    pub(super) fn add(&mut self, at: usize, cells: &[(String, String)], by: Author) -> Result<u64, Trap> {
        let menu = self.tables[at].menu;
        let mut row = self.blank(menu);
        row.volatile = menu.path == HOST || menu.path == ACTIVE;
        self.write(at, &mut row, cells, by, true)?;
        let missing =
            menu.columns.iter().zip(&row.cells).find(|(column, cell)| column.required && cell.is_none());
        if let Some((column, _)) = missing {
            return Err(Trap::failure(format!("missing value(s) of argument(s) {}", column.name)));
        }
        if self.tables[at].clashes(&row, None) {
            return Err(Trap::failure(menu.duplicate));
        }
        if let Some(column) = menu.column("creation-time") {
            let (date, time) = self.times().wall();
            row.cells[column] = Some(Value::Text(format!("{date} {time}")));
        }
        let id = self.tables[at].insert(row);
        self.watch_expiry(at, id);
        self.follow(at, None, Some(id));
        Ok(id)
    }

    /// Changes a row that is there.
    pub(super) fn set(
        &mut self,
        at: usize,
        id: u64,
        cells: &[(String, String)],
        by: Author,
    ) -> Result<(), Trap> {
        let before = self.tables[at].get(id).cloned().ok_or_else(|| Trap::missing("no such item"))?;
        let mut row = before.clone();
        self.write(at, &mut row, cells, by, false)?;
        if self.tables[at].clashes(&row, Some(id)) {
            return Err(Trap::failure(self.tables[at].menu.duplicate));
        }
        self.tables[at].replace(id, row);
        self.watch_expiry(at, id);
        self.follow(at, Some(&before), Some(id));
        Ok(())
    }

    /// Takes a row out, if it is there.
    pub(super) fn remove(&mut self, at: usize, id: u64) {
        if let Some(before) = self.tables[at].remove(id) {
            self.follow(at, Some(&before), None);
        }
    }

    /// Puts a value into a cell that no rule hangs on.
    pub(super) fn put(&mut self, at: usize, id: u64, name: &str, value: Value) {
        let column = self.tables[at].menu.column(name).expect("the world names its own columns");
        if let Some(cell) = self.tables[at].cell(id, column) {
            *cell = Some(value);
        }
    }

    fn blank(&self, menu: &SimMenu) -> Row {
        let now = self.now();
        let cell = |kind, default: Option<&str>| match (kind, default) {
            (ValueKind::Age, None) => Some(Value::Since(now)),
            (kind, Some(text)) => parse(kind, text, now).expect("defaults of the menus are tested"),
            _ => None,
        };
        Row { cells: menu.columns.iter().map(|c| cell(c.kind, c.default)).collect(), volatile: false }
    }

    fn write(
        &self,
        at: usize,
        row: &mut Row,
        cells: &[(String, String)],
        by: Author,
        adding: bool,
    ) -> Result<(), Trap> {
        let menu = self.tables[at].menu;
        for (name, text) in cells {
            let column = menu.column(name).filter(|at| by == Author::Router || menu.columns[*at].writable);
            let column = column.ok_or_else(|| self.unknown_parameter(name))?;
            let kind = menu.columns[column].kind;
            if matches!(kind, ValueKind::Timeout) {
                self.write_timeout(menu, row, column, text, adding)?;
                continue;
            }
            row.cells[column] = parse(kind, text, self.now()).map_err(|e| invalid(e, name))?;
        }
        Ok(())
    }

    /// A row with a timeout lives in memory. A row on disk stays one: setting a timeout there does nothing.
    fn write_timeout(
        &self,
        menu: &SimMenu,
        row: &mut Row,
        column: usize,
        text: &str,
        adding: bool,
    ) -> Result<(), Trap> {
        let value = match text {
            "" | "none-static" => return Ok(()),
            "none-dynamic" => None,
            _ => parse(ValueKind::Timeout, text, self.now()).map_err(|e| invalid(e, "timeout"))?,
        };
        if adding || row.volatile {
            row.volatile = true;
            row.cells[column] = value;
            if let Some(dynamic) = menu.column("dynamic") {
                row.cells[dynamic] = Some(Value::Flag(true));
            }
        }
        Ok(())
    }

    fn watch_expiry(&mut self, at: usize, id: u64) {
        let cells = self.tables[at].get(id).into_iter().flat_map(|row| &row.cells);
        let until = cells.filter_map(|cell| match cell {
            Some(Value::Until(moment)) => Some((*moment, at, id)),
            _ => None,
        });
        self.expiring.extend(until);
    }

    /// What hangs on a row that came, changed or went.
    fn follow(&mut self, at: usize, before: Option<&Row>, after: Option<u64>) {
        match self.tables[at].menu.path {
            BINDING => self.follow_binding(at, before, after),
            HOST => self.follow_host(before, after),
            ACTIVE => self.follow_active(before, after),
            _ => {}
        }
    }

    fn unknown_parameter(&self, name: &str) -> Trap {
        if version(&self.config.version) < (7, 0) {
            return Trap::failure("unknown parameter");
        }
        Trap::failure(format!("unknown parameter {name}"))
    }
}

fn invalid(why: Invalid, name: &str) -> Trap {
    match why {
        Invalid::Choice => Trap::argument(format!("input does not match any value of {name}")),
        Invalid::Form => Trap::argument(format!("invalid value for argument {name}")),
    }
}

/// The name of a field on the wire; empty for one that does not exist.
pub(super) fn field_name(menu: &SimMenu, field: TableField) -> &'static str {
    match field {
        TableField::Id => ".id",
        TableField::Column(column) => menu.columns[column].name,
        TableField::Unknown => "",
    }
}

/// Major and minor of a version such as `7.18.2 (stable)`.
fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
#[path = "world_tests.rs"]
mod tests;
