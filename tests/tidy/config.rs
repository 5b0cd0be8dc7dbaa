//! The default configuration is the manual: no key without a comment of its own above it.

use super::tree::{Problem, SourceFile};

/// Keys that no comment explains. A key that is commented out is a key, not an explanation; several of them may
/// share one.
pub fn check(file: &SourceFile) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (mut explained, mut shared) = (false, false);
    let mut open = 0_i32;
    for (at, line) in file.text.lines().map(str::trim).enumerate() {
        if open > 0 {
            open += brackets(line);
            continue;
        }
        let comment = line.strip_prefix('#').map(str::trim_start);
        let key = key_of(comment.unwrap_or(line));
        match (key, comment) {
            (Some(key), _) => {
                let may_share = shared && comment.is_some();
                if !explained && !may_share {
                    problems.push(file.problem(at + 1, format!("no comment explains `{key}`")));
                }
                (explained, shared) = (false, comment.is_some() && (explained || shared));
                if comment.is_none() {
                    open = brackets(line);
                }
            }
            (None, Some(words)) => explained |= !words.is_empty(),
            (None, None) => (explained, shared) = (false, false),
        }
    }
    problems
}

/// The key of `key = value`; a sentence with an equals sign has blanks before it.
fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    let key = key.trim();
    let bare = |one: char| one.is_ascii_alphanumeric() || matches!(one, '_' | '-' | '.' | '"');
    (!key.is_empty() && key.chars().all(bare)).then_some(key)
}

/// How many brackets of a list a line leaves open.
fn brackets(line: &str) -> i32 {
    let value = line.split_once('#').map_or(line, |(value, _)| value);
    value.chars().map(|one| i32::from(matches!(one, '[' | '{')) - i32::from(matches!(one, ']' | '}'))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        check(&SourceFile::new("config/default.toml", text))
            .into_iter()
            .map(|problem| problem.problem)
            .collect()
    }

    #[test]
    fn a_key_without_a_comment_is_caught() {
        assert_eq!(keys("[a]\nb = 1\n"), ["no comment explains `b`"]);
        assert_eq!(keys("# What b is.\nb = 1\nc = 2\n"), ["no comment explains `c`"]);
        assert_eq!(keys("# About the table.\n\n[a]\nb = 1\n"), ["no comment explains `b`"]);
        assert_eq!(keys("# What b is.\n# b = 1\nc = 2\n"), ["no comment explains `c`"]);
        assert_eq!(keys("# What b is.\nb = 1\n# c = 2\n"), ["no comment explains `c`"]);
    }

    #[test]
    fn a_key_with_a_comment_passes() {
        let text = "# What b is: 1 = yes.\nb = [\n  \"c\",\n  \"d = e\",\n]\n\n# What f is, in days.\n# Default: none.\n# f = 2\n# g = 3\n";
        assert_eq!(keys(text), Vec::<String>::new());
    }
}
