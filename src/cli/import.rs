//! `import`: users and devices from a table, in the formats of spreadsheets and `export`. The file becomes one call
//! of the API, which imports all rows or none and lists the errors of each.

mod debts;
pub(super) mod json_file;
mod lost;
mod packages;
mod panel;
mod table;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::api::{Api, USERS};
use super::failure::Failure;
use super::output::{self, Output};
use crate::clock::Zone;
use crate::domain::id::UserId;
use crate::protocol::admin::users::ImportView;
use crate::web::csv::unguarded;
use lost::Lost;
use panel::{PanelColumn, PanelRow};
use table::CsvRecord;

/// The largest file: twice that of as many users as one import may have.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Imports of so many rows take long enough to say so.
const ROWS_MANY: usize = 1000;
/// The longest wait for the answer: longer than the agent's own limit.
const ANSWER_MAX: Duration = Duration::from_mins(6);
/// The longest cell that can be valid.
const CELL_CHARS_MAX: usize = 500;
/// The table of users in a folder that `export` wrote.
const EXPORTED: &str = "users.csv";
/// What a panel's export is called in reports.
const PANEL: &str = "the panel's table";

/// Errors by line.
type Bad = Vec<(usize, String)>;

/// A user in the API's format, with the line it came from.
#[derive(Debug, PartialEq)]
struct ImportRow {
    line: usize,
    /// The user's id in the store of origin; empty in an owner's own table.
    id: String,
    user: Map<String, Value>,
}

/// A package in the API's format, with the line it came from.
#[derive(Debug, PartialEq)]
struct ImportedPackage {
    line: usize,
    package: Map<String, Value>,
}

