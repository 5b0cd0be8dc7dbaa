//! P07: a recurrence on the side that was not operated.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::truth::Truth,
    rules::{
        case::Case,
        episode::{Episode, RecurrenceSide},
        evidence::Evidence,
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P07",
    name: "contralateral-switch",
    flags: "a recurrence with a nodule on the other side after a one-sided episode",
    why: "it decides whether the other side has to be watched or operated",
    inputs: "sides of the episode and of the recurrence",
    not_evaluable: "a side is not recorded",
    source: "Younes 2002; Gherzi 2022 (its reference 45)",
    figures: &["E73", "E31"],
    effect: Effect::INFO,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let recurrences: Vec<&Episode> = case.relapsed().collect();
    let answers: Vec<(&Episode, Option<Truth>)> = recurrences
        .iter()
        .map(|episode| {
            let switched = match episode.recurrence.side {
                RecurrenceSide::Contralateral | RecurrenceSide::Bilateral => {
                    Some(if episode.recurrence.state.present().is_true() {
                        Truth::True
                    } else {
                        Truth::Unknown
                    })
                }
                RecurrenceSide::Ipsilateral => Some(Truth::False),
                RecurrenceSide::NotApplicable => None,
                RecurrenceSide::Unknown => Some(Truth::Unknown),
            };
            (*episode, switched)
        })
        .collect();
    if !answers.is_empty() && answers.iter().all(|(_, switched)| switched.is_none()) {
        return INFO.not_applicable("both sides were operated before").label(true, "bilateral-before");
    }
    let state = case.in_order(Truth::any(answers.iter().filter_map(|(_, switched)| *switched)));
    let shown: Vec<&Episode> = answers
        .iter()
        .filter(|(_, switched)| *switched == Some(state))
        .map(|(episode, _)| *episode)
        .collect();
    let reason = match (state, shown.first()) {
        (Truth::True, Some(episode)) => {
            format!("after metastasectomy {} disease came on the other side", episode.number)
        }
        (Truth::False, Some(_)) => "every recurrence lies on the operated side".to_owned(),
        (Truth::False, None) | (Truth::True, None) => "no recurrence is on record".to_owned(),
        (Truth::Unknown, _) => {
            "a side is not recorded, or it is not certain that disease came later".to_owned()
        }
    };
    let early = shown
        .iter()
        .any(|episode| case.relapse_within(episode, case.limits.intervals.early_switch_months).is_true());
    let evidence = shown.iter().flat_map(|episode| {
        let nodules = episode.recurrence.nodules.iter().map(|one| Evidence::Nodule(one.nodule.clone()));
        episode.evidence().into_iter().chain(nodules)
    });
    INFO.decided(state, reason)
        .with_evidence(evidence)
        .label(state.is_true() && early, "early")
        .raise(early, Effect::BOARD)
        .missing("the side of every episode and recurrent nodule")
}
