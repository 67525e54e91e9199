//! The only "now": wall time, time since boot, and the zone the site lives in.
//!
//! The Pi has no clock that survives a power cut, so wall time may be wrong, step and go back. Intervals are
//! measured with [`Clock::uptime`]; [`Clock::boot_id`] says to which boot an uptime belongs.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::domain::rfc3339::to_jiff;
pub use crate::domain::rfc3339::{parse_rfc3339, rfc3339};
use crate::domain::units::{LocalTime, Timestamp};

/// Where time comes from. The daemon takes [`SystemClock`]; tests and simulations own a [`ManualClock`].
pub trait Clock: Send + Sync {
    /// The wall clock. It may be wrong, step and go back.
    fn now(&self) -> Timestamp;

    /// Time since this machine booted. Never goes back while the process lives.
    fn uptime(&self) -> Duration;

    /// When the network last set the wall clock, by that clock; `None` when nothing is known of it.
    fn synchronized_at(&self) -> Option<Timestamp>;

    /// Names the boot that [`Clock::uptime`] counts from: equal before and after a restart of the process only
    /// if the machine did not boot in between.
    fn boot_id(&self) -> String;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn uptime(&self) -> Duration {
        (**self).uptime()
    }

    fn synchronized_at(&self) -> Option<Timestamp> {
        (**self).synchronized_at()
    }

    fn boot_id(&self) -> String {
        (**self).boot_id()
    }
}

/// Touched by systemd-timesyncd after each synchronization.
const SYNCHRONIZED_FILE: &str = "/run/systemd/timesync/synchronized";

/// The machine's clocks.
#[derive(Clone, Debug)]
pub struct SystemClock {
    started: Instant,
    uptime_at_start: Duration,
    boot_id: String,
}

impl SystemClock {
    /// Reads the kernel's uptime and boot id once. A system without them counts from here and names the boot at
    /// random: two runs then never look like one boot, which costs precision and never correctness.
    pub fn new() -> Self {
        let started = Instant::now();
        let kernel = std::fs::read_to_string("/proc/uptime").ok().and_then(|text| parse_uptime(&text));
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
        match (kernel, boot.as_deref().map(str::trim)) {
            (Some(uptime_at_start), Some(id)) if !id.is_empty() => {
                Self { started, uptime_at_start, boot_id: id.to_owned() }
            }
            // An uptime without a boot to belong to, or the reverse, could be compared with the wrong one.
            _ => Self {
                started,
                uptime_at_start: Duration::ZERO,
                boot_id: uuid::Uuid::new_v4().hyphenated().to_string(),
            },
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[allow(clippy::disallowed_methods, reason = "this is the one wall clock")]
        let wall = SystemTime::now();
        match wall.duration_since(UNIX_EPOCH) {
            Ok(since) => Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            Err(before) => Timestamp(i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms)),
        }
    }

    fn uptime(&self) -> Duration {
        self.uptime_at_start.saturating_add(self.started.elapsed())
    }

    /// systemd-timesyncd touches a file whenever it has set the clock.
    fn synchronized_at(&self) -> Option<Timestamp> {
        let touched = std::fs::metadata(SYNCHRONIZED_FILE).ok()?.modified().ok()?;
        let since = touched.duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(since.as_millis()).ok().map(Timestamp)
    }

    fn boot_id(&self) -> String {
        self.boot_id.clone()
    }
}

