//! Use cases, one file each: load, decide, persist in one transaction.
//!
//! A use case that needs an "if" about medicine is in the wrong folder: the pure folders decide, this one carries
//! out. Nothing here knows pages, arguments or terminals.

pub mod act_on_patient;
pub mod alone;
pub mod compose_digest;
pub mod context;
pub mod deliver;
pub mod demo;
pub mod enqueue_digests;
pub mod export_histories;
pub mod fresh_status;
pub mod import_histories;
pub mod journal;
pub mod metrics;
pub mod night;
pub mod read_bounces;
pub mod read_status;
pub mod recipient;
mod repeat;
pub mod roll_back_batch;
pub mod save_assessment;
pub mod status;
pub mod stored_history;
pub mod sweep;
