//! The reminder ladder: which steps of a planned scan have come, and which one of them is sent.
//!
//! Steps are chosen by "on or before today", never by "exactly today": a night without a sweep changes nothing
//! but the day the message leaves. When several steps have come, only the highest is sent;
//! it stands for the lower ones. This module does not know recipients or clinics.

use std::{fmt, str::FromStr};

use chrono::{Datelike, Days, NaiveDate};
use thiserror::Error;

/// The civil years a slot may lie in. Outside them a date is a typing mistake, and date arithmetic inside them
/// cannot overflow.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

/// The dates of one planned scan that the ladder hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SlotDates {
    due_on: NaiveDate,
    window_to: NaiveDate,
    severe_from: NaiveDate,
}

/// Why three dates do not describe a slot.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SlotDatesError {
    /// The dates do not ascend.
    #[error(
        "slot dates do not ascend: due on {due_on}, window to {window_to}, severe from {severe_from}; plan the slot again"
    )]
    Order {
        /// The day the scan is due.
        due_on: NaiveDate,
        /// The last day of the window.
        window_to: NaiveDate,
        /// The first day the slot counts as severely overdue.
        severe_from: NaiveDate,
    },
    /// A date lies in a year no patient of this registry lives in.
    #[error("slot date {0} lies outside the years 1900 to 2200; correct the date it was planned from")]
    Year(NaiveDate),
}

impl SlotDates {
    /// Takes the due date, the last day of the window, and the first day that counts as severely overdue.
    ///
    /// # Errors
    /// When the window ends before the due date, severe lateness starts inside the window, or a date lies
    /// outside the years 1900 to 2200.
    pub fn new(
        due_on: NaiveDate,
        window_to: NaiveDate,
        severe_from: NaiveDate,
    ) -> Result<Self, SlotDatesError> {
        if let Some(odd) = [due_on, window_to, severe_from].into_iter().find(|d| !YEARS.contains(&d.year())) {
            return Err(SlotDatesError::Year(odd));
        }
        if due_on > window_to || window_to >= severe_from {
            return Err(SlotDatesError::Order { due_on, window_to, severe_from });
        }
        Ok(Self { due_on, window_to, severe_from })
    }

    /// The day the scan is due.
    #[must_use]
    pub fn due_on(&self) -> NaiveDate {
        self.due_on
    }

    /// The last day on which the scan is still in time.
    #[must_use]
    pub fn window_to(&self) -> NaiveDate {
        self.window_to
    }

    /// The first day the slot counts as severely overdue.
    #[must_use]
    pub fn severe_from(&self) -> NaiveDate {
        self.severe_from
    }

    /// Whole days past the end of the window; 0 while the window is open, and before it.
    #[must_use]
    pub fn days_late(&self, today: NaiveDate) -> u32 {
        u32::try_from((today - self.window_to).num_days()).unwrap_or(0)
    }
}

/// Who acts on a step. Each step has exactly one owner; everybody else is only informed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// The follow-up coordinator (nurse navigator) of the clinic.
    Coordinator,
    /// The responsible clinician.
    Clinician,
}

impl Owner {
    /// The stable code of the role.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator",
            Self::Clinician => "clinician",
        }
    }
}

/// Who gets a copy of a step for information, beside its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Informed {
    /// The responsible clinician's deputy.
    Deputy,
    /// The lead of the follow-up service.
    ServiceLead,
}

/// One rung of the ladder. The order is the order of urgency: a later rung replaces an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// So many days before the due date. Fewer days are the higher rung.
    Notice(DaysBefore),
    /// On the due date.
    Due,
    /// So many days after the window has ended.
    Overdue {
        /// Days past the last day of the window, at least 1.
        days_after: u16,
    },
    /// Severely overdue, repeated until a person records an outcome.
    SeverelyOverdue {
        /// The first message is number 1.
        week: u16,
    },
}

/// Days before the due date; ordered so that fewer days rank higher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DaysBefore(pub u16);

impl Ord for DaysBefore {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.0.cmp(&self.0)
    }
}

impl PartialOrd for DaysBefore {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Step {
    /// A notice so many days before the due date.
    #[must_use]
    pub fn notice(days_before: u16) -> Self {
        Self::Notice(DaysBefore(days_before))
    }

    /// The stable code stored in keys and rows, for example `notice-28-days`.
    #[must_use]
    pub fn code(self) -> String {
        let days = |n: u16| if n == 1 { "1-day".to_owned() } else { format!("{n}-days") };
        match self {
            Self::Notice(DaysBefore(n)) => format!("notice-{}", days(n)),
            Self::Due => "due".to_owned(),
            Self::Overdue { days_after } => format!("overdue-{}", days(days_after)),
            Self::SeverelyOverdue { week } => format!("severely-overdue-week-{week}"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code())
    }
}

/// A stored step code that no step has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown reminder step `{0}`; expected a code such as `due` or `overdue-14-days`")]
pub struct StepCodeError(String);

impl FromStr for Step {
    type Err = StepCodeError;

