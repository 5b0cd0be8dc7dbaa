//! Statistics of counts: pure functions of numbers, with the literature value they were checked against.
//!
//! Nothing here knows a patient. A figure never stands without its interval, and a small one says that it is small.

mod proportion;

pub use self::proportion::{Interval, Proportion, SMALL_BELOW};
