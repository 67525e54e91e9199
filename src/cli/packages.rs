//! `package`: packages on sale.

use clap::{Args, Subcommand};
use serde_json::Value;
use uuid::Uuid;

use super::api::Api;
use super::failure::Failure;
use super::output::{Output, bytes, rupiah, table, text};
use crate::domain::units::{Bytes, Rupiah};
use crate::protocol::admin::packages::AddPackage;
use crate::protocol::admin::values::{Amount, DayCount, Name, Price};

const PACKAGES: &str = "/api/v1/packages";

/// Commands about packages.
#[derive(Debug, Subcommand)]
pub enum PackageCommand {
    /// Put a package on sale.
    Add {
        /// Name for people.
        name: String,
        #[command(flatten)]
        size: Size,
        /// Days it is valid.
        #[arg(long)]
        days: u32,
        /// Its price in rupiah.
        #[arg(long)]
        price_rp: Rupiah,
    },
    /// Show packages.
    List,
}

/// How much it gives.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Size {
    /// Quota, like "10 GB".
    #[arg(long)]
    quota: Option<Bytes>,
    /// No end but its days.
    #[arg(long)]
    unlimited: bool,
}

pub(super) async fn run(command: PackageCommand, api: &Api, output: Output) -> Result<(), Failure> {
    match command {
        PackageCommand::Add { name, size, days, price_rp } => {
            let body = AddPackage {
                name: Name(name),
                quota: size.quota.map(Amount),
                days: DayCount(days),
                price_rp: Price(price_rp),
                active: None,
            };
            let added = api.post(PACKAGES, &body).await?;
            output.answer(&added, |package| row(package).join("  "))
        }
        PackageCommand::List => {
            let packages = api.list(PACKAGES, &[], usize::MAX).await?;
            output.list(&packages, |packages| {
                let headings = ["NAME", "QUOTA", "DAYS", "PRICE", "ON SALE", "ID"];
                table(&headings, &packages.iter().map(row).collect::<Vec<_>>())
            })
        }
    }
}

fn row(package: &Value) -> Vec<String> {
    vec![
        text(package, "name"),
        bytes(package, "quota_bytes", "unlimited"),
        text(package, "days"),
        rupiah(package, "price_rp"),
        text(package, "active"),
        text(package, "id"),
    ]
}

/// The id of a package: by id, or by a name that is unique.
pub(super) async fn find_id(api: &Api, which: &str) -> Result<Uuid, Failure> {
    if let Ok(id) = Uuid::parse_str(which) {
        return Ok(id);
    }
    let packages = api.list(PACKAGES, &[], usize::MAX).await?;
    let is = |p: &&Value| p["name"].as_str().is_some_and(|name| name.to_lowercase() == which.to_lowercase());
    let named: Vec<&Value> = packages.iter().filter(is).collect();
    match named.as_slice() {
        [package] => package["id"].as_str().and_then(|id| id.parse().ok()),
        [] => {
            return Err(Failure::said(format!("no package has the name or id {which:?}; see package list")));
        }
        _ => {
            return Err(Failure::said(format!(
                "{} packages are named {which:?}; name one by id",
                named.len()
            )));
        }
    }
    .ok_or_else(|| Failure::said("the answer names no package"))
}
