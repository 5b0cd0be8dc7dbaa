//! Splits Rust text into code, comments and strings, by line, and finds the lines that only tests compile.
//!
//! Just enough of a lexer: it knows nested comments, raw strings and lifetimes, and nothing of grammar.

use std::collections::BTreeSet;

/// A token of code and its line, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub line: usize,
    pub text: String,
}

/// A text of the file and the line it begins on.
pub type Piece = (usize, String);

/// Rust text taken apart.
#[derive(Debug, Default)]
pub struct Lexed {
    /// Identifiers, and every other character of code by itself; `::` is one token.
    pub tokens: Vec<Token>,
    pub comments: Vec<Piece>,
    pub strings: Vec<Piece>,
    /// Lines inside items under `#[cfg(test)]` or `#[test]`.
    pub test_lines: BTreeSet<usize>,
    /// Names of `mod name;` under `#[cfg(test)]`.
    pub test_modules: Vec<String>,
}

struct Reader {
    text: Vec<char>,
    at: usize,
    line: usize,
}

impl Reader {
    fn peek(&self, ahead: usize) -> char {
        self.text.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn done(&self) -> bool {
        self.at >= self.text.len()
    }

    fn next(&mut self) -> char {
        let next = self.peek(0);
        self.at += 1;
        self.line += usize::from(next == '\n');
        next
    }

    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.next();
        }
    }

    fn line_comment(&mut self) -> String {
        let mut text = String::new();
        while !self.done() && self.peek(0) != '\n' {
            text.push(self.next());
        }
        text
    }

    fn block_comment(&mut self) -> String {
        let mut text = String::new();
        let mut depth = 0;
        while !self.done() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    text.push(self.next());
                    continue;
                }
            }
            text.push(self.next());
            text.push(self.next());
            if depth == 0 {
                break;
            }
        }
        text
    }

    /// After the opening quote.
    fn string(&mut self) -> String {
        let mut text = String::new();
        while !self.done() {
            match self.next() {
                '"' => break,
                '\\' => {
                    text.push('\\');
                    text.push(self.next());
                }
                other => text.push(other),
            }
        }
        text
    }

    /// At the first `#` or the quote.
    fn raw_string(&mut self) -> String {
        let mut hashes = 0;
        while self.peek(0) == '#' {
            hashes += 1;
            self.next();
        }
        self.next();
        let mut text = String::new();
        while !self.done() {
            if self.peek(0) == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == '#') {
                self.skip(hashes + 1);
                break;
            }
            text.push(self.next());
        }
        text
    }

    /// At the prefix of a raw string, such as `r#"`; not at a raw identifier, such as `r#type`.
    fn raw_prefix(&self) -> Option<usize> {
        let prefix = match (self.peek(0), self.peek(1)) {
            ('r', _) => 1,
            ('b' | 'c', 'r') => 2,
            _ => return None,
        };
        let hashes = (0..).take_while(|ahead| self.peek(prefix + ahead) == '#').count();
        (self.peek(prefix + hashes) == '"').then_some(prefix)
    }

    /// At a quote: passes over a character, or over the quote of a lifetime.
    fn quote(&mut self) {
        self.next();
        if self.peek(0) == '\\' {
            self.next();
            self.next();
            while !self.done() && self.next() != '\'' {}
        } else if self.peek(1) == '\'' {
            self.next();
            self.next();
        }
    }
}

