//! What a rule rests on, and what people are asked to complete: the parts every rule result is made of.
//!
//! Evidence names facts of the record; it never repeats their content. A data task never blocks a rule.

use std::{borrow::Cow, cmp::Ordering, fmt, fmt::Write as _};

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

impl Evidence {
    /// The id as documents carry it.
    #[must_use]
    pub fn id(&self) -> Cow<'_, str> {
        match self {
            Self::Nodule(id) => id.as_str().into(),
            Self::Study(id) => id.as_str().into(),
            Self::Operation(id) => id.as_str().into(),
            Self::Therapy(id) => id.as_str().into(),
            Self::OtherPrimary(id, part) => format!("other_primaries.{id}.{part}").into(),
            Self::Part(part) | Self::Dated(part, None) => (*part).into(),
            Self::Dated(part, Some(on)) => format!("{part}@{on}").into(),
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id())
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
    pub reason: Cow<'static, str>,
}

impl DataTask {
    /// A task about one part of the record.
    pub fn new(kind: &'static str, subject: impl fmt::Display, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, subject: subject.to_string(), reason: reason.into() }
    }

    /// A task about the patient as a whole.
    pub fn about_patient(kind: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, subject: String::new(), reason: reason.into() }
    }

    /// Stable id within the patient: the kind, and the subject after a colon.
    #[must_use]
    pub fn id(&self) -> String {
        if self.subject.is_empty() { self.kind.to_owned() } else { [self.kind, ":", &self.subject].concat() }
    }

    /// The order of the ids.
    pub(super) fn by_id(&self, other: &Self) -> Ordering {
        if self.kind == other.kind {
            self.subject.cmp(&other.subject)
        } else if self.kind.starts_with(other.kind) || other.kind.starts_with(self.kind) {
            self.id().cmp(&other.id())
        } else {
            self.kind.cmp(other.kind)
        }
    }
}

/// Sorts tasks by id, each once.
pub fn sort_tasks(tasks: &mut Vec<DataTask>) {
    tasks.sort_by(DataTask::by_id);
    tasks.dedup_by(|one, other| (one.kind, &one.subject) == (other.kind, &other.subject));
}

/// A list in words: `a`, `a and b`, `a, b and c`; the rest is counted from the sixth on.
pub(super) fn listed<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let mut items = items.into_iter().peekable();
    let Some(first) = items.next() else { return "none".to_owned() };
    let mut text = first.to_string();
    let mut number = 1;
    while let Some(item) = items.next() {
        number += 1;
        let is_last = items.peek().is_none();
        // A `String` takes all that is written to it: the result carries nothing.
        if number == 6 && !is_last {
            let _ = write!(text, " and {} more", items.count() + 1);
            break;
        }
        let _ = write!(text, "{}{item}", if is_last { " and " } else { ", " });
    }
    text
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
