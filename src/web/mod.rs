//! Pages, health, metrics.
