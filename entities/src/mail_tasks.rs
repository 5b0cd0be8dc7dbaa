//! Tasks about mail: what somebody has to look at because a mail did not reach anybody.

use sea_orm::entity::prelude::*;

/// One row of `mail_tasks`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_tasks")]
pub struct Model {
    /// Row number; carries no meaning.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Identity of the question; open at most once.
    pub task_key: String,
    /// Clinic concerned; null if it concerns all.
    pub clinic: Option<String>,
    /// Mail that gave rise to it, if one did.
    pub mail_id: Option<Uuid>,
    /// The question in words.
    pub reason: String,
    /// Instant it was first asked.
    pub opened_at: DateTimeUtc,
    /// Instant it was closed; null while open.
    pub closed_at: Option<DateTimeUtc>,
    /// Who closed it; `lobewatch` where the cause went away by itself.
    pub closed_by: Option<String>,
    /// Why it was closed.
    pub closed_because: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
