//! What a clinic does with a plan, as a change of the history: an action on a slot, an end of follow-up, an
//! acknowledgement, an attempt to reach the patient, and the taking back of each. Pure: the history before, the history
//! after, or why not.

use chrono::NaiveDate;

use super::Assessment;
use crate::{
    domain::{
        dates::PartialDate,
        follow_up::{Acknowledgement, ContactAttempt, EndOfFollowUp, FollowUp},
        history::{History, HistoryParts},
        slot_action::SlotAction,
        text::Text,
        vocabulary::{EndReason, SlotActionKind, VitalStatus, Vocabulary},
    },
    surveillance::{Slot, lacks, suits},
};

/// Who acts, when and why.
#[derive(Debug, Clone)]
pub struct Signature {
    /// Who.
    pub by: Text,
    /// Why.
    pub reason: Text,
    /// The civil day at the patient's clinic.
    pub on: NaiveDate,
}

/// What a clinic does.
#[derive(Debug, Clone)]
pub enum ClinicAction {
    /// Something about one slot.
    OnSlot {
        /// Key, label or due day of the slot; `None` is the next open one.
        slot: Option<String>,
        /// What.
        action: SlotActionKind,
        /// The appointment, the day of the scan or the new day, whichever the action needs.
        day: Option<PartialDate>,
        /// Where the scan was made, if elsewhere.
        place: Option<Text>,
    },
    /// Takes the last record about a slot back.
    UndoOnSlot {
        /// Key, label or due day of the slot.
        slot: String,
    },
    /// Ends follow-up, pauses it, or hands it over.
    End {
        /// Why, as a code.
        reason: EndReason,
        /// The day: of death, of the decision; today where left out.
        day: Option<PartialDate>,
        /// The receiving clinic of a transfer.
        to: Option<Text>,
    },
    /// The receiving clinic has acknowledged a transfer.
    Acknowledge {
        /// Who acknowledged it there.
        by_receiver: Text,
        /// When; today where left out.
        day: Option<PartialDate>,
    },
    /// Somebody tried to reach the patient.
    Attempt {
        /// When; today where left out.
        day: Option<PartialDate>,
        /// How.
        how: Option<Text>,
        /// Whether the patient was reached.
        reached: bool,
    },
    /// Takes a recorded end back. A death needs a second person.
    Reopen {
        /// The second person.
        confirmed_by: Option<Text>,
    },
}