    fn from_str(code: &str) -> Result<Self, StepCodeError> {
        let days = |text: &str| -> Option<u16> {
            text.strip_suffix("-days").or_else(|| text.strip_suffix("-day"))?.parse().ok()
        };
        let step = if code == "due" {
            Some(Self::Due)
        } else if let Some(rest) = code.strip_prefix("notice-") {
            days(rest).map(Self::notice)
        } else if let Some(rest) = code.strip_prefix("overdue-") {
            days(rest).map(|days_after| Self::Overdue { days_after })
        } else if let Some(rest) = code.strip_prefix("severely-overdue-week-") {
            rest.parse().ok().map(|week| Self::SeverelyOverdue { week })
        } else {
            None
        };
        // Only the one canonical spelling is accepted: keys are compared as text.
        step.filter(|step| step.code() == code).ok_or_else(|| StepCodeError(code.to_owned()))
    }
}

/// One overdue rung of a ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OverdueStep {
    /// Days past the last day of the window, at least 1.
    pub days_after: u16,
    /// Who acts.
    pub owner: Owner,
    /// Whether the step also opens a phone task.
    pub phone_task: bool,
}

/// The offsets of a ladder, in days. They come from the protocol; a high tier has a shorter ladder, not a
/// different one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    /// Notices, in days before the due date.
    pub notice_days_before: Vec<u16>,
    /// Overdue rungs, in days past the end of the window.
    pub overdue: Vec<OverdueStep>,
    /// Days between two messages once severely overdue. 0 is read as "once only".
    pub severe_every_days: u16,
}

impl Default for Ladder {
    /// Notices 28 and 7 days ahead; coordinator 1 day, clinician with a phone task 14 days past the window;
    /// weekly once severely overdue.
    fn default() -> Self {
        Self {
            notice_days_before: vec![28, 7],
            overdue: vec![
                OverdueStep { days_after: 1, owner: Owner::Coordinator, phone_task: false },
                OverdueStep { days_after: 14, owner: Owner::Clinician, phone_task: true },
            ],
            severe_every_days: 7,
        }
    }
}

/// A step that has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepDue {
    /// The rung.
    pub step: Step,
    /// The civil day it fell due.
    pub due_on: NaiveDate,
    /// Who acts.
    pub owner: Owner,
    /// Whether it also opens a phone task (mail alone does not bring people in).
    pub phone_task: bool,
}

impl StepDue {
    /// Who is informed beside the owner.
    #[must_use]
    pub fn informed(&self) -> &'static [Informed] {
        match self.step {
            Step::SeverelyOverdue { .. } => &[Informed::Deputy, Informed::ServiceLead],
            _ => &[],
        }
    }

    /// Whether the step leaves as a mail of its own besides its row in the digest.
    #[must_use]
    pub fn is_escalation(&self) -> bool {
        matches!(self.step, Step::SeverelyOverdue { .. }) || self.phone_task
    }
}

/// All steps whose day is today or earlier, lowest rung first. Two equal rungs of a ladder count once.
#[must_use]
pub fn steps_due(slot: &SlotDates, ladder: &Ladder, today: NaiveDate) -> Vec<StepDue> {
    let coordinator = |step, due_on| StepDue { step, due_on, owner: Owner::Coordinator, phone_task: false };
    let notices = ladder.notice_days_before.iter().filter_map(|&days| {
        let due_on = slot.due_on.checked_sub_days(Days::new(days.into()))?;
        Some(coordinator(Step::notice(days), due_on))
    });
    let overdue = ladder.overdue.iter().filter_map(|rung| {
        let due_on = slot.window_to.checked_add_days(Days::new(rung.days_after.into()))?;
        let step = Step::Overdue { days_after: rung.days_after };
        Some(StepDue { step, due_on, owner: rung.owner, phone_task: rung.phone_task })
    });
    let severe = severe_steps(slot, ladder).take_while(|due| due.due_on <= today);
    let mut steps: Vec<StepDue> = notices
        .chain([coordinator(Step::Due, slot.due_on)])
        .chain(overdue)
        .filter(|due| due.due_on <= today)
        .chain(severe)
        .collect();
    steps.sort_by_key(|due| due.step);
    steps.dedup_by_key(|due| due.step);
    steps
}

/// The step to send today: the highest that has come. `None` before the first notice.
#[must_use]
pub fn current_step(slot: &SlotDates, ladder: &Ladder, today: NaiveDate) -> Option<StepDue> {
    steps_due(slot, ladder, today).pop()
}

