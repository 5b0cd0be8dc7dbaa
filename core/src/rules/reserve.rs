//! How much lung was taken: segments, operations on a side, sparing resections in a lobe, predicted function.
//!
//! Wedges have no segment weight. What was not recorded leaves a number as a lower bound. Every row of an operation
//! counts as a resection of its own: several nodules in one wedge count too high, never too low.

use std::collections::BTreeMap;

use crate::domain::{
    lung::{Lobe, Place, Side},
    nodule::Tally,
    operation::{Operation, Resection, ResectionTarget},
    patient::Spirometry,
    truth::Truth,
    vocabulary::Extent,
};

use super::{
    case::Case,
    facts::{Facts, before},
    planned,
    removed::{lobes_removed, place_of, side_of},
    units::operated_sides,
};

/// Anatomic segments removed, of 19; a lobe never counts for more than it has.
pub(super) fn segments(facts: &Facts<'_>) -> Tally {
    let mut lobes: BTreeMap<Lobe, u32> = BTreeMap::new();
    let mut unplaced = Tally::ZERO;
    let mut whole = false;
    for operation in &facts.operations {
        for lobe in lobes_removed(facts, operation) {
            lobes.insert(lobe, lobe.segments());
            whole = true;
        }
        unplaced += lobes_without_place(facts, operation);
    }
    for operation in &facts.operations {
        unplaced.exact &= !operation.resections.is_empty();
        for resection in &operation.resections {
            unplaced.exact &= !is_open(resection.extent);
            if resection.extent != Some(Extent::Segmentectomy) {
                continue;
            }
            let taken = resection.segments.map_or(Tally { min: 1, exact: false }, Tally::exactly);
            match place_of(facts, resection).lobe() {
                Some(lobe) => {
                    let sum = lobes.entry(lobe).or_insert(0);
                    let before = *sum;
                    *sum = sum.saturating_add(taken.min).min(lobe.segments());
                    unplaced.exact &= taken.exact || before == lobe.segments();
                }
                // It may lie in a lobe that was removed whole.
                None if whole => unplaced.exact = false,
                None => unplaced += taken,
            }
        }
    }
    unplaced + Tally::exactly(lobes.values().sum())
}

/// Extents that may have cost segments, or a wedge, and do not say so.
const fn is_open(extent: Option<Extent>) -> bool {
    matches!(extent, Some(Extent::Sleeve | Extent::Other | Extent::Unknown) | None)
}

/// The least that lobes cost of which it is not recorded which they were. Rows of one operation may be one lobe.
fn lobes_without_place(facts: &Facts<'_>, operation: &Operation) -> Tally {
    let rows = |extent: Extent| operation.resections.iter().filter(move |one| one.extent == Some(extent));
    let placed = |extent: Extent| -> Vec<Lobe> {
        let mut lobes: Vec<Lobe> = rows(extent).filter_map(|one| place_of(facts, one).lobe()).collect();
        lobes.sort_unstable();
        lobes.dedup();
        lobes
    };
    let at_least = |min| Tally { min, exact: false };
    let mut least = Tally::ZERO;
    if rows(Extent::Lobectomy).any(|one| place_of(facts, one).lobe().is_none()) {
        // The smallest lobe has two segments.
        least += at_least(if placed(Extent::Lobectomy).is_empty() { 2 } else { 0 });
    }
    if rows(Extent::Bilobectomy).next().is_some() {
        // The middle lobe goes with one of the others.
        least += match placed(Extent::Bilobectomy).as_slice() {
            [] => at_least(5),
            [Lobe::Rml] => at_least(3),
            [Lobe::Rul | Lobe::Rll] => at_least(2),
            [_] => at_least(0),
            _ => Tally::ZERO,
        };
    }
    if rows(Extent::Pneumonectomy).any(|one| side_of(facts, operation, one).is_none()) {
        // The left lung is the smaller one.
        least += at_least(9);
    }
    least
}

/// Operations on a side, those for complications included.
pub(super) fn operations_on(facts: &Facts<'_>, side: Side) -> Tally {
    let reached = facts.operations.iter().map(|operation| operated_sides(facts, operation).on(side));
    reached.map(|reached| Tally { min: u32::from(reached.is_true()), exact: !reached.is_unknown() }).sum()
}