/// The meaning of a column heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UserColumn {
    /// A text of that field.
    Text(&'static str),
    /// Yes or no.
    Flag(&'static str),
    /// Bytes in digits, as `export` writes them.
    Bytes(&'static str),
    /// Devices, separated by spaces.
    Devices,
    /// A user deleted in the store of origin, who is left out.
    Deleted,
    /// Labels of the devices, one a line.
    Labels,
    /// The user's id in the store of origin, by which debts name it.
    Id,
    /// Written by `export` and not imported, for this reason.
    NotTaken(&'static str),
}

/// Columns of users that `export` writes and that are not imported, each with the reason.
const NOT_TAKEN: [(&str, &str); 5] = [
    ("access_status", "it follows from the rest"),
    ("access_reason", "it follows from the rest"),
    ("used_bytes", "usage stays in the store that counted it; the quota account is taken over"),
    ("created_at", "customers count from the import"),
    ("phone_e164", "it is read from the phone"),
];

/// The content of a file or folder.
#[derive(Debug, Default)]
struct ParsedTables {
    rows: Vec<ImportRow>,
    packages: Vec<ImportedPackage>,
    lost: Lost,
    bad: Bad,
    notes: Vec<String>,
}

pub(super) async fn run(
    file: &Path,
    dry_run: bool,
    zone: &Zone,
    api: &Api,
    output: Output,
) -> Result<(), Failure> {
    let ParsedTables { rows, packages, lost, bad, notes } = read_path(file, zone)?;
    if rows.len() >= ROWS_MANY {
        output::complain(&format!("{} rows are read; checking and entering them takes a moment", rows.len()));
    }
    // With errors in the tables nothing is entered; the agent still looks for errors in the rows that can be read.
    let is_check = dry_run || !bad.is_empty();
    let answer = match submit(&rows, &packages, is_check, api).await {
        Ok(Ok(answer)) if bad.is_empty() => answer,
        Ok(Ok(_)) => return Err(refused(bad)),
        Ok(Err(problem)) => return Err(refused(merged(bad, by_line(&problem, &rows, &packages)))),
        Err(failure) if bad.is_empty() => return Err(failure),
        Err(failure @ (Failure::Said(_) | Failure::Refused(_))) => {
            let why = failure.text();
            output::complain(&format!("{why}\nonly the tables themselves are checked:"));
            return Err(refused(bad));
        }
        Err(failure) => return Err(failure),
    };
    for note in notes.into_iter().chain(lost.sentences()) {
        output::complain(&note);
    }
    let id = |row: usize| answer.ids.get(row).copied();
    let report: Vec<ReportedRow> = rows
        .iter()
        .enumerate()
        .map(|(no, row)| ReportedRow { line: row.line, id: id(no), name: row.user.get("name").cloned() })
        .collect();
    let shown = Report { answer, rows: report, not_taken: lost.as_json(), dry_run };
    output.answer(&shown, Report::text)
}

/// Sends the rows as they stand in the tables: the agent reads every one, so that all errors are listed together. The
/// inner error is the API's problem document.
async fn submit(
    rows: &[ImportRow],
    packages: &[ImportedPackage],
    dry_run: bool,
    api: &Api,
) -> Result<Result<ImportView, Value>, Failure> {
    let users: Vec<&Map<String, Value>> = rows.iter().map(|row| &row.user).collect();
    let packages: Vec<&Map<String, Value>> = packages.iter().map(|read| &read.package).collect();
    let mut body = json!({"users": users, "dry_run": dry_run});
    if !packages.is_empty() {
        body["packages"] = json!(packages);
    }
    api.try_post(&format!("{USERS}/import"), &body, ANSWER_MAX).await
}

/// What an import did, or would do.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    answer: ImportView,
    rows: Vec<ReportedRow>,
    /// What the tables say and an import does not take.
    not_taken: Value,
    dry_run: bool,
}

#[derive(Serialize)]
struct ReportedRow {
    line: usize,
    /// Nobody's before the import.
    id: Option<UserId>,
    name: Option<Value>,
}

impl Report {
    fn text(&self) -> String {
        let mut out = String::new();
        for row in &self.rows {
            let id = row.id.map_or_else(|| "-".to_owned(), |id| id.to_string());
            let name = row.name.as_ref().and_then(Value::as_str).unwrap_or_default();
            let _ = writeln!(out, "line {}: {id}  {name}", row.line);
        }
        let verb = if self.dry_run { "would import" } else { "imported" };
        let ImportView { imported, devices, quotas, debts, blocked, packages, ids: _ } = &self.answer;
        let _ = write!(out, "{verb} {imported} users with {devices} devices");
        for (count, what) in [
            (quotas, "quota accounts"),
            (debts, "debts"),
            (blocked, "blocks by an admin"),
            (packages, "packages"),
        ] {
            if *count > 0 {
                let _ = write!(out, ", {count} {what}");
            }
        }
        out
    }
}

/// Reads a table of users or of packages, the folder that `export` wrote, or its one file. An error if there is no row that
/// can be read.
fn read_path(path: &Path, zone: &Zone) -> Result<ParsedTables, Failure> {
    let json_file = path.join(json_file::EXPORTED);
    let mut found = if path.extension().is_some_and(|end| end == "json") {
        read_json(path, zone)?
    } else if path.is_dir() && json_file.is_file() && !path.join(EXPORTED).is_file() {
        read_json(&json_file, zone)?
    } else if path.is_dir() {
        read_folder(path, zone)?
    } else {
        read_table(path, zone)?
    };
    if found.rows.is_empty() && found.packages.is_empty() {
        if !found.bad.is_empty() {
            return Err(refused(std::mem::take(&mut found.bad)));
        }
        return Err(Failure::worded(|words| words.no_rows, &[&path.display().to_string()]));
    }
    Ok(found)
}

/// One table, of users or of packages.
fn read_table(file: &Path, zone: &Zone) -> Result<ParsedTables, Failure> {
    let (content, notes) = content(file)?;
    let headings = table::records(&content).0.next().map(|record| record.cells).unwrap_or_default();
    if packages::is_table(&headings) {
        let mut found = ParsedTables { notes, ..ParsedTables::default() };
        packages::add(&content, &mut found);
        return Ok(found);
    }
    let mut found = ParsedTables { notes, ..read(&content, zone) };
    if found.rows.iter().any(|row| !row.id.is_empty()) {
        let note = "debts are not in this table: name the folder that export wrote, with debts.csv, to take them over";
        found.notes.push(note.to_owned());
    }
    Ok(found)
}

/// The folder that `export` wrote.
fn read_folder(folder: &Path, zone: &Zone) -> Result<ParsedTables, Failure> {
    let (users, notes) = content(&folder.join(EXPORTED))?;
    let mut found = ParsedTables { notes, ..read(&users, zone) };
    for (name, add) in [
        (packages::EXPORTED, packages::add as fn(&str, &mut ParsedTables)),
        (debts::EXPORTED, debts::add as fn(&str, &mut ParsedTables)),
    ] {
        let file = folder.join(name);
        if file.is_file() {
            let (content, notes) = content(&file)?;
            found.notes.extend(notes);
            add(&content, &mut found);
        }
    }
    Ok(found)
}

/// The one file of `export --format json`.
fn read_json(file: &Path, zone: &Zone) -> Result<ParsedTables, Failure> {
    let tables = json_file::read(file).map_err(|why| Failure::said(format!("{}: {why}", file.display())))?;
    let mut found = if tables.users.is_empty() { ParsedTables::default() } else { read(&tables.users, zone) };
    for (content, add) in [
        (&tables.packages, packages::add as fn(&str, &mut ParsedTables)),
        (&tables.debts, debts::add as fn(&str, &mut ParsedTables)),
    ] {
        if !content.is_empty() {
            add(content, &mut found);
        }
    }
    Ok(found)
}

/// The text of a file, and notes for people about how it was read.
fn content(file: &Path) -> Result<(String, Vec<String>), Failure> {
    let unreadable = |error: &dyn std::fmt::Display| Failure::said(format!("{}: {error}", file.display()));
    let length = std::fs::metadata(file).map_err(|e| unreadable(&e))?.len();
    if length > FILE_BYTES_MAX {
        return Err(unreadable(&format!("is larger than {FILE_BYTES_MAX} bytes; split it")));
    }
    let bytes = std::fs::read(file).map_err(|e| unreadable(&e))?;
    table::decode(&bytes).map_err(|why| unreadable(&why))
}

/// The API's errors, by the file's lines.
fn by_line(problem: &Value, rows: &[ImportRow], packages: &[ImportedPackage]) -> Bad {
    let finding = |error: &Value| {
        let (field, message) = (error["field"].as_str()?, error["message"].as_str()?);
        if let Some((row, name)) = field.strip_prefix("packages[").and_then(|rest| rest.split_once(']')) {
            let line = packages.get(row.parse::<usize>().ok()?)?.line;
            let name = name.trim_start_matches('.');
            return Some((line, format!("{}: {name}: {message}", packages::EXPORTED)));
        }
        let (row, name) = field.strip_prefix("users[")?.split_once("].")?;
        let line = rows.get(row.parse::<usize>().ok()?)?.line;
        Some((line, format!("{name}: {}", lines_of(message, rows))))
    };
    let errors = problem["errors"].as_array().into_iter().flatten();
    let whole =
        |error: &Value| (1, format!("{}: {}", output::text(error, "field"), output::text(error, "message")));
    errors.map(|error| finding(error).unwrap_or_else(|| whole(error))).collect()
}

/// Replaces the row numbers in a message by the file's lines.
fn lines_of(message: &str, rows: &[ImportRow]) -> String {
    let named = message.rsplit_once("is in row ").and_then(|(before, after)| {
        let (row, after) = after.split_once(' ')?;
        let line = rows.get(row.parse::<usize>().ok()?.checked_sub(1)?)?.line;
        Some(format!("{before}is in line {line} {after}"))
    });
    named.unwrap_or_else(|| message.to_owned())
}

/// The errors of the tables with those that the API found, each field of a line once.
fn merged(mut bad: Bad, found: Bad) -> Bad {
    let known: BTreeSet<(usize, String)> = bad.iter().filter_map(field_of).collect();
    bad.extend(found.into_iter().filter(|error| field_of(error).is_none_or(|field| !known.contains(&field))));
    bad
}

fn field_of((line, why): &(usize, String)) -> Option<(usize, String)> {
    let (field, _) = why.split_once(": ")?;
    Some((*line, field.to_owned()))
}

fn refused(mut bad: Bad) -> Failure {
    bad.sort();
    let mut out = String::new();
    for (line, why) in &bad {
        let _ = writeln!(out, "line {line}: {why}");
    }
    let _ = write!(out, "nothing was imported: {} findings", bad.len());
    Failure::Said(out)
}

/// The rows of a table, the data that is not imported, and the errors of its format.
fn read(content: &str, zone: &Zone) -> ParsedTables {
    let mut found = ParsedTables::default();
    let (mut records, bad) = table::records(content);
    found.bad = bad;
    if !found.bad.is_empty() {
        return found;
    }
    let Some(CsvRecord { line, cells: headings }) = records.next() else {
        let why = "the file is empty: write the headings name,phone,login,mac".to_owned();
        found.bad.push((1, why));
        return found;
    };
    if let Some(columns) = panel::columns(&headings) {
        for record in records.filter(|record| record.cells.iter().any(|cell| !cell.trim().is_empty())) {
            panel_row(&record, &headings, &columns, zone, &mut found);
        }
        return found;
    }
    let columns: Vec<Option<UserColumn>> = headings.iter().map(|heading| column(heading)).collect();
    for (heading, _) in headings.iter().zip(&columns).filter(|(_, column)| column.is_none()) {
        let why = format!("there is no column {heading:?}: write name, phone, login and mac");
        found.bad.push((line, why));
    }
    if !columns.contains(&Some(UserColumn::Text("name"))) {
        let why = "the column name is missing: the first line holds the headings".to_owned();
        found.bad.push((line, why));
    }
    if !found.bad.is_empty() {
        return found;
    }
    let columns: Vec<(&str, UserColumn)> =
        headings.iter().map(String::as_str).zip(columns.into_iter().flatten()).collect();
    for record in records.filter(|record| record.cells.iter().any(|cell| !cell.trim().is_empty())) {
        row(&record, &columns, &mut found);
    }
    found
}

/// The column for a heading, in English or Indonesian, from exports and owners' own tables; `mac` may be numbered.
fn column(heading: &str) -> Option<UserColumn> {
    let heading = heading.trim().to_lowercase();
    let plain: String = heading.chars().filter(|c| c.is_alphanumeric()).collect();
    Some(match plain.as_str() {
        "name" | "nama" => UserColumn::Text("name"),
        "phone" | "telepon" | "telp" | "hp" | "nohp" | "nomorhp" | "wa" | "nowa" | "whatsapp" => {
            UserColumn::Text("phone")
        }
        "login" | "namalogin" | "username" => UserColumn::Text("login"),
        "overage" => UserColumn::Text("overage"),
        "expiresat" => UserColumn::Text("expires_at"),
        "customernote" | "catatanpelanggan" | "catatanuntukpelanggan" => UserColumn::Text("customer_note"),
        "debtlimit" => UserColumn::Text("debt_limit"),
        "debtlimitbytes" => UserColumn::Bytes("debt_limit"),
        "creditsbytes" => UserColumn::Bytes("credits_bytes"),
        "debitsbytes" => UserColumn::Bytes("debits_bytes"),
        "fupbasebytes" => UserColumn::Bytes("fup_base_bytes"),
        "unlimited" => UserColumn::Flag("unlimited"),
        "adminblock" => UserColumn::Text("admin_block"),
        "devicelabels" => UserColumn::Labels,
        "id" => UserColumn::Id,
        "approved" => UserColumn::Flag("approved"),
        "active" => UserColumn::Flag("active"),
        "exempt" => UserColumn::Flag("exempt"),
        "deletedat" => UserColumn::Deleted,
        "macaddress" | "alamatmac" | "macs" => UserColumn::Devices,
        mac if mac.strip_prefix("mac").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit())) => {
            UserColumn::Devices
        }
        _ => {
            return NOT_TAKEN
                .iter()
                .find(|(name, _)| *name == heading)
                .map(|(_, why)| UserColumn::NotTaken(why));
        }
    })
}

