//! P03: a recurrence within months of clearance.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::truth::Truth,
    rules::{case::Case, tier_high::days},
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P03",
    name: "early-recurrence",
    flags: "a recurrence-free interval below 12 months; below 6 months it is very early",
    why: "short intervals after metastasectomy go with shorter survival in retrospective series",
    inputs: "clearance date, first study that shows the recurrence",
    not_evaluable: "a date or the completeness of the episode is not known; a never-cleared episode is P11 instead",
    source: "Younes 2002, Burt 2011, Briccoli 2005",
    figures: &["E73"],
    effect: Effect::HIGH_BOARD,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let limits = &case.limits.intervals;
    let (mut state, mut very_early, mut censored) = (Truth::False, false, false);
    let mut shown = None;
    for episode in case.relapsed().filter(|episode| !episode.cleared.is_false()) {
        let early = case.relapse_within(episode, limits.early_months);
        if early.may_be_true() && (early.is_true() || !state.is_true()) {
            shown = Some(episode);
            very_early = case.relapse_within(episode, limits.very_early_months).is_true();
            censored = episode.recurrence.last_clear_on.is_none();
        }
        state = state.or(early);
    }
    let state = case.in_order(state);
    let interval = shown
        .and_then(|episode| episode.recurrence.interval)
        .map_or_else(|| "an unknown number of".to_owned(), days);
    let number = shown.map_or(0, |episode| episode.number);
    let reason = match state {
        Truth::True => format!("recurrence {interval} days after metastasectomy {number}"),
        Truth::False => "no recurrence within the limit is on record".to_owned(),
        Truth::Unknown => {
            format!(
                "recurrence {interval} days after metastasectomy {number}; a date or its clearance is not certain"
            )
        }
    };
    let evidence = shown.into_iter().flat_map(|episode| {
        episode.evidence().into_iter().chain(episode.recurrence.evidence.iter().cloned())
    });
    INFO.decided(state, reason)
        .with_evidence(evidence)
        .label(state.is_true() && very_early, "very-early")
        .label(state.is_true() && censored, "interval-censored")
        .missing("exact days, and the completeness of the episode")
}
