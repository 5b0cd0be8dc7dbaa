//! Bytes to documents: streaming, bounded, with line and JSON path of everything that is refused.
//!
//! A reader is cut into documents ([`splitter`]), each is checked on its own ([`check`]): one bad document never
//! blocks the others. Nothing here knows a database or decides what an accepted document changes.

pub mod check;
pub mod grammar;
pub mod limits;
pub mod source;
pub mod splitter;
