//! `user import`: users and devices from a CSV file. Every row is judged before the first is entered; a row that
//! is refused all the same takes those before it back.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::Failure;
use super::api::{Api, escaped};
use super::output::{Output, complain};
use super::users::{USERS, given};
use crate::domain::id::Mac;

/// The most a file may hold: far more users than one router serves.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// The longest name, phone or log-in name that makes sense in a column.
const CELL_CHARS_MAX: usize = 100;

/// One user to be entered, with the line it came from.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    line: usize,
    name: String,
    phone: Option<String>,
    login: Option<String>,
    macs: Vec<Mac>,
}

/// What is wrong, by line.
type Bad = Vec<(usize, String)>;

pub(super) async fn run(file: &Path, api: &Api, devices_max: usize, output: Output) -> Result<(), Failure> {
    let unreadable = |error: &dyn std::fmt::Display| Failure::said(format!("{}: {error}", file.display()));
    let length = std::fs::metadata(file).map_err(|e| unreadable(&e))?.len();
    if length > FILE_BYTES_MAX {
        return Err(unreadable(&format!("is larger than {FILE_BYTES_MAX} bytes; split it")));
    }
    let bytes = std::fs::read(file).map_err(|e| unreadable(&e))?;
    let content =
        String::from_utf8(bytes).map_err(|_| unreadable(&"is no UTF-8 text; save it as CSV UTF-8"))?;
    let (rows, mut bad) = read(&content, devices_max);
    let users = api.list(USERS, &[], usize::MAX).await?;
    bad.extend(taken(&rows, &users));
    if !bad.is_empty() {
        return Err(refused(&bad));
    }
    if rows.is_empty() {
        return Err(unreadable(&"holds no users below its headings"));
    }
    let ids = enter(&rows, api).await?;
    let devices: usize = rows.iter().map(|row| row.macs.len()).sum();
    let answer = json!({"imported": ids.len(), "devices": devices, "ids": ids});
    output.answer(&answer, |_| format!("imported {} users with {devices} devices", ids.len()))
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

/// Enters every row, or none.
async fn enter(rows: &[Row], api: &Api) -> Result<Vec<String>, Failure> {
    let mut entered: Vec<(String, &Row)> = Vec::new();
    for row in rows {
        let added = match add(row, api).await {
            Ok(id) => {
                entered.push((id.clone(), row));
                bind(&id, row, api).await
            }
            Err(failure) => Err(failure),
        };
        let Err(failure) = added else { continue };
        take_back(&entered, api).await;
        return match failure {
            Failure::Said(why) => Err(refused(&vec![(row.line, why)])),
            config @ Failure::Config(_) => Err(config),
        };
    }
    Ok(entered.into_iter().map(|(id, _)| id).collect())
}

async fn add(row: &Row, api: &Api) -> Result<String, Failure> {
    let body = given([
        ("name", Some(json!(row.name))),
        ("phone", row.phone.as_ref().map(|p| json!(p))),
        ("login", row.login.as_ref().map(|l| json!(l))),
    ]);
    let user = api.post(USERS, &body.into()).await?;
    let id = user["id"].as_str().map(str::to_owned);
    id.ok_or_else(|| Failure::said(format!("the answer names no user: {user}")))
}

async fn bind(id: &str, row: &Row, api: &Api) -> Result<(), Failure> {
    for mac in &row.macs {
        api.post(&format!("{USERS}/{id}/devices"), &json!({"mac": mac.to_string()})).await?;
    }
    Ok(())
}

/// Takes entered users out again; what cannot be is said, so that a person can.
async fn take_back(entered: &[(String, &Row)], api: &Api) {
    for (id, row) in entered.iter().rev() {
        let undo = async {
            for mac in &row.macs {
                // A device that was not bound yet is not there.
                let _ = api.delete(&format!("{USERS}/{id}/devices/{}", escaped(&mac.to_string()))).await;
            }
            api.delete(&format!("{USERS}/{id}")).await
        };
        if let Err(Failure::Said(why)) = undo.await {
            complain(&format!("line {}: {} ({id}) could not be taken back: {why}", row.line, row.name));
        }
    }
}

/// What the file asks for and somebody has already.
fn taken(rows: &[Row], users: &[Value]) -> Bad {
    let mut held: BTreeMap<(&str, String), &str> = BTreeMap::new();
    for user in users {
        let name = user["name"].as_str().unwrap_or_default();
        for field in ["phone", "login"] {
            held.extend(user[field].as_str().map(|value| ((field, value.to_owned()), name)));
        }
        let devices = user["devices"].as_array().into_iter().flatten();
        held.extend(devices.filter_map(|d| Some((("mac", d["mac"].as_str()?.to_owned()), name))));
    }
    let mut bad = Vec::new();
    for row in rows {
        let phone = row.phone.iter().map(|p| ("phone", p.clone()));
        let login = row.login.iter().map(|l| ("login", l.clone()));
        let macs = row.macs.iter().map(|m| ("mac", m.to_string()));
        for key in phone.chain(login).chain(macs) {
            if let Some(owner) = held.get(&key) {
                bad.push((row.line, format!("{} {} belongs to {owner} already", key.0, key.1)));
            }
        }
    }
    bad
}

/// The rows of a file that make sense, and what is wrong with the others.
fn read(content: &str, devices_max: usize) -> (Vec<Row>, Bad) {
    let content = content.trim_start_matches('\u{feff}');
    let first = content.lines().next().unwrap_or_default();
    // Spreadsheets set to Indonesian separate by semicolons.
    let separator = if first.contains(';') && !first.contains(',') { ';' } else { ',' };
    let (records, mut bad) = records(content, separator);
    let mut records = records.into_iter();
    let Some((line, headings)) = records.next() else {
        return (
            Vec::new(),
            vec![(1, "the file is empty: write the headings name,phone,login,mac".to_owned())],
        );
    };
    let headings: Vec<String> = headings.iter().map(|h| h.trim().to_lowercase()).collect();
    for heading in headings.iter().filter(|h| column(h).is_none()) {
        let why = format!("there is no column {heading:?}: write name, phone, login and mac");
        bad.push((line, why));
    }
    if !headings.iter().any(|h| h == "name") {
        bad.push((line, "the column name is missing: the first line holds the headings".to_owned()));
    }
    if !bad.is_empty() {
        return (Vec::new(), bad);
    }
    let mut rows = Vec::new();
    for (line, cells) in records.filter(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty())) {
        match row(line, &headings, &cells, devices_max) {
            Ok(row) => rows.push(row),
            Err(found) => bad.extend(found.into_iter().map(|why| (line, why))),
        }
    }
    bad.extend(twice(&rows));
    (rows, bad)
}

