//! Adoption of a live router: which of its hotspot users can become customers, with what devices, quota and days.
//!
//! The harsher reading applies everywhere: what is unclear stays a hotspot user, which goes on working, and the report
//! says why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::Ipv4Addr;

use jiff::civil::{Date, DateTime, Time};

use super::id::Mac;
use super::ledger::named;
use super::listing::BindingRow;
use super::text::turns_direction;
use super::units::{AMOUNT_BYTES_MAX, Bytes};
use super::usage::{HostTable, RowId};
use super::{login, phone};

/// Longest name of a customer.
const NAME_CHARS_MAX: usize = 100;
/// The hotspot user of trials, which every router has.
const TRIAL: &str = "default-trial";
/// How comments of vouchers begin that a panel made and nobody used.
const VOUCHER_MARKS: [&str; 2] = ["vc-", "up-"];
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

named! {
    /// How far a handover between the router and the store is.
    HandoverState {
        /// The customer is on file; the hotspot user is still to be switched off.
        Taking = "taking",
        /// The hotspot user is a customer.
        Taken = "taken",
        /// The customer is inactive; the hotspot user is still to be switched on.
        Returning = "returning",
        /// The customer is a hotspot user again.
        Returned = "returned",
        /// The owner leaves; the hotspot user is still to be made or switched on.
        Leaving = "leaving",
        /// The owner left; the customer has a hotspot user.
        Left = "left",
    }
}

/// One row of `/ip/hotspot/user`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotspotUser {
    /// The row's `.id`.
    pub row: RowId,
    /// The hotspot server that it is for; `all` is every one.
    pub server: String,
    /// Its name.
    pub name: String,
    /// The only device that may use it, where the row names one.
    pub mac: Option<Mac>,
    /// `limit-bytes-total`; `None` is no limit.
    pub limit: Option<u64>,
    /// It has a limit of one direction alone.
    pub has_direction_limit: bool,
    /// It has a limit of time on the hotspot.
    pub has_uptime_limit: bool,
    /// Time on the hotspot so far, in seconds.
    pub uptime_s: u64,
    /// Bytes in and out of ended sessions.
    pub bytes: u64,
    /// The router made it.
    pub is_builtin: bool,
    /// It is switched off.
    pub disabled: bool,
    /// What people or panels wrote there.
    pub comment: String,
}

/// One row of `/ip/hotspot/active`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotspotSession {
    /// The row's `.id`.
    pub row: RowId,
    /// The name that logged in.
    pub user: String,
    /// The device.
    pub mac: Option<Mac>,
    /// Its address.
    pub address: Option<Ipv4Addr>,
    /// Bytes in and out of this session.
    pub bytes: u64,
}

/// One row of `/ip/hotspot/cookie`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotspotCookie {
    /// The row's `.id`.
    pub row: RowId,
    /// The name that it logs in.
    pub user: String,
    /// The device.
    pub mac: Option<Mac>,
}

/// A row about a hotspot user that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadAccount {
    /// The name, which could be read.
    pub user: String,
    /// The first field that makes no sense, with its value.
    pub what: String,
}

/// The hotspot users of a router with their sessions and cookies, read in this order: a session that ends meanwhile makes
/// its bytes dip for this reading, and never counts twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HotspotAccounts {
    /// `/ip/hotspot/user`.
    pub users: Vec<HotspotUser>,
    /// `/ip/hotspot/active`.
    pub sessions: Vec<HotspotSession>,
    /// `/ip/hotspot/cookie`.
    pub cookies: Vec<HotspotCookie>,
    /// Rows that could not be read.
    pub unread: Vec<UnreadAccount>,
}

impl HotspotAccounts {
    /// The rows of that name; the router tells names apart by small and capital letters.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a HotspotUser> {
        self.users.iter().filter(move |user| user.name == name)
    }

    /// The sessions of a name.
    pub fn sessions_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a HotspotSession> {
        self.sessions.iter().filter(move |session| session.user == name)
    }

    /// The cookies of a name.
    pub fn cookies_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a HotspotCookie> {
        self.cookies.iter().filter(move |cookie| cookie.user == name)
    }

    /// Bytes of a name: those of ended sessions and those of the sessions that last.
    pub fn used(&self, name: &str) -> u64 {
        let ended = self.named(name).map(|user| user.bytes);
        ended.chain(self.sessions_of(name).map(|session| session.bytes)).fold(0, u64::saturating_add)
    }
}

