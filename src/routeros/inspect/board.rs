//! Checks of the router as a machine: what its device mode and its licence allow, and how worn its flash is.

use super::finding::CheckFinding;
use super::tables::{DEVICE_MODE, HOSTS, LICENSE, PrintedRow, RESOURCE, Tables, field, flag};
use super::texts;

/// Share of a licence's log-ins, in percent, from which on it is nearly used up.
const LICENSE_WARN_PERCENT: usize = 90;

pub(super) fn check(tables: &Tables) -> Vec<CheckFinding> {
    let first = |menu| tables.get(menu).and_then(<[PrintedRow]>::first);
    let resource = first(RESOURCE);
    let model = resource.map_or("", |row| field(row, "board-name"));
    let mode = first(DEVICE_MODE).map(|row| device_mode(row, model));
    let licence = first(LICENSE).and_then(|row| {
        let hosts = tables.get(HOSTS)?;
        let count = |name| hosts.iter().filter(|host| flag(host, name)).count();
        Some(licence(level(row), count("authorized"), count("bypassed")))
    });
    let flash = resource.map(flash);
    [mode, licence, flash].into_iter().flatten().collect()
}

/// Whether the device mode lets a hotspot run. New routers of the classes *home* and *basic* come without it.
fn device_mode(row: &PrintedRow, model: &str) -> CheckFinding {
    const ID: &str = "router.device-mode";
    let mode = Some(field(row, "mode")).filter(|mode| !mode.is_empty()).unwrap_or("unknown");
    let model = if model.is_empty() { "router" } else { model };
    match field(row, "hotspot") {
        "no" | "false" => CheckFinding::fail(ID, texts::mode_forbids(model, mode), texts::press_button()),
        "yes" | "true" => CheckFinding::ok(ID, texts::mode_allows(model, mode)),
        _ => CheckFinding::ok(ID, texts::mode_silent(model, mode)),
    }
}

/// The level of a licence; `None` for those without one, as virtual routers have.
fn level(row: &PrintedRow) -> Option<u8> {
    let text = Some(field(row, "nlevel")).filter(|text| !text.is_empty()).unwrap_or(field(row, "level"));
    text.parse().ok()
}

/// Hotspot log-ins at the same time that a licence allows; `None` is no limit that we know.
fn logins_max(level: u8) -> Option<usize> {
    match level {
        0..=3 => Some(1),
        4 => Some(200),
        5 => Some(500),
        _ => None,
    }
}

/// Whether the licence has log-ins left.
fn licence(level: Option<u8>, logged_in: usize, bypassed: usize) -> CheckFinding {
    const ID: &str = "router.licence";
    let Some((level, max)) = level.and_then(|level| Some((level, logins_max(level)?))) else {
        return CheckFinding::ok(ID, texts::licence_free());
    };
    let warn_from = (max * LICENSE_WARN_PERCENT).div_ceil(100);
    let found = texts::licence(level, max, logged_in, bypassed);
    if logged_in >= max {
        let full = texts::licence_full(level, max, logged_in, bypassed);
        CheckFinding::fail(ID, full, texts::raise_licence())
    } else if logged_in + bypassed >= warn_from {
        CheckFinding::warn(ID, found, texts::raise_licence())
    } else {
        CheckFinding::ok(ID, found)
    }
}

/// How worn the flash is.
fn flash(row: &PrintedRow) -> CheckFinding {
    const ID: &str = "router.flash";
    let (total, recent) = (field(row, "write-sect-total"), field(row, "write-sect-since-reboot"));
    if total.is_empty() {
        return CheckFinding::ok(ID, texts::flash_silent());
    }
    let bad = field(row, "bad-blocks");
    let is_bad = bad.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    if is_bad {
        let found = texts::flash_bad(bad, total, recent);
        return CheckFinding::warn(ID, found, texts::replace_router());
    }
    CheckFinding::ok(ID, texts::flash_fine(total, recent))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;
    use crate::ui::language::Language;

    fn row(cells: &[(&str, &str)]) -> PrintedRow {
        cells.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_device_mode_without_a_hotspot_fails_and_says_which_button_to_press() {
        let rows = [
            (row(&[("mode", "home"), ("hotspot", "no")]), Level::Fail),
            (row(&[("mode", "home"), ("hotspot", "false")]), Level::Fail),
            (row(&[("mode", "advanced"), ("hotspot", "yes")]), Level::Ok),
            (row(&[("mode", "advanced")]), Level::Ok),
        ];
        for (row, level) in rows {
            assert_eq!(device_mode(&row, "hAP ax2").level, level, "{row:?}");
        }
        let found = device_mode(&row(&[("mode", "home"), ("hotspot", "no")]), "hAP ax2");
        let english = (found.text(Language::English), found.remedy_text(Language::English));
        assert!(english.0.contains("hAP ax2 is home") && english.1.contains("button"), "{found:?}");
        assert!(found.remedy_text(Language::Indonesian).contains("tombol"), "{found:?}");
    }

    #[test]
    fn a_licence_warns_at_ninety_percent_and_counts_bindings_as_unknown() {
        let rows = [
            (Some(4), 179, 0, Level::Ok),
            (Some(4), 180, 0, Level::Warn),
            (Some(4), 0, 180, Level::Warn),
            (Some(4), 200, 0, Level::Fail),
            (Some(4), 0, 500, Level::Warn),
            (Some(5), 449, 0, Level::Ok),
            (Some(5), 450, 0, Level::Warn),
            (Some(6), 5000, 0, Level::Ok),
            (None, 5000, 0, Level::Ok),
        ];
        for (level, logged_in, bypassed, expected) in rows {
            assert_eq!(
                licence(level, logged_in, bypassed).level,
                expected,
                "{level:?} {logged_in} {bypassed}"
            );
        }
        assert!(licence(Some(4), 180, 0).remedy_text(Language::English).contains("not documented"));
        assert_eq!(level(&row(&[("nlevel", "4")])), Some(4));
        assert_eq!(level(&row(&[("level", "p1")])), None);
    }

    #[test]
    fn bad_blocks_of_the_flash_warn() {
        let of = |bad| {
            row(&[("write-sect-total", "81234"), ("write-sect-since-reboot", "12"), ("bad-blocks", bad)])
        };
        for (bad, level) in [("0%", Level::Ok), ("0.0%", Level::Ok), ("", Level::Ok), ("0.2%", Level::Warn)] {
            assert_eq!(flash(&of(bad)).level, level, "{bad}");
        }
        assert_eq!(flash(&row(&[])).level, Level::Ok);
    }
}