/// Which of our columns a heading is: `mac` may come numbered.
fn column(heading: &str) -> Option<&'static str> {
    match heading {
        "name" => Some("name"),
        "phone" => Some("phone"),
        "login" => Some("login"),
        mac if mac.strip_prefix("mac").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit())) => Some("mac"),
        _ => None,
    }
}

fn row(line: usize, headings: &[String], cells: &[String], devices_max: usize) -> Result<Row, Vec<String>> {
    let mut bad = Vec::new();
    if cells.len() > headings.len() {
        bad.push(format!("has {} cells under {} headings", cells.len(), headings.len()));
    }
    let mut out = Row { line, name: String::new(), phone: None, login: None, macs: Vec::new() };
    for (heading, cell) in headings.iter().zip(cells) {
        let cell = cell.trim();
        if cell.chars().count() > CELL_CHARS_MAX || cell.chars().any(char::is_control) {
            bad.push(format!(
                "{heading} is longer than {CELL_CHARS_MAX} characters or holds control characters"
            ));
            continue;
        }
        let given = Some(cell.to_owned()).filter(|cell| !cell.is_empty());
        match column(heading) {
            Some("name") => cell.clone_into(&mut out.name),
            Some("phone") => match given.map(|given| phone(&given)).transpose() {
                Ok(phone) => out.phone = phone,
                Err(why) => bad.push(why),
            },
            Some("login") => out.login = given,
            _ => {
                for text in cell.split([' ', ';', ',']).filter(|text| !text.is_empty()) {
                    match text.parse::<Mac>() {
                        Ok(mac) if !mac.is_unicast() => bad.push(format!("{mac} is no device's address")),
                        Ok(mac) => out.macs.push(mac),
                        Err(error) => bad.push(format!("{text:?} is {error}")),
                    }
                }
            }
        }
    }
    if headings.iter().zip(cells).all(|(heading, cell)| heading != "name" || cell.trim().is_empty()) {
        bad.push("name is empty".to_owned());
    }
    if out.macs.len() > devices_max {
        bad.push(format!("has {} devices; one user may have {devices_max}", out.macs.len()));
    }
    if bad.is_empty() { Ok(out) } else { Err(bad) }
}

