//! An operation: one anaesthetic, its resections, and pathology per nodule.

use super::{
    dates::PartialDate,
    lung::{Lobe, Place, Side},
    measure::{DistanceMm, Millimetres, Percent},
    nodule::NoduleCount,
    text::{NoduleId, OperationId, Text, TreatmentId},
    truth::Truth,
    vocabulary::{
        Approach, ClavienDindo, Completeness, EnBloc, Extent, GrowthPattern, Lymphadenectomy, Margin,
        NodalStatus, OperationSide, Palpation, Pathology, Purpose, SpecimenKind,
    },
};

/// One operation on the lungs.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Identity within the patient.
    pub id: OperationId,
    /// Day of the operation.
    pub on: Option<PartialDate>,
    /// Day on which it was planned, for a stage that may not have been done yet.
    pub planned_on: Option<PartialDate>,
    /// What it was for; absent is metastasectomy.
    pub purpose: Purpose,
    /// Side.
    pub side: Option<OperationSide>,
    /// Approach.
    pub approach: Option<Approach>,
    /// Conversion to another approach.
    pub conversion: Option<Conversion>,
    /// The operation of which this one was the planned second stage.
    pub stage_of: Option<OperationId>,
    /// Treatments of which a person decided that this one is no part of the same plan.
    pub not_stage_of: Vec<StageRefusal>,
    /// Completeness of the whole operation.
    pub completeness: Option<Completeness>,
    /// Bimanual palpation; decides how "no occult nodule" may be read.
    pub palpation: Option<Palpation>,
    /// Localisation technique in words.
    pub localisation: Option<Text>,
    /// Extent of lymph-node removal.
    pub lymphadenectomy: Option<Lymphadenectomy>,
    /// Nodal result.
    pub nodes: Option<Nodes>,
    /// Structures removed with the lung.
    pub en_bloc: Vec<EnBloc>,
    /// Whether vessels were resected or reconstructed.
    pub vascular: Option<bool>,
    /// Whether cardiopulmonary bypass was used.
    pub bypass: Option<bool>,
    /// What was taken out.
    pub resections: Vec<Resection>,
    /// What was left behind on purpose, per lobe.
    pub left_behind: Vec<LeftBehind>,
    /// Complications.
    pub complications: Vec<Complication>,
    /// Lead surgeon.
    pub surgeon: Option<Text>,
    /// Unit where it was done.
    pub unit: Option<Text>,
    /// American Society of Anesthesiologists class, 1 to 5.
    pub asa: Option<Asa>,
    /// Blood loss, millilitres.
    pub blood_loss_ml: Option<u32>,
    /// Duration, minutes.
    pub duration_minutes: Option<u32>,
    /// Length of stay, days.
    pub stay_days: Option<u32>,
    /// Whether the patient died before leaving hospital.
    pub died_in_hospital: Option<bool>,
}

/// A person's decision that two treatments are not parts of one plan (clinical reference 1.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageRefusal {
    /// The id of the other operation or local therapy.
    pub of: TreatmentId,
    /// Day of the decision.
    pub on: Option<PartialDate>,
    /// Who decided.
    pub decided_by: Option<Text>,
    /// Why.
    pub reason: Option<Text>,
}

/// ASA physical status, 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asa(u8);

impl Asa {
    /// The class of a number from 1 to 5; `None` otherwise.
    #[must_use]
    pub const fn new(value: u8) -> Option<Self> {
        if value >= 1 && value <= 5 { Some(Self(value)) } else { None }
    }

    /// 1 to 5.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// Conversion from one approach to the one recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// The approach begun with.
    pub from: Approach,
    /// Why it was changed.
    pub reason: Option<Text>,
}

/// Nodal result of an operation. Not sampled is `NX`, never `N0`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Nodes {
    /// Status.
    pub status: Option<NodalStatus>,
    /// Nodes removed.
    pub sampled: Option<u32>,
    /// Nodes with tumour; never more than were removed.
    pub positive: Option<u32>,
    /// Per station.
    pub stations: Vec<NodeStation>,
}

/// One lymph-node station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeStation {
    /// Station name, such as `7` or `10R`.
    pub station: Text,
    /// Nodes removed.
    pub sampled: Option<u32>,
    /// Nodes with tumour.
    pub positive: Option<u32>,
}

/// What one resection took, and what pathology found in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Resection {
    /// What the specimen holds.
    pub target: ResectionTarget,
    /// How much lung was taken.
    pub extent: Option<Extent>,
    /// What pathology found.
    pub pathology: Option<Pathology>,
    /// Day of the pathology report.
    pub pathology_on: Option<PartialDate>,
    /// Size in the specimen, millimetres.
    pub size_mm: Option<Millimetres>,
    /// Margin.
    pub margin: Option<Margin>,
    /// Margin width, millimetres.
    pub margin_mm: Option<DistanceMm>,
    /// Viable tumour, percent.
    pub viable_percent: Option<Percent>,
    /// Whether the pleura is penetrated.
    pub pleural_penetration: Option<bool>,
    /// How the metastasis grows.
    pub growth_pattern: Option<GrowthPattern>,
    /// Whether vessels or lymphatics are invaded.
    pub vascular_invasion: Option<bool>,
    /// Molecular result in words.
    pub molecular: Option<Text>,
    /// Pathology may have looked at fewer or more pieces than the group holds; a larger number is a data task.
    pub pathology_count: Option<u32>,
    /// Segments taken by a segmentectomy.
    pub segments: Option<u32>,
}

/// What a specimen belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResectionTarget {
    /// A recorded nodule or group.
    Nodule {
        /// Which one.
        nodule: NoduleId,
        /// The lobe on the label, where it was reported too.
        labelled: Option<Place>,
    },
    /// A specimen that belongs to no recorded nodule.
    Specimen {
        /// Where it was taken from.
        place: Place,
        /// What it is; only `nodule` counts as a nodule.
        kind: SpecimenKind,
        /// How many.
        count: NoduleCount,
    },
}

/// Nodules left behind, per lobe.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftBehind {
    /// Where.
    pub place: Place,
    /// How many.
    pub count: NoduleCount,
    /// Why.
    pub reason: Option<Text>,
}

/// A complication of an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Complication {
    /// Day.
    pub on: Option<PartialDate>,
    /// What, in a word such as `air_leak`.
    pub kind: Option<Text>,
    /// Grade.
    pub clavien_dindo: Option<ClavienDindo>,
}

impl Operation {
    /// Whether its approach opens both sides, whatever was then done on one of them.
    #[must_use]
    pub const fn opens_both_sides(&self) -> bool {
        matches!(self.approach, Some(Approach::MedianSternotomy | Approach::Clamshell))
    }

    /// Whether it reached `side`, by its approach, else by the reported side: unknown where none was reported.
    #[must_use]
    pub fn reached(&self, side: Side) -> Truth {
        match self.side {
            _ if self.opens_both_sides() => Truth::True,
            Some(OperationSide::Bilateral) => Truth::True,
            Some(OperationSide::Right) => Truth::from(side == Side::Right),
            Some(OperationSide::Left) => Truth::from(side == Side::Left),
            Some(OperationSide::Unknown) | None => Truth::Unknown,
        }
    }

    /// All lobes of one side.
    #[must_use]
    pub fn lobes_of(side: Side) -> Vec<Lobe> {
        Lobe::ALL.into_iter().filter(|lobe| lobe.side() == side).collect()
    }
}
