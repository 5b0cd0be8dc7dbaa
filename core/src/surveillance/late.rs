//! The second and third clock: a scan without a report, and something new or growing on which nobody acted.
//!
//! Both run for themselves: a slot that was scanned in time may still wait for its report, and a report for a decision.
//! Scans before the day from which the plan counts belong to the treatment, not to surveillance.

use chrono::{Days, NaiveDate};

use super::{
    PlanFacts, PlanTask,
    adequacy::{is_owned, is_reported, is_scan_of_the_chest, needs_an_owner},
    slot::{Closure, Slot, SlotState},
};
use crate::{
    domain::{
        dates::PartialDate, imaging::ImagingStudy, slot_action::SlotAction, truth::Truth,
        vocabulary::SlotActionKind,
    },
    protocol::Protocol,
};

/// Everything that waits for a report or a decision for too long.
pub(super) fn tasks(
    facts: &PlanFacts<'_>,
    slots: &[Slot],
    anchor_on: Option<PartialDate>,
    protocol: &Protocol,
) -> Vec<PlanTask> {
    let counts = |study: &&ImagingStudy| {
        let before = study.on.zip(anchor_on).map(|(on, anchor)| on.before(anchor));
        is_scan_of_the_chest(study) && before != Some(Truth::True)
    };
    let studies = facts.studies.iter().filter(counts);
    let mut tasks: Vec<PlanTask> = studies.filter_map(|study| of_study(study, facts, protocol)).collect();
    tasks.extend(slots.iter().filter_map(|slot| without_study(slot, facts, protocol)));
    tasks.extend(slots.iter().filter_map(|slot| made_elsewhere(slot, facts)));
    tasks
}

fn of_study(study: &ImagingStudy, facts: &PlanFacts<'_>, protocol: &Protocol) -> Option<PlanTask> {
    let clocks = protocol.clocks;
    if !is_reported(study) {
        return is_late(study.on?, clocks.report_days, facts)
            .then(|| no_report(&study.id, study.on, clocks.report_days));
    }
    let open = needs_an_owner(study) && !is_owned(study, facts.boards);
    let days = clocks.action_days_of(facts.tier.is_watched_closely());
    (open && is_late(study.reported_on.or(study.on)?, days, facts)).then(|| {
        let reason = format!(
            "Study {} shows something new or growing, and after more than {days} days nobody is on record as acting on it: \
             a person decides, or enters what was decided.",
            study.id
        );
        PlanTask::new("action-overdue", &study.id, reason)
    })
}

fn no_report(subject: impl std::fmt::Display, on: Option<PartialDate>, days: u32) -> PlanTask {
    let on = on.map_or_else(|| "an unknown day".to_owned(), |on| on.to_string());
    let reason = format!(
        "A scan was made on {on}, and after more than {days} days no report of it is on record: ask for it."
    );
    PlanTask::new("report-overdue", subject, reason)
}

/// Recorded as made here, while no study of that day is on record.
fn without_study(slot: &Slot, facts: &PlanFacts<'_>, protocol: &Protocol) -> Option<PlanTask> {
    let days = protocol.clocks.report_days;
    let done = facts.actions.iter().find(|action| {
        action.action == SlotActionKind::Done && action.slot.as_str() == slot.key && action.by.is_some()
    })?;
    let on = done.performed_on?;
    (slot.state.is_open() && !is_on_record(done, facts) && is_late(on, days, facts))
        .then(|| no_report(&slot.key, Some(on), days))
}

/// Made at another place: off the overdue list, but what it showed is not known here until the report is entered.
fn made_elsewhere(slot: &Slot, facts: &PlanFacts<'_>) -> Option<PlanTask> {
    let on = slot.clocks.performed_on.filter(|_| slot.state == SlotState::Closed(Closure::DoneElsewhere))?;
    let known = facts
        .studies
        .iter()
        .any(|study| study.on.is_some_and(|made| may_be_one_day(made, on)) && is_reported(study));
    (!known).then(|| {
        let reason = format!(
            "{} was made elsewhere on {on}; its report is not on record: ask for it and enter what it says of each lobe.",
            slot.label
        );
        PlanTask::new("report-from-elsewhere", &slot.key, reason)
    })
}

fn is_on_record(done: &SlotAction, facts: &PlanFacts<'_>) -> bool {
    facts.studies.iter().any(|study| {
        done.study.as_ref() == Some(&study.id)
            || study.on.zip(done.performed_on).is_some_and(|(made, on)| may_be_one_day(made, on))
    })
}

fn may_be_one_day(one: PartialDate, other: PartialDate) -> bool {
    !one.before(other).is_true() && !other.before(one).is_true()
}

/// Whether more than so many days may have passed: a day that is not known well counts from its first.
fn is_late(on: PartialDate, days: u32, facts: &PlanFacts<'_>) -> bool {
    let limit = |first: NaiveDate| first.checked_add_days(Days::new(u64::from(days)));
    on.earliest().and_then(limit).is_none_or(|limit| facts.as_of > limit)
}
