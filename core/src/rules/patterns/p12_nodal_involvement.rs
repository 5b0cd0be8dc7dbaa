//! P12: lymph-node metastases, by pathology or by imaging.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{primary::Morphology, truth::Truth},
    rules::{case::Case, nodes::nodal},
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P12",
    name: "nodal-involvement",
    flags: "pN1 or pN2, an enlarged or growing lymph node on imaging, or disease of the hilar nodes",
    why: "survival was shorter with involved nodes in the series cited",
    inputs: "nodal status of operations, short axis of nodes on imaging, events in the hilar nodes",
    not_evaluable: "no node was sampled (NX), which is routine in sarcoma and opens no task; a node between the limits was measured once",
    source: "Gherzi 2022 (its references 59 and 60); node-prone types by the national registry 2018",
    figures: &["E39", "E38"],
    effect: Effect::HIGH_BOARD,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let nodal = nodal(case);
    let state = nodal.pathological.or(nodal.clinical);
    let reason = match (state, nodal.pathological, nodal.clinical) {
        (Truth::True, Truth::True, _) => "lymph-node metastases were found at an operation",
        (Truth::True, ..) => "an enlarged lymph node, or disease of the hilar nodes, is on record",
        (Truth::False, ..) => "the lymph nodes sampled at the last operation were free",
        (Truth::Unknown, _, Truth::Unknown) => {
            "whether a recorded lymph node counts as enlarged or involved is open"
        }
        (Truth::Unknown, ..) if case.facts.operations.is_empty() => "no operation is on record (NX)",
        (Truth::Unknown, ..) => "no lymph node is recorded as sampled at the last operation (NX)",
    };
    let primaries = case.facts.origin.possible(case.facts.parts);
    let prone = primaries.iter().filter_map(|primary| primary.icd_o_3).any(Morphology::is_node_prone);
    let not_sampled = state.is_unknown() && nodal.pathological.is_unknown();
    let result = INFO
        .decided(state, reason)
        .with_evidence(nodal.evidence)
        .label(not_sampled && prone, "node-prone-type");
    // Nodes are not routinely removed, so that NX asks for nothing; a node that was reported does.
    if nodal.clinical.is_unknown() {
        result.missing(
            "a second measurement of the lymph node, or whether disease of the hilar nodes is confirmed",
        )
    } else {
        result
    }
}
