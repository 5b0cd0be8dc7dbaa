//! The shape of a Rust file: short, introduced, finished, and without a panic on data.

use super::{
    lexer::{Token, end_of_item, reads},
    tree::{Problem, SourceFile},
};

/// Lines, tests included.
const MOST_LINES: usize = 600;

/// Files that may be longer. Empty, and meant to stay so: split the file instead.
const LONGER: [&str; 0] = [];

/// Length, header, and marks of unfinished work.
pub fn check(file: &SourceFile) -> Vec<Problem> {
    let mut problems = Vec::new();
    let lines = file.text.lines().count();
    if lines > MOST_LINES && !LONGER.contains(&file.path.as_str()) {
        problems.push(file.problem(lines, format!("{lines} lines; split it, {MOST_LINES} is the most")));
    }
    let header = file.text.lines().next().and_then(|line| line.strip_prefix("//!"));
    if !header.is_some_and(|words| words.trim().ends_with(['.', ':', ',', ';']) || words.trim().len() > 20) {
        problems.push(file.problem(1, "begins without a `//!` header that says what it is for"));
    }
    let tokens = &file.lexed.tokens;
    for (at, token) in tokens.iter().enumerate() {
        if matches!(token.text.as_str(), "todo" | "unimplemented") && reads(tokens, at + 1, &["!"]) {
            problems.push(file.problem(token.line, format!("`{}!` is unfinished work", token.text)));
        }
        if reads(tokens, at, &["#", "[", "ignore"]) {
            problems.push(file.problem(token.line, "an ignored test tests nothing"));
        }
    }
    for (line, comment) in &file.lexed.comments {
        for word in comment.split(|other: char| !other.is_alphanumeric()) {
            if matches!(word, "TODO" | "FIXME" | "XXX" | "HACK") {
                problems.push(
                    file.problem(*line, format!("`{word}` is unfinished work; do it or file an issue")),
                );
            }
        }
    }
    problems
}

/// `.unwrap()` and `.expect(` in shipped code, where data could end the program. One under
/// `#[expect(clippy::expect_used, reason = "…")]` passes: the lint sees to it that there is one, and people to the reason.
pub fn check_unwraps(file: &SourceFile) -> Vec<Problem> {
    let shipped = file.path.starts_with("src/") || file.path.contains("/src/");
    let tokens = if shipped { file.lexed.tokens.as_slice() } else { &[] };
    let mut problems = Vec::new();
    let mut excused_until = 0;
    for (at, token) in tokens.iter().enumerate() {
        if let Some(end) = excuse(tokens, at) {
            excused_until = excused_until.max(end);
        }
        let unwraps =
            reads(tokens, at, &[".", "unwrap", "(", ")"]) || reads(tokens, at, &[".", "expect", "("]);
        if unwraps && at > excused_until && !file.is_test_line(token.line) {
            problems.push(file.problem(token.line, "ends the program on data; return an error"));
        }
    }
    problems
}

/// The end of what an attribute with a reason excuses, where one begins at `at`.
fn excuse(tokens: &[Token], at: usize) -> Option<usize> {
    let lint = ["expect_used", "unwrap_used"];
    let begins = lint.iter().any(|lint| reads(tokens, at, &["#", "[", "expect", "(", "clippy", "::", lint]));
    let close = begins.then(|| tokens.iter().skip(at).position(|token| token.text == "]"))??;
    let reasoned = tokens[at..at + close].iter().any(|token| token.text == "reason");
    reasoned.then(|| end_of_item(tokens, at + close + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> usize {
        check(&SourceFile::new("src/a.rs", text)).len()
    }

    const HEADER: &str = "//! Says what the file is for.\n";

    #[test]
    fn a_long_file_is_caught() {
        assert_eq!(count(&format!("{HEADER}{}", "\n".repeat(MOST_LINES - 1))), 0);
        assert_eq!(count(&format!("{HEADER}{}", "\n".repeat(MOST_LINES))), 1);
    }

    #[test]
    fn no_file_has_leave_to_be_longer() {
        assert_eq!(LONGER.len(), 0);
    }

    #[test]
    fn a_missing_or_empty_header_is_caught() {
        for text in [
            "",
            "fn a() {}\n",
            "\n//! Late.\n",
            "//!\nfn a() {}\n",
            "// Not a doc comment, whatever it says.\n",
        ] {
            assert_eq!(count(text), 1, "{text:?}");
        }
        assert_eq!(count(HEADER), 0);
    }

    #[test]
    fn unfinished_work_is_caught() {
        for text in [
            "fn a() { todo!() }",
            "fn a() { unimplemented!(\"b\") }",
            "// FIXME: b",
            "/* TODO */",
            "#[ignore]",
            "#[ignore = \"slow\"]",
        ] {
            assert_eq!(count(&format!("{HEADER}{text}\n")), 1, "{text}");
        }
        assert_eq!(
            count(&format!(
                "{HEADER}const A: &str = \"TODO #[ignore] todo!()\"; fn todo() {{ ignore(); }}\n"
            )),
            0
        );
    }

    #[test]
    fn an_unwrap_in_shipped_code_is_caught() {
        fn count(path: &str, text: &str) -> usize {
            check_unwraps(&SourceFile::new(path, text)).len()
        }
        assert_eq!(count("src/a.rs", "fn a() { b.unwrap(); c\n    .expect(\"d\"); }"), 2);
        assert_eq!(count("entities/src/a.rs", "fn a() { b.unwrap(); }"), 1);
        assert_eq!(
            count("src/a.rs", "fn a() { b.unwrap_or(1); } // .unwrap()\n#[expect(dead_code)]\nfn c() {}"),
            0
        );
        assert_eq!(count("src/a.rs", "#[cfg(test)]\nmod tests {\n    fn a() { b.unwrap(); }\n}"), 0);
        let excused = "fn a() {\n#[expect(clippy::expect_used, reason = \"b\")]\nc.expect(\"d\");\n}\n";
        assert_eq!(count("src/a.rs", excused), 0);
        assert_eq!(count("src/a.rs", &format!("{excused}fn e() {{ f.unwrap(); }}")), 1);
        assert_eq!(count("src/a.rs", &excused.replace(", reason = \"b\"", "")), 1);
        assert_eq!(count("tests/a.rs", "fn a() { b.unwrap(); }"), 0);
    }
}
