//! The one answer to "did last night's run work?", for the page, the metrics and the doctor alike. Pure; no words.

use chrono::{DateTime, TimeDelta, Utc};

use super::status::{RunOutcome, RunSummary};

/// How long after its time a run may start before the night counts as missed.
const GRACE: TimeDelta = TimeDelta::minutes(30);

/// A run without an end after this time has been cut off.
const LONGEST_RUN: TimeDelta = TimeDelta::hours(6);

/// How the last night went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Night {
    /// No run is on record.
    NeverRan,
    /// The schedule wanted a run after the last one, and it is well past its time.
    NotStarted,
    /// The last run broke off; it is repeated.
    BrokeOff,
    /// The last run has no end and is too old to be at work.
    CutOff,
    /// The last run is at work.
    UnderWay,
    /// The last run went through all patients, but somebody is followed and has nothing planned: the gravest of all.
    Unaccounted,
    /// The last run went through all patients and could not handle some.
    Incomplete,
    /// Every patient was handled and nobody is unaccounted for.
    Worked,
}

impl Night {
    /// Judges the newest run, if any, against the last instant the schedule wanted one and the number of patients
    /// unaccounted for just now.
    #[must_use]
    pub fn judge(
        newest: Option<&RunSummary>,
        last_due_at: Option<DateTime<Utc>>,
        unaccounted: u64,
        now: DateTime<Utc>,
    ) -> Self {
        let Some(run) = newest else { return Self::NeverRan };
        if last_due_at.is_some_and(|due_at| run.started_at < due_at && now > due_at + GRACE) {
            return Self::NotStarted;
        }
        match (run.outcome, run.finished_at) {
            (RunOutcome::Failed, _) => Self::BrokeOff,
            (RunOutcome::Running, _) | (_, None) if now - run.started_at <= LONGEST_RUN => Self::UnderWay,
            (RunOutcome::Running, _) | (_, None) => Self::CutOff,
            (RunOutcome::Completed | RunOutcome::Incomplete, Some(_)) if unaccounted > 0 => Self::Unaccounted,
            (RunOutcome::Completed, Some(_)) if run.n_failed == 0 => Self::Worked,
            (RunOutcome::Completed | RunOutcome::Incomplete, Some(_)) => Self::Incomplete,
        }
    }

    /// Whether a person has to look. A run under way and one that was never wanted yet are no fault.
    #[must_use]
    pub const fn needs_person(self) -> bool {
        match self {
            Self::NotStarted | Self::BrokeOff | Self::CutOff | Self::Unaccounted | Self::Incomplete => true,
            Self::NeverRan | Self::UnderWay | Self::Worked => false,
        }
    }
}

/// Whether a first run is overdue as well.
#[must_use]
pub fn is_missed(last_due_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    last_due_at.is_some_and(|due_at| now > due_at + GRACE)
}