/// The weekly messages of a severely overdue slot, without end except the calendar's.
fn severe_steps(slot: &SlotDates, ladder: &Ladder) -> impl Iterator<Item = StepDue> {
    let every = u64::from(ladder.severe_every_days);
    let first = slot.severe_from;
    (1..=u16::MAX).map_while(move |week| {
        if every == 0 && week > 1 {
            return None;
        }
        let due_on = first.checked_add_days(Days::new(every * u64::from(week - 1)))?;
        let step = Step::SeverelyOverdue { week };
        Some(StepDue { step, due_on, owner: Owner::Clinician, phone_task: true })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn slot() -> SlotDates {
        SlotDates::new(day("2026-03-01"), day("2026-03-15"), day("2026-04-12")).unwrap()
    }

    fn codes_on(today: &str) -> Vec<String> {
        steps_due(&slot(), &Ladder::default(), day(today)).iter().map(|due| due.step.code()).collect()
    }

    #[test]
    fn each_rung_comes_on_its_own_day_and_not_the_day_before() {
        let table = [
            ("2026-01-31", None),
            ("2026-02-01", Some("notice-28-days")),
            ("2026-02-21", Some("notice-28-days")),
            ("2026-02-22", Some("notice-7-days")),
            ("2026-02-28", Some("notice-7-days")),
            ("2026-03-01", Some("due")),
            ("2026-03-15", Some("due")),
            ("2026-03-16", Some("overdue-1-day")),
            ("2026-03-28", Some("overdue-1-day")),
            ("2026-03-29", Some("overdue-14-days")),
            ("2026-04-11", Some("overdue-14-days")),
            ("2026-04-12", Some("severely-overdue-week-1")),
            ("2026-04-18", Some("severely-overdue-week-1")),
            ("2026-04-19", Some("severely-overdue-week-2")),
            ("2028-04-12", Some("severely-overdue-week-105")),
        ];
        for (today, expected) in table {
            let current = current_step(&slot(), &Ladder::default(), day(today));
            assert_eq!(current.map(|due| due.step.code()).as_deref(), expected, "{today}");
        }
    }

    #[test]
    fn a_missed_week_collapses_into_the_highest_step() {
        assert_eq!(
            codes_on("2026-03-30"),
            ["notice-28-days", "notice-7-days", "due", "overdue-1-day", "overdue-14-days"]
        );
        let current = current_step(&slot(), &Ladder::default(), day("2026-03-30")).unwrap();
        assert_eq!(current.step.code(), "overdue-14-days");
    }

    #[test]
    fn the_second_overdue_step_goes_to_the_clinician_with_a_phone_task() {
        let first = current_step(&slot(), &Ladder::default(), day("2026-03-16")).unwrap();
        assert_eq!(
            (first.owner, first.phone_task, first.is_escalation()),
            (Owner::Coordinator, false, false)
        );
        let second = current_step(&slot(), &Ladder::default(), day("2026-03-29")).unwrap();
        assert_eq!((second.owner, second.phone_task, second.is_escalation()), (Owner::Clinician, true, true));
        let severe = current_step(&slot(), &Ladder::default(), day("2026-04-12")).unwrap();
        assert_eq!(severe.informed(), [Informed::Deputy, Informed::ServiceLead]);
    }

    #[test]
    fn a_severe_slot_outranks_a_later_overdue_step_of_a_long_ladder() {
        let ladder = Ladder {
            overdue: vec![OverdueStep { days_after: 60, owner: Owner::Clinician, phone_task: true }],
            severe_every_days: 0,
            ..Ladder::default()
        };
        let current = current_step(&slot(), &ladder, day("2026-12-31")).unwrap();
        assert_eq!(current.step.code(), "severely-overdue-week-1");
    }

    #[test]
    fn dates_that_do_not_ascend_are_refused() {
        let (a, b) = (day("2026-03-01"), day("2026-03-02"));
        assert!(matches!(SlotDates::new(b, a, b), Err(SlotDatesError::Order { .. })));
        assert!(matches!(SlotDates::new(a, b, b), Err(SlotDatesError::Order { .. })));
        let far = NaiveDate::MAX;
        assert_eq!(SlotDates::new(a, b, far), Err(SlotDatesError::Year(far)));
    }

    #[test]
    fn days_late_starts_after_the_window() {
        assert_eq!(slot().days_late(day("2026-03-15")), 0);
        assert_eq!(slot().days_late(day("2026-03-16")), 1);
        assert_eq!(slot().days_late(NaiveDate::MIN), 0);
    }

    #[test]
    fn only_canonical_codes_are_read() {
        for code in ["overdue-01-days", "overdue-1-days", "notice--7-days", "Due", "", "overdue-", "due "] {
            assert!(code.parse::<Step>().is_err(), "{code}");
        }
    }

    proptest! {
        #[test]
        fn codes_round_trip(kind in 0..4, n in any::<u16>()) {
            let step = match kind {
                0 => Step::notice(n),
                1 => Step::Due,
                2 => Step::Overdue { days_after: n },
                _ => Step::SeverelyOverdue { week: n },
            };
            prop_assert_eq!(step.code().parse::<Step>(), Ok(step));
        }

        #[test]
        fn what_was_due_yesterday_is_still_due_today(offset in 0_i64..2000) {
            let today = day("2026-01-01") + chrono::TimeDelta::days(offset);
            let (old, new) = (
                steps_due(&slot(), &Ladder::default(), today),
                steps_due(&slot(), &Ladder::default(), today + chrono::TimeDelta::days(1)),
            );
            prop_assert!(old.iter().all(|due| new.contains(due)));
            prop_assert!(new.iter().all(|due| due.due_on <= today + chrono::TimeDelta::days(1)));
        }
    }
}
