//! Wire form of systemic therapy and of local therapy other than resection.

use super::operation::StageRefusalEntry;
use crate::{
    document::{
        field::{Field, List, Must},
        slot::wire,
    },
    domain::{
        dates::PartialDate,
        measure::Gray,
        text::{NoduleId, OperationId, Text, TherapyId},
        therapy::{LocalControl, LocalTherapy, SystemicTherapy},
        vocabulary::{BestResponse, LocalIntent, LocalStatus, LocalTherapyKind, SystemicIntent},
    },
};

wire! {
    /// One line of systemic therapy.
    SystemicTherapyEntry ("SystemicTherapyEntry") for SystemicTherapy {
        /// Identity within the patient.
        id: Must<TherapyId>,
        /// Drugs in words.
        regimen: Option<Field<Text>>,
        /// Line of treatment, from 1.
        line: Option<Field<u32>>,
        /// Intent relative to metastasectomy.
        intent: Option<Field<SystemicIntent>>,
        /// First day.
        started_on: Option<Field<PartialDate>>,
        /// Last day.
        ended_on: Option<Field<PartialDate>>,
        /// Whether it was still running at the last report.
        ongoing: Option<Field<bool>>,
        /// Why it was stopped.
        stop_reason: Option<Field<Text>>,
        /// Best response.
        best_response: Option<Field<BestResponse>>,
    }
}

wire! {
    /// Radiotherapy or ablation of lung nodules.
    LocalTherapyEntry ("LocalTherapyEntry") for LocalTherapy {
        /// Identity within the patient.
        id: Must<TherapyId>,
        /// Kind.
        kind: Option<Field<LocalTherapyKind>>,
        /// Intent.
        intent: Option<Field<LocalIntent>>,
        /// First day.
        started_on: Option<Field<PartialDate>>,
        /// Last day.
        ended_on: Option<Field<PartialDate>>,
        /// Ids of the nodules treated.
        nodules: List<Field<NoduleId>>,
        /// Id of the operation with which it is one plan.
        stage_of: Option<Field<OperationId>>,
        /// Treatments of which a person decided that this one is no part of the same plan.
        not_stage_of: List<StageRefusalEntry>,
        /// Dose, gray.
        dose_gy: Option<Field<Gray>>,
        /// Number of fractions.
        fractions: Option<Field<u32>>,
        /// Technique in words.
        technique: Option<Field<Text>>,
        /// Local state of the treated nodules over time.
        local_statuses: List<LocalControlEntry>,
    }
}

wire! {
    /// Local state of one treated nodule on one day.
    LocalControlEntry ("LocalControlEntry") for LocalControl {
        /// Id of the nodule.
        nodule: Must<NoduleId>,
        /// Day.
        on: Option<Field<PartialDate>>,
        /// State.
        status: Must<LocalStatus>,
    }
}
