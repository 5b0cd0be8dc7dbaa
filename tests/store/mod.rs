//! Store cases, one file per aggregate.

mod assessments;
mod batches;
mod facts;
mod mails;
mod patients;
mod reminders;
mod schema;
mod status;
mod writers;
