//! `import`: users and devices from a table, as spreadsheets and `export` write it. The file becomes one call of the
//! API, which enters all rows or none and says what is wrong with each.

mod table;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::Failure;
use super::api::Api;
use super::output::{self, Output};
use super::users::USERS;
use crate::web::csv::unguarded;
use table::Record;

/// The most a file may hold: far more users than one router serves.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// The longest cell that makes sense.
const CELL_CHARS_MAX: usize = 500;
/// The table of users in a folder that `export` wrote.
const EXPORTED: &str = "users.csv";

/// What is wrong, by line.
type Bad = Vec<(usize, String)>;

/// A user to be entered as the API takes it, with the line it came from.
#[derive(Debug, PartialEq)]
struct Row {
    line: usize,
    user: Map<String, Value>,
}

/// Which of our columns a heading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    /// A text of that field.
    Text(&'static str),
    /// Yes or no.
    Flag(&'static str),
    /// Bytes in digits, as `export` writes them.
    Bytes(&'static str),
    /// Devices, separated by spaces.
    Devices,
    /// A user with something in it was deleted, and is left out.
    Deleted,
    /// Written by `export` and not entered: the ledger's own figures.
    Ignored,
}

/// Columns of an export that only the ledger makes.
const IGNORED: [&str; 10] = [
    "id",
    "admin_block",
    "unlimited",
    "access_status",
    "access_reason",
    "credits_bytes",
    "debits_bytes",
    "used_bytes",
    "created_at",
    "phone_e164",
];

pub(super) async fn run(file: &Path, api: &Api, output: Output) -> Result<(), Failure> {
    let file = if file.is_dir() { file.join(EXPORTED) } else { file.to_owned() };
    let (rows, notes) = read_file(&file)?;
    let users: Vec<&Map<String, Value>> = rows.iter().map(|row| &row.user).collect();
    let answer = match api.try_post(&format!("{USERS}/import"), &json!({"users": users})).await? {
        Ok(answer) => answer,
        Err(problem) => return Err(refused(&by_line(&problem, &rows))),
    };
    for note in &notes {
        output::complain(note);
    }
    let ids = answer["ids"].as_array().cloned().unwrap_or_default();
    let report: Vec<Value> = rows
        .iter()
        .zip(&ids)
        .map(|(row, id)| json!({"line": row.line, "id": id, "name": row.user.get("name")}))
        .collect();
    let (imported, devices) = (&answer["imported"], &answer["devices"]);
    let shown = json!({"imported": imported, "devices": devices, "ids": ids, "rows": report});
    output.answer(&shown, |_| {
        let mut out = String::new();
        for row in &report {
            let name = row["name"].as_str().unwrap_or_default();
            let _ = writeln!(out, "line {}: {}  {name}", row["line"], row["id"].as_str().unwrap_or_default());
        }
        let _ = write!(out, "imported {imported} users with {devices} devices");
        out
    })
}

fn read_file(file: &PathBuf) -> Result<(Vec<Row>, Vec<String>), Failure> {
    let unreadable = |error: &dyn std::fmt::Display| Failure::said(format!("{}: {error}", file.display()));
    let length = std::fs::metadata(file).map_err(|e| unreadable(&e))?.len();
    if length > FILE_BYTES_MAX {
        return Err(unreadable(&format!("is larger than {FILE_BYTES_MAX} bytes; split it")));
    }
    let bytes = std::fs::read(file).map_err(|e| unreadable(&e))?;
    let (content, mut notes) = table::decode(&bytes).map_err(|why| unreadable(&why))?;
    let (rows, skipped, bad) = read(&content);
    if !bad.is_empty() {
        return Err(refused(&bad));
    }
    if rows.is_empty() {
        return Err(unreadable(&"holds no users below its headings"));
    }
    if skipped > 0 {
        notes.push(format!("{skipped} users were deleted before the export and are left out"));
    }
    Ok((rows, notes))
}

/// What the API has against the rows, by the file's lines.
fn by_line(problem: &Value, rows: &[Row]) -> Bad {
    let finding = |error: &Value| {
        let (field, message) = (error["field"].as_str()?, error["message"].as_str()?);
        let (row, name) = field.strip_prefix("users[")?.split_once("].")?;
        let line = rows.get(row.parse::<usize>().ok()?)?.line;
        Some((line, format!("{name}: {}", lines_of(message, rows))))
    };
    let errors = problem["errors"].as_array().into_iter().flatten();
    let whole =
        |error: &Value| (1, format!("{}: {}", output::text(error, "field"), output::text(error, "message")));
    errors.map(|error| finding(error).unwrap_or_else(|| whole(error))).collect()
}

/// A message that names another row, with that row's line instead.
fn lines_of(message: &str, rows: &[Row]) -> String {
    let named = message.rsplit_once("is in row ").and_then(|(before, after)| {
        let (row, after) = after.split_once(' ')?;
        let line = rows.get(row.parse::<usize>().ok()?.checked_sub(1)?)?.line;
        Some(format!("{before}is in line {line} {after}"))
    });
    named.unwrap_or_else(|| message.to_owned())
}

fn refused(bad: &Bad) -> Failure {
    let mut bad = bad.clone();
    bad.sort();
    let mut out = String::new();
    for (line, why) in &bad {
        let _ = writeln!(out, "line {line}: {why}");
    }
    let _ = write!(out, "nothing was imported: {} findings", bad.len());
    Failure::Said(out)
}

/// The rows of a table, how many were left out as deleted, and what is wrong with its form.
fn read(content: &str) -> (Vec<Row>, usize, Bad) {
    let (mut records, mut bad) = table::records(content);
    if !bad.is_empty() {
        return (Vec::new(), 0, bad);
    }
    let Some(Record { line, cells: headings }) = records.next() else {
        let why = "the file is empty: write the headings name,phone,login,mac".to_owned();
        return (Vec::new(), 0, vec![(1, why)]);
    };
    let columns: Vec<Option<Column>> = headings.iter().map(|heading| column(heading)).collect();
    for (heading, _) in headings.iter().zip(&columns).filter(|(_, column)| column.is_none()) {
        let why = format!("there is no column {heading:?}: write name, phone, login and mac");
        bad.push((line, why));
    }
    if !columns.contains(&Some(Column::Text("name"))) {
        bad.push((line, "the column name is missing: the first line holds the headings".to_owned()));
    }
    let columns: Vec<Column> = columns.into_iter().flatten().collect();
    let (mut rows, mut skipped) = (Vec::new(), 0);
    if !bad.is_empty() {
        return (rows, skipped, bad);
    }
    for record in records.filter(|record| record.cells.iter().any(|cell| !cell.trim().is_empty())) {
        match row(&record, &columns) {
            Ok(Some(user)) => rows.push(Row { line: record.line, user }),
            Ok(None) => skipped += 1,
            Err(found) => bad.extend(found.into_iter().map(|why| (record.line, why))),
        }
    }
    (rows, skipped, bad)
}

/// Headings in English and Indonesian, as exports and owners' own tables have them; `mac` may come numbered.
fn column(heading: &str) -> Option<Column> {
    let heading = heading.trim().to_lowercase();
    let plain: String = heading.chars().filter(|c| c.is_alphanumeric()).collect();
    Some(match plain.as_str() {
        "name" | "nama" => Column::Text("name"),
        "phone" | "telepon" | "telp" | "hp" | "nohp" | "nomorhp" | "wa" | "nowa" | "whatsapp" => {
            Column::Text("phone")
        }
        "login" | "namalogin" | "username" => Column::Text("login"),
        "overage" => Column::Text("overage"),
        "expiresat" => Column::Text("expires_at"),
        "debtlimit" => Column::Text("debt_limit"),
        "debtlimitbytes" => Column::Bytes("debt_limit"),
        "approved" => Column::Flag("approved"),
        "active" => Column::Flag("active"),
        "exempt" => Column::Flag("exempt"),
        "deletedat" => Column::Deleted,
        "macaddress" | "alamatmac" | "macs" => Column::Devices,
        mac if mac.strip_prefix("mac").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit())) => {
            Column::Devices
        }
        _ if IGNORED.contains(&heading.as_str()) => Column::Ignored,
        _ => return None,
    })
}

