//! SeaORM models of lobewatch: one file per table, no behaviour.
//!
//! The schema itself is made by the `migrations` crate; these models only read and write it.
//! Relations are not declared here: the few joins are written where they are used.

pub mod assessments;
pub mod data_tasks;
pub mod facts;
pub mod flags;
pub mod import_batches;
pub mod leases;
pub mod mail_relay;
pub mod mail_stops;
pub mod mail_tasks;
pub mod mails;
pub mod patients;
pub mod reminders;
pub mod revisions;
pub mod runs;
pub mod slots;
pub mod suspect_addresses;
pub mod withdrawn_mails;
