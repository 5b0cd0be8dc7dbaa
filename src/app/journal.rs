//! What the journal of runs says about the night: when it was last done, and from when it may be tried again.
//!
//! Reads only. Whether the schedule wants a run is the nightly loop's question.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    context::Context,
    sweep::{RUN_KIND, STOPPED},
};
use crate::store::{Run, RunOutcome, StoreError};

/// A run that did not get to its end is tried again after this time, so that a fault is not hammered on.
pub const BACKOFF: TimeDelta = TimeDelta::minutes(5);

/// The journal cannot be read just now.
pub type JournalError = StoreError;

/// The nightly runs so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Journal {
    /// When the last run began that went through all patients. A run for another day than today is none.
    pub last_finished: Option<DateTime<Utc>>,
    /// The earliest instant for another attempt, where the newest run did not get to its end.
    pub not_before: Option<DateTime<Utc>>,
}

impl Journal {
    /// Reads the journal as of now. For a caller that holds the lease of the night: then nobody has a run under way.
    ///
    /// # Errors
    /// As the store's.
    pub async fn read(ctx: &Context) -> Result<Self, StoreError> {
        let now = ctx.now();
        let last_finished = ctx.store.last_finished_run(RUN_KIND, now).await?.map(|run| run.started_at);
        let newest = ctx.store.last_run(RUN_KIND).await?;
        let not_before = newest.and_then(|run| not_before(&run, now));
        Ok(Self { last_finished, not_before })
    }
}

fn not_before(run: &Run, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    // Begun in the future: the clock was wrong then, and waiting for that day would lose the nights until it comes.
    if run.started_at > now {
        return None;
    }
    match run.outcome {
        RunOutcome::Complete | RunOutcome::Incomplete => None,
        // A person stopped it and nothing failed: the next start goes on at once.
        RunOutcome::Failed if was_stopped(run) => None,
        // Without an end it was killed: a live one keeps the lease that the caller holds.
        RunOutcome::Failed | RunOutcome::Running => Some(run.started_at + BACKOFF),
    }
}

fn was_stopped(run: &Run) -> bool {
    let summary = serde_json::from_str::<serde_json::Value>(&run.summary).ok();
    summary.and_then(|summary| Some(summary.get("reason")?.as_str()? == STOPPED)).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(outcome: RunOutcome, summary: &str) -> Run {
        Run {
            id: uuid::Uuid::nil(),
            kind: RUN_KIND.to_owned(),
            as_of: "2026-03-01".parse().unwrap(),
            started_at: at(0),
            finished_at: None,
            outcome,
            n_patients: 0,
            n_failed: 0,
            summary: summary.to_owned(),
        }
    }

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_328_600 + 60 * minutes, 0).unwrap()
    }

    #[test]
    fn a_run_without_an_end_is_tried_again_soon_and_a_stopped_one_at_once() {
        let again = |outcome, summary| not_before(&run(outcome, summary), at(1));
        assert_eq!(again(RunOutcome::Complete, "{}"), None);
        assert_eq!(again(RunOutcome::Incomplete, "{}"), None);
        assert_eq!(again(RunOutcome::Running, "{}"), Some(at(5)));
        assert_eq!(again(RunOutcome::Failed, r#"{"reason":"stopped"}"#), None);
        for summary in [r#"{"reason":"registry"}"#, r#"{"reason":7}"#, "{}", "not JSON"] {
            assert_eq!(again(RunOutcome::Failed, summary), Some(at(5)), "{summary}");
        }
    }

    #[test]
    fn a_run_that_a_wrong_clock_put_into_the_future_holds_up_nobody() {
        assert_eq!(not_before(&run(RunOutcome::Failed, "{}"), at(-1)), None);
    }
}
