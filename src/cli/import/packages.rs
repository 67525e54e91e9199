//! Packages of a table: those of an export, or an owner's own list of prices.

use serde_json::{Map, Value, json};

use super::table::{self, CsvRecord};
use super::{ImportedPackage, ParsedTables, flag, miscounted};
use crate::domain::text::quoted;
use crate::domain::units::Rupiah;
use crate::web::csv::unguarded;

/// The table of packages in a folder that `export` wrote.
pub(super) const EXPORTED: &str = "packages.csv";

/// The meaning of a column heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PackageColumn {
    Name,
    /// With its unit; empty is unlimited.
    Quota,
    /// In digits, as `export` writes it; empty is unlimited.
    QuotaBytes,
    Days,
    Price,
    Active,
    /// A package deleted in the store of origin, which is left out.
    Deleted,
    /// Not imported, for this reason.
    NotTaken(&'static str),
}

/// The column for a heading, in English or Indonesian.
pub(super) fn column(heading: &str) -> Option<PackageColumn> {
    let plain: String = heading.trim().to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    Some(match plain.as_str() {
        "name" | "nama" | "paket" | "namapaket" | "package" => PackageColumn::Name,
        "quota" | "kuota" => PackageColumn::Quota,
        "quotabytes" => PackageColumn::QuotaBytes,
        "days" | "hari" | "masa" | "masaaktif" | "masaberlaku" | "validity" => PackageColumn::Days,
        "pricerp" | "price" | "harga" | "hargarp" => PackageColumn::Price,
        "active" | "aktif" | "dijual" | "onsale" => PackageColumn::Active,
        "deleted" => PackageColumn::Deleted,
        "id" => PackageColumn::NotTaken("packages get new ids"),
        _ => return None,
    })
}

/// Whether headings are those of packages: each is known, and a price is among them.
pub(super) fn is_table(headings: &[String]) -> bool {
    let columns: Option<Vec<PackageColumn>> = headings.iter().map(|heading| column(heading)).collect();
    columns.is_some_and(|columns| columns.contains(&PackageColumn::Price))
}

/// Adds the packages of a table.
pub(super) fn add(content: &str, found: &mut ParsedTables) {
    let (mut records, mut bad) = table::records(content);
    let headings = records.next().map(|record| record.cells).unwrap_or_default();
    for heading in headings.iter().filter(|heading| column(heading).is_none()) {
        bad.push((1, format!("there is no column {}", quoted(heading))));
    }
    let columns: Vec<PackageColumn> = headings.iter().filter_map(|heading| column(heading)).collect();
    let has_quota = columns.contains(&PackageColumn::Quota) || columns.contains(&PackageColumn::QuotaBytes);
    for (is_there, name) in [
        (columns.contains(&PackageColumn::Name), "name"),
        (has_quota, "quota"),
        (columns.contains(&PackageColumn::Days), "days"),
        (columns.contains(&PackageColumn::Price), "price_rp"),
    ] {
        if !is_there {
            bad.push((1, format!("the column {name} is missing: the first line holds the headings")));
        }
    }
    if bad.is_empty() {
        for record in records.filter(|record| record.cells.iter().any(|cell| !cell.trim().is_empty())) {
            if let Err(why) = one(&record, &headings, &columns, found) {
                bad.push((record.line, why));
            }
        }
    }
    found.bad.extend(bad.into_iter().map(|(line, why)| (line, format!("{EXPORTED}: {why}"))));
}

