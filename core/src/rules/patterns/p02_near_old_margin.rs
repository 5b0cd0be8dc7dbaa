//! P02: a same-lobe recurrence at or near an old staple line or scar.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{
        dates::PartialDate,
        lung::{Lobe, Side},
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
    let lobectomies = lobectomies(case);
    let answers: Vec<(&RecurrentNodule, Truth)> = case
        .recurrent_nodules()
        .map(|(_, one)| (one, Truth::all([one.same_lobe, one.recurrent, near(case, one, &lobectomies)])))
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
        Truth::Unknown if shown.is_empty() => {
            "whether a recurrence lies near an old staple line or scar is not certain, because the order of the \
             metastasectomies is not"
                .to_owned()
        }
        Truth::Unknown => {
            format!("whether it is a recurrence near an old staple line or scar is not certain: {names}")
        }
    };
    let margins = involved_margins(case);
    let involved = shown.iter().any(|one| margin_was_involved(case, one, &margins));
    INFO.decided(state, reason)
        .with_evidence(shown.iter().filter_map(|one| one.nodule.clone()).map(Evidence::Nodule))
        .label(state.is_true() && involved, "severity-high")
        .missing("the reader's statement or the distance to the nearest staple line, and the lobe")
}

/// Whether a nodule lies at a staple line or scar, or no farther from one than the limit.
fn near(case: &Case<'_, '_>, one: &RecurrentNodule, lobectomies: &[Lobectomy]) -> Truth {
    let Some(known) = known(case, one) else { return Truth::Unknown };
    let limit = case.limits.margin.near_mm;
    let mut nearest = None;
    let (mut moved, mut denied) = (false, false);
    for (study, finding) in &known.sightings {
        if finding.at_staple_line == Some(true) {
            return Truth::True;
        }
        if lobe_removed_before(lobectomies, one.side, study.on).may_be_true() {
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

/// The side and the day on which a whole lobe was removed, as far as known.
type Lobectomy = (Option<Side>, Option<PartialDate>);

fn lobectomies(case: &Case<'_, '_>) -> Vec<Lobectomy> {
    let of_lobes =
        |resection: &&Resection| matches!(resection.extent, Some(Extent::Lobectomy | Extent::Bilobectomy));
    let operations = case.facts.operations.iter();
    let removed = operations.flat_map(|operation| {
        let resections = operation.resections.iter().filter(of_lobes);
        resections.map(|resection| (side_of(case.facts, operation, resection), operation.on))
    });
    let mut lobectomies: Vec<Lobectomy> = Vec::new();
    for one in removed {
        if !lobectomies.contains(&one) {
            lobectomies.push(one);
        }
    }
    lobectomies
}

/// Whether a whole lobe of that side was removed before a day.
fn lobe_removed_before(lobectomies: &[Lobectomy], side: Option<Side>, on: Option<PartialDate>) -> Truth {
    Truth::any(lobectomies.iter().map(|(own, removed_on)| {
        let same = Truth::from(own.zip(side).map(|(own, side)| own == side));
        same.and(before(*removed_on, on))
    }))
}

/// The lobes and days in which tumour reached the margin of what was taken out, each once.
fn involved_margins(case: &Case<'_, '_>) -> Vec<(Lobe, Option<PartialDate>)> {
    let mut margins = Vec::new();
    for operation in &case.facts.operations {
        for resection in &operation.resections {
            let involved = match resection.margin {
                Some(Margin::Involved) => true,
                Some(Margin::Free) => false,
                // Without a word on this specimen that of the whole operation counts.
                Some(Margin::NotAssessable | Margin::Unknown) | None => {
                    operation.completeness == Some(Completeness::R1)
                }
            };
            let lobe = place_of(case.facts, resection).lobe().filter(|_| involved);
            if let Some(one) = lobe.map(|lobe| (lobe, operation.on))
                && !margins.contains(&one)
            {
                margins.push(one);
            }
        }
    }
    margins
}

/// Whether tumour reached the margin of something taken out of the lobe before the nodule was seen.
fn margin_was_involved(
    case: &Case<'_, '_>,
    one: &RecurrentNodule,
    margins: &[(Lobe, Option<PartialDate>)],
) -> bool {
    let seen_on = known(case, one).and_then(|known| known.seen_on);
    let earlier = margins.iter().filter(|(_, on)| before(*on, seen_on).is_true());
    earlier.into_iter().any(|(lobe, _)| one.place.touches(*lobe).is_true())
}
