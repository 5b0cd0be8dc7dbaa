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
    not_evaluable: "fewer than two CT studies, days are missing, or a study does not speak of all lobes; a best response other than progression excludes none",
    source: "Stephens 2011 (81 patients, retrospective)",
    figures: &["E26"],
    effect: Effect::HIGH_BOARD,
};

/// Names by which a regimen is known to hold a checkpoint inhibitor, under which a first growth needs a second look.
const CHECKPOINT_INHIBITORS: [&str; 14] = [
    "nivolumab",
    "pembrolizumab",
    "ipilimumab",
    "atezolizumab",
    "durvalumab",
    "avelumab",
    "cemiplimab",
    "dostarlimab",
    "tremelimumab",
    "pd-1",
    "pd-l1",
    "ctla-4",
    "checkpoint",
    "immunotherapy",
];

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let therapies = &case.facts.parts.systemic_therapies;
    if therapies.is_empty() {
        return INFO.not_applicable("no systemic therapy is on record");
    }
    let Progression { state, mixed, evidence } = under_therapy(case).or(progression(case));
    let reason = match state {
        Truth::True => {
            "growth, a new nodule or a reported progression under systemic therapy or soon after it"
        }
        Truth::False => "no growth and no new nodule under systemic therapy for lung metastases is on record",
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
        .missing("a CT before and a CT under each systemic therapy, each with a statement on all five lobes")
}
