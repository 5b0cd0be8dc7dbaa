//! lobewatch follows sarcoma patients after lung metastasectomy.
//!
//! Modules in reading order. Imports point one way only; `tests/tidy.rs` checks it:
//!
//! ```text
//! domain <- protocol <- rules, surveillance, reminders <- assessment <- app <- web, jobs, import, cli
//!                                                    store, mail, config are called by app and cli
//! ```

pub mod app;
pub mod assessment;
pub mod cli;
pub mod config;
pub mod document;
pub mod domain;
pub mod import;
pub mod jobs;
pub mod mail;
pub mod protocol;
pub mod reminders;
pub mod rules;
pub mod store;
pub mod surveillance;
pub mod web;

pub mod clock;
pub mod ids;
pub mod lifecycle;
pub mod telemetry;
