//! P07: a recurrence on the side that was not operated.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{lung::Side, truth::Truth},
    rules::{
        case::{Case, rests_on},
        episode::{Episode, RecurrentNodule, Sides},
        evidence::listed,
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P07",
    name: "contralateral-switch",
    flags: "a recurrence with a nodule on the other side after a one-sided episode",
    why: "the other side has to be looked at and planned for",
    inputs: "sides of the episode and of the recurrence",
    not_evaluable: "a side or an order in time is not recorded, or it is open whether the nodule is a recurrence",
    source: "Younes 2002; Gherzi 2022 (its reference 45)",
    figures: &["E73", "E31"],
    effect: Effect::INFO,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    if case.relapsed().next().is_some() && case.relapsed().all(|episode| episode.sides.both().is_true()) {
        return INFO.not_applicable("both sides were treated before").label(true, "bilateral-before");
    }
    let switched = |(episode, one): &(&Episode, &RecurrentNodule)| {
        one.recurrent.and(is_other_side(episode.sides, one.side))
    };
    let state = case.in_order(Truth::any(case.recurrent_nodules().map(|pair| switched(&pair))));
    let shown: Vec<(&Episode, &RecurrentNodule)> =
        case.recurrent_nodules().filter(|pair| rests_on(state, switched(pair))).collect();
    let names = listed(shown.iter().map(|(_, one)| one.name()));
    let mut numbers: Vec<u32> = shown.iter().map(|(episode, _)| episode.number).collect();
    numbers.dedup();
    let reason = match state {
        Truth::True => {
            format!("on the other side after the one-sided metastasectomy {}: {names}", listed(numbers))
        }
        Truth::False => "no recurrent nodule on the side that was not operated is on record".to_owned(),
        Truth::Unknown => {
            format!("a side, an order in time or the recurrence itself is not certain: {names}")
        }
    };
    let within = |episode| case.relapse_within(episode, case.limits.intervals.early_switch_months);
    let early = Truth::any(shown.iter().map(|(episode, _)| within(episode)));
    INFO.decided(state, reason)
        .with_evidence(shown.iter().flat_map(|(episode, _)| episode.evidence()))
        .with_evidence(shown.iter().flat_map(|(episode, one)| case.shown_by(episode, one)))
        .label(state.is_true() && early.is_true(), "early")
        // An interval that may be short counts as short.
        .raise(early.may_be_true(), Effect::BOARD)
        .missing("the side of every episode and recurrent nodule")
}

/// Whether a nodule lies on a side that was not treated; after both sides there is none.
fn is_other_side(treated: Sides, side: Option<Side>) -> Truth {
    match side {
        Some(side) => !treated.on(side),
        None => (!treated.both()).and(Truth::Unknown),
    }
}
