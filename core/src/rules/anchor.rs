//! The anchor dates from which intervals are counted.
//!
//! The reported diagnosis of lung metastases wins. Where it was not reported, it is the first study that called a
//! nodule metastatic which histology or the tumour board accepted later; what is only suspected does not set it.

use crate::domain::{
    dates::PartialDate,
    imaging::ImagingStudy,
    text::StudyKey,
    truth::Truth,
    vocabulary::{Certainty, Fate},
};

use super::{
    evidence::Evidence,
    facts::{Facts, NoduleFacts, first_of, on_or_before},
    pathology::PathologyClass,
};

/// The anchor dates of a patient; `None` is not known.
#[derive(Debug, Clone, PartialEq)]
pub struct Anchors {
    /// Definitive local treatment of the primary (T0).
    pub treated_on: Option<PartialDate>,
    /// First histology of the primary (T0d).
    pub diagnosed_on: Option<PartialDate>,
    /// Last day of all planned primary treatment (T0e).
    pub treatment_ended_on: Option<PartialDate>,
    /// Diagnosis of lung metastases (T1).
    pub metastases_on: Option<PartialDate>,
    /// Where T1 is taken from.
    pub metastases_from: Option<Evidence>,
    /// Earliest day on which they can be seen in hindsight (T1v); never used for the interval.
    pub visible_on: Option<PartialDate>,
}

/// Reads the anchor dates.
pub(super) fn anchors(facts: &Facts<'_>) -> Anchors {
    let primary = facts.origin.primary();
    let first = facts.parts.lung_metastases.as_ref();
    let reported = first.and_then(|first| first.diagnosed_on);
    let (metastases_on, metastases_from) = match reported {
        Some(on) => (Some(on), Some(Evidence::Part("lung_metastases.diagnosed_on"))),
        None => first_accepted(facts).map_or((None, None), |(on, from)| (Some(on), Some(from))),
    };
    let hindsight = facts.nodules.iter().filter(|nodule| result(nodule).is_metastasis().is_true());
    let hindsight = hindsight.fold(None, |first, nodule| first_of(first, nodule.seen_on));
    Anchors {
        treated_on: primary.and_then(|primary| primary.treated_on),
        diagnosed_on: primary.and_then(|primary| primary.diagnosed_on),
        treatment_ended_on: primary.and_then(|primary| primary.treatment_ended_on),
        metastases_on,
        metastases_from,
        visible_on: first.and_then(|first| first.first_visible_on).or(hindsight),
    }
}

/// What pathology said of a nodule; the weightiest result counts.
fn result(nodule: &NoduleFacts<'_>) -> PathologyClass {
    let results = nodule.specimens.iter().map(|(_, resection)| PathologyClass::of(resection.pathology));
    results.min().unwrap_or(PathologyClass::Unknown)
}

/// Whether a nodule that this study called metastatic was accepted later: by histology, or by a board that decided
/// to treat while pathology has not said otherwise.
fn is_accepted(facts: &Facts<'_>, nodule: &NoduleFacts<'_>, study: &ImagingStudy) -> bool {
    match result(nodule).is_metastasis() {
        Truth::True => true,
        Truth::False => false,
        Truth::Unknown => {
            let last = nodule.sightings.last().and_then(|(_, finding)| finding.fate);
            let boards = facts.parts.board_decisions.iter();
            last != Some(Fate::NotANodule)
                && boards
                    .filter(|decision| decision.treats())
                    .any(|decision| on_or_before(study.on, decision.on).is_true())
        }
    }
}

/// The first study that called a nodule metastatic which was accepted as one later.
fn first_accepted(facts: &Facts<'_>) -> Option<(PartialDate, Evidence)> {
    let called = facts.nodules.iter().flat_map(|nodule| {
        nodule.sightings.iter().filter_map(move |(study, finding)| {
            let called = matches!(finding.certainty, Some(Certainty::Definite | Certainty::Probable));
            (called && is_accepted(facts, nodule, study)).then_some((study.on?, &study.id))
        })
    });
    let mut first: Option<(PartialDate, &StudyKey)> = None;
    for (on, study) in called {
        first = match first {
            None => Some((on, study)),
            Some((earliest, from)) => {
                let from = if on.before(earliest).is_true() { study } else { from };
                first_of(Some(earliest), Some(on)).map(|on| (on, from))
            }
        };
    }
    first.map(|(on, study)| (on, Evidence::Study(study.clone())))
}
