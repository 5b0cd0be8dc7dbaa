//! Revisions: who changed a patient's facts, when and why. Append-only.
//!
//! Triggers refuse every update and delete.

use sea_orm::entity::prelude::*;

/// One row of `revisions`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revisions")]
pub struct Model {
    /// Identity of the revision.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Patient whose facts changed.
    pub patient_id: Uuid,
    /// 1, 2, 3 … per patient, without gaps.
    pub seq: i64,
    /// Instant at which the change was recorded.
    pub recorded_at: DateTimeUtc,
    /// Person or command that recorded it.
    pub recorded_by: String,
    /// Why it was recorded.
    pub reason: String,
    /// Import batch it came from, if any.
    pub batch_id: Option<Uuid>,
}

impl ActiveModelBehavior for ActiveModel {}
