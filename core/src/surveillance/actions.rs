//! What people recorded about the slots of a plan: which records count, and what they do.
//!
//! A record without day, name, or what its kind needs does not count; it is a data task. Nothing is corrected: a
//! postponement beyond the limit moves nothing, it asks a person.

use chrono::{Days, NaiveDate};

use super::{
    PlanTask,
    slot::{Candidate, Closure, SlotKind},
};
use crate::{
    domain::{
        dates::PartialDate,
        slot_action::SlotAction,
        vocabulary::{SlotActionKind, Vocabulary},
    },
    protocol::Protocol,
};

/// All records of one patient, as known on the day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Actions<'a>(pub &'a [SlotAction]);

impl<'a> Actions<'a> {
    /// The last complete record of a kind about a slot.
    pub(super) fn last(self, key: &str, kind: SlotActionKind) -> Option<&'a SlotAction> {
        self.complete(key).filter(|action| action.action == kind).max_by_key(|action| action.on?.latest())
    }

    /// The record that closes a slot for good, and how. A study made here closes it by itself.
    pub(super) fn closing(self, key: &str, kind: SlotKind) -> Option<(&'a SlotAction, Closure)> {
        self.complete(key).filter(|action| suits(action.action, kind)).find_map(|action| {
            let closure = match action.action {
                SlotActionKind::DoneElsewhere => Closure::DoneElsewhere,
                SlotActionKind::NotNeeded => Closure::NotNeeded,
                SlotActionKind::Reviewed => Closure::Reviewed,
                SlotActionKind::Booked
                | SlotActionKind::Done
                | SlotActionKind::Postponed
                | SlotActionKind::ModalityConfirmed => return None,
            };
            Some((action, closure))
        })
    }

    /// The last day on which somebody closed a slot whose key begins so: the scan's day, else that of the decision.
    pub(super) fn last_closed(self, prefix: &str, kind: SlotKind) -> Option<NaiveDate> {
        let about = self.0.iter().filter(|action| action.slot.as_str().starts_with(prefix));
        about
            .filter_map(|action| self.closing(action.slot.as_str(), kind))
            .filter_map(|(action, _)| action.performed_on.or(action.on)?.earliest())
            .max()
    }

    /// Records that do not count, and why.
    pub(super) fn doubts(self, candidates: &[Candidate], protocol: &Protocol) -> Vec<PlanTask> {
        let about = |action: &SlotAction| candidates.iter().find(|slot| slot.key == action.slot.as_str());
        let last = |action: &SlotAction| {
            let last = self.last(action.slot.as_str(), action.action);
            last.is_some_and(|last| std::ptr::eq(last, action))
        };
        let doubts = self.0.iter().filter_map(|action| {
            let slot = about(action)?;
            doubt(action, slot).or_else(|| too_long(action, slot, protocol).filter(|_| last(action)))
        });
        doubts.collect()
    }

    fn complete(self, key: &str) -> impl Iterator<Item = &'a SlotAction> {
        self.0.iter().filter(move |action| action.slot.as_str() == key && lacks(action).is_empty())
    }
}

/// What a record lacks to count; empty for a complete one.
#[must_use]
pub fn lacks(action: &SlotAction) -> Vec<&'static str> {
    let needs = |kinds: &[SlotActionKind]| kinds.contains(&action.action);
    use SlotActionKind::{Booked, Done, DoneElsewhere, ModalityConfirmed, NotNeeded, Postponed, Reviewed};
    let reasoned = needs(&[Postponed, NotNeeded, Reviewed, ModalityConfirmed]);
    let parts = [
        (action.on.is_none(), "the day it was recorded"),
        (action.by.is_none(), "the name of who recorded it"),
        (reasoned && action.reason.is_none(), "the reason"),
        (needs(&[Booked]) && action.booked_for.is_none(), "the day of the appointment"),
        (needs(&[Done, DoneElsewhere]) && action.performed_on.is_none(), "the day of the scan"),
        (needs(&[DoneElsewhere]) && action.place.is_none(), "the place"),
        (needs(&[Postponed]) && action.until.is_none(), "the day to which it was postponed"),
    ];
    parts.into_iter().filter(|(lacks, _)| *lacks).map(|(_, part)| part).collect()
}

/// Whether a kind of record makes sense for a kind of slot: scans are booked and made, decisions are reviewed.
#[must_use]
pub const fn suits(action: SlotActionKind, kind: SlotKind) -> bool {
    matches!(action, SlotActionKind::Reviewed) != kind.asks_for_ct()
}

fn doubt(action: &SlotAction, slot: &Candidate) -> Option<PlanTask> {
    let (label, code) = (&slot.label, action.action.code().replace('_', " "));
    let missing = lacks(action);
    if !missing.is_empty() {
        let reason = format!("The record `{code}` about {label} does not count: add {}.", missing.join(", "));
        return Some(PlanTask::new("slot-action-incomplete", &slot.key, reason));
    }
    (!suits(action.action, slot.kind)).then(|| {
        let wanted =
            if slot.kind.asks_for_ct() { "a CT is asked for" } else { "a person's review is asked for" };
        let reason = format!("The record `{code}` about {label} does not count: {wanted}. Correct it.");
        PlanTask::new("slot-action-misplaced", &slot.key, reason)
    })
}

/// A postponement beyond the limit is a question to a person.
fn too_long(action: &SlotAction, slot: &Candidate, protocol: &Protocol) -> Option<PlanTask> {
    let until = Some(action).filter(|one| one.action == SlotActionKind::Postponed)?.until?;
    let limit = longest_postponement(slot.due_on, protocol)?;
    until.latest().is_none_or(|last| last > limit).then(|| {
        let reason = format!(
            "{} was to be postponed to {until}, more than {} days past its due date {}: a person decides what is done \
             instead. Until then it stays due as planned.",
            slot.label, protocol.schedule.postpone_longest_days, slot.due_on
        );
        PlanTask::new("postponement-too-long", &slot.key, reason)
    })
}

fn longest_postponement(due_on: NaiveDate, protocol: &Protocol) -> Option<NaiveDate> {
    due_on.checked_add_days(Days::new(u64::from(protocol.schedule.postpone_longest_days)))
}

/// Moves a candidate to the day it was postponed to, and says so. A day not known exactly is read as its last one, and
/// held against the limit; the ladder then counts from the new day, but the window does not open later.
pub(super) fn postpone(candidate: &mut Candidate, actions: Actions<'_>, protocol: &Protocol) {
    let Some(action) = actions.last(&candidate.key, SlotActionKind::Postponed) else { return };
    let Some(until) = action.until.and_then(PartialDate::latest) else { return };
    let Some(limit) = longest_postponement(candidate.due_on, protocol) else { return };
    if !candidate.kind.asks_for_ct() || until > limit || until <= candidate.due_on {
        return;
    }
    let later = until.signed_duration_since(candidate.due_on).num_days();
    let due_on = candidate.due_on;
    candidate.due_on = until;
    candidate.tolerance.early_days += u32::try_from(later).unwrap_or(0);
    candidate.explain(format_args!("Postponed from {due_on} by {}.", signed(action)));
}

/// Who recorded it, when and why, as far as recorded.
pub(super) fn signed(action: &SlotAction) -> String {
    let by = action.by.as_ref().map_or("nobody named", |by| by.as_str());
    let on = action.on.map_or_else(String::new, |on| format!(" on {on}"));
    let reason = action.reason.as_ref().map_or_else(String::new, |reason| format!(": {}", reason.as_str()));
    format!("{by}{on}{reason}")
}