/// The error in a record's number of cells. A short record may lack any cell; empty cells beyond the headings are an
/// artefact of spreadsheets.
fn miscounted(record: &CsvRecord, headings: usize) -> Option<String> {
    let cells = record.cells.len();
    let is_wrong = cells < headings || record.cells[headings..].iter().any(|cell| !cell.trim().is_empty());
    is_wrong.then(|| format!("has {cells} cells under {headings} headings"))
}

/// Reads one user of a panel's export.
fn panel_row(
    record: &CsvRecord,
    headings: &[String],
    columns: &[PanelColumn],
    zone: &Zone,
    found: &mut ParsedTables,
) {
    if let Some(why) = miscounted(record, columns.len()) {
        found.bad.push((record.line, why));
        return;
    }
    let cells: Vec<(PanelColumn, &str)> =
        columns.iter().zip(&record.cells).map(|(column, cell)| (*column, unguarded(cell.trim()))).collect();
    if cells.iter().any(|(_, cell)| cell.chars().count() > CELL_CHARS_MAX) {
        found.bad.push((record.line, format!("a cell is longer than {CELL_CHARS_MAX} characters")));
        return;
    }
    match panel::row(&cells, zone) {
        PanelRow::User(user) => {
            found.rows.push(ImportRow { line: record.line, id: String::new(), user });
            for (heading, (column, cell)) in headings.iter().zip(&cells) {
                if let (PanelColumn::NotTaken(why), false) = (column, cell.is_empty()) {
                    found.lost.add(PANEL, heading, why, record.line);
                }
            }
        }
        PanelRow::Voucher => {
            found.lost.add(PANEL, "*", "an unused voucher stays a hotspot user", record.line);
        }
        PanelRow::Bad(bad) => {
            found.bad.extend(bad.into_iter().map(|(column, why)| (record.line, format!("{column}: {why}"))));
        }
    }
}