/// One user; `None` for one that was deleted.
fn row(record: &Record, columns: &[Column]) -> Result<Option<Map<String, Value>>, Vec<String>> {
    let (mut user, mut macs, mut bad) = (Map::new(), Vec::new(), Vec::new());
    if record.cells.len() > columns.len() {
        bad.push(format!("has {} cells under {} headings", record.cells.len(), columns.len()));
    }
    for (column, cell) in columns.iter().zip(&record.cells) {
        let cell = unguarded(cell.trim());
        if cell.chars().count() > CELL_CHARS_MAX {
            bad.push(format!("a cell is longer than {CELL_CHARS_MAX} characters"));
            continue;
        }
        if cell.is_empty() {
            continue;
        }
        match column {
            Column::Text(field) => drop(user.insert((*field).to_owned(), json!(cell))),
            Column::Flag(field) => match flag(cell) {
                Some(is_so) => drop(user.insert((*field).to_owned(), json!(is_so))),
                None => bad.push(format!("{field}: {cell:?} is neither yes nor no")),
            },
            Column::Bytes(field) => match cell.parse::<u64>() {
                Ok(bytes) => drop(user.insert((*field).to_owned(), json!(bytes))),
                Err(_) => bad.push(format!("{field}: {cell:?} is not whole bytes")),
            },
            Column::Devices => macs.extend(devices(cell)),
            Column::Deleted => return Ok(None),
            Column::Ignored => {}
        }
    }
    if !macs.is_empty() {
        user.insert("macs".to_owned(), json!(macs));
    }
    if bad.is_empty() { Ok(Some(user)) } else { Err(bad) }
}

