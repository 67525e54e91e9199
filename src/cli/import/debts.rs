//! The debts of an export: the unpaid ones are imported with their user.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::table::{self, CsvRecord};
use super::{ParsedTables, miscounted};
use crate::web::csv::unguarded;

/// The table of debts in a folder that `export` wrote.
pub(super) const EXPORTED: &str = "debts.csv";

/// The use of a column of debts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DebtColumn {
    /// Read under that name.
    Taken,
    /// Not imported, for this reason.
    NotTaken(&'static str),
}

/// The use of a column that `export` writes.
pub(super) fn column(heading: &str) -> Option<DebtColumn> {
    Some(match heading {
        "user_id" | "amount_bytes" | "paid_bytes" | "price_rp" | "debt_date" | "due_date" | "status"
        | "note" | "customer_note" => DebtColumn::Taken,
        "id" => DebtColumn::NotTaken("debts get new ids"),
        "user_name" => DebtColumn::NotTaken("the customer is known by its id"),
        "paid_rp" => DebtColumn::NotTaken(
            "money that was paid stays in the store that took it; the rest is taken over",
        ),
        "created_by" | "created_at" => DebtColumn::NotTaken("debts are entered by the import"),
        _ => return None,
    })
}

/// Adds its unpaid debts to every row of users.
pub(super) fn add(content: &str, found: &mut ParsedTables) {
    let (mut records, bad) = table::records(content);
    let mut bad: Vec<(usize, String)> = bad;
    let headings = records.next().map(|record| record.cells).unwrap_or_default();
    for heading in headings.iter().filter(|heading| column(heading).is_none()) {
        bad.push((1, format!("there is no column {heading:?}")));
    }
    if bad.is_empty() {
        let rows: BTreeMap<String, usize> =
            found.rows.iter().enumerate().map(|(no, row)| (row.id.clone(), no)).collect();
        for record in records.filter(|record| record.cells.iter().any(|cell| !cell.trim().is_empty())) {
            if let Err(why) = one(&record, &headings, &rows, found) {
                bad.push((record.line, why));
            }
        }
    }
    found.bad.extend(bad.into_iter().map(|(line, why)| (line, format!("{EXPORTED}: {why}"))));
}

/// Reads one debt; a closed one is skipped.
fn one(
    record: &CsvRecord,
    headings: &[String],
    rows: &BTreeMap<String, usize>,
    found: &mut ParsedTables,
) -> Result<(), String> {
    if let Some(why) = miscounted(record, headings.len()) {
        return Err(why);
    }
    let cells = headings.iter().zip(&record.cells);
    let cells: BTreeMap<&str, &str> =
        cells.map(|(heading, cell)| (heading.as_str(), unguarded(cell.trim()))).collect();
    let text = |name: &str| cells.get(name).copied().unwrap_or_default();
    if text("status") != "open" {
        found.lost.add(EXPORTED, "*", "the debt is closed and is history", record.line);
        return Ok(());
    }
    let number = |name: &str| match text(name) {
        "" => Ok(None),
        cell => cell.parse::<u64>().map(Some).map_err(|_| format!("{name}: {cell:?} is not a whole number")),
    };
    let (amount, paid, price) = (number("amount_bytes")?, number("paid_bytes")?, number("price_rp")?);
    let debt = rest(amount, paid.unwrap_or_default(), price)?;
    let debt = debt.into_iter().chain(
        ["debt_date", "due_date", "note", "customer_note"].map(|name| (name.to_owned(), json!(text(name)))),
    );
    let id = text("user_id");
    let row = rows
        .get(id)
        .ok_or_else(|| format!("there is no customer {id:?} in {} that can be read", super::EXPORTED))?;
    let debts = found.rows[*row].user.entry("debts").or_insert_with(|| json!([]));
    debts.as_array_mut().ok_or("the customer's debts are no list")?.push(Value::Object(debt.collect()));
    for (heading, column) in headings.iter().filter_map(|heading| Some((heading, column(heading)?))) {
        if let DebtColumn::NotTaken(why) = column
            && !matches!(text(heading), "" | "0")
        {
            found.lost.add(EXPORTED, heading, why, record.line);
        }
    }
    Ok(())
}

/// The unpaid amount and its price: of a partly paid price, the same share, rounded up.
fn rest(amount: Option<u64>, paid: u64, price: Option<u64>) -> Result<Map<String, Value>, String> {
    let mut debt = Map::new();
    let Some(amount) = amount else {
        debt.insert("price_rp".to_owned(), json!(price));
        return Ok(debt);
    };
    let unpaid = amount.checked_sub(paid).filter(|unpaid| *unpaid > 0);
    let unpaid = unpaid.ok_or("an open debt of which nothing is owed: look at paid_bytes")?;
    let share = |price: u64| (u128::from(price) * u128::from(unpaid)).div_ceil(u128::from(amount));
    let price = price.map(|price| u64::try_from(share(price)).unwrap_or(u64::MAX));
    debt.insert("amount".to_owned(), json!(unpaid));
    debt.insert("price_rp".to_owned(), json!(price));
    Ok(debt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_debt_paid_in_part_the_rest_is_taken_over_at_its_share_of_the_price() {
        let row = |amount, paid, price| rest(amount, paid, price).map(Value::Object);
        assert_eq!(row(Some(10), 0, Some(7)).unwrap(), json!({"amount": 10, "price_rp": 7}));
        assert_eq!(row(Some(10), 7, Some(11)).unwrap(), json!({"amount": 3, "price_rp": 4}));
        assert_eq!(row(Some(10), 7, None).unwrap(), json!({"amount": 3, "price_rp": null}));
        assert_eq!(row(None, 0, Some(7)).unwrap(), json!({"price_rp": 7}));
        assert!(row(Some(10), 10, None).is_err());
    }
}
