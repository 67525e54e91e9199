//! What the first run reads of the machine: which boot this is, how long it lasts, and the file on the boot partition.

use std::fs::File;
use std::io::Read;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::agent::copies::Disks;
use crate::settings::{Secret, without_mark};

/// Folders at which the boot partition of a Pi is mounted, the usual one first.
const BOOT_FOLDERS: [&str; 2] = ["boot/firmware", "boot"];
/// The file that an owner puts there.
pub const CLAIM_FILE: &str = "kuota-setup";
/// Some editors add `.txt` by themselves, and a phone or a PC does not show that.
const CLAIM_FILE_TXT: &str = "kuota-setup.txt";
/// The shortest code.
pub const CODE_CHARS_MIN: usize = 8;
/// The longest code.
const CODE_CHARS_MAX: usize = 128;
/// A longer file is none of ours.
const CLAIM_BYTES_MAX: u64 = 1024;
/// `/proc` files are short.
const PROC_BYTES_MAX: u64 = 64 * 1024;

/// One boot of the machine, seen at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boot {
    /// The kernel's name of it.
    pub id: String,
    /// Time since it began.
    pub uptime: Duration,
}

/// The file on the boot partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimFile {
    /// There is none.
    Missing,
    /// It has no code that can be used. It still opens the set-up again.
    WithoutCode,
    /// It has a code.
    Code(Secret),
}

/// The machine, by the files below one folder, which is `/` outside of tests.
#[derive(Clone, Debug)]
pub struct Machine(PathBuf);

impl Machine {
    /// The machine whose files are below `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self(root.into())
    }

    /// The present boot; `None` where the kernel does not name it. Without a name no boot can be told from another.
    pub fn boot(&self) -> Option<Boot> {
        let id = self.text("proc/sys/kernel/random/boot_id")?.trim().to_owned();
        let uptime = self.text("proc/uptime")?;
        let seconds: f64 = uptime.split_ascii_whitespace().next()?.parse().ok()?;
        let uptime = Duration::try_from_secs_f64(seconds).ok()?;
        (!id.is_empty()).then_some(Boot { id, uptime })
    }

    /// The file on the boot partition. The code is its first line that is not empty.
    pub fn claim_file(&self) -> ClaimFile {
        let names = BOOT_FOLDERS
            .iter()
            .flat_map(|folder| [CLAIM_FILE, CLAIM_FILE_TXT].map(|name| self.0.join(folder).join(name)));
        let Some(text) = names.into_iter().find_map(|path| read(&path, CLAIM_BYTES_MAX)) else {
            return ClaimFile::Missing;
        };
        let mut lines = without_mark(&text).lines().map(str::trim);
        match lines.find(|line| !line.is_empty()) {
            Some(code) if (CODE_CHARS_MIN..=CODE_CHARS_MAX).contains(&code.chars().count()) => {
                ClaimFile::Code(Secret::new(code))
            }
            _ => ClaimFile::WithoutCode,
        }
    }

    /// The default gateway of IPv4, which at most sites is the router.
    pub fn gateway(&self) -> Option<Ipv4Addr> {
        gateway(&self.text("proc/net/route")?)
    }

    /// Its disks.
    pub fn disks(&self) -> Disks {
        Disks::below(&self.0)
    }

    fn text(&self, path: &str) -> Option<String> {
        read(&self.0.join(path), PROC_BYTES_MAX)
    }
}

/// The text of a file of at most so many bytes. Bytes that are no UTF-8 are replaced: no code contains them.
fn read(path: &Path, bytes_max: u64) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(bytes_max).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The gateway of the first row of `/proc/net/route` that leads everywhere. Numbers there are in the byte order of the
/// machine, which on a Pi and on a PC is little-endian.
fn gateway(table: &str) -> Option<Ipv4Addr> {
    table.lines().skip(1).find_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (to, via) = (fields.next()?, fields.next()?);
        let number = |text| u32::from_str_radix(text, 16).ok();
        let via = Ipv4Addr::from(number(via)?.swap_bytes());
        (number(to)? == 0 && !via.is_unspecified()).then_some(via)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_code_is_the_first_line_of_the_file_on_either_mount_point() {
        let root = tempfile::tempdir().unwrap();
        let machine = Machine::new(root.path());
        assert_eq!(machine.claim_file(), ClaimFile::Missing);
        fs::create_dir_all(root.path().join("boot/firmware")).unwrap();
        let rows: [(&[u8], ClaimFile); 6] = [
            (b"", ClaimFile::WithoutCode),
            (b"short\n", ClaimFile::WithoutCode),
            (b"\xef\xbb\xbf\r\n  mangga-7-manis \r\nx", ClaimFile::Code(Secret::new("mangga-7-manis"))),
            (b"12345678", ClaimFile::Code(Secret::new("12345678"))),
            (&[b'x'; 129], ClaimFile::WithoutCode),
            (&[b'x'; 5000], ClaimFile::WithoutCode),
        ];
        for name in ["boot/kuota-setup", "boot/firmware/kuota-setup.txt", "boot/firmware/kuota-setup"] {
            for (bytes, expected) in &rows {
                fs::write(root.path().join(name), bytes).unwrap();
                assert_eq!(machine.claim_file(), *expected, "{name}: {bytes:?}");
            }
        }
    }

    #[test]
    fn a_boot_without_a_name_or_a_time_is_unknown() {
        let root = tempfile::tempdir().unwrap();
        let machine = Machine::new(root.path());
        fs::create_dir_all(root.path().join("proc/sys/kernel/random")).unwrap();
        assert_eq!(machine.boot(), None);
        let put = |name: &str, text: &str| fs::write(root.path().join(name), text).unwrap();
        put("proc/uptime", "61.50 100.0\n");
        assert_eq!(machine.boot(), None);
        put("proc/sys/kernel/random/boot_id", "\n");
        assert_eq!(machine.boot(), None);
        put("proc/sys/kernel/random/boot_id", "abc\n");
        assert_eq!(machine.boot(), Some(Boot { id: "abc".into(), uptime: Duration::from_millis(61_500) }));
        put("proc/uptime", "-1 x");
        assert_eq!(machine.boot(), None);
    }

    #[test]
    fn the_gateway_is_that_of_the_row_that_leads_everywhere() {
        let head = "Iface\tDestination\tGateway\tFlags\n";
        let lan = "eth0\t0058A8C0\t00000000\t0001\n";
        let all = "eth0\t00000000\t0158A8C0\t0003\n";
        assert_eq!(gateway(&format!("{head}{lan}{all}")), Some(Ipv4Addr::new(192, 168, 88, 1)));
        for table in ["", head, lan, "a\nb c\n", "h\neth0\t00000000\tzz\n", "h\neth0\t00000000\t00000000\n"] {
            assert_eq!(gateway(table), None, "{table:?}");
        }
    }
}
