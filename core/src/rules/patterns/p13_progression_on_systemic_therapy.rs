//! P13: growth or new nodules under systemic therapy.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::truth::Truth,
    rules::{
        case::Case,
        evidence::Evidence,
        systemic::{Progression, progression, under_therapy},
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P13",
    name: "progression-on-systemic-therapy",
    flags: "growth or a new nodule on CT under systemic therapy or up to 3 months after it",
    why: "progression before metastasectomy went with half the survival in one series",
    inputs: "systemic therapies with dates and best response, CT before and after",
    not_evaluable: "fewer than two CT studies, or days are missing",
    source: "Stephens 2011 (81 patients, retrospective)",
    figures: &["E26"],
    effect: Effect::HIGH_BOARD,
};

/// Names of checkpoint inhibitors, under which a first growth needs a second look.
const CHECKPOINT_INHIBITORS: [&str; 8] = [
    "nivolumab",
    "pembrolizumab",
    "ipilimumab",
    "atezolizumab",
    "durvalumab",
    "avelumab",
    "cemiplimab",
    "tremelimumab",
];

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let therapies = &case.facts.parts.systemic_therapies;
    if therapies.is_empty() {
        return INFO.not_applicable("no systemic therapy is on record");
    }
    let before_operation = progression(case);
    let under = under_therapy(case);
    let state = before_operation.state.or(under.state);
    let Progression { evidence, mixed, .. } = if under.state == state { under } else { before_operation };
    let reason = match state {
        Truth::True => "disease progressed on systemic therapy",
        Truth::False => "no progression on systemic therapy",
        Truth::Unknown => "whether disease progressed on systemic therapy cannot be told",
    };
    let inhibitor = therapies.iter().any(|therapy| {
        let shown = evidence.contains(&Evidence::Therapy(therapy.id.clone()));
        let regimen = therapy.regimen.as_ref().map(|text| text.as_str().to_lowercase()).unwrap_or_default();
        shown && CHECKPOINT_INHIBITORS.iter().any(|name| regimen.contains(name))
    });
    INFO.decided(state, reason)
        .with_evidence(evidence)
        .label(state.is_true() && mixed, "mixed")
        .label(state.is_true() && inhibitor, "check-pseudo-progression")
        .missing("a CT before and a CT under each systemic therapy, or its best response")
}
