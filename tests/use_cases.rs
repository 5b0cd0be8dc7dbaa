//! The use cases on real databases: stories of patients, clinics and mails, each on SQLite and on PostgreSQL.

#[cfg(test)]
#[macro_use]
mod support;

#[cfg(test)]
#[path = "use_cases/mod.rs"]
mod stories;
