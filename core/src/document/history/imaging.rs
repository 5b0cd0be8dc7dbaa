//! Wire form of imaging studies: the lobe statements, the findings and what was not itemised.

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
        imaging::{Finding, ImagingStudy, LobeStatements, NotItemised, Position},
        lung::{Lobe, Place},
        measure::{CoordinateMm, CubicMillimetres, DistanceMm, Millimetres, Millisievert},
        text::{NoduleId, StudyKey, Text},
        vocabulary::{Certainty, Density, Fate, Indication, LobeStatement, Modality},
    },
};

wire! {
    /// One imaging study of the chest.
    ImagingEntry ("ImagingEntry") for ImagingStudy {
        /// Identity within the patient.
        id: Must<StudyKey>,
        /// Day of the study.
        on: Option<Field<PartialDate>>,
        /// Day of the report.
        reported_on: Option<Field<PartialDate>>,
        /// Day on which the clinic acted on it.
        reviewed_on: Option<Field<PartialDate>>,
        /// Kind of study.
        modality: Option<Field<Modality>>,
        /// Why it was made.
        indication: Option<Field<Indication>>,
        /// Slice thickness, millimetres.
        slice_mm: Option<Field<Millimetres>>,
        /// Whether contrast was given.
        contrast: Option<Field<bool>>,
        /// What is said of each lobe; an absent lobe means nothing was stated.
        lobes: LobesSlot,
        /// One finding per nodule looked for.
        findings: List<FindingEntry>,
        /// Nodules the report mentions without listing them.
        not_itemised: List<NotItemisedEntry>,
        /// Largest short axis of an enlarged node, millimetres.
        largest_node_short_mm: Option<Field<Millimetres>>,
        /// Whether there is a pleural effusion.
        pleural_effusion: Option<Field<bool>>,
        /// Other findings in words.
        incidental: Option<Field<Text>>,
        /// Whether the patient had an infection of the chest in the six months before; small new nodules may be its traces.
        recent_infection: Option<Field<bool>>,
        /// Id of the study it was compared with.
        comparator: Option<Field<StudyKey>>,
        /// Scanner.
        device: Option<Field<Text>>,
        /// Reconstruction kernel.
        kernel: Option<Field<Text>>,
        /// Dose, millisievert.
        dose_msv: Option<Field<Millisievert>>,
        /// Where it was made, if not at the clinic.
        performed_at: Option<Field<Text>>,
    }
}

wire! {
    /// One nodule on one study.
    FindingEntry ("FindingEntry") for Finding {
        /// Id of the nodule.
        nodule: Must<NoduleId>,
        /// Its fate on this study.
        fate ("status"): Option<Field<Fate>>,
        /// Long axis, millimetres.
        long_mm: Option<Field<Millimetres>>,
        /// Short axis, millimetres.
        short_mm: Option<Field<Millimetres>>,
        /// Volume, cubic millimetres.
        volume_mm3: Option<Field<CubicMillimetres>>,
        /// Software that measured the volume.
        volume_software: Option<Field<Text>>,
        /// Density.
        density: Option<Field<Density>>,
        /// Centre of the nodule, registered to the earlier studies, millimetres.
        position ("position_mm"): Option<PositionEntry>,
        /// How sure the reader was that it is a metastasis.
        certainty: Option<Field<Certainty>>,
        /// Whether the reader places it at a staple line or scar.
        at_staple_line: Option<Field<bool>>,
        /// Distance to the nearest staple line or scar, millimetres.
        distance_to_staple_line_mm: Option<Field<DistanceMm>>,
        /// Whether it can be seen in hindsight on an earlier study.
        visible_before: Option<Field<bool>>,
        /// Who read the study.
        reader: Option<Field<Text>>,
    }
}

wire! {
    /// A place in the chest, millimetres.
    PositionEntry ("PositionEntry") for Position {
        /// From right to left.
        x: Must<CoordinateMm>,
        /// From front to back.
        y: Must<CoordinateMm>,
        /// From foot to head.
        z: Must<CoordinateMm>,
    }
}

wire! {
    /// Nodules mentioned without being listed.
    NotItemisedEntry ("NotItemisedEntry") for NotItemised {
        /// Lobe, side or neither.
        place ("lobe"): Must<Place>,
        /// How many: absent is one, null is several.
        count: CountSlot,
        /// Largest diameter among them, millimetres.
        max_mm: Option<Field<Millimetres>>,
    }
}

wire! {
    /// What a study says of each lobe.
    LobesEntry ("LobesEntry") {
        /// Right upper lobe.
        rul ("RUL"): Option<Field<LobeStatement>>,
        /// Right middle lobe.
        rml ("RML"): Option<Field<LobeStatement>>,
        /// Right lower lobe.
        rll ("RLL"): Option<Field<LobeStatement>>,
        /// Left upper lobe.
        lul ("LUL"): Option<Field<LobeStatement>>,
        /// Left lower lobe.
        lll ("LLL"): Option<Field<LobeStatement>>,
    }
}

/// The lobe statements; absent, null and empty all mean that nothing was stated.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct LobesSlot(pub Option<LobesEntry>);

impl Slot for LobesSlot {
    type Domain = LobeStatements;

    fn read(self, at: Path<'_>, problems: &mut Problems) -> Option<LobeStatements> {
        let lobes = self.0.unwrap_or_default();
        let slots = [lobes.rul, lobes.rml, lobes.rll, lobes.lul, lobes.lll];
        let mut statements = LobeStatements::default();
        for (lobe, slot) in Lobe::ALL.into_iter().zip(slots) {
            if let Some(statement) = slot.read(at.key(lobe.code()), problems)? {
                statements = statements.with(lobe, statement);
            }
        }
        Some(statements)
    }

    fn write(statements: &LobeStatements) -> Self {
        if statements.is_empty() {
            return Self(None);
        }
        let of = |lobe| statements.get(lobe).map(Field::new);
        Self(Some(LobesEntry {
            rul: of(Lobe::Rul),
            rml: of(Lobe::Rml),
            rll: of(Lobe::Rll),
            lul: of(Lobe::Lul),
            lll: of(Lobe::Lll),
        }))
    }

    fn is_absent(&self) -> bool {
        self.0.is_none()
    }
}
