//! Three-valued logic: what is not known is neither true nor false.
//!
//! The tables are Kleene's: an unknown input decides nothing unless the other input already does.
//! Nothing here may turn `Unknown` into a plain `bool` silently; the two readings that a caller may
//! need (`is_true`, `may_be_true`) say in their name which way they lean.

use std::fmt;

/// A truth value of a statement about a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Truth {
    /// Holds on every reading of the facts.
    True,
    /// Fails on every reading of the facts.
    False,
    /// The facts allow both.
    Unknown,
}

impl Truth {
    /// The wire spelling: `true`, `false` or `unknown`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the statement certainly holds.
    #[must_use]
    pub const fn is_true(self) -> bool {
        matches!(self, Self::True)
    }

    /// Whether the statement certainly fails.
    #[must_use]
    pub const fn is_false(self) -> bool {
        matches!(self, Self::False)
    }

    /// Whether the facts do not decide.
    #[must_use]
    pub const fn is_unknown(self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether the statement holds or may hold: the unfavourable reading of an unfavourable statement.
    #[must_use]
    pub const fn may_be_true(self) -> bool {
        !self.is_false()
    }

    /// Both hold.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }

    /// At least one holds.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::False, Self::False) => Self::False,
            _ => Self::Unknown,
        }
    }

    /// Every one holds; true for none.
    pub fn all(values: impl IntoIterator<Item = Self>) -> Self {
        values.into_iter().fold(Self::True, Self::and)
    }

    /// At least one holds; false for none.
    pub fn any(values: impl IntoIterator<Item = Self>) -> Self {
        values.into_iter().fold(Self::False, Self::or)
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

impl From<Option<bool>> for Truth {
    fn from(value: Option<bool>) -> Self {
        value.map_or(Self::Unknown, Self::from)
    }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{self, False, True, Unknown};

    #[test]
    fn unknown_is_not_no() {
        assert_eq!(!Unknown, Unknown);
        assert_eq!(Unknown.or(False), Unknown);
        assert_eq!(Unknown.and(True), Unknown);
        assert!(Unknown.may_be_true() && !Unknown.is_true() && !Unknown.is_false());
    }

    #[test]
    fn a_deciding_input_wins_over_an_unknown_one() {
        assert_eq!(Unknown.or(True), True);
        assert_eq!(Unknown.and(False), False);
        assert_eq!(Truth::any([False, Unknown, True]), True);
        assert_eq!(Truth::all([True, Unknown, False]), False);
        assert_eq!(Truth::any([]), False);
        assert_eq!(Truth::all([]), True);
    }
}
