//! Which studies can close a slot, and what the others lack.
//!
//! A slot closes when a chest CT was performed, reported, speaks of all five lobes, and somebody owns whatever
//! is new or growing. A chest film never counts, nor does a PET-CT by itself: nothing on record says that its
//! CT was made for the lungs.

use crate::domain::{
    board::BoardDecision,
    dates::PartialDate,
    imaging::ImagingStudy,
    lung::Lobe,
    text::StudyKey,
    truth::Truth,
    vocabulary::{Fate, LobeStatement, Modality, Vocabulary},
};

/// A study as the planner sees it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ScoredStudy {
    pub id: StudyKey,
    pub on: PartialDate,
    /// What it lacks; `None` for an adequate study.
    pub lacks: Option<String>,
}

/// Scores all dated studies, in the order of their earliest possible day.
pub(super) fn score(studies: &[ImagingStudy], boards: &[BoardDecision]) -> Vec<ScoredStudy> {
    let mut scored: Vec<_> = studies
        .iter()
        .filter_map(|study| {
            Some(ScoredStudy { id: study.id.clone(), on: study.on?, lacks: lacks(study, boards) })
        })
        .collect();
    scored.sort_by(|a, b| (a.on.earliest(), &a.id).cmp(&(b.on.earliest(), &b.id)));
    scored
}

fn lacks(study: &ImagingStudy, boards: &[BoardDecision]) -> Option<String> {
    let Some(modality) = study.modality.filter(|modality| *modality != Modality::Unknown) else {
        return Some("its modality is not recorded".to_owned());
    };
    if !is_scan_of_the_chest(study) {
        return Some(format!("{} is not a chest CT", modality.code().replace('_', "-")));
    }
    let missing: Vec<_> = Lobe::ALL.into_iter().filter(|lobe| study.lobes.get(*lobe).is_none()).collect();
    if study.lobes.is_empty() && !is_reported(study) {
        return Some("no report is recorded".to_owned());
    }
    if !missing.is_empty() {
        return Some(format!("nothing is stated for {}", codes(&missing)));
    }
    let hidden: Vec<_> = study
        .lobes
        .iter()
        .filter(|(_, said)| *said == LobeStatement::NotAssessable)
        .map(|(lobe, _)| lobe)
        .collect();
    if !hidden.is_empty() {
        return Some(format!("{} could not be assessed", codes(&hidden)));
    }
    if needs_an_owner(study) && !is_owned(study, boards) {
        return Some("nobody has acted on what is new or growing".to_owned());
    }
    None
}

fn codes(lobes: &[Lobe]) -> String {
    lobes.iter().map(|lobe| lobe.code()).collect::<Vec<_>>().join(", ")
}

/// A CT of the chest, of whatever dose.
pub(super) const fn is_scan_of_the_chest(study: &ImagingStudy) -> bool {
    matches!(study.modality, Some(Modality::Ct | Modality::LowDoseCt))
}

/// Whether anything of a report is on record.
pub(super) fn is_reported(study: &ImagingStudy) -> bool {
    study.reported_on.is_some()
        || !study.lobes.is_empty()
        || !study.findings.is_empty()
        || !study.not_itemised.is_empty()
}

pub(super) fn needs_an_owner(study: &ImagingStudy) -> bool {
    study.findings.iter().any(|finding| matches!(finding.fate, Some(Fate::New | Fate::Grown)))
}

/// A clinic review, or a board decision that surely did not come before the study.
pub(super) fn is_owned(study: &ImagingStudy, boards: &[BoardDecision]) -> bool {
    study.reviewed_on.is_some()
        || boards.iter().any(|board| {
            let (Some(decided), Some(performed)) = (board.on, study.on) else { return false };
            performed.on_or_before(decided) == Truth::True
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surveillance::testing::{ct, day};

    #[test]
    fn a_ct_that_speaks_of_all_five_lobes_is_adequate() {
        assert_eq!(lacks(&ct("ct1", "2024-01-10"), &[]), None);
    }

    #[test]
    fn what_is_not_stated_is_not_clear() {
        let mut study = ct("ct1", "2024-01-10");
        study.lobes = crate::domain::imaging::LobeStatements::default().with(Lobe::Rul, LobeStatement::Clear);
        assert_eq!(lacks(&study, &[]).unwrap(), "nothing is stated for RML, RLL, LUL, LLL");
        study.lobes = crate::domain::imaging::LobeStatements::default();
        assert_eq!(lacks(&study, &[]).unwrap(), "no report is recorded");
        let mut hidden = ct("ct1", "2024-01-10");
        hidden.lobes = hidden.lobes.with(Lobe::Lll, LobeStatement::NotAssessable);
        assert_eq!(lacks(&hidden, &[]).unwrap(), "LLL could not be assessed");
    }

    #[test]
    fn a_film_or_a_pet_ct_does_not_count() {
        for modality in [Modality::Cxr, Modality::PetCt, Modality::Mri, Modality::Unknown, Modality::Other] {
            let study = ImagingStudy { modality: Some(modality), ..ct("ct1", "2024-01-10") };
            assert!(lacks(&study, &[]).is_some(), "{modality:?}");
        }
        let unrecorded = ImagingStudy { modality: None, ..ct("ct1", "2024-01-10") };
        assert!(lacks(&unrecorded, &[]).is_some());
        let low_dose = ImagingStudy { modality: Some(Modality::LowDoseCt), ..ct("ct1", "2024-01-10") };
        assert_eq!(lacks(&low_dose, &[]), None);
    }

    #[test]
    fn a_new_nodule_needs_an_owner() {
        let mut study = ct("ct1", "2024-01-10");
        study.findings.push(crate::surveillance::testing::finding("n1", Fate::New));
        assert!(lacks(&study, &[]).is_some());
        let board = |on: &str| BoardDecision { on: Some(day(on)), ..crate::surveillance::testing::board() };
        assert!(lacks(&study, &[board("2024-01-09")]).is_some(), "decided before the study");
        assert_eq!(lacks(&study, &[board("2024-01-10")]), None);
        assert!(lacks(&study, &[board("2024-01")]).is_some(), "the month does not decide");
        study.reviewed_on = Some(day("2024-01-12"));
        assert_eq!(lacks(&study, &[]), None);
    }
}
