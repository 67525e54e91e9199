//! `debt`: what customers owe, and taking money for it.

use clap::{Args, Subcommand};
use jiff::civil::Date;
use uuid::Uuid;

use super::api::{Api, USERS, day, debt_id};
use super::failure::Failure;
use super::output::{Output, amount, price, table};
use super::packages;
use super::users::{PaymentArgs, find_id, order_told};
use crate::domain::units::{Bytes, Rupiah};
use crate::protocol::admin::debts::{AddDebt, ChangeDebt, DebtView, WriteOffDebt};
use crate::protocol::admin::money::{PayPart, SettleDebts};
use crate::protocol::admin::orders::OrderView;
use crate::protocol::admin::values::{Amount, Day, Money, Note, Reason};

/// What to do about debts. USER is an id, or a name, phone or log-in name that is one user's alone.
#[derive(Debug, Subcommand)]
pub enum DebtCommand {
    /// Enter a debt item; its quota is given with it, except with --no-advance.
    Add {
        /// Who owes.
        user: String,
        #[command(flatten)]
        what: What,
        /// Last day to pay, like 2026-12-31; by the site's rule when not given.
        #[arg(long, value_parser = day)]
        due_date: Option<Date>,
        /// Its own price.
        #[arg(long)]
        price_rp: Option<Rupiah>,
        /// Do not give the quota now.
        #[arg(long)]
        no_advance: bool,
        /// Your own note; the customer does not see it.
        #[arg(long)]
        note: Option<String>,
        /// A note for the customer, shown on the portal.
        #[arg(long)]
        customer_note: Option<String>,
    },
    /// Show what a user owes and owed.
    List {
        /// Who.
        user: String,
    },
    /// Note a promise: another due date, another note, or both.
    Promise {
        /// Who owes.
        user: String,
        /// Which item.
        #[arg(value_parser = debt_id)]
        debt_id: Uuid,
        /// Last day to pay, like 2026-12-31.
        #[arg(long, value_parser = day)]
        due_date: Date,
        /// Your own note; the old note stays when not given.
        #[arg(long)]
        note: Option<String>,
        /// The note for the customer; the old one stays when not given, an empty one removes it.
        #[arg(long)]
        customer_note: Option<String>,
    },
    /// Forgive what is left of an item.
    WriteOff {
        /// Who owes.
        user: String,
        /// Which item.
        #[arg(value_parser = debt_id)]
        debt_id: Uuid,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Take money for everything, for one item, or for part.
    Settle {
        /// Who pays.
        user: String,
        #[command(flatten)]
        which: DebtSelection,
        #[command(flatten)]
        tender: PaymentArgs,
    },
}

/// What is owed: an amount or a package.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct What {
    /// How much, like "10 GB".
    amount: Option<Bytes>,
    /// Id or name of a package given on credit.
    #[arg(long)]
    package: Option<String>,
}

/// What is paid for. One must be said: nothing falls back to everything.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct DebtSelection {
    /// This item.
    #[arg(value_parser = debt_id)]
    debt_id: Option<Uuid>,
    /// Every open item and the overage.
    #[arg(long)]
    all: bool,
    /// So much money, to the oldest items first.
    #[arg(long, conflicts_with = "expect_rp")]
    amount_rp: Option<Rupiah>,
}

pub(super) async fn run(command: DebtCommand, api: &Api, output: Output) -> Result<(), Failure> {
    match command {
        DebtCommand::Add { user, what, due_date, price_rp, no_advance, note, customer_note } => {
            let id = find_id(api, &user).await?;
            let package = match &what.package {
                Some(package) => Some(packages::find_id(api, package).await?),
                None => None,
            };
            let body = AddDebt {
                amount: what.amount.map(Amount),
                package_id: package,
                advance: no_advance.then_some(false),
                debt_date: None,
                due_date: due_date.map(Day),
                price_rp: price_rp.map(Money),
                note: note.map(Note),
                customer_note: customer_note.map(Note),
            };
            let debt: DebtView = api.post(&format!("{USERS}/{id}/debts"), &body).await?;
            output.answer(&debt, |debt| {
                let amount = amount(debt.amount_bytes, "unlimited plan");
                format!("{}  {amount}, {} due {}", debt.id, price(debt.due_rp), debt.due_date.0)
            })
        }
        DebtCommand::List { user } => {
            let id = find_id(api, &user).await?;
            let debts = api.list(&format!("{USERS}/{id}/debts"), |page| page, usize::MAX).await?;
            output.list(debts, |debts| {
                let headings = ["DATE", "DUE", "STATUS", "AMOUNT", "PAID", "TO PAY", "NOTE", "ID"];
                table(&headings, &debts.iter().map(row).collect::<Vec<_>>())
            })
        }
        DebtCommand::Promise { user, debt_id, due_date, note, customer_note } => {
            let id = find_id(api, &user).await?;
            let body = ChangeDebt {
                due_date: Some(Day(due_date)),
                note: note.map(Note),
                customer_note: customer_note.map(Note),
            };
            let debt: DebtView = api.patch(&format!("{USERS}/{id}/debts/{debt_id}"), &body).await?;
            output.answer(&debt, item_line)
        }
        DebtCommand::WriteOff { user, debt_id, reason } => {
            let id = find_id(api, &user).await?;
            let path = format!("{USERS}/{id}/debts/{debt_id}/write-off");
            let debt: DebtView = api.post(&path, &WriteOffDebt { reason: Reason(reason) }).await?;
            output.answer(&debt, item_line)
        }
        DebtCommand::Settle { user, which, tender } => settle(api, &user, &which, &tender, output).await,
    }
}

async fn settle(
    api: &Api,
    user: &str,
    which: &DebtSelection,
    tender: &PaymentArgs,
    output: Output,
) -> Result<(), Failure> {
    let id = find_id(api, user).await?;
    let order: OrderView = match (which.debt_id, which.amount_rp) {
        (Some(debt), _) => {
            api.post(&format!("{USERS}/{id}/debts/{debt}/settlements"), &settlement(tender)?).await?
        }
        (None, Some(amount)) => {
            let body = PayPart {
                amount_rp: Money(amount),
                method: tender.method()?,
                reference: tender.reference(),
                last_paid: None,
            };
            api.post(&format!("{USERS}/{id}/payments"), &body).await?
        }
        (None, None) if which.all => {
            api.post(&format!("{USERS}/{id}/settlements"), &settlement(tender)?).await?
        }
        (None, None) => {
            return Err(Failure::worded(|words| words.say_what, &[]));
        }
    };
    output.answer(&order, order_told)
}

fn settlement(tender: &PaymentArgs) -> Result<SettleDebts, Failure> {
    Ok(SettleDebts {
        method: tender.method()?,
        reference: tender.reference(),
        expect_rp: tender.expect(),
        last_paid: None,
    })
}

fn item_line(debt: &DebtView) -> String {
    format!("{}  {} due {}", debt.id, debt.status.name(), debt.due_date.0)
}

fn row(debt: &DebtView) -> Vec<String> {
    vec![
        debt.debt_date.0.to_string(),
        debt.due_date.0.to_string(),
        debt.status.name().to_owned(),
        amount(debt.amount_bytes, "unlimited"),
        amount(Some(debt.paid_bytes), ""),
        price(debt.due_rp),
        debt.note.clone(),
        debt.id.to_string(),
    ]
}
