//! `package`: packages on sale.

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::api::Api;
use super::failure::Failure;
use super::output::{Output, amount, price, table, yes};
use crate::domain::id::PackageId;
use crate::domain::units::{Bytes, Rupiah};
use crate::protocol::admin::packages::{AddPackage, PackageView};
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
            let added: PackageView = api.post(PACKAGES, &body).await?;
            output.answer(&added, |package| row(package).join("  "))
        }
        PackageCommand::List => {
            let packages = api.list(PACKAGES, |page| page, usize::MAX).await?;
            output.list(packages, |packages| {
                let headings = ["NAME", "QUOTA", "DAYS", "PRICE", "ON SALE", "ID"];
                table(&headings, &packages.iter().map(row).collect::<Vec<_>>())
            })
        }
    }
}

fn row(package: &PackageView) -> Vec<String> {
    vec![
        package.name.clone(),
        amount(package.quota_bytes, "unlimited"),
        package.days.to_string(),
        price(Some(package.price_rp)),
        yes(package.active).to_owned(),
        package.id.to_string(),
    ]
}

/// The id of a package: by id, or by a name that is unique.
pub(super) async fn find_id(api: &Api, which: &str) -> Result<PackageId, Failure> {
    if let Ok(id) = Uuid::parse_str(which) {
        return Ok(PackageId(id));
    }
    let packages: Vec<PackageView> = api.list(PACKAGES, |page| page, usize::MAX).await?;
    let is = |package: &&PackageView| package.name.to_lowercase() == which.to_lowercase();
    let named: Vec<&PackageView> = packages.iter().filter(is).collect();
    match named.as_slice() {
        [package] => Ok(package.id),
        [] => Err(Failure::worded(|words| words.no_package, &[&format!("{which:?}")])),
        _ => {
            let count = named.len().to_string();
            Err(Failure::worded(|words| words.many_packages, &[&count, &format!("{which:?}")]))
        }
    }
}