/// A phone number as the store has it: without the spaces and dashes that people put in.
fn phone(text: &str) -> Result<String, String> {
    let phone: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let digits = phone.strip_prefix('+').unwrap_or(&phone);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if is_number { Ok(phone) } else { Err(format!("{text:?} is no phone number: write 081234567890")) }
}

/// What two rows ask for at once.
fn twice(rows: &[Row]) -> Bad {
    let mut bad = Vec::new();
    let mut seen: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for row in rows {
        let phone = row.phone.iter().map(|p| ("phone", p.clone()));
        let login = row.login.iter().map(|l| ("login", l.clone()));
        let macs = row.macs.iter().map(|m| ("mac", m.to_string()));
        for key in phone.chain(login).chain(macs) {
            let what = format!("{} {}", key.0, key.1);
            if let Some(first) = seen.insert(key, row.line) {
                bad.push((row.line, format!("{what} stands in line {first} already")));
            }
        }
    }
    bad
}

/// CSV as RFC 4180 has it: each record with the line it begins on.
fn records(content: &str, separator: char) -> (Vec<(usize, Vec<String>)>, Bad) {
    let mut out = Vec::new();
    let (mut line, mut begun) = (1, 1);
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = content.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.trim().is_empty() => {
                cell.clear();
                quoted = true;
            }
            c if c == separator && !quoted => cells.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                cells.push(std::mem::take(&mut cell).trim_end_matches('\r').to_owned());
                out.push((begun, std::mem::take(&mut cells)));
                line += 1;
                begun = line;
            }
            c => {
                line += usize::from(c == '\n');
                cell.push(c);
            }
        }
    }
    if quoted {
        return (Vec::new(), vec![(begun, "a quotation mark is opened and never closed".to_owned())]);
    }
    if !cell.is_empty() || !cells.is_empty() {
        cells.push(cell.trim_end_matches('\r').to_owned());
        out.push((begun, cells));
    }
    (out, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_read_with_their_devices() {
        let text = "\u{feff}Name;Phone;Login;MAC;mac2\r\n\"Budi \"\"B\"\" S\";0812;;02:00:00:00:00:01;02-00-00-00-00-02\r\n\r\nSiti;;siti\r\n";
        let (rows, bad) = read(text, 3);
        assert_eq!(bad, []);
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].line, rows[0].name.as_str()), (2, "Budi \"B\" S"));
        assert_eq!(
            (rows[1].line, rows[1].login.as_deref(), rows[1].phone.as_deref()),
            (4, Some("siti"), None)
        );
        assert!(!rows[0].macs.is_empty());
    }

    #[test]
    fn every_bad_row_is_named_by_its_line() {
        let text = "name,phone,mac\nBudi,0812,02:00:00:00:00:01\n,0813,\n\"two\nlines\",0812,zz\nSiti,08-12,02:00:00:00:00:01\nX,,01:00:00:00:00:01\na,08-x,,c\n";
        let (rows, bad) = read(text, 3);
        let lines: Vec<usize> = bad.iter().map(|(line, _)| *line).collect();
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert_eq!(lines, [3, 4, 4, 7, 8, 8, 6, 6], "{bad:?}");
    }

    #[test]
    fn a_file_that_is_no_table_of_users_is_refused() {
        for text in ["", "phone\n1", "name,colour\nA,red", "name\n\"open"] {
            let (rows, bad) = read(text, 3);
            assert!(rows.is_empty() && !bad.is_empty(), "{text:?}");
        }
        let (_, bad) = read("name,mac\nA,02:00:00:00:00:01 02:00:00:00:00:02", 1);
        assert_eq!(bad, [(2, "has 2 devices; one user may have 1".to_owned())]);
    }

    #[test]
    fn what_somebody_has_is_not_given_twice() {
        let (rows, _) = read("name,phone,mac\nA,0812,02:00:00:00:00:01\nB,0813,", 3);
        let users = [json!({"name": "Budi", "phone": "0812", "devices": [{"mac": "02:00:00:00:00:01"}]})];
        let bad = taken(&rows, &users);
        assert_eq!(bad.len(), 2);
        assert!(
            bad.iter().all(|(line, why)| *line == 2 && why.ends_with("belongs to Budi already")),
            "{bad:?}"
        );
    }
}
