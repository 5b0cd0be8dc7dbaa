//! The store on real databases: every case runs on SQLite and on PostgreSQL.

#[cfg(test)]
#[macro_use]
mod support;

#[cfg(test)]
#[path = "store/mod.rs"]
mod cases;
