//! Wire form of events outside the lung, decisions and follow-up.

use crate::{
    document::{
        field::{Field, List, Must},
        slot::wire,
    },
    domain::{
        board::{BoardDecision, Preconditions},
        dates::PartialDate,
        event::{ExtrathoracicEvent, ThoracicEvent},
        follow_up::{Acknowledgement, ContactAttempt, EndOfFollowUp, FollowUp, OtherHospitals, Pregnancy},
        slot_action::SlotAction,
        text::{StudyKey, Text},
        tier::{Tier, TierOverride},
        vocabulary::{
            BoardChoice, CauseOfDeath, Discipline, EndReason, ExtrathoracicKind, OtherMetastasectomies,
            Precondition, SlotActionKind, ThoracicSite, VitalStatus,
        },
    },
};

wire! {
    /// Disease inside the thorax but outside the lung.
    ThoracicEventEntry ("ThoracicEventEntry") for ThoracicEvent {
        /// Day.
        on: Option<Field<PartialDate>>,
        /// Site.
        site: Option<Field<ThoracicSite>>,
        /// Whether it is confirmed.
        confirmed: Option<Field<bool>>,
        /// Whether it was resected.
        resected: Option<Field<bool>>,
    }
}

wire! {
    /// Disease outside the thorax.
    ExtrathoracicEventEntry ("ExtrathoracicEventEntry") for ExtrathoracicEvent {
        /// Day.
        on: Option<Field<PartialDate>>,
        /// Kind.
        kind: Option<Field<ExtrathoracicKind>>,
        /// Site in words.
        site: Option<Field<Text>>,
        /// Whether it was resected.
        resected: Option<Field<bool>>,
    }
}

wire! {
    /// One decision of a tumour board.
    BoardDecisionEntry ("BoardDecisionEntry") for BoardDecision {
        /// Day.
        on: Option<Field<PartialDate>>,
        /// What was decided.
        decision: Option<Field<BoardChoice>>,
        /// Stages planned.
        planned_stages: Option<Field<u32>>,
        /// Day of the next scan, where observation was chosen.
        rescan_on: Option<Field<PartialDate>>,
        /// Day by which the next decision is due.
        next_decision_on: Option<Field<PartialDate>>,
        /// The five preconditions, answered by people.
        preconditions: Option<PreconditionsEntry>,
        /// Who took part.
        members: List<Field<Text>>,
        /// Disciplines present.
        disciplines: List<Field<Discipline>>,
        /// A remark.
        comment: Option<Field<Text>>,
    }
}

wire! {
    /// The five preconditions of metastasectomy.
    PreconditionsEntry ("PreconditionsEntry") for Preconditions {
        /// The patient tolerates the resection.
        tolerates_resection: Option<Field<Precondition>>,
        /// The primary is controlled or can be.
        primary_controlled: Option<Field<Precondition>>,
        /// Complete resection can be achieved.
        complete_resection_achievable: Option<Field<Precondition>>,
        /// No disease outside the thorax.
        no_extrathoracic_disease: Option<Field<Precondition>>,
        /// No better proved option.
        no_better_option: Option<Field<Precondition>>,
    }
}

wire! {
    /// A person's decision for another tier than the computed one.
    TierOverrideEntry ("TierOverrideEntry") for TierOverride {
        /// Day of the decision.
        on: Option<Field<PartialDate>>,
        /// The tier that was chosen: A active, H high, S standard, L low.
        tier: Must<Tier>,
        /// Why. Without a reason the decision does not count.
        reason: Option<Field<Text>>,
        /// Who decided. Without a name the decision does not count.
        by: Option<Field<Text>>,
        /// Last day on which it counts, at most twelve months after the decision. Without it the decision does not count.
        until: Option<Field<PartialDate>>,
    }
}

