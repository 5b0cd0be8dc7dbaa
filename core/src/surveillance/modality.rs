//! Age and pregnancy: a clinician confirms the modality of the next scan, because of the dose.

use chrono::{Days, NaiveDate};

use super::{PlanFacts, PlanTask, actions::Actions, actions::signed, slot::Slot};
use crate::{
    domain::{dates::age_in_years, vocabulary::SlotActionKind},
    protocol::Protocol,
};

/// Says so at every open slot that asks for a CT, and asks a person about the next one: at once in pregnancy, from the
/// first notice on because of the age. The slot stays: a CT, or a record that none is needed, closes it.
pub(super) fn confirm(slots: &mut [Slot], facts: &PlanFacts<'_>, protocol: &Protocol) -> Option<PlanTask> {
    let actions = Actions(facts.actions);
    let pregnant = is_pregnant(facts);
    let mut task = None;
    let mut is_next = true;
    for slot in slots.iter_mut().filter(|slot| slot.state.is_open() && slot.kind.asks_for_ct()) {
        let young = young_on(slot.due_on, facts, protocol);
        let why = match (pregnant && is_next, young) {
            (true, _) => "a pregnancy is on record",
            (false, true) => "of the age",
            (false, false) => "",
        };
        if !why.is_empty() {
            let confirmed = actions.last(&slot.key, SlotActionKind::ModalityConfirmed);
            match confirmed {
                Some(action) => slot.explain(format_args!("Modality confirmed by {}.", signed(action))),
                None => slot.explain(format_args!("A clinician confirms the modality because {why}.")),
            }
            let near = pregnant || is_noticed(slot.due_on, facts.as_of, protocol);
            if is_next && near && confirmed.is_none() {
                let reason = format!(
                    "{}, due on {}: a clinician confirms or changes the modality because {why}.",
                    slot.label, slot.due_on
                );
                task = Some(PlanTask::new("confirm-modality", &slot.key, reason));
            }
        }
        is_next = false;
    }
    task
}

/// A pregnancy goes on until its end is recorded.
fn is_pregnant(facts: &PlanFacts<'_>) -> bool {
    facts.follow_up.is_some_and(|one| one.pregnancies.iter().any(|pregnancy| pregnancy.ended_on.is_none()))
}

/// Whether the patient is, or may be, under the age at which a clinician confirms the modality.
fn young_on(due_on: NaiveDate, facts: &PlanFacts<'_>, protocol: &Protocol) -> bool {
    let Some(birth) = facts.birth_date else { return false };
    let (youngest, _) = age_in_years(birth, due_on);
    youngest.is_some_and(|age| age < protocol.schedule.confirm_modality_under_years)
}

fn is_noticed(due_on: NaiveDate, as_of: NaiveDate, protocol: &Protocol) -> bool {
    let before = protocol.ladder.notice_days_before.first().copied().unwrap_or(0);
    as_of.checked_add_days(Days::new(u64::from(before))).is_none_or(|until| until >= due_on)
}
