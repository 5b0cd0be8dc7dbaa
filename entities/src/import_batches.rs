//! Import batches: what came in together and can be rolled back together.

use sea_orm::entity::prelude::*;

/// One row of `import_batches`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_batches")]
pub struct Model {
    /// Identity by which a batch is rolled back.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Instant the import began.
    pub started_at: DateTimeUtc,
    /// Instant it was committed; null while running or if it was killed.
    pub finished_at: Option<DateTimeUtc>,
    /// Person or command that imported.
    pub imported_by: String,
    /// File names as given.
    pub source: String,
    /// `running`, `committed` or `rolled_back`.
    pub state: String,
    /// Patients that were new.
    pub n_new: i64,
    /// Patients whose facts changed.
    pub n_changed: i64,
    /// Patients already known exactly so.
    pub n_unchanged: i64,
    /// Documents refused.
    pub n_refused: i64,
    /// Instant of the roll-back.
    pub rolled_back_at: Option<DateTimeUtc>,
    /// Person or command that rolled back.
    pub rolled_back_by: Option<String>,
    /// Why it was rolled back.
    pub rolled_back_reason: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
