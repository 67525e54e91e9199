//! Reports over all users.

use serde::{Deserialize, Serialize};

use super::page::given;
use super::values::{Day, Megabytes, one_of};
use crate::domain::id::{DebtId, UserId};

/// The format of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReportFormat {
    /// For programs.
    #[default]
    Json,
    /// For spreadsheets.
    Csv,
}

impl ReportFormat {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }
}

impl Serialize for ReportFormat {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for ReportFormat {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match String::deserialize(d)?.as_str() {
            "json" => Ok(Self::Json),
            "csv" => Ok(Self::Csv),
            _ => Err(serde::de::Error::custom(one_of(["json", "csv"]))),
        }
    }
}

/// `GET /reports/...`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReportQuery {
    /// From this day on.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub from: Option<Day>,
    /// To this day, included.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub to: Option<Day>,
    /// The format.
    pub format: ReportFormat,
}

/// Orders of one day, method and cashier, or of all of them.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct SalesSumView {
    /// The local day; absent in a total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Day>,
    /// The payment method; absent in a total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Who took the cash; null for online payments.
    pub cashier: Option<String>,
    /// How many orders.
    pub orders: u64,
    /// What was paid.
    pub amount_rp: u64,
    /// What went back of these orders, on whatever day.
    pub refunded_rp: u64,
    /// The lowest receipt number.
    pub receipt_first: Option<u64>,
    /// The highest receipt number.
    pub receipt_last: Option<u64>,
}

/// What was sold, by day, method and cashier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "SalesReport"))]
pub struct SalesReportView {
    /// The first local day.
    pub from: Day,
    /// The last local day.
    pub to: Day,
    /// The sums.
    pub items: Vec<SalesSumView>,
    /// The sum of the sums.
    pub totals: SalesSumView,
}

/// One open debt item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct OwedItemView {
    /// The debt.
    pub id: DebtId,
    /// The local day it was entered for.
    pub debt_date: Day,
    /// The last local day to pay.
    pub due_date: Day,
    /// Days since the debt date.
    pub age_days: u32,
    /// Days since the due date; 0 until then.
    pub late_days: u32,
    /// Null is an unlimited plan.
    pub amount_bytes: Option<u64>,
    /// What is not paid yet.
    pub unpaid_bytes: u64,
    /// The same in MB.
    pub unpaid_mb: Megabytes,
    /// Null when nothing on sale gives it a price.
    pub due_rp: Option<u64>,
    /// The owner's private note.
    pub note: String,
    /// The note for the customer.
    pub customer_note: String,
}

/// What one user owes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct OwesView {
    /// The user.
    pub user_id: UserId,
    /// The user's name.
    pub name: String,
    /// The user's phone number.
    pub phone: Option<String>,
    /// The open items.
    pub debts: Vec<OwedItemView>,
    /// The sum of the open items.
    pub unpaid_bytes: u64,
    /// The same in MB.
    pub unpaid_mb: Megabytes,
    /// Usage beyond the quota.
    pub overage_bytes: u64,
    /// The same in MB.
    pub overage_mb: Megabytes,
    /// What the overage costs at present; null when nothing on sale gives it a price.
    pub overage_rp: Option<u64>,
    /// The sum of all of it; null when a part has no price.
    pub due_rp: Option<u64>,
}

/// What all of them owe.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct DebtTotalsView {
    /// Users who owe something.
    pub users: u64,
    /// Open items.
    pub debts: u64,
    /// The sum of the open items.
    pub unpaid_bytes: u64,
    /// Usage beyond quotas.
    pub overage_bytes: u64,
    /// Of everything that has a price.
    pub due_rp: u64,
    /// Users of whom a part has no price.
    pub unpriced: u64,
}

/// What is owed, by user. It is sent item by item and may be long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "DebtsReport"))]
pub struct DebtsReportView {
    /// The local day it is of.
    pub date: Day,
    /// Who owes what.
    pub items: Vec<OwesView>,
    /// What all of them owe.
    pub totals: DebtTotalsView,
}

/// What one user used on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct DailyUsageView {
    /// The local day.
    pub day: Day,
    /// The user.
    pub user_id: UserId,
    /// The user's name.
    pub name: String,
    /// What was used.
    pub bytes: u64,
    /// The same in MB.
    pub mb: Megabytes,
    /// The part beyond the limit that should have stopped the user.
    pub unenforced_bytes: u64,
}

/// What everybody used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct UsageTotalsView {
    /// What was used.
    pub bytes: u64,
    /// The same in MB.
    pub mb: Megabytes,
    /// The part beyond limits that should have stopped users.
    pub unenforced_bytes: u64,
}

/// What was used, by local day and user. It is sent item by item and may be long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "UsageReport"))]
pub struct UsageReportView {
    /// The first local day.
    pub from: Day,
    /// The last local day.
    pub to: Day,
    /// The sums.
    pub items: Vec<DailyUsageView>,
    /// The sum of the sums.
    pub totals: UsageTotalsView,
    /// Tables that were damaged and began again empty: what was in them is missing here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables_lost: Vec<String>,
}

/// Why somebody is called; least urgent last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "snake_case")]
pub enum CallReason {
    /// Blocked for debt.
    Stopped,
    /// Past the due date.
    Overdue,
    /// Due within a week.
    DueSoon,
}

impl CallReason {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Overdue => "overdue",
            Self::DueSoon => "due_soon",
        }
    }
}

/// Somebody to call about what is owed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct CallView {
    /// Why.
    pub state: CallReason,
    /// The user.
    pub user_id: UserId,
    /// The user's name.
    pub name: String,
    /// The user's phone number.
    pub phone: Option<String>,
    /// The earliest of the open items.
    pub due_date: Option<Day>,
    /// Everything that is owed.
    pub total_debt_bytes: u64,
    /// The same in MB.
    pub total_debt_mb: Megabytes,
    /// What settling everything costs; null when it cannot be priced.
    pub amount_rp: Option<u64>,
}

/// Sums over everybody to call.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct CallTotalsView {
    /// How many.
    pub users: u64,
    /// Of everybody whose debt has a price.
    pub amount_rp: u64,
    /// Of whom it has none.
    pub unpriced: u64,
}

/// Whom to call about what is owed, the most urgent first. It is sent item by item and may be long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "CollectionReport"))]
pub struct CollectionReportView {
    /// The local day it is of.
    pub date: Day,
    /// Whom to call.
    pub items: Vec<CallView>,
    /// Sums over all of them.
    pub totals: CallTotalsView,
}
