//! The candidates of a plan: the tier's series, the observed-nodule add-on, decisions and reviews.

use chrono::NaiveDate;

use super::{
    PlanFacts,
    actions::Actions,
    slot::{Candidate, SlotKind, Window},
    standing::Standing,
};
use crate::{
    domain::dates::{PartialDate, add_months},
    protocol::{Protocol, Tier, Tolerance},
};

/// The series of tier H, S or L, counted from the first possible day of clearance, and the decision at its end.
///
/// A partial clearance date is read as its earliest day: no scan comes too late because a day is not known.
pub(super) fn tier_series(
    protocol: &Protocol,
    tier: Tier,
    cleared: PartialDate,
    actions: Actions<'_>,
) -> Vec<Candidate> {
    let (Some(anchor), Some(series)) = (cleared.earliest(), protocol.schedule.of(tier)) else {
        return Vec::new();
    };
    let named = Series::new(cleared, tier, protocol);
    let mut candidates = Vec::with_capacity(series.months.len() + 2);
    // Tier L begins later: its first interval is that since the months before it, not since clearance.
    let begun = if tier == Tier::Low { protocol.tiers.low_after_months } else { 0 };
    let mut previous = (add_months(anchor, begun).unwrap_or(anchor), begun);
    if let Some(weeks) = series.baseline_weeks
        && let Some(due_on) = add_weeks(anchor, weeks)
    {
        let label = format!("baseline at {weeks} weeks");
        let tolerance = protocol.windows.baseline_high;
        candidates.push(named.candidate(SlotKind::Baseline, label, (anchor, due_on), tolerance));
    }
    for month in &series.months {
        let Some(due_on) = add_months(anchor, *month) else { break };
        let is_baseline = series.baseline_month == Some(*month);
        let tolerance = if is_baseline {
            protocol.windows.baseline_standard
        } else {
            protocol.windows.after_interval(month.saturating_sub(previous.1), tier)
        };
        let kind = if is_baseline { SlotKind::Baseline } else { SlotKind::Series };
        let label = format!("month {month}");
        candidates.push(named.candidate(kind, label, (previous.0, due_on), tolerance));
        previous = (due_on, *month);
    }
    let month = protocol.schedule.decision_month;
    if let Some(due_on) = add_months(anchor, month) {
        let label = format!("decision at month {month}");
        let tolerance = protocol.windows.yearly;
        let first = named.candidate(SlotKind::Decision, label, (previous.0, due_on), tolerance);
        let months = protocol.schedule.decision_again_months;
        candidates.extend(repeated(first.clone(), actions, |day| {
            let due_on = add_months(day, months)?;
            let mut next = first.clone();
            next.key = format!("{}/{day}", first.key);
            next.label = format!("decision {months} months after {day}");
            next.why = [next.label.as_str(), &named.why].concat();
            next.interval_days = due_on.signed_duration_since(day).num_days();
            next.due_on = due_on;
            Some(next)
        }));
    }
    candidates
}

/// What all slots of a series have in common, in words.
struct Series {
    key: String,
    why: String,
}

impl Series {
    fn new(cleared: PartialDate, tier: Tier, protocol: &Protocol) -> Self {
        let counted = match cleared.exact() {
            Some(_) => format!("counted from clearance on {cleared}"),
            None => format!("counted from the earliest possible day of clearance ({cleared})"),
        };
        let (id, version) = (&protocol.id, &protocol.version);
        Self {
            key: format!("{cleared}/"),
            why: format!(" of tier {tier}, {counted}; protocol {id} version {version}."),
        }
    }

    /// A slot, given the slot or anchor before it and the day it is due itself.
    fn candidate(
        &self,
        kind: SlotKind,
        label: String,
        (previous, due_on): (NaiveDate, NaiveDate),
        tolerance: Tolerance,
    ) -> Candidate {
        let mut key = String::with_capacity(self.key.len() + label.len());
        key.push_str(&self.key);
        key.extend(label.chars().map(|character| if character == ' ' { '-' } else { character }));
        // What closed the slot, or did not, is added later.
        let mut why = String::with_capacity(label.len() + self.why.len() + 64);
        why.push_str(&label);
        why.push_str(&self.why);
        Candidate {
            key,
            kind,
            why,
            label,
            due_on,
            interval_days: due_on.signed_duration_since(previous).num_days(),
            tolerance,
        }
    }
}

