//! Disks: which one has a label, how much room there is, and whether two folders are on one.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::CopyError;
use super::names::{files_in, site_and_moment};
use crate::domain::units::Timestamp;

/// Disks are looked for below these folders only.
const MOUNT_ROOTS: [&str; 2] = ["/media", "/mnt"];
/// The folder of copies on a disk that is found by its label.
pub(super) const FOLDER: &str = "kuota";
/// The most copies that are listed.
const COPIES_SHOWN_MAX: usize = 30;
/// Space that stays free on the card: below it the ledger is in danger.
pub(super) const FREE_BYTES_MIN: u64 = 200 << 20;

/// Where the system says which disks there are.
#[derive(Clone, Debug)]
pub struct Disks {
    /// The folder with a link for each label.
    pub by_label: PathBuf,
    /// The list of mounted file systems.
    pub mountinfo: PathBuf,
    /// Below which folders disks are mounted.
    pub roots: Vec<PathBuf>,
    /// Whether two folders are on different disks.
    pub differ: fn(&Path, &Path) -> io::Result<bool>,
}

impl Default for Disks {
    fn default() -> Self {
        Self {
            by_label: "/dev/disk/by-label".into(),
            mountinfo: "/proc/self/mountinfo".into(),
            roots: MOUNT_ROOTS.map(PathBuf::from).to_vec(),
            differ: |a, b| Ok(std::fs::metadata(a)?.dev() != std::fs::metadata(b)?.dev()),
        }
    }
}

impl Disks {
    /// The disks of a machine whose files are below `root`.
    pub fn below(root: &Path) -> Self {
        Self {
            by_label: root.join("dev/disk/by-label"),
            mountinfo: root.join("proc/self/mountinfo"),
            roots: MOUNT_ROOTS.map(|folder| root.join(folder.trim_start_matches('/'))).to_vec(),
            ..Self::default()
        }
    }

    /// Copies of any site on the disks that are mounted, newest first: in their first folder and where the daemon puts them.
    pub fn copies(&self) -> Vec<DiskCopy> {
        let text = std::fs::read_to_string(&self.mountinfo).unwrap_or_default();
        let mut found = Vec::new();
        for Mount { at: mount, .. } in
            text.lines().filter_map(Mount::parse).filter(|mount| self.is_below(mount))
        {
            let disk = mount.file_name().unwrap_or_default().to_string_lossy().into_owned();
            for folder in [mount.clone(), mount.join(FOLDER)] {
                let files = files_in(&folder, |name| {
                    let (site, at) = site_and_moment(name)?;
                    Some((site.to_owned(), at))
                });
                let copies = files.unwrap_or_default().into_iter();
                found.extend(copies.map(|((site, at), path)| DiskCopy {
                    path,
                    at,
                    disk: disk.clone(),
                    site,
                }));
            }
        }
        found.sort_by_key(|copy| std::cmp::Reverse(copy.at));
        found.truncate(COPIES_SHOWN_MAX);
        found
    }

    fn is_below(&self, mount: &Mount) -> bool {
        self.roots.iter().any(|root| mount.at.starts_with(root) && mount.at != *root)
    }

    /// Where the disk with a label is mounted. A service without access to devices sees no labels: there the folder
    /// where the disk is mounted has the label's name, as the system's own automatic mounting names it.
    pub(super) fn mount_of(&self, label: &str) -> Result<PathBuf, CopyError> {
        let absent = |what: String| CopyError::Absent { what };
        let text = std::fs::read_to_string(&self.mountinfo)
            .map_err(|error| absent(format!("{}: {error}", self.mountinfo.display())))?;
        let device = std::fs::canonicalize(self.by_label.join(udev_name(label))).ok();
        let mounts: Vec<Mount> = text.lines().filter_map(Mount::parse).collect();
        let is_it = |mount: &&Mount| match &device {
            Some(device) => mount.source == *device,
            None => mount.at.file_name().is_some_and(|name| name == label),
        };
        let found = mounts.iter().filter(|mount| self.is_below(mount)).rfind(is_it);
        let roots = self.roots.iter().map(|root| root.display().to_string()).collect::<Vec<_>>().join(" or ");
        let found = found.map(|mount| mount.at.clone());
        found.ok_or_else(|| absent(format!("the disk with the label {label} is not mounted below {roots}")))
    }
}

/// A copy on a disk that is plugged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskCopy {
    /// The file.
    pub path: PathBuf,
    /// When it was made, by its name.
    pub at: Timestamp,
    /// The name of the folder at which its disk is mounted.
    pub disk: String,
    /// The tag of its site.
    pub site: String,
}

/// A mounted file system.
struct Mount {
    at: PathBuf,
    source: PathBuf,
}

impl Mount {
    /// A line of `/proc/self/mountinfo`, as `proc_pid_mountinfo(5)` describes it.
    fn parse(line: &str) -> Option<Self> {
        let (before, after) = line.split_once(" - ")?;
        let at = before.split(' ').nth(4)?;
        let source = after.split(' ').nth(1)?;
        Some(Self { at: unescaped(at).into(), source: unescaped(source).into() })
    }
}

