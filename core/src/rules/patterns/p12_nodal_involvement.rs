//! P12: lymph-node metastases, by pathology or by imaging.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{primary::Morphology, truth::Truth},
    rules::{case::Case, nodes::nodal},
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P12",
    name: "nodal-involvement",
    flags: "pN1 or pN2, or an enlarged lymph node on imaging",
    why: "survival was shorter with involved nodes in the series cited",
    inputs: "nodal status of operations, short axis of nodes on imaging",
    not_evaluable: "no node was sampled (NX), which is routine in sarcoma and opens no task",
    source: "Gherzi 2022 (its references 59 and 60); node-prone types by the national registry 2018",
    figures: &["E39", "E38"],
    effect: Effect::HIGH_BOARD,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let nodal = nodal(case);
    let state = if nodal.clinical.is_true() { Truth::True } else { nodal.pathological.or(nodal.clinical) };
    let reason = match (state, nodal.pathological) {
        (Truth::True, Truth::True) => "lymph-node metastases were found",
        (Truth::True, _) => "an enlarged lymph node was reported",
        (Truth::False, _) => "sampled lymph nodes were free",
        (Truth::Unknown, _) => "no lymph node was sampled at the last operation (NX)",
    };
    let primary = case.facts.parts.primary.as_ref();
    let prone = primary.and_then(|primary| primary.icd_o_3).is_some_and(Morphology::is_node_prone);
    INFO.decided(state, reason)
        .with_evidence(nodal.evidence)
        .label(state.is_unknown() && prone, "node-prone-type")
}
