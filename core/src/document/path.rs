//! JSON paths that cost nothing until a problem is reported, and the problems themselves.

use std::fmt;

/// Problems kept per document; a file of nothing but mistakes must not fill the memory.
const MOST_PROBLEMS: usize = 100;

/// A place in a document, held on the stack while reading. Displayed as `$.operations[1].on`.
#[derive(Debug, Clone, Copy)]
pub enum Path<'a> {
    /// The document itself, `$`.
    Root,
    /// A key of an object.
    Key(&'a Self, &'static str),
    /// An element of a list, counted from 0.
    Index(&'a Self, usize),
}

impl Path<'_> {
    /// The place of a key below this one.
    #[must_use]
    pub const fn key<'a>(&'a self, key: &'static str) -> Path<'a> {
        Path::Key(self, key)
    }

    /// The place of an element below this one.
    #[must_use]
    pub const fn index<'a>(&'a self, index: usize) -> Path<'a> {
        Path::Index(self, index)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("$"),
            Self::Key(parent, key) => write!(f, "{parent}.{key}"),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// One thing wrong with a document: where it is and what to do about it.
///
/// The sentence may quote the document, so it is for the person who imports it, never for a log line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct DocumentProblem {
    /// JSON path such as `$.operations[1].resections[0].margin`.
    pub path: String,
    /// Line within the text that was read, from 1; `None` where the place has no line of its own.
    pub line: Option<u64>,
    /// Column in bytes, from 1.
    pub column: Option<u64>,
    /// What is wrong and what to do.
    pub problem: String,
}

/// The problems of one document, collected while it is read.
#[derive(Debug, Default)]
pub struct Problems {
    list: Vec<DocumentProblem>,
    further: usize,
    dropped: bool,
}

impl Problems {
    /// Records a problem at a place.
    pub fn report(&mut self, at: Path<'_>, problem: impl Into<String>) {
        self.push(at.to_string(), problem.into());
    }

    /// Records a problem at a path that is already text.
    pub fn push(&mut self, path: String, problem: String) {
        if self.list.len() < MOST_PROBLEMS {
            self.list.push(DocumentProblem { path, line: None, column: None, problem });
        } else {
            self.further += 1;
        }
    }

    /// Records that an entry could not be built, so that references to it mean nothing.
    pub fn drop_entry(&mut self) {
        self.dropped = true;
    }

    /// Whether an entry could not be built.
    #[must_use]
    pub const fn has_dropped(&self) -> bool {
        self.dropped
    }

    /// Whether nothing was reported.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All problems, with a last one that counts those past the limit.
    #[must_use]
    pub fn into_list(mut self) -> Vec<DocumentProblem> {
        if self.further > 0 {
            let problem = format!("{} more problems; correct these first", self.further);
            self.list.push(DocumentProblem { path: "$".to_owned(), line: None, column: None, problem });
        }
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_the_way_the_contract_writes_it() {
        let root = Path::Root;
        let (list, second) = (root.key("operations"), ());
        let () = second;
        let entry = list.index(1);
        assert_eq!(entry.key("on").to_string(), "$.operations[1].on");
    }

    #[test]
    fn problems_past_the_limit_are_counted_not_kept() {
        let mut problems = Problems::default();
        for _ in 0..MOST_PROBLEMS + 7 {
            problems.report(Path::Root, "is wrong");
        }
        let list = problems.into_list();
        assert_eq!(list.len(), MOST_PROBLEMS + 1);
        assert_eq!(list.last().unwrap().problem, "7 more problems; correct these first");
    }
}
