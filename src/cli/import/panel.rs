//! The export of users of the usual panel for MikroTik hotspots: `Username,Password,Profile,Time Limit,Data Limit,Comment`.
//! It knows no devices; a live router is adopted with them (`kuotad adopt`).

use serde_json::{Map, Value, json};

use crate::clock::Zone;
use crate::domain::adoption::{self, Expiry};
use crate::domain::rfc3339::rfc3339;
use crate::domain::text::quoted;

/// A column of that table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PanelColumn {
    /// The hotspot user's name: log-in name and, where nothing else names the customer, the name.
    Username,
    /// Bytes, or an amount with its unit.
    DataLimit,
    /// The end of the days, or the mark of a voucher.
    Comment,
    /// It has no counterpart here, for this reason.
    NotTaken(&'static str),
}

/// The columns of a table with these headings; `None` where it is none of that panel.
pub(super) fn columns(headings: &[String]) -> Option<Vec<PanelColumn>> {
    let plain = |heading: &String| -> String {
        heading.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
    };
    let column = |heading: &String| {
        Some(match plain(heading).as_str() {
            "username" => PanelColumn::Username,
            "datalimit" => PanelColumn::DataLimit,
            "comment" => PanelColumn::Comment,
            "password" => PanelColumn::NotTaken("customers get a PIN for the portal"),
            "profile" => PanelColumn::NotTaken("speeds are the packages' here"),
            "timelimit" => PanelColumn::NotTaken("time on the hotspot is not a quota here"),
            "server" => PanelColumn::NotTaken("customers are of the whole site"),
            _ => return None,
        })
    };
    let columns: Vec<PanelColumn> = headings.iter().map(column).collect::<Option<_>>()?;
    let is_whole = [PanelColumn::Username, PanelColumn::DataLimit, PanelColumn::Comment]
        .iter()
        .all(|needed| columns.contains(needed));
    is_whole.then_some(columns)
}

/// What became of one row.
#[derive(Debug, PartialEq)]
pub(super) enum PanelRow {
    /// A customer in the API's format.
    User(Map<String, Value>),
    /// An unused voucher, which stays a hotspot user.
    Voucher,
    /// The columns that make no sense, with the reasons.
    Bad(Vec<(&'static str, String)>),
}

/// Reads one row; cells are in the order of the columns.
pub(super) fn row(cells: &[(PanelColumn, &str)], zone: &Zone) -> PanelRow {
    let (mut user, mut bad) = (Map::new(), Vec::new());
    for (column, cell) in cells.iter().filter(|(_, cell)| !cell.is_empty()) {
        match column {
            PanelColumn::Username => {
                user.insert("name".to_owned(), json!(cell));
                let (phone, login) = adoption::names(cell);
                for (field, name) in [("phone", phone), ("login", login)] {
                    if let Some(name) = name {
                        user.insert(field.to_owned(), json!(name));
                    }
                }
            }
            PanelColumn::DataLimit => match cell.parse::<u64>() {
                Ok(0) => {}
                Ok(bytes) => drop(user.insert("credits_bytes".to_owned(), json!(bytes))),
                Err(_) => drop(user.insert("credits_bytes".to_owned(), json!(cell))),
            },
            PanelColumn::Comment if adoption::is_voucher_mark(cell) => return PanelRow::Voucher,
            PanelColumn::Comment => match adoption::expiry(cell) {
                Expiry::Never => {}
                Expiry::At(wall) => match zone.instant(wall) {
                    Some(at) => drop(user.insert("expires_at".to_owned(), json!(rfc3339(at)))),
                    None => bad.push(("Comment", format!("{} is no day of a calendar", quoted(cell)))),
                },
                Expiry::Unclear => {
                    let why = "has a date that is no single expiry: write it like 2026-11-28 13:05:00";
                    bad.push(("Comment", format!("{} {why}", quoted(cell))));
                }
            },
            PanelColumn::NotTaken(_) => {}
        }
    }
    if !user.contains_key("name") {
        bad.push(("Username", "is empty".to_owned()));
    }
    // Without a limit of bytes the panel sold time: a plan without a limit, which must end.
    if !user.contains_key("credits_bytes") {
        if user.contains_key("expires_at") {
            user.insert("unlimited".to_owned(), json!(true));
        } else if bad.is_empty() {
            let why = "is empty, and the comment has no end of days: one of both says what was sold";
            bad.push(("Data Limit", why.to_owned()));
        }
    }
    if bad.is_empty() { PanelRow::User(user) } else { PanelRow::Bad(bad) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headings(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    fn read(name: &str, limit: &str, comment: &str) -> PanelRow {
        let cells =
            [(PanelColumn::Username, name), (PanelColumn::DataLimit, limit), (PanelColumn::Comment, comment)];
        row(&cells, &Zone::named("Asia/Jakarta").unwrap())
    }

    #[test]
    fn the_panels_table_is_known_by_its_headings() {
        assert!(columns(&headings("Username,Password,Profile,Time Limit,Data Limit,Comment")).is_some());
        assert!(columns(&headings("username,data limit,comment")).is_some());
        for text in ["Username,Password", "name,phone", "Username,Data Limit,Comment,Warna"] {
            assert_eq!(columns(&headings(text)), None, "{text}");
        }
    }

    #[test]
    fn a_row_is_a_customer_a_voucher_or_says_what_is_wrong() {
        let user = |value: Value| PanelRow::User(value.as_object().unwrap().clone());
        assert_eq!(
            read("budi", "1073741824", "nov/28/2026 13:05:00"),
            user(json!({"name": "budi", "login": "budi", "credits_bytes": 1_073_741_824,
                "expires_at": "2026-11-28T06:05:00Z"}))
        );
        assert_eq!(
            read("081234567890", "", "2026-11-28 13:05:00"),
            user(json!({"name": "081234567890", "phone": "081234567890", "unlimited": true,
                "expires_at": "2026-11-28T06:05:00Z"}))
        );
        assert_eq!(
            read("x1", "1 GB", ""),
            user(json!({"name": "x1", "login": "x1", "credits_bytes": "1 GB"}))
        );
        assert_eq!(read("x2", "1 GB", "vc-123-11.28.26-"), PanelRow::Voucher);
        for (name, limit, comment, column) in [
            ("", "1 GB", "", "Username"),
            ("x3", "0", "", "Data Limit"),
            ("x4", "1 GB", "28-11-2026 13:05:00", "Comment"),
        ] {
            let PanelRow::Bad(bad) = read(name, limit, comment) else { panic!("{name}") };
            assert_eq!(bad[0].0, column);
        }
    }
}
