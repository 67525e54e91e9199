//! Files that are replaced whole: whoever reads one, also after a power cut, finds the old text or the new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What is appended to the name of a file that is not complete.
const PART: &str = ".part";

/// Replaces a file, which has the permissions `mode` from its first byte on. A symbolic link of that name is replaced
/// itself, not what it points to. Two callers must not replace one file at once.
pub fn replace(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let part = part_of(path);
    // A power cut may have left an earlier one.
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let replaced = write_new(&part, text, mode).and_then(|()| fs::rename(&part, path));
    if replaced.is_err() {
        let _ = fs::remove_file(&part);
    }
    replaced?;
    sync_folder(path)
}

/// Writes a file that must not exist yet, and makes it durable.
pub fn create(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    write_new(path, text, mode)?;
    sync_folder(path)
}

fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(PART);
    PathBuf::from(name)
}

fn write_new(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        file.write_all(b"\n")?;
    }
    file.sync_all()
}

/// The name of a file is durable once its folder is synced.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// The text of a file of at most `bytes_max`, or nothing without such a file. Links and whatever else is no file are
/// refused.
pub fn read(path: &Path, bytes_max: u64) -> io::Result<Option<String>> {
    let seen = match fs::symlink_metadata(path) {
        Ok(seen) => seen,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let refused = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why);
    if !seen.is_file() {
        return Err(refused("it is a link or a folder, not a file"));
    }
    let file = File::open(path)?;
    let opened = file.metadata()?;
    if (opened.dev(), opened.ino()) != (seen.dev(), seen.ino()) {
        return Err(refused("it was replaced while it was read"));
    }
    if opened.len() > bytes_max {
        return Err(refused("it is too long"));
    }
    io::read_to_string(file).map(Some)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_private_whatever_an_earlier_attempt_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.toml");
        // The states in which a power cut can leave the folder: nothing, a part of the new file, all of it unnamed.
        for left in [None, Some("ne"), Some("new\n")] {
            replace(&path, "old", 0o600).unwrap();
            if let Some(left) = left {
                fs::write(part_of(&path), left).unwrap();
            }
            assert_eq!(read(&path, 10).unwrap().as_deref(), Some("old\n"), "{left:?}");
            replace(&path, "new", 0o600).unwrap();
            assert_eq!(read(&path, 10).unwrap().as_deref(), Some("new\n"), "{left:?}");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            assert!(!part_of(&path).exists());
        }
    }

    #[test]
    fn links_are_neither_followed_nor_written_through() {
        let dir = tempfile::tempdir().unwrap();
        let (path, target) = (dir.path().join("a.toml"), dir.path().join("target"));
        fs::write(&target, "theirs").unwrap();
        symlink(&target, &path).unwrap();
        symlink(&target, part_of(&path)).unwrap();
        assert!(read(&path, 10).unwrap_err().to_string().contains("link"));
        replace(&path, "ours", 0o600).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "theirs");
        assert_eq!(read(&path, 10).unwrap().as_deref(), Some("ours\n"));
    }

    #[test]
    fn what_cannot_be_written_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("folder");
        fs::create_dir(&path).unwrap();
        assert!(replace(&path, "x", 0o600).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(read(&dir.path().join("none"), 10).unwrap().is_none());
        fs::write(dir.path().join("long"), "12345678901").unwrap();
        assert!(read(&dir.path().join("long"), 10).is_err());
    }
}
