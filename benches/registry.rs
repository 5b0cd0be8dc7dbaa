//! Import and nightly sweep of a cohort on SQLite, as a table. `docs/performance.md` says how to read it.
//!
//! `LOBEWATCH_BENCH_PATIENTS` sets the size of the cohort (default 10,000), `LOBEWATCH_BENCH_RUNS` how often each
//! thing is measured (default 3). The database is made below the folder for temporary files (`TMPDIR`): put that on
//! a disk, since a database in memory would flatter every figure that writes.

#[path = "support/registry.rs"]
mod registry;
#[path = "support/synthetic.rs"]
mod synthetic;

use std::{io::Write as _, str::FromStr};

use anyhow::Context as _;

use registry::{Extent, run};

fn main() -> anyhow::Result<()> {
    let patients = number("LOBEWATCH_BENCH_PATIENTS", 10_000)?;
    let runs = number("LOBEWATCH_BENCH_RUNS", 3)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(run(Extent { patients, imports: runs, sweeps: runs }))?;
    writeln!(std::io::stdout().lock(), "{outcome}")?;
    Ok(())
}

fn number<T: FromStr>(variable: &str, default: T) -> anyhow::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    match std::env::var(variable) {
        Ok(text) => text.parse().with_context(|| format!("{variable} must be a number")),
        Err(_) => Ok(default),
    }
}
