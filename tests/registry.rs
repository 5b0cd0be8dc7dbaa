//! The registry on real databases: the store's own cases and the stories of the use cases, each on SQLite and on
//! PostgreSQL.

#[cfg(test)]
#[macro_use]
mod support;

#[cfg(test)]
#[path = "support/sink.rs"]
mod sink;

#[cfg(test)]
#[path = "store/mod.rs"]
mod store;

#[cfg(test)]
#[path = "use_cases/mod.rs"]
mod stories;
