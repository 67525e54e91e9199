//! The auditor: what the rules of the domain say must follow from what happened, written from their text. It knows the
//! world as it truly is - which row of the router lives which life, what the gateway was paid - and shares no code with
//! the product: values cross the border as plain numbers and texts.
//!
//! | file | what it is |
//! |---|---|
//! | `account` | one user: two sums, debt items, days, and what each event does to them |
//! | `price` | what a debt costs |
//! | `access` | trust in the clock, the rules of access in order, windows to pay in |
//! | `meter` | readings of the router into usage |
//! | `online` | orders through the gateway, as the relay's messages reach the agent |
//! | `lists` | which address belongs in which list |
//! | `money` | the gateway's own books against what was credited |
//! | `books` | everything together, and what of it can be seen from outside |

mod access;
mod account;
mod books;
mod lists;
mod meter;
mod money;
mod online;
mod price;

pub use access::Pi;
pub use account::{DebtWish, Line, Mode, Package, Purpose, ResetWish, Settings, Site};
pub use books::{Books, Seen, SeenDevice, SeenItem, SeenUser};
pub use lists::{Claimed, Expected, expected};
pub use meter::{Reading, Row};
pub use money::{Paid, judge_credit, judge_end};
pub use online::{FeedLine, Told};

/// Bytes of a megabyte.
pub const MB: u64 = 1_048_576;
/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;
/// Western Indonesia, where the site is.
const ZONE_MS: i64 = 7 * 3_600_000;

/// The local day of an instant, in days since 1970-01-01, and the minute of it.
pub fn local(at: i64) -> (i64, i64) {
    let local = at + ZONE_MS;
    (local.div_euclid(DAY_MS), local.rem_euclid(DAY_MS) / 60_000)
}
