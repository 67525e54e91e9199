//! `user`: users, their devices, quota and access.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Subcommand;
use uuid::Uuid;

use super::api::{Api, USERS, parsed};
use super::failure::Failure;
use super::output::{Output, price, table, yes};
use super::{import, packages};
use crate::clock::Zone;
use crate::domain::access::Reason as AccessReason;
use crate::domain::id::{Mac, UserId};
use crate::domain::phone;
use crate::domain::rfc3339::rfc3339;
use crate::domain::units::{Bytes, Rupiah};
use crate::protocol::admin::Empty;
use crate::protocol::admin::devices::{BindDevice, PendingChange};
use crate::protocol::admin::explain::{ExplainView, NumberView, RuleView};
use crate::protocol::admin::money::BuyPackage;
use crate::protocol::admin::orders::OrderView;
use crate::protocol::admin::page::PageQuery;
use crate::protocol::admin::quota::{CreditUser, ResetAccount, ResetView};
use crate::protocol::admin::users::{
    AddUser, BlockUser, ChangeUser, FindUsers, PinView, UnblockUser, UserView,
};
use crate::protocol::admin::values::{
    Amount, DayCount, DeviceMac, Label, Login, MethodName, Name, Note, Phone, Price, Reason, StatusName,
};
use crate::tools::percent;
use crate::ui::qr;

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
    /// Write what the user reads on the portal, or remove it.
    Note {
        /// Who.
        user: String,
        /// The note; removed when not given.
        text: Option<String>,
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
    /// The method in the contract's words.
    pub(super) fn method(&self) -> Result<MethodName, Failure> {
        parsed("method", &self.method)
    }

    /// The note, as a request has it.
    pub(super) fn reference(&self) -> Option<Note> {
        self.reference.clone().map(Note)
    }

    /// The price shown to the payer, as a request has it.
    pub(super) fn expect(&self) -> Option<Price> {
        self.expect_rp.map(Price)
    }
}

pub(super) async fn run(command: UserCommand, zone: &Zone, api: &Api, output: Output) -> Result<(), Failure> {
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
            let added: UserView = api.post(USERS, &body).await?;
            output.answer(&added, |user| format!("{}  {}", user.id, line(user)))
        }
        UserCommand::List { q, status } => list(api, q.as_deref(), status.as_deref(), output).await,
        UserCommand::Show { user } => {
            let user = find(api, &user).await?;
            output.answer(&user, card)
        }
        UserCommand::Import { file, dry_run } => import::run(&file, dry_run, zone, api, output).await,
        UserCommand::Pin { user } => {
            let id = find_id(api, &user).await?;
            let answer: PinView = api.post(&format!("{USERS}/{id}/pin"), &Empty {}).await?;
            output.answer(&answer, |answer| answer.pin.clone())
        }
        UserCommand::Explain { user } => {
            let id = find_id(api, &user).await?;
            let why: ExplainView = api.get(&format!("{USERS}/{id}/explain")).await?;
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
            let changed: ResetView = api.post(&path(api, &user, "reset").await?, &body).await?;
            output.answer(&changed, |changed| line(&changed.user))
        }
        UserCommand::Note { user, text } => {
            let body = ChangeUser { customer_note: Some(text.map(Note)), ..ChangeUser::default() };
            let id = find_id(api, &user).await?;
            let changed: UserView = api.patch(&format!("{USERS}/{id}"), &body).await?;
            output.answer(&changed, card)
        }
        UserCommand::Block { user, reason } => {
            let body = BlockUser { reason: Reason(reason) };
            let changed: UserView = api.post(&path(api, &user, "block").await?, &body).await?;
            output.answer(&changed, line)
        }
        UserCommand::Unblock { user, reason } => {
            let body = UnblockUser { reason: reason.map(Reason) };
            let changed: UserView = api.post(&path(api, &user, "unblock").await?, &body).await?;
            output.answer(&changed, line)
        }
        UserCommand::Bind { user, mac, label, is_move } => {
            let is_move = is_move.then_some(true);
            let body = BindDevice { mac: DeviceMac(mac), label: label.map(Label), r#move: is_move };
            let changed: UserView = api.post(&path(api, &user, "devices").await?, &body).await?;
            output.answer(&changed, card)
        }
        UserCommand::Unbind { user, mac } => {
            let id = find_id(api, &user).await?;
            let path = format!("{USERS}/{id}/devices/{}", percent::value(&mac.to_string()));
            let left: Option<UserView> = api.delete(&path).await?;
            output.answer(&left, |left| match left {
                None => format!("{mac} is unbound"),
                Some(_) => format!("{mac} is unbound as soon as the router has been read"),
            })
        }
        UserCommand::Credit { user, amount, reason, days } => {
            let body =
                CreditUser { amount: Amount(amount), days: days.map(DayCount), reason: Reason(reason) };
            let changed: UserView = api.post(&path(api, &user, "credits").await?, &body).await?;
            output.answer(&changed, line)
        }
        UserCommand::Buy { user, package, tender } => buy(api, &user, &package, &tender, output).await,
        UserCommand::Add { .. }
        | UserCommand::List { .. }
        | UserCommand::Show { .. }
        | UserCommand::Import { .. }
        | UserCommand::Pin { .. }
        | UserCommand::Explain { .. } => Err(Failure::said("this command changes no user")),
    }
}

