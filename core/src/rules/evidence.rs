//! What a rule rests on, and what people are asked to complete: the parts every rule result is made of.
//!
//! Evidence names facts of the record; it never repeats their content. A data task never blocks a rule.

use std::fmt;

use crate::domain::{
    dates::PartialDate,
    text::{NoduleId, OperationId, PrimaryId, StudyKey, TherapyId},
};

/// A fact of the record that a rule rests on; shown as the fact's id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// A nodule or group.
    Nodule(NoduleId),
    /// An imaging study.
    Study(StudyKey),
    /// An operation.
    Operation(OperationId),
    /// A systemic or local therapy.
    Therapy(TherapyId),
    /// A part of a further primary.
    OtherPrimary(PrimaryId, &'static str),
    /// A part of the record that has no id of its own, such as `primary.treated_on`.
    Part(&'static str),
    /// A dated part without an id, such as an extrathoracic event.
    Dated(&'static str, Option<PartialDate>),
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nodule(id) => id.fmt(f),
            Self::Study(id) => id.fmt(f),
            Self::Operation(id) => id.fmt(f),
            Self::Therapy(id) => id.fmt(f),
            Self::OtherPrimary(id, part) => write!(f, "other_primaries.{id}.{part}"),
            Self::Part(part) | Self::Dated(part, None) => f.write_str(part),
            Self::Dated(part, Some(on)) => write!(f, "{part}@{on}"),
        }
    }
}

/// Something people have to complete, correct or confirm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataTask {
    /// What kind of task, kebab-case and stable.
    pub kind: &'static str,
    /// Which part of the record it is about; empty where it is about the patient as a whole.
    pub subject: String,
    /// What is missing or odd, and what for.
    pub reason: String,
}

impl DataTask {
    /// A task about one part of the record.
    pub fn new(kind: &'static str, subject: impl fmt::Display, reason: impl Into<String>) -> Self {
        Self { kind, subject: subject.to_string(), reason: reason.into() }
    }

    /// A task about the patient as a whole.
    pub fn about_patient(kind: &'static str, reason: impl Into<String>) -> Self {
        Self { kind, subject: String::new(), reason: reason.into() }
    }

    /// Stable id within the patient: the kind, and the subject after a colon.
    #[must_use]
    pub fn id(&self) -> String {
        if self.subject.is_empty() { self.kind.to_owned() } else { format!("{}:{}", self.kind, self.subject) }
    }
}

/// A list in words: `a`, `a and b`, `a, b and c`; the rest is counted from the sixth on.
pub(super) fn listed<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    match items.as_slice() {
        [] => "none".to_owned(),
        [only] => only.clone(),
        [first @ .., last] if items.len() <= 6 => format!("{} and {last}", first.join(", ")),
        [a, b, c, d, e, ..] => format!("{a}, {b}, {c}, {d}, {e} and {} more", items.len() - 5),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A date in words; an absent one is said to be so.
pub(super) fn dated(on: Option<PartialDate>) -> String {
    on.map_or_else(|| "an unknown day".to_owned(), |on| on.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_named_by_kind_and_subject() {
        assert_eq!(DataTask::new("lobe-not-reported", "n1", "…").id(), "lobe-not-reported:n1");
        assert_eq!(DataTask::about_patient("missing-dfi", "…").id(), "missing-dfi");
    }

    #[test]
    fn long_lists_are_counted() {
        assert_eq!(listed::<&str>([]), "none");
        assert_eq!(listed(["a", "b"]), "a and b");
        assert_eq!(listed(1..=6), "1, 2, 3, 4, 5 and 6");
        assert_eq!(listed(1..=9), "1, 2, 3, 4, 5 and 4 more");
    }
}
