//! Texts and names that are safe to store, log and show.

use std::{fmt, sync::Arc};

/// The longest free text of a fact, in characters.
const LONGEST_TEXT: usize = 10_000;
/// The longest name of a thing, in characters.
const LONGEST_NAME: usize = 100;

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but blanks.
    #[error("is empty; give a value or leave the key out")]
    Empty,
    /// A character that no database column, mail header or page can carry safely.
    #[error("holds a control character (NUL, line break in a name, or the like); remove it")]
    Control,
    /// Too long to be what it claims to be.
    #[error("is longer than {0} characters; shorten it")]
    TooLong(usize),
    /// Blank at an end, so that two names could look alike.
    #[error("begins or ends with a blank; remove it")]
    OuterBlank,
    /// A study id of several words is likely a name, and study ids stand in mails.
    #[error(
        "holds a blank or a character outside letters, digits and - _ . : / + #; a study id is one word and never a name"
    )]
    NotOneWord,
}

fn check_name(text: &str) -> Result<(), TextError> {
    if text.trim().is_empty() {
        return Err(TextError::Empty);
    }
    if text.chars().any(is_unsafe) {
        return Err(TextError::Control);
    }
    if text.trim() != text {
        return Err(TextError::OuterBlank);
    }
    if text.chars().count() > LONGEST_NAME {
        return Err(TextError::TooLong(LONGEST_NAME));
    }
    Ok(())
}

/// Control characters, the two Unicode line separators that mail headers and logs must not carry, and the marks that
/// turn the direction of text around and so make one name look like another.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Names are shared when cloned: evidence and states of nodules name the same few again and again.
macro_rules! name_type {
    ($($(#[$meta:meta])* $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Parses a name of 1 to 100 characters without control characters or outer blanks.
            ///
            /// # Errors
            /// Says what is wrong with the text and how to mend it.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                check_name(text).map(|()| Self(text.into()))
            }

            /// The name as written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

/// The study id of a patient: the only name of a patient that may appear in a mail or log line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StudyId(Box<str>);

impl StudyId {
    /// Parses one word of 1 to 100 letters, digits and `- _ . : / + #`.
    ///
    /// # Errors
    /// Says what is wrong with the text and how to mend it.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        check_name(text)?;
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/' | '+' | '#');
        if !text.chars().all(allowed) {
            return Err(TextError::NotOneWord);
        }
        Ok(Self(text.into()))
    }

    /// The study id as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StudyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

name_type! {
    /// The slug of a clinic.
    ClinicSlug;
    /// The permanent identity of a nodule within its patient.
    NoduleId;
    /// The identity of an imaging study within its patient.
    StudyKey;
    /// The identity of an operation within its patient.
    OperationId;
    /// The identity of a systemic or local therapy within its patient.
    TherapyId;
    /// Names an operation or a local therapy of a patient.
    TreatmentId;
    /// The name of a primary tumour within its patient; `primary` is the first one.
    PrimaryId;
}

/// Free text of a fact: not empty, no control characters but line breaks and tabs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text(Box<str>);

impl Text {
    /// Parses free text of at most 10,000 characters.
    ///
    /// # Errors
    /// Says what is wrong with the text and how to mend it.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        if text.trim().is_empty() {
            return Err(TextError::Empty);
        }
        if text.chars().any(|character| is_unsafe(character) && !matches!(character, '\n' | '\t')) {
            return Err(TextError::Control);
        }
        if text.chars().count() > LONGEST_TEXT {
            return Err(TextError::TooLong(LONGEST_TEXT));
        }
        Ok(Self(text.into()))
    }

    /// The text as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_break_a_header_or_a_row_are_refused() {
        for (text, error) in [
            ("", TextError::Empty),
            ("  ", TextError::Empty),
            ("a\0b", TextError::Control),
            ("a\r\nBcc: x", TextError::Control),
            ("a\u{2028}b", TextError::Control),
            ("a\u{202E}b", TextError::Control),
            (" a", TextError::OuterBlank),
            (&"x".repeat(101), TextError::TooLong(100)),
            ("Rossi Maria", TextError::NotOneWord),
            ("P\u{feff}-1", TextError::NotOneWord),
            ("P<1>", TextError::NotOneWord),
        ] {
            assert_eq!(StudyId::parse(text), Err(error), "{text:?}");
        }
        assert_eq!(StudyId::parse("P-0001").unwrap().as_str(), "P-0001");
        assert_eq!(StudyId::parse(&"é".repeat(100)).unwrap().as_str().chars().count(), 100);
    }

    #[test]
    fn free_text_may_have_lines_but_no_nul() {
        assert!(Text::parse("one\ntwo\tthree").is_ok());
        assert_eq!(Text::parse("one\0"), Err(TextError::Control));
        assert_eq!(Text::parse(&"x".repeat(10_001)), Err(TextError::TooLong(10_000)));
    }
}
