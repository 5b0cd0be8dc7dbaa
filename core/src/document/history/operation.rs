//! Wire form of operations, their resections with pathology, and their complications.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::nodule::CountSlot;
use crate::{
    document::{
        field::{Field, List, Must},
        path::{Path, Problems},
        slot::{Slot, wire},
    },
    domain::{
        dates::PartialDate,
        lung::Place,
        measure::{DistanceMm, Millimetres, Percent},
        operation::{
            Asa, Complication, Conversion, LeftBehind, NodeStation, Nodes, Operation, Resection,
            ResectionTarget, StageRefusal,
        },
        text::{NoduleId, OperationId, Text, TreatmentId},
        vocabulary::{
            Approach, ClavienDindo, Completeness, EnBloc, Extent, GrowthPattern, Lymphadenectomy, Margin,
            NodalStatus, OperationSide, Palpation, Pathology, Purpose, SpecimenKind,
        },
    },
};

wire! {
    /// One operation on the lungs.
    OperationEntry ("OperationEntry") for Operation {
        /// Identity within the patient.
        id: Must<OperationId>,
        /// Day of the operation.
        on: Option<Field<PartialDate>>,
        /// Day on which it was planned.
        planned_on: Option<Field<PartialDate>>,
        /// What it was for; absent is metastasectomy.
        purpose: PurposeSlot,
        /// Side.
        side: Option<Field<OperationSide>>,
        /// Approach.
        approach: Option<Field<Approach>>,
        /// Conversion from another approach.
        conversion: Option<ConversionEntry>,
        /// Id of the operation of which this one was the planned second stage.
        stage_of: Option<Field<OperationId>>,
        /// Treatments of which a person decided that this one is no part of the same plan.
        not_stage_of: List<StageRefusalEntry>,
        /// Completeness; null is not reported.
        completeness: Option<Field<Completeness>>,
        /// Bimanual palpation.
        palpation: Option<Field<Palpation>>,
        /// Localisation technique in words.
        localisation: Option<Field<Text>>,
        /// Extent of lymph-node removal.
        lymphadenectomy: Option<Field<Lymphadenectomy>>,
        /// Nodal result.
        nodes: Option<NodesEntry>,
        /// Structures removed with the lung.
        en_bloc: List<Field<EnBloc>>,
        /// Whether vessels were resected or reconstructed.
        vascular: Option<Field<bool>>,
        /// Whether cardiopulmonary bypass was used.
        bypass: Option<Field<bool>>,
        /// What was taken out.
        resections: List<ResectionEntry>,
        /// What was left behind on purpose.
        left_behind: List<LeftBehindEntry>,
        /// Complications.
        complications: List<ComplicationEntry>,
        /// Lead surgeon.
        surgeon: Option<Field<Text>>,
        /// Unit where it was done.
        unit: Option<Field<Text>>,
        /// ASA class, 1 to 5.
        asa: Option<Field<Asa>>,
        /// Blood loss, millilitres.
        blood_loss_ml: Option<Field<u32>>,
        /// Duration, minutes.
        duration_minutes: Option<Field<u32>>,
        /// Length of stay, days.
        stay_days: Option<Field<u32>>,
        /// Whether the patient died before leaving hospital.
        died_in_hospital: Option<Field<bool>>,
    }
}

wire! {
    /// A person's decision that two treatments are not parts of one plan.
    StageRefusalEntry ("StageRefusalEntry") for StageRefusal {
        /// Id of the other operation or local therapy.
        of: Must<TreatmentId>,
        /// Day of the decision.
        on: Option<Field<PartialDate>>,
        /// Who decided.
        decided_by: Option<Field<Text>>,
        /// Why.
        reason: Option<Field<Text>>,
    }
}

/// The purpose; absent and null are metastasectomy, as the contract says.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct PurposeSlot(pub Option<Field<Purpose>>);

impl Slot for PurposeSlot {
    type Domain = Purpose;

    fn read(self, at: Path<'_>, problems: &mut Problems) -> Option<Purpose> {
        self.0.map_or(Some(Purpose::Metastasectomy), |field| field.read(at, problems))
    }

