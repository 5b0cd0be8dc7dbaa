//! Pure reminder logic: which step is due, its key, its message identity, its retry delay.
