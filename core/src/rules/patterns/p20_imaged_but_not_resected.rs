//! P20: imaging showed a nodule on the operated side, and no specimen holds it.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::truth::Truth,
    rules::{
        case::Case,
        evidence::{Evidence, listed},
        unaccounted::{Unaccounted, Why, unaccounted},
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P20",
    name: "imaged-but-not-resected",
    flags: "a suspected nodule on the operated side, imaged before the operation and neither treated nor explained, or a resected nodule seen again",
    why: "a nodule that the surgeon did not find may still be there",
    inputs: "nodules on imaging before each operation, specimens, what was left with a reason, later studies",
    not_evaluable: "a day, a side or a specimen is not certain, pathology counted fewer pieces than the group holds, a report mentions nodules without listing them, or nobody recorded what the nodule was held for",
    source: "Gherzi 2022 (its reference 48: 87 percent of nodules identified at thoracoscopy)",
    figures: &["E32"],
    effect: Effect::HIGH_BOARD,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let Some(found) = unaccounted(case) else {
        return INFO.not_applicable("no operation for metastases is on record");
    };
    let state = Truth::any(found.iter().map(|one| one.state));
    let shown: Vec<&Unaccounted> = found.iter().filter(|one| one.state == state).collect();
    let named = |why: Why| listed(shown.iter().filter(|one| one.why == why).map(|one| &one.what));
    let is = |why: Why| state.may_be_true() && shown.iter().any(|one| one.why == why);
    let reason = match state {
        Truth::True => {
            let mut parts = Vec::new();
            if is(Why::NoSpecimen) {
                parts.push(format!(
                    "imaged before an operation on that side, and no specimen or explanation on record: {}",
                    named(Why::NoSpecimen)
                ));
            }
            if is(Why::SeenAgain) {
                parts.push(format!("resected, and seen on a later study: {}", named(Why::SeenAgain)));
            }
            parts.join("; ")
        }
        Truth::False => "every suspected nodule imaged before an operation on its side is accounted for, as far as recorded".to_owned(),
        Truth::Unknown => {
            format!("whether these were to be resected, and were, is not certain: {}", listed(shown.iter().map(|one| &one.what)))
        }
    };
    INFO.decided(state, reason)
        .with_evidence(shown.iter().map(|one| one.what.clone()))
        .with_evidence(shown.iter().map(|one| Evidence::Operation(one.operation.clone())))
        .label(is(Why::NoSpecimen), "no-specimen")
        .label(is(Why::SeenAgain), "seen-after-resection")
        .label(is(Why::FewerPieces), "fewer-pieces")
        .label(is(Why::NotListed), "not-listed")
        .missing(
            "days of the studies, sides, what the nodules were held for, and the nodule of every specimen",
        )
}
