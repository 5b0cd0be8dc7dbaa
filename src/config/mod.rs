//! Layered configuration with the source of every value.
