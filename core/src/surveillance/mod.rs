//! Pure planning: from tier and clearance to slots with windows.
//!
//! The plan of a patient is computed from the facts each time; nothing here remembers a run. A slot leaves the
//! open list only because of a fact (an adequate study, a recorded end), never because time passed.

mod adequacy;
mod plan;
mod series;
pub mod slot;
pub mod standing;
#[cfg(test)]
mod testing;

use chrono::NaiveDate;

pub use self::{
    plan::{Plan, plan},
    slot::{Slot, SlotKind, SlotState, Window},
    standing::Standing,
};
use crate::{
    domain::{board::BoardDecision, dates::PartialDate, follow_up::FollowUp, imaging::ImagingStudy},
    protocol::Tier,
};

/// Everything a plan depends on, as known on `as_of`.
#[derive(Debug, Clone, Copy)]
pub struct PlanFacts<'a> {
    /// The day of the plan.
    pub as_of: NaiveDate,
    /// Tier on that day.
    pub tier: Tier,
    /// Where a person chose less follow-up than computed: the computed tier, and since when. What was due by then
    /// stays.
    pub lowered: Option<(Tier, NaiveDate)>,
    /// Clearance date of the last treatment episode; `None` where there is none.
    pub clearance: Option<PartialDate>,
    /// Diagnosis of lung metastases (T1): the anchor before any clearance.
    pub diagnosed_on: Option<PartialDate>,
    /// Day of the last lung operation or local therapy.
    pub last_treatment_on: Option<PartialDate>,
    /// All imaging studies.
    pub studies: &'a [ImagingStudy],
    /// First sight of every nodule that is observed and untreated.
    pub observed_since: &'a [PartialDate],
    /// Tumour-board decisions.
    pub boards: &'a [BoardDecision],
    /// Course and end of follow-up.
    pub follow_up: Option<&'a FollowUp>,
    /// Birth date, for the modality note.
    pub birth_date: Option<PartialDate>,
}
