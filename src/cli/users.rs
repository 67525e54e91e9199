//! `user`: users, their devices, quota and access.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::api::{Api, USERS};
use super::failure::Failure;
use super::output::{Output, bytes, outline, rupiah, table, text};
use super::{import, packages};
use crate::domain::id::Mac;
use crate::domain::phone;
use crate::domain::units::{Bytes, Rupiah};
use crate::protocol::admin::Empty;
use crate::protocol::admin::devices::BindDevice;
use crate::protocol::admin::quota::{CreditUser, ResetAccount};
use crate::protocol::admin::users::{AddUser, BlockUser, UnblockUser};
use crate::protocol::admin::values::{Amount, DayCount, DeviceMac, Label, Login, Name, Phone, Reason};
use crate::tools::percent;

/// Commands about users. USER is an id, or a unique name, phone or log-in name.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Enter a user.
    Add {
        /// Name for people.
        name: String,
        /// Phone, unique.
        #[arg(long)]
        phone: Option<String>,
        /// Log-in name, unique.
        #[arg(long)]
        login: Option<String>,
    },
    /// Show users.
    List {
        /// Only those whose name, phone or log-in name contains this.
        #[arg(long)]
        q: Option<String>,
        /// Only those with this access: active, fup, habis, expired, inactive, blocked, unlimited.
        #[arg(long)]
        status: Option<String>,
    },
    /// Show one user with devices.
    Show {
        /// Who.
        user: String,
    },
    /// The same as `kuotad import`.
    Import {
        /// The table, as `kuotad import` reads it.
        file: PathBuf,
        /// Only check and show what would be entered.
        #[arg(long)]
        dry_run: bool,
    },
    /// Begin a new period. Reads the router first.
    Reset {
        /// Who.
        user: String,
        /// Quota given as unpaid debt, like "10 GB".
        #[arg(long)]
        debt: Option<Bytes>,
        /// Quota given.
        #[arg(long)]
        credit: Option<Bytes>,
        /// Days given.
        #[arg(long)]
        days: Option<u32>,
        /// Whether to end an admin's block.
        #[arg(long, action = clap::ArgAction::Set)]
        unblock: Option<bool>,
        /// Why; kept in the books.
        #[arg(long)]
        reason: String,
    },
    /// Set a new portal PIN and show it once; the old one becomes invalid.
    Pin {
        /// Who.
        user: String,
    },
    /// Block a user, also from the portal.
    Block {
        /// Who.
        user: String,
        /// Why; kept in the books.
        #[arg(long)]
        reason: String,
    },
    /// End an admin's block. Debts stay.
    Unblock {
        /// Who.
        user: String,
        /// Why; kept in the books.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Bind a device, or move it here from another user.
    Bind {
        /// Who.
        user: String,
        /// The device, like 02:00:00:AB:CD:EF.
        mac: Mac,
        /// Name of the device for people.
        #[arg(long)]
        label: Option<String>,
        /// Move it from the user who has it; without this another user's device is refused.
        #[arg(long = "move")]
        is_move: bool,
    },
    /// Unbind a device.
    Unbind {
        /// Who.
        user: String,
        /// The device.
        mac: Mac,
    },
    /// Why this access: every rule with its numbers, and what to pay.
    Explain {
        /// Who.
        user: String,
    },
    /// Give quota without payment.
    Credit {
        /// Who.
        user: String,
        /// How much, like "500 MB".
        amount: Bytes,
        /// Why; kept in the books.
        #[arg(long)]
        reason: String,
        /// Days given with it.
        #[arg(long)]
        days: Option<u32>,
    },
    /// Sell a package.
    Buy {
        /// Who.
        user: String,
        /// Id or name of the package.
        package: String,
        #[command(flatten)]
        tender: PaymentArgs,
    },
}

