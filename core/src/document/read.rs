//! Text to history. The happy path is one pass of serde and one of the domain; paths, lines and sentences are
//! made only once something is wrong. Every value is taken as written or refused, never filled in.

use serde::de::DeserializeOwned;

use super::{
    history::HistoryDocument,
    locate,
    path::{DocumentProblem, Problems},
    recover,
};
use crate::domain::{
    history::{History, HistoryParts},
    text::StudyId,
};

/// A document that is not imported, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the document is refused for {} problem(s), the first: {}", problems.len(), first(problems))]
pub struct Refusal {
    /// Whose document it is, where it says so.
    pub study_id: Option<StudyId>,
    /// At least one problem.
    pub problems: Vec<DocumentProblem>,
}

fn first(problems: &[DocumentProblem]) -> String {
    problems.first().map_or_else(|| "none is named".to_owned(), ToString::to_string)
}

/// Reads one document.
///
/// # Errors
/// All problems of the document with path, line and remedy. A document whose JSON is broken has only that one.
pub fn read(text: &str) -> Result<History, Refusal> {
    into_history(parse_document(text)?, text)
}

/// Fills the wire structs, so that a caller may check limits before the domain is built.
///
/// # Errors
/// As [`read`].
pub fn parse_document(text: &str) -> Result<HistoryDocument, Refusal> {
    serde_json::from_str(text).map_err(|_| recover::refuse(text))
}

/// Reads wire structs into the domain; `text` is what they were parsed from, to name lines.
///
/// # Errors
/// As [`read`].
pub fn into_history(document: HistoryDocument, text: &str) -> Result<History, Refusal> {
    let study_id = document.study_id().cloned();
    let mut problems = Problems::default();
    let history = build(document, &mut problems);
    match history {
        Some(history) if problems.is_empty() => Ok(history),
        _ => {
            let mut problems = problems.into_list();
            locate::fill_in(text, &mut problems);
            Err(Refusal { study_id, problems })
        }
    }
}

/// Builds the history, or reports why not. References are checked only where every entry could be read:
/// otherwise one mistake would be reported at every place that refers to the entry.
pub(super) fn build(document: HistoryDocument, problems: &mut Problems) -> Option<History> {
    let parts: HistoryParts = document.into_parts(problems)?;
    if problems.has_dropped() {
        return None;
    }
    History::new(parts)
        .map_err(|errors| {
            for error in errors {
                problems.push(format!("$.{}", error.at), error.problem);
            }
        })
        .ok()
}

/// Fills one wire struct from a fragment of a document.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, DocumentProblem> {
    serde_json::from_str(text).map_err(|_| recover::structural::<T>(text))
}
