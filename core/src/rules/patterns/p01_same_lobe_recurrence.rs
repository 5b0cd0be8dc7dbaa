//! P01: a recurrence in a lobe in which a metastasis was treated before.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{
        lung::{Lobe, Place},
        truth::Truth,
    },
    rules::{
        case::{Case, rests_on},
        episode::{Episode, RecurrenceState, RecurrentNodule},
        evidence::listed,
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P01",
    name: "same-lobe-recurrence",
    flags: "a recurrent nodule in a lobe from which a metastasis was resected, ablated or irradiated in any earlier episode",
    why: "a new nodule in a treated lobe can be a local rest; that it matters is a product rule",
    inputs: "lobes and results of treated nodules, lobes of recurrent nodules",
    not_evaluable: "a lobe, a result or an order in time is not recorded, or it is open whether the nodule is a recurrence",
    source: "Gherzi 2022, figure 1; rule needs local approval",
    figures: &["E45"],
    effect: Effect::INFO,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let same_lobe = |one: &RecurrentNodule| one.same_lobe.and(one.recurrent);
    let state = case.in_order(Truth::any(case.recurrent_nodules().map(|(_, one)| same_lobe(one))));
    let shown: Vec<(&Episode, &RecurrentNodule)> =
        case.recurrent_nodules().filter(|(_, one)| rests_on(state, same_lobe(one))).collect();
    let mut places: Vec<Place> = shown.iter().map(|(_, one)| one.place.place()).collect();
    places.sort_unstable();
    places.dedup();
    let proved = shown.iter().any(|(episode, _)| episode.recurrence.state == RecurrenceState::Confirmed);
    let noun = if proved { RecurrenceState::Confirmed } else { RecurrenceState::Suspected }.noun();
    let reason = match state {
        Truth::True => format!("{noun} in a lobe treated before: {}", listed(&places)),
        Truth::False if shown.is_empty() => "no recurrent nodule is on record".to_owned(),
        Truth::False => {
            format!(
                "no recurrent nodule on record lies in a lobe treated before; they lie in {}",
                listed(&places)
            )
        }
        Truth::Unknown => format!(
            "a lobe, a result or an order in time is not certain for {}",
            listed(shown.iter().map(|(_, one)| one.name()))
        ),
    };
    let fissural = shown.iter().any(|(_, one)| in_fissure(case, one));
    let again = is_repeated(&shown);
    let treated = shown.iter().flat_map(|(episode, _)| episode.evidence());
    INFO.decided(state, reason)
        .with_evidence(treated)
        .with_evidence(shown.iter().flat_map(|(episode, one)| case.shown_by(episode, one)))
        .label(state.is_true() && fissural, "fissural")
        .label(state.is_true() && !proved, "suspected")
        .label(state.is_true() && again, "repeated")
        .raise(again, Effect::BOARD)
        .missing("the lobe and the pathology of every treated and recurrent nodule")
}

/// Whether the nodule, or a treated one of its lobe, lies between two lobes: both were tested.
fn in_fissure(case: &Case<'_, '_>, one: &RecurrentNodule) -> bool {
    let touches = |lobe: Option<Lobe>| lobe.is_some_and(|lobe| one.place.touches(lobe).is_true());
    let treated = case.nodules.iter().filter(|status| !status.is_active()).map(|status| status.place);
    let mut fissural = treated.filter(|place| place.fissural_with().is_some());
    one.place.fissural_with().is_some()
        || fissural.any(|place| touches(place.place().lobe()) || touches(place.fissural_with()))
}

/// Whether one lobe holds nodules of two recurrences.
fn is_repeated(shown: &[(&Episode, &RecurrentNodule)]) -> bool {
    Lobe::ALL.into_iter().any(|lobe| {
        let mut numbers = shown
            .iter()
            .filter(|(_, one)| one.place.touches(lobe).is_true())
            .map(|(episode, _)| episode.number);
        numbers.next().is_some_and(|first| numbers.any(|other| other != first))
    })
}
