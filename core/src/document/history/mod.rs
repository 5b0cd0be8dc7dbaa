//! The wire structs of `lobewatch.history/1`: keys, their order and their spelling.
//!
//! Keys are never renamed or dropped; new ones are optional. Each file mirrors one aggregate of the domain.

pub mod course;
pub mod imaging;
pub mod nodule;
pub mod operation;
pub mod patient;
pub mod primary;
pub mod therapy;

use super::{
    field::{Field, List, Must},
    path::{Path, Problems},
    slot::{Slot, wire},
    value::HistoryFormat,
};
use crate::domain::{
    history::{HistoryParts, Source},
    text::{StudyId, Text},
};
use course::{
    BoardDecisionEntry, ExtrathoracicEventEntry, FollowUpEntry, SlotActionEntry, ThoracicEventEntry,
    TierOverrideEntry,
};
use imaging::ImagingEntry;
use nodule::{NoduleEntry, NoduleLinkEntry};
use operation::OperationEntry;
use patient::{FitnessEntry, IdentityEntry, PatientEntry};
use primary::{LungMetastasesEntry, PrimaryEntry};
use therapy::{LocalTherapyEntry, SystemicTherapyEntry};

wire! {
    /// One patient's whole history.
    HistoryDocument ("HistoryDocument") {
        /// Name and version of the format.
        format: Must<HistoryFormat>,
        /// Where the history was taken from.
        source: Option<SourceEntry>,
        /// The patient.
        patient: Option<PatientEntry>,
        /// What identifies the person; no mail, log line or statistic reads it.
        identity: Option<IdentityEntry>,
        /// General condition and lung function.
        fitness: Option<FitnessEntry>,
        /// The primary tumour; the first one where there are several.
        primary: Option<PrimaryEntry>,
        /// Further primary tumours, each with an id.
        other_primaries: List<PrimaryEntry>,
        /// First diagnosis of lung metastases.
        lung_metastases: Option<LungMetastasesEntry>,
        /// All nodules, each with a permanent id under its lobe.
        nodules: List<NoduleEntry>,
        /// What people decided on which entries are one nodule.
        nodule_links: List<NoduleLinkEntry>,
        /// All imaging studies.
        imaging: List<ImagingEntry>,
        /// All operations.
        operations: List<OperationEntry>,
        /// Systemic therapies.
        systemic_therapies: List<SystemicTherapyEntry>,
        /// Local therapies other than resection.
        local_therapies: List<LocalTherapyEntry>,
        /// Disease inside the thorax, outside the lung.
        thoracic_events: List<ThoracicEventEntry>,
        /// Disease outside the thorax.
        extrathoracic_events: List<ExtrathoracicEventEntry>,
        /// Tumour-board decisions.
        board_decisions: List<BoardDecisionEntry>,
        /// Decisions of people for another tier than the computed one.
        tier_overrides: List<TierOverrideEntry>,
        /// What people recorded about planned scans and decisions.
        slot_actions: List<SlotActionEntry>,
        /// Course and end of follow-up.
        follow_up: Option<FollowUpEntry>,
    }
}

wire! {
    /// Where a history was taken from.
    SourceEntry ("SourceEntry") for Source {
        /// Title.
        title: Option<Field<Text>>,
        /// Address.
        url: Option<Field<Text>>,
        /// Readings that go beyond the text of the source.
        assumptions: List<Field<Text>>,
        /// Whether day 0 is a declared, arbitrary day.
        anchored: Option<Field<bool>>,
    }
}

impl HistoryDocument {
    /// The study id, where it is there and legal: to name a document that is refused for something else.
    #[must_use]
    pub fn study_id(&self) -> Option<&StudyId> {
        self.patient.as_ref()?.study_id.value()
    }

    /// Reads every part; `None` only after a problem was reported.
    #[must_use]
    pub fn into_parts(self, problems: &mut Problems) -> Option<HistoryParts> {
        let root = Path::Root;
        let _ = self.format.read(root.key("format"), problems);
        let patient = match self.patient {
            Some(patient) => patient.read(root.key("patient"), problems),
            None => {
                problems.report(root.key("patient"), "is missing; give at least its study_id");
                None
            }
        };
        Some(HistoryParts {
            source: self.source.read(root.key("source"), problems)?,
            identity: self.identity.read(root.key("identity"), problems)?,
            fitness: self.fitness.read(root.key("fitness"), problems)?,
            primary: self.primary.read(root.key("primary"), problems)?,
            other_primaries: self.other_primaries.read(root.key("other_primaries"), problems)?,
            lung_metastases: self.lung_metastases.read(root.key("lung_metastases"), problems)?,
            nodules: self.nodules.read(root.key("nodules"), problems)?,
            nodule_links: self.nodule_links.read(root.key("nodule_links"), problems)?,
            imaging: self.imaging.read(root.key("imaging"), problems)?,
            operations: self.operations.read(root.key("operations"), problems)?,
            systemic_therapies: self.systemic_therapies.read(root.key("systemic_therapies"), problems)?,
            local_therapies: self.local_therapies.read(root.key("local_therapies"), problems)?,
            thoracic_events: self.thoracic_events.read(root.key("thoracic_events"), problems)?,
            extrathoracic_events: self
                .extrathoracic_events
                .read(root.key("extrathoracic_events"), problems)?,
            board_decisions: self.board_decisions.read(root.key("board_decisions"), problems)?,
            tier_overrides: self.tier_overrides.read(root.key("tier_overrides"), problems)?,
            slot_actions: self.slot_actions.read(root.key("slot_actions"), problems)?,
            follow_up: self.follow_up.read(root.key("follow_up"), problems)?,
            patient: patient?,
        })
    }

    /// The document of a history.
    #[must_use]
    pub fn of(history: &HistoryParts) -> Self {
        Self {
            format: Must::new(HistoryFormat),
            source: Slot::write(&history.source),
            patient: Some(PatientEntry::write(&history.patient)),
            identity: Slot::write(&history.identity),
            fitness: Slot::write(&history.fitness),
            primary: Slot::write(&history.primary),
            other_primaries: Slot::write(&history.other_primaries),
            lung_metastases: Slot::write(&history.lung_metastases),
            nodules: Slot::write(&history.nodules),
            nodule_links: Slot::write(&history.nodule_links),
            imaging: Slot::write(&history.imaging),
            operations: Slot::write(&history.operations),
            systemic_therapies: Slot::write(&history.systemic_therapies),
            local_therapies: Slot::write(&history.local_therapies),
            thoracic_events: Slot::write(&history.thoracic_events),
            extrathoracic_events: Slot::write(&history.extrathoracic_events),
            board_decisions: Slot::write(&history.board_decisions),
            tier_overrides: Slot::write(&history.tier_overrides),
            slot_actions: Slot::write(&history.slot_actions),
            follow_up: Slot::write(&history.follow_up),
        }
    }
}
