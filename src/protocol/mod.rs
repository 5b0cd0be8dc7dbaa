//! The surveillance protocol: tiers, intervals, windows and thresholds as validated values.
