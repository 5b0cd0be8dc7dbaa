//! P18: how much lung was taken: function should be tested before more is.

use std::collections::BTreeMap;

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{
        lung::{Lobe, Place, Side},
        nodule::Tally,
        operation::{Operation, Resection, ResectionTarget},
        truth::Truth,
        vocabulary::{BoardChoice, Extent},
    },
    rules::{
        case::Case,
        evidence::Evidence,
        removed::{lobes_removed, place_of, side_of},
        units::operated_sides,
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P18",
    name: "lung-reserve",
    flags: "at least 6 anatomic segments or a lung removed, 3 operations on one side, 10 wedge or precision resections in one lobe, or predicted function below 40 percent",
    why: "repeated surgery has to spare lung",
    inputs: "extent and lobe of every resection, sides of all operations, lung function where entered",
    not_evaluable: "an extent, a lobe or a side is not recorded",
    source: "Gherzi 2022; anatomic counting of predicted function; limits need local approval",
    figures: &[],
    effect: Effect::BOARD,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let limits = &case.limits.reserve;
    let segments = segments(case);
    let by_segments = segments.at_least(limits.segments);
    let pneumonectomy =
        Truth::from(case.facts.operations.iter().any(|operation| {
            operation.resections.iter().any(|one| one.extent == Some(Extent::Pneumonectomy))
        }));
    let per_side = Side::BOTH.map(|side| operations_on(case, side));
    let by_operations = Truth::any(per_side.map(|count| count.at_least(limits.operations_per_side)));
    let (in_lobe, most) = sparing_resections(case);
    let by_lobe = in_lobe.at_least(limits.resections_per_lobe);
    let function = predicted(case);
    let by_function =
        function.map_or(Truth::False, |percent| Truth::from(percent < limits.predicted_percent));
    let state = Truth::any([by_segments, pneumonectomy, by_operations, by_lobe, by_function]);
    let mut parts = vec![
        format!("{} segments", words(segments)),
        format!("{} right-sided and {} left-sided operations", words(per_side[0]), words(per_side[1])),
        match most {
            Some(lobe) => format!("{} wedge or precision resections in {lobe}", words(in_lobe)),
            None => format!("{} wedge or precision resections in one lobe", words(in_lobe)),
        },
    ];
    if let Some(percent) = function {
        parts.push(format!("lowest predicted function {percent} %"));
    }
    let operations = case.facts.operations.iter().map(|operation| Evidence::Operation(operation.id.clone()));
    INFO.decided(state, parts.join(", "))
        .with_evidence(operations)
        .with_evidence(function.map(|_| Evidence::Part("fitness.spirometry")))
        .label(pneumonectomy.is_true(), "pneumonectomy")
        .label(needs_test(case), "function-test-missing")
        .raise(needs_test(case), Effect::TASK)
        .missing("the extent, the lobe and the side of every resection")
}

fn words(count: Tally) -> String {
    if count.exact { count.min.to_string() } else { format!("at least {}", count.min) }
}

/// Anatomic segments removed; wedges weigh nothing.
fn segments(case: &Case<'_, '_>) -> Tally {
    let mut sum = Tally::ZERO;
    let mut removed: Vec<Lobe> = Vec::new();
    for operation in &case.facts.operations {
        for lobe in lobes_removed(case.facts, operation) {
            if !removed.contains(&lobe) {
                removed.push(lobe);
                sum += Tally::exactly(lobe.segments());
            }
        }
        for resection in &operation.resections {
            sum += open_segments(case, operation, resection);
        }
        if operation.resections.is_empty() {
            sum.exact = false;
        }
    }
    sum
}

/// What a resection costs beside whole lobes that are known.
fn open_segments(case: &Case<'_, '_>, operation: &Operation, resection: &Resection) -> Tally {
    let place = place_of(case.facts, resection);
    match resection.extent {
        Some(Extent::Segmentectomy) => {
            resection.segments.map_or(Tally { min: 1, exact: false }, Tally::exactly)
        }
        Some(Extent::Lobectomy) if place.lobe().is_none() => Tally { min: 2, exact: false },
        Some(Extent::Bilobectomy) if lobes_removed(case.facts, operation).len() < 2 => {
            Tally { min: 2, exact: false }
        }
        Some(Extent::Pneumonectomy) if side_of(case.facts, operation, resection).is_none() => {
            Tally { min: 9, exact: false }
        }
        Some(Extent::Sleeve | Extent::Other | Extent::Unknown) | None => Tally { min: 0, exact: false },
        _ => Tally::ZERO,
    }
}