/// Why an action cannot be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// No slot is meant.
    #[error("there is no slot `{0}` in the plan; `lobewatch patients show` lists them with their keys")]
    NoSuchSlot(String),
    /// More than one slot is meant.
    #[error("more than one slot of the plan is `{0}`; name it by its key")]
    AmbiguousSlot(String),
    /// No slot is open.
    #[error("no slot is open; name one")]
    NoOpenSlot,
    /// The slot is closed.
    #[error("{0} is closed already ({1}); take that back first")]
    Closed(String, &'static str),
    /// The action is not one for such a slot.
    #[error("{0} is not closed that way: scans are booked, made and postponed, decisions are reviewed")]
    Misplaced(String),
    /// Something is missing.
    #[error("add {0}")]
    Incomplete(String),
    /// Nothing of the kind is on record.
    #[error("{0} is on record, so nothing is taken back")]
    NothingThere(&'static str),
    /// The patient is dead.
    #[error("the patient is recorded as dead; `patients reopen` with a second person corrects that")]
    Dead,
    /// A death is corrected by two people.
    #[error("a recorded death is taken back by two people: name another one with --confirmed-by")]
    SecondPerson,
    /// No transfer waits.
    #[error("no transfer is on record that waits for an acknowledgement")]
    NoTransfer,
    /// A day lies ahead.
    #[error("{0} lies in the future; record it when it has happened")]
    Future(PartialDate),
    /// The history would not hold together.
    #[error("{0}")]
    History(String),
}

/// The history after an action.
///
/// # Errors
/// See [`ActError`]; nothing is changed then.
pub fn act(
    history: &History,
    assessment: &Assessment,
    action: &ClinicAction,
    signature: &Signature,
) -> Result<History, ActError> {
    let mut parts: HistoryParts = (**history).clone();
    match action {
        ClinicAction::OnSlot { slot, action, day, place } => {
            refuse_dead(&parts)?;
            let slot = find(assessment, slot.as_deref())?;
            parts.slot_actions.push(on_slot(slot, *action, *day, place.clone(), signature)?);
        }
        ClinicAction::UndoOnSlot { slot } => {
            let key =
                find(assessment, Some(slot)).map(|slot| slot.key.clone()).unwrap_or_else(|_| slot.clone());
            let last = parts.slot_actions.iter().rposition(|one| one.slot.as_str() == key);
            parts.slot_actions.remove(last.ok_or(ActError::NothingThere("no record about this slot"))?);
        }
        ClinicAction::End { reason, day, to } => {
            refuse_dead(&parts)?;
            end(parts.follow_up.get_or_insert_default(), *reason, *day, to.clone(), signature)?;
        }
        ClinicAction::Acknowledge { by_receiver, day } => {
            let on = past(*day, signature)?;
            let ended = parts.follow_up.as_mut().and_then(|one| one.ended.as_mut());
            let transfer =
                ended.filter(|one| one.reason == EndReason::Transfer).ok_or(ActError::NoTransfer)?;
            transfer.acknowledged = Some(Acknowledgement { on: Some(on), by: Some(by_receiver.clone()) });
        }
        ClinicAction::Attempt { day, how, reached } => {
            refuse_dead(&parts)?;
            let on = past(*day, signature)?;
            parts.follow_up.get_or_insert_default().contact_attempts.push(ContactAttempt {
                on: Some(on),
                by: Some(signature.by.clone()),
                how: how.clone(),
                reached: Some(*reached),
            });
        }
        ClinicAction::Reopen { confirmed_by } => {
            let dead = is_dead(&parts);
            let second = confirmed_by.as_ref().filter(|second| !same_person(second, &signature.by));
            if dead && second.is_none() {
                return Err(ActError::SecondPerson);
            }
            let follow_up = parts.follow_up.as_mut().filter(|one| dead || one.ended.is_some());
            let follow_up = follow_up.ok_or(ActError::NothingThere("no end of follow-up"))?;
            follow_up.ended = None;
            if dead {
                (follow_up.vital_status, follow_up.died_on, follow_up.cause_of_death) = (None, None, None);
            }
        }
    }
    History::new(parts).map_err(|errors| {
        ActError::History(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    })
}

fn is_dead(parts: &HistoryParts) -> bool {
    parts.follow_up.as_ref().is_some_and(FollowUp::is_dead)
}

fn refuse_dead(parts: &HistoryParts) -> Result<(), ActError> {
    if is_dead(parts) { Err(ActError::Dead) } else { Ok(()) }
}

/// Spelling does not make two people of one.
fn same_person(one: &Text, other: &Text) -> bool {
    let plain = |text: &Text| text.as_str().trim().to_lowercase();
    plain(one) == plain(other)
}

/// The day given, or today; a day that surely lies ahead has not happened.
fn past(day: Option<PartialDate>, signature: &Signature) -> Result<PartialDate, ActError> {
    let today = PartialDate::Day(signature.on);
    let day = day.unwrap_or(today);
    if today.before(day).is_true() { Err(ActError::Future(day)) } else { Ok(day) }
}

/// The slot of a key, else of a label or due day that only one slot has.
fn find<'a>(assessment: &'a Assessment, wanted: Option<&str>) -> Result<&'a Slot, ActError> {
    let Some(wanted) = wanted else { return assessment.plan.next().ok_or(ActError::NoOpenSlot) };
    let slots = &assessment.plan.slots;
    if let Some(slot) = slots.iter().find(|slot| slot.key == wanted) {
        return Ok(slot);
    }
    let mut meant = slots.iter().filter(|slot| slot.label == wanted || slot.due_on.to_string() == wanted);
    match (meant.next(), meant.next()) {
        (Some(slot), None) => Ok(slot),
        (None, _) => Err(ActError::NoSuchSlot(wanted.to_owned())),
        (Some(_), Some(_)) => Err(ActError::AmbiguousSlot(wanted.to_owned())),
    }
}

fn on_slot(
    slot: &Slot,
    action: SlotActionKind,
    day: Option<PartialDate>,
    place: Option<Text>,
    signature: &Signature,
) -> Result<SlotAction, ActError> {
    if !slot.state.is_open() {
        return Err(ActError::Closed(slot.label.clone(), slot.state.code()));
    }
    if !suits(action, slot.kind) {
        return Err(ActError::Misplaced(slot.label.clone()));
    }
    let made = matches!(action, SlotActionKind::Done | SlotActionKind::DoneElsewhere);
    let day_of = |wanted: bool| day.filter(|_| wanted);
    let record = SlotAction {
        slot: Text::parse(&slot.key).map_err(|error| ActError::History(error.to_string()))?,
        action,
        on: Some(PartialDate::Day(signature.on)),
        by: Some(signature.by.clone()),
        reason: Some(signature.reason.clone()),
        booked_for: day_of(action == SlotActionKind::Booked),
        performed_on: day_of(made),
        study: None,
        place,
        until: day_of(action == SlotActionKind::Postponed),
    };
    if made && record.performed_on.is_some() {
        past(record.performed_on, signature)?;
    }
    let lacks = lacks(&record);
    if lacks.is_empty() { Ok(record) } else { Err(ActError::Incomplete(lacks.join(", "))) }
}

