//! P03: a recurrence within months of clearance.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::truth::Truth,
    rules::{
        case::{Case, rests_on},
        episode::Episode,
        tier_high::days,
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P03",
    name: "early-recurrence",
    flags: "a recurrence-free interval below 12 months; below 6 months it is very early",
    why: "short intervals after metastasectomy go with shorter survival in retrospective series",
    inputs: "clearance date, first study that shows the recurrence",
    not_evaluable: "a date or the completeness of the episode is not known; a never-cleared episode is P11 instead; where nobody looked for long the day is marked interval-censored",
    source: "Younes 2002, Burt 2011, Briccoli 2005",
    figures: &["E73"],
    effect: Effect::HIGH_BOARD,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let limits = &case.limits.intervals;
    let early = |episode: &Episode| case.relapse_within(episode, limits.early_months);
    let state = case.in_order(Truth::any(case.intervals().map(early)));
    let unwatched = |episode: &Episode| case.unwatched(episode).is_some();
    let shown: Vec<&Episode> = case
        .intervals()
        .filter(|episode| rests_on(state, early(episode)) && (state.may_be_true() || unwatched(episode)))
        .collect();
    let words = shown.iter().map(|episode| words(case, episode)).collect::<Vec<_>>().join("; ");
    let reason = match state {
        Truth::True => words,
        Truth::False if shown.is_empty() => "no recurrence within the limit is on record".to_owned(),
        Truth::False => format!("no recurrence was first shown within the limit, but: {words}"),
        Truth::Unknown if shown.is_empty() => {
            "after which metastasectomy disease came is not certain, because their order is not".to_owned()
        }
        Truth::Unknown => format!("{words}; a day, clearance or the recurrence itself is not certain"),
    };
    let very_early = shown.iter().any(|one| case.relapse_within(one, limits.very_early_months).is_true());
    let evidence = shown.iter().flat_map(|episode| {
        episode.evidence().into_iter().chain(episode.recurrence.evidence.iter().cloned())
    });
    INFO.decided(state, reason)
        .with_evidence(evidence)
        .label(state.is_true() && very_early, "very-early")
        .label(shown.iter().any(|episode| unwatched(episode)), "interval-censored")
        .missing("exact days, the completeness of the episode, and what the new nodules are held for")
}

fn words(case: &Case<'_, '_>, episode: &Episode) -> String {
    let interval = episode.recurrence.interval.map_or_else(|| "an unknown number of".to_owned(), days);
    let censored = case.unwatched(episode).map_or_else(String::new, |(looked, on)| {
        format!(" (it may have come earlier: no CT between {looked} and {on} shows all lobes clear)")
    });
    let noun = episode.recurrence.state.noun();
    format!("{noun} {interval} days after metastasectomy {}{censored}", episode.number)
}
