//! Where a JSON object ends, byte by byte: structure only, without recursion and without keeping anything.
//!
//! Numbers and words are not looked into; the JSON parser does that once the end is found. What this finds
//! wrong is certainly wrong, so that nothing has to be guessed about where the next document begins.

/// Deepest nesting; a history needs eight. The parser itself allows 128, so it never recurses further.
const DEEPEST: u32 = 64;

/// What a run of bytes led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The object goes on.
    More,
    /// The object ended with the last byte taken.
    Done,
    /// The next byte, not taken, cannot stand here.
    Wrong(Fault),
}

/// Why a byte cannot stand where it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A NUL byte.
    #[error("holds a NUL byte; remove it")]
    Nul {
        /// Whether it lies within a text.
        in_text: bool,
    },
    /// A line break or another control character within a text.
    #[error("a text holds a line break or control character; close the text or write \\n")]
    Control(u8),
    /// A bracket closes what another kind opened.
    #[error("`{0}` closes what another bracket opened; correct the brackets")]
    Mismatch(char),
    /// Nested too deeply.
    #[error("is nested deeper than {DEEPEST} levels; a history is not")]
    TooDeep,
    /// Anything else.
    #[error("`{found}` stands where {expected} must stand; correct it here")]
    Unexpected {
        /// What stands there.
        found: char,
        /// What must stand there.
        expected: &'static str,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    FirstValueOrEnd,
    FirstKeyOrEnd,
    Key,
    Colon,
    CommaOrEnd,
}

impl Expect {
    const fn words(self) -> &'static str {
        match self {
            Self::Value | Self::FirstValueOrEnd => "a value",
            Self::FirstKeyOrEnd | Self::Key => "a key",
            Self::Colon => "`:`",
            Self::CommaOrEnd => "`,` or a closing bracket",
        }
    }
}

/// Follows one object from its opening bracket to its closing one.
#[derive(Debug)]
pub struct Grammar {
    /// One bit per open bracket, the innermost lowest; set for an object.
    open: u64,
    depth: u32,
    expect: Expect,
    in_text: bool,
    is_key: bool,
    escaped: bool,
    in_word: bool,
    lenient: bool,
    objects: usize,
    commas: usize,
}

