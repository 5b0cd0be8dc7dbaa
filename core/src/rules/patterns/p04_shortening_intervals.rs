//! P04: each interval is shorter than the one before.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{dates::DayRange, truth::Truth},
    rules::{
        case::Case,
        dfi::{DfiClass, DuringTreatment},
        episode::Episode,
        tier_high::days,
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P04",
    name: "shortening-intervals",
    flags: "the last interval is shorter than the one before and at most 75 percent of it",
    why: "shorter intervals went with shorter survival in retrospective series; that a fall matters is a product rule",
    inputs: "disease-free interval and recurrence-free intervals, in order",
    not_evaluable: "one of the last two intervals is not known, its episode not certainly cleared, or nobody looked for long before it ended",
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
    // What was never cleared has no interval; the sequence goes on without it.
    let relapsed: Vec<_> = case.intervals().collect();
    let Some(last) = relapsed.last() else { return too_few(case, "no recurrence is on record") };
    let dfi: Option<(Interval, Truth)> = (!no_dfi).then_some((case.dfi.days, dfi_exists(case)));
    let sequence: Vec<(Interval, Truth)> = dfi
        .into_iter()
        .chain(
            relapsed
                .iter()
                .map(|episode| (case.interval(episode), episode.cleared.and(episode.recurrence.on_record()))),
        )
        .collect();
    let falls: Vec<Truth> = sequence
        .iter()
        .zip(sequence.iter().skip(1))
        .map(|((one, one_exists), (other, other_exists))| {
            Truth::all([falls(*one, *other, limits.falling_percent), *one_exists, *other_exists])
        })
        .collect();
    let Some(state) = falls.last().map(|fall| case.in_order(*fall)) else {
        return too_few(case, "only one interval exists");
    };
    let strong = falls.len() >= 2 && falls.iter().rev().take(2).all(|fall| fall.is_true());
    let words: Vec<String> =
        sequence.iter().map(|(interval, _)| interval.map_or_else(|| "unknown".to_owned(), days)).collect();
    let reason = format!("intervals without known disease in days, oldest first: {}", words.join(", "));
    // A last interval that may be short counts as short.
    let short = case.relapse_within(last, limits.falling_tier_months).may_be_true();
    let censored = relapsed.iter().any(|episode| case.unwatched(episode).is_some());
    let evidence = relapsed.iter().flat_map(|episode| episode.evidence());
    INFO.decided(state, reason)
        .with_evidence(evidence)
        .with_evidence(case.dfi.evidence.iter().filter(|_| !no_dfi).cloned())
        .label(state.is_true() && strong, "strong")
        .label(censored, "interval-censored")
        .raise(short, Effect::HIGH)
        .raise(strong, Effect::BOARD)
        .missing("the days and the completeness of the last two episodes")
}

/// Too few intervals to compare; open where the order of the metastasectomies is, because another order may make some.
fn too_few(case: &Case<'_, '_>, reason: &'static str) -> PatternResult {
    if case.in_order(Truth::True).is_true() {
        return INFO.not_applicable(reason);
    }
    INFO.decided(
        Truth::Unknown,
        "the order of the metastasectomies is not certain, so neither are their intervals",
    )
    .with_evidence(case.episodes.iter().flat_map(Episode::evidence))
    .missing("the days of the metastasectomies")
}

/// Reported as synchronous, but not at staging: whether there is an interval is not certain.
fn dfi_exists(case: &Case<'_, '_>) -> Truth {
    let stated = case.facts.parts.lung_metastases.as_ref().and_then(|first| first.synchronous);
    if stated == Some(true) { Truth::Unknown } else { Truth::True }
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
