//! P14: disease outside the chest after the lung metastases.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::truth::Truth,
    rules::{
        case::Case,
        evidence::{dated, listed},
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P14",
    name: "extrathoracic-relapse",
    flags: "disease outside the chest, recurrence of the primary included, after the diagnosis of lung metastases",
    why: "disease elsewhere is one of the five questions before every metastasectomy; not absolute where resectable",
    inputs: "extrathoracic events, recurrences of the primary, diagnosis of lung metastases",
    not_evaluable: "the order of the two is not known",
    source: "Gherzi 2022 (its references 40 and 41); selection for repeat metastasectomy 2017",
    figures: &["E70"],
    effect: Effect::ACTIVE_BOARD,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let state = Truth::any(case.extrathoracic().map(|event| event.after));
    let shown: Vec<_> =
        case.extrathoracic().filter(|event| event.after == state && state.may_be_true()).collect();
    let reason = match state {
        Truth::True => {
            format!("disease outside the chest on {}", listed(shown.iter().map(|event| dated(event.on))))
        }
        Truth::Unknown => {
            "whether disease outside the chest came after the lung metastases is not known".to_owned()
        }
        Truth::False => "no disease outside the chest after the lung metastases is on record".to_owned(),
    };
    let resected = shown.iter().all(|event| event.resected == Some(true));
    INFO.decided(state, reason)
        .with_evidence(shown.into_iter().map(|event| event.evidence))
        .label(state.is_true() && resected, "resected")
        .missing("the days of the lung metastases and of the disease outside the chest")
}
