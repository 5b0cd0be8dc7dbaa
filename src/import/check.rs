//! One document after the other, checked: limits, JSON, values, references, and that nobody comes twice.

use std::{collections::HashSet, io::Read};

use sha2::{Digest, Sha256};

use super::{
    limits::Limits,
    splitter::{DocumentText, SplitProblem, Splitter},
};
use crate::{
    document::{
        path::{DocumentProblem, Problems},
        read::{self, Refusal},
    },
    domain::{history::History, text::StudyId},
};

/// A document that may be imported.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedDocument {
    /// Its number within the input, from 1.
    pub ordinal: u64,
    /// Line on which it begins, from 1.
    pub line: u64,
    /// The history it holds.
    pub history: History,
}

/// A document, or a part of the input, that is not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedDocument {
    /// Its number within the input; `None` where no document had begun.
    pub ordinal: Option<u64>,
    /// Line on which it begins or fails, from 1.
    pub line: u64,
    /// Whose document it is, where it says so.
    pub study_id: Option<StudyId>,
    /// Whether nothing after it is read.
    pub stopped: bool,
    /// At least one problem.
    pub problems: Vec<PlacedProblem>,
}

/// A problem with its place in the input.
///
/// The sentence may quote the document, so it is for the person who imports it, never for a log line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}, {path}: {problem}")]
pub struct PlacedProblem {
    /// Line of the input, from 1.
    pub line: u64,
    /// Column in bytes, from 1.
    pub column: u64,
    /// JSON path within the document; `$` for the document as a whole.
    pub path: String,
    /// What is wrong and what to do.
    pub problem: String,
}

/// Checks the documents of one import, over all its files.
#[derive(Debug, Default)]
pub struct Checker {
    limits: Limits,
    /// Digests of the study ids met: sixteen bytes each, so that an import of any length stays small.
    met: HashSet<[u8; 16]>,
}

impl Checker {
    /// Begins an import.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, met: HashSet::new() }
    }

    /// Checks every document of a reader, in order.
    pub fn documents<R: Read>(
        &mut self,
        reader: R,
    ) -> impl Iterator<Item = Result<CheckedDocument, RefusedDocument>> {
        Splitter::new(reader, &self.limits).map(move |item| match item {
            Ok(text) => self.check(&text),
            Err(problem) => Err(refused_part(problem)),
        })
    }

    /// Checks one document.
    ///
    /// # Errors
    /// All problems of the document. A study id is met once, even in a document that is refused: which of two
    /// documents of a patient holds is not ours to guess.
    pub fn check(&mut self, document: &DocumentText) -> Result<CheckedDocument, RefusedDocument> {
        let history = self.read(&document.text, document.objects, document.values);
        let id = match &history {
            Ok(history) => Some(&history.patient.study_id),
            Err(refusal) => refusal.study_id.as_ref(),
        };
        let again = id.is_some_and(|id| !self.met.insert(digest(id)));
        let history = history
            .and_then(|history| if again { Err(twice(&history, &document.text)) } else { Ok(history) });
        match history {
            Ok(history) => Ok(CheckedDocument { ordinal: document.ordinal, line: document.line, history }),
            Err(refusal) => Err(RefusedDocument {
                ordinal: Some(document.ordinal),
                line: document.line,
                study_id: refusal.study_id,
                stopped: false,
                problems: refusal.problems.into_iter().map(|it| placed(it, document)).collect(),
            }),
        }
    }

    fn read(&self, text: &str, objects: usize, values: usize) -> Result<History, Refusal> {
        for (what, found, most) in
            [("objects", objects, self.limits.max_objects), ("values", values, self.limits.max_values)]
        {
            if found > most {
                let problem = format!(
                    "holds {found} {what}, more than the {most} allowed; one document is one patient, so check the \
                     export or raise the limit"
                );
                return Err(whole(problem));
            }
        }
        let document = read::parse_document(text)?;
        let mut problems = Problems::default();
        self.limits.check(&document, &mut problems);
        if problems.is_empty() {
            return read::into_history(document, text);
        }
        let study_id = document.study_id().cloned();
        let mut problems = problems.into_list();
        crate::document::locate::fill_in(text, &mut problems);
        Err(Refusal { study_id, problems })
    }
}

fn digest(id: &StudyId) -> [u8; 16] {
    let digest = Sha256::digest(id.as_str().as_bytes());
    let mut short = [0; 16];
    for (to, from) in short.iter_mut().zip(digest) {
        *to = from;
    }
    short
}

fn whole(problem: String) -> Refusal {
    let problem = DocumentProblem { path: "$".to_owned(), line: None, column: None, problem };
    Refusal { study_id: None, problems: vec![problem] }
}

fn twice(history: &History, text: &str) -> Refusal {
    let id = &history.patient.study_id;
    let problem =
        format!("the study id `{id}` came before in this import; keep one document of each patient");
    let path = "$.patient.study_id".to_owned();
    let mut problems = vec![DocumentProblem { path, line: None, column: None, problem }];
    crate::document::locate::fill_in(text, &mut problems);
    Refusal { study_id: Some(id.clone()), problems }
}

/// Moves a place within the document to its place within the input.
fn placed(found: DocumentProblem, document: &DocumentText) -> PlacedProblem {
    let (line, column) = (found.line.unwrap_or(1).max(1), found.column.unwrap_or(1).max(1));
    PlacedProblem {
        line: document.line + line - 1,
        column: if line == 1 { document.column + column - 1 } else { column },
        path: found.path,
        problem: found.problem,
    }
}

fn refused_part(problem: SplitProblem) -> RefusedDocument {
    RefusedDocument {
        ordinal: problem.ordinal,
        line: problem.line,
        study_id: None,
        stopped: problem.stopped,
        problems: vec![PlacedProblem {
            line: problem.line,
            column: problem.column,
            path: "$".to_owned(),
            problem: problem.problem,
        }],
    }
}
