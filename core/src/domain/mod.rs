//! Pure nouns of the follow-up after lung metastasectomy. No IO, no clock.
//!
//! A value of these types is legal: it was parsed, or it does not exist. What is odd but possible is not
//! refused here; the consistency checks in [`crate::rules`] make it a visible data task.

pub mod board;
pub mod dates;
pub mod event;
pub mod follow_up;
pub mod history;
pub mod imaging;
pub mod lung;
pub mod measure;
pub mod nodule;
pub mod operation;
pub mod patient;
pub mod primary;
pub mod slot_action;
pub mod text;
pub mod therapy;
pub mod tier;
pub mod truth;
pub mod vocabulary;
