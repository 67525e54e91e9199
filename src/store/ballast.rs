//! A file of no use but its size. It is given up when the disk is full, so that what was gathered can be written down,
//! and it is made again before changes are taken again.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The file inside the data folder.
const FILE: &str = "kuota.ballast";
/// How large it is, by what the disk has room for.
const SIZES: [u64; 3] = [1 << 20, 256 << 10, 64 << 10];
/// What it is made of.
const BLOCK: [u8; 4096] = [0xA5; 4096];

/// See the module.
#[derive(Debug)]
pub(super) struct Ballast {
    path: PathBuf,
    /// How large it is, or was before it was given up.
    bytes: u64,
}

impl Ballast {
    pub fn of(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let bytes = std::fs::metadata(&path).map_or(0, |file| file.len());
        Self { path, bytes }
    }

    /// Makes it where it is missing, as large as the disk has room for twice.
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

    /// Makes it again as it was. The error says that there is not yet room for it and as much again.
    pub fn restore(&mut self) -> io::Result<()> {
        if self.bytes == 0 || self.path.exists() { self.ensure() } else { self.make(self.bytes) }
    }

    /// Gives it up. `false` where there was none.
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
