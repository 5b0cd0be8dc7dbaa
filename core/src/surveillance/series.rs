//! The candidates of a plan: the tier's series, the guard, the observed-nodule add-on, decisions and reviews.

use chrono::NaiveDate;

use super::{
    PlanFacts,
    adequacy::ScoredStudy,
    slot::{Candidate, SlotKind, Window},
    standing::{Standing, ended_on},
};
use crate::{
    domain::dates::{PartialDate, add_months},
    protocol::{Protocol, Tier, Tolerance},
};

/// The series of tier H, S or L, counted from the first possible day of clearance, and the decision at its end.
///
/// A partial clearance date is read as its earliest day: no scan comes too late because a day is not known.
pub(super) fn tier_series(protocol: &Protocol, tier: Tier, cleared: PartialDate) -> Vec<Candidate> {
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
        candidates.push(named.candidate(SlotKind::Decision, label, (previous.0, due_on), tolerance));
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

/// The guard of tier A, and a board date that it does not believe.
pub(super) struct Guard {
    /// The one slot; none where nothing has a date.
    pub slot: Option<Candidate>,
    /// A re-scan date so far away that a person has to confirm it; until then the guard stands.
    pub doubtful_rescan_on: Option<NaiveDate>,
}

/// Tier A: never longer than the guard without a planned study, counted from the last CT that counted or, without
/// one, from the last treatment or the diagnosis. A board's re-scan date takes its place, unless it lies so far away
/// that it may be a slip.
pub(super) fn guard(protocol: &Protocol, facts: &PlanFacts<'_>, studies: &[ScoredStudy]) -> Guard {
    let nothing = Guard { slot: None, doubtful_rescan_on: None };
    let last_ct =
        studies.iter().filter(|study| study.lacks.is_none()).filter_map(|study| study.on.earliest()).max();
    let last_fact = [facts.last_treatment_on, facts.diagnosed_on, facts.clearance]
        .into_iter()
        .flatten()
        .filter_map(PartialDate::earliest)
        .max();
    let Some(from) = last_ct.max(last_fact) else { return nothing };
    let schedule = &protocol.schedule;
    let months = schedule.active_guard_months;
    let (Some(guarded), Some(longest)) =
        (add_months(from, months), add_months(from, schedule.board_rescan_longest_months))
    else {
        return nothing;
    };
    let rescan = rescan_after(facts, from);
    let believed = rescan.filter(|rescan| *rescan <= longest);
    let due_on = believed.unwrap_or(guarded);
    let reason = match believed {
        Some(_) => "Re-scan date set by the tumour board".to_owned(),
        None => format!(
            "Active disease: a study at the latest {months} months after {from}, until a clinician sets the date"
        ),
    };
    let slot = Candidate {
        key: format!("guard/{from}"),
        kind: SlotKind::Guard,
        label: "active disease".to_owned(),
        due_on,
        interval_days: due_on.signed_duration_since(from).num_days(),
        tolerance: protocol.windows.after_interval(months, Tier::Active),
        why: format!("{reason}; protocol {} version {}.", protocol.id, protocol.version),
    };
    Guard { slot: Some(slot), doubtful_rescan_on: rescan.filter(|rescan| *rescan > longest) }
}

/// The re-scan date of the latest board decision that did not surely come before `from`.
fn rescan_after(facts: &PlanFacts<'_>, from: NaiveDate) -> Option<NaiveDate> {
    facts
        .boards
        .iter()
        .filter(|board| board.on.and_then(PartialDate::latest).is_some_and(|decided| decided >= from))
        .max_by_key(|board| board.on.and_then(PartialDate::latest))
        .and_then(|board| board.rescan_on)
        .and_then(PartialDate::earliest)
        .filter(|rescan| *rescan > from)
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

/// The review of a refusal or a palliative decision; `None` where its day is not known.
pub(super) fn review(protocol: &Protocol, standing: &Standing) -> Option<Candidate> {
    let (ended, what) = standing.reviewed()?;
    let on = ended_on(ended)?;
    let months = match standing {
        Standing::Refused(_) => protocol.schedule.refusal_review_months,
        _ => protocol.schedule.palliative_review_months,
    };
    let from = on.earliest()?;
    let due_on = add_months(from, months)?;
    Some(Candidate {
        key: format!("review/{on}"),
        kind: SlotKind::Review,
        label: format!("review of the {what}"),
        due_on,
        interval_days: due_on.signed_duration_since(from).num_days(),
        tolerance: protocol.windows.after_interval(months, Tier::Standard),
        why: format!(
            "A person looks again at the {what} recorded for {on}, {months} months later; protocol {} version {}.",
            protocol.id, protocol.version
        ),
    })
}

fn add_weeks(day: NaiveDate, weeks: u32) -> Option<NaiveDate> {
    day.checked_add_days(chrono::Days::new(u64::from(weeks) * 7))
}
