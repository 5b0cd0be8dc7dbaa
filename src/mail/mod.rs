//! Mail: text hygiene, templates, messages and transports.
//!
//! This folder turns a pure digest into a message and hands it to a relay or a folder. It decides nothing: whether,
//! when and to whom a mail goes is settled before, in `reminders` and `app`. It writes no log lines; errors carry
//! reply codes only, never an address or a server's text.

pub mod address;
pub mod bounces;
pub mod hygiene;
pub mod message;
pub mod settings;
pub mod templates;
pub mod transport;
