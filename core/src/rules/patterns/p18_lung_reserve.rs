//! P18: how much lung was taken: function should be tested before more is.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{lung::Side, nodule::Tally, truth::Truth, vocabulary::Extent},
    rules::{
        case::Case,
        evidence::Evidence,
        reserve::{needs_test, operations_on, predicted, segments, sparing},
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P18",
    name: "lung-reserve",
    flags: "at least 6 anatomic segments or a lung removed, 3 operations on one side, 10 wedge or precision resections in one lobe, or predicted function below 40 percent",
    why: "repeated surgery has to spare lung",
    inputs: "extent and lobe of every resection, sides of all operations, lung function where entered",
    not_evaluable: "an extent, a lobe or a side is not recorded, or it is open which test of lung function was the last",
    source: "Gherzi 2022; anatomic counting of predicted function; limits need local approval",
    figures: &[],
    effect: Effect::BOARD,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let limits = &case.limits.reserve;
    let segments = segments(case.facts);
    let resections = || case.facts.operations.iter().flat_map(|operation| &operation.resections);
    let pneumonectomy = resections().any(|resection| resection.extent == Some(Extent::Pneumonectomy));
    let [right, left] = Side::BOTH.map(|side| operations_on(case.facts, side));
    let sparing = sparing(case.facts);
    let function = predicted(case);
    let state = Truth::any([
        segments.at_least(limits.segments),
        Truth::from(pneumonectomy),
        right.at_least(limits.operations_per_side),
        left.at_least(limits.operations_per_side),
        Truth::any(sparing.iter().map(|lobe| lobe.at_least(limits.resections_per_lobe))),
        function.as_ref().map_or(Truth::False, |function| function.low),
    ]);
    let mut parts = vec![
        format!("segments removed, as far as recorded: {}", words(segments)),
        format!("operations on the right: {}, on the left: {}", words(right), words(left)),
    ];
    if let Some(most) = sparing.iter().filter(|lobe| lobe.least > 0).max_by_key(|lobe| lobe.least) {
        let count = Tally { min: most.least, exact: most.is_exact() };
        parts.push(format!("wedge or precision resections in {}: {}", most.lobe, words(count)));
    }
    if let Some(function) = &function {
        parts
            .push(format!("predicted postoperative function: {} % of the reference value", function.percent));
    }
    let needs_test = needs_test(case).may_be_true();
    let operations = case.facts.operations.iter().map(|operation| Evidence::Operation(operation.id.clone()));
    INFO.decided(state, parts.join("; "))
        .with_evidence(operations)
        .with_evidence(function.map(|_| Evidence::Part("fitness.spirometry")))
        .label(pneumonectomy, "pneumonectomy")
        .label(needs_test, "function-test-missing")
        .raise(needs_test, Effect::TASK)
        .missing("the extent, the lobe and the side of every resection, and the days of lung function tests")
}

fn words(count: Tally) -> String {
    if count.exact { count.min.to_string() } else { format!("at least {}", count.min) }
}
