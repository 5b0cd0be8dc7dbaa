//! What a tumour board planned for an episode: the stages, and whether local therapy goes with surgery.

use crate::domain::{board::BoardDecision, truth::Truth, vocabulary::BoardChoice};

use super::{
    facts::{Facts, before, on_or_before},
    readings::{Answers, Question},
    staging::Group,
    units::Unit,
};

/// The plan of one episode.
pub(super) struct BoardPlan {
    pub stages: usize,
    /// The board named local therapy beside surgery.
    pub mixed: bool,
}

/// What the board planned at or before the first unit and after the episode before. A later decision for surgery
/// replaces an earlier one.
pub(super) fn board_plan(
    facts: &Facts<'_>,
    previous: Option<&Group>,
    first: Unit,
    answers: &mut Answers,
) -> Option<BoardPlan> {
    let from = first.from(facts);
    let mut decisions: Vec<(usize, &BoardDecision)> = Vec::new();
    for (at, decision) in facts.parts.board_decisions.iter().enumerate() {
        if !is_surgery(decision) && !is_local(decision) {
            continue;
        }
        let after_previous = previous.map_or(Truth::True, |group| {
            Truth::all(group.units.iter().map(|unit| before(unit.until(facts), decision.on)))
        });
        let in_time = on_or_before(decision.on, from).and(after_previous);
        if answers.decide(Question::Planned(first, at), in_time, false) {
            decisions.push((at, decision));
        }
    }
    let surgery: Vec<(usize, &BoardDecision)> =
        decisions.iter().copied().filter(|(_, one)| is_surgery(one)).collect();
    let mut stages = 1;
    for (at, decision) in &surgery {
        let later = Truth::any(surgery.iter().map(|(_, other)| before(decision.on, other.on)));
        if surgery.len() == 1 || !answers.decide(Question::Replaced(first, *at), later, false) {
            stages = stages.max(stages_of(decision));
        }
    }
    let mixed = !surgery.is_empty() && decisions.iter().any(|(_, one)| is_local(one));
    (!decisions.is_empty()).then_some(BoardPlan { stages, mixed })
}

/// Whether a decision after the last unit took back what was planned: treatment of another kind, or none.
pub(super) fn is_replaced(facts: &Facts<'_>, first: Unit, last: Unit, answers: &mut Answers) -> bool {
    let until = last.until(facts);
    let decisions = facts.parts.board_decisions.iter().enumerate();
    let mut other = decisions.filter(|(_, decision)| {
        matches!(
            decision.decision,
            Some(
                BoardChoice::Systemic
                    | BoardChoice::Sbrt
                    | BoardChoice::Ablation
                    | BoardChoice::Observe
                    | BoardChoice::Palliative
            )
        )
    });
    other.any(|(at, decision)| {
        // Surgery that was decided again since then stands.
        let surgery = facts.parts.board_decisions.iter().filter(|one| is_surgery(one));
        let again = Truth::any(surgery.map(|one| before(decision.on, one.on)));
        answers.decide(Question::Replaced(first, at), before(until, decision.on).and(!again), false)
    })
}

const fn is_surgery(decision: &BoardDecision) -> bool {
    matches!(decision.decision, Some(BoardChoice::Metastasectomy | BoardChoice::StagedMetastasectomy))
}

const fn is_local(decision: &BoardDecision) -> bool {
    matches!(decision.decision, Some(BoardChoice::Sbrt | BoardChoice::Ablation))
}

/// Stages a decision plans; "staged" without a number means at least two.
fn stages_of(decision: &BoardDecision) -> usize {
    let named = decision.planned_stages.and_then(|stages| usize::try_from(stages).ok());
    match decision.decision {
        Some(BoardChoice::StagedMetastasectomy) => named.unwrap_or(2).max(2),
        Some(BoardChoice::Metastasectomy) => named.unwrap_or(1).max(1),
        _ => 1,
    }
}
