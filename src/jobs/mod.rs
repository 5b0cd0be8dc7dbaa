//! The loops of the service: nightly wake-up and delivery.
