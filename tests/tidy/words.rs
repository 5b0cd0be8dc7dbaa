//! Words that nobody may read here: verdicts that are people's, and places of the machine it was written on.

use super::tree::{Problem, SourceFile};

/// The software supports, people decide: it never says these, in no shape of letters.
const VERDICTS: [&str; 5] = ["operable", "inoperable", "cured", "contraindicated", "incurable"];

/// The pathologist's result, which only the folders of the record may name.
const RESULT: &str = "benign";
/// The bundled cases have it in the name of a published case.
const RECORD: [&str; 4] = ["domain/", "document/", "rules/", "app/demo/cases.rs"];

/// Folders of somebody's machine; taken apart here so that this file does not hold them.
const MACHINE: [&str; 2] = [concat!("/", "work", "/"), concat!("/", "farm", "/")];

/// Strings of shipped code, and the help texts that `cli` makes of its comments.
pub fn check_rust(file: &SourceFile) -> Vec<Problem> {
    if file.below_src().is_none() {
        return Vec::new();
    }
    let help = file.lexed.comments.iter().filter(|(_, text)| text.starts_with("///"));
    let help = help.filter(|_| file.path.starts_with("src/cli/"));
    let shown = file.lexed.strings.iter().chain(help).filter(|(line, _)| !file.is_test_line(*line));
    shown.flat_map(|(line, text)| check_shown(file, *line, text)).collect()
}

/// Pages and mails.
pub fn check_template(file: &SourceFile) -> Vec<Problem> {
    let beside_code = file.path.starts_with("src/") && file.path.contains("/templates/");
    if !beside_code && !file.path.starts_with("templates/") {
        return Vec::new();
    }
    let lines = file.text.lines().enumerate();
    lines.flat_map(|(at, text)| check_shown(file, at + 1, text)).collect()
}

fn check_shown(file: &SourceFile, line: usize, text: &str) -> Vec<Problem> {
    let text = text.to_lowercase();
    let in_record = RECORD.iter().any(|folder| file.below_src().is_some_and(|path| path.starts_with(folder)));
    let mut problems = Vec::new();
    for word in text.split(|other: char| !other.is_alphanumeric()) {
        if VERDICTS.contains(&word) {
            problems.push(file.problem(line, format!("says `{word}`; that is for people to decide")));
        }
        if word == RESULT && !in_record {
            problems
                .push(file.problem(line, format!("says `{word}`; only a recorded pathology result is that")));
        }
    }
    problems
}

/// Absolute paths of a machine, in any file.
pub fn check_machine_paths(file: &SourceFile) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, text) in file.text.lines().enumerate() {
        for folder in MACHINE {
            let absolute = |(start, _): (usize, &str)| {
                let before = text[..start].chars().next_back();
                !before.is_some_and(|before| before.is_alphanumeric() || "._-~*}/)".contains(before))
            };
            if text.match_indices(folder).any(absolute) {
                problems.push(file.problem(at + 1, format!("names a place of one machine, `{folder}`")));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rust(path: &str, text: &str) -> usize {
        check_rust(&SourceFile::new(path, text)).len()
    }

    #[test]
    fn a_verdict_in_a_string_is_caught() {
        assert_eq!(rust("src/app/a.rs", "const A: &str = \"The patient is Operable.\";"), 1);
        assert_eq!(rust("src/domain/a.rs", "fn a() { f(r#\"no longer cured\"#); }"), 1);
        assert_eq!(rust("src/rules/a.rs", "const A: &str = \"surgery-contraindicated\";"), 1);
        assert_eq!(rust("src/cli/a.rs", "/// Lists who is inoperable.\nfn a() {}"), 1);
        assert_eq!(
            rust("src/app/a.rs", "/// Never says operable.\nconst A: &str = \"secured, obscured\";"),
            0
        );
        assert_eq!(rust("src/app/a.rs", "#[cfg(test)]\nmod tests { const A: &str = \"cured\"; }"), 0);
    }

    #[test]
    fn the_pathologists_word_is_caught_outside_the_record() {
        let text = "const A: &str = \"benign_looking\";";
        assert_eq!(rust("src/web/a.rs", text), 1);
        assert_eq!(
            rust("src/domain/a.rs", text) + rust("src/document/a.rs", text) + rust("src/rules/a.rs", text),
            0
        );
    }

    #[test]
    fn a_verdict_in_a_template_is_caught() {
        let count = |path, text| check_template(&SourceFile::new(path, text)).len();
        assert_eq!(count("templates/mail/digest.txt", "Dear colleague,\n{{ n }} patients are cured\n"), 1);
        assert_eq!(count("src/mail/templates/digest.html", "<b>Benign</b>"), 1);
        assert_eq!(count("docs/words.md", "never says operable"), 0);
    }

    #[test]
    fn a_place_of_one_machine_is_caught() {
        let count = |text: &str| check_machine_paths(&SourceFile::new("docs/a.md", text)).len();
        for folder in MACHINE {
            assert_eq!(count(&format!("see {folder}main/README.md\n")), 1);
            assert_eq!(count(&format!("\"{folder}x\"")), 1);
            assert_eq!(
                count(&format!("[a](https://example.org{folder}x), docs{folder}x, ../..{folder}x")),
                0
            );
        }
    }
}
