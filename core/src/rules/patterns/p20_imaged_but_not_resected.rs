//! P20: imaging showed a nodule on the operated side, and no specimen holds it.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::truth::Truth,
    rules::{
        case::Case,
        episode::Episode,
        evidence::{Evidence, listed},
        facts::{NoduleFacts, before, is_seen, on_or_before},
        nodule_state::{NoduleState, NoduleStatus},
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P20",
    name: "imaged-but-not-resected",
    flags: "a suspected nodule on the operated side, known before the last episode and not treated, or a resected nodule seen again",
    why: "a nodule that the surgeon did not find is still there",
    inputs: "nodules on imaging before the episode, specimens, later studies",
    not_evaluable: "a day or a side is not known, pathology counted fewer pieces than the group holds, or nobody recorded what the nodule was held for",
    source: "Gherzi 2022 (its reference 48: 87 percent of nodules identified at thoracoscopy)",
    figures: &["E32"],
    effect: Effect::HIGH_BOARD,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let Some(episode) = case.last_episode() else {
        return INFO.not_applicable("no metastasectomy is on record");
    };
    let mut shown: Vec<(&NoduleStatus, Truth)> = Vec::new();
    for (known, status) in case.facts.nodules.iter().zip(case.nodules) {
        let answer = match status.state {
            NoduleState::Observed | NoduleState::Suspected | NoduleState::Planned => {
                case.of_last(|episode| missed(episode, known, status))
            }
            NoduleState::Resected => seen_again(case, known).or(fewer_pieces(case, episode, known)),
            NoduleState::Treated | NoduleState::Resolved | NoduleState::Refuted => Truth::False,
        };
        if answer.may_be_true() {
            shown.push((status, answer));
        }
    }
    let state = Truth::any(shown.iter().map(|(_, answer)| *answer));
    let ids: Vec<_> =
        shown.iter().filter(|(_, answer)| *answer == state).map(|(status, _)| &status.nodule).collect();
    let reason = match state {
        Truth::True => format!(
            "imaged before metastasectomy {} or seen again, and not accounted for: {}",
            episode.number,
            listed(&ids)
        ),
        Truth::False => {
            format!("every nodule imaged before metastasectomy {} is accounted for", episode.number)
        }
        Truth::Unknown => {
            format!("whether these were to be resected, and were, is not certain: {}", listed(&ids))
        }
    };
    INFO.decided(state, reason)
        .with_evidence(ids.iter().map(|id| Evidence::Nodule((*id).clone())))
        .with_evidence(episode.evidence())
        .missing("days of the studies, sides, and the result of every specimen")
}

/// An untreated nodule on an operated side that was known before the episode ended.
fn missed(episode: &Episode, known: &NoduleFacts<'_>, status: &NoduleStatus) -> Truth {
    if known.sightings.is_empty() {
        return Truth::False;
    }
    let known_then = on_or_before(known.reported_on, episode.treated_until);
    let side = status.place.place().side();
    let operated = side.map_or(Truth::Unknown, |side| episode.sides.on(side));
    Truth::all([known_then, operated, status.suspicious])
}

fn seen_again(case: &Case<'_, '_>, known: &NoduleFacts<'_>) -> Truth {
    let last = known.removals(&case.facts.operations).last();
    let Some(operation) = last.and_then(|(at, _)| case.facts.operations.get(at)) else { return Truth::False };
    let seen = known.sightings.iter().filter(|(_, finding)| is_seen(finding.fate));
    // A study that may have been made before the operation shows nothing.
    Truth::any(seen.map(|(study, _)| before(operation.on, study.on)))
}

/// Pathology looked at fewer pieces than the group holds: the rest may be anywhere.
fn fewer_pieces(case: &Case<'_, '_>, episode: &Episode, known: &NoduleFacts<'_>) -> Truth {
    let count = known.nodule.count.tally();
    let in_last = known
        .removals(&case.facts.operations)
        .any(|(at, _)| case.facts.operations.get(at).is_some_and(|one| episode.operations.contains(&one.id)));
    let pieces: Option<u32> = known
        .removals(&case.facts.operations)
        .map(|(_, resection)| resection.pathology_count)
        .try_fold(0_u32, |sum, pieces| Some(sum.saturating_add(pieces?)));
    match pieces {
        Some(pieces) if in_last && pieces < count.min => Truth::Unknown,
        _ => Truth::False,
    }
}
