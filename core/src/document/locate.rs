//! Where in a text a JSON path lies. Runs only for a document with problems, on text that is JSON; on any
//! other text it stops at the last place it could follow.

use super::path::DocumentProblem;

/// Gives every problem without a line the line and column of its path; of the nearest part above it where the
/// path itself is not in the text, as for a missing key.
pub fn fill_in(text: &str, problems: &mut [DocumentProblem]) {
    for problem in problems.iter_mut().filter(|problem| problem.line.is_none()) {
        let (line, column) = line_and_column(text, offset(text, &problem.path));
        problem.line = Some(line);
        problem.column = Some(column);
    }
}

/// Line and column in bytes of an offset, both from 1.
#[must_use]
pub fn line_and_column(text: &str, offset: usize) -> (u64, u64) {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    (line as u64, column as u64)
}

/// The offset of the value at a path such as `$.operations[1].on`, or of its nearest part above.
fn offset(text: &str, path: &str) -> usize {
    let mut walker = Walker { bytes: text.as_bytes(), at: 0 };
    walker.blanks();
    let mut found = walker.at;
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    while let Some((step, after)) = next_step(rest) {
        let entered = match step {
            Step::Key(key) => walker.enter_key(key),
            Step::Index(index) => walker.enter_index(index),
        };
        if entered.is_none() {
            break;
        }
        found = walker.at;
        rest = after;
    }
    found
}

enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

fn next_step(path: &str) -> Option<(Step<'_>, &str)> {
    if let Some(rest) = path.strip_prefix('[') {
        let (index, after) = rest.split_once(']')?;
        return Some((Step::Index(index.parse().ok()?), after));
    }
    let rest = path.strip_prefix('.')?;
    let end = rest.find(['.', '[']).unwrap_or(rest.len());
    rest.split_at_checked(end).map(|(key, after)| (Step::Key(key), after))
}

struct Walker<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Walker<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn take(&mut self, expected: u8) -> Option<()> {
        self.blanks();
        (self.peek() == Some(expected)).then(|| self.at += 1)
    }

    /// Moves to the value of a key of the object here.
    fn enter_key(&mut self, key: &str) -> Option<()> {
        self.take(b'{')?;
        loop {
            self.blanks();
            let start = self.at;
            self.string()?;
            let own = self.bytes.get(start + 1..self.at.checked_sub(1)?)?;
            let found = own == key.as_bytes();
            self.take(b':')?;
            self.blanks();
            if found {
                return Some(());
            }
            self.value()?;
            self.take(b',')?;
        }
    }

    /// Moves to an element of the list here.
    fn enter_index(&mut self, index: usize) -> Option<()> {
        self.take(b'[')?;
        for _ in 0..index {
            self.value()?;
            self.take(b',')?;
        }
        self.blanks();
        (self.peek()? != b']').then_some(())
    }

    fn string(&mut self) -> Option<()> {
        self.take(b'"')?;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
    }

    /// Skips one value of any depth.
    fn value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            self.blanks();
            match self.peek()? {
                b'"' => self.string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                b',' | b':' => return None,
                _ => self.scalar(),
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn scalar(&mut self) {
        while self.peek().is_some_and(|byte| !matches!(byte, b',' | b':' | b'}' | b']' | b'"' | b'{' | b'['))
            && self.peek().is_some_and(|byte| !byte.is_ascii_whitespace())
        {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_is_found_on_its_line() {
        let text = "{\n \"a\": {\"x\": [1, \"]\\\"\", {}]},\n \"b\": [\n  {\"on\": 1},\n  {\"on\": 2}\n ]\n}";
        for (path, place) in [
            ("$", (1, 1)),
            ("$.a.x[2]", (2, 24)),
            ("$.b[1].on", (5, 10)),
            ("$.b[1].missing", (5, 3)),
            ("$.b[7].on", (3, 7)),
            ("$.none", (1, 1)),
        ] {
            assert_eq!(line_and_column(text, offset(text, path)), place, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_text_and_path_end(text in ".*", path in r"\$([.\[\]a-z0-9]){0,20}") {
            prop_assert!(offset(&text, &path) <= text.len() + 1);
        }

        #[test]
        fn any_json_like_text_ends(text in "[\\[\\]{}:,\"\\\\a1 ]{0,40}", index in 0..4_usize) {
            let path = format!("$[{index}].a[0]");
            prop_assert!(offset(&text, &path) <= text.len() + 1);
        }
    }
}
