//! What is wrong with a document that does not even fill the wire structs: broken JSON, unknown or doubled
//! keys, wrong kinds of value. Runs only after a failure, so it may be slow; it never makes a history.

use serde::de::DeserializeOwned;
use serde_json::{Value, error::Category};
use serde_path_to_error::Segment;

use super::{
    field::shown,
    history::HistoryDocument,
    locate,
    path::{DocumentProblem, Problems},
    read::{self, Refusal},
};

/// Structural problems reported per document.
const MOST_STRUCTURAL: usize = 50;

/// Collects the problems of a document that cannot be parsed.
pub(super) fn refuse(text: &str) -> Refusal {
    let first = structural::<HistoryDocument>(text);
    let Ok(mut value) = serde_json::from_str::<Value>(text) else {
        return Refusal { study_id: None, problems: vec![first] };
    };
    let study_id = value
        .pointer("/patient/study_id")
        .and_then(Value::as_str)
        .and_then(|id| crate::domain::text::StudyId::parse(id).ok());
    let mut problems = vec![first];
    // A doubled key is gone from `value`, so the first problem may not come up again.
    while problems.len() < MOST_STRUCTURAL {
        match serde_path_to_error::deserialize::<_, HistoryDocument>(&value) {
            Ok(document) => {
                add_semantic(document, &mut problems);
                break;
            }
            Err(error) => {
                let path = error.path().clone();
                let message = error.into_inner().to_string();
                let found = DocumentProblem {
                    path: path_text(&path),
                    line: None,
                    column: None,
                    problem: reworded(&message),
                };
                if !problems.iter().any(|known| known.path == found.path) {
                    problems.push(found);
                }
                if !remove(&mut value, &path) {
                    break;
                }
            }
        }
    }
    locate::fill_in(text, &mut problems);
    Refusal { study_id, problems }
}

/// Adds what is wrong with the values of the part that could be parsed, without saying that what was taken out
/// is missing.
fn add_semantic(document: HistoryDocument, problems: &mut Vec<DocumentProblem>) {
    let mut found = Problems::default();
    found.drop_entry();
    let _ = read::build(document, &mut found);
    let structural = problems.clone();
    problems.extend(
        found
            .into_list()
            .into_iter()
            .filter(|semantic| !structural.iter().any(|known| known.path == semantic.path)),
    );
}

/// The first structural problem of a text.
pub(super) fn structural<T: DeserializeOwned>(text: &str) -> DocumentProblem {
    if let Some(at) = text.bytes().position(|byte| byte == 0) {
        let (line, column) = locate::line_and_column(text, at);
        return problem_at("$".to_owned(), line, column, "holds a NUL byte; remove it".to_owned());
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed = serde_path_to_error::deserialize::<_, T>(&mut deserializer)
        .map_err(|error| (path_text(error.path()), error.into_inner()))
        .and_then(|_| deserializer.end().map_err(|error| ("$".to_owned(), error)));
    match parsed {
        Ok(()) => problem_at("$".to_owned(), 1, 1, "cannot be read; write it again".to_owned()),
        Err((path, error)) => {
            let (line, column) = (error.line() as u64, error.column() as u64);
            let message = error.to_string();
            let problem = match error.classify() {
                Category::Eof => "ends too early; the text is cut off, complete it".to_owned(),
                Category::Syntax | Category::Io => {
                    format!("is not JSON: {}; correct it here", without_position(&message))
                }
                Category::Data => reworded(&message),
            };
            // The path of a doubled key ends at its object; the key itself is what to look for.
            let path = match doubled_key(&message) {
                Some(key) if !path.ends_with(&format!(".{key}")) => format!("{path}.{key}"),
                _ => path,
            };
            problem_at(path, line, column, problem)
        }
    }
}

const fn problem_at(path: String, line: u64, column: u64, problem: String) -> DocumentProblem {
    DocumentProblem { path, line: Some(line), column: Some(column), problem }
}

fn path_text(path: &serde_path_to_error::Path) -> String {
    let mut text = "$".to_owned();
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key } => text.push_str(&format!(".{}", shown(key))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    text
}

/// Takes out the value of a key, so that the rest can be looked at. Elements of lists are left: taking one out
/// would shift the paths of those after it.
fn remove(value: &mut Value, path: &serde_path_to_error::Path) -> bool {
    let mut segments: Vec<&Segment> = path.iter().collect();
    let Some(Segment::Map { key: last }) = segments.pop() else { return false };
    let mut current = value;
    for segment in segments {
        let next = match segment {
            Segment::Seq { index } => current.get_mut(*index),
            Segment::Map { key } => current.get_mut(key.as_str()),
            Segment::Enum { .. } | Segment::Unknown => None,
        };
        let Some(next) = next else { return false };
        current = next;
    }
    current.as_object_mut().is_some_and(|object| object.remove(last).is_some())
}

fn without_position(message: &str) -> &str {
    message.rfind(" at line ").and_then(|end| message.get(..end)).unwrap_or(message)
}

fn doubled_key(message: &str) -> Option<&str> {
    message.strip_prefix("duplicate field `")?.split('`').next()
}

/// Says what serde says in the words of a document, with a remedy.
fn reworded(message: &str) -> String {
    let message = without_position(message);
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let (key, known) = rest.split_once(", expected ").unwrap_or((rest, "none"));
        let known = known.trim_start_matches("one of ");
        return format!("the key {} is not known; leave it out or write one of {known}", shown(key));
    }
    if let Some(key) = doubled_key(message) {
        return format!("the key `{key}` is given twice; keep one");
    }
    if let Some(rest) = message.strip_prefix("invalid type: ") {
        let (found, expected) = rest.rsplit_once(", expected ").unwrap_or((rest, "another kind of value"));
        return format!("must be {}, not {}; correct the value", in_words(expected), shown(in_words(found)));
    }
    format!("{}; correct it", shown(message))
}

fn in_words(kind: &str) -> &str {
    match kind {
        "a sequence" | "sequence" => "a list",
        "map" => "an object",
        _ => kind,
    }
}
