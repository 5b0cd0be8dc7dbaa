//! What a program took: time, processor time and memory, as the kernel counts them.
//!
//! Linux only; elsewhere the time on the clock stands for the processor's, and the memory is not known.

use std::{
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};

/// How often a running program is looked at. What it grows by in its last moment may be missed.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// The unit of the kernel's processor times, fixed for programs at a hundredth of a second.
const TICK: Duration = Duration::from_millis(10);

/// What one run of a program took.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// From start to end.
    pub elapsed: Duration,
    /// On a processor, own code and kernel. Other work on the machine changes it little.
    pub processor: Duration,
    /// The most bytes resident.
    pub peak: Option<u64>,
}

/// Runs a program to its end and throws its output away. It has to succeed.
pub fn measure(command: &mut Command) -> anyhow::Result<Usage> {
    let began = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let mut peak = None;
    let mut processor = None;
    // A program that has ended is looked at once more before `wait` takes it away.
    while let Some(seen) = Seen::of(child.id()) {
        peak = peak.max(seen.peak);
        processor = Some(seen.processor);
        if seen.has_ended {
            break;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    let status = child.wait()?;
    let elapsed = began.elapsed();
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(Usage { elapsed, processor: processor.unwrap_or(elapsed), peak })
}

struct Seen {
    has_ended: bool,
    processor: Duration,
    peak: Option<u64>,
}

impl Seen {
    fn of(process: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name in brackets may hold anything; the state is the field behind it.
        let (_, fields) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split(' ').collect();
        let ticks = |at: usize| fields.get(at)?.parse::<u32>().ok();
        let processor = TICK * (ticks(11)? + ticks(12)?);
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).and_then(kibibytes);
        Some(Self { has_ended: fields.first() == Some(&"Z"), processor, peak })
    }
}

fn kibibytes(text: &str) -> Option<u64> {
    text.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

/// How many programs want to run on this machine, and on which processors this one may.
pub fn machine() -> anyhow::Result<String> {
    let load = fs::read_to_string("/proc/loadavg").context("this benchmark reads Linux's /proc")?;
    let status = fs::read_to_string("/proc/self/status")?;
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap_or("?");
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    Ok(format!("load {load}, on processors {}", allowed.trim()))
}
