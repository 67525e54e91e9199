//! Names of copies: `kuota-SITE-20261122T070500Z.db.zst`, with `.age` at the end of encrypted ones. Other files are not
//! ours.

use std::io;
use std::path::{Path, PathBuf};

use crate::clock::{parse_rfc3339, rfc3339};
use crate::domain::units::Timestamp;
use crate::store::tail::segment_file;

/// The folder of copies, on the card and on a disk that is found by its label.
pub const COPIES_FOLDER: &str = "backups";
/// The end of a name until the file is complete.
pub(super) const PART_END: &str = ".part";
/// How names of copies begin, those of every site.
pub(super) const NAMES_START: &str = "kuota-";
const PLAIN_END: &str = ".db.zst";
const ENCRYPTED_END: &str = ".db.zst.age";

/// The name of a copy of that moment.
pub(super) fn name(tag: &str, at: Timestamp, is_encrypted: bool) -> String {
    format!("{NAMES_START}{tag}-{}{}", stamp(at), if is_encrypted { ENCRYPTED_END } else { PLAIN_END })
}

/// A moment as `20261122T070500Z`.
pub(super) fn stamp(at: Timestamp) -> String {
    let whole_seconds = Timestamp(at.0 - at.0.rem_euclid(1000));
    rfc3339(whole_seconds).chars().filter(|c| !matches!(c, '-' | ':')).collect()
}

/// The moment of a copy of this site; `None` for any other name.
pub(super) fn moment(tag: &str, name: &str) -> Option<Timestamp> {
    let rest = name.strip_prefix(NAMES_START)?.strip_prefix(tag)?.strip_prefix('-')?;
    let stamp = rest.strip_suffix(ENCRYPTED_END).or_else(|| rest.strip_suffix(PLAIN_END))?;
    let is_stamp = stamp.len() == "20261122T070500Z".len() && stamp.is_ascii();
    let part = |from: usize, to: usize| &stamp[from..to];
    is_stamp.then(|| {
        let text = format!("{}-{}-{}:{}:{}", part(0, 4), part(4, 6), part(6, 11), part(11, 13), part(13, 16));
        parse_rfc3339(&text)
    })?
}

/// The tag of the site whose copy has this name, and the copy's moment; `None` for any other name.
pub(super) fn site_and_moment(name: &str) -> Option<(&str, Timestamp)> {
    let (tag, _) = name.strip_prefix(NAMES_START)?.split_once('-')?;
    Some((tag, moment(tag, name)?))
}

/// The name of a segment of a copy's tail.
pub(super) fn tail_name(copy: &str, number: u32) -> String {
    segment_file(Path::new(copy), number).to_string_lossy().into_owned()
}

/// The copies of this site in a folder, oldest first.
pub(super) fn copies_in(folder: &Path, tag: &str) -> io::Result<Vec<(Timestamp, PathBuf)>> {
    let mut found = files_in(folder, |name| moment(tag, name))?;
    found.sort();
    Ok(found)
}

/// Incomplete copies of this site in a folder.
pub(super) fn parts_in(folder: &Path, tag: &str) -> io::Result<Vec<PathBuf>> {
    let found = files_in(folder, |name| moment(tag, name.strip_suffix(PART_END)?))?;
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

pub(super) fn files_in<T>(folder: &Path, read: impl Fn(&str) -> Option<T>) -> io::Result<Vec<(T, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let name = entry.file_name();
        let value = name.to_str().filter(|_| is_file).and_then(&read);
        found.extend(value.map(|value| (value, entry.path())));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_made_and_no_other_is() {
        let at = Timestamp(1_795_323_600_123);
        for is_encrypted in [false, true] {
            let name = name("0a1b2c3d", at, is_encrypted);
            assert_eq!(moment("0a1b2c3d", &name), Some(Timestamp(1_795_323_600_000)), "{name}");
            assert_eq!(site_and_moment(&name), Some(("0a1b2c3d", Timestamp(1_795_323_600_000))));
            assert_eq!(site_and_moment(&tail_name(&name, 1)), None);
            for other in [
                name.replace("kuota", "kuotb"),
                name.replace("0a1b2c3d", "0a1b2c3e"),
                name.replace("2026", "20Ä6"),
                name.replace("1122T", "1332T"),
                format!("{name}.part"),
                format!("x{name}"),
            ] {
                assert_eq!(moment("0a1b2c3d", &other), None, "{other}");
            }
        }
    }
}
