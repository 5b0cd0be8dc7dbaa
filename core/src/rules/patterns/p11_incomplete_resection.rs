//! P11: the last episode left tumour, or may have.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{truth::Truth, vocabulary::Completeness},
    rules::{
        case::Case,
        episode::{Episode, EpisodeState},
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P11",
    name: "incomplete-resection",
    flags: "the last episode is R1, R2 or RX, was never cleared, or its planned stage is overdue",
    why: "completeness is the strongest factor known",
    inputs: "completeness of the operations, nodules left untreated, planned stages",
    not_evaluable: "completeness or margins were not reported",
    source: "Gherzi 2022; International Registry of Lung Metastases 1997",
    figures: &["E64", "E19", "E20"],
    effect: Effect::HIGH_BOARD,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let Some(episode) = case.last_episode() else {
        return INFO.not_applicable("no metastasectomy is on record");
    };
    let pending = episode.state == EpisodeState::PendingNextStage;
    let overdue = if pending { stage_overdue(case, episode) } else { Truth::False };
    let margins = episode.margins;
    let state = case.of_last(|episode| episode.margins.r1_or_rx.or(episode.margins.r2)).or(overdue);
    let reason = match (state, episode.completeness) {
        (Truth::True, Some(completeness)) => {
            use crate::domain::vocabulary::Vocabulary as _;
            format!("metastasectomy {} is {}", episode.number, completeness.code())
        }
        (Truth::True, None) => format!("a planned stage of metastasectomy {} is overdue", episode.number),
        (Truth::False, _) if pending => {
            format!("metastasectomy {} waits for its planned stage", episode.number)
        }
        (Truth::False, _) => format!("metastasectomy {} left nothing that was known", episode.number),
        (Truth::Unknown, Some(Completeness::Complete)) => {
            format!("the margins of metastasectomy {} were not reported", episode.number)
        }
        (Truth::Unknown, _) => format!("the completeness of metastasectomy {} is not known", episode.number),
    };
    let earlier =
        case.episodes.iter().rev().skip(1).any(|one| one.margins.r1_or_rx.or(one.margins.r2).is_true());
    INFO.decided(state, reason)
        .with_evidence(episode.evidence())
        .label(episode.with_observed.is_true(), "r0-with-observed")
        .label(pending, "pending-next-stage")
        .label(earlier, "earlier-episode")
        .raise(margins.r2.is_true(), Effect::ACTIVE_BOARD)
        .missing("the completeness and the margins of the last episode")
}

/// Whether a stage was not done some days after its plan.
fn stage_overdue(case: &Case<'_, '_>, episode: &Episode) -> Truth {
    if episode.planned_stages_on.is_empty() {
        return Truth::Unknown;
    }
    Truth::any(episode.planned_stages_on.iter().map(|planned| {
        let until = planned.plus_days(case.limits.episodes.stage_overdue_days);
        until.map_or(Truth::Unknown, |until| until.before(case.facts.today()))
    }))
}