/// Wedge, precision and laser resections in one lobe.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sparing {
    pub lobe: Lobe,
    /// Certain ones.
    pub least: u32,
    /// The most there can be; `None` without upper bound.
    most: Option<u32>,
}

impl Sparing {
    pub(super) fn at_least(&self, limit: u32) -> Truth {
        let count = Tally { min: self.least, exact: self.most.is_some_and(|most| most < limit) };
        count.at_least(limit)
    }

    pub(super) fn is_exact(&self) -> bool {
        self.most == Some(self.least)
    }
}

/// The sparing resections of every lobe, in the order of the contract.
pub(super) fn sparing(facts: &Facts<'_>) -> [Sparing; 5] {
    let mut lobes = Lobe::ALL.map(|lobe| Sparing { lobe, least: 0, most: Some(0) });
    for resection in facts.operations.iter().flat_map(|operation| &operation.resections) {
        let certain = matches!(resection.extent, Some(Extent::Wedge | Extent::Precision | Extent::Laser));
        let possible = matches!(resection.extent, Some(Extent::Other | Extent::Unknown) | None);
        if !certain && !possible {
            continue;
        }
        let (place, count) = (place_of(facts, resection), pieces(facts, resection));
        for own in &mut lobes {
            if certain && place.is_in(own.lobe).is_true() {
                own.least = own.least.saturating_add(count.min);
            }
            if place.may_be(Place::Lobe(own.lobe)) {
                own.most = own.most.filter(|_| count.exact).map(|most| most.saturating_add(count.min));
            }
        }
    }
    lobes
}

/// How many nodules a resection took: each counts as one resection.
fn pieces(facts: &Facts<'_>, resection: &Resection) -> Tally {
    match &resection.target {
        ResectionTarget::Nodule { nodule, .. } => {
            facts.nodule(nodule).map_or(Tally::exactly(1), |known| known.nodule.count.tally())
        }
        ResectionTarget::Specimen { count, .. } => count.tally(),
    }
}

/// Predicted postoperative function of the last test that has one.
pub(super) struct Predicted {
    /// Whether it is below the limit; unknown where it is not certain which test was the last and they differ.
    pub low: Truth,
    /// The lowest value of those tests, percent of predicted.
    pub percent: f64,
}

pub(super) fn predicted(case: &Case<'_, '_>) -> Option<Predicted> {
    let tests = &case.facts.parts.fitness.as_ref()?.spirometry;
    let tests: Vec<(&Spirometry, f64)> =
        tests.iter().filter_map(|test| Some((test, lowest(test)?))).collect();
    let may_be_last =
        |(one, _): &&(&Spirometry, f64)| !tests.iter().any(|(other, _)| before(one.on, other.on).is_true());
    let last: Vec<f64> = tests.iter().filter(may_be_last).map(|(_, percent)| *percent).collect();
    let low = |percent: &f64| Truth::from(*percent < case.limits.reserve.predicted_percent);
    let percent = last.iter().copied().min_by(f64::total_cmp)?;
    let any = Truth::any(last.iter().map(low));
    let all = Truth::all(last.iter().map(low));
    Some(Predicted { low: if any == all { any } else { Truth::Unknown }, percent })
}

fn lowest(test: &Spirometry) -> Option<f64> {
    let values = [test.ppo_fev1_percent, test.ppo_dlco_percent];
    values.into_iter().flatten().map(|percent| percent.get()).min_by(f64::total_cmp)
}

/// Whether surgery is planned and no lung function of the last months is on record.
pub(super) fn needs_test(case: &Case<'_, '_>) -> Truth {
    let months = case.limits.reserve.spirometry_months;
    let mut tests = case.facts.parts.fitness.iter().flat_map(|fitness| &fitness.spirometry);
    // An undated test may be an old one.
    let recent =
        tests.any(|test| test.on.is_some_and(|on| on.lt_months(case.facts.today(), months).is_true()));
    planned::surgery(case).and(Truth::from(!recent))
}
