//! The mail server as the service last met it: one row.

use sea_orm::entity::prelude::*;

/// One row of `mail_relay`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_relay")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Failures in a row that were about the server as a whole.
    pub failures: i64,
    /// Instant of the first of them; null if there are none.
    pub failing_since: Option<DateTimeUtc>,
    /// Instant since which mails are held back; null while they leave.
    pub open_since: Option<DateTimeUtc>,
    /// Earliest instant of the next attempt with one mail; null while mails leave.
    pub next_probe_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