    fn write(purpose: &Purpose) -> Self {
        Self((*purpose != Purpose::Metastasectomy).then(|| Field::new(*purpose)))
    }

    fn is_absent(&self) -> bool {
        self.0.is_none()
    }
}

wire! {
    /// Conversion from one approach to the one recorded.
    ConversionEntry ("ConversionEntry") for Conversion {
        /// The approach begun with.
        from: Must<Approach>,
        /// Why it was changed.
        reason: Option<Field<Text>>,
    }
}

wire! {
    /// Nodal result. Not sampled is `NX`, never `N0`.
    NodesEntry ("NodesEntry") for Nodes {
        /// Status.
        status: Option<Field<NodalStatus>>,
        /// Nodes removed.
        sampled: Option<Field<u32>>,
        /// Nodes with tumour.
        positive: Option<Field<u32>>,
        /// Per station.
        stations: List<NodeStationEntry>,
    }
}

wire! {
    /// One lymph-node station.
    NodeStationEntry ("NodeStationEntry") for NodeStation {
        /// Station name, such as `7` or `10R`.
        station: Must<Text>,
        /// Nodes removed.
        sampled: Option<Field<u32>>,
        /// Nodes with tumour.
        positive: Option<Field<u32>>,
    }
}

wire! {
    /// One resection and its pathology.
    ResectionEntry ("ResectionEntry") {
        /// Id of the nodule; null where the specimen belongs to no recorded nodule.
        nodule: Option<Field<NoduleId>>,
        /// Where the specimen was taken from; required where `nodule` is null.
        lobe: Option<Field<Place>>,
        /// What the specimen is; required where `nodule` is null and given only there.
        specimen: Option<Field<SpecimenKind>>,
        /// How many specimens without a recorded nodule: absent is one, null is several.
        count: CountSlot,
        /// How much lung was taken.
        extent: Option<Field<Extent>>,
        /// What pathology found.
        pathology: Option<Field<Pathology>>,
        /// Day of the pathology report.
        pathology_on: Option<Field<PartialDate>>,
        /// Size in the specimen, millimetres.
        size_mm: Option<Field<Millimetres>>,
        /// Margin.
        margin: Option<Field<Margin>>,
        /// Margin width, millimetres.
        margin_mm: Option<Field<DistanceMm>>,
        /// Viable tumour, percent.
        viable_percent: Option<Field<Percent>>,
        /// Whether the pleura is penetrated.
        pleural_penetration: Option<Field<bool>>,
        /// How the metastasis grows.
        growth_pattern: Option<Field<GrowthPattern>>,
        /// Whether vessels or lymphatics are invaded.
        vascular_invasion: Option<Field<bool>>,
        /// Molecular result in words.
        molecular: Option<Field<Text>>,
        /// Pieces that pathology looked at.
        pathology_count: Option<Field<u32>>,
        /// Segments taken by a segmentectomy.
        segments: Option<Field<u32>>,
    }
}

impl Slot for ResectionEntry {
    type Domain = Resection;

    fn read(self, at: Path<'_>, problems: &mut Problems) -> Option<Resection> {
        let target = read_target(self.nodule, self.lobe, self.specimen, self.count, at, problems);
        let resection = Resection {
            extent: self.extent.read(at.key("extent"), problems)?,
            pathology: self.pathology.read(at.key("pathology"), problems)?,
            pathology_on: self.pathology_on.read(at.key("pathology_on"), problems)?,
            size_mm: self.size_mm.read(at.key("size_mm"), problems)?,
            margin: self.margin.read(at.key("margin"), problems)?,
            margin_mm: self.margin_mm.read(at.key("margin_mm"), problems)?,
            viable_percent: self.viable_percent.read(at.key("viable_percent"), problems)?,
            pleural_penetration: self.pleural_penetration.read(at.key("pleural_penetration"), problems)?,
            growth_pattern: self.growth_pattern.read(at.key("growth_pattern"), problems)?,
            vascular_invasion: self.vascular_invasion.read(at.key("vascular_invasion"), problems)?,
            molecular: self.molecular.read(at.key("molecular"), problems)?,
            pathology_count: self.pathology_count.read(at.key("pathology_count"), problems)?,
            segments: self.segments.read(at.key("segments"), problems)?,
            target: target?,
        };
        Some(resection)
    }

