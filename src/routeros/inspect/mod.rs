//! What is wrong with a router for the agent's purposes, found in what its menus print. Nothing here changes anything.
//!
//! A menu that cannot be read is a warning and empty for the checks that would have used it; those stay silent.

mod firewall;
mod rows;
mod walk;

use std::borrow::Cow;
use std::collections::BTreeMap;

use mikrotik_rs::QueryOperator;

use super::client::{RouterClient, print};
use super::setup::{CLIENT_LIST, PAYMENT_LIST, PORTAL_LIST, SitePlan};
use super::{RouterError, words};
use crate::domain::listing::List;

/// The most rows of one menu that are looked at.
const ROWS_MAX: usize = 20_000;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Works, with a risk or a part missing.
    Warn,
    /// Does not work, or does harm.
    Fail,
}

impl Level {
    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check, by a name that stays.
    pub id: &'static str,
    /// How it came out.
    pub level: Level,
    /// What was found.
    pub text: String,
    /// What to do about it; empty where nothing is.
    pub remedy: String,
}

impl Finding {
    /// All is well.
    pub fn ok(id: &'static str, text: impl Into<String>) -> Self {
        Self { id, level: Level::Ok, text: text.into(), remedy: String::new() }
    }

    /// A risk, and what to do.
    pub fn warn(id: &'static str, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { id, level: Level::Warn, text: text.into(), remedy: remedy.into() }
    }

    /// A fault, and what to do.
    pub fn fail(id: &'static str, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { id, level: Level::Fail, text: text.into(), remedy: remedy.into() }
    }
}

/// What to do where rows of the script are missing or out of place.
const RUN_SCRIPT: &str = "run the script of \"kuotad router-setup\" on the router; where rows of ours were changed by \
                          hand, run that of \"kuotad router-setup --remove\" first";

/// One row as printed.
pub(super) type Fields = BTreeMap<String, String>;

/// A field as printed; empty where the row lacks it.
fn field<'a>(row: &'a Fields, name: &str) -> &'a str {
    row.get(name).map_or("", String::as_str)
}

fn flag(row: &Fields, name: &str) -> bool {
    words::boolean(field(row, name)).unwrap_or(false)
}

fn is_enabled(row: &Fields) -> bool {
    !flag(row, "disabled") && !flag(row, "invalid")
}

const USER: &str = "/user/print";
const GROUP: &str = "/user/group/print";
const SERVICE: &str = "/ip/service/print";
const HOTSPOT: &str = "/ip/hotspot/print";
const GARDEN: &str = "/ip/hotspot/walled-garden/ip/print";
const BINDING: &str = "/ip/hotspot/ip-binding/print";
const ADDRESS_LIST: &str = "/ip/firewall/address-list/print";
const FILTER: &str = "/ip/firewall/filter/print";
const NAT: &str = "/ip/firewall/nat/print";
const MANGLE: &str = "/ip/firewall/mangle/print";
const QUEUE_TYPE: &str = "/queue/type/print";
const QUEUE_TREE: &str = "/queue/tree/print";
const CLOCK: &str = "/system/clock/print";
const IPV6: &str = "/ipv6/firewall/filter/print";

const RULE: &str = "chain,action,jump-target,protocol,src-address,dst-address,src-address-list,dst-address-list,\
                    src-mac-address,src-port,dst-port,in-interface,out-interface,in-interface-list,\
                    out-interface-list,connection-state,connection-mark,packet-mark,routing-mark,hotspot,limit,\
                    new-packet-mark,dynamic,disabled,invalid,comment";

/// What is read, and which columns.
const MENUS: [(&str, &str); 14] = [
    (USER, "name,group,address,disabled"),
    (GROUP, "name,policy"),
    (SERVICE, "name,port,address,certificate,disabled,invalid"),
    (HOTSPOT, "name,interface,disabled,invalid"),
    (GARDEN, "action,dst-address,dst-address-list,dst-host,dst-port,protocol,disabled"),
    (BINDING, "address,to-address,type,disabled"),
    (ADDRESS_LIST, "list,address,timeout,dynamic,disabled,comment"),
    (FILTER, RULE),
    (NAT, RULE),
    (MANGLE, RULE),
    (QUEUE_TYPE, "name,kind,pcq-rate,pcq-classifier"),
    (QUEUE_TREE, "name,parent,packet-mark,queue,disabled,invalid"),
    (CLOCK, "date,time,gmt-offset"),
    (IPV6, "chain,action,in-interface,out-interface,src-address,dst-address,disabled"),
];

/// What the menus print.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    rows: BTreeMap<&'static str, Vec<Fields>>,
    /// Menus that could not be read, with the router's words.
    missing: Vec<(&'static str, String)>,
}

impl Tables {
    /// The rows of a menu; `None` where it could not be read.
    fn get(&self, menu: &str) -> Option<&[Fields]> {
        self.rows.get(menu).map(Vec::as_slice)
    }

    /// Enabled rows that are not made by the router itself.
    fn enabled(&self, menu: &str) -> impl Iterator<Item = &Fields> {
        let rows = self.get(menu).unwrap_or_default().iter();
        rows.filter(|row| is_enabled(row) && !flag(row, "dynamic"))
    }
}

impl RouterClient {
    /// Prints the menus that matter, one after the other. A menu that the router refuses is noted and left out; a
    /// connection that breaks is an error.
    pub async fn tables(&self) -> Result<Tables, RouterError> {
        let mut tables = Tables::default();
        for (menu, columns) in MENUS {
            match self.rows(menu, columns).await {
                Ok(rows) => {
                    tables.rows.insert(menu, rows);
                }
                Err(RouterError::Trap { message, .. }) => tables.missing.push((menu, message)),
                Err(error) => return Err(error),
            }
        }
        Ok(tables)
    }

    async fn rows(&self, menu: &'static str, columns: &'static str) -> Result<Vec<Fields>, RouterError> {
        let mut command = print(menu, columns);
        if menu == ADDRESS_LIST {
            let ours = [CLIENT_LIST, PORTAL_LIST, PAYMENT_LIST];
            for name in List::ALL.map(|list| self.config.lists.name(list)).into_iter().chain(ours) {
                command = command.query_equal("list", name);
            }
            command = command.query_operations(&[QueryOperator::Or; List::ALL.len() + 2]);
        }
        let ticket = self
            .submit::<Vec<Fields>, _>(menu, command.build(), None, move |rows, row| {
                if rows.len() == ROWS_MAX {
                    return Err(format!("more than {ROWS_MAX} rows"));
                }
                let cell = |name: &str| match row.lossy(name) {
                    Cow::Borrowed("") => None,
                    text => Some((name.to_owned(), text.into_owned())),
                };
                rows.push(columns.split(',').filter_map(cell).collect());
                Ok(())
            })
            .await?;
        Ok(ticket.answer().await?.rows)
    }
}

/// Every check of the router's rows. `now_ms` is the agent's own wall clock, in milliseconds since 1970.
pub fn inspect(tables: &Tables, plan: &SitePlan, now_ms: i64) -> Vec<Finding> {
    let mut out = Vec::new();
    for (menu, why) in &tables.missing {
        let menu = menu.trim_end_matches("/print");
        let remedy = "its checks were left out; nothing to do where the router has no such menu, else give the \
                      agent's user the policy read";
        out.push(Finding::warn("router.menu", format!("{menu} cannot be read: {why}"), remedy));
    }
    out.extend(rows::check(tables, plan, now_ms));
    out.extend(firewall::check(tables, plan));
    out
}
