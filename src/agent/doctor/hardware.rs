//! Checks of this machine's own hardware: its power supply and its memory card, as the kernel shows them.

use std::path::Path;
use std::process::{Command, Stdio};

use super::texts;
use crate::routeros::inspect::CheckFinding;

/// Where the firmware of a Raspberry Pi says how it was throttled.
const THROTTLED: &str = "devices/platform/soc/soc:firmware/get_throttled";
/// Bits of that number: what is so now, and, sixteen higher, what was since the start.
const UNDER_VOLTAGE: u32 = 1;
const SLOWED: u32 = 0b1110;
const SINCE_START: u32 = 16;
/// Life time estimates of a card, in tenths used, from which on it is nearly worn out and worn out.
const LIFE_WARN: u8 = 9;
const LIFE_FAIL: u8 = 11;

/// What `/sys` says; a machine that says nothing has no findings.
pub(super) fn check(sys: &Path) -> Vec<CheckFinding> {
    let throttled = read_throttled(sys).map(power);
    throttled.into_iter().chain(cards(sys)).collect()
}

fn read_throttled(sys: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(sys.join(THROTTLED)).ok().or_else(ask_firmware)?;
    let digits = text.trim().trim_start_matches("throttled=").trim_start_matches("0x");
    u32::from_str_radix(digits, 16).ok()
}

/// The tool of older systems.
fn ask_firmware() -> Option<String> {
    let output = Command::new("vcgencmd").arg("get_throttled").stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What the firmware's number means.
fn power(bits: u32) -> CheckFinding {
    const ID: &str = "machine.power";
    let (now, before) = (bits, bits >> SINCE_START);
    if now & UNDER_VOLTAGE != 0 {
        return CheckFinding::fail(ID, texts::voltage_low(), texts::change_supply());
    }
    if before & UNDER_VOLTAGE != 0 {
        return CheckFinding::warn(ID, texts::voltage_was_low(), texts::change_supply());
    }
    if (now | before) & SLOWED != 0 {
        let found = if now & SLOWED != 0 { texts::slowed() } else { texts::was_slowed() };
        return CheckFinding::warn(ID, found, texts::cool_down());
    }
    CheckFinding::ok(ID, texts::power_fine())
}

/// A finding for each card that says how worn it is; plain SD cards do not.
fn cards(sys: &Path) -> Vec<CheckFinding> {
    let Ok(folder) = std::fs::read_dir(sys.join("block")) else { return Vec::new() };
    let mut names: Vec<String> =
        folder.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    let of = |name: &String| {
        let device = sys.join("block").join(name).join("device");
        let life = std::fs::read_to_string(device.join("life_time")).ok()?;
        let spare = std::fs::read_to_string(device.join("pre_eol_info")).unwrap_or_default();
        wear(name, &life, &spare)
    };
    names.iter().filter(|name| name.starts_with("mmcblk")).filter_map(of).collect()
}

/// What a card says: two estimates in steps of ten percent, and how much of its spare blocks is used.
fn wear(name: &str, life: &str, spare: &str) -> Option<CheckFinding> {
    const ID: &str = "machine.card";
    let number = |word: &str| u8::from_str_radix(word.trim().trim_start_matches("0x"), 16).ok();
    let used = life.split_whitespace().filter_map(number).max().filter(|used| *used > 0)?;
    let spare = number(spare).unwrap_or_default();
    let percent = u32::from(used.min(10)) * 10;
    Some(if used >= LIFE_FAIL || spare >= 3 {
        CheckFinding::fail(ID, texts::card_worn(name, percent), texts::replace_card())
    } else if used >= LIFE_WARN || spare == 2 {
        CheckFinding::warn(ID, texts::card_used(name, percent), texts::replace_card())
    } else {
        CheckFinding::ok(ID, texts::card_used(name, percent))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routeros::inspect::Level;

    #[test]
    fn the_firmwares_number_is_read_by_its_bits() {
        let rows = [
            (0, Level::Ok),
            (0x5_0005, Level::Fail),
            (0x1_0000, Level::Warn),
            (0x4, Level::Warn),
            (0x8_0000, Level::Warn),
            (0x1, Level::Fail),
        ];
        for (bits, level) in rows {
            assert_eq!(power(bits).level, level, "{bits:#x}");
        }
    }

    #[test]
    fn a_worn_card_warns_and_a_card_that_says_nothing_is_left_out() {
        let rows = [
            ("0x01 0x02", "0x01", Some(Level::Ok)),
            ("0x01 0x09", "0x01", Some(Level::Warn)),
            ("0x0b 0x01", "0x01", Some(Level::Fail)),
            ("0x01 0x01", "0x02", Some(Level::Warn)),
            ("0x01 0x01", "0x03", Some(Level::Fail)),
            ("0x00 0x00", "0x00", None),
            ("", "", None),
        ];
        for (life, spare, level) in rows {
            assert_eq!(wear("mmcblk0", life, spare).map(|found| found.level), level, "{life} {spare}");
        }
    }

    #[test]
    fn what_the_kernel_shows_is_found_in_its_folders() {
        let sys = tempfile::tempdir().unwrap();
        assert!(cards(sys.path()).is_empty());
        let write = |path: &str, text: &str| {
            let path = sys.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(THROTTLED, "50005\n");
        write("block/mmcblk0/device/life_time", "0x09 0x01\n");
        write("block/mmcblk0/device/pre_eol_info", "0x01\n");
        write("block/sda/device/life_time", "0x0b 0x0b\n");
        let found = check(sys.path());
        let ids: Vec<(&str, Level)> = found.iter().map(|found| (found.id, found.level)).collect();
        assert_eq!(ids, [("machine.power", Level::Fail), ("machine.card", Level::Warn)]);
    }
}
