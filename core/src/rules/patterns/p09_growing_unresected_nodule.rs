//! P09: an untreated nodule that has grown.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{truth::Truth, vocabulary::Modality},
    rules::{
        case::Case,
        evidence::{Evidence, listed},
        nodule_state::NoduleStatus,
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P09",
    name: "growing-unresected-nodule",
    flags: "an observed or suspected nodule that has grown against its smallest, last or first measurement",
    why: "an untreated nodule that grows may be a metastasis and needs a decision",
    inputs: "measurements of untreated single nodules; of a counted group the reader's statement",
    not_evaluable: "fewer than two measured studies, their order is not known, or reader and sizes disagree; of a counted group nobody said whether it grew",
    source: "thresholds of the Fleischner Society and the British Thoracic Society; Revel 2004, TDT 2003, Welter 2012",
    figures: &["E76", "E18"],
    effect: Effect::ACTIVE_BOARD,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let active: Vec<&NoduleStatus> = case.active().collect();
    let state = Truth::any(active.iter().map(|nodule| nodule.grows()));
    let shown: Vec<&NoduleStatus> = active.into_iter().filter(|nodule| nodule.grows() == state).collect();
    let ids = listed(shown.iter().map(|nodule| &nodule.nodule));
    let groups = shown.iter().any(|nodule| !nodule.count.is_single());
    let shrank = shown.iter().any(|nodule| nodule.grew);
    let reason = match state {
        Truth::True => format!("growing: {ids} ({})", rules(&shown)),
        Truth::False if shown.is_empty() => "no untreated nodule is on record".to_owned(),
        Truth::False => format!("no growth on record, or within measurement error: {ids}"),
        Truth::Unknown if shrank => {
            format!("grew earlier and is smaller since, or growth cannot be judged: {ids}")
        }
        Truth::Unknown if groups => {
            format!(
                "growth cannot be judged: {ids}; of counted groups only the reader says whether they grew"
            )
        }
        Truth::Unknown => {
            format!("growth cannot be judged: {ids}; no two studies compare, or reader and sizes disagree")
        }
    };
    let growing = || shown.iter().filter(|_| state.is_true());
    let urgent = growing().any(|nodule| is_urgent(case, nodule));
    let unsure = state.is_true() && growing().all(|nodule| nodule.growth.low_confidence());
    let no_rate = growing().any(|nodule| nodule.growth.doubling_days.is_none());
    let evidence = shown.iter().flat_map(|nodule| {
        let studies = nodule.growth.studies.iter().cloned().map(Evidence::Study);
        std::iter::once(Evidence::Nodule(nodule.nodule.clone())).chain(studies)
    });
    let reason =
        if unsure { format!("{reason}; low confidence, repeat the CT in 6 to 8 weeks") } else { reason };
    INFO.decided(state, reason)
        .with_evidence(evidence)
        .label(urgent, "urgent")
        .label(unsure, "low-confidence")
        .label(no_rate, "doubling-time-unknown")
        .raise(unsure, Effect::TASK)
        .missing(if groups {
            "a second measured study of every untreated nodule, the reader's statement of every counted group"
        } else {
            "a second measured study of every untreated nodule"
        })
}

/// The rules by which nodules have grown, each once.
fn rules(growing: &[&NoduleStatus]) -> String {
    let mut words: Vec<_> =
        growing.iter().flat_map(|nodule| nodule.growth.fired.iter().map(|rule| rule.words())).collect();
    words.sort_unstable();
    words.dedup();
    listed(words)
}

/// Fast doubling, or the long axis has crossed a size that changes what can be done.
fn is_urgent(case: &Case<'_, '_>, nodule: &NoduleStatus) -> bool {
    let limits = &case.limits.growth;
    let fast = nodule.growth.doubling_days.is_some_and(|days| days < limits.urgent_doubling_days);
    let known = case.facts.nodule(&nodule.nodule).into_iter();
    let sizes: Vec<f64> = known
        .flat_map(|known| &known.sightings)
        .filter(|(study, _)| study.modality != Some(Modality::Cxr))
        .filter_map(|(_, finding)| Some(finding.long_mm?.get()))
        .collect();
    let smallest = sizes.iter().copied().min_by(f64::total_cmp);
    let crossed = smallest.zip(sizes.last().copied()).is_some_and(|(smallest, last)| {
        limits.urgent_sizes_mm.iter().any(|limit| smallest < *limit && last >= *limit)
    });
    fast || crossed
}
