//! How much memory this process held at most. Linux only; elsewhere it says that it does not know.

/// The most bytes resident since [`forget_peak`], or since the start where that is not possible.
pub fn peak() -> Option<u64> {
    field("VmHWM:")
}

/// Begins a new peak.
pub fn forget_peak() {
    // Where the kernel does not allow it, the peak stays that of the whole process: never too low.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn field(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
