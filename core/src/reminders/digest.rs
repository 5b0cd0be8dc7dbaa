//! One clinic's list for one day, as plain data ready to be rendered.
//!
//! A digest can only be built from rows of its own clinic; a foreign row is refused, never filtered out, because
//! it means that the selection before it is broken. A row has no place for a name, a birth date, a diagnosis, a
//! lobe, a result or a tier. An empty digest is legal and is sent: silence must mean failure.

use std::cmp::Reverse;

use chrono::{DateTime, NaiveDate, Utc};
use thiserror::Error;

use super::step::Step;

/// The most characters of a study id in a mail.
const MAX_STUDY_ID: usize = 100;
/// The most characters of a link in a mail.
const MAX_LINK: usize = 900;

/// One planned scan in the digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestRow {
    /// The slug of the clinic that follows the patient today.
    pub clinic_slug: String,
    /// The patient's study id.
    pub study_id: String,
    /// The step that has come.
    pub step: Step,
    /// The day the scan is due.
    pub due_on: NaiveDate,
    /// Whole days past the end of the window; 0 while it is open.
    pub days_late: u32,
    /// Whether the step was reached since the last digest.
    pub is_new: bool,
}

/// The four headings of a digest, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DigestGroup {
    /// Severely overdue.
    SeverelyOverdue,
    /// Past the window.
    Overdue,
    /// Inside the window.
    Due,
    /// Notices of scans to come.
    ComingDue,
}

impl DigestGroup {
    /// All headings in the order they are shown.
    pub const ALL: [Self; 4] = [Self::SeverelyOverdue, Self::Overdue, Self::Due, Self::ComingDue];

    /// The heading a step stands under.
    #[must_use]
    pub fn of(step: Step) -> Self {
        match step {
            Step::SeverelyOverdue { .. } => Self::SeverelyOverdue,
            Step::Overdue { .. } => Self::Overdue,
            Step::Due => Self::Due,
            Step::Notice(_) => Self::ComingDue,
        }
    }
}

/// How many rows stand under each heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DigestCounts {
    /// Severely overdue.
    pub n_severely_overdue: usize,
    /// Past the window, without the severely overdue.
    pub n_overdue: usize,
    /// Inside the window.
    pub n_due: usize,
    /// Notices of scans to come.
    pub n_coming_due: usize,
}

impl DigestCounts {
    /// All rows.
    #[must_use]
    pub fn total(self) -> usize {
        self.n_severely_overdue + self.n_overdue + self.n_due + self.n_coming_due
    }

    /// All rows past their window, the severe ones included.
    #[must_use]
    pub fn late(self) -> usize {
        self.n_severely_overdue + self.n_overdue
    }
}

/// Why no digest can be built.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DigestError {
    /// A row belongs to another clinic. The message names clinics only.
    #[error(
        "a row of clinic `{found}` reached the digest of clinic `{expected}`; nothing was sent, report this"
    )]
    ForeignClinic {
        /// The clinic of the digest.
        expected: String,
        /// The clinic of the row.
        found: String,
    },
    /// A study id cannot stand in a mail.
    #[error(
        "a study id of clinic `{0}` is empty, too long or has control characters; correct it in the registry"
    )]
    StudyId(String),
    /// A link is not a plain web address.
    #[error(
        "a link for clinic `{0}` is not a plain http or https address; check the configured base address"
    )]
    Link(String),
}

/// To whom a list goes, and what it asks of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// The coordinator: works the whole list, every day.
    Coordinator,
    /// The responsible clinician: decides about scans that stay overdue.
    Clinician,
    /// Deputy and service lead: for information; the clinician decides.
    Informed,
}

/// What stands above the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestHead {
    /// The clinic's slug.
    pub clinic_slug: String,
    /// The clinic's name.
    pub clinic_name: String,
    /// The civil day in the clinic's zone.
    pub local_date: NaiveDate,
    /// The instant the facts were read.
    pub data_at: DateTime<Utc>,
    /// Where to look, built from the configured base address.
    pub link: String,
    /// To whom it goes.
    pub audience: Audience,
}

/// One clinic's list for one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    head: DigestHead,
    rows: Vec<DigestRow>,
    undated: Vec<String>,
}

impl Digest {
    /// Puts the rows of one clinic in order. `undated` are study ids of followed patients for whom no next CT can be
    /// planned: somebody has to enter a date.
    ///
    /// # Errors
    /// When a row belongs to another clinic, or a study id or link cannot stand in a mail.
    pub fn new(
        head: DigestHead,
        mut rows: Vec<DigestRow>,
        mut undated: Vec<String>,
    ) -> Result<Self, DigestError> {
        if !is_web_address(&head.link) {
            return Err(DigestError::Link(head.clinic_slug));
        }
        if let Some(foreign) = rows.iter().find(|row| row.clinic_slug != head.clinic_slug) {
            return Err(DigestError::ForeignClinic {
                expected: head.clinic_slug,
                found: foreign.clinic_slug.clone(),
            });
        }
        let mut ids = rows.iter().map(|row| &row.study_id).chain(&undated);
        if !ids.all(|id| is_plain_word(id, MAX_STUDY_ID)) {
            return Err(DigestError::StudyId(head.clinic_slug));
        }
        rows.sort_by(|a, b| order(a).cmp(&order(b)));
        undated.sort();
        Ok(Self { head, rows, undated })
    }

    /// What stands above the rows.
    #[must_use]
    pub fn head(&self) -> &DigestHead {
        &self.head
    }