/// What a name used by the time of a reading of the hosts that lies between two readings of the hotspot users; `Err` holds
/// the best guess where the two differ. Bytes that flowed between the readings are rather lost than charged twice, but a
/// dip, after a session ended in the middle of a reading, is no usage that went away: then the larger one counts.
pub fn used_between(before: &HotspotAccounts, after: &HotspotAccounts, name: &str) -> Result<u64, u64> {
    let (first, last) = (before.used(name), after.used(name));
    if first == last {
        return Ok(first);
    }
    // Totals of ended sessions move only when a session ends.
    let state = |accounts: &HotspotAccounts| -> (BTreeSet<RowId>, u64) {
        let rows = accounts.sessions_of(name).map(|session| session.row.clone()).collect();
        (rows, accounts.named(name).map(|user| user.bytes).fold(0, u64::saturating_add))
    };
    Err(if state(before) == state(after) { first } else { first.max(last) })
}

/// Why a hotspot user stays one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The router made it.
    BuiltIn,
    /// It is switched off.
    Disabled,
    /// A row about it makes no sense.
    Unread(String),
    /// More than one row has the name.
    NameTwice,
    /// Not a name that a customer can have.
    BadName,
    /// No device of it is known.
    NoDevice,
    /// A device is also another user's.
    SharedDevice(Mac, String),
    /// It has more devices than a customer may have.
    TooManyDevices {
        /// So many.
        devices: usize,
        /// At most so many.
        max: usize,
    },
    /// Its only limit is time on the hotspot.
    UptimeOnly,
    /// It has a limit of one direction.
    DirectionLimit,
    /// Its limit is larger than any quota.
    LimitTooLarge,
    /// The comment has a date that is no expiry in one of the two known styles, or more than one.
    UnclearExpiry,
    /// An ip-binding of others holds the device.
    ForeignBinding(Mac),
    /// There is no hotspot user of that name: RADIUS or a trial.
    NoHotspotUser,
    /// A customer on file has its name or device already.
    OnFile(String),
}

impl Obstacle {
    /// The stable code of the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BuiltIn => "built_in",
            Self::Disabled => "disabled",
            Self::Unread(_) => "unread",
            Self::NameTwice => "name_twice",
            Self::BadName => "bad_name",
            Self::NoDevice => "no_device",
            Self::SharedDevice(..) => "shared_device",
            Self::TooManyDevices { .. } => "too_many_devices",
            Self::UptimeOnly => "uptime_only",
            Self::DirectionLimit => "direction_limit",
            Self::LimitTooLarge => "limit_too_large",
            Self::UnclearExpiry => "unclear_expiry",
            Self::ForeignBinding(_) => "foreign_binding",
            Self::NoHotspotUser => "no_hotspot_user",
            Self::OnFile(_) => "on_file",
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("the router made it; it is nobody's"),
            Self::Disabled => f.write_str("it is disabled on the router; enable it there to adopt it"),
            Self::Unread(what) => write!(f, "a row of it cannot be read: {what}"),
            Self::NameTwice => f.write_str("two hotspot users have this name, for different servers; rename one"),
            Self::BadName => {
                write!(f, "a customer's name has 1 to {NAME_CHARS_MAX} visible characters; rename it on the router")
            }
            Self::NoDevice => {
                f.write_str("no device of it is known: it has neither a session nor a cookie; wait until it logs in")
            }
            Self::SharedDevice(mac, other) => {
                write!(f, "its device {mac} is also {other}'s; remove the cookie of whose device it is not")
            }
            Self::TooManyDevices { devices, max } => write!(
                f,
                "it has {devices} devices and a customer may have {max}; remove cookies of old devices or raise \
                 policy.max_devices_per_user"
            ),
            Self::UptimeOnly => f.write_str("its only limit is time on the hotspot, which is not a quota here"),
            Self::DirectionLimit => {
                f.write_str("it has a limit of one direction (limit-bytes-in or limit-bytes-out); use limit-bytes-total")
            }
            Self::LimitTooLarge => f.write_str("its limit is larger than any quota may be"),
            Self::UnclearExpiry => f.write_str(
                "its comment has a date that is no single expiry; write it like 2026-11-28 13:05:00, with the time",
            ),
            Self::ForeignBinding(mac) => {
                write!(f, "an ip-binding that is not ours holds its device {mac}; remove that binding first")
            }
            Self::NoHotspotUser => {
                f.write_str("there is no hotspot user of this name (RADIUS or a trial); the session is left alone")
            }
            Self::OnFile(why) => f.write_str(why),
        }
    }
}

