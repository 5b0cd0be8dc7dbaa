//! An imaging study: the five-lobe statement and one finding per nodule looked for.

use super::{
    dates::PartialDate,
    lung::{Lobe, Place},
    measure::{CoordinateMm, CubicMillimetres, DistanceMm, Millimetres, Millisievert},
    nodule::NoduleCount,
    text::{NoduleId, StudyKey, Text},
    vocabulary::{Certainty, Density, Fate, Indication, LobeStatement, Modality},
};

/// One imaging study of the chest.
#[derive(Debug, Clone, PartialEq)]
pub struct ImagingStudy {
    /// Identity within the patient.
    pub id: StudyKey,
    /// Day of the study.
    pub on: Option<PartialDate>,
    /// Day of the report: the second clock of a surveillance slot.
    pub reported_on: Option<PartialDate>,
    /// Day on which the clinic acted on it: the third clock.
    pub reviewed_on: Option<PartialDate>,
    /// Kind of study.
    pub modality: Option<Modality>,
    /// Why it was made.
    pub indication: Option<Indication>,
    /// Slice thickness, millimetres.
    pub slice_mm: Option<Millimetres>,
    /// Whether contrast was given.
    pub contrast: Option<bool>,
    /// What is said of each lobe.
    pub lobes: LobeStatements,
    /// One finding per nodule looked for.
    pub findings: Vec<Finding>,
    /// Nodules mentioned without being listed.
    pub not_itemised: Vec<NotItemised>,
    /// Enlarged nodes on imaging: the largest short axis, millimetres.
    pub largest_node_short_mm: Option<Millimetres>,
    /// Whether there is a pleural effusion.
    pub pleural_effusion: Option<bool>,
    /// Other findings in words.
    pub incidental: Option<Text>,
    /// Whether the patient had an infection of the chest in the months before.
    pub recent_infection: Option<bool>,
    /// The study it was compared with.
    pub comparator: Option<StudyKey>,
    /// Scanner.
    pub device: Option<Text>,
    /// Reconstruction kernel.
    pub kernel: Option<Text>,
    /// Dose, millisievert.
    pub dose_msv: Option<Millisievert>,
    /// Where it was made, if not at the clinic.
    pub performed_at: Option<Text>,
}

/// What a study says of each of the five lobes. An absent statement is never "clear".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LobeStatements([Option<LobeStatement>; 5]);

impl LobeStatements {
    /// Records the statement of a lobe, replacing an earlier one.
    #[must_use]
    pub fn with(mut self, lobe: Lobe, statement: LobeStatement) -> Self {
        for (slot, own) in self.0.iter_mut().zip(Lobe::ALL) {
            if own == lobe {
                *slot = Some(statement);
            }
        }
        self
    }

    /// The statement of a lobe; `None` where nothing was stated.
    #[must_use]
    pub fn get(self, lobe: Lobe) -> Option<LobeStatement> {
        self.iter().find(|(own, _)| *own == lobe).map(|(_, statement)| statement)
    }

    /// The stated lobes in the order of the contract.
    pub fn iter(self) -> impl Iterator<Item = (Lobe, LobeStatement)> {
        Lobe::ALL.into_iter().zip(self.0).filter_map(|(lobe, statement)| Some((lobe, statement?)))
    }

    /// Whether all five lobes are stated.
    #[must_use]
    pub fn complete(self) -> bool {
        self.0.iter().all(Option::is_some)
    }

    /// Whether nothing is stated.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

/// One nodule on one study.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The nodule it is about.
    pub nodule: NoduleId,
    /// Its fate on this study.
    pub fate: Option<Fate>,
    /// Long axis, millimetres, unrounded.
    pub long_mm: Option<Millimetres>,
    /// Perpendicular short axis on the same image, millimetres, unrounded.
    pub short_mm: Option<Millimetres>,
    /// Volume, cubic millimetres.
    pub volume_mm3: Option<CubicMillimetres>,
    /// Software that measured the volume; volumes compare only within one.
    pub volume_software: Option<Text>,
    /// Density.
    pub density: Option<Density>,
    /// Where it lies, registered to the earlier studies of the patient.
    pub position: Option<Position>,
    /// How sure the reader was that it is a metastasis.
    pub certainty: Option<Certainty>,
    /// Whether the reader places it at a staple line or scar.
    pub at_staple_line: Option<bool>,
    /// Distance to the nearest staple line or scar, millimetres.
    pub distance_to_staple_line_mm: Option<DistanceMm>,
    /// Whether it can be seen in hindsight on an earlier study.
    pub visible_before: Option<bool>,
    /// Who read the study.
    pub reader: Option<Text>,
}

impl Finding {
    /// Mean of long and short axis in millimetres; the long axis where the short one was not measured.
    #[must_use]
    pub fn mean_mm(&self) -> Option<f64> {
        let long = self.long_mm?.get();
        Some(self.short_mm.map_or(long, |short| f64::midpoint(long, short.get())))
    }
}

/// Centre of a nodule in the coordinates of one patient, after registration of the studies, millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    /// From right to left.
    pub x: CoordinateMm,
    /// From front to back.
    pub y: CoordinateMm,
    /// From foot to head.
    pub z: CoordinateMm,
}

impl Position {
    /// Straight distance between two places, millimetres.
    #[must_use]
    pub fn distance_mm(self, other: Self) -> f64 {
        let along = |one: CoordinateMm, other: CoordinateMm| one.get() - other.get();
        along(self.x, other.x).hypot(along(self.y, other.y)).hypot(along(self.z, other.z))
    }
}

/// Nodules a report mentions without listing them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NotItemised {
    /// Lobe, side or neither.
    pub place: Place,
    /// How many.
    pub count: NoduleCount,
    /// Largest diameter among them, millimetres.
    pub max_mm: Option<Millimetres>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lobe_without_a_statement_is_not_clear() {
        let statements = LobeStatements::default().with(Lobe::Rul, LobeStatement::Clear);
        assert_eq!(statements.get(Lobe::Rul), Some(LobeStatement::Clear));
        assert_eq!(statements.get(Lobe::Rml), None);
        assert!(!statements.complete() && !statements.is_empty());
        let all =
            Lobe::ALL.into_iter().fold(statements, |all, lobe| all.with(lobe, LobeStatement::NotAssessable));
        assert!(all.complete());
        assert_eq!(all.get(Lobe::Rul), Some(LobeStatement::NotAssessable));
    }
}
