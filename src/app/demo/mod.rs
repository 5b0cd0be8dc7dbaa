//! The demonstration: published case histories, moved so that their last contact lies in the recent past.

pub mod cases;
pub mod shift;