/// Operations on a side, those for complications included.
fn operations_on(case: &Case<'_, '_>, side: Side) -> Tally {
    case.facts
        .operations
        .iter()
        .map(|operation| match operated_sides(case.facts, operation).on(side) {
            Truth::True => Tally::exactly(1),
            Truth::False => Tally::ZERO,
            Truth::Unknown => Tally { min: 0, exact: false },
        })
        .sum()
}

/// The lobe with the most wedge and precision resections.
fn sparing_resections(case: &Case<'_, '_>) -> (Tally, Option<Lobe>) {
    let mut lobes: BTreeMap<Lobe, Tally> = BTreeMap::new();
    let mut open = Tally::ZERO;
    for operation in &case.facts.operations {
        for resection in &operation.resections {
            let sparing = matches!(resection.extent, Some(Extent::Wedge | Extent::Precision | Extent::Laser));
            let unknown = matches!(resection.extent, Some(Extent::Other | Extent::Unknown) | None);
            if !sparing && !unknown {
                continue;
            }
            let count = match &resection.target {
                ResectionTarget::Nodule { nodule, .. } => {
                    case.facts.nodule(nodule).map_or(Tally::exactly(1), |known| known.nodule.count.tally())
                }
                ResectionTarget::Specimen { count, .. } => count.tally(),
            };
            if unknown {
                // It may have been a wedge; only the number that was taken bounds how many.
                open += count;
                continue;
            }
            match place_of(case.facts, resection) {
                Place::Lobe(lobe) => *lobes.entry(lobe).or_insert(Tally::ZERO) += count,
                Place::SideOnly(_) | Place::NotReported => open += count,
            }
        }
    }
    let most = lobes.iter().max_by_key(|(_, count)| count.min).map(|(lobe, count)| (*lobe, *count));
    let (lobe, mut count) = most.map_or((None, Tally::ZERO), |(lobe, count)| (Some(lobe), count));
    let limit = case.limits.reserve.resections_per_lobe;
    // What is open matters only where it could reach the limit in some lobe.
    let reachable = !open.exact || count.min.saturating_add(open.min) >= limit;
    count.exact &= !reachable || open == Tally::ZERO;
    count.exact &= lobes.values().all(|count| count.exact);
    (count, lobe)
}

/// The lowest predicted postoperative function of the last test that has one.
fn predicted(case: &Case<'_, '_>) -> Option<f64> {
    let tests = &case.facts.parts.fitness.as_ref()?.spirometry;
    let values = |test: &crate::domain::patient::Spirometry| {
        let values = [test.ppo_fev1_percent, test.ppo_dlco_percent];
        values.into_iter().flatten().map(|percent| percent.get()).min_by(f64::total_cmp)
    };
    let dated = tests.iter().filter_map(|test| Some((test.on.and_then(|on| on.latest()), values(test)?)));
    dated.max_by_key(|(on, _)| *on).map(|(_, value)| value)
}

/// A metastasectomy is planned and no lung function of the last months is on record.
fn needs_test(case: &Case<'_, '_>) -> bool {
    let today = case.facts.today();
    let last = case.facts.parts.board_decisions.iter().rev().find(|decision| decision.on.is_some());
    let surgery = last.is_some_and(|decision| {
        matches!(decision.decision, Some(BoardChoice::Metastasectomy | BoardChoice::StagedMetastasectomy))
    });
    let done = last.and_then(|decision| decision.on).is_some_and(|on| {
        case.facts
            .operations
            .iter()
            .any(|operation| operation.on.is_some_and(|operated| on.on_or_before(operated).is_true()))
    });
    let tests =
        case.facts.parts.fitness.as_ref().map(|fitness| fitness.spirometry.as_slice()).unwrap_or_default();
    let recent = tests.iter().any(|test| {
        test.on.is_some_and(|on| on.lt_months(today, case.limits.reserve.spirometry_months).is_true())
    });
    ((surgery && !done) || !case.facts.planned.is_empty()) && !recent
}
