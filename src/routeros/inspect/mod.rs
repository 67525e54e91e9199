//! What is wrong with a router for the agent's purposes, found in what its menus print. Nothing here changes anything.
//!
//! A menu that cannot be read is a warning and empty for the checks that would have used it; those stay silent.

mod board;
mod finding;
mod firewall;
mod payment_hosts;
mod rows;
pub(super) mod tables;
mod texts;
mod walk;

use super::setup::SitePlan;
pub use finding::{CheckFinding, Level};
pub use tables::Tables;

/// What a router is, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouterFacts {
    /// Hotspot servers that are enabled, each with its interface.
    pub hotspots: Vec<String>,
    /// The licence; empty where the router does not say.
    pub licence: String,
    /// The device mode; empty where the router has none.
    pub device_mode: String,
}

impl RouterFacts {
    /// The facts in what the menus print.
    pub fn of(tables: &Tables) -> Self {
        let first = |menu, names: &[&str]| {
            let row = tables.get(menu).and_then(<[tables::PrintedRow]>::first);
            let values = names.iter().map(|name| row.map_or("", |row| tables::field(row, name)));
            values.into_iter().find(|value| !value.is_empty()).unwrap_or_default().to_owned()
        };
        let hotspot = |row: &tables::PrintedRow| {
            format!("{} ({})", tables::field(row, "name"), tables::field(row, "interface"))
        };
        Self {
            hotspots: tables.enabled(tables::HOTSPOT).map(hotspot).collect(),
            licence: first(tables::LICENSE, &["nlevel", "level"]),
            device_mode: first(tables::DEVICE_MODE, &["mode"]),
        }
    }
}

/// The checks of the router itself: device mode, licence and flash.
pub fn board_findings(tables: &Tables) -> Vec<CheckFinding> {
    board::check(tables)
}

/// Every check of the router's rows. `now_ms` is the agent's own wall clock, in milliseconds since 1970.
pub fn inspect(tables: &Tables, plan: &SitePlan, now_ms: i64) -> Vec<CheckFinding> {
    let mut out = Vec::new();
    for (menu, why) in &tables.missing {
        let menu = menu.trim_end_matches("/print");
        let found = texts::menu_unreadable(menu, why);
        out.push(CheckFinding::warn("router.menu", found, texts::menu_left_out()));
    }
    out.extend(rows::check(tables, plan, now_ms));
    out.extend(board::check(tables));
    out.extend(firewall::check(tables, plan));
    out
}