/// What a hotspot user is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It can become a customer.
    Adoptable,
    /// An unused voucher: it stays a hotspot user.
    Voucher,
    /// It stays a hotspot user, for each of these reasons.
    Refused(Vec<Obstacle>),
    /// It was taken over and is a customer.
    Adopted,
}

/// One hotspot user as the report shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// The server that it is for.
    pub server: String,
    /// What it is.
    pub verdict: Verdict,
    /// Its devices.
    pub macs: BTreeSet<Mac>,
    /// Its limit; `None` is none.
    pub limit: Option<Bytes>,
    /// What it used, as far as this reading knows.
    pub used: Bytes,
    /// When its days end, on the site's wall clock.
    pub expires: Option<DateTime>,
    /// It has a limit of time on the hotspot too, which is not taken over.
    pub drops_uptime_limit: bool,
    /// It is switched off on the router.
    pub disabled: bool,
    /// It has a session.
    pub is_online: bool,
}

impl Candidate {
    /// What is left of its limit; `None` is without a limit.
    pub fn remaining(&self) -> Option<Bytes> {
        self.limit.map(|limit| limit.minus(self.used))
    }

    /// Phone and log-in name of the customer: whichever the name can be.
    pub fn names(&self) -> (Option<String>, Option<String>) {
        names(&self.name)
    }

    /// Adds what the rules of the store say against it.
    pub fn refuse(&mut self, obstacle: Obstacle) {
        match &mut self.verdict {
            Verdict::Refused(obstacles) => obstacles.push(obstacle),
            Verdict::Adoptable | Verdict::Voucher => self.verdict = Verdict::Refused(vec![obstacle]),
            Verdict::Adopted => {}
        }
    }
}

/// Phone and log-in name of a customer with a hotspot user's name: whichever it can be.
pub fn names(name: &str) -> (Option<String>, Option<String>) {
    if phone::e164(name).is_some() {
        return (Some(name.to_owned()), None);
    }
    (None, login::read(name).ok().filter(|login| login == name))
}

/// Whether a comment begins as a panel marks a voucher that nobody used.
pub fn is_voucher_mark(comment: &str) -> bool {
    VOUCHER_MARKS.iter().any(|mark| starts_with(comment, mark))
}

/// What surrounds the hotspot users.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The devices on the hotspot.
    pub hosts: &'a HostTable,
    /// The bindings of the router.
    pub bindings: &'a [BindingRow],
    /// The most devices of one customer.
    pub devices_max: usize,
    /// Names that were taken over.
    pub adopted: &'a BTreeSet<String>,
}

/// Every hotspot user, and every session without one, in the router's order.
pub fn judge(accounts: &HotspotAccounts, around: &Surroundings) -> Vec<Candidate> {
    let devices = devices_by_name(accounts, around.hosts);
    let mut holders: BTreeMap<Mac, BTreeSet<&str>> = BTreeMap::new();
    for user in accounts.users.iter().filter(|user| !user.disabled) {
        for mac in devices.get(user.name.as_str()).into_iter().flatten() {
            holders.entry(*mac).or_default().insert(&user.name);
        }
    }
    let known: BTreeSet<&str> = accounts.users.iter().map(|user| user.name.as_str()).collect();
    let users = accounts.users.iter().map(|user| {
        let macs = devices.get(user.name.as_str()).cloned().unwrap_or_default();
        of_user(user, macs, &holders, accounts, around)
    });
    let unread = accounts.unread.iter().filter(|row| !known.contains(row.user.as_str())).map(|row| {
        let verdict = Verdict::Refused(vec![Obstacle::Unread(row.what.clone())]);
        bare(&row.user, accounts, verdict)
    });
    let is_unread = |name: &str| accounts.unread.iter().any(|row| row.user == name);
    let strangers: BTreeSet<&str> = accounts
        .sessions
        .iter()
        .map(|session| session.user.as_str())
        .filter(|name| !known.contains(name) && !is_unread(name))
        .collect();
    let strangers = strangers
        .into_iter()
        .map(|name| bare(name, accounts, Verdict::Refused(vec![Obstacle::NoHotspotUser])));
    users.chain(unread).chain(strangers).collect()
}

