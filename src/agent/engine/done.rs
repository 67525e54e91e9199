//! What a command did, and how the idempotency table keeps it.

use serde::{Deserialize, Serialize};

use crate::protocol::admin::closings::ClosingView;
use crate::protocol::admin::debts::DebtView;
use crate::protocol::admin::orders::OrderView;
use crate::protocol::admin::packages::PackageView;
use crate::protocol::admin::quota::ResetView;
use crate::protocol::admin::users::{ImportView, UserView};
use crate::store::EventRecord;

/// What a command did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// Something new exists: a user, a sale, a closing.
    Created(View),
    /// Something that exists is different now.
    Changed(View),
    /// It is noted, and happens when the router was read.
    Waiting(View),
    /// It is done, and there is nothing to show.
    Finished,
}

/// What a command was about, as it is afterwards. Its JSON is the view's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum View {
    // Before the user, whose fields it has and more.
    /// A user after a reset.
    Reset(Box<ResetView>),
    /// A user.
    User(Box<UserView>),
    /// An order.
    Order(Box<OrderView>),
    /// A debt item.
    Debt(Box<DebtView>),
    /// A closing of a drawer.
    Closing(Box<ClosingView>),
    /// A package.
    Package(PackageView),
    /// An import.
    Import(ImportView),
    /// An answer that another version of this program kept and this one cannot read; it is passed on.
    Other(serde_json::Value),
}

/// Stored codes of [`Done`]: they have the values of HTTP's statuses.
const CREATED: u16 = 201;
const CHANGED: u16 = 200;
const WAITING: u16 = 202;
const FINISHED: u16 = 204;

impl Done {
    /// A new user.
    pub(super) fn created(view: impl Into<View>) -> Self {
        Self::Created(view.into())
    }

    /// A change.
    pub(super) fn changed(view: impl Into<View>) -> Self {
        Self::Changed(view.into())
    }

    /// What it was about, unless there is nothing to show.
    pub const fn view(&self) -> Option<&View> {
        match self {
            Self::Created(view) | Self::Changed(view) | Self::Waiting(view) => Some(view),
            Self::Finished => None,
        }
    }

    /// Whether it waits for the router.
    pub const fn is_waiting(&self) -> bool {
        matches!(self, Self::Waiting(_))
    }

    /// The user that it was about.
    pub fn user(&self) -> Option<&UserView> {
        match self.view()? {
            View::User(user) => Some(user),
            View::Reset(reset) => Some(&reset.user),
            View::Order(_)
            | View::Debt(_)
            | View::Closing(_)
            | View::Package(_)
            | View::Import(_)
            | View::Other(_) => None,
        }
    }

    /// The order that it was about.
    pub fn order(&self) -> Option<&OrderView> {
        match self.view()? {
            View::Order(order) => Some(order),
            View::User(_)
            | View::Reset(_)
            | View::Debt(_)
            | View::Closing(_)
            | View::Package(_)
            | View::Import(_)
            | View::Other(_) => None,
        }
    }

    /// The record from which a repetition of the call is answered.
    pub(super) fn remembered(&self, id: String, content_hash: [u8; 32]) -> EventRecord {
        let status = match self {
            Self::Created(_) => CREATED,
            Self::Changed(_) => CHANGED,
            Self::Waiting(_) => WAITING,
            Self::Finished => FINISHED,
        };
        let json = |view| serde_json::to_string(view).expect("views are plain data");
        EventRecord { id, content_hash, status, answer: self.view().map(json).unwrap_or_default() }
    }

    /// What a record says was done; `None` if the record makes no sense.
    pub(super) fn of_record(record: &EventRecord) -> Option<Self> {
        if record.status == FINISHED {
            return Some(Self::Finished);
        }
        let view = serde_json::from_str(&record.answer).ok()?;
        match record.status {
            CREATED => Some(Self::Created(view)),
            CHANGED => Some(Self::Changed(view)),
            WAITING => Some(Self::Waiting(view)),
            _ => None,
        }
    }
}

macro_rules! views {
    ($($variant:ident($view:ty) $(in $boxed:ident)?),+ $(,)?) => {
        $(impl From<$view> for View {
            fn from(view: $view) -> Self {
                Self::$variant($($boxed::new)?(view))
            }
        })+
    };
}

views! {
    Reset(ResetView) in Box,
    User(UserView) in Box,
    Order(OrderView) in Box,
    Debt(DebtView) in Box,
    Closing(ClosingView) in Box,
    Package(PackageView),
    Import(ImportView),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows that earlier versions wrote, as they stand in stores, with what they mean.
    const KEPT: [(u16, &str, &str); 9] = [
        (201, "user", include_str!("kept_answers/user.json")),
        (202, "user", include_str!("kept_answers/user.json")),
        (200, "reset", include_str!("kept_answers/reset.json")),
        (201, "order", include_str!("kept_answers/order.json")),
        (201, "debt", include_str!("kept_answers/debt.json")),
        (201, "closing", include_str!("kept_answers/closing.json")),
        (201, "package", include_str!("kept_answers/package.json")),
        (201, "import", include_str!("kept_answers/import.json")),
        (200, "other", r#"{"of":"a later version"}"#),
    ];

    fn kind(view: &View) -> &'static str {
        match view {
            View::Reset(_) => "reset",
            View::User(_) => "user",
            View::Order(_) => "order",
            View::Debt(_) => "debt",
            View::Closing(_) => "closing",
            View::Package(_) => "package",
            View::Import(_) => "import",
            View::Other(_) => "other",
        }
    }

    #[test]
    fn answers_that_are_kept_are_answered_again_letter_by_letter() {
        for (status, expected, text) in KEPT {
            let answer = text.trim_end().to_owned();
            let record = EventRecord { id: "x/1".to_owned(), content_hash: [7; 32], status, answer };
            let done = Done::of_record(&record).unwrap();
            assert_eq!(kind(done.view().unwrap()), expected);
            assert_eq!(done.is_waiting(), status == 202);
            assert_eq!(done.remembered(record.id.clone(), record.content_hash), record, "{expected}");
        }
        let nothing = Done::Finished.remembered("x/2".to_owned(), [7; 32]);
        assert_eq!((nothing.status, nothing.answer.as_str()), (204, ""));
        assert_eq!(Done::of_record(&nothing), Some(Done::Finished));
    }

    #[test]
    fn a_record_that_makes_no_sense_is_no_answer() {
        for (status, answer) in [(200, ""), (200, "{"), (500, "{}"), (0, "{}")] {
            let record =
                EventRecord { id: String::new(), content_hash: [0; 32], status, answer: answer.to_owned() };
            assert_eq!(Done::of_record(&record), None, "{status} {answer}");
        }
    }
}