/// Takes Rust text apart. Text that is not Rust gives tokens of some kind; it never panics.
pub fn lex(text: &str) -> Lexed {
    let mut reader = Reader { text: text.chars().collect(), at: 0, line: 1 };
    let mut lexed = Lexed::default();
    while !reader.done() {
        let line = reader.line;
        match (reader.peek(0), reader.peek(1)) {
            ('/', '/') => lexed.comments.push((line, reader.line_comment())),
            ('/', '*') => lexed.comments.push((line, reader.block_comment())),
            ('"', _) => {
                reader.next();
                lexed.strings.push((line, reader.string()));
                lexed.tokens.push(Token { line, text: "\"".to_owned() });
            }
            ('\'', _) => reader.quote(),
            (first, _) if first.is_alphanumeric() || first == '_' => {
                if let Some(prefix) = reader.raw_prefix() {
                    reader.skip(prefix);
                    lexed.strings.push((line, reader.raw_string()));
                    continue;
                }
                let mut name = String::new();
                while reader.peek(0).is_alphanumeric() || reader.peek(0) == '_' {
                    name.push(reader.next());
                }
                lexed.tokens.push(Token { line, text: name });
            }
            (':', ':') => {
                reader.next();
                reader.next();
                lexed.tokens.push(Token { line, text: "::".to_owned() });
            }
            (first, _) => {
                reader.next();
                if !first.is_whitespace() {
                    lexed.tokens.push(Token { line, text: first.to_string() });
                }
            }
        }
    }
    mark_tests(&mut lexed);
    lexed
}

/// Whether the tokens from `at` on read as `expected`.
pub fn reads(tokens: &[Token], at: usize, expected: &[&str]) -> bool {
    tokens.len() >= at + expected.len()
        && tokens[at..].iter().zip(expected).all(|(token, text)| token.text == *text)
}

/// `#[cfg(any(test, feature = "testing"))]`: test code that another crate's tests use too.
const FOR_TESTS_OF_OTHERS: [&str; 14] =
    ["#", "[", "cfg", "(", "any", "(", "test", ",", "feature", "=", "\"", ")", ")", "]"];

fn mark_tests(lexed: &mut Lexed) {
    let tokens = &lexed.tokens;
    for at in 0..tokens.len() {
        let length = if reads(tokens, at, &["#", "[", "cfg", "(", "test", ")", "]"]) {
            7
        } else if reads(tokens, at, &FOR_TESTS_OF_OTHERS) {
            FOR_TESTS_OF_OTHERS.len()
        } else if reads(tokens, at, &["#", "[", "test", "]"]) {
            4
        } else {
            continue;
        };
        let end = end_of_item(tokens, at + length);
        lexed.test_lines.extend(tokens[at].line..=tokens[end].line);
        let is_module_file = tokens[end].text == ";" && reads(tokens, end.saturating_sub(2), &["mod"]);
        if is_module_file {
            lexed.test_modules.push(tokens[end - 1].text.clone());
        }
    }
}

/// The last token of an item or statement: its `;`, or the brace that closes its body.
pub fn end_of_item(tokens: &[Token], start: usize) -> usize {
    let mut depth = 0_i32;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" => depth -= 1,
            "}" => {
                depth -= 1;
                if depth <= 0 {
                    return at;
                }
            }
            ";" if depth == 0 => return at,
            _ => {}
        }
    }
    tokens.len() - 1
}

#[test]
fn comments_and_strings_are_not_code() {
    let lexed = lex(
        "let a = \"x.unwrap() \\\" y\"; // b.unwrap()\n/* c /* d */ e */ let f = r#\"g \" h\"#; 'i: loop { '\\''; '\"'; }",
    );
    let code: Vec<&str> = lexed.tokens.iter().map(|token| token.text.as_str()).collect();
    assert_eq!(code, "let a = \" ; let f = ; i : loop { ; ; }".split(' ').collect::<Vec<_>>());
    assert_eq!(lexed.strings, [(1, "x.unwrap() \\\" y".to_owned()), (2, "g \" h".to_owned())]);
    assert_eq!(lexed.comments.len(), 2);
}

#[test]
fn lines_that_only_tests_compile_are_found() {
    let lexed = lex(
        "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { { } }\n}\nfn c() {}\n#[cfg(test)]\nmod other;\nfn d() {}\n",
    );
    assert_eq!(lexed.test_lines.into_iter().collect::<Vec<_>>(), [2, 3, 4, 5, 7, 8]);
    assert_eq!(lexed.test_modules, ["other"]);
    let lexed = lex("#[cfg(any(test, feature = \"testing\"))]\npub mod testing;\nfn c() {}\n");
    assert_eq!(lexed.test_lines.into_iter().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(lexed.test_modules, ["testing"]);
}