/// Sells a package.
async fn buy(
    api: &Api,
    user: &str,
    package: &str,
    tender: &PaymentArgs,
    output: Output,
) -> Result<(), Failure> {
    let id = find_id(api, user).await?;
    let body = BuyPackage {
        package_id: packages::find_id(api, package).await?,
        method: tender.method()?,
        reference: tender.reference(),
        expect_rp: tender.expect(),
        last_paid: None,
    };
    let order: OrderView = api.post(&format!("{USERS}/{id}/purchases"), &body).await?;
    output.answer(&order, order_told)
}

/// The path of an API call about a user.
async fn path(api: &Api, user: &str, call: &str) -> Result<String, Failure> {
    Ok(format!("{USERS}/{}/{call}", find_id(api, user).await?))
}

async fn list(api: &Api, q: Option<&str>, status: Option<&str>, output: Output) -> Result<(), Failure> {
    let status: Option<StatusName> = status.map(|word| parsed("status", word)).transpose()?;
    let query = |PageQuery { limit, after }| FindUsers {
        q: q.map(str::to_owned),
        status: status.clone(),
        limit,
        after,
    };
    output.list(api.list(USERS, query, usize::MAX).await?, |users| {
        let row = |user: &UserView| {
            vec![
                user.name.clone(),
                user.phone.clone().unwrap_or_default(),
                access(user),
                left(user),
                Bytes(user.total_debt_bytes).to_string(),
                user.devices.len().to_string(),
                user.id.to_string(),
            ]
        };
        let headings = ["NAME", "PHONE", "ACCESS", "REMAINING", "DEBT", "DEVICES", "ID"];
        table(&headings, &users.iter().map(row).collect::<Vec<_>>())
    })
}

/// The user with that id, or with that unique name, phone or log-in name.
pub(super) async fn find(api: &Api, who: &str) -> Result<UserView, Failure> {
    if let Ok(id) = Uuid::parse_str(who) {
        return api.get(&format!("{USERS}/{id}")).await;
    }
    let query =
        |PageQuery { limit, after }| FindUsers { q: Some(who.to_owned()), status: None, limit, after };
    let found: Vec<UserView> = api.list(USERS, query, usize::MAX).await?;
    let is_it = |known: &str| known.to_lowercase() == who.trim().to_lowercase();
    let is_meant = |user: &&UserView| {
        is_it(&user.name)
            || user.login.as_deref().is_some_and(is_it)
            || user.phone.as_deref().is_some_and(|known| phone::is_same(known, who))
    };
    let meant: Vec<&UserView> = found.iter().filter(is_meant).collect();
    match meant.as_slice() {
        [user] => Ok((*user).clone()),
        [] => {
            let others = candidates(found.iter().take(10));
            Err(Failure::worded(|words| words.no_user, &[&format!("{who:?}"), &others]))
        }
        _ => {
            let (count, others) = (meant.len().to_string(), candidates(meant.iter().copied()));
            Err(Failure::worded(|words| words.many_users, &[&format!("{who:?}"), &count, &others]))
        }
    }
}

fn candidates<'a>(users: impl Iterator<Item = &'a UserView>) -> String {
    let line = |user: &UserView| {
        format!("\n  {}  {}  {}", user.id, user.name, user.phone.as_deref().unwrap_or_default())
    };
    users.map(line).collect()
}

/// The id of that user.
pub(super) async fn find_id(api: &Api, who: &str) -> Result<UserId, Failure> {
    match Uuid::parse_str(who) {
        Ok(id) => Ok(UserId(id)),
        Err(_) => Ok(find(api, who).await?.id),
    }
}

/// Status and reason: `blocked (debt_limit)`.
fn access(user: &UserView) -> String {
    let status = user.access.status.name();
    match user.access.reason.map(AccessReason::name) {
        Some(reason) if reason != status => format!("{status} ({reason})"),
        Some(_) | None => status.to_owned(),
    }
}

