//! Holds the candidates of a plan against the studies that were made and the records of people.
//!
//! A slot is closed by an adequate study in its window, or by a named person's record. Whatever else happened is said in
//! its reason, and it stays open.

use chrono::{Days, NaiveDate};

use super::{
    PlanFacts,
    actions::{Actions, signed},
    adequacy::ScoredStudy,
    slot::{Candidate, Closure, Slot, SlotClocks, SlotState, Window, open_state},
};
use crate::{
    domain::{
        dates::PartialDate, imaging::ImagingStudy, slot_action::SlotAction, text::StudyKey, truth::Truth,
        vocabulary::SlotActionKind,
    },
    protocol::Protocol,
};

/// What a plan is held against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    pub facts: &'a PlanFacts<'a>,
    pub studies: &'a [ScoredStudy],
    pub protocol: &'a Protocol,
}

/// Holds the candidates against the record, oldest first; of a row of CTs one study closes at most one.
pub(super) fn close(candidates: Vec<Candidate>, record: Record<'_>) -> Vec<Slot> {
    let actions = Actions(record.facts.actions);
    let adequate: Vec<_> = record.studies.iter().filter(|study| study.lacks.is_none()).collect();
    let mut used: Vec<&StudyKey> = Vec::new();
    let mut first_open = true;
    let mut slots = Vec::with_capacity(candidates.len());
    for mut candidate in candidates {
        let Some((window, severe_from)) = candidate.dates() else { continue };
        if let Some((action, closure)) = actions.closing(&candidate.key, candidate.kind) {
            slots.extend(closed_by_person(candidate, action, closure));
            continue;
        }
        if !candidate.kind.asks_for_ct() {
            let state = open_state(candidate.due_on, window, severe_from, record.facts.as_of);
            slots.extend(candidate.into_slot(state));
            continue;
        }
        let in_a_row = candidate.kind.is_in_a_row();
        let is_free = |study: &&ScoredStudy| !in_a_row || !used.contains(&&study.id);
        let done = adequate.iter().find(|study| surely_within(study.on, window) && is_free(study));
        let later = |study: &&ScoredStudy| study.on.earliest().is_some_and(|on| on > window.to);
        if let Some(study) = done {
            if in_a_row {
                used.push(&study.id);
            }
            candidate.explain(format_args!("Closed by study {}.", study.id));
            let clocks = clocks_of(&study.id, record);
            let slot = candidate.into_slot(SlotState::Done(study.id.clone()));
            slots.extend(slot.map(|slot| Slot { clocks, ..slot }));
        } else if adequate.iter().any(later) {
            candidate.explain(format_args!("No adequate CT inside the window; one was made later."));
            slots.extend(candidate.into_slot(SlotState::Missed));
        } else {
            slots.extend(open_slot(candidate, first_open && in_a_row, record));
            first_open &= !in_a_row;
        }
    }
    slots
}

fn closed_by_person(mut candidate: Candidate, action: &SlotAction, closure: Closure) -> Option<Slot> {
    let performed_on = action.performed_on;
    match (closure, performed_on, &action.place) {
        (Closure::DoneElsewhere, Some(on), Some(place)) => {
            candidate.explain(format_args!(
                "Made on {on} at {}, recorded by {}.",
                place.as_str(),
                signed(action)
            ));
        }
        (Closure::NotNeeded, ..) => candidate.explain(format_args!("Not needed, by {}.", signed(action))),
        _ => candidate.explain(format_args!("Reviewed by {}.", signed(action))),
    }
    let slot = candidate.into_slot(SlotState::Closed(closure))?;
    let performed_on = performed_on.filter(|_| closure == Closure::DoneElsewhere);
    Some(Slot { clocks: SlotClocks { performed_on, ..SlotClocks::default() }, ..slot })
}

/// An open slot; the first one of a row keeps its distance from the last adequate CT.
fn open_slot(mut candidate: Candidate, keeps_distance: bool, record: Record<'_>) -> Option<Slot> {
    let actions = Actions(record.facts.actions);
    if keeps_distance && let Some(moved) = due_after_last_ct(&candidate, record) {
        let due_on = PartialDate::Day(candidate.due_on);
        candidate.explain(format_args!("Moved from {due_on}, because the last CT was close to it."));
        candidate.due_on = moved;
    }
    let (window, severe_from) = candidate.dates()?;
    let booked = actions.last(&candidate.key, SlotActionKind::Booked);
    if let Some((booking, on)) = booked.and_then(|one| Some((one, one.booked_for?))) {
        candidate.explain(format_args!("Booked for {on}, recorded by {}.", signed(booking)));
        if on.latest().is_some_and(|last| last < record.facts.as_of) {
            candidate.explain(format_args!("That day has passed."));
        }
    }
    let mut clocks = SlotClocks::default();
    if let Some(study) = record.studies.iter().rev().find(|study| may_be_within(study.on, window)) {
        let lacking = study.lacks.as_deref().unwrap_or("its day is not known well enough");
        candidate.explain(format_args!("Study {} does not close it: {lacking}.", study.id));
        clocks = clocks_of(&study.id, record);
    } else if let Some(done) = actions.last(&candidate.key, SlotActionKind::Done) {
        let on = done.performed_on?;
        candidate.explain(format_args!(
            "Made on {on}, recorded by {}; no report of it is on record.",
            signed(done)
        ));
        clocks.performed_on = Some(on);
    }
    let state = open_state(candidate.due_on, window, severe_from, record.facts.as_of);
    let slot = candidate.into_slot(state)?;
    Some(Slot { booked_for: booked.and_then(|one| one.booked_for), clocks, ..slot })
}

fn clocks_of(study: &StudyKey, record: Record<'_>) -> SlotClocks {
    let known = record.facts.studies.iter().find(|one| one.id == *study);
    let of = |study: &ImagingStudy| SlotClocks {
        performed_on: study.on,
        reported_on: study.reported_on,
        acted_on: study.reviewed_on,
    };
    known.map(of).unwrap_or_default()
}

/// `max(anchored date, last adequate CT + share of the interval)`, where that is later.
fn due_after_last_ct(candidate: &Candidate, record: Record<'_>) -> Option<NaiveDate> {
    let adequate = record.studies.iter().filter(|study| study.lacks.is_none());
    let last = adequate.filter_map(|study| study.on.latest()).max()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an interval of at most some thousand days, times a share of 0 to 1"
    )]
    let distance = (candidate.interval_days.max(0) as f64 * record.protocol.schedule.gap_after_study_share)
        .round() as u64;
    let earliest = last.checked_add_days(Days::new(distance))?;
    (earliest > candidate.due_on).then_some(earliest)
}

fn surely_within(on: PartialDate, window: Window) -> bool {
    within(on, window).is_true()
}

fn may_be_within(on: PartialDate, window: Window) -> bool {
    within(on, window).may_be_true()
}

fn within(on: PartialDate, window: Window) -> Truth {
    let (from, to) = (PartialDate::Day(window.from), PartialDate::Day(window.to));
    from.on_or_before(on).and(on.on_or_before(to))
}
