//! Pure recurrence rules: timeline, disease-free interval, episodes, patterns, tiers, consistency.
