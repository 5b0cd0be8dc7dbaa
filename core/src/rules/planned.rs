//! Surgery for metastases that is planned and was not done yet, as far as it is recorded.
//!
//! A plan is an operation with a planned day only, a decision of the board that no operation followed, or a stage
//! that is still to come.

use crate::domain::{
    board::BoardDecision,
    dates::PartialDate,
    operation::Operation,
    truth::Truth,
    vocabulary::{BoardChoice, Purpose},
};

use super::{
    case::Case,
    episode::EpisodeState,
    facts::{before, on_or_before},
};

/// Whether any surgery for metastases is planned.
pub(super) fn surgery(case: &Case<'_, '_>) -> Truth {
    let listed = Truth::from(planned_operations(case).next().is_some());
    listed.or(Truth::from(stage_is_to_come(case))).or(decided(case))
}

/// Whether surgery is planned that begins another episode.
pub(super) fn new_episode(case: &Case<'_, '_>) -> Truth {
    let listed = Truth::from(planned_operations(case).any(|operation| operation.stage_of.is_none()));
    // What the board decided then is the stage that is still to come.
    listed.or(decided(case).and(Truth::from(!stage_is_to_come(case))))
}

fn planned_operations<'c>(case: &'c Case<'_, '_>) -> impl Iterator<Item = &'c Operation> {
    let metastasectomy = |one: &&Operation| matches!(one.purpose, Purpose::Metastasectomy | Purpose::Unknown);
    case.facts.planned.iter().copied().filter(metastasectomy)
}

fn stage_is_to_come(case: &Case<'_, '_>) -> bool {
    case.last_episode().is_some_and(|episode| episode.state == EpisodeState::PendingNextStage)
}

/// Whether the last decision of the board was for surgery and no operation followed; unknown where it is not
/// certain which decision is the last one and they differ.
fn decided(case: &Case<'_, '_>) -> Truth {
    let decisions = || case.facts.parts.board_decisions.iter().filter(|one| one.decision.is_some());
    let may_be_last = |one: &&BoardDecision| !decisions().any(|other| before(one.on, other.on).is_true());
    let mut answers = decisions().filter(may_be_last).map(|decision| {
        let surgery = matches!(
            decision.decision,
            Some(BoardChoice::Metastasectomy | BoardChoice::StagedMetastasectomy)
        );
        Truth::from(surgery).and(!followed(case, decision.on))
    });
    let Some(first) = answers.next() else { return Truth::False };
    answers.fold(first, |one, other| if one == other { one } else { Truth::Unknown })
}

/// Whether an operation for metastases was done on or after a day.
fn followed(case: &Case<'_, '_>, on: Option<PartialDate>) -> Truth {
    let operations = case.facts.operations.iter();
    let for_metastases =
        operations.filter(|one| matches!(one.purpose, Purpose::Metastasectomy | Purpose::Unknown));
    Truth::any(for_metastases.map(|operation| on_or_before(on, operation.on)))
}
