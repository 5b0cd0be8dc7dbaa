//! lobewatch follows sarcoma patients after lung metastasectomy.
//!
//! Modules in reading order. Imports point one way only; `tests/tidy.rs` checks it:
//!
//! ```text
//! domain <- protocol <- rules, surveillance, reminders <- assessment <- app <- web, jobs, import, cli
//!                                                    store, mail, config are called by app and cli
//! literature stands alone and is read by cli only
//! ```

// The functional core, under the names it has there.
pub use lobewatch_core::{
    assessment, document, domain, literature, protocol, reminders, rules, surveillance,
};

pub mod app;
pub mod cli;
pub mod config;
pub mod import;
pub mod jobs;
pub mod mail;
pub mod store;
pub mod web;

pub mod clock;
pub mod ids;
pub mod lifecycle;
pub mod telemetry;