/// CTs for observed nodules, left out where a slot of the plan already stands within its window.
pub(super) fn observed_nodules(
    protocol: &Protocol,
    facts: &PlanFacts<'_>,
    planned: &[Candidate],
) -> Vec<Candidate> {
    let mut first_sights: Vec<_> =
        facts.observed_since.iter().filter_map(|on| Some((on.earliest()?, *on))).collect();
    first_sights.sort_by_key(|(earliest, _)| *earliest);
    first_sights.dedup_by_key(|(earliest, _)| *earliest);
    let window =
        |slot: &Candidate| slot.dates().filter(|_| slot.kind.asks_for_ct()).map(|(window, _)| window);
    let mut windows: Vec<Window> = planned.iter().filter_map(window).collect();
    let mut candidates: Vec<Candidate> = Vec::new();
    for (earliest, first_seen) in first_sights {
        let mut previous = (earliest, 0);
        for month in &protocol.schedule.observed_nodule_months {
            let Some(due_on) = add_months(earliest, *month) else { break };
            let tolerance = protocol.windows.after_interval(month.saturating_sub(previous.1), facts.tier);
            let interval_days = due_on.signed_duration_since(previous.0).num_days();
            previous = (due_on, *month);
            if windows.iter().any(|window| window.from <= due_on && due_on <= window.to) {
                continue;
            }
            let why = format!(
                "month {month} after an observed nodule was first seen ({first_seen}); protocol {} version {}.",
                protocol.id, protocol.version
            );
            let candidate = Candidate {
                key: format!("observed/{first_seen}/month-{month}"),
                kind: SlotKind::ObservedNodule,
                label: format!("observed nodule, month {month}"),
                due_on,
                interval_days,
                tolerance,
                why,
            };
            windows.extend(window(&candidate));
            candidates.push(candidate);
        }
    }
    candidates
}

/// The reviews of a refusal, a palliative decision or an unreachable patient, one after the other; none where the day of
/// the decision is not known.
pub(super) fn reviews(protocol: &Protocol, standing: &Standing, actions: Actions<'_>) -> Vec<Candidate> {
    let Some((ended, what)) = standing.reviewed() else { return Vec::new() };
    let Some((on, first)) = ended.on.and_then(|on| Some((on, on.earliest()?))) else { return Vec::new() };
    let schedule = &protocol.schedule;
    let (months, label, sentence) = match standing {
        Standing::Refused(_) => (schedule.refusal_review_months, "review of the", "looks again at the"),
        Standing::Unreachable(_) => (schedule.unreachable_review_months, "check of the", "asks for the"),
        _ => (schedule.palliative_review_months, "review of the", "looks again at the"),
    };
    let planned = |key: String, from: NaiveDate, since: String| {
        let due_on = add_months(from, months)?;
        Some(Candidate {
            key,
            kind: SlotKind::Review,
            label: format!("{label} {what}"),
            due_on,
            interval_days: due_on.signed_duration_since(from).num_days(),
            tolerance: protocol.windows.after_interval(months, Tier::Standard),
            why: format!(
                "A person {sentence} {what} {since}, {months} months later; protocol {} version {}.",
                protocol.id, protocol.version
            ),
        })
    };
    let key = format!("review/{on}");
    let Some(begun) = planned(key.clone(), first, format!("recorded for {on}")) else { return Vec::new() };
    repeated(begun, actions, |day| planned(format!("{key}/{day}"), day, format!("last reviewed on {day}")))
}

/// A decision or review, and those that follow each recorded one.
fn repeated(
    first: Candidate,
    actions: Actions<'_>,
    again: impl Fn(NaiveDate) -> Option<Candidate>,
) -> Vec<Candidate> {
    let mut chain = vec![first];
    while let Some(next) = chain.last().and_then(|last| {
        let (action, _) = actions.closing(&last.key, last.kind)?;
        again(action.on?.earliest()?)
    }) {
        // Two records of one day are one review.
        if chain.iter().any(|own| own.key == next.key) {
            break;
        }
        chain.push(next);
    }
    chain
}

pub(super) fn add_weeks(day: NaiveDate, weeks: u32) -> Option<NaiveDate> {
    day.checked_add_days(chrono::Days::new(u64::from(weeks) * 7))
}
