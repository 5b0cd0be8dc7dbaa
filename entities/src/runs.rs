//! Runs: each nightly job and how it ended.

use sea_orm::entity::prelude::*;

/// One row of `runs`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "runs")]
pub struct Model {
    /// Identity of the run.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Kind of job, for example `sweep`.
    pub kind: String,
    /// Civil day it computed for.
    pub as_of: Date,
    /// Instant it began.
    pub started_at: DateTimeUtc,
    /// Instant it ended; null while running or if it was killed.
    pub finished_at: Option<DateTimeUtc>,
    /// `running`, `complete`, `incomplete` or `failed`.
    pub outcome: String,
    /// Patients looked at.
    pub n_patients: i64,
    /// Patients it could not handle.
    pub n_failed: i64,
    /// Counts as JSON.
    pub summary: String,
}

impl ActiveModelBehavior for ActiveModel {}
