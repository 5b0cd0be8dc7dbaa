//! The anchor dates from which intervals are counted.
//!
//! The reported diagnosis of lung metastases comes first. Where it was not reported, it is the first study that called a
//! nodule metastatic which histology or the tumour board accepted later; what is only suspected does not set it. A
//! report that may have done so earlier opens the day towards it, and so does one that contradicts the stated day.

use crate::domain::{
    dates::PartialDate,
    imaging::{Finding, ImagingStudy},
    text::StudyKey,
    truth::Truth,
    vocabulary::Fate,
};

use super::{
    evidence::Evidence,
    facts::{Facts, NoduleFacts, bounded, first_of, is_seen, on_or_before},
    nodule_state::held,
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
    let (metastases_on, metastases_from) =
        match (first.and_then(|first| first.diagnosed_on), first_accepted(facts)) {
            // A study that called an accepted metastasis before the stated day contradicts it: it was one of the two.
            (Some(stated), Some((shown, from))) if shown.before(stated).is_true() => {
                (bounded(shown.earliest(), stated.latest()), Some(from))
            }
            (Some(stated), _) => (Some(stated), Some(Evidence::Part("lung_metastases.diagnosed_on"))),
            (None, Some((on, from))) => (Some(perhaps_earlier(facts, on)), Some(from)),
            (None, None) => (None, None),
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

/// The study that called an accepted metastasis before the stated day of diagnosis, if one did.
pub(super) fn contradicting(facts: &Facts<'_>) -> Option<Evidence> {
    let stated = facts.parts.lung_metastases.as_ref()?.diagnosed_on?;
    first_accepted(facts).filter(|(shown, _)| shown.before(stated).is_true()).map(|(_, from)| from)
}

/// What pathology said of a nodule; the weightiest result counts.
fn result(nodule: &NoduleFacts<'_>) -> PathologyClass {
    let results = nodule.specimens.iter().map(|(_, resection)| PathologyClass::of(resection.pathology));
    results.min().unwrap_or(PathologyClass::Unknown)
}

/// Whether a nodule that this study showed was accepted as a metastasis later: by histology, or by a board that decided
/// to treat while pathology has not said otherwise.
fn accepted(facts: &Facts<'_>, nodule: &NoduleFacts<'_>, study: &ImagingStudy) -> Truth {
    match result(nodule).is_metastasis() {
        Truth::Unknown => {
            let last = nodule.sightings.last().and_then(|(_, finding)| finding.fate);
            if matches!(last, Some(Fate::NotANodule | Fate::Resolved | Fate::NotSeen)) {
                return Truth::False;
            }
            let mut boards = facts.parts.board_decisions.iter().filter(|decision| decision.treats());
            let treats = boards.any(|decision| on_or_before(study.on, decision.on).is_true());
            Truth::from(treats).or(Truth::Unknown)
        }
        decided => decided,
    }
}

/// Whether a report called the nodule metastatic or suspicious; unknown where it does not say what it was held for.
fn called(finding: &Finding) -> Truth {
    match finding.certainty {
        Some(certainty) => held(certainty),
        None if is_seen(finding.fate) => Truth::Unknown,
        None => Truth::False,
    }
}

/// Every study of every nodule, with whether it called one metastatic that was accepted later.
fn calls<'f>(facts: &'f Facts<'_>) -> impl Iterator<Item = (Truth, Option<PartialDate>, &'f StudyKey)> + 'f {
    facts.nodules.iter().flat_map(move |nodule| {
        nodule.sightings.iter().map(move |(study, finding)| {
            let called = called(finding);
            let called =
                if called.may_be_true() { called.and(accepted(facts, nodule, study)) } else { called };
            (called, study.on, &study.id)
        })
    })
}

/// The first study that called a nodule metastatic which was accepted as one later.
fn first_accepted(facts: &Facts<'_>) -> Option<(PartialDate, Evidence)> {
    let mut first: Option<(PartialDate, &StudyKey)> = None;
    for (on, study) in
        calls(facts).filter(|(called, ..)| called.is_true()).filter_map(|(_, on, study)| Some((on?, study)))
    {
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

/// What an earlier report may have called a metastasis, without saying so or without a day, opens the day towards it.
fn perhaps_earlier(facts: &Facts<'_>, on: PartialDate) -> PartialDate {
    let mut earliest = on.earliest();
    for (called, other, _) in calls(facts) {
        if called.may_be_true() && !on_or_before(Some(on), other).is_true() {
            let bound = other.and_then(PartialDate::earliest);
            earliest = earliest.zip(bound).map(|(one, other)| one.min(other));
        }
    }
    if earliest == on.earliest() { on } else { bounded(earliest, on.latest()).unwrap_or(on) }
}
