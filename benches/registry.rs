//! Import and nightly sweep of a cohort on SQLite, as a table. `docs/performance.md` says how to read it.
//!
//! `LOBEWATCH_BENCH_PATIENTS` sets the size of the cohort (default 10,000), `LOBEWATCH_BENCH_RUNS` how often each
//! thing is measured (default 3). The database is made below the folder for temporary files (`TMPDIR`): put that on
//! a disk, since a database in memory would flatter every figure that writes.

#[path = "support/cohort_file.rs"]
mod cohort_file;
#[path = "support/figures.rs"]
mod figures;
#[path = "support/registry.rs"]
mod registry;
#[path = "support/settings.rs"]
mod settings;
#[path = "support/synthetic.rs"]
mod synthetic;

use std::io::Write as _;

use registry::{Extent, run};

fn main() -> anyhow::Result<()> {
    let patients = settings::number("LOBEWATCH_BENCH_PATIENTS", 10_000)?;
    let runs = settings::number("LOBEWATCH_BENCH_RUNS", 3)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(run(Extent { patients, imports: runs, sweeps: runs }))?;
    writeln!(std::io::stdout().lock(), "{outcome}")?;
    Ok(())
}
