//! P19: a nodule grows again after radiotherapy or ablation.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::truth::Truth,
    rules::{
        case::Case,
        evidence::{Evidence, listed},
        local_control::local_control,
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P19",
    name: "local-failure",
    flags: "growth of a treated nodule on 2 consecutive studies, or growth after shrinkage",
    why: "local treatment has not held this nodule",
    inputs: "studies and local states after the end of local therapy",
    not_evaluable: "no study after the first three months, or one study only: repeat in 6 to 8 weeks",
    source: "Lebow, Mehta 2013 (stereotactic radiotherapy)",
    figures: &["E84", "E85"],
    effect: Effect::ACTIVE_BOARD,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let control = local_control(case);
    if control.nodules.is_empty() {
        return INFO.not_applicable("no nodule was treated by radiotherapy or ablation alone");
    }
    let state = control.failed();
    let shown: Vec<_> = control.nodules.iter().filter(|(_, failed, _)| *failed == state).collect();
    let ids = listed(shown.iter().map(|(id, ..)| id));
    let reason = match state {
        Truth::True => format!("growing after local therapy: {ids}"),
        Truth::False => format!("no growth on consecutive studies: {ids}"),
        Truth::Unknown => format!("not enough studies after local therapy: {ids}"),
    };
    let evidence = shown.iter().flat_map(|(id, _, evidence)| {
        std::iter::once(Evidence::Nodule(id.clone())).chain(evidence.iter().cloned())
    });
    INFO.decided(state, reason)
        .with_evidence(evidence)
        .missing("studies of the treated nodules later than three months after treatment")
}
