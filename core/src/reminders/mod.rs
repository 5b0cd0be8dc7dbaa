//! Pure reminder logic: which step is due, its key, its message identity, its retry delay, a clinic's digest.
//!
//! Nothing here reads a clock, a database or a network; the caller passes today's civil date and the facts.
//! Sending lives in `mail`, deciding when to sweep in `app`. Start with [`step`].

pub mod backoff;
pub mod breaker;
pub mod digest;
pub mod key;
pub mod message_id;
pub mod reply;
pub mod step;

pub use step::{Ladder, OverdueStep, Owner, SlotDates, SlotDatesError, Step, StepCodeError, StepDue};
