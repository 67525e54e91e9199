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
