//! Disks: which one has a label, how much room there is, and whether two folders are on one.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::CopyError;

/// Disks are looked for below these folders only.
const MOUNT_ROOTS: [&str; 2] = ["/media", "/mnt"];

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
    /// Where the disk with a label is mounted. A service without access to devices sees no labels: there the folder
    /// where the disk is mounted has the label's name, as the system's own automatic mounting names it.
    pub(super) fn mount_of(&self, label: &str) -> Result<PathBuf, CopyError> {
        let absent = |what: String| CopyError::Absent { what };
        let text = std::fs::read_to_string(&self.mountinfo)
            .map_err(|error| absent(format!("{}: {error}", self.mountinfo.display())))?;
        let device = std::fs::canonicalize(self.by_label.join(udev_name(label))).ok();
        let mounts: Vec<Mount> = text.lines().filter_map(Mount::parse).collect();
        let is_below =
            |mount: &&Mount| self.roots.iter().any(|root| mount.at.starts_with(root) && mount.at != *root);
        let is_it = |mount: &&Mount| match &device {
            Some(device) => mount.source == *device,
            None => mount.at.file_name().is_some_and(|name| name == label),
        };
        let found = mounts.iter().filter(is_below).rfind(is_it);
        let roots = self.roots.iter().map(|root| root.display().to_string()).collect::<Vec<_>>().join(" or ");
        let found = found.map(|mount| mount.at.clone());
        found.ok_or_else(|| absent(format!("the disk with the label {label} is not mounted below {roots}")))
    }
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
    fn an_absent_disk_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let absent = disks(dir.path(), "").mount_of("KUOTA").unwrap_err();
        assert!(absent.is_cheap() && absent.to_string().contains("label KUOTA"), "{absent}");
    }
}