wire! {
    /// What is known of the patient's course.
    FollowUpEntry ("FollowUpEntry") for FollowUp {
        /// Last day on which the patient was known to live.
        last_contact_on: Option<Field<PartialDate>>,
        /// Vital status.
        vital_status: Option<Field<VitalStatus>>,
        /// Day of death.
        died_on: Option<Field<PartialDate>>,
        /// Cause of death.
        cause_of_death: Option<Field<CauseOfDeath>>,
        /// Where the vital status is known from.
        source: Option<Field<Text>>,
        /// When other hospitals were last asked about, and what came of it.
        other_hospitals: Option<OtherHospitalsEntry>,
        /// Attempts to reach a patient who does not come.
        contact_attempts: List<ContactAttemptEntry>,
        /// Pregnancies, as far as they matter for the dose of a scan.
        pregnancies: List<PregnancyEntry>,
        /// The recorded end of follow-up.
        ended: Option<EndedEntry>,
    }
}

wire! {
    /// One attempt to reach the patient.
    ContactAttemptEntry ("ContactAttemptEntry") for ContactAttempt {
        /// Day.
        on: Option<Field<PartialDate>>,
        /// Who tried.
        by: Option<Field<Text>>,
        /// How: by telephone, by letter, through the general practitioner.
        how: Option<Field<Text>>,
        /// Whether the patient was reached.
        reached: Option<Field<bool>>,
    }
}

wire! {
    /// A pregnancy.
    PregnancyEntry ("PregnancyEntry") for Pregnancy {
        /// Day since which it is known.
        known_on: Option<Field<PartialDate>>,
        /// Day on which it ended.
        ended_on: Option<Field<PartialDate>>,
        /// Who recorded it.
        by: Option<Field<Text>>,
    }
}

wire! {
    /// What somebody recorded about a planned scan or decision.
    SlotActionEntry ("SlotActionEntry") for SlotAction {
        /// The slot, by its key in the assessment document.
        slot: Must<Text>,
        /// What was done.
        action: Must<SlotActionKind>,
        /// Day on which it was decided or recorded. Without it the action does not count.
        on: Option<Field<PartialDate>>,
        /// Who. Without a name the action does not count.
        by: Option<Field<Text>>,
        /// Why. `postponed`, `not_needed`, `reviewed` and `modality_confirmed` do not count without a reason.
        reason: Option<Field<Text>>,
        /// The appointment; `booked` needs it.
        booked_for: Option<Field<PartialDate>>,
        /// Day on which the scan was made; `done` and `done_elsewhere` need it.
        performed_on: Option<Field<PartialDate>>,
        /// The study on record.
        study: Option<Field<StudyKey>>,
        /// Where it was made; `done_elsewhere` needs it.
        place: Option<Field<Text>>,
        /// The day to which the scan was postponed; `postponed` needs it.
        until: Option<Field<PartialDate>>,
    }
}

wire! {
    /// Treatment in other hospitals, as last asked about.
    OtherHospitalsEntry ("OtherHospitalsEntry") for OtherHospitals {
        /// Day.
        checked_on: Option<Field<PartialDate>>,
        /// Whether the metastasectomies of other hospitals are on record.
        metastasectomies: Option<Field<OtherMetastasectomies>>,
    }
}

wire! {
    /// An end of follow-up.
    EndedEntry ("EndedEntry") for EndOfFollowUp {
        /// Day.
        on: Option<Field<PartialDate>>,
        /// Why.
        reason: Must<EndReason>,
        /// Who recorded it.
        by: Option<Field<Text>>,
        /// The reason in words.
        note: Option<Field<Text>>,
        /// To which clinic the patient goes, for a transfer.
        to: Option<Field<Text>>,
        /// The receiving clinic's acknowledgement; until then the patient stays followed.
        acknowledged: Option<AcknowledgementEntry>,
    }
}

wire! {
    /// The receiving clinic's acknowledgement of a transfer. It counts only with day and name.
    AcknowledgementEntry ("AcknowledgementEntry") for Acknowledgement {
        /// Day.
        on: Option<Field<PartialDate>>,
        /// Who, at the receiving clinic.
        by: Option<Field<Text>>,
    }
}
