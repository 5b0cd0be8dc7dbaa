//! P02: a same-lobe recurrence at or near an old staple line or scar.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{
        dates::PartialDate,
        lung::Side,
        operation::Resection,
        truth::Truth,
        vocabulary::{Completeness, Extent, Margin},
    },
    rules::{
        case::{Case, rests_on},
        episode::RecurrentNodule,
        evidence::{Evidence, listed},
        facts::{NoduleFacts, before},
        removed::{place_of, side_of},
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P02",
    name: "near-old-margin",
    flags: "a same-lobe recurrence that the reader places at a staple line or scar, or within the limit of one",
    why: "growth at a margin can mean that tumour was left there",
    inputs: "same-lobe recurrence, reader's statement, distance to the staple line",
    not_evaluable: "neither a statement nor a distance is recorded; after a lobectomy of that side only the statement counts",
    source: "Pu 2011 (registration error), margin habit, Welter 2012 (pleural penetration); limit needs local approval",
    figures: &[],
    effect: Effect::HIGH_BOARD,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let answers: Vec<(&RecurrentNodule, Truth)> = case
        .recurrent_nodules()
        .map(|(_, one)| (one, Truth::all([one.same_lobe, one.recurrent, near(case, one)])))
        .collect();
    let state = case.in_order(Truth::any(answers.iter().map(|(_, near)| *near)));
    let shown: Vec<&RecurrentNodule> = answers
        .iter()
        .filter(|(_, near)| near.may_be_true() && rests_on(state, *near))
        .map(|(one, _)| *one)
        .collect();
    let names = listed(shown.iter().map(|one| one.name()));
    let reason = match state {
        Truth::True => format!("reported at or near an old staple line or scar: {names}"),
        Truth::False => "no same-lobe recurrence near an old staple line or scar is on record".to_owned(),
        Truth::Unknown => {
            format!("whether it is a recurrence near an old staple line or scar is not certain: {names}")
        }
    };
    let involved = shown.iter().any(|one| margin_was_involved(case, one));
    INFO.decided(state, reason)
        .with_evidence(shown.iter().filter_map(|one| one.nodule.clone()).map(Evidence::Nodule))
        .label(state.is_true() && involved, "severity-high")
        .missing("the reader's statement or the distance to the nearest staple line, and the lobe")
}

/// Whether a nodule lies at a staple line or scar, or no farther from one than the limit.
fn near(case: &Case<'_, '_>, one: &RecurrentNodule) -> Truth {
    let Some(known) = known(case, one) else { return Truth::Unknown };
    let limit = case.limits.margin.near_mm;
    let mut nearest = None;
    let (mut moved, mut denied) = (false, false);
    for (study, finding) in &known.sightings {
        if finding.at_staple_line == Some(true) {
            return Truth::True;
        }
        if lobe_removed_before(case, one.side, study.on).may_be_true() {
            // What is left moves after a lobectomy: distances no longer compare, only the reader's statement counts.
            moved |= finding.distance_to_staple_line_mm.is_some();
            denied |= finding.at_staple_line == Some(false);
        } else if let Some(distance) = finding.distance_to_staple_line_mm {
            nearest = Some(nearest.map_or(distance.get(), |other: f64| other.min(distance.get())));
        }
    }
    match nearest {
        Some(distance) if distance <= limit => Truth::True,
        _ if denied => Truth::False,
        Some(_) if !moved => Truth::False,
        _ => Truth::Unknown,
    }
}

fn known<'a, 'h>(case: &Case<'a, 'h>, one: &RecurrentNodule) -> Option<&'a NoduleFacts<'h>> {
    case.facts.nodule(one.nodule.as_ref()?)
}

/// Whether a whole lobe of that side was removed before a day.
fn lobe_removed_before(case: &Case<'_, '_>, side: Option<Side>, on: Option<PartialDate>) -> Truth {
    let of_lobes =
        |resection: &&Resection| matches!(resection.extent, Some(Extent::Lobectomy | Extent::Bilobectomy));
    Truth::any(case.facts.operations.iter().flat_map(|operation| {
        operation.resections.iter().filter(of_lobes).map(|resection| {
            let own = side_of(case.facts, operation, resection);
            let same = Truth::from(own.zip(side).map(|(own, side)| own == side));
            same.and(before(operation.on, on))
        })
    }))
}

/// Whether tumour reached the margin of something taken out of the lobe before the nodule was seen.
fn margin_was_involved(case: &Case<'_, '_>, one: &RecurrentNodule) -> bool {
    let seen_on = known(case, one).and_then(|known| known.seen_on);
    let earlier = case.facts.operations.iter().filter(|operation| before(operation.on, seen_on).is_true());
    earlier.flat_map(|operation| operation.resections.iter().map(move |one| (operation, one))).any(
        |(operation, resection)| {
            let lobe = place_of(case.facts, resection).lobe();
            let same_lobe = lobe.is_some_and(|lobe| one.place.touches(lobe).is_true());
            let involved = match resection.margin {
                Some(Margin::Involved) => true,
                Some(Margin::Free) => false,
                // Without a word on this specimen that of the whole operation counts.
                Some(Margin::NotAssessable | Margin::Unknown) | None => {
                    operation.completeness == Some(Completeness::R1)
                }
            };
            same_lobe && involved
        },
    )
}
