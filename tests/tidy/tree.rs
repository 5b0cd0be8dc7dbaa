//! The files of the repository as text, and what counts as test code in them.

use std::{
    collections::BTreeSet,
    fmt, fs,
    path::{Path, PathBuf},
};

use super::lexer::{self, Lexed};

/// Folders that are made, not written.
const NOT_SOURCE: [&str; 8] =
    [".git", "target", "data", "lobewatch-demo", ".venv", ".cache", "corpus", "artifacts"];

/// One thing that is against a rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    pub path: String,
    pub line: usize,
    pub problem: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.problem)
    }
}

/// A text file; `path` is relative to the repository, with `/`.
#[derive(Debug)]
pub struct SourceFile {
    pub path: String,
    pub text: String,
    /// Code, comments and strings apart; empty unless it is Rust.
    pub lexed: Lexed,
    /// Whether the whole file is test code.
    pub is_test: bool,
}

impl SourceFile {
    pub fn new(path: &str, text: &str) -> Self {
        let lexed = if path.ends_with(".rs") { lexer::lex(text) } else { Lexed::default() };
        let is_test = path.contains("tests/") || path.starts_with("benches/");
        Self { path: path.to_owned(), text: text.to_owned(), lexed, is_test }
    }

    pub fn is_test_line(&self, line: usize) -> bool {
        self.is_test || self.lexed.test_lines.contains(&line)
    }

    pub fn problem(&self, line: usize, problem: impl Into<String>) -> Problem {
        Problem { path: self.path.clone(), line, problem: problem.into() }
    }

    /// The path below `core/src/` or `src/`: the program is one tree of modules, whose pure part is a crate.
    pub fn below_src(&self) -> Option<&str> {
        below_src(&self.path)
    }

    /// The folder below `src/`, or the file's own name without `.rs` directly in `src/`.
    pub fn module(&self) -> Option<&str> {
        let below = self.below_src()?;
        Some(below.split_once('/').map_or(below.trim_end_matches(".rs"), |(folder, _)| folder))
    }
}

/// What follows `core/src/` or `src/` in a path of the repository.
pub fn below_src(path: &str) -> Option<&str> {
    path.strip_prefix("core/").unwrap_or(path).strip_prefix("src/")
}

/// All text files of the repository.
pub struct Tree {
    pub files: Vec<SourceFile>,
}

impl Tree {
    pub fn root() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
    }

    pub fn read() -> Self {
        let mut files = Vec::new();
        visit(&Self::root(), "", &mut files);
        assert!(files.len() > 40, "only {} files found under {}", files.len(), Self::root().display());
        let mut tree = Self { files };
        tree.mark_test_modules();
        tree
    }

    pub fn rust(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    /// `#[cfg(test)] mod testing;` makes all of `testing.rs`, or of the folder `testing`, test code.
    fn mark_test_modules(&mut self) {
        let mut marked = Vec::new();
        for file in self.rust() {
            let folder = match file.path.rsplit_once('/') {
                Some((folder, "mod.rs" | "lib.rs" | "main.rs")) => folder.to_owned(),
                _ => file.path.trim_end_matches(".rs").to_owned(),
            };
            marked.extend(file.lexed.test_modules.iter().map(|name| format!("{folder}/{name}")));
        }
        for file in &mut self.files {
            file.is_test |= marked.iter().any(|module| {
                file.path == format!("{module}.rs") || file.path.starts_with(&format!("{module}/"))
            });
        }
    }

    /// The crates that the package depends on, as they are named in code.
    pub fn dependencies(&self) -> BTreeSet<String> {
        let manifest = self.files.iter().find(|file| file.path == "Cargo.toml").expect("Cargo.toml was read");
        let mut inside = false;
        let mut names = BTreeSet::new();
        for line in manifest.text.lines() {
            if line.starts_with('[') {
                inside = line.starts_with("[dependencies]") || line.starts_with("[dev-dependencies]");
            } else if inside
                && let Some((name, _)) = line.split_once(['=', '.'])
                && name.starts_with(|first: char| first.is_ascii_lowercase())
            {
                names.insert(name.trim().replace('-', "_"));
            }
        }
        names
    }
}

fn visit(folder: &Path, prefix: &str, files: &mut Vec<SourceFile>) {
    let mut entries: Vec<_> =
        fs::read_dir(folder).expect("a readable folder").map(|entry| entry.unwrap()).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            if !NOT_SOURCE.contains(&name.as_str()) {
                visit(&entry.path(), &format!("{path}/"), files);
            }
        } else if kind.is_file() && name != ".git" {
            // What is not UTF-8 is a picture or an archive, not source; what is gone by now was an editor's.
            if let Ok(text) = fs::read_to_string(entry.path()) {
                files.push(SourceFile::new(&path, &text));
            }
        }
    }
}

#[test]
fn a_module_that_is_only_compiled_for_tests_is_test_code() {
    let mut tree = Tree {
        files: vec![
            SourceFile::new("src/rules/mod.rs", "//! Rules.\n#[cfg(test)]\nmod testing;\nmod tier;\n"),
            SourceFile::new("src/rules/testing.rs", "//! Builders.\n"),
            SourceFile::new("src/rules/testing/deep.rs", "//! More.\n"),
            SourceFile::new("src/rules/tier.rs", "//! Tier.\n#[cfg(test)]\nmod tests;\n"),
            SourceFile::new("src/rules/tier/tests.rs", "//! Tests.\n"),
        ],
    };
    tree.mark_test_modules();
    let marked: Vec<bool> = tree.files.iter().map(|file| file.is_test).collect();
    assert_eq!(marked, [false, true, true, false, true]);
}

#[test]
fn dependencies_are_named_as_in_code() {
    let text = "[dependencies]\nsea-orm = { workspace = true,\n    features = [\"x\"],\n}\nuuid.workspace = true\n\n[lints]\nworkspace = true\n";
    let tree = Tree { files: vec![SourceFile::new("Cargo.toml", text)] };
    assert_eq!(tree.dependencies().into_iter().collect::<Vec<_>>(), ["sea_orm", "uuid"]);
}