fn left(user: &UserView) -> String {
    if user.unlimited { "unlimited".to_owned() } else { Bytes(user.remaining_bytes).to_string() }
}

/// One user in one line.
fn line(user: &UserView) -> String {
    let mut out = format!("{}: {}, {} left", user.name, access(user), left(user));
    if user.total_debt_bytes > 0 {
        let _ = write!(out, ", owes {}", Bytes(user.total_debt_bytes));
    }
    out
}

/// One user in full.
fn card(user: &UserView) -> String {
    let mut out = format!("{}\n  id: {}\n", line(user), user.id);
    let expires = user.expires_at.as_ref().map(|at| rfc3339(at.0));
    for (name, text) in [
        ("phone", &user.phone),
        ("login", &user.login),
        ("expires_at", &expires),
        ("note for the customer", &user.customer_note),
    ] {
        if let Some(text) = text {
            let _ = writeln!(out, "  {name}: {text}");
        }
    }
    for (name, bytes) in [
        ("credited", user.credited_bytes),
        ("used", user.used_bytes),
        ("overage", user.overage_bytes),
        ("debt items", user.debt_items_bytes),
        ("debt limit", user.debt_limit_bytes),
    ] {
        let _ = writeln!(out, "  {name}: {}", Bytes(bytes));
    }
    let flags = [("approved", user.approved), ("active", user.active), ("exempt", user.exempt)];
    let flags = flags.map(|(name, is)| format!("{name} {}", yes(is)));
    let _ = writeln!(out, "  overage mode: {}; {}", user.overage.name(), flags.join(", "));
    for device in &user.devices {
        let online = if device.online { "online" } else { "offline" };
        let address = device.address.map(|address| address.to_string()).unwrap_or_default();
        let pending = device.pending.map_or("", PendingChange::name);
        let more = [address.as_str(), device.label.as_str(), pending];
        let more = more.into_iter().filter(|more| !more.is_empty()).collect::<Vec<_>>().join("  ");
        let _ = writeln!(out, "  device {}  {online}  {more}", device.mac);
    }
    if let Some(from) = user.moved_from {
        let _ = writeln!(out, "  the device was moved from user {from}");
    }
    out
}

/// Every rule in a line, with its numbers, and what to pay.
fn explained(why: &ExplainView) -> String {
    let number = |number: &NumberView| format!("{} {}", number.name, number.value);
    let row = |rule: &RuleView| {
        let mark = match (rule.decides, rule.holds) {
            (true, _) => "decides",
            (false, true) => "holds",
            (false, false) => "",
        };
        let numbers = rule.numbers.iter().map(number).collect::<Vec<_>>();
        let reason = rule.reason.map_or("", AccessReason::name);
        vec![rule.status.name().to_owned(), reason.to_owned(), mark.to_owned(), numbers.join(", ")]
    };
    let rows: Vec<Vec<String>> = why.rules.iter().map(row).collect();
    let mut out = format!("{}\n{}", line(&why.user), table(&["ACCESS", "REASON", "", "NUMBERS"], &rows));
    if let Some(quote) = &why.to_pay {
        let _ = write!(out, "\nto pay: {}", price(Some(quote.amount_rp)));
    } else if let Some(refusal) = &why.to_pay_refused {
        let _ = write!(out, "\nto pay: {}", refusal.detail);
    }
    out
}

/// One order in one line.
/// An order, and what its payer needs: the code where it can be read from a screen, a number or a link.
pub(super) fn order_told(order: &OrderView) -> String {
    let mut out = order_line(order);
    if let Some(text) = &order.means.qr_string {
        let code = std::io::stdout().is_terminal().then(|| qr::terminal(text)).flatten();
        let _ = write!(out, "\n{}", code.unwrap_or_else(|| format!("QRIS: {text}")));
    }
    if let Some(account) = &order.means.va {
        let biller = account.biller_code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
        let _ = write!(out, "\n{}{biller}: {}", account.bank, account.number);
    }
    for link in [&order.means.deeplink_url, &order.means.redirect_url].into_iter().flatten() {
        let _ = write!(out, "\n{link}");
    }
    out
}

fn order_line(order: &OrderView) -> String {
    let receipt = order.receipt.map_or_else(String::new, |no| format!("receipt {no}: "));
    let (kind, method) = (order.kind.name(), order.method.0.name());
    format!("{receipt}{kind} {} by {method}, {}", price(Some(order.amount_rp)), order.status.name())
}