/// The first number of `/proc/uptime`: seconds with two decimals.
fn parse_uptime(text: &str) -> Option<Duration> {
    let seconds: f64 = text.split_ascii_whitespace().next()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// A clock that does not move until it is moved. Clones share the same time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Manual>>);

#[derive(Clone, Debug)]
struct Manual {
    wall: Timestamp,
    uptime: Duration,
    synchronized: Option<Timestamp>,
    boots: u32,
}

impl ManualClock {
    /// A machine that has just booted, its wall clock at `wall`.
    pub fn new(wall: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Manual { wall, uptime: Duration::ZERO, synchronized: None, boots: 1 })))
    }

    /// Time passes: both clocks move on.
    pub fn advance(&self, by: Duration) {
        self.change(|m| {
            let ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            m.wall = Timestamp(m.wall.0.saturating_add(ms));
            m.uptime = m.uptime.saturating_add(by);
        });
    }

    /// Somebody sets the wall clock, forwards or back; time since boot does not move.
    pub fn set_wall(&self, wall: Timestamp) {
        self.change(|m| m.wall = wall);
    }

    /// The network says that the wall clock is right.
    pub fn synchronize(&self) {
        self.change(|m| m.synchronized = Some(m.wall));
    }

    /// The machine boots again: uptime from zero and another boot id. The wall clock stays; when the network set it
    /// is forgotten, as on a real machine.
    pub fn reboot(&self) {
        self.change(|m| {
            m.uptime = Duration::ZERO;
            m.synchronized = None;
            m.boots += 1;
        });
    }

    fn change<T>(&self, f: impl FnOnce(&mut Manual) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.change(|m| m.wall)
    }

    fn uptime(&self) -> Duration {
        self.change(|m| m.uptime)
    }

    fn synchronized_at(&self) -> Option<Timestamp> {
        self.change(|m| m.synchronized)
    }

    fn boot_id(&self) -> String {
        self.change(|m| format!("boot-{}", m.boots))
    }
}

/// The zone whose midnights and dates the site goes by. Its data is compiled in.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    /// The zone of this IANA name, such as `Asia/Jakarta`. The error says what to write instead.
    pub fn named(name: &str) -> Result<Self, String> {
        match TimeZone::get(name) {
            Ok(zone) => Ok(Self { name: zone.iana_name().unwrap_or(name).to_owned(), zone }),
            Err(_) => Err(format!(
                "no time zone is named {name:?}: write Asia/Jakarta, Asia/Makassar, Asia/Jayapura or another \
                 IANA name"
            )),
        }
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the wall shows at an instant. Instants beyond the year 9999 show the last one before.
    pub fn local(&self, at: Timestamp) -> LocalTime {
        let local = self.zone.to_datetime(to_jiff(at));
        let minute = i16::from(local.hour()) * 60 + i16::from(local.minute());
        LocalTime {
            date: local.date(),
            minute_of_day: u16::try_from(minute).expect("hours and minutes are never negative"),
        }
    }

    /// What the zone calls itself at an instant: `WIB`, `WITA`, `WIT`, or an offset where it has no name.
    pub fn abbreviation(&self, at: Timestamp) -> String {
        self.zone.to_offset_info(to_jiff(at)).abbreviation().to_owned()
    }

    /// The instant of a time on the wall; where a clock change repeats it, the first, where one skips it, right after.
    /// `None` outside the calendar of instants.
    pub fn instant(&self, wall: jiff::civil::DateTime) -> Option<Timestamp> {
        let zoned = wall.to_zoned(self.zone.clone()).ok()?;
        Some(Timestamp(zoned.timestamp().as_millisecond()))
    }

    /// The zone's distance from UTC at an instant, such as `+07:00`.
    pub fn offset(&self, at: Timestamp) -> String {
        let minutes = self.zone.to_offset_info(to_jiff(at)).offset().seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
    }

    /// The first instant of a local date: midnight, or the end of the gap where a clock change skips midnight.
    pub fn day_start(&self, date: jiff::civil::Date) -> Timestamp {
        match date.to_zoned(self.zone.clone()) {
            Ok(start) => Timestamp(start.timestamp().as_millisecond()),
            // Only the calendar's first and last day can lie outside the range of instants.
            Err(_) if date < jiff::civil::Date::ZERO => Timestamp(jiff::Timestamp::MIN.as_millisecond()),
            Err(_) => Timestamp(jiff::Timestamp::MAX.as_millisecond()),
        }
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name)
    }
}

