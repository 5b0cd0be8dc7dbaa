//! A made-up cohort as a file, one patient a line.

use std::{
    fs::File,
    io::{BufWriter, IntoInnerError, Result, Write},
    path::Path,
};

use super::synthetic::{calendar::Day, patient};

/// The seed of every cohort, so that runs compare.
const SEED: u64 = 7;
/// The day before which everything happened.
pub const REFERENCE: Day = Day::new(2026, 3, 31);

/// Writes the first patients of the cohort; returns the size of the file in bytes.
pub fn write_cohort(path: &Path, patients: u64) -> Result<u64> {
    let mut file = BufWriter::new(File::create(path)?);
    for index in 0..patients {
        writeln!(file, "{}", patient(SEED, index, REFERENCE))?;
    }
    file.into_inner().map_err(IntoInnerError::into_error)?.metadata().map(|file| file.len())
}