    fn write(resection: &Resection) -> Self {
        let (nodule, lobe, specimen, count) = match &resection.target {
            ResectionTarget::Nodule { nodule, labelled } => {
                (Some(Field::new(nodule.clone())), Slot::write(labelled), None, CountSlot::Absent)
            }
            ResectionTarget::Specimen { place, kind, count } => {
                (None, Some(Field::new(*place)), Some(Field::new(*kind)), Slot::write(count))
            }
        };
        Self {
            nodule,
            lobe,
            specimen,
            count,
            extent: Slot::write(&resection.extent),
            pathology: Slot::write(&resection.pathology),
            pathology_on: Slot::write(&resection.pathology_on),
            size_mm: Slot::write(&resection.size_mm),
            margin: Slot::write(&resection.margin),
            margin_mm: Slot::write(&resection.margin_mm),
            viable_percent: Slot::write(&resection.viable_percent),
            pleural_penetration: Slot::write(&resection.pleural_penetration),
            growth_pattern: Slot::write(&resection.growth_pattern),
            vascular_invasion: Slot::write(&resection.vascular_invasion),
            molecular: Slot::write(&resection.molecular),
            pathology_count: Slot::write(&resection.pathology_count),
            segments: Slot::write(&resection.segments),
        }
    }
}

/// A recorded nodule, or a specimen with its own place and kind; a mixture of both would have to be guessed at.
fn read_target(
    nodule: Option<Field<NoduleId>>,
    lobe: Option<Field<Place>>,
    specimen: Option<Field<SpecimenKind>>,
    count: CountSlot,
    at: Path<'_>,
    problems: &mut Problems,
) -> Option<ResectionTarget> {
    let counted = !count.is_absent();
    let with_nodule = nodule.is_some();
    let nodule = nodule.read(at.key("nodule"), problems)?;
    let place = lobe.read_known(at.key("lobe"), problems);
    let kind = specimen.read_known(at.key("specimen"), problems);
    let count = count.read(at.key("count"), problems);
    if with_nodule {
        if kind != Ok(None) {
            let problem =
                "belongs to a specimen without a recorded nodule; leave it out or set `nodule` to null";
            problems.report(at.key("specimen"), problem);
        }
        if counted {
            problems.report(at.key("count"), "is the count of the nodule's own entry; leave it out here");
        }
        return Some(ResectionTarget::Nodule { nodule: nodule?, labelled: place.ok()? });
    }
    if place == Ok(None) {
        problems.report(at.key("lobe"), "is missing; it is required where `nodule` is null");
    }
    if kind == Ok(None) {
        problems.report(at.key("specimen"), "is missing; it is required where `nodule` is null");
    }
    Some(ResectionTarget::Specimen { place: place.ok()??, kind: kind.ok()??, count: count? })
}

/// Tells "not given" from "given but illegal", so that one mistake is reported once.
trait ReadKnown<T> {
    fn read_known(self, at: Path<'_>, problems: &mut Problems) -> Result<Option<T>, ()>;
}

impl<T: crate::document::field::WireValue + Clone> ReadKnown<T> for Option<Field<T>> {
    fn read_known(self, at: Path<'_>, problems: &mut Problems) -> Result<Option<T>, ()> {
        self.map(|field| field.read(at, problems).ok_or(())).transpose()
    }
}

wire! {
    /// Nodules left behind, per lobe.
    LeftBehindEntry ("LeftBehindEntry") for LeftBehind {
        /// Where.
        place ("lobe"): Must<Place>,
        /// How many: absent is one, null is several.
        count: CountSlot,
        /// Why.
        reason: Option<Field<Text>>,
    }
}

wire! {
    /// A complication of an operation.
    ComplicationEntry ("ComplicationEntry") for Complication {
        /// Day.
        on: Option<Field<PartialDate>>,
        /// What, in a word such as `air_leak`.
        kind: Option<Field<Text>>,
        /// Clavien-Dindo grade.
        clavien_dindo: Option<Field<ClavienDindo>>,
    }
}
