//! Leases: work that one instance at a time does, and for how long it may believe that.

use sea_orm::entity::prelude::*;

/// One row of `leases`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "leases")]
pub struct Model {
    /// The work.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// Instance that holds or last held it.
    pub holder: String,
    /// Counts the holders; only ever rises.
    pub term: i64,
    /// Instant it lapses, by the database's clock.
    pub lease_until: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
