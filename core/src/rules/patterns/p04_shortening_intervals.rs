//! P04: each interval is shorter than the one before.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{dates::DayRange, truth::Truth},
    rules::{
        case::Case,
        dfi::{DfiClass, DuringTreatment},
        tier_high::days,
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P04",
    name: "shortening-intervals",
    flags: "the last interval is shorter than the one before and at most 75 percent of it",
    why: "falling intervals suggest faster disease",
    inputs: "disease-free interval and recurrence-free intervals, in order",
    not_evaluable: "one of the last two intervals is not known or its episode not certainly cleared",
    source: "Briccoli 2005, Burt 2011; ratio needs local approval",
    figures: &[],
    effect: Effect::INFO,
};

/// One interval of the sequence; `None` breaks it.
type Interval = Option<DayRange>;

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let limits = &case.limits.intervals;
    let no_dfi = matches!(
        case.dfi.class,
        DfiClass::Synchronous | DfiClass::DuringPrimaryTreatment(DuringTreatment::PreOp)
    );
    let relapsed: Vec<_> = case.relapsed().collect();
    let Some(last) = relapsed.last() else { return INFO.not_applicable("no recurrence is on record") };
    let dfi: Option<(Interval, Truth)> = (!no_dfi).then_some((case.dfi.days, Truth::True));
    let sequence: Vec<(Interval, Truth)> = dfi
        .into_iter()
        .chain(relapsed.iter().map(|episode| {
            let exists = episode.cleared.and(episode.recurrence.on_record());
            (episode.recurrence.interval, exists)
        }))
        .collect();
    let falls: Vec<Truth> = sequence
        .windows(2)
        .map(|pair| match pair {
            [(one, one_exists), (other, other_exists)] => {
                falls(*one, *other, limits.falling_percent).and(one_exists.and(*other_exists))
            }
            _ => Truth::Unknown,
        })
        .collect();
    let Some(state) = falls.last().map(|fall| case.in_order(*fall)) else {
        return INFO.not_applicable("only one interval exists");
    };
    let strong = falls.len() >= 2 && falls.iter().rev().take(2).all(|fall| fall.is_true());
    let words: Vec<String> =
        sequence.iter().map(|(interval, _)| interval.map_or_else(|| "unknown".to_owned(), days)).collect();
    let reason = format!("intervals in days: {}", words.join(", "));
    let short = case.relapse_within(last, limits.falling_tier_months).is_true();
    let evidence = relapsed.iter().flat_map(|episode| episode.evidence());
    INFO.decided(state, reason)
        .with_evidence(evidence.chain(case.dfi.evidence.iter().cloned()))
        .label(state.is_true() && strong, "strong")
        .raise(short, Effect::HIGH)
        .raise(strong, Effect::BOARD)
        .missing("the days and the completeness of the last two episodes")
}

/// Whether the later interval is shorter and at most `percent` of the earlier one.
fn falls(one: Interval, other: Interval, percent: u32) -> Truth {
    let (Some(one), Some(other)) = (one, other) else { return Truth::Unknown };
    let percent = i64::from(percent);
    let at_most = |later: i64, earlier: i64| {
        later < earlier && later.saturating_mul(100) <= earlier.saturating_mul(percent)
    };
    let certainly = other.max.zip(one.min).is_some_and(|(later, earlier)| at_most(later, earlier));
    let possibly = match (other.min, one.max) {
        (Some(later), Some(earlier)) => at_most(later, earlier),
        _ => true,
    };
    match (certainly, possibly) {
        (true, _) => Truth::True,
        (false, true) => Truth::Unknown,
        (false, false) => Truth::False,
    }
}