/// A name without a row of its own that makes sense.
fn bare(name: &str, accounts: &HotspotAccounts, verdict: Verdict) -> Candidate {
    Candidate {
        name: name.to_owned(),
        server: String::new(),
        verdict,
        macs: BTreeSet::new(),
        limit: None,
        used: Bytes(accounts.used(name)),
        expires: None,
        drops_uptime_limit: false,
        disabled: false,
        is_online: accounts.sessions_of(name).next().is_some(),
    }
}

/// Devices of each name: of its sessions, by address in the host table where a session names none, of its cookies, the one
/// that its row names, and the name itself where it is one.
fn devices_by_name<'a>(accounts: &'a HotspotAccounts, hosts: &HostTable) -> BTreeMap<&'a str, BTreeSet<Mac>> {
    let mut out: BTreeMap<&str, BTreeSet<Mac>> = BTreeMap::new();
    let mut put = |name: &'a str, mac: Option<Mac>| {
        out.entry(name).or_default().extend(mac.filter(|mac| Mac::of_device(&mac.to_string()).is_ok()));
    };
    for session in &accounts.sessions {
        let at = |address: Ipv4Addr| {
            let mut macs = hosts.rows.iter().filter(|row| row.seen_address() == Some(address));
            macs.next().map(|row| row.mac)
        };
        put(&session.user, session.mac.or_else(|| at(session.address?)));
    }
    for cookie in &accounts.cookies {
        put(&cookie.user, cookie.mac);
    }
    for user in &accounts.users {
        put(&user.name, user.mac);
        put(&user.name, user.name.parse().ok());
    }
    out
}

fn of_user(
    user: &HotspotUser,
    macs: BTreeSet<Mac>,
    holders: &BTreeMap<Mac, BTreeSet<&str>>,
    accounts: &HotspotAccounts,
    around: &Surroundings,
) -> Candidate {
    let is_online = accounts.sessions_of(&user.name).next().is_some();
    let used = accounts.used(&user.name);
    let expiry = expiry(&user.comment);
    let is_marked = is_voucher_mark(&user.comment);
    let is_unused = used == 0 && user.uptime_s == 0 && !is_online;
    let verdict = if around.adopted.contains(&user.name) {
        Verdict::Adopted
    } else if is_marked && is_unused && !user.disabled {
        Verdict::Voucher
    } else {
        let found = obstacles(user, &macs, holders, accounts, around, expiry);
        if found.is_empty() { Verdict::Adoptable } else { Verdict::Refused(found) }
    };
    Candidate {
        name: user.name.clone(),
        server: user.server.clone(),
        verdict,
        macs,
        limit: user.limit.map(Bytes),
        used: Bytes(used),
        expires: match expiry {
            Expiry::At(at) => Some(at),
            Expiry::Never | Expiry::Unclear => None,
        },
        drops_uptime_limit: user.has_uptime_limit && user.limit.is_some(),
        disabled: user.disabled,
        is_online,
    }
}

fn starts_with(text: &str, mark: &str) -> bool {
    text.trim_start().get(..mark.len()).is_some_and(|head| head.eq_ignore_ascii_case(mark))
}

