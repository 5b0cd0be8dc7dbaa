//! Pure nouns of the follow-up after lung metastasectomy. No IO, no clock.
