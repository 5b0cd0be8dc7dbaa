//! The loops of the service. Each wakes up, calls one use case, and says that it lives; none decides who is due.

pub mod bounces;
pub mod delivery;
pub mod nightly;
