//! Schema history of lobewatch.
