//! Stops: while one is open no mail leaves, for one clinic or for all.

use sea_orm::entity::prelude::*;

/// One row of `mail_stops`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_stops")]
pub struct Model {
    /// Row number; carries no meaning.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Clinic; null for all.
    pub clinic: Option<String>,
    /// Instant it was stopped.
    pub stopped_at: DateTimeUtc,
    /// Who stopped it.
    pub stopped_by: String,
    /// Why.
    pub because: String,
    /// Instant it was lifted; null while it holds.
    pub lifted_at: Option<DateTimeUtc>,
    /// Who lifted it.
    pub lifted_by: Option<String>,
    /// Why.
    pub lifted_because: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
