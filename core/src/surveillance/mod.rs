//! Pure planning: from tier and clearance to slots with windows.
//!
//! The plan of a patient is computed from the facts each time; nothing here remembers a run. A slot leaves the
//! open list only because of a fact (an adequate study, a recorded end), never because time passed.

mod actions;
mod active;
mod adequacy;
mod close;
mod contact;
mod late;
mod modality;
mod plan;
mod series;
pub mod slot;
pub mod standing;
#[cfg(test)]
mod testing;

use chrono::NaiveDate;

pub use self::{
    actions::{lacks, suits},
    plan::{Plan, plan},
    slot::{Closure, Slot, SlotClocks, SlotKind, SlotState, Window},
    standing::Standing,
};
use crate::{
    domain::{
        board::BoardDecision, dates::PartialDate, follow_up::FollowUp, imaging::ImagingStudy,
        slot_action::SlotAction,
    },
    protocol::Tier,
};

/// Everything a plan depends on, as known on `as_of`.
#[derive(Debug, Clone, Copy)]
pub struct PlanFacts<'a> {
    /// The day of the plan.
    pub as_of: NaiveDate,
    /// Tier on that day.
    pub tier: Tier,
    /// The tier without what is active now: its slots stay while nobody has decided about the disease. `None` where
    /// nothing is active by the rules, so that tier A is a person's choice.
    pub tier_otherwise: Option<Tier>,
    /// Days of the newest signs of disease in the chest; `None` for a sign of unknown day.
    pub signs: &'a [Option<PartialDate>],
    /// Day of the study by which a nodule that came after clearance is suspected, the newest.
    pub suspected_on: Option<PartialDate>,
    /// Day of the last local recurrence of the primary.
    pub local_recurrence_on: Option<PartialDate>,
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
    /// What people recorded about slots.
    pub actions: &'a [SlotAction],
    /// Course and end of follow-up.
    pub follow_up: Option<&'a FollowUp>,
    /// Birth date, for the modality note.
    pub birth_date: Option<PartialDate>,
}

/// What the plan leaves to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanTask {
    /// Stable kebab-case code.
    pub kind: &'static str,
    /// The slot or study it is about; empty for the patient as a whole.
    pub subject: String,
    /// What is to be decided or completed.
    pub reason: String,
}

impl PlanTask {
    fn new(kind: &'static str, subject: impl std::fmt::Display, reason: String) -> Self {
        Self { kind, subject: subject.to_string(), reason }
    }
}