/// Reads one user. A row whose cells cannot be assigned to headings is left out; a cell that cannot be read is passed on,
/// for the agent checks the others.
fn row(record: &CsvRecord, columns: &[(&str, UserColumn)], found: &mut ParsedTables) {
    let (mut user, mut id) = (Map::new(), String::new());
    let (mut macs, mut labels, mut bad, mut lost) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    if let Some(why) = miscounted(record, columns.len()) {
        found.bad.push((record.line, why));
        return;
    }
    for ((heading, column), whole) in columns.iter().zip(&record.cells) {
        let cell = unguarded(whole.trim());
        if cell.chars().count() > CELL_CHARS_MAX {
            found.bad.push((record.line, format!("a cell is longer than {CELL_CHARS_MAX} characters")));
            return;
        }
        if cell.is_empty() {
            continue;
        }
        let mut put = |field: &str, value: Option<Value>, why: &str| {
            if value.is_none() {
                bad.push((record.line, format!("{field}: {cell:?} {why}")));
            }
            user.insert(field.to_owned(), value.unwrap_or_else(|| json!(cell)));
        };
        match column {
            UserColumn::Text(field) => put(field, Some(json!(cell)), ""),
            UserColumn::Flag(field) => put(field, flag(cell).map(Value::from), "is neither yes nor no"),
            UserColumn::Bytes(field) => {
                put(field, cell.parse::<u64>().ok().map(Value::from), "is not whole bytes");
            }
            UserColumn::Devices => macs.extend(devices(cell)),
            // A device without a label has an empty line.
            UserColumn::Labels => labels.extend(unguarded(whole).split('\n').map(str::trim)),
            UserColumn::Id => cell.clone_into(&mut id),
            UserColumn::Deleted => {
                found.lost.add(EXPORTED, "*", "the user was deleted before the export", record.line);
                return;
            }
            UserColumn::NotTaken(why) => lost.extend((cell != "0").then_some((*heading, *why))),
        }
    }
    if !macs.is_empty() {
        user.insert("macs".to_owned(), json!(macs));
    }
    if !labels.is_empty() {
        user.insert("device_labels".to_owned(), json!(labels));
    }
    for (heading, why) in lost {
        found.lost.add(EXPORTED, heading, why, record.line);
    }
    found.bad.extend(bad);
    found.rows.push(ImportRow { line: record.line, id, user });
}