fn end(
    follow_up: &mut FollowUp,
    reason: EndReason,
    day: Option<PartialDate>,
    to: Option<Text>,
    signature: &Signature,
) -> Result<(), ActError> {
    let on = past(day, signature)?;
    if reason == EndReason::Transfer && to.is_none() {
        return Err(ActError::Incomplete("the receiving clinic".to_owned()));
    }
    if let Some(ended) = follow_up.ended.as_ref().filter(|_| reason != EndReason::Death) {
        return Err(ActError::Closed("follow-up".to_owned(), ended.reason.code()));
    }
    if reason == EndReason::Death {
        (follow_up.vital_status, follow_up.died_on) = (Some(VitalStatus::Dead), Some(on));
    }
    follow_up.ended = Some(EndOfFollowUp {
        on: Some(on),
        reason,
        by: Some(signature.by.clone()),
        note: Some(signature.reason.clone()),
        to,
        acknowledged: None,
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        assessment::assess,
        document::read,
        protocol::{Protocol, SHIPPED},
        surveillance::SlotState,
    };

    const STORY: &str = r#"{"format":"lobewatch.history/1","patient":{"study_id":"P-1"},
        "primary":{"icd_o_3":"9040/3","treated_on":"2015-01-10","treatment_ended_on":"2015-06-01"},
        "lung_metastases":{"diagnosed_on":"2023-12-01","synchronous":false},
        "nodules":[{"id":"n1","lobe":"LLL","origin":"imaging"}],
        "operations":[{"id":"op1","on":"2024-01-10","side":"left","completeness":"R0","resections":[
            {"nodule":"n1","extent":"wedge","pathology":"met_viable"}]}]}"#;

    fn text(text: &str) -> Text {
        Text::parse(text).unwrap()
    }

    fn signed(by: &str, on: &str) -> Signature {
        Signature { by: text(by), reason: text("as agreed"), on: on.parse().unwrap() }
    }

    fn assessed(history: &History, on: &str) -> Assessment {
        assess(history, &Protocol::parse(SHIPPED).unwrap(), on.parse().unwrap())
    }

    /// Does one thing after the other, each on the same day, and shows the plan of that day.
    fn after(actions: &[ClinicAction], on: &str) -> Result<(History, Assessment), ActError> {
        let mut history = read::read(STORY).unwrap();
        for action in actions {
            history = act(&history, &assessed(&history, on), action, &signed("Ada Holm", on))?;
        }
        let assessment = assessed(&history, on);
        Ok((history, assessment))
    }

    fn on_slot(slot: Option<&str>, action: SlotActionKind, day: Option<&str>) -> ClinicAction {
        let day = day.map(|day| day.parse().unwrap());
        ClinicAction::OnSlot { slot: slot.map(ToOwned::to_owned), action, day, place: None }
    }

    fn end(reason: EndReason) -> ClinicAction {
        ClinicAction::End { reason, day: None, to: None }
    }

    #[test]
    fn without_a_name_the_next_open_slot_is_meant_and_undo_brings_it_back() {
        let not_needed = on_slot(None, SlotActionKind::NotNeeded, None);
        let (_, closed) = after(std::slice::from_ref(&not_needed), "2024-05-10").unwrap();
        assert_eq!(closed.plan.next().unwrap().label, "month 3");
        let undo = ClinicAction::UndoOnSlot { slot: "baseline at 6 weeks".to_owned() };
        let (history, back) = after(&[not_needed, undo.clone()], "2024-05-10").unwrap();
        assert_eq!(back.plan.next().unwrap().label, "baseline at 6 weeks");
        assert!(history.slot_actions.is_empty());
        assert!(matches!(after(&[undo], "2024-05-10"), Err(ActError::NothingThere(_))));
    }

    #[test]
    fn a_slot_is_named_by_key_label_or_day_and_by_nothing_else() {
        for name in ["2024-01-10/month-6", "month 6", "2024-07-10"] {
            let booked = on_slot(Some(name), SlotActionKind::Booked, Some("2024-07-11"));
            let (history, _) = after(&[booked], "2024-05-10").unwrap();
            assert_eq!(history.slot_actions[0].slot.as_str(), "2024-01-10/month-6");
        }
        let wrong = on_slot(Some("month 7"), SlotActionKind::Booked, Some("2024-07-11"));
        assert_eq!(after(&[wrong], "2024-05-10").unwrap_err(), ActError::NoSuchSlot("month 7".to_owned()));
    }

    #[test]
    fn what_is_missing_misplaced_ahead_or_closed_is_refused() {
        let refused = |action: ClinicAction| after(&[action], "2024-05-10").unwrap_err();
        let missing = refused(on_slot(None, SlotActionKind::Booked, None));
        assert_eq!(missing, ActError::Incomplete("the day of the appointment".to_owned()));
        let reviewed = refused(on_slot(None, SlotActionKind::Reviewed, None));
        assert_eq!(reviewed, ActError::Misplaced("baseline at 6 weeks".to_owned()));
        let ahead = refused(on_slot(None, SlotActionKind::Done, Some("2024-05-11")));
        assert!(matches!(ahead, ActError::Future(_)));
        let twice = [
            on_slot(Some("month 3"), SlotActionKind::NotNeeded, None),
            on_slot(Some("month 3"), SlotActionKind::NotNeeded, None),
        ];
        assert!(matches!(after(&twice, "2024-05-10"), Err(ActError::Closed(_, "not_needed"))));
    }

    #[test]
    fn made_here_waits_for_the_report_and_made_elsewhere_closes() {
        let done = on_slot(None, SlotActionKind::Done, Some("2024-05-10"));
        let (_, waiting) = after(&[done], "2024-05-10").unwrap();
        assert_eq!(waiting.plan.next().unwrap().clocks.performed_on, Some("2024-05-10".parse().unwrap()));
        let elsewhere = ClinicAction::OnSlot {
            slot: None,
            action: SlotActionKind::DoneElsewhere,
            day: Some("2024-05-01".parse().unwrap()),
            place: Some(text("Northern Chest Centre")),
        };
        let (_, closed) = after(&[elsewhere], "2024-05-10").unwrap();
        assert!(closed.plan.slots.iter().any(|slot| matches!(slot.state, SlotState::Closed(_))));
    }

    #[test]
    fn a_transfer_names_the_receiver_and_ends_when_acknowledged() {
        let to =
            |to: Option<&str>| ClinicAction::End { reason: EndReason::Transfer, day: None, to: to.map(text) };
        assert!(matches!(after(&[to(None)], "2024-05-10"), Err(ActError::Incomplete(_))));
        let acknowledged = ClinicAction::Acknowledge { by_receiver: text("Dr Erik Lund"), day: None };
        let state = |actions: &[ClinicAction]| {
            after(actions, "2024-05-10").map(|(_, assessment)| assessment.plan.standing.plan_state())
        };
        assert_eq!(state(&[to(Some("North"))]), Ok("transferring"));
        assert_eq!(state(&[to(Some("North")), acknowledged.clone()]), Ok("transferred"));
        assert_eq!(state(std::slice::from_ref(&acknowledged)), Err(ActError::NoTransfer));
        assert_eq!(state(&[end(EndReason::Refusal), acknowledged]), Err(ActError::NoTransfer));
    }

    #[test]
    fn a_refusal_is_taken_back_by_one_person_and_a_death_by_two() {
        let reopen = |second: Option<&str>| ClinicAction::Reopen { confirmed_by: second.map(text) };
        let state = |actions: &[ClinicAction]| {
            after(actions, "2024-05-10").map(|(_, assessment)| assessment.plan.standing.plan_state())
        };
        assert_eq!(state(&[end(EndReason::Refusal)]), Ok("refused"));
        assert_eq!(state(&[end(EndReason::Refusal), reopen(None)]), Ok("active"));
        assert_eq!(state(&[reopen(None)]), Err(ActError::NothingThere("no end of follow-up")));
        let died = end(EndReason::Death);
        assert_eq!(state(std::slice::from_ref(&died)), Ok("ended"));
        assert_eq!(state(&[end(EndReason::Refusal), died.clone()]), Ok("ended"));
        for second in [None, Some("Ada Holm"), Some(" ada holm")] {
            assert_eq!(state(&[died.clone(), reopen(second)]), Err(ActError::SecondPerson));
        }
        assert_eq!(state(&[died.clone(), reopen(Some("Dr Anna Neri"))]), Ok("active"));
        assert_eq!(state(&[died.clone(), end(EndReason::Other)]), Err(ActError::Dead));
        let refused = end(EndReason::Refusal);
        assert!(matches!(state(&[refused.clone(), refused]), Err(ActError::Closed(_, "refusal"))));
    }

    #[test]
    fn attempts_are_counted_with_their_day_and_outcome() {
        let attempt = ClinicAction::Attempt { day: None, how: Some(text("telephone")), reached: false };
        let (history, _) = after(&[attempt.clone(), attempt], "2024-05-10").unwrap();
        let attempts = &history.follow_up.as_ref().unwrap().contact_attempts;
        assert_eq!(attempts.len(), 2);
        assert_eq!(attempts[0].reached, Some(false));
    }
}