/// Reads one package. What cannot be read of a cell is said with what to write.
fn one(
    record: &CsvRecord,
    headings: &[String],
    columns: &[PackageColumn],
    found: &mut ParsedTables,
) -> Result<(), String> {
    if let Some(why) = miscounted(record, headings.len()) {
        return Err(why);
    }
    let mut package = Map::from_iter([("quota".to_owned(), Value::Null)]);
    let mut lost = Vec::new();
    for ((column, heading), cell) in columns.iter().zip(headings).zip(&record.cells) {
        let cell = unguarded(cell.trim());
        let whole =
            || cell.parse::<u64>().map_err(|_| format!("{heading}: {} is not a whole number", quoted(cell)));
        let on = || flag(cell).ok_or_else(|| format!("{heading}: {} is neither yes nor no", quoted(cell)));
        if cell.is_empty() {
            continue;
        }
        match column {
            PackageColumn::Name => package.insert("name".to_owned(), json!(cell)),
            PackageColumn::Quota => package.insert("quota".to_owned(), json!(cell)),
            PackageColumn::QuotaBytes => package.insert("quota".to_owned(), json!(whole()?)),
            PackageColumn::Days => package.insert("days".to_owned(), json!(whole()?)),
            PackageColumn::Price => {
                let price = cell.parse::<Rupiah>().map_err(|error| format!("{heading}: {error}"))?;
                package.insert("price_rp".to_owned(), json!(price.0))
            }
            PackageColumn::Active => package.insert("active".to_owned(), json!(on()?)),
            PackageColumn::Deleted => {
                if on()? {
                    found.lost.add(EXPORTED, "*", "the package was deleted before the export", record.line);
                    return Ok(());
                }
                None
            }
            PackageColumn::NotTaken(why) => {
                lost.push((heading, *why));
                None
            }
        };
    }
    for name in ["name", "days", "price_rp"] {
        if !package.contains_key(name) {
            return Err(format!("{name}: is required"));
        }
    }
    for (heading, why) in lost {
        found.lost.add(EXPORTED, heading, why, record.line);
    }
    found.packages.push(ImportedPackage { line: record.line, package });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ParsedTables {
        let mut found = ParsedTables::default();
        add(text, &mut found);
        found
    }

    #[test]
    fn packages_are_read_as_export_writes_them_and_as_owners_do() {
        let found = read(
            "id,name,quota_bytes,days,price_rp,active,deleted\r\nx,Harian,1073741824,1,5000,1,0\r\n\
             y,Bulanan,,30,100000,0,0\r\nz,Lama,1,1,1,1,1\r\n",
        );
        assert_eq!(found.bad, Vec::new());
        let packages: Vec<Value> =
            found.packages.iter().map(|found| Value::Object(found.package.clone())).collect();
        assert_eq!(
            packages,
            [
                json!({"name": "Harian", "quota": 1_073_741_824, "days": 1, "price_rp": 5000, "active": true}),
                json!({"name": "Bulanan", "quota": null, "days": 30, "price_rp": 100_000, "active": false}),
            ]
        );
        assert!(found.lost.sentences().iter().any(|line| line.contains("deleted before")));
        let own = read("Nama Paket;Kuota;Hari;Harga\nMingguan;5 GB;7;Rp 25.000\n");
        assert_eq!(own.bad, Vec::new());
        let expected = json!({"name": "Mingguan", "quota": "5 GB", "days": 7, "price_rp": 25_000});
        assert_eq!(Value::Object(own.packages[0].package.clone()), expected);
    }

    #[test]
    fn what_cannot_be_read_names_its_line_and_nothing_of_that_row_is_taken() {
        let found =
            read("name,quota,days,price_rp\nA,1 GB,satu,5000\nB,1 GB,1,gratis\n,1 GB,1,5\nC,1 GB,1,5000\n");
        let lines: Vec<usize> = found.bad.iter().map(|(line, _)| *line).collect();
        assert_eq!((lines, found.packages.len()), (vec![2, 3, 4], 1), "{:?}", found.bad);
        assert!(read("name,days,price_rp\nA,1,5").bad[0].1.contains("quota"));
        assert!(!is_table(&["name".into(), "phone".into()]));
        assert!(is_table(&["nama".into(), "kuota".into(), "hari".into(), "harga".into()]));
    }
}