    /// The clinic's name.
    #[must_use]
    pub fn clinic_name(&self) -> &str {
        &self.head.clinic_name
    }

    /// Followed patients without a next date, in order of study id.
    #[must_use]
    pub fn undated(&self) -> &[String] {
        &self.undated
    }

    /// All rows, in the order they are shown.
    #[must_use]
    pub fn rows(&self) -> &[DigestRow] {
        &self.rows
    }

    /// The rows under one heading, in the order they are shown.
    pub fn group(&self, group: DigestGroup) -> impl Iterator<Item = &DigestRow> {
        self.rows.iter().filter(move |row| DigestGroup::of(row.step) == group)
    }

    /// How many rows stand under each heading.
    #[must_use]
    pub fn counts(&self) -> DigestCounts {
        let mut counts = DigestCounts::default();
        for row in &self.rows {
            let count = match DigestGroup::of(row.step) {
                DigestGroup::SeverelyOverdue => &mut counts.n_severely_overdue,
                DigestGroup::Overdue => &mut counts.n_overdue,
                DigestGroup::Due => &mut counts.n_due,
                DigestGroup::ComingDue => &mut counts.n_coming_due,
            };
            *count += 1;
        }
        counts
    }
}

/// Most urgent heading first, then the latest, then the earliest due; the rest only makes the order total.
fn order(row: &DigestRow) -> (DigestGroup, Reverse<u32>, NaiveDate, &str, Reverse<Step>) {
    (DigestGroup::of(row.step), Reverse(row.days_late), row.due_on, &row.study_id, Reverse(row.step))
}

/// Control characters, line and paragraph separators and the marks that turn the direction of text around.
fn is_plain_word(text: &str, most: usize) -> bool {
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(odd)
}

fn is_web_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| rest.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'['))
        && text.len() <= MAX_LINK
        && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'\\' | b'`'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(clinic: &str, study_id: &str, step: Step, due_on: &str, days_late: u32) -> DigestRow {
        DigestRow {
            clinic_slug: clinic.to_owned(),
            study_id: study_id.to_owned(),
            step,
            due_on: due_on.parse().unwrap(),
            days_late,
            is_new: false,
        }
    }

    fn digest(rows: Vec<DigestRow>) -> Result<Digest, DigestError> {
        linked("https://lobewatch.example.org/", rows)
    }

    fn linked(link: &str, rows: Vec<DigestRow>) -> Result<Digest, DigestError> {
        let head = DigestHead {
            clinic_slug: "north".to_owned(),
            clinic_name: "North Clinic".to_owned(),
            local_date: "2026-03-01".parse().unwrap(),
            data_at: "2026-03-01T02:00:00Z".parse().unwrap(),
            link: link.to_owned(),
            audience: Audience::Coordinator,
        };
        Digest::new(head, rows, Vec::new())
    }

    #[test]
    fn a_row_of_another_clinic_is_refused_and_not_left_out() {
        let rows = vec![
            row("north", "STS-1", Step::Due, "2026-03-01", 0),
            row("south", "STS-2", Step::Due, "2026-03-01", 0),
        ];
        let error = digest(rows).unwrap_err();
        assert!(matches!(error, DigestError::ForeignClinic { .. }));
        assert!(!error.to_string().contains("STS-2"));
    }

    #[test]
    fn rows_stand_most_urgent_first_in_the_same_order_however_they_arrive() {
        let rows = vec![
            row("north", "STS-6", Step::notice(7), "2026-03-08", 0),
            row("north", "STS-5", Step::Due, "2026-03-01", 0),
            row("north", "STS-4", Step::Due, "2026-02-27", 0),
            row("north", "STS-3", Step::Overdue { days_after: 1 }, "2026-02-10", 1),
            row("north", "STS-2", Step::Overdue { days_after: 1 }, "2026-02-10", 5),
            row("north", "STS-1", Step::SeverelyOverdue { week: 1 }, "2026-01-01", 30),
        ];
        let mut backwards = rows.clone();
        backwards.reverse();
        let one = digest(rows).unwrap();
        let ids: Vec<&str> = one.rows().iter().map(|row| row.study_id.as_str()).collect();
        assert_eq!(ids, ["STS-1", "STS-2", "STS-3", "STS-4", "STS-5", "STS-6"]);
        assert_eq!(digest(backwards).unwrap(), one);
        let expected = DigestCounts { n_severely_overdue: 1, n_overdue: 2, n_due: 2, n_coming_due: 1 };
        assert_eq!(one.counts(), expected);
        assert_eq!((expected.total(), expected.late()), (6, 3));
        let grouped: usize = DigestGroup::ALL.iter().map(|group| one.group(*group).count()).sum();
        assert_eq!(grouped, 6);
    }

    #[test]
    fn a_day_with_nothing_due_still_makes_a_digest() {
        assert_eq!(digest(Vec::new()).unwrap().counts().total(), 0);
    }

    #[test]
    fn a_study_id_or_link_that_could_break_a_mail_is_refused() {
        let long = "x".repeat(101);
        for id in ["", " ", "STS\r\n1", "STS\u{2028}1", "STS\u{202E}1", "STS\0", long.as_str()] {
            let made = digest(vec![row("north", id, Step::Due, "2026-03-01", 0)]);
            assert!(matches!(made, Err(DigestError::StudyId(_))), "{id:?}");
        }
        for link in
            ["", "ftp://a", "javascript:alert(1)", "https://", "https://a b", "https://a\"b", "https:///x"]
        {
            assert!(matches!(linked(link, Vec::new()), Err(DigestError::Link(_))), "{link:?}");
        }
    }
}