fn obstacles(
    user: &HotspotUser,
    macs: &BTreeSet<Mac>,
    holders: &BTreeMap<Mac, BTreeSet<&str>>,
    accounts: &HotspotAccounts,
    around: &Surroundings,
    expiry: Expiry,
) -> Vec<Obstacle> {
    if user.is_builtin || user.name == TRIAL {
        return vec![Obstacle::BuiltIn];
    }
    if user.disabled {
        return vec![Obstacle::Disabled];
    }
    let mut found = Vec::new();
    let unread = accounts.unread.iter().filter(|row| row.user == user.name);
    found.extend(unread.map(|row| Obstacle::Unread(row.what.clone())));
    if accounts.named(&user.name).count() > 1 {
        found.push(Obstacle::NameTwice);
    }
    let is_visible = !user.name.chars().any(char::is_control) && !turns_direction(&user.name);
    if !(1..=NAME_CHARS_MAX).contains(&user.name.trim().chars().count()) || !is_visible {
        found.push(Obstacle::BadName);
    }
    if user.has_direction_limit {
        found.push(Obstacle::DirectionLimit);
    }
    if user.limit.is_none() && user.has_uptime_limit {
        found.push(Obstacle::UptimeOnly);
    }
    if user.limit.is_some_and(|limit| limit > AMOUNT_BYTES_MAX) {
        found.push(Obstacle::LimitTooLarge);
    }
    if expiry == Expiry::Unclear {
        found.push(Obstacle::UnclearExpiry);
    }
    if macs.is_empty() {
        found.push(Obstacle::NoDevice);
    }
    for mac in macs {
        let others = holders.get(mac).into_iter().flatten().filter(|other| **other != user.name);
        found.extend(others.take(1).map(|other| Obstacle::SharedDevice(*mac, (*other).to_owned())));
        if around.bindings.iter().any(|row| !row.ours && row.mac == Some(*mac)) {
            found.push(Obstacle::ForeignBinding(*mac));
        }
    }
    if macs.len() > around.devices_max {
        found.push(Obstacle::TooManyDevices { devices: macs.len(), max: around.devices_max });
    }
    found
}

/// What a comment says about the end of somebody's days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Nothing.
    Never,
    /// Then, on the site's wall clock.
    At(DateTime),
    /// A date that is no single expiry.
    Unclear,
}

/// Reads `2026-11-28 13:05:00` and `nov/28/2026 13:05:00`, wherever in the comment. Any other date is unclear: that it says
/// nothing cannot be known.
pub fn expiry(comment: &str) -> Expiry {
    let words: Vec<&str> = comment.split_whitespace().collect();
    let mut found = Expiry::Never;
    for (at, word) in words.iter().enumerate().filter(|(_, word)| looks_like_date(word)) {
        let time = words.get(at + 1).and_then(|word| time(word));
        let (Some(date), Some(time), Expiry::Never) = (date(word), time, found) else {
            return Expiry::Unclear;
        };
        found = Expiry::At(DateTime::from_parts(date, time));
    }
    found
}

/// Three parts, of which one is a year and the others are a month and a day, in any order.
fn looks_like_date(word: &str) -> bool {
    let parts: Vec<&str> = word.split(['-', '/', 'T', '.']).take(4).collect();
    let [a, b, c] = parts[..parts.len().min(3)] else { return false };
    let is_year = |part: &str| part.len() == 4 && (part.starts_with("19") || part.starts_with("20"));
    let is_small = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let is_part = |part: &str| is_small(part) || month(part).is_some();
    (is_year(a) && is_part(b) && is_part(c)) || (is_part(a) && is_part(b) && is_year(c))
}

fn month(word: &str) -> Option<i8> {
    let at = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(word))?;
    i8::try_from(at + 1).ok()
}

fn date(word: &str) -> Option<Date> {
    let number = |part: &str, digits: usize| -> Option<i16> {
        let is_sound = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|_| is_sound)
    };
    let small = |part: &str| number(part, 2).and_then(|number| i8::try_from(number).ok());
    let iso: Vec<&str> = word.split('-').collect();
    if let [year, month, day] = iso[..] {
        return Date::new(number(year, 4)?, small(month)?, small(day)?).ok();
    }
    let slashed: Vec<&str> = word.split('/').collect();
    let [name, day, year] = slashed[..] else { return None };
    Date::new(number(year, 4)?, month(name)?, small(day)?).ok()
}

fn time(word: &str) -> Option<Time> {
    let parts: Vec<&str> = word.split(':').collect();
    let [hour, minute, second] = parts[..] else { return None };
    let number = |part: &str| -> Option<i8> {
        let is_sound = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|_| is_sound)
    };
    Time::new(number(hour)?, number(minute)?, number(second)?, 0).ok()
}

#[cfg(test)]
#[path = "adoption_tests.rs"]
mod tests;
