//! A file that only reserves space. It is deleted when the disk is full, so that collected readings can still be
//! written, and it is created again before other changes are accepted.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The file inside the data folder.
const FILE: &str = "kuota.ballast";
/// Its size, by the free space of the disk.
const SIZES: [u64; 3] = [1 << 20, 256 << 10, 64 << 10];
/// Its content, repeated.
const BLOCK: [u8; 4096] = [0xA5; 4096];

/// See the module.
#[derive(Debug)]
pub(super) struct Ballast {
    path: PathBuf,
    /// Its size, or its size before it was deleted.
    bytes: u64,
}

impl Ballast {
    pub fn of(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let bytes = std::fs::metadata(&path).map_or(0, |file| file.len());
        Self { path, bytes }
    }

    /// Creates it if it is missing, as large as the disk has room for twice.
    pub fn ensure(&mut self) -> io::Result<()> {
        if self.path.exists() && SIZES.contains(&self.bytes) {
            return Ok(());
        }
        let mut made = Ok(());
        for bytes in SIZES {
            made = self.make(bytes);
            if made.is_ok() {
                return made;
            }
        }
        made
    }

    /// Creates it again at its old size. An error means that there is not yet room for twice that size.
    pub fn restore(&mut self) -> io::Result<()> {
        if self.bytes == 0 || self.path.exists() { self.ensure() } else { self.make(self.bytes) }
    }

    /// Deletes it. `false` if there was none.
    pub fn free(&self) -> bool {
        std::fs::remove_file(&self.path).is_ok()
    }

    fn make(&mut self, bytes: u64) -> io::Result<()> {
        let made = (|| {
            let mut file =
                File::options().write(true).create(true).truncate(true).mode(0o600).open(&self.path)?;
            for _ in 0..2 * bytes / BLOCK.len() as u64 {
                file.write_all(&BLOCK)?;
            }
            file.set_len(bytes)
        })();
        match &made {
            Ok(()) => self.bytes = bytes,
            Err(_) => drop(self.free()),
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ballast_is_given_up_and_made_again_in_its_size() {
        let dir = tempfile::tempdir().unwrap();
        let mut ballast = Ballast::of(dir.path());
        assert!(!ballast.free());
        ballast.ensure().unwrap();
        let size = || std::fs::metadata(dir.path().join(FILE)).unwrap().len();
        assert_eq!(size(), SIZES[0]);
        assert!(ballast.free());
        assert!(!ballast.free());
        ballast.restore().unwrap();
        assert_eq!(size(), SIZES[0]);
        Ballast::of(dir.path()).ensure().unwrap();
        assert_eq!(size(), SIZES[0]);
    }
}
