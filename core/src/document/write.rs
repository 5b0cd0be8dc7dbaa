//! Histories as canonical text: the key order of the contract, nothing that was not reported, defaults left out.

use serde::Serialize;

use super::{
    history::HistoryDocument,
    path::DocumentProblem,
    read::{self, Refusal},
};
use crate::domain::history::History;

/// One document over several lines, indented by two blanks, with a final line break.
#[must_use]
pub fn pretty(history: &History) -> String {
    let mut text = text_of(&HistoryDocument::of(history), true);
    text.push('\n');
    text
}

/// One document on one line without a line break, as NDJSON wants it.
#[must_use]
pub fn compact(history: &History) -> String {
    text_of(&HistoryDocument::of(history), false)
}

/// The canonical text of a document: reads it and writes it again. Doing it twice changes nothing more.
///
/// # Errors
/// Everything that is wrong with the document.
pub fn normalise(document: &[u8]) -> Result<String, Refusal> {
    let text = std::str::from_utf8(document).map_err(|error| {
        let problem =
            format!("is not UTF-8 from byte {} on; convert the file to UTF-8", error.valid_up_to() + 1);
        Refusal {
            study_id: None,
            problems: vec![DocumentProblem { path: "$".to_owned(), line: None, column: None, problem }],
        }
    })?;
    read::read(text.strip_prefix('\u{feff}').unwrap_or(text)).map(|history| pretty(&history))
}

/// The canonical text of a part of a document.
pub(crate) fn text_of<T: Serialize>(part: &T, pretty: bool) -> String {
    let text = if pretty { serde_json::to_string_pretty(part) } else { serde_json::to_string(part) };
    #[expect(
        clippy::expect_used,
        reason = "writing to memory cannot fail and every key of a wire struct is a text"
    )]
    text.expect("wire structs are always written")
}