impl Grammar {
    /// Stands before an opening bracket.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            open: 0,
            depth: 0,
            expect: Expect::Value,
            in_text: false,
            is_key: false,
            escaped: false,
            in_word: false,
            lenient: false,
            objects: 0,
            commas: 0,
        }
    }

    /// Objects begun so far.
    #[must_use]
    pub const fn objects(&self) -> usize {
        self.objects
    }

    /// Commas between values so far.
    #[must_use]
    pub const fn commas(&self) -> usize {
        self.commas
    }

    /// What is open, in words, for a text that ends too early.
    #[must_use]
    pub const fn open_part(&self) -> &'static str {
        if self.in_text {
            "a text"
        } else if self.open & 1 == 1 {
            "an object"
        } else {
            "a list"
        }
    }

    /// Goes on after a fault by brackets and texts alone, where those are certainly still known; whether it can.
    pub fn go_on_after(&mut self, fault: Fault) -> bool {
        let certain = match fault {
            Fault::Nul { .. } => true,
            Fault::Control(byte) => byte != b'\n' && byte != b'\r',
            Fault::Mismatch(_) | Fault::TooDeep => false,
            Fault::Unexpected { found, .. } => found != '"',
        };
        self.lenient |= certain;
        certain
    }

    /// Takes bytes up to the end of the object or the first fault; how many were taken.
    pub fn take(&mut self, bytes: &[u8]) -> (usize, Step) {
        for (index, byte) in bytes.iter().enumerate() {
            match self.one(*byte) {
                Step::More => {}
                Step::Done => return (index + 1, Step::Done),
                wrong @ Step::Wrong(_) => return (index, wrong),
            }
        }
        (bytes.len(), Step::More)
    }

    fn one(&mut self, byte: u8) -> Step {
        if self.in_text {
            return self.within_text(byte);
        }
        let word = !matches!(
            byte,
            b' ' | b'\t' | b'\n' | b'\r' | b'{' | b'}' | b'[' | b']' | b',' | b':' | b'"' | 0
        );
        if !word {
            self.in_word = false;
        }
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => Step::More,
            b'"' => self.text(),
            b'{' | b'[' => self.opening(byte),
            b'}' | b']' => self.closing(byte),
            b',' => {
                self.commas += 1;
                let next = if self.open & 1 == 1 { Expect::Key } else { Expect::Value };
                self.mark(byte, self.expect == Expect::CommaOrEnd, next)
            }
            b':' => self.mark(byte, self.expect == Expect::Colon, Expect::Value),
            0 if !self.lenient => Step::Wrong(Fault::Nul { in_text: false }),
            _ if self.in_word => Step::More,
            _ => {
                let fits = self.takes_value();
                self.in_word = true;
                self.mark(byte, fits, Expect::CommaOrEnd)
            }
        }
    }

    fn within_text(&mut self, byte: u8) -> Step {
        if byte < 0x20 {
            let breaks = matches!(byte, b'\n' | b'\r');
            return match byte {
                0 if !self.lenient => Step::Wrong(Fault::Nul { in_text: true }),
                _ if breaks || !self.lenient => Step::Wrong(Fault::Control(byte)),
                _ => Step::More,
            };
        }
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => {
                self.in_text = false;
                self.expect = if self.is_key { Expect::Colon } else { Expect::CommaOrEnd };
            }
            _ => {}
        }
        Step::More
    }

    const fn takes_value(&self) -> bool {
        matches!(self.expect, Expect::Value | Expect::FirstValueOrEnd)
    }

    fn text(&mut self) -> Step {
        let is_key = matches!(self.expect, Expect::Key | Expect::FirstKeyOrEnd);
        if !is_key && !self.takes_value() && !self.lenient {
            return self.unexpected(b'"');
        }
        self.is_key = is_key;
        self.in_text = true;
        Step::More
    }

    fn opening(&mut self, byte: u8) -> Step {
        if !self.takes_value() && !self.lenient {
            return self.unexpected(byte);
        }
        if self.depth == DEEPEST {
            return Step::Wrong(Fault::TooDeep);
        }
        self.depth += 1;
        self.open = (self.open << 1) | u64::from(byte == b'{');
        self.objects += usize::from(byte == b'{');
        self.expect = if byte == b'{' { Expect::FirstKeyOrEnd } else { Expect::FirstValueOrEnd };
        Step::More
    }

    fn closing(&mut self, byte: u8) -> Step {
        if (self.open & 1 == 1) != (byte == b'}') {
            return Step::Wrong(Fault::Mismatch(char::from(byte)));
        }
        let fits =
            matches!(self.expect, Expect::CommaOrEnd | Expect::FirstKeyOrEnd | Expect::FirstValueOrEnd);
        if !fits && !self.lenient {
            return self.unexpected(byte);
        }
        self.depth = self.depth.saturating_sub(1);
        self.open >>= 1;
        self.expect = Expect::CommaOrEnd;
        if self.depth == 0 { Step::Done } else { Step::More }
    }

    fn mark(&mut self, byte: u8, fits: bool, next: Expect) -> Step {
        if !fits && !self.lenient {
            return self.unexpected(byte);
        }
        self.expect = next;
        Step::More
    }

    fn unexpected(&self, byte: u8) -> Step {
        let found = if byte.is_ascii() { char::from(byte) } else { char::REPLACEMENT_CHARACTER };
        Step::Wrong(Fault::Unexpected { found, expected: self.expect.words() })
    }
}

impl Default for Grammar {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_end_of_an_object_is_found_through_texts_and_brackets() {
        let text = br#"{"a": [1, {"}": "\"]}"}, null], "b": {}} {"#;
        assert_eq!(Grammar::new().take(text), (text.len() - 2, Step::Done));
    }

    #[test]
    fn what_cannot_stand_is_found_at_its_byte() {
        for (text, at) in [
            (r#"{"a": 1 "b"}"#, 8),
            (r#"{"a" 1}"#, 5),
            ("{1: 2}", 1),
            (r#"{"a": [1, 2}"#, 11),
            ("{\"a\": \"x\ny\"}", 8),
            ("{\"a\": \0}", 6),
            (r#"{"a": 1, }"#, 9),
            (r#"{"a": 1 2}"#, 8),
        ] {
            let (taken, step) = Grammar::new().take(text.as_bytes());
            assert!(matches!(step, Step::Wrong(_)), "{text}");
            assert_eq!(taken, at, "{text}");
        }
    }

    #[test]
    fn a_depth_bomb_is_refused_early() {
        let bomb = b"{\"a\":".repeat(100_000);
        assert_eq!(Grammar::new().take(&bomb).1, Step::Wrong(Fault::TooDeep));
    }

    proptest! {
        #[test]
        fn whatever_the_parser_takes_the_grammar_takes(seed in any::<u64>()) {
            let document = crate::document::testing::document(seed).to_string();
            prop_assert_eq!(Grammar::new().take(document.as_bytes()), (document.len(), Step::Done));
        }

        #[test]
        fn what_the_grammar_refuses_the_parser_refuses(text in r#"\{[\[\]{}:,"\\a1 ]{0,12}\}"#) {
            if matches!(Grammar::new().take(text.as_bytes()).1, Step::Wrong(_)) {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_err());
            }
        }
    }
}
