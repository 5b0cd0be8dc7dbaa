//! Pure composition: history, protocol and date become one assessment.
