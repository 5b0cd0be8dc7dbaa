//! What lobewatch knows of a patient and what follows from it: pure functions of facts, protocol and date.
//!
//! No input or output, no clock, no chance. That it is a crate of its own keeps it so: a runtime, a database or a
//! mail library cannot be named here without a line in its `Cargo.toml`. Modules in reading order:
//!
//! ```text
//! domain <- protocol <- rules, surveillance, reminders <- assessment <- document
//! literature stands alone: published figures for readers, which no decision may read
//! statistics <- rules
//! ```

pub mod assessment;
pub mod document;
pub mod domain;
#[cfg(any(test, feature = "testing"))]
pub mod fuzzing;
pub mod literature;
pub mod protocol;
pub mod reminders;
pub mod rules;
#[cfg(test)]
mod scenarios;
pub mod statistics;
pub mod surveillance;