/// The devices of a cell. What separates them is also found inside of no address.
fn devices(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([' ', ';', ',', '\n', '\r']).map(str::trim).filter(|text| !text.is_empty())
}

fn flag(cell: &str) -> Option<bool> {
    match cell.to_lowercase().as_str() {
        "1" | "yes" | "true" | "ya" => Some(true),
        "0" | "no" | "false" | "tidak" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(row: &Row, field: &str) -> String {
        row.user.get(field).map_or_else(String::new, |value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    }

    #[test]
    fn users_are_read_with_their_devices_however_the_table_is_written() {
        let table = |separator: &str, end: &str| {
            let lines = [
                "Name|Phone|Login|MAC|mac2",
                "\"Budi \"\"B\"\" S\"|'+62812||02:00:00:00:00:01|02-00-00-00-00-02",
                "",
                "Siti||siti",
            ];
            lines.map(|line| line.replace('|', separator)).join(end)
        };
        for text in [
            table(",", "\n"),
            table(";", "\r\n"),
            table("\t", "\r"),
            format!("sep=;\r\n{}", table(";", "\r\n")),
            format!("\"sep=\t\"\n{}", table("\t", "\n")),
        ] {
            let (rows, _, bad) = read(&text);
            assert_eq!(bad, [], "{text:?}");
            let shift = usize::from(text.contains("sep="));
            let lines: Vec<usize> = rows.iter().map(|row| row.line - shift).collect();
            assert_eq!(lines, [2, 4], "{text:?}");
            assert_eq!(texts(&rows[0], "name"), "Budi \"B\" S");
            assert_eq!(texts(&rows[0], "phone"), "+62812");
            assert_eq!(texts(&rows[0], "macs"), "[\"02:00:00:00:00:01\",\"02-00-00-00-00-02\"]");
            assert_eq!((texts(&rows[1], "login").as_str(), texts(&rows[1], "phone").as_str()), ("siti", ""));
        }
    }

    #[test]
    fn a_table_of_an_export_is_read_without_what_only_the_ledger_makes() {
        let text = "id,name,phone,login,approved,active,exempt,admin_block,unlimited,expires_at,overage,debt_limit_bytes,access_status,access_reason,credits_bytes,debits_bytes,used_bytes,created_at,deleted_at,mac\r\nx,Budi,'+62812,,1,1,0,,0,2026-12-31T00:00:00Z,stop,1048576,active,,5,5,5,2026-01-01T00:00:00Z,,02:00:00:00:00:01\r\ny,Tuti,,,1,1,0,,0,,,,,,,,,,2026-01-01T00:00:00Z,\r\n";
        let (rows, skipped, bad) = read(text);
        assert_eq!((bad, skipped), (Vec::new(), 1));
        let expected = json!({"name": "Budi", "phone": "+62812", "approved": true, "active": true, "exempt": false,
            "expires_at": "2026-12-31T00:00:00Z", "overage": "stop", "debt_limit": 1_048_576,
            "macs": ["02:00:00:00:00:01"]});
        assert_eq!(Value::Object(rows[0].user.clone()), expected);
    }

    #[test]
    fn a_file_that_is_no_table_of_users_is_refused() {
        for text in
            ["", "phone\n1", "name,colour\nA,red", "name\n\"open", "name,active\nA,maybe", "name\nA,b"]
        {
            let (_, _, bad) = read(text);
            assert!(!bad.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn findings_of_the_api_name_lines_of_the_file() {
        let (rows, ..) = read("name,phone\n\"two\nlines\",1\n\nSiti,2\n");
        let problem = json!({"errors": [
            {"field": "users[1].phone", "message": "2 is in row 1 already"},
            {"field": "users[0].name", "message": "bad"},
        ]});
        assert_eq!(
            by_line(&problem, &rows),
            [(5, "phone: 2 is in line 2 already".to_owned()), (2, "name: bad".to_owned())]
        );
    }
}
