//! Addresses in doubt: nothing is sent to them until a person has looked.

use sea_orm::entity::prelude::*;

/// One row of `suspect_addresses`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "suspect_addresses")]
pub struct Model {
    /// Row number; carries no meaning.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Address; in doubt at most once at a time.
    pub address: String,
    /// Mail that was refused or came back.
    pub mail_id: Uuid,
    /// Instant of the refusal or of reading the report.
    pub since: DateTimeUtc,
    /// What was answered: codes only.
    pub because: String,
    /// Instant a person trusted it again; null while in doubt.
    pub cleared_at: Option<DateTimeUtc>,
    /// Who trusted it again.
    pub cleared_by: Option<String>,
    /// Why.
    pub cleared_because: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
