//! Use cases, one file each: load, decide, persist in one transaction.

pub mod metrics;
pub mod status;
