//! P08: active disease on both sides at one time.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{lung::Side, truth::Truth},
    rules::{
        case::Case,
        episode::{EpisodeState, Sides},
        evidence::Evidence,
        facts::is_seen,
        nodule_state::NoduleStatus,
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P08",
    name: "bilateral-now",
    flags: "an active nodule on each side on one study, or metastases of both sides in the last episode",
    why: "both sides need a plan, mostly in stages",
    inputs: "untreated nodules per study, sides of the last episode",
    not_evaluable: "a side is not recorded, or one side holds indeterminate nodules only (possible)",
    source: "Gherzi 2022 (its references 12 and 18), disputed; review of indeterminate nodules 2024",
    figures: &["E18", "E80"],
    effect: Effect::HIGH_BOARD,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let by_episode = case.of_last(|episode| episode.disease_sides.both());
    let mut by_study = Truth::False;
    let mut possible = false;
    let mut evidence = Vec::new();
    for study in &case.facts.studies {
        let active: Vec<&NoduleStatus> = study
            .findings
            .iter()
            .filter(|finding| is_seen(finding.fate))
            .filter_map(|finding| case.nodules.get(case.facts.position(&finding.nodule)?))
            .filter(|status| status.is_active())
            .collect();
        let both = sides(&active, true).both();
        let maybe = sides(&active, false).both();
        possible |= maybe.is_true() && !both.is_true();
        let answer = if both.is_false() && maybe.may_be_true() { Truth::Unknown } else { both };
        if answer.is_true() && !by_study.is_true() {
            evidence = vec![Evidence::Study(study.id.clone())];
            evidence.extend(active.iter().map(|status| Evidence::Nodule(status.nodule.clone())));
        }
        by_study = by_study.or(answer);
    }
    let state = by_study.or(by_episode);
    if by_episode.is_true() && !by_study.is_true() {
        evidence = case.last_episode().map(|episode| episode.evidence()).unwrap_or_default();
    }
    let reason = match (state, by_study) {
        (Truth::True, Truth::True) => "untreated nodules on both sides on one study",
        (Truth::True, _) => "metastases of both sides in the last episode",
        (Truth::False, _) => "no disease of both sides at one time is on record",
        (Truth::Unknown, _) if possible => {
            "both sides hold untreated nodules, but not all are held for metastases"
        }
        (Truth::Unknown, _) => "a side or a result is not recorded",
    };
    let unplanned = case.last_episode().is_none_or(|episode| episode.state == EpisodeState::Closed);
    INFO.decided(state, reason)
        .with_evidence(evidence)
        .label(state.is_unknown() && possible, "possible")
        .label(by_episode.is_true() && !by_study.is_true(), "last-episode")
        .raise(by_study.is_true() && unplanned, Effect::TASK)
        .missing("the side and the certainty of every untreated nodule")
}

/// Sides with active nodules: only suspected ones, or all.
fn sides(active: &[&NoduleStatus], only_suspected: bool) -> Sides {
    let on = |side: Side| {
        Truth::any(active.iter().map(|status| {
            let held = if only_suspected { status.suspicious } else { Truth::True };
            status.place.place().is_on(side).and(held)
        }))
    };
    Sides { right: on(Side::Right), left: on(Side::Left) }
}
