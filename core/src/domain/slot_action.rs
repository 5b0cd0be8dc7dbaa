//! What people record about a planned scan or decision: booked, done, postponed, not needed, reviewed.

use super::{
    dates::PartialDate,
    text::{StudyKey, Text},
    vocabulary::SlotActionKind,
};

/// One action on a slot of the plan, as recorded. What a kind needs besides a day and a name is said at the field; an
/// action that lacks it does not count and is a data task.
#[derive(Debug, Clone, PartialEq)]
pub struct SlotAction {
    /// The slot, by the key of the assessment document, such as `2024-01-10/month-6`. A slot that the plan no longer has
    /// is history.
    pub slot: Text,
    /// What was done.
    pub action: SlotActionKind,
    /// Day on which it was decided or recorded.
    pub on: Option<PartialDate>,
    /// Who.
    pub by: Option<Text>,
    /// Why: needed to postpone, to do without a scan, and for what a person decided or confirmed.
    pub reason: Option<Text>,
    /// The appointment, where one was booked.
    pub booked_for: Option<PartialDate>,
    /// Day on which the scan was made, here or elsewhere.
    pub performed_on: Option<PartialDate>,
    /// The study on record, where it was made here.
    pub study: Option<StudyKey>,
    /// Where it was made, if not at the clinic.
    pub place: Option<Text>,
    /// The day to which the scan was postponed.
    pub until: Option<PartialDate>,
}
