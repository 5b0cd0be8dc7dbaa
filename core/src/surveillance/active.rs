//! What active disease plans: the guard of tier A, the repeat CT after a suspected new nodule, and the CT soon after a
//! local recurrence of the primary.

use chrono::NaiveDate;

use super::{
    PlanFacts,
    actions::Actions,
    adequacy::ScoredStudy,
    series::add_weeks,
    slot::{Candidate, SlotKind},
};
use crate::{
    domain::{
        dates::{PartialDate, add_months},
        truth::Truth,
    },
    protocol::{Protocol, Tier, Tolerance},
};

/// Whether the slots of the tier before stay: nobody has decided yet about what is active. Disease outside the chest
/// changes nothing in the chest plan; disease in the chest does as soon as the tumour board has decided on or after the
/// newest sign of it.
pub(super) fn keeps_earlier_slots(facts: &PlanFacts<'_>) -> bool {
    facts.signs.is_empty() || facts.signs.iter().any(|sign| !is_decided(*sign, facts))
}

/// Whether the tumour board surely decided on or after a day.
fn is_decided(sign: Option<PartialDate>, facts: &PlanFacts<'_>) -> bool {
    facts.boards.iter().filter(|board| board.decision.is_some()).any(|board| {
        let (Some(sign), Some(decided)) = (sign, board.on) else { return false };
        sign.on_or_before(decided) == Truth::True
    })
}

/// The repeat CT after a suspected new nodule, until the tumour board decides.
pub(super) fn repeat(protocol: &Protocol, facts: &PlanFacts<'_>) -> Option<Candidate> {
    facts.clearance?;
    let seen_on = facts.suspected_on.filter(|on| !is_decided(Some(*on), facts))?;
    let from = seen_on.earliest()?;
    let weeks = protocol.schedule.repeat_weeks;
    let due_on = add_weeks(from, weeks.due)?;
    let days = |weeks: u32| weeks.saturating_mul(7);
    Some(Candidate {
        key: format!("repeat/{seen_on}"),
        kind: SlotKind::Repeat,
        label: "repeat of a suspected nodule".to_owned(),
        due_on,
        interval_days: i64::from(days(weeks.due)),
        tolerance: Tolerance {
            early_days: days(weeks.due.saturating_sub(weeks.earliest)),
            late_days: days(weeks.latest.saturating_sub(weeks.due)),
            ..protocol.windows.quarterly_high
        },
        why: format!(
            "A suspected new nodule on the study of {seen_on}: a CT {} weeks later, unless the tumour board decides \
             otherwise; protocol {} version {}.",
            weeks.due, protocol.id, protocol.version
        ),
    })
}

/// After a local recurrence of the primary the next CT is not later than the guard of active disease.
pub(super) fn after_local_recurrence(
    protocol: &Protocol,
    facts: &PlanFacts<'_>,
    studies: &[ScoredStudy],
) -> Option<Candidate> {
    let on = facts.local_recurrence_on?;
    let from = on.earliest()?;
    let seen_since = |study: &ScoredStudy| study.lacks.is_none() && on.on_or_before(study.on) == Truth::True;
    let months = protocol.schedule.active_guard_months;
    let due_on = add_months(from, months).filter(|_| !studies.iter().any(seen_since))?;
    Some(Candidate {
        key: format!("local-recurrence/{on}"),
        kind: SlotKind::LocalRecurrence,
        label: "local recurrence of the primary".to_owned(),
        due_on,
        interval_days: due_on.signed_duration_since(from).num_days(),
        tolerance: protocol.windows.after_interval(months, Tier::Active),
        why: format!(
            "Local recurrence of the primary on {on}: the next CT of the chest at the latest {months} months later; protocol \
             {} version {}.",
            protocol.id, protocol.version
        ),
    })
}

/// The guard of tier A, and a board date that it does not believe.
pub(super) struct Guard {
    /// The one slot; none where nothing has a date.
    pub slot: Option<Candidate>,
    /// A re-scan date so far away that a person has to confirm it; until then the guard stands.
    pub doubtful_rescan_on: Option<NaiveDate>,
}

/// Tier A: never longer than the guard without a planned study, counted from the last CT that counted, the last
/// treatment, the diagnosis, or the day on which somebody closed the guard before. A board's re-scan date takes its
/// place, unless it lies so far away that it may be a slip.
pub(super) fn guard(protocol: &Protocol, facts: &PlanFacts<'_>, studies: &[ScoredStudy]) -> Guard {
    let nothing = Guard { slot: None, doubtful_rescan_on: None };
    let closed = Actions(facts.actions).last_closed("guard/", SlotKind::Guard);
    let last_ct =
        studies.iter().filter(|study| study.lacks.is_none()).filter_map(|study| study.on.earliest()).max();
    let last_fact = [facts.last_treatment_on, facts.diagnosed_on, facts.clearance]
        .into_iter()
        .flatten()
        .filter_map(PartialDate::earliest)
        .max();
    let Some(from) = last_ct.max(last_fact).max(closed) else { return nothing };
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
