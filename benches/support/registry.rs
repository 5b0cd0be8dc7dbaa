//! Import and sweep of a whole cohort, measured on the use cases themselves and on a database on disk.
//!
//! The sweep is measured in pairs with a plain scan of what it reads: on a machine with other work the ratio of a
//! pair means more than either time.

#[path = "registry/cohort.rs"]
pub mod cohort;
#[path = "memory.rs"]
pub mod memory;
#[path = "registry/scan.rs"]
pub mod scan;

use std::{fmt, sync::Arc, time::Instant};

use anyhow::ensure;
use chrono::TimeDelta;
use lobewatch::{
    app::{
        enqueue_digests::DigestTime,
        sweep::{SweepReport, sweep},
    },
    protocol::Protocol,
};

use super::{
    cohort_file::write_cohort,
    figures::{Series, Table},
};
use cohort::{Imported, Registry};
use scan::{Scan, Scanned};

/// Patients after which the memory is looked at first, to see whether it grows with the cohort.
const EARLY: u64 = 2_000;
const MEBIBYTE: f64 = 1_048_576.0;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    pub patients: u64,
    /// Imports, each into an empty registry.
    pub imports: usize,
    /// Sweeps of each kind.
    pub sweeps: usize,
}

/// What was measured, and what was done meanwhile.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub table: Table,
    pub cohort_bytes: u64,
    pub database_bytes: u64,
    pub scanned: Scanned,
    /// Patients written by each sweep, in order: quiet, next day, rewrite.
    pub changed: [Vec<u64>; 3],
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        writeln!(
            f,
            "{} patients, {:.1} MB of documents, {:.1} MB on disk, {} facts, {:.1} MB of facts\n",
            self.scanned.patients,
            megabytes(self.cohort_bytes),
            megabytes(self.database_bytes),
            self.scanned.facts,
            megabytes(self.scanned.content_bytes),
        )?;
        writeln!(f, "{}", self.table)?;
        let [quiet, next_day, rewrite] = &self.changed;
        write!(
            f,
            "patients written: nothing to write {quiet:?}, a day later {next_day:?}, rewritten {rewrite:?}"
        )
    }
}

/// Runs everything.
pub async fn run(extent: Extent) -> anyhow::Result<Outcome> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("cohort.ndjson");
    let cohort_bytes = write_cohort(&file, extent.patients)?;
    let mut imports = ImportSeries::new();
    let mut last = None;
    for number in 0..extent.imports.max(1) {
        // The registry before is closed and removed first: only one is open at a time.
        if let Some(registry) = last.take() {
            discard(registry).await?;
        }
        let registry = Registry::create(folder.path().join(format!("{number}/registry.db"))).await?;
        let imported = registry.import(&file, EARLY).await?;
        ensure!(
            imported.new == extent.patients && imported.counts.new == i64::try_from(extent.patients)?,
            "not every patient was new: {imported:?}"
        );
        imports.add(&imported, extent.patients);
        last = Some(registry);
    }
    let Some(mut registry) = last else { anyhow::bail!("nothing was imported") };
    let database_bytes = registry.bytes_on_disk();
    let scan = Scan::open(&registry.url).await?;
    let scanned = scan.run().await?;
    let mut sweeps = SweepSeries::default();
    let mut changed: [Vec<u64>; 3] = Default::default();
    for _ in 0..extent.sweeps {
        let report = sweeps.quiet.pair(&scan, &registry, extent.patients).await?;
        changed[0].push(report.changed);
    }
    for _ in 0..extent.sweeps {
        registry.clock.advance(TimeDelta::days(1));
        let report = sweeps.next_day.pair(&scan, &registry, extent.patients).await?;
        changed[1].push(report.changed);
    }
    for number in 0..extent.sweeps {
        let version = format!("{}-rewrite-{number}", registry.ctx.protocol.version);
        registry.ctx.protocol = Arc::new(Protocol { version, ..Protocol::clone(&registry.ctx.protocol) });
        let report = sweeps.rewrite.pair(&scan, &registry, extent.patients).await?;
        changed[2].push(report.changed);
    }
    let mut table = imports.into_series();
    table.extend(sweeps.into_series());
    Ok(Outcome { table: Table(table), cohort_bytes, database_bytes, scanned, changed })
}