/// The devices in a cell. No separator occurs inside an address.
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
    use crate::store::Store;
    use crate::store::export::Table;

    fn zone() -> Zone {
        Zone::named("Asia/Jakarta").unwrap()
    }

    #[test]
    fn the_export_of_a_panel_is_read_and_vouchers_stay() {
        let text = "Username;Password;Profile;Time Limit;Data Limit;Comment\r\nbudi;x;10M;;1073741824;nov/28/2026 13:05:00\r\n\
                    k3;k3;1h;;1073741824;vc-123-11.28.26-\r\nani;y;10M;;;\r\n";
        let ParsedTables { rows, lost, bad, .. } = read(text, &zone());
        assert_eq!(rows.len(), 1);
        assert_eq!(texts(&rows[0], "expires_at"), "2026-11-28T06:05:00Z");
        assert_eq!(bad.len(), 1);
        assert!(bad[0].0 == 4 && bad[0].1.starts_with("Data Limit: "), "{bad:?}");
        let lost = lost.sentences();
        assert!(lost.iter().any(|line| line.contains("left out (lines 3)")), "{lost:?}");
        assert!(lost.iter().any(|line| line.contains("Password is not taken over (lines 2)")), "{lost:?}");
    }

    fn texts(row: &ImportRow, field: &str) -> String {
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
                "Siti||siti||",
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
            let ParsedTables { rows, bad, .. } = read(&text, &zone());
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
    fn every_column_of_an_export_is_decided_and_what_is_not_taken_over_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let headings = |table: Table| {
            let mut headings = Vec::new();
            let keep = |cells: &[String]| {
                headings.extend(cells.to_vec());
                Ok(())
            };
            store.reader().unwrap().export(table, keep).unwrap();
            headings
        };
        for heading in headings(Table::Users) {
            assert!(column(&heading).is_some(), "import says nothing of users.{heading}");
        }
        for heading in headings(Table::Debts) {
            assert!(debts::column(&heading).is_some(), "import says nothing of debts.{heading}");
        }
    }

    #[test]
    fn a_table_of_an_export_is_read_with_block_quota_and_labels() {
        let text = "id,name,phone,login,approved,active,exempt,admin_block,unlimited,expires_at,overage,debt_limit_bytes,access_status,access_reason,credits_bytes,debits_bytes,used_bytes,fup_base_bytes,created_at,deleted_at,mac,device_labels\r\nx,Budi,'+62812,,1,1,0,'=spam,0,2026-12-31T00:00:00Z,stop,1048576,active,,5,4,3,5,2026-01-01T00:00:00Z,,02:00:00:00:00:01 02:00:00:00:00:02,\"\nLaptop\"\r\ny,Tuti,,,1,1,0,,0,,,,,,,,,,,2026-01-01T00:00:00Z,,\r\n";
        let ParsedTables { rows, lost, bad, .. } = read(text, &zone());
        assert_eq!(bad, Vec::new());
        let expected = json!({"name": "Budi", "phone": "+62812", "approved": true, "active": true, "exempt": false,
            "expires_at": "2026-12-31T00:00:00Z", "overage": "stop", "debt_limit": 1_048_576, "unlimited": false,
            "admin_block": "=spam", "credits_bytes": 5, "debits_bytes": 4, "fup_base_bytes": 5,
            "macs": ["02:00:00:00:00:01", "02:00:00:00:00:02"], "device_labels": ["", "Laptop"]});
        assert_eq!((rows[0].id.as_str(), Value::Object(rows[0].user.clone())), ("x", expected));
        let lost = lost.sentences();
        for told in ["used_bytes", "created_at", "access_status", "deleted"] {
            assert!(lost.iter().any(|line| line.contains(told)), "{told}: {lost:?}");
        }
    }

    #[test]
    fn a_file_that_is_no_table_of_users_is_refused() {
        for text in [
            "",
            "phone\n1",
            "name,colour\nA,red",
            "name\n\"open",
            "name,active\nA,maybe",
            "name\nA,b",
            "name,phone\nA",
        ] {
            let ParsedTables { bad, .. } = read(text, &zone());
            assert!(!bad.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn a_row_has_a_cell_for_every_heading() {
        for (cells, is_good) in [
            ("A,1", true),
            ("A,", true),
            ("A,1,", true),
            ("A,1,, ", true),
            ("A", false),
            ("A,1,2", false),
            ("A,1,,2", false),
        ] {
            let ParsedTables { rows, bad, .. } = read(&format!("name,phone\nB,2\n{cells}\n"), &zone());
            let expected = (if is_good { 2 } else { 1 }, !is_good);
            assert_eq!((rows.len(), bad.iter().any(|(line, _)| *line == 3)), expected, "{cells:?}: {bad:?}");
        }
    }

    #[test]
    fn findings_of_the_api_name_lines_of_the_file() {
        let ParsedTables { rows, .. } = read("name,phone\n\"two\nlines\",1\n\nSiti,2\n", &zone());
        let problem = json!({"errors": [
            {"field": "users[1].phone", "message": "2 is in row 1 already"},
            {"field": "users[0].name", "message": "bad"},
        ]});
        assert_eq!(
            by_line(&problem, &rows, &[]),
            [(5, "phone: 2 is in line 2 already".to_owned()), (2, "name: bad".to_owned())]
        );
    }
}
