//! P02: a same-lobe recurrence at or near an old staple line or scar.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{
        truth::Truth,
        vocabulary::{Completeness, Extent},
    },
    rules::{
        case::Case,
        episode::RecurrentNodule,
        evidence::{Evidence, listed},
        removed::removed_lobes,
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P02",
    name: "near-old-margin",
    flags: "a same-lobe recurrence that the reader places at a staple line or scar, or within the limit of one",
    why: "growth at a margin can mean that tumour was left there",
    inputs: "same-lobe recurrence, reader's statement, distance to the staple line",
    not_evaluable: "neither a statement nor a distance is recorded; after lobectomy only the statement counts",
    source: "Pu 2011 (registration error), margin habit, Welter 2012 (pleural penetration); limit needs local approval",
    figures: &[],
    effect: Effect::HIGH_BOARD,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let lobectomy = case
        .facts
        .operations
        .iter()
        .any(|operation| operation.resections.iter().any(|one| one.extent == Some(Extent::Lobectomy)))
        && !removed_lobes(case.facts).is_empty();
    let recurrent = || case.episodes.iter().flat_map(|episode| &episode.recurrence.nodules);
    let mut shown: Vec<&RecurrentNodule> = Vec::new();
    let state = Truth::any(recurrent().map(|nodule| {
        let near = nodule.same_lobe.and(nodule.after).and(near(case, nodule, lobectomy));
        if near.may_be_true() {
            shown.push(nodule);
        }
        near
    }));
    let state = case.in_order(state);
    let ids = listed(shown.iter().map(|one| &one.nodule));
    let reason = match state {
        Truth::True => format!("at or near an old staple line or scar: {ids}"),
        Truth::False => "no same-lobe recurrence near an old staple line or scar is on record".to_owned(),
        Truth::Unknown => format!("whether it lies near an old staple line or scar is not recorded: {ids}"),
    };
    let involved = case.episodes.iter().any(|episode| episode.completeness == Some(Completeness::R1));
    INFO.decided(state, reason)
        .with_evidence(shown.iter().map(|one| Evidence::Nodule(one.nodule.clone())))
        .label(state.is_true() && involved, "severity-high")
        .missing("the reader's statement or the distance to the nearest staple line")
}

fn near(case: &Case<'_, '_>, nodule: &RecurrentNodule, lobectomy: bool) -> Truth {
    let Some(known) = case.facts.nodule(&nodule.nodule) else { return Truth::Unknown };
    let limit = case.limits.margin.near_mm;
    let findings = || known.sightings.iter().map(|(_, finding)| finding);
    if findings().any(|finding| finding.at_staple_line == Some(true)) {
        return Truth::True;
    }
    let distances = findings().filter_map(|finding| finding.distance_to_staple_line_mm);
    let smallest = distances.map(|distance| distance.get()).min_by(f64::total_cmp);
    let denied = findings().any(|finding| finding.at_staple_line == Some(false));
    match smallest {
        _ if lobectomy && denied => Truth::False,
        // What is left moves after a lobectomy: distances no longer compare.
        Some(_) if lobectomy => Truth::Unknown,
        Some(distance) => Truth::from(distance <= limit),
        None => Truth::Unknown,
    }
}
