//! Checks of the router as a machine: what its device mode and its licence allow, and how worn its flash is.

use super::finding::CheckFinding;
use super::tables::{DEVICE_MODE, HOSTS, LICENSE, PrintedRow, RESOURCE, Tables, field, flag};

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
    let model = if model.is_empty() { "the router" } else { model };
    match field(row, "hotspot") {
        "no" | "false" => CheckFinding::fail(
            ID,
            format!("the device mode of {model} is {mode}, which allows no hotspot (hotspot=no)"),
            "in a terminal of the router: /system/device-mode/update hotspot=yes; then, within five minutes, press its \
             button (reset or mode) once or pull its power plug and put it back: without that nothing changes. After \
             three tries in vain it wants a press or a power cut first",
        ),
        "yes" | "true" => {
            CheckFinding::ok(ID, format!("the device mode of {model} is {mode} and allows a hotspot"))
        }
        _ => CheckFinding::ok(
            ID,
            format!("the device mode of {model} is {mode} and says nothing about hotspots"),
        ),
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
        return CheckFinding::ok(ID, "the licence limits no log-ins that we know of");
    };
    let text = format!(
        "the licence of level {level} allows {max} hotspot log-ins at a time; {logged_in} are logged in and {bypassed} come \
         in by a binding"
    );
    let warn_from = (max * LICENSE_WARN_PERCENT).div_ceil(100);
    let remedy = "buy a higher level (/system/license), or spread the customers over two routers; whether those who come \
                  in by a binding count is not documented, so watch what happens at the limit";
    if logged_in >= max {
        CheckFinding::fail(ID, format!("{text}: nobody else can log in"), remedy)
    } else if logged_in + bypassed >= warn_from {
        CheckFinding::warn(ID, text, remedy)
    } else {
        CheckFinding::ok(ID, text)
    }
}

/// How worn the flash is.
fn flash(row: &PrintedRow) -> CheckFinding {
    const ID: &str = "router.flash";
    let (total, recent) = (field(row, "write-sect-total"), field(row, "write-sect-since-reboot"));
    if total.is_empty() {
        return CheckFinding::ok(ID, "the router does not say how worn its flash is");
    }
    let text =
        format!("{total} sectors of the flash were written in all, {recent} of them since the last start");
    let bad = field(row, "bad-blocks");
    let is_bad = bad.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    if is_bad {
        let remedy = "make a backup of the router (/export) and replace it before it fails; look for scripts and logs that \
                      write to its disk";
        return CheckFinding::warn(ID, format!("bad blocks in the flash: {bad}; {text}"), remedy);
    }
    CheckFinding::ok(ID, format!("no bad blocks in the flash; {text}"))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

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
        assert!(found.text.contains("hAP ax2 is home") && found.remedy.contains("button"), "{found:?}");
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
        assert!(licence(Some(4), 180, 0).remedy.contains("not documented"));
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
