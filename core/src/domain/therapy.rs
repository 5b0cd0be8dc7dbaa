//! Systemic therapy, and local therapy other than resection.

use super::{
    dates::PartialDate,
    measure::Gray,
    operation::StageRefusal,
    text::{NoduleId, OperationId, Text, TherapyId},
    vocabulary::{BestResponse, LocalIntent, LocalStatus, LocalTherapyKind, SystemicIntent},
};

/// One line of systemic therapy.
#[derive(Debug, Clone, PartialEq)]
pub struct SystemicTherapy {
    /// Identity within the patient.
    pub id: TherapyId,
    /// Drugs in words.
    pub regimen: Option<Text>,
    /// Line of treatment, from 1.
    pub line: Option<u32>,
    /// Intent relative to metastasectomy.
    pub intent: Option<SystemicIntent>,
    /// First day.
    pub started_on: Option<PartialDate>,
    /// Last day; absent while it runs or where not reported.
    pub ended_on: Option<PartialDate>,
    /// Whether it was still running at the last report.
    pub ongoing: Option<bool>,
    /// Why it was stopped.
    pub stop_reason: Option<Text>,
    /// Best response.
    pub best_response: Option<BestResponse>,
}

/// Radiotherapy or ablation of lung nodules.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalTherapy {
    /// Identity within the patient.
    pub id: TherapyId,
    /// Kind.
    pub kind: Option<LocalTherapyKind>,
    /// Intent.
    pub intent: Option<LocalIntent>,
    /// First day.
    pub started_on: Option<PartialDate>,
    /// Last day: the clearance date where the plan was curative.
    pub ended_on: Option<PartialDate>,
    /// The nodules treated.
    pub nodules: Vec<NoduleId>,
    /// The operation with which it is one plan.
    pub stage_of: Option<OperationId>,
    /// Treatments of which a person decided that this one is no part of the same plan.
    pub not_stage_of: Vec<StageRefusal>,
    /// Dose, gray.
    pub dose_gy: Option<Gray>,
    /// Number of fractions.
    pub fractions: Option<u32>,
    /// Technique in words.
    pub technique: Option<Text>,
    /// Local state of the treated nodules over time.
    pub local_statuses: Vec<LocalControl>,
}

/// Local state of one treated nodule on one day.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalControl {
    /// Which nodule.
    pub nodule: NoduleId,
    /// Day.
    pub on: Option<PartialDate>,
    /// State.
    pub status: LocalStatus,
}