/// How somebody pays.
#[derive(Debug, clap::Args)]
pub struct PaymentArgs {
    /// How it is paid: `cash`, `transfer`, `qris_static`, or online: `snap`, `qris`, `gopay`, ...
    #[arg(long)]
    method: String,
    /// Note of the payment, like the number of a transfer.
    #[arg(long)]
    reference: Option<String>,
    /// The price shown to the payer; refused if the present price differs.
    #[arg(long)]
    expect_rp: Option<Rupiah>,
}

impl PaymentArgs {
    /// The fields of a payment request.
    pub(super) fn fields(&self) -> Map<String, Value> {
        given([
            ("method", Some(json!(self.method))),
            ("reference", self.reference.as_ref().map(|r| json!(r))),
            ("expect_rp", self.expect_rp.map(|rp| json!(rp))),
        ])
    }
}

/// The fields that have a value.
fn given<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map<String, Value> {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

pub(super) async fn run(command: UserCommand, api: &Api, output: Output) -> Result<(), Failure> {
    match command {
        UserCommand::Add { name, phone, login } => {
            let body = AddUser {
                name: Name(name),
                phone: phone.map(Phone),
                login: login.map(Login),
                approved: None,
                active: None,
                exempt: None,
                expires_at: None,
                overage: None,
                debt_limit: None,
            };
            let added = api.post(USERS, &body).await?;
            output.answer(&added, |user| format!("{}  {}", text(user, "id"), line(user)))
        }
        UserCommand::List { q, status } => list(api, q.as_deref(), status.as_deref(), output).await,
        UserCommand::Show { user } => {
            let user = find(api, &user).await?;
            output.answer(&user, card)
        }
        UserCommand::Import { file, dry_run } => import::run(&file, dry_run, api, output).await,
        UserCommand::Pin { user } => {
            let id = find_id(api, &user).await?;
            let answer = api.post(&format!("{USERS}/{id}/pin"), &Empty {}).await?;
            output.answer(&answer, |answer| text(answer, "pin"))
        }
        UserCommand::Explain { user } => {
            let id = find_id(api, &user).await?;
            let why = api.get(&format!("{USERS}/{id}/explain")).await?;
            output.answer(&why, explained)
        }
        command => change(command, api, output).await,
    }
}

/// Commands that change one user and print it.
async fn change(command: UserCommand, api: &Api, output: Output) -> Result<(), Failure> {
    match command {
        UserCommand::Reset { user, debt, credit, days, unblock, reason } => {
            let body = ResetAccount {
                debt: debt.map(Amount),
                credit: credit.map(Amount),
                days: days.map(DayCount),
                unblock,
                reason: Reason(reason),
            };
            let changed = api.post(&path(api, &user, "reset").await?, &body).await?;
            output.answer(&changed, line)
        }
        UserCommand::Block { user, reason } => {
            let body = BlockUser { reason: Reason(reason) };
            let changed = api.post(&path(api, &user, "block").await?, &body).await?;
            output.answer(&changed, line)
        }
        UserCommand::Unblock { user, reason } => {
            let body = UnblockUser { reason: reason.map(Reason) };
            let changed = api.post(&path(api, &user, "unblock").await?, &body).await?;
            output.answer(&changed, line)
        }
        UserCommand::Bind { user, mac, label, is_move } => {
            let is_move = is_move.then_some(true);
            let body = BindDevice { mac: DeviceMac(mac), label: label.map(Label), r#move: is_move };
            let changed = api.post(&path(api, &user, "devices").await?, &body).await?;
            output.answer(&changed, card)
        }
        UserCommand::Unbind { user, mac } => {
            let id = find_id(api, &user).await?;
            let left =
                api.delete(&format!("{USERS}/{id}/devices/{}", percent::value(&mac.to_string()))).await?;
            output.answer(&left, |left| match left {
                Value::Null => format!("{mac} is unbound"),
                _ => format!("{mac} is unbound as soon as the router has been read"),
            })
        }
        UserCommand::Credit { user, amount, reason, days } => {
            let body =
                CreditUser { amount: Amount(amount), days: days.map(DayCount), reason: Reason(reason) };
            let changed = api.post(&path(api, &user, "credits").await?, &body).await?;
            output.answer(&changed, line)
        }
        UserCommand::Buy { user, package, tender } => {
            let id = find_id(api, &user).await?;
            let package = packages::find_id(api, &package).await?;
            let mut body = tender.fields();
            body.insert("package_id".to_owned(), json!(package));
            let order = api.post(&format!("{USERS}/{id}/purchases"), &body).await?;
            output.answer(&order, order_line)
        }
        UserCommand::Add { .. }
        | UserCommand::List { .. }
        | UserCommand::Show { .. }
        | UserCommand::Import { .. }
        | UserCommand::Pin { .. }
        | UserCommand::Explain { .. } => Err(Failure::said("this command changes no user")),
    }
}

/// The path of an API call about a user.
async fn path(api: &Api, user: &str, call: &str) -> Result<String, Failure> {
    Ok(format!("{USERS}/{}/{call}", find_id(api, user).await?))
}

async fn list(api: &Api, q: Option<&str>, status: Option<&str>, output: Output) -> Result<(), Failure> {
    let query: Vec<(&str, &str)> =
        [("q", q), ("status", status)].into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let users = api.list(USERS, &query, usize::MAX).await?;
    output.list(&users, |users| {
        let row = |user: &Value| {
            vec![
                text(user, "name"),
                text(user, "phone"),
                access(user),
                left(user),
                bytes(user, "total_debt_bytes", ""),
                user["devices"].as_array().map_or(0, Vec::len).to_string(),
                text(user, "id"),
            ]
        };
        let headings = ["NAME", "PHONE", "ACCESS", "REMAINING", "DEBT", "DEVICES", "ID"];
        table(&headings, &users.iter().map(row).collect::<Vec<_>>())
    })
}

/// The user with that id, or with that unique name, phone or log-in name.
pub(super) async fn find(api: &Api, who: &str) -> Result<Value, Failure> {
    if let Ok(id) = Uuid::parse_str(who) {
        return api.get(&format!("{USERS}/{id}")).await;
    }
    let is = |user: &Value, field: &str| {
        let is_it = |known: &str| match field {
            "phone" => phone::is_same(known, who),
            _ => known.to_lowercase() == who.trim().to_lowercase(),
        };
        user[field].as_str().is_some_and(is_it)
    };
    let found = api.list(USERS, &[("q", who)], usize::MAX).await?;
    let mut meant: Vec<&Value> =
        found.iter().filter(|user| ["name", "phone", "login"].iter().any(|field| is(user, field))).collect();
    match (meant.pop(), meant.is_empty()) {
        (Some(user), true) => Ok(user.clone()),
        (None, _) => {
            let mut told = format!("no user has the name, phone, log-in name or id {who:?}");
            told.extend(candidates(&found.iter().take(10).collect::<Vec<_>>()));
            Err(Failure::Said(told))
        }
        (Some(last), false) => {
            meant.push(last);
            let mut told = format!("{who:?} may be any of {}; name one by id", meant.len());
            told.extend(candidates(&meant));
            Err(Failure::Said(told))
        }
    }
}

fn candidates(users: &[&Value]) -> Vec<String> {
    let line =
        |user: &&Value| format!("\n  {}  {}  {}", text(user, "id"), text(user, "name"), text(user, "phone"));
    users.iter().map(line).collect()
}

/// The id of that user.
pub(super) async fn find_id(api: &Api, who: &str) -> Result<Uuid, Failure> {
    if let Ok(id) = Uuid::parse_str(who) {
        return Ok(id);
    }
    let user = find(api, who).await?;
    let id = user["id"].as_str().and_then(|id| id.parse().ok());
    id.ok_or_else(|| Failure::said(format!("the answer names no user: {user}")))
}

/// Status and reason: `blocked (debt_limit)`.
fn access(user: &Value) -> String {
    let access = &user["access"];
    match access["reason"].as_str() {
        Some(reason) if Some(reason) != access["status"].as_str() => {
            format!("{} ({reason})", text(access, "status"))
        }
        _ => text(access, "status"),
    }
}

fn left(user: &Value) -> String {
    if user["unlimited"] == true { "unlimited".to_owned() } else { bytes(user, "remaining_bytes", "") }
}

/// One user in one line.
fn line(user: &Value) -> String {
    let mut out = format!("{}: {}, {} left", text(user, "name"), access(user), left(user));
    if user["total_debt_bytes"].as_u64().is_some_and(|debt| debt > 0) {
        out.extend([", owes ", &bytes(user, "total_debt_bytes", "")]);
    }
    out
}

/// One user in full.
fn card(user: &Value) -> String {
    let mut out = format!("{}\n", line(user));
    for field in ["id", "phone", "login", "expires_at"] {
        if !text(user, field).is_empty() {
            let _ = writeln!(out, "  {field}: {}", text(user, field));
        }
    }
    for (name, field) in [
        ("credited", "credited_bytes"),
        ("used", "used_bytes"),
        ("overage", "overage_bytes"),
        ("debt items", "debt_items_bytes"),
        ("debt limit", "debt_limit_bytes"),
    ] {
        let _ = writeln!(out, "  {name}: {}", bytes(user, field, "-"));
    }
    let flags = ["approved", "active", "exempt"].map(|flag| format!("{flag} {}", text(user, flag)));
    let _ = writeln!(out, "  overage mode: {}; {}", text(user, "overage"), flags.join(", "));
    for device in user["devices"].as_array().into_iter().flatten() {
        let online = if device["online"] == true { "online" } else { "offline" };
        let more = ["address", "label", "pending"].map(|field| text(device, field));
        let more = more.iter().filter(|m| !m.is_empty()).map(String::as_str).collect::<Vec<_>>().join("  ");
        let _ = writeln!(out, "  device {}  {online}  {more}", text(device, "mac"));
    }
    if !text(user, "moved_from").is_empty() {
        let _ = writeln!(out, "  the device was moved from user {}", text(user, "moved_from"));
    }
    out
}

/// Every rule in a line, with its numbers, and what to pay.
fn explained(why: &Value) -> String {
    let Some(rules) = why["rules"].as_array() else { return outline(why) };
    let number = |n: &Value| format!("{} {}", text(n, "name"), text(n, "value"));
    let row = |rule: &Value| {
        let mark = match (rule["decides"] == true, rule["holds"] == true) {
            (true, _) => "decides",
            (false, true) => "holds",
            (false, false) => "",
        };
        let numbers = rule["numbers"].as_array().into_iter().flatten().map(number).collect::<Vec<_>>();
        vec![text(rule, "status"), text(rule, "reason"), mark.to_owned(), numbers.join(", ")]
    };
    let user = if why["user"].is_object() { &why["user"] } else { why };
    let rows: Vec<Vec<String>> = rules.iter().map(row).collect();
    let mut out = format!("{}\n{}", line(user), table(&["ACCESS", "REASON", "", "NUMBERS"], &rows));
    if why["to_pay"].is_object() {
        let _ = write!(out, "\nto pay: {}", rupiah(&why["to_pay"], "amount_rp"));
    } else if why["to_pay_refused"].is_object() {
        let _ = write!(out, "\nto pay: {}", text(&why["to_pay_refused"], "detail"));
    }
    out
}

/// One order in one line.
pub(super) fn order_line(order: &Value) -> String {
    let receipt = order["receipt"].as_u64().map_or_else(String::new, |no| format!("receipt {no}: "));
    let (kind, method) = (text(order, "kind"), text(order, "method"));
    format!("{receipt}{kind} {} by {method}, {}", rupiah(order, "amount_rp"), text(order, "status"))
}
