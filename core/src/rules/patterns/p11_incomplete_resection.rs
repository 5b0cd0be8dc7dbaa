//! P11: the last episode left tumour, or may have.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{
        truth::Truth,
        vocabulary::{Completeness, Vocabulary as _},
    },
    rules::{
        case::Case,
        episode::{Episode, EpisodeState},
        evidence::Evidence,
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P11",
    name: "incomplete-resection",
    flags: "the last episode is R1, R2 or RX, was never cleared, or its planned stage is overdue",
    why: "completeness was the strongest factor in the series cited",
    inputs: "completeness of the operations, nodules left untreated, planned stages",
    not_evaluable: "completeness or margins were not reported, a resected nodule is seen again, or the day of a planned stage is not known",
    source: "Gherzi 2022; International Registry of Lung Metastases 1997",
    figures: &["E64", "E19", "E20"],
    effect: Effect::HIGH_BOARD,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let Some(episode) = case.last_episode() else {
        return INFO.not_applicable("no metastasectomy is on record");
    };
    let left = case.of_last(is_left);
    let overdue = case.of_last(|episode| stage_overdue(case, episode));
    let state = left.or(overdue);
    let pending = is_pending(episode);
    let earlier = case.episodes.iter().rev().skip(1).any(|one| is_left(one).is_true());
    INFO.decided(state, reason(episode, left, overdue))
        .with_evidence(episode.evidence())
        .with_evidence(planned(case, episode))
        .label(episode.with_observed.is_true() && episode.margins.r0.is_true(), "r0-with-observed")
        .label(pending, "pending-next-stage")
        .label(earlier, "earlier-episode")
        .raise(episode.margins.r2.is_true(), Effect::ACTIVE_BOARD)
        .missing("the completeness and the margins of the last episode, and the day of every planned stage")
}

fn reason(episode: &Episode, left: Truth, overdue: Truth) -> String {
    let number = episode.number;
    match (left, overdue, episode.completeness) {
        (Truth::True, _, Some(completeness)) => format!("metastasectomy {number} is {}", completeness.code()),
        (Truth::True, _, None) => format!("a stage of metastasectomy {number} that was done is R1 or RX"),
        (_, Truth::True, _) => format!("a planned stage of metastasectomy {number} is overdue"),
        (Truth::False, Truth::False, _) if is_pending(episode) => {
            format!("metastasectomy {number} waits for its planned stage")
        }
        (Truth::False, Truth::False, _) if !episode.with_observed.is_false() => {
            format!(
                "metastasectomy {number} left nothing that was held to be a metastasis then; see what is observed"
            )
        }
        (Truth::False, Truth::False, _) => format!("metastasectomy {number} left nothing that was known"),
        (Truth::False, Truth::Unknown, _) => {
            format!("whether a planned stage of metastasectomy {number} is overdue is not known")
        }
        (Truth::Unknown, _, Some(Completeness::Complete)) => {
            format!("the margins of metastasectomy {number} were not reported")
        }
        (Truth::Unknown, _, None) => {
            format!("the completeness of metastasectomy {number} was not reported")
        }
        (Truth::Unknown, _, Some(_)) => {
            format!("whether metastasectomy {number} left something that was known is not certain")
        }
    }
}

const fn is_pending(episode: &Episode) -> bool {
    matches!(episode.state, EpisodeState::PendingNextStage)
}

/// Whether an episode has an involved margin or left tumour. Never cleared counts, except while a stage is to come.
fn is_left(episode: &Episode) -> Truth {
    let never_cleared = if is_pending(episode) { Truth::False } else { !episode.cleared };
    Truth::any([episode.margins.r1_or_rx, episode.margins.r2, never_cleared])
}

/// Whether a stage was not done by some days after its plan: from that day on, it is overdue.
fn stage_overdue(case: &Case<'_, '_>, episode: &Episode) -> Truth {
    if !is_pending(episode) {
        return Truth::False;
    }
    if episode.planned_stages_on.is_empty() {
        return Truth::Unknown;
    }
    Truth::any(episode.planned_stages_on.iter().map(|planned| {
        let until = planned.plus_days(case.limits.episodes.stage_overdue_days);
        until.map_or(Truth::Unknown, |until| until.on_or_before(case.facts.today()))
    }))
}

/// The operations that are still to be done.
fn planned(case: &Case<'_, '_>, episode: &Episode) -> Vec<Evidence> {
    let of_episode =
        case.facts.planned.iter().filter(|planned| {
            planned.stage_of.as_ref().is_some_and(|first| episode.operations.contains(first))
        });
    of_episode.map(|planned| Evidence::Operation(planned.id.clone())).collect()
}