impl Serialize for Zone {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let name = String::deserialize(d)?;
        Self::named(&name).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        parse_rfc3339(text).unwrap()
    }

    #[test]
    fn instants_are_printed_in_utc_with_milliseconds_only_where_there_are_some() {
        let rows = [
            (0, "1970-01-01T00:00:00Z"),
            (1_795_331_100_000, "2026-11-22T07:05:00Z"),
            (1_795_331_100_050, "2026-11-22T07:05:00.050Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ];
        for (ms, text) in rows {
            assert_eq!(rfc3339(Timestamp(ms)), text);
            assert_eq!(parse_rfc3339(text), Some(Timestamp(ms)), "{text}");
        }
        for ms in [i64::MIN, i64::MAX] {
            assert!(rfc3339(Timestamp(ms)).ends_with('Z'), "out of range is clamped, never a panic");
        }
    }

    #[test]
    fn other_offsets_are_read_and_other_texts_are_not() {
        assert_eq!(at("2026-11-22T14:05:00+07:00"), at("2026-11-22t07:05:00z"));
        assert_eq!(at("2026-11-22T07:05:00.1239Z").0 % 1000, 123);
        for text in [
            "",
            "2026-11-22",
            "2026-11-22T07:05:00",
            "2026-11-22T07:05Z",
            "2026-11-22 07:05:00Z",
            "2026-13-22T07:05:00Z",
            "2026-02-30T07:05:00Z",
            "2026-11-22T07:05:00.Z",
            "2026-11-22T07:05:00+0700",
            "2026-11-22T07:05:00Z[Asia/Jakarta]",
            "2026-11-22T07:05:00é",
            "1795331100",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn a_zone_knows_its_dates_and_midnights() {
        let jakarta = Zone::named("Asia/Jakarta").unwrap();
        let local = jakarta.local(at("2026-11-22T17:30:59Z"));
        assert_eq!(local, LocalTime { date: jiff::civil::date(2026, 11, 23), minute_of_day: 30 });
        assert_eq!(jakarta.day_start(local.date), at("2026-11-22T17:00:00Z"));
        let jayapura = Zone::named("Asia/Jayapura").unwrap();
        assert_eq!(jayapura.day_start(local.date), at("2026-11-22T15:00:00Z"));
        assert_eq!(jakarta.local(Timestamp(i64::MAX)).date.year(), 9999);
        for date in [jiff::civil::Date::MIN, jiff::civil::Date::MAX] {
            let _ = jakarta.day_start(date);
        }
    }

    #[test]
    fn an_unknown_zone_is_named_with_what_to_write() {
        let error = Zone::named("Asia/Bandung").unwrap_err();
        assert!(error.contains("Asia/Bandung") && error.contains("Asia/Jakarta"), "{error}");
        assert!(Zone::named("").is_err());
    }

    #[test]
    fn the_system_clock_moves_on() {
        let clock = SystemClock::new();
        assert!(clock.now() > at("2020-01-01T00:00:00Z"));
        let before = clock.uptime();
        assert!(clock.uptime() >= before);
        assert!(!clock.boot_id().is_empty());
        assert_eq!(parse_uptime("350735.47 234388.90\n"), Some(Duration::from_millis(350_735_470)));
        assert_eq!(parse_uptime("x"), None);
    }

    #[test]
    fn clones_of_a_manual_clock_share_the_time() {
        let clock = ManualClock::new(Timestamp(1000));
        let other: Arc<dyn Clock> = Arc::new(clock.clone());
        clock.advance(Duration::from_secs(2));
        clock.set_wall(Timestamp(50));
        assert_eq!((other.now(), other.uptime()), (Timestamp(50), Duration::from_secs(2)));
        let boot = other.boot_id();
        clock.reboot();
        assert_eq!(other.uptime(), Duration::ZERO);
        assert_ne!(other.boot_id(), boot);
    }
}
