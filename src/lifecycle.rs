//! Start and two-stage shutdown.
