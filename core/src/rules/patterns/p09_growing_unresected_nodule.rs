//! P09: an untreated nodule that has grown.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::truth::Truth,
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
    why: "growth is the strongest sign on imaging that a nodule is a metastasis",
    inputs: "measurements of untreated single nodules",
    not_evaluable: "fewer than two measured studies, or their order is not known; counted groups take no growth rule",
    source: "thresholds of the Fleischner Society and the British Thoracic Society; Revel 2004, TDT 2003, Welter 2012",
    figures: &["E76", "E18"],
    effect: Effect::ACTIVE_BOARD,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let singles: Vec<&NoduleStatus> = case.active().filter(|nodule| nodule.count.is_single()).collect();
    let groups = case.active().count() - singles.len();
    let state = Truth::any(singles.iter().map(|nodule| nodule.growth.grown));
    let shown: Vec<&&NoduleStatus> = singles.iter().filter(|nodule| nodule.growth.grown == state).collect();
    let ids = listed(shown.iter().map(|nodule| &nodule.nodule));
    let rules: Vec<_> =
        shown.iter().flat_map(|nodule| nodule.growth.fired.iter().map(|rule| rule.words())).collect();
    let reason = match state {
        Truth::True => {
            let mut rules = rules;
            rules.sort_unstable();
            rules.dedup();
            format!("growing: {ids} ({})", listed(rules))
        }
        Truth::False if singles.is_empty() && groups == 0 => "no untreated nodule is on record".to_owned(),
        Truth::False if singles.is_empty() => {
            "untreated nodules are counted groups, which take no growth rule".to_owned()
        }
        Truth::False => format!("within measurement error: {ids}"),
        Truth::Unknown => format!("no two measured studies compare: {ids}"),
    };
    let growing = || shown.iter().filter(|_| state.is_true());
    let urgent = growing().any(|nodule| is_urgent(case, nodule));
    let unsure = state.is_true() && growing().all(|nodule| nodule.growth.low_confidence());
    let evidence = shown.iter().flat_map(|nodule| {
        let studies = nodule.growth.studies.iter().cloned().map(Evidence::Study);
        std::iter::once(Evidence::Nodule(nodule.nodule.clone())).chain(studies)
    });
    INFO.decided(state, reason)
        .with_evidence(evidence)
        .label(urgent, "urgent")
        .label(unsure, "low-confidence")
        .raise(unsure, Effect::TASK)
        .missing("a second measured study of every untreated nodule")
}

/// Fast doubling, or the long axis has crossed a size that changes what can be done.
fn is_urgent(case: &Case<'_, '_>, nodule: &NoduleStatus) -> bool {
    let limits = &case.limits.growth;
    let fast = nodule.growth.doubling_days.is_some_and(|days| days < limits.urgent_doubling_days);
    let known = case.facts.nodule(&nodule.nodule);
    let sizes: Vec<f64> = known
        .into_iter()
        .flat_map(|known| known.sightings.iter().filter_map(|(_, finding)| Some(finding.long_mm?.get())))
        .collect();
    let smallest = sizes.iter().copied().min_by(f64::total_cmp);
    let crossed = smallest.zip(sizes.last().copied()).is_some_and(|(smallest, last)| {
        limits.urgent_sizes_mm.iter().any(|limit| smallest < *limit && last >= *limit)
    });
    fast || crossed
}
