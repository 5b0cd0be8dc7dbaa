//! Data tasks: questions a person has to answer about the data.

use sea_orm::entity::prelude::*;

/// One row of `data_tasks`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "data_tasks")]
pub struct Model {
    /// Row number; carries no meaning.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Patient in question.
    pub patient_id: Uuid,
    /// Identity of the question; open at most once per patient.
    pub task_key: String,
    /// The question in words.
    pub reason: String,
    /// Instant it was first asked.
    pub opened_at: DateTimeUtc,
    /// Instant it was closed; null while open.
    pub closed_at: Option<DateTimeUtc>,
    /// Why it was closed.
    pub closed_because: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
