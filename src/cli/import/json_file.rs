//! A whole export in one file (`export --format json`), as the tables that it is made of. Orders and the ledger are passed
//! over: they are no part of an import.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::domain::text::quoted;
use crate::protocol::admin::bounded::bounded;
use crate::protocol::admin::users::IMPORT_ROWS_MAX;
use crate::web::csv;

/// What `export` calls its one file.
pub(crate) const EXPORTED: &str = "kuota.json";
/// The word by which the file says what it is; another shape gets another one.
pub(crate) const FORMAT: &str = "kuota-export-1";
/// Debts of one file.
const DEBTS_MAX: usize = 200_000;

type Row = Map<String, Value>;

/// The file, as far as an import takes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exported {
    format: String,
    #[serde(deserialize_with = "bounded::<_, _, IMPORT_ROWS_MAX>")]
    users: Vec<Row>,
    #[serde(default, deserialize_with = "bounded::<_, _, IMPORT_ROWS_MAX>")]
    packages: Vec<Row>,
    #[serde(default, deserialize_with = "bounded::<_, _, DEBTS_MAX>")]
    debts: Vec<Row>,
    #[serde(default, rename = "orders")]
    _orders: IgnoredAny,
    #[serde(default, rename = "entries")]
    _entries: IgnoredAny,
}

/// Tables as CSV; empty where there are no rows.
#[derive(Debug, Default)]
pub(super) struct JsonTables {
    pub users: String,
    pub packages: String,
    pub debts: String,
}

/// Reads a file. Its first customer, package or debt is line 2 of the table, after the headings.
pub(super) fn read(file: &Path) -> Result<JsonTables, String> {
    let opened = File::open(file).map_err(|error| error.to_string())?;
    let exported: Exported =
        serde_json::from_reader(BufReader::new(opened)).map_err(|error| error.to_string())?;
    if exported.format != FORMAT {
        let found = quoted(&exported.format);
        return Err(format!("is of the format {found}; this program reads {}", quoted(FORMAT)));
    }
    Ok(JsonTables {
        users: table(&exported.users)?,
        packages: table(&exported.packages)?,
        debts: table(&exported.debts)?,
    })
}

/// Rows as CSV under the names of the first one.
fn table(rows: &[Row]) -> Result<String, String> {
    let Some(first) = rows.first() else { return Ok(String::new()) };
    let headings: Vec<&String> = first.keys().collect();
    let mut out = Vec::new();
    let failed = |error: std::io::Error| error.to_string();
    csv::record(&mut out, &headings).map_err(failed)?;
    for (no, row) in rows.iter().enumerate() {
        if !row.keys().eq(headings.iter().copied()) {
            return Err(format!("row {} has other fields than the first one", no + 1));
        }
        let cell = |value: &Value| match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        csv::record(&mut out, row.values().map(cell)).map_err(failed)?;
    }
    String::from_utf8(out).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<JsonTables, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(EXPORTED);
        std::fs::write(&file, text).unwrap();
        read(&file)
    }

    #[test]
    fn a_file_is_the_tables_it_is_made_of() {
        let text = r#"{"format": "kuota-export-1", "users": [{"name": "=Budi", "phone": null, "active": 1}],
            "packages": [], "debts": [], "orders": [{"id": "x"}], "entries": [1, 2]}"#;
        let tables = read_text(text).unwrap();
        assert_eq!(tables.users, "active,name,phone\r\n1,'=Budi,\r\n");
        assert_eq!(tables.packages, "");
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        for text in [
            "",
            "[]",
            "{\"users\": []}",
            "{\"format\": \"kuota-export-9\", \"users\": []}",
            "{\"format\": \"kuota-export-1\", \"users\": [{\"a\": 1}, {\"b\": 1}]}",
            "{\"format\": \"kuota-export-1\", \"users\": [], \"lain\": 1}",
        ] {
            assert!(read_text(text).is_err(), "{text}");
        }
    }
}
