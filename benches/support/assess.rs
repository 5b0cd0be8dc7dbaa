//! `lobewatch assess` beside a mere reading of the same file, on the built program itself.
//!
//! The mere reading is `lobewatch assess --check-only`: the same program, reader, limits and checks up to the history
//! as the rules take it, and nothing after that. Both run in turn, so that other work on the machine meets both.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::ensure;

use super::{
    cohort_file::write_cohort,
    figures::{Series, Table},
    process::{Usage, machine, measure},
};

/// Assessing may take this many times as long as the mere reading that it includes.
const MOST_RATIO: f64 = 2.0;
/// By how much the longer file may raise the peak: sixteen bytes of each study id met are kept, and nothing else.
const MOST_GROWTH_BYTES: u64 = 4 << 20;
const MEBIBYTE: f64 = 1_048_576.0;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Patients of the short file and of the long one.
    pub patients: [u64; 2],
    /// How often each is read and assessed.
    pub runs: usize,
}

/// What was measured.
#[derive(Debug)]
pub struct Outcome {
    head: String,
    table: Table,
    /// Processor time of assessing by that of the reading beside it: the median over the runs on the long file.
    pub ratio: f64,
    /// Highest peak of assessing the short file and the long one, in bytes.
    pub peaks: [u64; 2],
}

impl Outcome {
    /// Whether assessing costs at most as much again as reading.
    pub fn is_fast(&self) -> bool {
        self.ratio <= MOST_RATIO
    }

    /// Whether memory stays flat as the file grows.
    pub fn is_flat(&self) -> bool {
        let [short, long] = self.peaks;
        long <= short + MOST_GROWTH_BYTES
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |holds| if holds { "holds" } else { "DOES NOT HOLD" };
        writeln!(f, "{}\n\n{}", self.head, self.table)?;
        writeln!(f, "at most {MOST_RATIO} times the reading: {}", word(self.is_fast()))?;
        write!(f, "at most 4 MiB more for the long file: {}", word(self.is_flat()))
    }
}

/// Makes both files and runs the program over them.
pub fn run(program: &Path, extent: Extent) -> anyhow::Result<Outcome> {
    ensure!(extent.runs > 0, "nothing to measure");
    let folder = tempfile::tempdir()?;
    let [short, long] = extent.patients.map(|patients| folder.path().join(format!("{patients}.ndjson")));
    let bytes = [write_cohort(&short, extent.patients[0])?, write_cohort(&long, extent.patients[1])?];
    let [mut on_short, mut on_long] = [Pairs::default(), Pairs::default()];
    let before = machine()?;
    for number in 0..extent.runs {
        on_short.add(program, &short, number)?;
        on_long.add(program, &long, number)?;
    }
    let head = format!(
        "{} and {} patients, {:.1} and {:.1} MB; before: {before}; after: {}",
        extent.patients[0],
        extent.patients[1],
        bytes[0] as f64 / 1e6,
        bytes[1] as f64 / 1e6,
        machine()?,
    );
    let ratio = on_long.ratios("ratio, processor time", |usage| usage.processor.as_secs_f64());
    let peaks = [&on_short, &on_long]
        .map(|pairs| pairs.assessed.iter().filter_map(|one| one.peak).max().unwrap_or(0));
    Ok(Outcome {
        head,
        ratio: ratio.median(),
        peaks,
        table: table(&on_short, &on_long, ratio, extent.patients[1]),
    })
}

fn table(short: &Pairs, long: &Pairs, ratio: Series, patients: u64) -> Table {
    let seconds = |name, usages: &[Usage]| series(name, "s", usages, |one| Some(one.processor.as_secs_f64()));
    let memory =
        |name, usages: &[Usage]| series(name, "MiB", usages, |one| Some(one.peak? as f64 / MEBIBYTE));
    let rate = |name, usages: &[Usage]| {
        series(name, "patients/s", usages, |one| Some(patients as f64 / one.processor.as_secs_f64()))
    };
    Table(vec![
        seconds("read and check, processor time", &long.checked),
        seconds("assess, processor time", &long.assessed),
        ratio,
        long.ratios("ratio, time on the clock", |usage| usage.elapsed.as_secs_f64()),
        rate("read and check", &long.checked),
        rate("assess", &long.assessed),
        memory("read and check, peak memory, short file", &short.checked),
        memory("read and check, peak memory, long file", &long.checked),
        memory("assess, peak memory, short file", &short.assessed),
        memory("assess, peak memory, long file", &long.assessed),
    ])
}

fn series(
    name: &'static str,
    unit: &'static str,
    usages: &[Usage],
    value: impl Fn(&Usage) -> Option<f64>,
) -> Series {
    let mut series = Series::new(name, unit);
    usages.iter().filter_map(value).for_each(|value| series.push(value));
    series
}

/// Runs over one file, each reading next to an assessing.
#[derive(Default)]
struct Pairs {
    checked: Vec<Usage>,
    assessed: Vec<Usage>,
}

impl Pairs {
    /// One of each, in turn first.
    fn add(&mut self, program: &Path, file: &PathBuf, number: usize) -> anyhow::Result<()> {
        let check = || measure(Command::new(program).args(["assess", "--check-only"]).arg(file));
        let assess = || measure(Command::new(program).args(["assess", "--as-of", "2026-03-31"]).arg(file));
        let (checked, assessed) = if number.is_multiple_of(2) {
            let checked = check()?;
            (checked, assess()?)
        } else {
            let assessed = assess()?;
            (check()?, assessed)
        };
        self.checked.push(checked);
        self.assessed.push(assessed);
        Ok(())
    }

    fn ratios(&self, name: &'static str, of: impl Fn(&Usage) -> f64) -> Series {
        let mut series = Series::new(name, "times");
        let pairs = self.assessed.iter().zip(&self.checked);
        pairs.for_each(|(assessed, checked)| series.push(of(assessed) / of(checked)));
        series
    }
}
