//! Text that is safe in a mail header or body, checked once at the door.
//!
//! The mail library panics on a line break in a display name and lets a NUL or a lone carriage return through in
//! a body, so nothing unchecked may reach it. Text is refused, never repaired: a name with a line break in it is a
//! mistake somebody has to see.

use std::fmt;

use thiserror::Error;

/// The most characters of a header text.
pub const MAX_HEADER_CHARS: usize = 250;
/// The most characters of a clinic's or sender's name, so that a subject with a name in it still fits.
pub const MAX_NAME_CHARS: usize = 120;

/// Why a text cannot stand in a mail.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HygieneError {
    /// A character that could end a line, a header or the reader's trust.
    #[error(
        "character U+{code:04X} at position {position} may not stand in a mail; remove it where the text is kept"
    )]
    Character {
        /// The character's number.
        code: u32,
        /// Its place, counted in characters from 1.
        position: usize,
    },
    /// A mark that mail programs would decode into other text.
    #[error("`=?` may not stand in a mail header; remove it where the text is kept")]
    EncodedWord,
    /// Too long.
    #[error("text has {found} characters, at most {most} fit; shorten it where it is kept")]
    TooLong {
        /// Characters found.
        found: usize,
        /// Characters allowed.
        most: usize,
    },
    /// Nothing but blanks.
    #[error("text is empty; fill it in where it is kept")]
    Empty,
}

/// One line of text for a header: a subject or a display name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderText(String);

impl HeaderText {
    /// Checks a subject. Blanks around it are dropped.
    ///
    /// # Errors
    /// When it is empty, longer than [`MAX_HEADER_CHARS`], or has a character that may not stand in a header.
    pub fn parse(text: &str) -> Result<Self, HygieneError> {
        Self::parse_at_most(text, MAX_HEADER_CHARS)
    }

    /// Checks the name of a clinic or a sender. Blanks around it are dropped.
    ///
    /// # Errors
    /// As [`HeaderText::parse`], with [`MAX_NAME_CHARS`].
    pub fn parse_name(text: &str) -> Result<Self, HygieneError> {
        Self::parse_at_most(text, MAX_NAME_CHARS)
    }

    fn parse_at_most(text: &str, most: usize) -> Result<Self, HygieneError> {
        refuse(text, is_refused)?;
        if text.contains("=?") {
            return Err(HygieneError::EncodedWord);
        }
        let text = text.trim();
        let found = text.chars().count();
        if found == 0 {
            return Err(HygieneError::Empty);
        }
        if found > most {
            return Err(HygieneError::TooLong { found, most });
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks a rendered body: as a header, but with line feeds.
///
/// # Errors
/// When it has a character that may not stand in a body. A carriage return may not: line ends are made when the
/// message is built.
pub fn check_body(text: &str) -> Result<(), HygieneError> {
    refuse(text, |c| c != '\n' && is_refused(c))
}

fn refuse(text: &str, refused: impl Fn(char) -> bool) -> Result<(), HygieneError> {
    match text.chars().enumerate().find(|(_, c)| refused(*c)) {
        Some((index, c)) => Err(HygieneError::Character { code: u32::from(c), position: index + 1 }),
        None => Ok(()),
    }
}

/// C0 and C1 controls (U+0085 among them), line and paragraph separators, and the marks that turn the direction
/// of the text after them around.
fn is_refused(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_pass_in_any_script() {
        for name in ["North Clinic", "Klinik für Thoraxchirurgie", "東京病院", "O'Brien & Sons <x>, \"y\""]
        {
            assert_eq!(HeaderText::parse(&format!(" {name} ")).unwrap().as_str(), name);
        }
    }

    #[test]
    fn every_control_and_separator_is_refused_wherever_it_stands() {
        let controls = (0_u32..0x20).chain(0x7F..0xA0).chain([0x2028, 0x2029, 0x202E, 0x2066]);
        for c in controls.filter_map(char::from_u32) {
            for text in [format!("a{c}b"), format!("{c}ab"), format!("ab{c}")] {
                let error = HeaderText::parse(&text).unwrap_err();
                assert!(matches!(error, HygieneError::Character { .. }), "{text:?}: {error}");
            }
        }
    }

    #[test]
    fn encoded_words_empty_and_overlong_texts_are_refused() {
        assert_eq!(HeaderText::parse("=?utf-8?q?=0A?="), Err(HygieneError::EncodedWord));
        assert_eq!(HeaderText::parse("  "), Err(HygieneError::Empty));
        let long = "x".repeat(251);
        assert_eq!(HeaderText::parse(&long), Err(HygieneError::TooLong { found: 251, most: 250 }));
    }

    #[test]
    fn a_body_may_have_line_feeds_and_nothing_else_of_the_kind() {
        assert_eq!(check_body("a\nb\n"), Ok(()));
        for body in ["a\r\nb", "a\0", "a\u{85}", "a\u{2028}", "a\tb"] {
            assert!(check_body(body).is_err(), "{body:?}");
        }
    }
}
