//! What a text may name: customers by whatever of theirs somebody has in hand, receipts by number, orders by id.

use std::collections::BTreeMap;

use super::hosts::{DevicesWanted, HotspotDevice, devices};
use super::users::found;
use crate::agent::engine::{Engine, ReadView};
use crate::domain::id::Mac;
use crate::domain::search::Query;
use crate::identity::signed_tokens::{SignedTokens, read_device_code};
use crate::protocol::admin::page::{List, PageLimit};
use crate::protocol::admin::users::FindUsers;
use crate::store::{OrderRecord, StoreError, UserRecord};

/// Orders of a search.
const ORDERS_MAX: u32 = 20;
/// Fewest characters of an order's id that are looked for: all ids of a site begin with the same eight and a dash.
const ORDER_CHARS_MIN: usize = 10;
/// Words that people write before a receipt's number.
const RECEIPT_WORDS: [&str; 7] = ["kuitansi", "kwitansi", "struk", "receipt", "nomor", "no", "#"];

/// Devices of a search.
const DEVICES_MAX: usize = 20;

/// What is known of devices besides the engine's own.
pub(crate) struct DeviceKnowledge<'a> {
    /// What they called themselves.
    pub names: &'a BTreeMap<Mac, String>,
    /// By which their codes are made.
    pub signed_tokens: &'a SignedTokens,
}

/// What was found.
pub(crate) struct Found<U> {
    /// Customers, the first page of them.
    pub users: List<U>,
    /// The order with that receipt.
    pub receipt: Option<OrderRecord>,
    /// Orders whose id begins so, the latest first.
    pub orders: Vec<OrderRecord>,
    /// Devices on the hotspot: that with the code, and those of nobody.
    pub devices: Vec<HotspotDevice>,
}

/// Everything that `text` names; `row` copies out what is needed of a customer.
pub(crate) fn search<U>(
    engine: &Engine,
    text: &str,
    known: &DeviceKnowledge,
    row: impl Fn(&ReadView, &UserRecord) -> U,
) -> Result<Found<U>, StoreError> {
    let text = text.trim();
    let reader = engine.reader();
    let receipt = match receipt_no(text) {
        Some(no) => reader.order_of_receipt(no)?,
        None => None,
    };
    let id = text.to_lowercase();
    let is_id = id.len() >= ORDER_CHARS_MIN && !id.contains(char::is_whitespace);
    let mut orders = if is_id { reader.orders_called(&id, ORDERS_MAX)? } else { Vec::new() };
    // The store compares the text with receipts as well.
    orders.retain(|order| order.id.0.starts_with(&id));
    let look = engine.read_view();
    let asked = FindUsers { q: Some(text.to_owned()), limit: PageLimit::default(), ..FindUsers::default() };
    let users = found(&look, &asked, |_| true).map(|user| row(&look, user));
    Ok(Found { users, receipt, orders, devices: devices_called(&look, text, known) })
}

/// Devices of nobody that the text names, and the device of anybody that has this code.
fn devices_called(look: &ReadView, text: &str, known: &DeviceKnowledge) -> Vec<HotspotDevice> {
    let (query, code) = (Query::new(text), read_device_code(text));
    let is_hit = |device: &HotspotDevice| {
        let name = known.names.get(&device.mac).map(String::as_str);
        // A device of somebody is found as its customer.
        device.owner.is_none() && device.fits(&query, name)
            || code.as_ref().is_some_and(|code| known.signed_tokens.device_code(device.mac) == *code)
    };
    let is_ownerless = code.is_none();
    let hits = devices(look, DevicesWanted { is_ownerless, after: None }).filter(is_hit);
    hits.take(DEVICES_MAX).collect()
}

/// The number of a receipt as people write it: `34`, `No. 34`, `kuitansi 1.234`.
fn receipt_no(text: &str) -> Option<u64> {
    let text = text.to_lowercase();
    let word = RECEIPT_WORDS.iter().fold(text.trim(), |rest, word| {
        rest.strip_prefix(word).map_or(rest, |rest| rest.trim_start_matches([' ', '.', ':']))
    });
    let digits: String = word.chars().filter(|c| !matches!(c, '.' | ',')).collect();
    let is_number =
        word.starts_with(|c: char| c.is_ascii_digit()) && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_are_found_however_their_number_is_written() {
        for (text, no) in [
            ("34", Some(34)),
            ("No. 34", Some(34)),
            ("#34", Some(34)),
            ("Kuitansi No. 1.234", Some(1234)),
            ("struk 1,234", Some(1234)),
            ("receipt: 7", Some(7)),
            ("", None),
            ("no", None),
            ("budi 34", None),
            ("3 4", None),
            ("-34", None),
            ("10:34", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(receipt_no(text), no, "{text:?}");
        }
    }
}
