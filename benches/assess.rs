//! `lobewatch assess` over a long file beside a mere reading of it. `docs/performance.md` says how to read the table.
//!
//! `LOBEWATCH_BENCH_PATIENTS` sets the patients of the long file (default 100,000; the short one has a tenth),
//! `LOBEWATCH_BENCH_RUNS` how often each is run (default 5). Ends with an error where assessing costs more than twice
//! the reading, or where memory grows with the file. The files are made below the folder for temporary files (`TMPDIR`)
//! from a seed, 12.4 kB a patient.

#[path = "support/assess.rs"]
mod assess;
#[path = "support/cohort_file.rs"]
mod cohort_file;
#[path = "support/figures.rs"]
mod figures;
#[path = "support/process.rs"]
mod process;
#[path = "support/settings.rs"]
mod settings;
#[path = "support/synthetic.rs"]
mod synthetic;

use std::{io::Write as _, path::Path};

use anyhow::ensure;

use assess::{Extent, run};

fn main() -> anyhow::Result<()> {
    let patients = settings::number("LOBEWATCH_BENCH_PATIENTS", 100_000)?;
    let runs = settings::number("LOBEWATCH_BENCH_RUNS", 5)?;
    let program = Path::new(env!("CARGO_BIN_EXE_lobewatch"));
    let outcome = run(program, Extent { patients: [patients / 10, patients], runs })?;
    writeln!(std::io::stdout().lock(), "{outcome}")?;
    ensure!(outcome.is_fast() && outcome.is_flat(), "a bound does not hold; see above");
    Ok(())
}
