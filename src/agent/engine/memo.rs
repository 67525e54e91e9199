//! The memo that travels with an order to the relay and back: enough to credit the order in a store that has neither
//! order nor user.

use serde_json::value::RawValue;

use super::error::{EngineError, conflict};
use crate::clock::rfc3339;
use crate::domain::order::{Item, Line, OrderKind, Quote};
use crate::domain::units::{AMOUNT_BYTES_MAX, AMOUNT_RP_MAX, Timestamp};
use crate::identity::signed_tokens::SignedTokens;
use crate::protocol::LineWire;
use crate::protocol::relay::{MEMO_BYTES_MAX, Memo};
use crate::store::UserRecord;

/// The version of the format written and read here.
const VERSION: u32 = 1;
/// Names are cut to so many characters when the memo is too long, and then to none.
const NAME_CHARS: [usize; 3] = [usize::MAX, 24, 0];
/// A user needs a name.
const USER_NAME_CHARS_MIN: usize = 24;
/// The most days that a package gives.
const DAYS_MAX: u32 = 3660;

/// The memo of an attempt, signed, as JSON of at most [`MEMO_BYTES_MAX`] bytes: names are shortened to make it fit.
pub(super) fn write(
    signer: &SignedTokens,
    user: &UserRecord,
    request_id: &str,
    (kind, quote): (OrderKind, &Quote),
    at: Timestamp,
) -> Result<Box<RawValue>, EngineError> {
    for chars in NAME_CHARS {
        let cut = |name: &str| name.chars().take(chars).collect::<String>();
        let lines =
            quote.lines.iter().map(|line| LineWire::from(&Line { name: cut(&line.name), ..line.clone() }));
        let mut memo = Memo {
            v: VERSION,
            user: user.account.id,
            name: user.name.chars().take(chars.max(USER_NAME_CHARS_MIN)).collect(),
            phone: user.phone.clone(),
            login: user.login.clone(),
            kind,
            lines: lines.collect(),
            at: rfc3339(at),
            request: Some(request_id.to_owned()),
            sig: None,
        };
        memo.sig = Some(signer.memo_token(&signed_text(&memo)));
        let raw = serde_json::value::to_raw_value(&memo).expect("a memo is plain data");
        if raw.get().len() <= MEMO_BYTES_MAX {
            return Ok(raw);
        }
    }
    Err(conflict("too_many_lines", "too many debts for one online payment; settle them one by one"))
}

/// The text that a memo's signature covers: the memo as serialized here, whatever its spacing on arrival.
fn signed_text(memo: &Memo) -> String {
    let unsigned = Memo { sig: None, ..memo.clone() };
    serde_json::to_string(&unsigned).expect("a memo is plain data")
}

/// Whether this site wrote the memo for that attempt. The signature covers the attempt, so that a copied memo is
/// invalid for any other.
pub(super) fn is_signed(signer: &SignedTokens, memo: &Memo, request_id: &str) -> bool {
    let Some(sig) = memo.sig.as_deref() else { return false };
    memo.request.as_deref() == Some(request_id) && signer.is_memo_token(&signed_text(memo), sig)
}

/// A memo with its quote; `None` for one that cannot be read, or of a later version.
pub(super) fn read(raw: Option<&RawValue>) -> Option<(Memo, Quote)> {
    let memo: Memo = serde_json::from_str(raw?.get()).ok()?;
    let quote = Quote { lines: memo.lines.iter().cloned().map(Line::from).collect() };
    let is_sane = |line: &Line| {
        let days = match line.item {
            Item::Package { days, .. } => days,
            Item::Debt { .. } | Item::Overage => 0,
        };
        line.bytes.0 <= AMOUNT_BYTES_MAX && line.price.0 <= AMOUNT_RP_MAX && days <= DAYS_MAX
    };
    let is_whole = memo.v == VERSION && !quote.lines.is_empty() && quote.lines.iter().all(is_sane);
    is_whole.then_some((memo, quote))
}
