//! Schema history of lobewatch.
//!
//! One file per step, the same for SQLite and PostgreSQL. A released step is never edited: the
//! data definition in it is frozen text, not derived from the entities, so that a database made
//! years ago and one made today have gone through the same statements.

mod m20261124_000001_create_registry;
mod m20261125_000003_create_delivery;
mod spelling;

use sea_orm_migration::{MigrationTrait, prelude::async_trait};
pub use sea_orm_migration::{MigratorTrait, prelude::DbErr};

/// Every step, oldest first.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_create_registry::Migration),
            Box::new(m20261125_000003_create_delivery::Migration),
        ]
    }
}