/// Text in which the kernel wrote spaces and the like as `\040`.
fn unescaped(text: &str) -> String {
    let mut out = Vec::new();
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let digits = bytes.get(i + 1..i + 4).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        if let Some(code) = code.filter(|_| bytes[i] == b'\\') {
            out.push(code);
            i += 4;
        } else {
            out.push(bytes[i]);
            i += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The name of a label's link: udev writes what it holds unsafe as `\x20`.
fn udev_name(label: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "#+-.:=@_".contains(c);
    let mut name = String::new();
    for c in label.chars() {
        if is_plain(c) {
            name.push(c);
            continue;
        }
        for byte in c.to_string().bytes() {
            name.push_str("\\x");
            name.push_str(&data_encoding::HEXLOWER.encode(&[byte]));
        }
    }
    name
}

/// How long a copy may be that is brought to the card of a folder.
pub fn free_for_copies(folder: &Path) -> io::Result<u64> {
    Ok(free_bytes(folder)?.saturating_sub(FREE_BYTES_MIN))
}

/// Bytes that may still be written to the disk of a folder.
pub(super) fn free_bytes(folder: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disks(dir: &Path, mountinfo: &str) -> Disks {
        let dev = dir.join("dev");
        let by_label = dir.join("by-label");
        for folder in [&dev, &by_label] {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::fs::write(dev.join("sda1"), "").unwrap();
        std::os::unix::fs::symlink(dev.join("sda1"), by_label.join("MY\\x20USB")).unwrap();
        let list = dir.join("mountinfo");
        let dev = dev.canonicalize().unwrap();
        std::fs::write(&list, mountinfo.replace("DEV", dev.to_str().unwrap())).unwrap();
        Disks { by_label, mountinfo: list, ..Disks::default() }
    }

    #[test]
    fn a_disk_is_found_by_its_label_below_media_and_mnt_only() {
        let root = "22 1 179:2 / / rw shared:1 - ext4 /dev/mmcblk0p2 rw\n";
        let mounted = |at: &str| format!("{root}40 22 8:1 / {at} rw,nosuid shared:9 - vfat DEV/sda1 rw\n");
        for (list, label, found) in [
            (mounted("/media/usb"), "MY USB", Some("/media/usb")),
            (mounted("/mnt/a\\040b"), "MY USB", Some("/mnt/a b")),
            (mounted("/boot"), "MY USB", None),
            (mounted("/media"), "MY USB", None),
            (mounted("/mediatheque/x"), "MY USB", None),
            (mounted("/media/usb"), "OTHER", None),
            // No label is visible: the folder's name counts.
            (mounted("/media/pi/OTHER"), "OTHER", Some("/media/pi/OTHER")),
            (root.to_owned(), "MY USB", None),
            ("nonsense\n - \n".to_owned(), "MY USB", None),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let mount = disks(dir.path(), &list).mount_of(label);
            assert_eq!(mount.ok(), found.map(PathBuf::from), "{label} in {list}");
        }
    }

    #[test]
    fn copies_of_every_site_on_disks_that_are_mounted_are_listed_newest_first() {
        let dir = tempfile::tempdir().unwrap();
        let usb = dir.path().join("media/MY USB");
        std::fs::create_dir_all(usb.join("kuota")).unwrap();
        std::fs::create_dir_all(dir.path().join("proc/self")).unwrap();
        std::fs::create_dir_all(dir.path().join("home")).unwrap();
        let at =
            |folder: &str| format!("40 22 8:1 / {}/{folder} rw - vfat /dev/sda1 rw\n", dir.path().display());
        let list = at("media/MY\\040USB") + &at("home");
        std::fs::write(dir.path().join("proc/self/mountinfo"), list).unwrap();
        let old = "kuota-0a1b2c3d-20261121T070500Z.db.zst.age";
        let new = "kuota-ffffffff-20261122T070500Z.db.zst";
        for file in ["home/kuota-0a1b2c3d-20261123T070500Z.db.zst", "media/MY USB/foto.jpg"] {
            std::fs::write(dir.path().join(file), "x").unwrap();
        }
        std::fs::write(usb.join("kuota").join(old), "x").unwrap();
        std::fs::write(usb.join(new), "x").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", usb.join("kuota-0a1b2c3d-20261124T070500Z.db.zst"))
            .unwrap();
        let found = Disks::below(dir.path()).copies();
        let names: Vec<_> =
            found.iter().map(|copy| (copy.path.clone(), copy.disk.as_str(), copy.site.as_str())).collect();
        let expected =
            [(usb.join(new), "MY USB", "ffffffff"), (usb.join("kuota").join(old), "MY USB", "0a1b2c3d")];
        assert_eq!(names, expected);
        assert!(Disks::below(&dir.path().join("none")).copies().is_empty());
    }

    #[test]
    fn an_absent_disk_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let absent = disks(dir.path(), "").mount_of("KUOTA").unwrap_err();
        assert!(absent.is_cheap() && absent.to_string().contains("label KUOTA"), "{absent}");
    }
}
