//! P08: active disease on both sides at one time.
//!
//! What is untreated on the day is there at one time, whichever study showed it first. A first stage that is done
//! and a second that waits are one episode: the side that was operated and the side that is still to be operated
//! count together.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{
        lung::{Place, Side},
        truth::Truth,
        vocabulary::BoardChoice,
    },
    rules::{
        case::Case,
        episode::{Episode, EpisodeState, Sides},
        evidence::Evidence,
        facts::{is_seen, on_or_before},
        nodule_state::NoduleStatus,
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P08",
    name: "bilateral-now",
    flags: "untreated nodules held for metastases on both sides, or metastases of both sides in the last episode",
    why: "both sides have to be planned for, usually in stages",
    inputs: "untreated nodules and what the last report mentions without listing it, sides of the last episode, planned stages",
    not_evaluable: "a side is not recorded, or one side holds nothing that is held for a metastasis (possible)",
    source: "Gherzi 2022 (its references 12 and 18), disputed; review of indeterminate nodules 2024",
    figures: &["E18", "E80"],
    effect: Effect::HIGH_BOARD,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let active: Vec<&NoduleStatus> = case.active().collect();
    let held = sides(case, &active, is_held);
    let now = held.both();
    let by_episode = case.of_last(|episode| in_episode(episode, held).both());
    let state = now.or(by_episode);
    let possible = state.is_unknown() && sides(case, &active, |_| true).both().is_true();
    let reason = match (state, now) {
        (Truth::True, Truth::True) => "untreated nodules that are held for metastases lie on both sides",
        (Truth::True, _) => "metastases of both sides belong to the last episode",
        (Truth::False, _) => "no disease of both sides at one time is on record",
        (Truth::Unknown, _) if possible => {
            "both sides hold untreated or unlisted nodules, but on one side none is recorded as held for a metastasis"
        }
        (Truth::Unknown, _) => "a side or a result is not recorded",
    };
    let waiting = case.last_episode().is_some_and(|episode| episode.state == EpisodeState::PendingNextStage);
    let shown: Vec<&NoduleStatus> = match state {
        Truth::True if now.is_true() || waiting => {
            active.into_iter().filter(|one| is_held(Some(one))).collect()
        }
        Truth::Unknown => active,
        Truth::True | Truth::False => Vec::new(),
    };
    let by_it = by_episode == state && state.may_be_true();
    let episode = case.last_episode().filter(|_| by_it).map(Episode::evidence);
    let evidence = shown.iter().flat_map(|one| sighted(case, one));
    INFO.decided(state, reason)
        .with_evidence(episode.unwrap_or_default())
        .with_evidence(evidence)
        .label(possible, "possible")
        .label(by_episode.is_true() && !now.is_true(), "last-episode")
        .raise(now.is_true() && !is_planned(case, &shown), Effect::TASK)
        .missing("the side of every untreated nodule, and what it is held for")
}

/// Whether a nodule is held for a metastasis. One that is not may still be one: nobody has shown the contrary.
const fn is_held(nodule: Option<&NoduleStatus>) -> bool {
    matches!(nodule, Some(nodule) if nodule.suspicious.is_true())
}

/// Sides with untreated nodules, those that the last report mentions without listing them (`None`) included. They
/// count certainly where `counts` says so, else possibly.
fn sides(case: &Case<'_, '_>, active: &[&NoduleStatus], counts: fn(Option<&NoduleStatus>) -> bool) -> Sides {
    let unlisted = case.facts.studies.last().map_or(&[][..], |study| &study.not_itemised);
    let listed = active.iter().map(|nodule| (nodule.place.place(), Some(*nodule)));
    let all = listed.chain(unlisted.iter().map(|one| (one.place, None)));
    let places: Vec<(Place, Truth)> = all
        .map(|(place, nodule)| (place, if counts(nodule) { Truth::True } else { Truth::Unknown }))
        .collect();
    let on = |side: Side| Truth::any(places.iter().map(|(place, counts)| place.is_on(side).and(*counts)));
    Sides { right: on(Side::Right), left: on(Side::Left) }
}

/// Sides of the metastases of an episode; while a stage is outstanding what waits for it belongs to it.
fn in_episode(episode: &Episode, waiting: Sides) -> Sides {
    match episode.state {
        EpisodeState::PendingNextStage => episode.disease_sides.or(waiting),
        EpisodeState::Closed => episode.disease_sides,
    }
}

/// A nodule and the last study that shows it.
fn sighted<'c>(case: &'c Case<'_, '_>, nodule: &NoduleStatus) -> impl Iterator<Item = Evidence> + 'c {
    let known = case.facts.nodule(&nodule.nodule);
    let mut seen = known.into_iter().flat_map(|known| known.sightings.iter().rev());
    let study = seen.find(|(_, finding)| is_seen(finding.fate)).map(|(study, _)| study.id.clone());
    std::iter::once(Evidence::Nodule(nodule.nodule.clone())).chain(study.map(Evidence::Study))
}

/// Whether stages are planned: as an outstanding operation, or by the board since the nodules were first seen.
fn is_planned(case: &Case<'_, '_>, nodules: &[&NoduleStatus]) -> bool {
    let by_board = case.facts.parts.board_decisions.iter().any(|decision| {
        let staged = decision.decision == Some(BoardChoice::StagedMetastasectomy)
            || decision.planned_stages.is_some_and(|stages| stages > 1);
        let seen_before = |one: &&NoduleStatus| on_or_before(one.first_seen_on, decision.on).is_true();
        staged && nodules.iter().all(seen_before)
    });
    by_board || !case.facts.planned.is_empty()
}