async fn discard(registry: Registry) -> anyhow::Result<()> {
    let path = registry.path.clone();
    registry.ctx.store.close().await?;
    if let Some(folder) = path.parent() {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(())
}

struct ImportSeries {
    rate: Series,
    looked: Series,
    recorded: Series,
    early: Series,
    peak: Series,
}

impl ImportSeries {
    fn new() -> Self {
        Self {
            rate: Series::new("import, both readings", "patients/s"),
            looked: Series::new("of it: check and preview", "s"),
            recorded: Series::new("of it: record", "s"),
            early: Series::new("import, peak memory at 2,000 patients", "MiB"),
            peak: Series::new("import, peak memory at the end", "MiB"),
        }
    }

    fn add(&mut self, imported: &Imported, patients: u64) {
        let total = imported.looked + imported.recorded;
        self.rate.push(patients as f64 / total.as_secs_f64());
        self.looked.push(imported.looked.as_secs_f64());
        self.recorded.push(imported.recorded.as_secs_f64());
        for (series, bytes) in [(&mut self.early, imported.early_peak), (&mut self.peak, imported.peak)] {
            series.values.extend(bytes.map(|bytes| bytes as f64 / MEBIBYTE));
        }
    }

    fn into_series(self) -> Vec<Series> {
        vec![self.rate, self.looked, self.recorded, self.early, self.peak]
    }
}

struct SweepSeries {
    quiet: Pairs,
    next_day: Pairs,
    rewrite: Pairs,
}

impl Default for SweepSeries {
    fn default() -> Self {
        Self {
            quiet: Pairs::new("sweep, nothing to write", "plain scan beside it", "ratio, nothing to write"),
            next_day: Pairs::new("sweep, a day later", "plain scan beside it", "ratio, a day later"),
            rewrite: Pairs::new("sweep, everything rewritten", "plain scan beside it", "ratio, rewritten"),
        }
    }
}

impl SweepSeries {
    fn into_series(self) -> Vec<Series> {
        [self.quiet, self.next_day, self.rewrite]
            .into_iter()
            .flat_map(|pairs| [pairs.sweep, pairs.scan, pairs.ratio, pairs.peak])
            .collect()
    }
}

/// A sweep and the scan measured right before it.
struct Pairs {
    sweep: Series,
    scan: Series,
    ratio: Series,
    peak: Series,
}

impl Pairs {
    fn new(sweep: &'static str, scan: &'static str, ratio: &'static str) -> Self {
        Self {
            sweep: Series::new(sweep, "s"),
            scan: Series::new(scan, "s"),
            ratio: Series::new(ratio, "times"),
            peak: Series::new("peak memory of that sweep", "MiB"),
        }
    }

    async fn pair(&mut self, scan: &Scan, registry: &Registry, patients: u64) -> anyhow::Result<SweepReport> {
        let began = Instant::now();
        let scanned = scan.run().await?;
        let scanning = began.elapsed();
        memory::forget_peak();
        let began = Instant::now();
        let report = sweep(&registry.ctx, None, DigestTime::ClinicHour, || false).await?;
        let sweeping = began.elapsed();
        self.peak.values.extend(memory::peak().map(|bytes| bytes as f64 / MEBIBYTE));
        ensure!(report.is_sound(), "the sweep was not sound: {report:?}");
        ensure!(
            report.patients == patients && scanned.patients == patients,
            "not every patient was seen: {report:?}"
        );
        self.scan.push(scanning.as_secs_f64());
        self.sweep.push(sweeping.as_secs_f64());
        self.ratio.push(sweeping.as_secs_f64() / scanning.as_secs_f64());
        Ok(report)
    }
}
