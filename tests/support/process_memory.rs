//! What the system says of a process's memory.

/// A field of a process's status, in KiB: `VmRSS` is what it holds, `VmHWM` the most that it held. `process` is its id,
/// or `self`.
pub fn memory_kib(process: &str, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap()
}

/// The most that a process held counts from here on.
#[allow(dead_code, reason = "tests measure what a process holds")]
pub fn reset_peak(process: &str) {
    std::fs::write(format!("/proc/{process}/clear_refs"), "5").unwrap();
}
