//! The wire formats `lobewatch.history/1` and `lobewatch.assessment/1`.
//!
//! Text becomes a domain history in two steps: serde fills the wire structs of [`history`], then each value is
//! read into the domain with every problem collected under its JSON path. Nothing here judges a history or
//! opens a file; nothing fills in what was not reported.

pub mod assemble;
pub mod assessment;
pub mod compare;
pub mod facts;
pub mod field;
pub mod history;
pub mod json;
pub mod locate;
pub mod nodule_status;
mod object;
pub mod of_assessment;
mod of_timeline;
pub mod path;
pub mod read;
mod recover;
pub mod schema;
pub mod slot;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod timeline;
pub mod value;
pub mod write;
