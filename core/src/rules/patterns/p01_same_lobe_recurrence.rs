//! P01: a recurrence in a lobe in which a metastasis was treated before.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{lung::Place, truth::Truth},
    rules::{
        case::Case,
        episode::RecurrenceState,
        evidence::{Evidence, listed},
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P01",
    name: "same-lobe-recurrence",
    flags: "a recurrent nodule in a lobe from which a metastasis was resected, ablated or irradiated in any earlier episode",
    why: "the lobe is where a local rest, or a preferred site, shows",
    inputs: "lobes and results of treated nodules, lobes of recurrent nodules",
    not_evaluable: "a lobe or a result is not recorded",
    source: "Gherzi 2022, figure 1; rule needs local approval",
    figures: &["E45"],
    effect: Effect::INFO,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let recurrences = || case.episodes.iter().filter(|episode| !episode.recurrence.nodules.is_empty());
    let state = case.in_order(Truth::any(recurrences().map(|episode| episode.recurrence.same_lobe)));
    let shown: Vec<_> = recurrences().filter(|episode| episode.recurrence.same_lobe == state).collect();
    let nodules: Vec<_> = shown
        .iter()
        .flat_map(|episode| &episode.recurrence.nodules)
        .filter(|nodule| nodule.same_lobe == state || state.is_unknown())
        .collect();
    let place = |id| case.facts.nodule(id).map(|known| known.nodule.place);
    let fissural =
        nodules.iter().any(|one| place(&one.nodule).is_some_and(|place| place.fissural_with().is_some()));
    let mut lobes: Vec<Place> = nodules.iter().filter_map(|one| Some(place(&one.nodule)?.place())).collect();
    lobes.sort_unstable();
    lobes.dedup();
    let reason = match state {
        Truth::True => format!("recurrence in a lobe treated before: {}", listed(&lobes)),
        Truth::False if nodules.is_empty() => "no recurrence is on record".to_owned(),
        Truth::False => {
            format!("every recurrent nodule lies in a lobe not treated before: {}", listed(&lobes))
        }
        Truth::Unknown => "a lobe or a result is not recorded".to_owned(),
    };
    let again = shown.len() > 1;
    let proved = shown.iter().any(|episode| episode.recurrence.state == RecurrenceState::Confirmed);
    let evidence = shown.iter().flat_map(|episode| episode.evidence());
    INFO.decided(state, reason)
        .with_evidence(evidence.chain(nodules.iter().map(|one| Evidence::Nodule(one.nodule.clone()))))
        .label(state.is_true() && fissural, "fissural")
        .label(state.is_true() && !proved, "suspected")
        .label(state.is_true() && again, "repeated")
        .raise(again, Effect::BOARD)
        .missing("the lobe and the pathology of every treated and recurrent nodule")
}
